"""The first frame: the desk's frames at the desk's places, and the mode. Everything else is read after it is shown.

It is painted before the panels, the model and the network's libraries are imported, so it must import none of them.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence

from rich.segment import Segment
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip

from bpx_tui.config.keymap import Keymap, Where
from bpx_tui.model.ids import Symbol
from bpx_tui.service.mode import Mode
from bpx_tui.ui.formatting import market_name
from bpx_tui.ui.glyphs import Glyphs, glyphs_for
from bpx_tui.ui.layout import Arrangement, plan
from bpx_tui.ui.lines import Line, Run, to_strip
from bpx_tui.ui.mode_block import mode_block
from bpx_tui.ui.palette import Palette, Role
from bpx_tui.ui.widgets.key_footer import footer_line

_WITHOUT_FRAME = frozenset({"header", "compact", "event", "footer"})
_FOCUSED = "ladder"
_WRITING_SECONDS = 0.002


class StartingScreen(Screen[None]):
    """Shown once, for as long as the rest of the screen is being read. It takes no input."""

    def __init__(self, mode: Mode, symbol: Symbol, keys: Keymap, then: Callable[[], Awaitable[None]]) -> None:
        super().__init__(id="starting")
        self._mode = mode
        self._symbol = symbol
        self._keys = keys
        self._then = then

    def on_screen_resume(self) -> None:
        """Textual lays out and paints while it handles this message; what is queued here comes after that."""
        self.app.call_later(self._go_on)

    async def _go_on(self) -> None:
        """The thread that writes to the terminal gets its turn before imports take the interpreter for long."""
        await asyncio.sleep(_WRITING_SECONDS)
        await self._then()

    def render_lines(self, crop: Region) -> list[Strip]:
        """The whole frame at once; nothing in it changes."""
        width, height = self.size
        palette = Palette.of(self.app)
        glyphs = glyphs_for(os.environ, no_color=self.app.no_color)
        regions = plan(width, height, Arrangement())
        lines = self._lines(regions, width)
        x1, x2 = crop.column_span
        return [
            (to_strip(lines[y], width, palette) if y in lines else _frames(regions, y, width, glyphs, palette)).crop(
                x1, x2
            )
            for y in crop.line_range
        ]

    def _lines(self, regions: Mapping[str, Region], width: int) -> dict[int, Line]:
        """What is written, by row of the screen."""
        lines: dict[int, Line] = {0: (Run(" bpx "), *mode_block(self._mode), Run("  starting", Role.MUTED))}
        if regions["header"].height > 1:
            lines[1] = (Run(f" {market_name(self._symbol)}", Role.TEXT, bold=True),)
        if "footer" in regions:
            where = Where.LADDER if _FOCUSED in regions else Where.DESK
            lines[regions["footer"].y] = footer_line(self._keys, where, width)
        return lines


def _frames(regions: Mapping[str, Region], y: int, width: int, glyphs: Glyphs, palette: Palette) -> Strip:
    """One row of all panels' borders."""
    segments: list[Segment] = []
    x = 0
    for name, region in sorted(regions.items(), key=lambda item: item[1].x):
        if name in _WITHOUT_FRAME or not region.y <= y < region.bottom:
            continue
        segments.append(Segment(" " * (region.x - x), palette.style(Role.TEXT)))
        segments += _frame_row(region, y, focused=name == _FOCUSED, glyphs=glyphs, palette=palette)
        x = region.right
    return Strip(segments).adjust_cell_length(width, palette.style(Role.TEXT))


def _frame_row(region: Region, y: int, *, focused: bool, glyphs: Glyphs, palette: Palette) -> Sequence[Segment]:
    frame = glyphs.focused if focused else glyphs.calm
    rule = palette.style(Role.RULE_FOCUS if focused else Role.RULE)
    inner = region.width - 2
    if y == region.y:
        return (Segment(frame.top_left + frame.horizontal * inner + frame.top_right, rule),)
    if y == region.bottom - 1:
        return (Segment(frame.bottom_left + frame.horizontal * inner + frame.bottom_right, rule),)
    edge = Segment(frame.vertical, rule)
    return edge, Segment(" " * inner, palette.style(Role.TEXT)), edge
