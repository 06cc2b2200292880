"""The last line but one: what needs an eye stays in sight, in as many words as there is room for."""

from __future__ import annotations

import pytest

from bpx_tui.model.views import FeedHealth, FeedWord, Gate
from bpx_tui.service import topics
from bpx_tui.service.intents import Severity
from bpx_tui.ui.event_log import EventLog
from bpx_tui.ui.lines import width_of
from bpx_tui.ui.palette import Role
from bpx_tui.ui.widgets.event_line import EventLine
from tests.fakes.views import account, unknown_order
from tests.ui.desks import HandDesk

DOWN = Gate(False, "the matching engine does not answer (2 orders or cancels in 10 s)", "ENGINE DOWN")


def shown(desk: HandDesk, width: int) -> tuple[str, str]:
    """The line, and the part of it that is a block of colour."""
    log = EventLog()
    log.say(Severity.GOOD, "buy 8.00 SOL-PERP @ 187.38 open  41 ms", 0)
    (line,) = EventLine(desk.desk, log).lines_now(width, 1)
    assert width_of(line) == width
    return "".join(run.text for run in line), "".join(run.text for run in line if run.paper is Role.WARNING)


@pytest.mark.parametrize(
    ("width", "unknown", "banner"),
    [
        (200, 0, f" ! ENGINE DOWN: no new orders; {DOWN.reason}; cancels are still sent "),
        (120, 0, " ! ENGINE DOWN: no new orders, cancels are still sent "),
        (120, 1, " ! ENGINE DOWN: no new orders, cancels are still sent "),
        (80, 0, " ! ENGINE DOWN: no new orders, cancels are still sent "),
        (80, 1, " ! ENGINE DOWN: no new orders "),
        (40, 1, " ! ENGINE DOWN: no new ord…"),
    ],
)
def test_trouble_of_the_exchange_is_a_banner_beside_unknown_outcomes(width: int, unknown: int, banner: str) -> None:
    desk = HandDesk()
    desk.bus.latest.put(topics.GATE, DOWN)
    desk.put_account(account(orders=(unknown_order(),) * unknown))
    line, block = shown(desk, width)
    assert block == banner
    assert ("1 unknown" in line or "1 order of unknown outcome" in line) is bool(unknown)


def test_without_a_connection_that_is_what_is_said() -> None:
    desk = HandDesk()
    desk.bus.latest.put(topics.GATE, DOWN)
    desk.bus.latest.put(topics.HEALTH, FeedHealth(FeedWord.OFFLINE, "no route to the exchange."))
    line, block = shown(desk, 120)
    assert "no route to the exchange." in line
    assert block == ""


def test_other_reasons_against_new_orders_are_no_banner() -> None:
    desk = HandDesk()
    desk.bus.latest.put(topics.GATE, Gate(False, "the account has not been read yet"))
    line, block = shown(desk, 120)
    assert "no new orders: the account has not been read yet" in line
    assert block == ""


@pytest.mark.parametrize("width", [200, 120, 80])
@pytest.mark.parametrize(
    "health",
    [
        FeedHealth(FeedWord.POLLING, "stream down: the certificate has expired"),
        FeedHealth(FeedWord.STALE, "the socket is open, but this market sends nothing (closed?)"),
    ],
)
def test_why_the_stream_is_down_is_said_while_the_rest_works(width: int, health: FeedHealth) -> None:
    desk = HandDesk()
    desk.bus.latest.put(topics.HEALTH, health)
    line, _ = shown(desk, width)
    assert health.reason[: width * 7 // 10 - 6] in line


def test_a_connection_that_is_only_being_made_is_no_trouble() -> None:
    desk = HandDesk()
    desk.bus.latest.put(topics.HEALTH, FeedHealth(FeedWord.CONNECTING, "waiting for the first data"))
    line, _ = shown(desk, 120)
    assert "waiting" not in line
