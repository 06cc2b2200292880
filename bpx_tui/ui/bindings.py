"""Textual bindings from the table of actions."""

from __future__ import annotations

from collections.abc import Mapping

from textual.binding import Binding, BindingType

from bpx_tui.config.keymap import Keymap, Where

_DEFAULT = Keymap()


def bindings_for(where: Where) -> list[BindingType]:
    """The bindings of one place; a widget says `BINDINGS = bindings_for(Where.CHART)` and defines the actions."""
    return [
        Binding(
            ",".join(_spelled(key) for key in action.keys),
            action.textual_action,
            action.help,
            id=action.id,
            show=False,
            priority=action.priority,
        )
        for action in _DEFAULT.at(where)
    ]


def priority_bindings() -> list[BindingType]:
    """Those heard before everything else, over every screen."""
    return [each for each in bindings_for(Where.DESK) if isinstance(each, Binding) and each.priority]


def textual_keymap(keymap: Keymap) -> Mapping[str, str]:
    """What `App.set_keymap` wants: the user's keys by action id."""
    return {action.id: ",".join(_spelled(key) for key in action.keys) for action in keymap.actions}


def _spelled(key: str) -> str:
    return "comma" if key == "," else key
