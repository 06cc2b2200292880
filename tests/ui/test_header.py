"""The header's two lines: what they say, what they do not invent, and that they fit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bpx_tui.model.views import AccountAccess, FeedHealth, FeedState, FeedWord, Gate
from bpx_tui.service import topics
from bpx_tui.service.bus import Latest
from bpx_tui.service.intents import Mode
from bpx_tui.ui.header_text import account_line, market_line
from bpx_tui.ui.lines import Line, width_of
from bpx_tui.ui.palette import Role
from tests.fakes.views import NOW_US, SOL, SOL_PERP, account, book, position
from tests.ui.desks import HandDesk


def _text(line: Line) -> str:
    return "".join(run.text for run in line)


@pytest.mark.parametrize("width", [1, 40, 60, 80, 100, 120, 160, 200, 300])
def test_both_lines_fit_any_width(width: int) -> None:
    desk = HandDesk().desk
    assert width_of(account_line(desk, width)) <= width
    assert width_of(market_line(desk, width)) <= width


def test_the_account_line_at_200_columns() -> None:
    text = _text(account_line(HandDesk().desk, 200))
    for part in ("○ DEMO", "eq $5,214.07", "avail $3,980.11", "uPnL $0.00", "margin 24%", "● streaming 38ms"):
        assert part in text
    assert "clk +2ms" in text
    assert text.rstrip().endswith("UTC")


def test_open_profit_is_that_of_the_positions_at_the_newest_mark() -> None:
    hand = HandDesk()
    hand.bus.latest.put(topics.ACCOUNT, account(positions=(position(),)))
    assert "uPnL +$4.40" in _text(account_line(hand.desk, 200))
    hand.bus.latest.put(topics.ACCOUNT, replace(account(), positions=None))
    assert "uPnL +$38.70" in _text(account_line(hand.desk, 200))


def test_the_market_line_at_200_columns() -> None:
    text = _text(market_line(HandDesk().desk, 200))
    for part in ("SOL-PERP", "187.42 ▲", "+2.00%", "mark 187.42", "vol $412M", "OI $95.9M", "tick 0.01", "min 0.01"):
        assert part in text
    assert "funding +0.0042%/1h in 0" in text or "funding +0.0042%/1h in 10:00" in text


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("width", [80, 120, 200])
def test_the_mode_is_the_only_block_of_colour(mode: Mode, width: int) -> None:
    line = account_line(HandDesk(mode=mode).desk, width)
    blocks = [run for run in line if run.paper is not Role.BACKGROUND]
    assert [run.text.split()[-1] for run in blocks] == [mode]
    assert {Mode.LIVE: Role.LIVE, Mode.DEMO: Role.DEMO, Mode.READ: Role.READ}[mode] is blocks[0].paper


def test_spot_markets_show_neither_mark_nor_funding() -> None:
    text = _text(market_line(HandDesk(SOL).desk, 200))
    assert "mark" not in text
    assert "funding" not in text
    assert "OI" not in text


def test_nothing_known_is_shown_as_a_dash_and_never_as_zero() -> None:
    desk = HandDesk()
    desk.bus.latest = Latest()
    account_text, market_text = _text(account_line(desk.desk, 200)), _text(market_line(desk.desk, 200))
    assert "book —" in account_text
    assert "connecting" in account_text
    assert market_text.count("—") >= 3
    assert "$0" not in account_text + market_text


def test_without_a_key_there_is_no_equity() -> None:
    desk = HandDesk(mode=Mode.READ)
    desk.put_account(account(access=AccountAccess.NO_KEY))
    text = _text(account_line(desk.desk, 200))
    assert "no key: public data only" in text
    assert "eq" not in text.split()


def test_an_old_book_is_shown_old_in_warning_colour() -> None:
    desk = HandDesk()
    desk.put_book(book(SOL_PERP, true_at_us=NOW_US - 4_200_000))
    runs = account_line(desk.desk, 200)
    assert next(run for run in runs if run.text.startswith("4.2")).ink is Role.WARNING


def test_offline_says_when_it_tries_again() -> None:
    desk = HandDesk()
    health = FeedHealth(FeedWord.OFFLINE, retry_at=desk.clock.monotonic() + 3)
    desk.bus.latest.put(topics.HEALTH, health)
    assert "○ OFFLINE retry in 3s" in _text(account_line(desk.desk, 200))
    assert "○ OFFLINE retry 3s" in _text(account_line(desk.desk, 80))


def test_a_clock_more_than_a_second_off_is_a_warning() -> None:
    desk = HandDesk()
    desk.bus.latest.put(topics.HEALTH, FeedHealth(FeedWord.STREAMING, clock_offset_ms=-1_800))
    run = next(run for run in account_line(desk.desk, 200) if "1800ms" in run.text)
    assert run.ink is Role.WARNING


def test_a_stale_account_says_so_beside_its_age() -> None:
    from dataclasses import replace

    desk = HandDesk()
    desk.put_account(replace(account(), state=FeedState.STALE))
    assert "stale" in _text(account_line(desk.desk, 200))


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_trouble_of_the_exchange_is_said_at_any_width(width: int) -> None:
    desk = HandDesk()
    desk.bus.latest.put(topics.GATE, Gate(False, "the exchange says Maintenance", "MAINTENANCE"))
    assert "! MAINTENANCE" in _text(account_line(desk.desk, width))
    desk.bus.latest.put(topics.GATE, Gate(False, "the account has not been read yet"))
    assert "!" not in _text(account_line(desk.desk, width))
