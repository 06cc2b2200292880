"""Find one of many by a few letters: type, arrows, enter; or click."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Generic, NamedTuple, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

from bpx_tui.ui.fuzzy import ranked
from bpx_tui.ui.lines import Line, Run, to_strip
from bpx_tui.ui.palette import Palette, Role

T = TypeVar("T")


class Choice(NamedTuple, Generic[T]):
    """`line` draws it at a width, `text` is what is searched."""

    value: T
    text: str
    line: Callable[[int], Line]


class PickerList(Widget, Generic[T]):
    """The matches, with a cursor that stays in sight."""

    class Picked(Message):
        """A row was clicked."""

    def __init__(self) -> None:
        super().__init__()
        self.choices: Sequence[Choice[T]] = ()
        self.cursor = 0

    def show(self, choices: Sequence[Choice[T]]) -> None:
        self.choices, self.cursor = choices, 0
        self.refresh()

    def move(self, rows: int) -> None:
        self.cursor = max(0, min(self.cursor + rows, len(self.choices) - 1))
        self.refresh()

    @property
    def _first(self) -> int:
        return max(0, self.cursor - self.size.height + 1)

    def render_line(self, y: int) -> Strip:
        palette, index, width = Palette.of(self.app), self._first + y, self.size.width
        if not self.choices and y == 0:
            return to_strip((Run(" nothing matches", Role.MUTED),), width, palette, Role.SURFACE)
        if index >= len(self.choices):
            return to_strip((), width, palette, Role.SURFACE)
        here = index == self.cursor
        return to_strip(self.choices[index].line(width), width, palette, Role.CURSOR_ROW if here else Role.SURFACE)

    def on_click(self, event: events.Click) -> None:
        index = self._first + event.y
        if index < len(self.choices):
            self.cursor = index
            self.post_message(self.Picked())

    def on_mouse_scroll_down(self) -> None:
        self.move(3)

    def on_mouse_scroll_up(self) -> None:
        self.move(-3)


class Picker(ModalScreen[T | None], Generic[T]):
    """Dismisses with the chosen value, or with nothing on escape."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape", "leave", "Close"),
        ("down,ctrl+n", "move(1)", "Next"),
        ("up,ctrl+p", "move(-1)", "Previous"),
        ("pagedown", "move(10)", "Page down"),
        ("pageup", "move(-10)", "Page up"),
    ]

    def __init__(self, what: str, choices: Sequence[Choice[T]]) -> None:
        super().__init__()
        self._what = what
        self._choices = choices
        self._list: PickerList[T] = PickerList()

    def compose(self) -> ComposeResult:
        body = Vertical(
            Input(placeholder="type to find", max_length=64, select_on_focus=False), self._list, classes="dialog"
        )
        body.border_title = self._what
        body.border_subtitle = "↑↓ choose · enter · esc"
        yield body

    def on_mount(self) -> None:
        self._list.show(self._choices)
        self.query_one(Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        self._list.show(ranked(event.value, self._choices, lambda choice: choice.text))

    def on_input_submitted(self) -> None:
        self._pick()

    def on_picker_list_picked(self) -> None:
        self._pick()

    def _pick(self) -> None:
        if self._list.choices:
            self.dismiss(self._list.choices[self._list.cursor].value)

    def action_move(self, rows: int) -> None:
        self._list.move(rows)

    def action_leave(self) -> None:
        self.dismiss(None)
