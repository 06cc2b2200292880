"""The newest events in a panel of its own, where there is room for one."""

from __future__ import annotations

from collections.abc import Sequence

from bpx_tui.model.views import FeedState
from bpx_tui.ui.desk import Desk
from bpx_tui.ui.event_log import EventLog
from bpx_tui.ui.formatting import clock_text
from bpx_tui.ui.lines import Run
from bpx_tui.ui.palette import Role
from bpx_tui.ui.widgets.condition import Feed
from bpx_tui.ui.widgets.desk_panel import DeskPanel, text_row
from bpx_tui.ui.widgets.line_panel import Row


class EventsPanel(DeskPanel):
    """Newest first, one row each: glyph, time, as much text as fits; the whole texts are in the log (`)."""

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
        rows = []
        for line in newest:
            glyph, _, text = line.line
            clock = Run(f"{clock_text(line.wall_ms * 1_000)} ", Role.MUTED)
            short = text.text if len(text.text) <= width - 11 else text.text[: width - 12] + "…"
            rows.append(text_row((glyph._replace(text=glyph.text[1:]), clock, text._replace(text=short))))
        return rows

    def on_click(self) -> None:
        self.app.run_worker(self.app.run_action("app.log_open"), exclusive=False)
