"""The chart's picture: layers composed into rows of runs, with everything left of the newest candle kept between ticks.

Layers from the bottom: grid, lines of orders, position and liquidation, candles, labels of those lines, crosshair.
Lines outside the prices in view leave their label at the edge they are behind. A row is two tuples of runs: `before`
holds the columns up to the newest candle and stays the same object while only that candle moves; `tail` holds the
newest candle and the price axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from bpx_tui.model.quotes import Candle
from bpx_tui.ui.formatting import fixed, percent
from bpx_tui.ui.glyphs import Glyphs
from bpx_tui.ui.palette import Role
from bpx_tui.ui.widgets.chart_candles import Cell, Column, Ink, candle_cells, hole_cells, quiet_cells, volume_cells
from bpx_tui.ui.widgets.chart_geometry import Hole, Layout, PriceScale, Slot, time_labels

Run = Cell


class ChartRow(NamedTuple):
    """One line: runs up to column `split`, and runs from there on."""

    before: tuple[Run, ...]
    tail: tuple[Run, ...]
    split: int


class Line(NamedTuple):
    """A horizontal line at a price: own order, position, liquidation. `spacing` is the distance of its dashes."""

    price: Decimal
    glyph: str
    role: Role
    label: str
    spacing: int


class Crosshair(NamedTuple):
    """A visible slot, and the row under the mouse where there is one."""

    slot: int
    row: int | None


@dataclass(frozen=True, slots=True)
class Scene:
    """All that a picture depends on, except the newest candle and the clock."""

    layout: Layout
    scale: PriceScale
    volume_full: Decimal
    slots: tuple[Slot, ...]
    lines: tuple[Line, ...]
    crosshair: Crosshair | None
    price_decimals: int
    textured: bool
    glyphs: Glyphs


class Moment(NamedTuple):
    """What changes with every tick: the newest slot, the last price and its direction, the countdown to the close."""

    newest: Slot | None
    last: Decimal | None
    rising: bool
    countdown: str


_SPACE: Cell = (" ", Ink(Role.TEXT))
_GRID = Ink(Role.FAINT)
_MUTED = Ink(Role.MUTED)


class Picture:
    """The rows of one scene. `rows(moment)` recomputes only what the newest candle and the axis can change."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        layout = scene.layout
        self._count = len(scene.slots)
        self._split = max(0, layout.slot_x(self._count - 1, self._count)) if self._count else layout.plot_width
        self._close_before: Decimal | None = None
        self._columns = self._all_columns(scene.slots[:-1])
        self._labels = _label_rows(scene)
        self._edges = _edge_labels(scene)
        self._line_rows = {row: line for line in scene.lines if (row := scene.scale.row(line.price)) is not None}
        self._grid_rows = {scene.scale.row(price): price for price in scene.scale.labels()}
        self._times = time_labels(scene.slots, layout)
        self._static_axis = self._axis_labels()
        self._shown: tuple[Column, dict[int, Cell], list[ChartRow]] | None = None
        self._before = [tuple(_runs(self._cells(y, 0, self._split, None))) for y in range(layout.height)]

    def rows(self, moment: Moment) -> tuple[ChartRow, ...]:
        """Every line of the body at that moment; a row that is as it was is the same object."""
        newest = self._column(moment.newest, self._close_before) if moment.newest is not None else {}
        axis = self._axis(moment)
        before = self._shown
        if before is None:
            rows = [self._row(y, newest, axis) for y in range(self.scene.layout.height)]
        else:
            old_newest, old_axis, rows = before
            rows = rows.copy()
            for y in {*newest, *old_newest, *axis, *old_axis}:
                if newest.get(y) != old_newest.get(y) or axis.get(y) != old_axis.get(y):
                    rows[y] = self._row(y, newest, axis)
        self._shown = newest, axis, rows
        return tuple(rows)

    def _row(self, y: int, newest: Column, axis: dict[int, Cell]) -> ChartRow:
        layout = self.scene.layout
        cells = self._cells(y, self._split, layout.plot_width, newest)
        text, ink = axis.get(y, ("", _MUTED))
        cells.append((text.ljust(layout.axis_width), ink))
        return ChartRow(self._before[y], tuple(_runs(cells)), self._split)

    # ---- candles

    def _column(self, slot: Slot, close_before: Decimal | None) -> Column:
        """The cells of a slot by body row, price plot and volume pane."""
        scene, layout = self.scene, self.scene.layout
        width, glyphs = layout.candle_width, scene.glyphs
        if isinstance(slot, Hole):
            return hole_cells(layout.price_height + layout.volume_height, width, glyphs)
        if slot.close is None or slot.open is None:
            return quiet_cells(close_before, scene.scale, width, glyphs) if close_before is not None else {}
        column = candle_cells(slot, scene.scale, width, glyphs, textured=scene.textured)
        rising = slot.close >= slot.open
        bars = volume_cells(slot.volume, scene.volume_full, layout.volume_height, width, rising=rising, glyphs=glyphs)
        column.update({layout.price_height + row: pieces for row, pieces in bars.items()})
        return column

    def _all_columns(self, slots: Sequence[Slot]) -> list[Column]:
        columns: list[Column] = []
        for slot in slots:
            columns.append(self._column(slot, self._close_before))
            if isinstance(slot, Candle) and slot.close is not None:
                self._close_before = slot.close
        return columns

    # ---- layers

    def _cells(self, y: int, start: int, end: int, newest: Column | None) -> list[Cell]:
        """The single cells of row `y` from column `start` to `end`, all layers; with `newest` only that candle."""
        layout = self.scene.layout
        cells = [_SPACE] * (end - start)
        if y == layout.price_height + layout.volume_height:
            for x, text in self._times:
                _write(cells, x - start, text, _MUTED)
            return cells
        self._draw_lines(cells, y, start, end)
        columns = enumerate(self._columns) if newest is None else ((self._count - 1, newest),)
        for index, column in columns:
            at = layout.slot_x(index, self._count) - start
            for text, ink in column.get(y, ()):
                _write(cells, at, text, ink, keep_spaces=True)
                at += len(text)
        label = self._labels.get(y)
        if label is not None:
            _write(cells, layout.plot_width - len(label.label) - start, label.label, Ink(label.role))
        edge = self._edges.get(y)
        if edge is not None:
            _write(cells, -start, edge.label, Ink(edge.role))
        self._draw_crosshair(cells, y, start, end)
        return cells

    def _draw_lines(self, cells: list[Cell], y: int, start: int, end: int) -> None:
        scene = self.scene
        line = self._line_rows.get(y)
        if line is not None:
            for x in range(start + -start % line.spacing, end, line.spacing):
                cells[x - start] = (line.glyph, Ink(line.role))
        elif y in self._grid_rows and y < scene.layout.price_height:
            for x in range(start + -start % _GRID_PITCH, end, _GRID_PITCH):
                cells[x - start] = (scene.glyphs.grid, _GRID)

    def _draw_crosshair(self, cells: list[Cell], y: int, start: int, end: int) -> None:
        cross = self.scene.crosshair
        if cross is None:
            return
        glyphs, layout = self.scene.glyphs, self.scene.layout
        if y == cross.row:
            for x in range(start, end):
                if cells[x - start] == _SPACE or cells[x - start][1] == _GRID:
                    cells[x - start] = (glyphs.cross_horizontal, _MUTED)
        x = layout.slot_x(cross.slot, self._count) + layout.candle_width // 2
        if start <= x < end and (cells[x - start] == _SPACE or cells[x - start][1] == _GRID):
            cells[x - start] = (glyphs.cross_vertical, _MUTED)

    # ---- the price axis

    def _axis_labels(self) -> dict[int, Cell]:
        """Grid labels, and the prices of lines over them."""
        decimals = self.scene.price_decimals
        axis: dict[int, Cell] = {
            row: (f" {fixed(price, decimals)}", _MUTED) for row, price in self._grid_rows.items() if row is not None
        }
        for row, line in self._line_rows.items():
            axis[row] = (f" {fixed(line.price, decimals)}", Ink(line.role))
        return axis

    def _axis(self, moment: Moment) -> dict[int, Cell]:
        """Text of the axis by row: labels, with countdown, last price and crosshair over them."""
        scene = self.scene
        decimals = scene.price_decimals
        axis = self._static_axis.copy()
        badge_row = scene.scale.row(moment.last) if moment.last is not None else None
        if badge_row is not None and moment.last is not None:
            if moment.countdown:
                below = badge_row + 1 if badge_row + 1 < scene.layout.price_height else badge_row - 1
                axis[below] = (f" {moment.countdown}", _MUTED)
            role = Role.UP if moment.rising else Role.DOWN
            badge = f" {fixed(moment.last, decimals)}".ljust(scene.layout.axis_width)
            if scene.glyphs.inverse:
                axis[badge_row] = (badge, Ink(Role.ON_FILL, role, bold=True))
            else:
                axis[badge_row] = (scene.glyphs.badge_left + badge[1:], Ink(role, bold=True))
        cross = scene.crosshair
        if cross is not None and cross.row is not None and cross.row < scene.layout.price_height:
            text = f" {fixed(scene.scale.price_at(cross.row), decimals)}".ljust(scene.layout.axis_width)
            axis[cross.row] = (text, Ink(Role.BACKGROUND, Role.MUTED, bold=True))
        return axis


