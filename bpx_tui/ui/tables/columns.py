"""Fixed columns: which fit a width, and rows of cells as lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bpx_tui.ui.lines import Line, Run, fitted
from bpx_tui.ui.palette import Role


class Column(NamedTuple):
    """`width` is in cells, without the gap. Columns of the highest `rank` are left out first."""

    title: str
    width: int
    rank: int = 0
    right: bool = True


class Cell(NamedTuple):
    text: str
    ink: Role = Role.TEXT
    bold: bool = False
    tag: str = ""
    """What a click on it means."""


Cells = tuple[Cell, ...]
"""One cell per column of the table, shown or not."""

_MARGIN = 2
_GAPS = (3, 2, 1)


class Fit(NamedTuple):
    """The columns that are shown, by index, and the cells between them."""

    shown: tuple[int, ...]
    gap: int


def fitting(columns: Sequence[Column], width: int) -> Fit:
    """All columns with the widest gap that fits into `width` cells; else columns are left out by rank."""
    everything = tuple(range(len(columns)))
    for gap in _GAPS:
        if _needed(columns, everything, gap) <= width:
            return Fit(everything, gap)
    shown = list(everything)
    while len(shown) > 1 and _needed(columns, shown, _GAPS[-1]) > width:
        shown.remove(max(shown, key=lambda index: (columns[index].rank, index)))
    gap = next((gap for gap in _GAPS if _needed(columns, shown, gap) <= width), _GAPS[-1])
    return Fit(tuple(shown), gap)


def _needed(columns: Sequence[Column], shown: Sequence[int], gap: int) -> int:
    return _MARGIN + sum(columns[index].width for index in shown) + gap * (len(shown) - 1)


def heading(columns: Sequence[Column], fit: Fit) -> Line:
    titles = tuple(Cell(column.title, Role.MUTED) for column in columns)
    return line_of(titles, columns, fit)


def line_of(cells: Cells, columns: Sequence[Column], fit: Fit, *, mark: str = "") -> Line:
    """One row; `mark` stands in the margin."""
    runs: list[Run] = [Run(mark.ljust(_MARGIN), Role.ACCENT, bold=True)]
    for place, index in enumerate(fit.shown):
        column, cell = columns[index], cells[index]
        text = fitted(cell.text, column.width, right=column.right)
        runs.append(Run((" " * fit.gap if place else "") + text, cell.ink, bold=cell.bold, tag=cell.tag))
    return tuple(runs)
