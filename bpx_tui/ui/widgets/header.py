"""The two lines at the top: account and health, then the market."""

from __future__ import annotations

from collections.abc import Sequence

from bpx_tui.ui.desk import Desk
from bpx_tui.ui.header_text import account_line, market_line
from bpx_tui.ui.lines import Line
from bpx_tui.ui.widgets.bar import Bar


class Header(Bar):
    frames_per_second = 5

    def __init__(self, desk: Desk, *, id: str = "header") -> None:
        super().__init__(id=id)
        self._desk = desk

    def lines_now(self, width: int, height: int) -> Sequence[Line]:
        return account_line(self._desk, width), market_line(self._desk, width)
