"""The smallest app around one panel, and what it shows."""

from __future__ import annotations

from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.message import Message

from bpx_tui.ui.palette import theme_variable_defaults
from bpx_tui.ui.widgets.chart import Chart
from bpx_tui.ui.widgets.ladder import Ladder
from bpx_tui.ui.widgets.line_panel import LinePanel
from bpx_tui.ui.widgets.tape import Tape


class PanelApp(App[None]):
    """One panel that fills the screen; its messages are kept."""

    def __init__(self, panel: LinePanel) -> None:
        super().__init__()
        self.panel = panel
        self.heard: list[Message] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return theme_variable_defaults()

    def compose(self) -> ComposeResult:
        yield self.panel

    def on_ladder_level_picked(self, message: Ladder.LevelPicked) -> None:
        self.heard.append(message)

    def on_ladder_grouping_wanted(self, message: Ladder.GroupingWanted) -> None:
        self.heard.append(message)

    def on_chart_interval_wanted(self, message: Chart.IntervalWanted) -> None:
        self.heard.append(message)

    def on_chart_older_candles_wanted(self, message: Chart.OlderCandlesWanted) -> None:
        self.heard.append(message)


def shown(panel: LinePanel) -> list[str]:
    """The panel's lines as text, after a look at the bus; every line must fill the panel exactly."""
    panel.paint()
    lines = [panel.render_line(y).text for y in range(panel.size.height)]
    widths = {cell_len(line) for line in lines}
    assert widths == {panel.size.width}, widths
    return lines


def body(panel: LinePanel) -> list[str]:
    """The lines inside the border."""
    return [line[1:-1] for line in shown(panel)[1:-1]]


def repainted(panel: LinePanel) -> set[int]:
    """Which lines the next frame draws anew."""
    before = list(panel._strips)
    panel.paint()
    shown(panel)
    return {y for y, strip in enumerate(panel._strips) if strip is not before[y]}


__all__ = ["Chart", "Ladder", "PanelApp", "Tape", "body", "repainted", "shown"]
