"""Keys: which are too old or too many to trade, and that all are heard in their order."""

from __future__ import annotations

from textual import events

from bpx_tui.model.enums import Side
from bpx_tui.ui.driver import as_typed
from bpx_tui.ui.press import PressGate
from tests.ui.desks import HandDesk

# ---- old keys and bursts


async def test_a_key_older_than_half_a_second_does_not_trade() -> None:
    desk = HandDesk()
    app = desk.app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        old = events.Key("b", "b")
        old.time = desk.clock.monotonic() - 0.6
        app.post_message(old)
        await pilot.pause()
        assert app.focused is app.main.ladder
        assert app.event_log.lines[-1].text.startswith("ignored: old key")


async def test_an_old_key_may_still_move_about() -> None:
    desk = HandDesk()
    app = desk.app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        old = events.Key("5", "5")
        old.time = desk.clock.monotonic() - 5
        app.post_message(old)
        await pilot.pause()
        assert app.focused is app.main.tables


def test_four_printable_keys_within_30_ms_are_a_burst_all_of_them() -> None:
    gate = PressGate()
    times = [10.000, 10.004, 10.008, 10.012]
    for at in times:
        gate.arrived(at, printable=True)
    for at in times:
        gate.handling(at)
        assert gate.why_ignored(10.02) == "ignored: typed too fast to be meant"
    gate.arrived(10.5, printable=True)
    assert gate.why_ignored(10.51) == ""


def test_fast_typing_is_not_a_burst() -> None:
    gate = PressGate()
    for at in (10.0, 10.02, 10.04, 10.06):
        gate.arrived(at, printable=True)
    assert gate.why_ignored(10.07) == ""


def test_many_keys_of_one_read_are_a_paste() -> None:
    keys = [events.Key(char, char) for char in "bbb!"]
    (paste,) = as_typed(list(keys))
    assert isinstance(paste, events.Paste)
    assert paste.text == "bbb!"
    few = [events.Key("b", "b"), events.Key("enter", "\r")]
    assert as_typed(list(few)) == few


# ---- keys in their order


async def test_keys_that_come_at_once_are_heard_in_their_order() -> None:
    """What a slow line brings in one packet means the same as the same keys one by one."""
    desk = HandDesk()
    app = desk.app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        typed = ["ctrl+u", "1", "tab", "ctrl+u", "7", "tab", "t", "tab", "5"]
        for key in ("b", *typed):
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        await pilot.pause()
        form = app.main.ticket.form
        assert (form.price, form.quantity) == ("187.41", "5")
        assert app.focused is app.main.ticket


async def test_a_key_is_done_with_before_the_next_one_is_heard() -> None:
    desk = HandDesk()
    app = desk.app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        for key in ("b", "7", "escape", "b", "escape", "j", "enter", "5"):
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        await pilot.pause()
        assert app.focused is app.main.ticket
        assert app.main.ticket.form.side is Side.BID
        assert app.main.ticket.form.price.endswith("5")