_GRID_PITCH = 4


def _label_rows(scene: Scene) -> dict[int, Line]:
    """Lines whose label is written, by row; of two on one row the later (more important) one wins."""
    return {
        row: line
        for line in scene.lines
        if line.label and len(line.label) < scene.layout.plot_width and (row := scene.scale.row(line.price)) is not None
    }


def _edge_labels(scene: Scene) -> dict[int, Line]:
    """What lies above or below the prices in view, by row: the nearest line on each side, and how many more there are.

    These labels stand at the left, so that they never meet those of lines in view.
    """
    above = sorted((line for line in scene.lines if line.price > scene.scale.high), key=lambda line: line.price)
    below = sorted((line for line in scene.lines if line.price < scene.scale.low), key=lambda line: -line.price)
    edges: dict[int, Line] = {}
    for row, lines, arrow in (
        (scene.layout.price_height - 1, below, scene.glyphs.down),
        (0, above, scene.glyphs.up),
    ):
        if lines:
            more = f"+{len(lines) - 1} " if len(lines) > 1 else ""
            edges[row] = lines[0]._replace(label=f"{arrow}{lines[0].label}{more}")
    return edges


def _write(cells: list[Cell], at: int, text: str, ink: Ink, *, keep_spaces: bool = False) -> None:
    """Put text into single cells from index `at`, clipped; with `keep_spaces` spaces let the layer below through."""
    for offset, char in enumerate(text):
        x = at + offset
        if 0 <= x < len(cells) and not (keep_spaces and char == " "):
            cells[x] = (char, ink)


def _runs(cells: Sequence[Cell]) -> list[Run]:
    return [("".join(text for text, _ in group), ink) for ink, group in groupby(cells, key=itemgetter(1))]


def readout(candle: Candle, price_decimals: int, quantity_decimals: int) -> str:
    """`O 187.30 H 187.60 L 187.20 C 187.42 +0.06% V 1,234.5`, or that nothing traded."""
    if candle.open is None or candle.high is None or candle.low is None or candle.close is None:
        return "no trades"
    parts = [
        f"{word} {fixed(value, price_decimals)}"
        for word, value in zip("OHLC", (candle.open, candle.high, candle.low, candle.close), strict=True)
    ]
    change = (candle.close - candle.open) / candle.open if candle.open else Decimal(0)
    return f"{' '.join(parts)} {percent(change)} V {fixed(candle.volume, quantity_decimals)}"
