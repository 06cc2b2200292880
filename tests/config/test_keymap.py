"""The table of actions: whole, free of conflicts, and rebindable."""

from __future__ import annotations

import pytest

from bpx_tui.config.keymap import ACTIONS, Keymap, Where, key_label
from bpx_tui.errors import ConfigError


def test_ids_are_unique_and_every_action_has_a_key_and_a_help_text() -> None:
    ids = [action.id for action in ACTIONS]
    assert len(ids) == len(set(ids))
    assert all(action.keys and action.help for action in ACTIONS)


def test_the_shipped_table_has_no_conflict() -> None:
    assert Keymap().rebound({}).actions == ACTIONS


@pytest.mark.parametrize("key", ["ctrl+i", "ctrl+m", "ctrl+h", "ctrl+j", "ctrl+["])
def test_no_key_is_bound_that_plain_terminals_send_as_another(key: str) -> None:
    assert all(key not in action.keys for action in ACTIONS)


def test_nothing_needs_alt_or_ctrl_shift() -> None:
    assert not [key for action in ACTIONS for key in action.keys if "alt+" in key or "ctrl+shift" in key]


def test_rebinding_replaces_the_keys_of_one_action() -> None:
    keymap = Keymap().rebound({"ticket.buy": ["f5"]})
    assert keymap["ticket.buy"].keys == ("f5",)
    assert keymap["ticket.sell"].keys == ("s",)


def test_an_unknown_action_is_named_with_the_nearest_one() -> None:
    with pytest.raises(ConfigError, match=r"No action is called ticket\.bye\. Did you mean ticket\.buy\?"):
        Keymap().rebound({"ticket.bye": ["f5"]})


def test_two_actions_of_one_place_cannot_share_a_key() -> None:
    with pytest.raises(ConfigError, match=r"s is bound to both ticket\.buy and ticket\.sell"):
        Keymap().rebound({"ticket.buy": ["s"]})


def test_a_panel_may_use_a_key_of_the_desk() -> None:
    assert Keymap().rebound({"tape.top": ["b"]})["tape.top"].keys == ("b",)


def test_an_action_cannot_lose_its_last_key() -> None:
    with pytest.raises(ConfigError, match=r"ticket\.buy has no key"):
        Keymap().rebound({"ticket.buy": []})


def test_no_single_key_of_the_desk_sends_an_order() -> None:
    """Only the confirm card and the cancel question act, and both are reached through another key first."""
    acting = {action.id for action in ACTIONS if action.where in {Where.CONFIRM, Where.STRIP} and action.trades}
    assert acting == {"confirm.place", "strip.yes"}


@pytest.mark.parametrize(
    ("key", "label"),
    [("b", "b"), ("+", "+"), ("escape", "esc"), ("shift+up", "⇧↑"), ("ctrl+x", "ctrl+x"), ("comma", ",")],
)
def test_keys_are_written_as_people_read_them(key: str, label: str) -> None:
    assert key_label(key) == label


@pytest.mark.parametrize(("key", "label"), [("shift+up", "shift+up"), ("v", "v"), ("down", "down"), ("escape", "esc")])
def test_without_symbols_an_arrow_is_a_word(key: str, label: str) -> None:
    assert key_label(key, symbols=False) == label
