"""An app for a pseudo terminal: a ladder whose book changes once, with or without something lying over it.

`main("open")` and `main("covered")` end by themselves after the change was painted.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from textual.app import ComposeResult
from textual.geometry import Region
from textual.widget import Widget
from textual.widgets import Static

from bpx_tui.ui.direct_paint import paint_directly
from bpx_tui.ui.widgets import line_panel
from tests.fakes.clock import ManualClock
from tests.ui.market_samples import SOL, book_view, desk_bus, levels, put_book
from tests.ui.panel_app import Ladder, PanelApp


class OneChange(PanelApp):
    """`Static` over the ladder's first rows when covered."""

    CSS = """
    Screen { layers: below above; }
    Ladder { layer: below; width: 40; height: 12; }
    Static { layer: above; width: 40; height: 3; }
    """

    def __init__(self, *, covered: bool) -> None:
        self.bus = desk_bus()
        put_book(self.bus, book_view())
        super().__init__(Ladder(self.bus, SOL.symbol, clock=ManualClock()))
        self.covered = covered

    def compose(self) -> ComposeResult:
        yield self.panel
        if self.covered:
            yield Static("OVERLAY")

    def on_mount(self) -> None:
        self.set_timer(0.4, self.change)
        self.set_timer(1.0, self.exit)

    def change(self) -> None:
        asks = levels("187.42", "0.01", ["7.77", *(f"{10 + 3 * index}.50" for index in range(19))])
        put_book(self.bus, book_view(asks=asks))


def main(how: str) -> None:
    """Exit status 3 where the change did not take the road that `how` asks for."""
    answers: list[bool] = []

    def noted(widget: Widget, dirty: Sequence[Region]) -> bool:
        answers.append(paint_directly(widget, dirty))
        return answers[-1]

    vars(line_panel)["paint_directly"] = noted
    OneChange(covered=how == "covered").run()
    sys.exit(0 if answers and set(answers) == {how == "open"} else 3)
