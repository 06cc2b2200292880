"""One or two lines without a border: header, event line, footer."""

from __future__ import annotations

from collections.abc import Sequence

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from bpx_tui.ui.lines import Line, to_strip
from bpx_tui.ui.palette import Palette, Role


class Bar(Widget):
    """Paints the lines that `lines_now` gives, on a timer of its own, and only those that differ."""

    ALLOW_SELECT = False
    frames_per_second: float = 4

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._lines: tuple[Line, ...] = ()
        self._palette: Palette | None = None

    def lines_now(self, width: int, height: int) -> Sequence[Line]:
        """The lines for that size."""
        raise NotImplementedError

    @property
    def palette(self) -> Palette:
        if self._palette is None:
            self._palette = Palette.of(self.app)
        return self._palette

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self._restyle())
        self.set_interval(1 / self.frames_per_second, self.paint)

    def on_resize(self) -> None:
        self._lines = ()
        self.paint()

    def _restyle(self) -> None:
        self._palette = None
        self._lines = ()
        self.paint()

    def paint(self) -> None:
        """Compose again and repaint the lines that differ."""
        width, height = self.size
        if not width or not height:
            return
        before, self._lines = self._lines, tuple(self.lines_now(width, height))[:height]
        if len(before) != len(self._lines):
            self.refresh()
            return
        dirty = [Region(0, y, width, 1) for y, line in enumerate(self._lines) if line != before[y]]
        if dirty:
            self.refresh(*dirty)

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y >= len(self._lines):
            return Strip.blank(width, self.palette.style(Role.TEXT))
        return to_strip(self._lines[y], width, self.palette)
