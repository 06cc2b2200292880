"""The price that the order book proposes to the ticket."""

from __future__ import annotations

from bpx_tui.model.enums import OrderKind, Side
from bpx_tui.service.intents import CommandOutcome, OutcomeKind
from tests.fakes.views import SOL_PERP, d
from tests.ui.desks import HandDesk
from tests.ui.test_app_orders import arm, driven, focus_of, orders_of


async def test_picking_a_price_opens_the_ticket_there() -> None:
    desk = HandDesk()
    async with driven(desk) as (app, pilot):
        app.main.ladder.post_message(app.main.ladder.LevelPicked(app.main.ladder, SOL_PERP, d("187.35"), Side.BID))
        await pilot.pause()
        form = app.main.ticket.form
        assert (form.side, form.price) == (Side.BID, "187.35")
        assert focus_of(app) == "ticket"


async def test_a_picked_price_is_a_limit_even_after_a_market_order() -> None:
    desk = HandDesk()
    async with driven(desk) as (app, pilot):
        await pilot.press("b", "ctrl+t", "escape")
        assert app.main.ticket.form.kind is OrderKind.MARKET
        app.main.ladder.post_message(app.main.ladder.LevelPicked(app.main.ladder, SOL_PERP, d("187.35"), Side.BID))
        await pilot.pause()
        form = app.main.ticket.form
        assert (form.kind, form.price) == (OrderKind.LIMIT, "187.35")


async def test_the_price_of_an_order_that_was_taken_is_not_proposed_for_the_next_one() -> None:
    desk = HandDesk()
    async with driven(desk) as (app, pilot):
        await pilot.press("j", "j", "b", "8", "enter")
        await arm(app, pilot, desk)
        await pilot.press("enter")
        (sent,) = orders_of(desk)
        assert sent.request.price == d("187.40")
        desk.bus.events.put(CommandOutcome(sent.input_id, OutcomeKind.ACCEPTED, "resting", round_trip_ms=41))
        app.drain_events()
        await pilot.press("b")
        assert app.main.ticket.form.price == "187.41"
