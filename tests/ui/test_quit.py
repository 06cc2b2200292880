"""Leaving asks when something is left, and staying is what happens by default."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.containers import Horizontal
from textual.widgets import Static

from bpx_tui.model.strategies import Strategy
from bpx_tui.service.intents import CancelAll, Mode, ReadStrategies
from bpx_tui.ui.screens.quit import QuitScreen, Way, left_text, something_is_left
from tests.fakes import values
from tests.fakes.views import NOW_US, SOL_PERP, account, order, position, unknown_order
from tests.ui.desks import HandDesk


def desk_with_something() -> HandDesk:
    desk = HandDesk()
    desk.put_account(account(orders=(order("1"), unknown_order()), positions=(position(),)))
    return desk


def test_everything_that_stays_is_listed() -> None:
    text = left_text(desk_with_something().desk, "").plain
    for part in ("2 open orders", "buy 8.00 SOL-PERP @ 187.38", "? unknown", "1 position", "long 8.00 SOL-PERP"):
        assert part in text
    assert "1 of unknown outcome" in text


def test_a_long_list_is_counted_not_cut_in_silence() -> None:
    desk = HandDesk()
    desk.put_account(account(orders=tuple(order(str(number)) for number in range(30))))
    text = left_text(desk.desk, "").plain
    assert "30 open orders" in text
    assert "and 22 more" in text


def twap(**differences: object) -> Strategy:
    """Buys 3 SOL within an hour that began 15 minutes ago."""
    return replace(values.strategy(), created_ms=NOW_US // 1_000 - 900_000, **differences)  # type: ignore[arg-type]


def test_a_strategy_that_goes_on_trading_is_named() -> None:
    desk = HandDesk()
    desk.put_account(account(strategies=(twap(),)))
    assert something_is_left(desk.desk)
    text = left_text(desk.desk, "").plain
    assert "1 running strategy: goes on trading after leaving" in text
    assert "  buy 3.00 SOL/USDC, 0.75 done, 45:00 to go\n" in text
    desk.put_account(account(strategies=(twap(), twap(symbol=SOL_PERP, quantity=None))))
    text = left_text(desk.desk, "").plain
    assert "2 running strategies: go on trading after leaving" in text
    assert "buy ? SOL-PERP" in text


def test_strategies_that_cannot_be_read_are_unknown_and_something_may_be_left() -> None:
    desk = HandDesk()
    desk.put_account(account(strategies_unknown="The exchange answered 503."))
    assert something_is_left(desk.desk)
    assert "strategies unknown: The exchange answered 503\n" in left_text(desk.desk, "").plain
    desk.put_account(account(strategies=(twap(),), strategies_unknown="503"))
    text = left_text(desk.desk, "").plain
    assert "1 running strategy, as last read" in text
    assert "after leaving\n" not in text


def test_of_an_account_that_was_not_read_nothing_is_said_to_be_left() -> None:
    desk = HandDesk()
    desk.put_account(replace(account(strategies_unknown="not read yet"), orders=None))
    assert not something_is_left(desk.desk)
    assert "strateg" not in left_text(desk.desk, "").plain


def test_with_real_money_an_account_that_was_not_read_may_hold_anything() -> None:
    desk = HandDesk(mode=Mode.LIVE)
    desk.put_account(replace(account(), orders=None, positions=None))
    assert something_is_left(desk.desk)
    text = left_text(desk.desk, "").plain
    assert "unknown: the account has not been read" in text
    assert "0 open orders" not in text
    desk.put_account(account())
    assert not something_is_left(desk.desk)


async def test_with_nothing_left_it_quits_at_once() -> None:
    app = HandDesk().app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.press("ctrl+q")
        await pilot.pause()
        assert not app.is_running or app._exit


@pytest.mark.parametrize("size", [(200, 60), (80, 24), (60, 15), (40, 12)])
async def test_the_ways_on_are_in_sight_however_much_is_left(size: tuple[int, int]) -> None:
    desk = HandDesk()
    orders = tuple(order(str(number)) for number in range(100))
    desk.put_account(account(orders=orders, positions=(position(),) * 9, strategies=(twap(),) * 9))
    app = desk.app()
    async with app.run_test(size=size) as pilot:
        await pilot.press("ctrl+q")
        await pilot.pause()
        screen = app.screen.region
        for way in app.screen.query(Way):
            assert screen.contains_region(way.region)
            assert way.region.height == 1
            assert isinstance(way.parent, Horizontal)
            assert way.parent.region.contains_region(way.region)
        left = app.screen.query_one("#left")
        assert left.region.bottom < next(iter(app.screen.query(Way))).region.y
        text = str(app.screen.query_one("#left", Static).render())
        for part in ("100 open orders", "9 running strategies", "9 positions"):
            assert part in text


async def test_it_asks_and_escape_and_enter_stay() -> None:
    for stay in ("escape", "enter", "s"):
        app = desk_with_something().app()
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press("ctrl+q")
            await pilot.pause()
            assert len(app.screen_stack) == 2
            await pilot.press(stay)
            await pilot.pause()
            assert len(app.screen_stack) == 1
            assert not app._exit


async def test_leave_leaves_everything_as_it_is() -> None:
    desk = desk_with_something()
    app = desk.app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+q", "l")
        await pilot.pause()
        assert app._exit
        assert not [intent for intent in desk.intents() if isinstance(intent, CancelAll)]


async def test_cancel_all_waits_until_nothing_rests() -> None:
    desk = desk_with_something()
    app = desk.app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+q", "c", "c")
        await pilot.pause()
        assert [intent.symbol for intent in desk.intents() if isinstance(intent, CancelAll)] == [None]
        assert not app._exit
        desk.put_account(account(positions=(position(),)))
        assert isinstance(app.screen, QuitScreen)
        app.screen._paint()
        await pilot.pause()
        assert app._exit


def shown(app: object, selector: str) -> str:
    return str(app.screen.query_one(selector, Static).render())  # type: ignore[attr-defined]


async def test_the_question_looks_at_strategies_again_and_offers_to_stop_them() -> None:
    desk = desk_with_something()
    app = desk.app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+q")
        await pilot.pause()
        assert [intent for intent in desk.intents() if isinstance(intent, ReadStrategies)]
        assert isinstance(app.screen, QuitScreen)
        assert "stop strategies" not in shown(app, "#cancel_all")
        desk.put_account(account(strategies=(twap(),)))
        app.screen._paint()
        assert "cancel orders, stop strategies, quit" in shown(app, "#cancel_all")
        ways = app.screen.query_one("#ways")
        assert max(way.region.right for way in ways.children) <= ways.region.right, "every way fits at 80 columns"


@pytest.mark.parametrize("unknown", ["", "503"])
async def test_cancel_all_waits_until_no_strategy_runs(unknown: str) -> None:
    desk = HandDesk()
    desk.put_account(account(orders=(order("1"),), strategies=(twap(),)))
    app = desk.app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+q", "c")
        await pilot.pause()
        assert isinstance(app.screen, QuitScreen)
        assert "2 left" in app.screen._note
        desk.put_account(account(strategies=(twap(),)))
        app.screen._paint()
        assert not app._exit
        desk.put_account(account(strategies_unknown=unknown))
        app.screen._paint()
        await pilot.pause()
        assert bool(app._exit) is not bool(unknown)
        if unknown:
            assert "what is left is unknown" in app.screen._note
            desk.clock.ahead += 11
            app.screen._paint()
            assert "what else runs cannot be read" in app.screen._note


async def test_what_could_not_be_cancelled_is_said_and_it_stays() -> None:
    desk = desk_with_something()
    app = desk.app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+q", "c")
        await pilot.pause()
        desk.clock.ahead += 11
        assert isinstance(app.screen, QuitScreen)
        app.screen._paint()
        assert "2 could not be cancelled" in app.screen._note
        assert not app._exit


@pytest.mark.parametrize(
    ("key", "unknown", "asked"),
    [
        ("ctrl+x", "", "cancel 1 order and 2 strategies in all markets?"),
        ("X", "", "cancel 1 order and 1 strategy of SOL-PERP?"),
        ("X", "503", "cancel 1 order and all strategies of SOL-PERP?"),
    ],
)
async def test_cancelling_all_names_the_strategies_that_it_stops(key: str, unknown: str, asked: str) -> None:
    desk = HandDesk()
    strategies = (values.strategy(), values.strategy("7", symbol=SOL_PERP))
    desk.put_account(account(orders=(order("1"),), strategies=strategies, strategies_unknown=unknown))
    app = desk.app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.press(key)
        await pilot.pause()
        assert asked in app.main.strip.render_line(0).text


async def test_ctrl_c_asks_and_a_second_one_forces() -> None:
    app = desk_with_something().app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert isinstance(app.screen, QuitScreen)
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert app._exit


async def test_escape_never_quits() -> None:
    app = HandDesk().app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.press(*["escape"] * 5)
        await pilot.pause()
        assert not app._exit
        assert app.screen is app.main
