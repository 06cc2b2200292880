"""Bindings, footer, help and palette come from the one table, and every row of it leads somewhere."""

from __future__ import annotations

import re

import pytest
from textual.widget import Widget

from bpx_tui.config.keymap import ACTIONS, Keymap, Where, key_label
from bpx_tui.ui.app import TradingApp
from bpx_tui.ui.lines import width_of
from bpx_tui.ui.screens.help import help_text
from bpx_tui.ui.screens.pickers import action_picker
from bpx_tui.ui.widgets.key_footer import footer_line
from tests.ui.desks import HandDesk

_PANELS = {
    Where.CHART: "chart",
    Where.LADDER: "ladder",
    Where.TAPE: "tape",
    Where.WATCHLIST: "watchlist",
    Where.TABLES: "tables",
    Where.TICKET: "ticket",
    Where.CONFIRM: "card",
    Where.STRIP: "strip",
}


def _home(app: TradingApp, where: Where) -> Widget:
    return app.main if where is Where.DESK else app.main.panel(_PANELS[where])


async def test_every_action_is_bound_where_the_table_says_and_has_a_method() -> None:
    desk = HandDesk()
    app = desk.app()
    async with app.run_test(size=(200, 60)):
        for action in ACTIONS:
            home = _home(app, action.where)
            bound = {binding.id for bindings in home._bindings.key_to_bindings.values() for binding in bindings}
            assert action.id in bound, action.id
            target, _, name = action.textual_action.partition("(")[0].rpartition(".")
            owner = {"": home, "app": app, "screen": app.main}[target]
            assert callable(getattr(owner, f"action_{name}", None)), action.id


def test_help_lists_every_action_with_its_keys() -> None:
    text = help_text(Keymap(), Where.LADDER).plain
    for action in ACTIONS:
        line = next(line for line in text.splitlines() if line.endswith(action.help))
        assert all(key_label(key) in line for key in action.keys)


def test_help_starts_with_the_panel_that_has_the_focus() -> None:
    assert help_text(Keymap(), Where.TABLES).plain.startswith(f"{Where.TABLES} (here)")


def test_help_shows_the_users_own_keys() -> None:
    assert re.search(r"f5 +Buy", help_text(Keymap().rebound({"ticket.buy": ["f5"]}), Where.DESK).plain)


def test_the_palette_has_every_action_that_can_be_run_by_name() -> None:
    offered = {choice.value for choice in action_picker(Keymap())._choices}
    assert offered == {action.id for action in ACTIONS if action.in_palette}


@pytest.mark.parametrize("where", list(Where))
@pytest.mark.parametrize("width", [20, 60, 80, 120, 200])
def test_the_footer_fits_and_says_only_what_the_table_says(where: Where, width: int) -> None:
    line = footer_line(Keymap(), where, width)
    assert width_of(line) <= width
    by_id = {action.id: action for action in ACTIONS}
    for run in line:
        if run.tag:
            action = by_id[run.tag]
            assert action.where in {where, Where.DESK}
            assert run.text.strip() in {action.word, key_label(action.keys[0])}


def test_the_footer_keeps_help_and_quit_at_80_columns() -> None:
    for where in Where:
        tags = {run.tag for run in footer_line(Keymap(), where, 80)}
        assert {"help.open", "desk.quit"} <= tags


async def test_a_rebound_key_works_and_the_old_one_does_not() -> None:
    desk = HandDesk()
    app = desk.app()
    app.set_keymap({"ticket.buy": "f5"})
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        await pilot.press("b")
        assert app.focused is not app.main.ticket
        await pilot.press("f5")
        assert app.focused is app.main.ticket
