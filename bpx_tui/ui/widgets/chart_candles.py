"""One candle as cells: eighth-block bodies, box-drawing wicks, and what stands in where a terminal has neither.

A body's top edge is a lower block in the candle's colour; its bottom edge is the same trick inverted, a lower block of
background colour on the candle's. So both edges have eight steps per row. Where a cell cannot hold what it should
(the body and a wick, or both edges at once) the larger part wins, and of two edges the one further in is exact.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from bpx_tui.model.quotes import Candle
from bpx_tui.ui.glyphs import Glyphs
from bpx_tui.ui.palette import Role
from bpx_tui.ui.widgets.chart_geometry import PriceScale


class Ink(NamedTuple):
    """How a cell is coloured."""

    role: Role
    paper: Role = Role.BACKGROUND
    bold: bool = False


Cell = tuple[str, Ink]
"""Text in one ink."""

Column = dict[int, tuple[Cell, ...]]
"""What a slot shows, by row: pieces from left to right, together as wide as a candle."""


class Brush(NamedTuple):
    """The inks and the fill of one direction."""

    body: Ink
    edge: Ink
    inverse: Ink
    wick: Ink
    fill: str


def brush_for(*, rising: bool, textured: bool, glyphs: Glyphs) -> Brush:
    """Solid for rising candles; falling ones are dimmer, or textured with edges in the colour that it mixes to."""
    if rising:
        return Brush(Ink(Role.UP), Ink(Role.UP), Ink(Role.BACKGROUND, Role.UP), Ink(Role.UP), glyphs.solid)
    dim = Ink(Role.DOWN_FILL)
    inverse = Ink(Role.BACKGROUND, Role.DOWN_FILL)
    if textured:
        return Brush(Ink(Role.DOWN), dim, inverse, Ink(Role.DOWN), glyphs.texture)
    return Brush(dim, dim, inverse, Ink(Role.DOWN), glyphs.solid)


_LEAST_BODY = 3
"""Eighths; a body of less, inside one cell, is drawn as a line."""


def candle_cells(candle: Candle, scale: PriceScale, width: int, glyphs: Glyphs, *, textured: bool) -> Column:
    """The pieces of a candle by row, each row `width` cells wide."""
    if candle.open is None or candle.high is None or candle.low is None or candle.close is None:
        return {}
    brush = brush_for(rising=candle.close >= candle.open, textured=textured, glyphs=glyphs)
    top = round(scale.eighth(max(candle.open, candle.close)))
    bottom = round(scale.eighth(min(candle.open, candle.close)))
    high, low = round(scale.eighth(candle.high)), round(scale.eighth(candle.low))
    rows: Column = {}
    last = scale.rows - 1
    for row in range(min(high // 8, last), min(max(low - 1, high) // 8, last) + 1):
        wick = _wick(high, low, row, glyphs)
        if wick:
            rows[row] = (_centred(wick, brush.wick, width),)
    if top == bottom or (bottom - top < _LEAST_BODY and top // 8 == (bottom - 1) // 8):
        row = min(top // 8, last)
        rows[row] = (_doji(row, high, low, width, brush, glyphs),)
        return rows
    span = range(top // 8, min((bottom - 1) // 8, last) + 1)
    bodies = {row: (_body(top, bottom, row, width, brush, glyphs),) for row in span}
    kept = {row: body for row, body in bodies.items() if not _wick_shows(top, bottom, high, low, row)}
    rows.update(kept or dict(list(bodies.items())[:1]))
    return rows


def _centred(glyph: str, ink: Ink, width: int) -> Cell:
    side = " " * (width // 2)
    return side + glyph + side, ink


def _wick(high: int, low: int, row: int, glyphs: Glyphs) -> str:
    """A row's piece of the wick: whole, or the half that it covers."""
    start, end = max(high - row * 8, 0), min(low - row * 8, 8)
    if start >= 4:
        return glyphs.wick_lower
    if end <= 4:
        return glyphs.wick_upper if end > 0 or high == low else ""
    return glyphs.wick


def _wick_shows(top: int, bottom: int, high: int, low: int, row: int) -> bool:
    """Whether a body's end cell is left to the wick, which would otherwise hang in the air.

    That is so where the wick leaves the cell, and the body has at most 3/8 of it and goes on in the next.
    """
    start, end = top - row * 8, bottom - row * 8
    leaves_above = start >= 5 and high < row * 8
    leaves_below = end <= 3 and low > row * 8 + 8
    return (leaves_above and end > 8) or (leaves_below and start < 0)


def _doji(row: int, high: int, low: int, width: int, brush: Brush, glyphs: Glyphs) -> Cell:
    """A body of no height: a line, crossed by the wicks that leave this row."""
    above, below = high < row * 8 + 2, low > row * 8 + 6
    both, up, down = glyphs.doji_crossed
    middle = both if above and below else up if above else down if below else glyphs.doji
    side = glyphs.doji * (width // 2)
    return side + middle + side, brush.wick


def _body(top: int, bottom: int, row: int, width: int, brush: Brush, glyphs: Glyphs) -> Cell:
    start, end = max(top - row * 8, 0), min(bottom - row * 8, 8)
    if not glyphs.eighths:
        return brush.fill * width, brush.body
    if start > 0 and end < 8:  # both edges in one cell: keep the one that is further from the cell's border
        if start <= 8 - end:
            start = 0
        else:
            end = 8
    if start == 0 and end == 8:
        return brush.fill * width, brush.body
    if end == 8:
        return glyphs.eighths[7 - start] * width, brush.edge
    if glyphs.inverse:
        return glyphs.eighths[7 - end] * width, brush.inverse
    upper = brush.fill if end >= 6 else glyphs.upper_half if end >= 3 else glyphs.upper_edge
    return upper * width, brush.edge


def volume_cells(volume: Decimal, full: Decimal, rows: int, width: int, *, rising: bool, glyphs: Glyphs) -> Column:
    """The pieces of a volume bar by row from the top of its pane; any trade at all shows at least an eighth."""
    if full <= 0 or volume <= 0:
        return {}
    ink = Ink(Role.UP_BAR if rising else Role.DOWN_BAR)
    fill = glyphs.solid if rising else glyphs.texture
    if not glyphs.eighths:
        height = max(1, round(float(volume / full) * rows))
        return dict.fromkeys(range(max(0, rows - height), rows), ((fill * width, ink),))
    eighths = min(rows * 8, max(1, round(float(volume / full) * rows * 8)))
    cells: Column = {}
    for row in range(rows - 1, -1, -1):
        here = min(8, eighths)
        if here <= 0:
            break
        cells[row] = ((glyphs.eighths[here - 1] * width, ink),)
        eighths -= 8
    return cells


def quiet_cells(price: Decimal, scale: PriceScale, width: int, glyphs: Glyphs) -> Column:
    """A bucket in which nothing traded: a faint dot where the price stood."""
    row = scale.row(price)
    return {} if row is None else {row: (_centred(glyphs.grid, Ink(Role.MUTED), width),)}


def hole_cells(rows: int, width: int, glyphs: Glyphs) -> Column:
    """Buckets that were not delivered: a broken line from top to bottom."""
    return dict.fromkeys(range(0, rows, 2), (_centred(glyphs.gap, Ink(Role.WARNING), width),))
