"""From keys and clicks to intents: what is sent, how often, and what is not."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual import events
from textual.geometry import Offset
from textual.pilot import Pilot

from bpx_tui.clock import SystemClock
from bpx_tui.config.keymap import ACTIONS
from bpx_tui.model.enums import OrderKind, Side
from bpx_tui.model.ids import OrderId
from bpx_tui.model.views import FeedState
from bpx_tui.service.intents import (
    CancelAll,
    CancelOrder,
    CommandOutcome,
    Intent,
    Mode,
    OutcomeKind,
    PlaceOrder,
)
from bpx_tui.ui.app import TradingApp
from bpx_tui.ui.review import CardState
from tests.fakes.views import BTC_PERP, SOL_PERP, account, book, d, order, position
from tests.ui.desks import HandDesk

Driven = tuple[TradingApp, Pilot[None]]
SIZES = [(200, 60), (120, 35), (80, 24), (60, 18)]


@asynccontextmanager
async def driven(desk: HandDesk, size: tuple[int, int] = (120, 35)) -> AsyncIterator[Driven]:
    app = desk.app()
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        desk.intents()
        yield app, pilot


def orders_of(desk: HandDesk) -> list[PlaceOrder]:
    return [intent for intent in desk.intents() if isinstance(intent, PlaceOrder)]


async def arm(app: TradingApp, pilot: Pilot[None], desk: HandDesk) -> None:
    """Let the beat pass."""
    await pilot.pause()
    card = app.main.card.card
    assert card is not None
    card._armed_from = desk.clock.monotonic()
    desk.keep_fresh()
    app.main.card.paint()


@pytest.mark.parametrize("size", SIZES)
async def test_an_order_by_keyboard_is_sent_once_and_is_what_was_confirmed(size: tuple[int, int]) -> None:
    desk = HandDesk()
    async with driven(desk, size) as (app, pilot):
        await pilot.press("b", "8", "enter")
        await arm(app, pilot, desk)
        before = SystemClock().monotonic()
        await pilot.press("enter", "enter", "enter")
        await pilot.pause()
        sent = orders_of(desk)
        assert len(sent) == 1
        request = sent[0].request
        assert (request.symbol, request.side, request.kind) == (SOL_PERP, Side.BID, OrderKind.LIMIT)
        assert (request.price, request.quantity) == (d("187.41"), d("8"))
        assert (sent[0].mode, sent[0].book_last_id) == (Mode.DEMO, 77)
        assert before <= sent[0].pressed_at <= SystemClock().monotonic()


async def test_enter_during_the_beat_sends_nothing() -> None:
    desk = HandDesk()
    async with driven(desk) as (app, pilot):
        await pilot.press("b", "8", "enter")
        assert app.main.card.card is not None
        app.main.card.card._armed_from += 60
        await pilot.press("enter", "enter")
        await pilot.pause()
        assert not orders_of(desk)
        assert app.main.card.card.state is CardState.ARMING


async def test_an_order_by_mouse() -> None:
    desk = HandDesk()
    async with driven(desk) as (app, pilot):
        ticket = app.main.ticket
        await _click(pilot, app, "ticket", "▼sell")
        await _click(pilot, app, "ticket", "t touch")
        await _click(pilot, app, "ticket", "25%")
        assert ticket.form.side is Side.ASK
        await _click(pilot, app, "ticket", "limit")
        await _click(pilot, app, "ticket", "market")
        assert ticket.form.kind is OrderKind.LIMIT
        await pilot.press("enter")
        await arm(app, pilot, desk)
        await _click(pilot, app, "card", "place")
        await _click(pilot, app, "card", "sent once")
        sent = orders_of(desk)
        assert [(each.request.side, each.request.price) for each in sent] == [(Side.ASK, d("187.42"))]


async def test_rows_have_buttons_that_cancel_and_close() -> None:
    desk = HandDesk()
    desk.put_account(account(orders=(order("1"),), positions=(position(),)))
    async with driven(desk) as (app, pilot):
        await _click(pilot, app, "tables", "c close")
        assert focus_of(app) == "card"
        await pilot.press("escape", "escape", "5", "}")
        await _click(pilot, app, "tables", "[x]")
        assert focus_of(app) == "strip"


def focus_of(app: TradingApp) -> str | None:
    return app.focused.id if app.focused is not None else None


async def _click(pilot: Pilot[None], app: TradingApp, panel: str, text: str) -> None:
    """Click on the first place where a panel shows that text."""
    await pilot.pause()
    widget = app.main.panel(panel)
    for y in range(widget.size.height):
        x = widget.render_line(y).text.find(text)
        if x >= 0:
            at = widget.region.offset + Offset(x, y)
            for kind in (events.MouseDown, events.MouseUp):
                app.post_message(kind(None, at.x, at.y, 0, 0, 1, False, False, False, screen_x=at.x, screen_y=at.y))
            await pilot.pause()
            await pilot.pause()
            return
    raise AssertionError(f"{panel} does not show {text!r}")


async def test_escape_steps_back_one_level_at_a_time_and_sends_nothing() -> None:
    desk = HandDesk()
    async with driven(desk) as (app, pilot):
        await pilot.press("b", "8", "enter")
        await pilot.pause()
        assert focus_of(app) == "card"
        await pilot.press("escape")
        await pilot.pause()
        assert focus_of(app) == "ticket"
        assert app.main.ticket.form.quantity == "8"
        await pilot.press("escape")
        await pilot.pause()
        assert focus_of(app) == "ladder"
        assert not orders_of(desk)


async def test_a_bad_form_shows_its_errors_and_no_card() -> None:
    desk = HandDesk()
    async with driven(desk) as (app, pilot):
        await pilot.press("b", "8", ".", "1", "2", "3", "enter")
        await pilot.pause()
        text = "\n".join(app.main.ticket.render_line(y).text for y in range(10))
        assert "Step is 0.01. Nearest: 8.12 / 8.13." in text
        assert not app.main.area.card_open
        assert not orders_of(desk)


async def test_a_paste_goes_into_the_field_and_nowhere_else() -> None:
    desk = HandDesk()
    async with driven(desk) as (app, pilot):
        app.post_message(events.Paste("bbb\nss"))
        await pilot.pause()
        assert not app.main.area.card_open
        assert focus_of(app) == "ladder"
        await pilot.press("b")
        app.post_message(events.Paste("7.5\nbuy now"))
        await pilot.pause()
        assert app.main.ticket.form.quantity == "7.5"
        assert app.main.ticket.form.shortened


async def test_the_refusal_stays_in_the_card_and_the_form_is_kept() -> None:
    desk = HandDesk()
    async with driven(desk) as (app, pilot):
        await pilot.press("b", "8", "enter")
        await arm(app, pilot, desk)
        await pilot.press("enter")
        await pilot.pause()
        (sent,) = orders_of(desk)
        desk.bus.events.put(CommandOutcome(sent.input_id, OutcomeKind.REFUSED, "Insufficient margin"))
        app.drain_events()
        app.main.card.paint()
        text = "\n".join(app.main.card.render_line(y).text for y in range(10))
        assert "✗ Insufficient margin" in text
        await pilot.press("enter", "escape")
        await pilot.pause()
        assert focus_of(app) == "ticket"
        assert app.main.ticket.form.quantity == "8"
        assert not orders_of(desk)


async def test_an_accepted_order_gives_the_place_back() -> None:
    desk = HandDesk()
    async with driven(desk, (80, 24)) as (app, pilot):
        await pilot.press("b", "8", "enter")
        await arm(app, pilot, desk)
        await pilot.press("enter")
        await pilot.pause()
        (sent,) = orders_of(desk)
        desk.bus.events.put(CommandOutcome(sent.input_id, OutcomeKind.ACCEPTED, "resting", round_trip_ms=41))
        app.drain_events()
        await pilot.pause()
        assert app.main.tables.display
        assert not app.main.ticket.display
        assert app.main.ticket.form.quantity == ""
        assert app.event_log.lines[-1].text == "resting  41 ms"


async def test_the_same_order_again_is_allowed_and_said() -> None:
    desk = HandDesk()
    async with driven(desk) as (app, pilot):
        for number in range(2):
            await pilot.press("b", "8", "enter")
            await arm(app, pilot, desk)
            text = "\n".join(app.main.card.render_line(y).text for y in range(10))
            assert ("identical order" in text) is (number == 1)
            await pilot.press("enter")
            await pilot.pause()
            (sent,) = orders_of(desk)
            desk.bus.events.put(CommandOutcome(sent.input_id, OutcomeKind.ACCEPTED, "resting"))
            app.drain_events()
            await pilot.pause()


async def test_an_unknown_outcome_is_never_sent_again() -> None:
    desk = HandDesk()
    async with driven(desk) as (app, pilot):
        await pilot.press("b", "8", "enter")
        await arm(app, pilot, desk)
        await pilot.press("enter")
        await pilot.pause()
        (sent,) = orders_of(desk)
        desk.bus.events.put(CommandOutcome(sent.input_id, OutcomeKind.UNKNOWN, "no answer; asking"))
        app.drain_events()
        await pilot.press("enter", "enter", "escape", "enter")
        await pilot.pause()
        assert not orders_of(desk)
        assert app.event_log.lines[-1].line[0].text.strip() == "?"


async def test_switching_the_market_closes_an_open_card() -> None:
    desk = HandDesk()
    async with driven(desk) as (app, pilot):
        await pilot.press("b", "8", "enter")
        await arm(app, pilot, desk)
        app.main.show_market(BTC_PERP)
        await pilot.press("enter")
        await pilot.pause()
        assert not orders_of(desk)
        assert not app.main.area.card_open
        assert app.main.ticket.form.price == ""


async def test_a_position_is_closed_by_a_reduce_only_market_order_even_with_a_stale_book() -> None:
    desk = HandDesk()
    desk.put_account(account(positions=(position(),)))
    desk.put_book(book(SOL_PERP, state=FeedState.STALE))
    async with driven(desk) as (app, pilot):
        await pilot.press("5", "c")
        await arm(app, pilot, desk)
        await pilot.press("enter")
        await pilot.pause()
        (sent,) = orders_of(desk)
        request = sent.request
        assert (request.side, request.kind, request.quantity) == (Side.ASK, OrderKind.MARKET, d("8"))
        assert request.reduce_only
        assert request.slippage_tolerance is not None


async def test_one_order_is_cancelled_after_a_question() -> None:
    desk = HandDesk()
    desk.put_account(account(orders=(order("1"), order("2"))))
    async with driven(desk) as (app, pilot):
        await pilot.press("5", "}", "j", "x")
        await pilot.pause()
        assert focus_of(app) == "strip"
        assert "cancel buy 8.00 SOL-PERP @ 187.38?" in app.main.strip.render_line(0).text
        app.main.strip._armed_from += 60
        await pilot.press("enter")
        assert not [i for i in desk.intents() if isinstance(i, CancelOrder)], "still within the beat"
        app.main.strip._armed_from = 0
        await pilot.press("enter", "enter")
        await pilot.pause()
        sent = [i for i in desk.intents() if isinstance(i, CancelOrder)]
        assert [(i.symbol, i.order_id) for i in sent] == [(SOL_PERP, OrderId("2"))]
        assert focus_of(app) == "tables"


@pytest.mark.parametrize(("key", "symbol"), [("X", SOL_PERP), ("ctrl+x", None)])
async def test_all_orders_are_cancelled_after_a_question(key: str, symbol: str | None) -> None:
    desk = HandDesk()
    desk.put_account(account(orders=(order("1"), order("2"))))
    async with driven(desk) as (app, pilot):
        await pilot.press(key)
        await pilot.pause()
        assert "cancel 2 orders" in app.main.strip.render_line(0).text
        app.main.strip._armed_from = 0
        await pilot.press("enter")
        await pilot.pause()
        assert [i.symbol for i in desk.intents() if isinstance(i, CancelAll)] == [symbol]


async def test_escape_leaves_a_question_without_doing_it() -> None:
    desk = HandDesk()
    async with driven(desk) as (app, pilot):
        await pilot.press("X", "escape", "enter")
        await pilot.pause()
        assert not [i for i in desk.intents() if isinstance(i, CancelAll)]
        assert focus_of(app) == "ladder"


async def test_the_same_side_key_again_flips_the_side() -> None:
    desk = HandDesk()
    async with driven(desk) as (app, pilot):
        sides = []
        for key in "bbbss":
            await pilot.press(key)
            sides.append(app.main.ticket.form.side)
        assert sides == [Side.BID, Side.ASK, Side.BID, Side.ASK, Side.BID]


async def test_an_overfull_command_lane_is_said_and_nothing_is_sent_later() -> None:
    desk = HandDesk()
    async with driven(desk) as (app, pilot):
        await pilot.press("b", "8", "enter")
        await arm(app, pilot, desk)
        while desk.bus.commands.submit(Intent(0, 0.0, Mode.DEMO)):
            pass
        await pilot.press("enter")
        await pilot.pause()
        assert not orders_of(desk)
        card = app.main.card.card
        assert card is not None
        assert card.state is CardState.DISARMED


@pytest.mark.parametrize("seed", range(2))
async def test_in_read_mode_a_random_walk_never_asks_for_an_order_or_a_cancel(seed: int) -> None:
    rng = random.Random(seed)
    desk = HandDesk(mode=Mode.READ)
    desk.put_account(account(orders=(order("1"),), positions=(position(),)))
    keys = sorted({key for action in ACTIONS for key in action.keys} - {"ctrl+q", "ctrl+c"})
    async with driven(desk, rng.choice(SIZES)) as (app, pilot):
        for _ in range(60):
            await pilot.press(rng.choice([*keys, "enter", "8", "escape"]))
            if app.main.card.card is not None:
                app.main.card.card._armed_from = 0
            app.main.strip._armed_from = 0
        await pilot.pause()
        assert app._exception is None
        acting = [i for i in desk.intents() if isinstance(i, PlaceOrder | CancelOrder | CancelAll)]
        assert not acting


@pytest.mark.parametrize("seed", range(2))
async def test_a_random_walk_never_makes_two_orders_of_one_press(seed: int) -> None:
    rng = random.Random(seed)
    desk = HandDesk()
    desk.put_account(account(orders=(order("1"),), positions=(position(),)))
    keys = sorted({key for action in ACTIONS for key in action.keys} - {"ctrl+q", "ctrl+c"})
    seen: list[int] = []
    async with driven(desk, rng.choice(SIZES)) as (app, pilot):
        for _ in range(60):
            await pilot.press(rng.choice([*keys, "b", "8", "enter", "enter", "enter"]))
            if app.main.card.card is not None:
                app.main.card.card._armed_from = 0
            desk.keep_fresh()
            acting = [i for i in desk.intents() if isinstance(i, PlaceOrder | CancelOrder | CancelAll)]
            assert len(acting) <= 1
            seen += [i.input_id for i in acting]
        await pilot.pause()
        assert app._exception is None
    assert len(seen) == len(set(seen))
