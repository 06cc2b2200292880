"""Line panels of the account and the desk: composed from runs of text, fed by the desk's views."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.segment import Segment

from bpx_tui.service.intents import Mode
from bpx_tui.ui.desk import Desk
from bpx_tui.ui.lines import Line, tag_at, to_strip
from bpx_tui.ui.mode_block import MODE_ROLES
from bpx_tui.ui.palette import Palette, Role
from bpx_tui.ui.widgets.line_panel import LinePanel, Row
from bpx_tui.ui.widgets.panel_frame import TitlePart


class Painted(NamedTuple):
    """The data of a row: a line of runs, and the paper behind it where it is not the panel's own."""

    line: Line
    paper: Role | None = None


def text_row(line: Line, paper: Role | None = None) -> Row:
    return Row("line", Painted(line, paper))


def mode_part(mode: Mode) -> TitlePart:
    """The mode word in a title, in the mode's colour."""
    return TitlePart(f"{mode} ", MODE_ROLES[mode], bold=True)


def mode_role(mode: Mode) -> Role:
    return MODE_ROLES[mode]


class DeskPanel(LinePanel):
    """A line panel over the whole desk rather than over one market's stream."""

    frames_per_second = 4
    has_age = False

    def __init__(self, desk: Desk, *, number: int, id: str) -> None:
        super().__init__(desk.bus, desk.symbol, number=number, clock=desk.clock, id=id)
        self.desk = desk

    def rows(self, width: int, height: int) -> Sequence[Row]:
        raise NotImplementedError

    def tag_under(self, x: int, y: int) -> str:
        """The tag of the body's run under a click, or an empty string."""
        if not 0 < y <= len(self._rows):
            return ""
        data = self._rows[y - 1].data
        return tag_at(data.line, x - 1) if isinstance(data, Painted) else ""

    def draw(self, row: Row, width: int, palette: Palette) -> list[Segment]:
        assert isinstance(row.data, Painted)
        return list(to_strip(row.data.line, width, palette, row.data.paper))
