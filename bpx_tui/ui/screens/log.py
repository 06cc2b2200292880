"""Every event of the session in full, newest first."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from bpx_tui.ui.event_log import EventLog


class LogScreen(ModalScreen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [("escape,grave_accent,q", "dismiss", "Close")]

    def __init__(self, log: EventLog) -> None:
        super().__init__()
        self._log = log
        self._shown = -1

    def compose(self) -> ComposeResult:
        body = VerticalScroll(Static("", markup=False, id="lines"), classes="dialog")
        body.border_title = "Events"
        body.border_subtitle = "newest first · esc close"
        yield body

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()
        self._paint()
        self.set_interval(0.5, self._paint)

    def _paint(self) -> None:
        if self._shown == self._log.revision:
            return
        self._shown = self._log.revision
        lines = ["".join(run.text for run in line.line) for line in reversed(self._log.lines)]
        self.query_one("#lines", Static).update(Text("\n".join(lines) or " nothing happened yet"))
