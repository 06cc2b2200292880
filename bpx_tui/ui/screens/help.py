"""All keys, generated from the table of actions; those of the focused panel first."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from bpx_tui.config.keymap import Keymap, Where
from bpx_tui.ui.glyphs import key_text

_KEYS_WIDTH = 16


class HelpScreen(ModalScreen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [("escape,question_mark,f1,q", "dismiss", "Close")]

    def __init__(self, keymap: Keymap, focused: Where) -> None:
        super().__init__()
        self._keymap = keymap
        self._focused = focused

    def compose(self) -> ComposeResult:
        body = VerticalScroll(Static(help_text(self._keymap, self._focused), markup=False), classes="dialog")
        body.border_title = "Keys"
        body.border_subtitle = "↑↓ scroll · esc close"
        yield body

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()


def help_text(keymap: Keymap, focused: Where) -> Text:
    """One line per action, grouped by where its keys are heard."""
    places = sorted(Where, key=lambda where: (where is not focused, where is not Where.DESK))
    text = Text()
    for where in places:
        actions = keymap.at(where)
        if not actions:
            continue
        here = " (here)" if where is focused else ""
        text.append(f"{where}{here}\n", "bold underline")
        for action in actions:
            keys = " ".join(key_text(key) for key in action.keys)
            text.append(f"  {keys:<{_KEYS_WIDTH}}", "bold")
            text.append(f"{action.help}\n")
        text.append("\n")
    return text
