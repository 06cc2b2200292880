"""A market that the exchange does not list is said to be none, with those that may have been meant."""

from __future__ import annotations

import pytest

from bpx_tui.model.ids import Symbol
from bpx_tui.model.views import BookView, FeedState
from bpx_tui.service.topics import book
from bpx_tui.ui.ticket_form import TicketForm
from bpx_tui.ui.ticket_reading import read_ticket
from bpx_tui.ui.unlisted import why_unlisted
from bpx_tui.ui.widgets.ladder import Ladder
from tests.fakes.clock import ManualClock
from tests.fakes.views import SOL_PERP
from tests.ui.desks import HandDesk
from tests.ui.panel_app import PanelApp, body

MISTYPED = Symbol("SOLUSDC_PERP")
SAID = "No market SOLUSDC_PERP. Did you mean SOL_USDC_PERP? / finds a market."


def test_only_a_list_that_is_known_can_say_that_a_market_is_none() -> None:
    desk = HandDesk().desk
    assert why_unlisted(None, MISTYPED) == ""
    assert why_unlisted(desk.catalog, SOL_PERP) == ""
    assert why_unlisted(desk.catalog, MISTYPED) == SAID


def test_the_ticket_says_so() -> None:
    desk = HandDesk().desk
    desk.symbol = MISTYPED
    assert read_ticket(TicketForm(), desk).problem == SAID


@pytest.mark.parametrize("answered", [True, False])
async def test_a_panel_says_so_where_the_exchange_refuses_and_where_it_keeps_silent(answered: bool) -> None:
    desk, clock = HandDesk(), ManualClock()
    if answered:
        view = BookView(MISTYPED, FeedState.UNAVAILABLE, reason='failed to parse "MarketSymbol"')
        desk.bus.latest.put(book(MISTYPED), view)
    panel = Ladder(desk.bus, MISTYPED, number=3, clock=clock)
    async with PanelApp(panel).run_test(size=(60, 12)):
        if not answered:
            assert "waiting" in " ".join(body(panel))
            clock.skip(5.1)
            panel.paint()
        lines = [line.strip("│┃ ") for line in body(panel)]
        assert " ".join(line for line in lines if line) == SAID
