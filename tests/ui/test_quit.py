"""Leaving asks when something is left, and staying is what happens by default."""

from __future__ import annotations

from bpx_tui.service.intents import CancelAll
from bpx_tui.ui.screens.quit import QuitScreen, left_text
from tests.fakes.views import account, order, position, unknown_order
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


async def test_with_nothing_left_it_quits_at_once() -> None:
    app = HandDesk().app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.press("ctrl+q")
        await pilot.pause()
        assert not app.is_running or app._exit


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
