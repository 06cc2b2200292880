"""The newest events in a panel of its own, where there is room for one."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from bpx_tui.model.views import FeedState
from bpx_tui.ui.desk import Desk
from bpx_tui.ui.event_log import EventLog, LogLine
from bpx_tui.ui.lines import Line, width_of
from bpx_tui.ui.widgets.condition import Feed
from bpx_tui.ui.widgets.desk_panel import DeskPanel, text_row
from bpx_tui.ui.widgets.line_panel import Row


class EventsPanel(DeskPanel):
    """Newest first: glyph, time, text, in as many rows as it needs; all of them are in the log (`)."""

    subject = "Events"

    def __init__(self, desk: Desk, log: EventLog, *, id: str = "events") -> None:
        super().__init__(desk, number=7, id=id)
        self._log = log

    def look(self) -> Feed | None:
        return Feed(FeedState.LIVE, None, "", bool(self._log.lines))

    def empty_text(self) -> str:
        return "nothing happened yet"

    def hints(self) -> str:
        return "` all"

    def rows(self, width: int, height: int) -> Sequence[Row]:
        newest = list(self._log.lines)[: -height - 1 : -1]
        lines = [line for each in newest for line in event_lines(each, width)]
        return [text_row(line) for line in lines[:height]]

    def on_click(self) -> None:
        self.app.run_worker(self.app.run_action("app.log_open"), exclusive=False)


def event_lines(event: LogLine, width: int) -> list[Line]:
    """The whole text, wrapped under its glyph."""
    glyph, clock, text = event.line
    head = (glyph._replace(text=glyph.text[1:]), clock)
    taken = width_of(head)
    first, *more = wrap(text.text, max(8, width), initial_indent=" " * taken, subsequent_indent="  ") or [""]
    return [(*head, text._replace(text=first[taken:])), *((text._replace(text=part),) for part in more)]
