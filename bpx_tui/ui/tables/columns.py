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


Cells = tuple[Cell, ...]
"""One cell per column of the table, shown or not."""

GAP = "  "
MARGIN = 2


def fitting(columns: Sequence[Column], width: int) -> tuple[int, ...]:
    """Indexes of the columns that fit into `width` cells."""
    shown = list(range(len(columns)))
    while len(shown) > 1 and _needed(columns, shown) > width:
        shown.remove(max(shown, key=lambda index: (columns[index].rank, index)))
    return tuple(shown)


def _needed(columns: Sequence[Column], shown: Sequence[int]) -> int:
    return MARGIN + sum(columns[index].width for index in shown) + len(GAP) * (len(shown) - 1)


def heading(columns: Sequence[Column], shown: Sequence[int]) -> Line:
    runs: list[Run] = [Run(" " * MARGIN)]
    for place, index in enumerate(shown):
        column = columns[index]
        runs.append(Run((GAP if place else "") + fitted(column.title, column.width, right=column.right), Role.MUTED))
    return tuple(runs)


def line_of(cells: Cells, columns: Sequence[Column], shown: Sequence[int], *, mark: str = " ") -> Line:
    """One row; `mark` stands in the margin."""
    runs: list[Run] = [Run(mark.ljust(MARGIN), Role.ACCENT, bold=True)]
    for place, index in enumerate(shown):
        column, cell = columns[index], cells[index]
        text = fitted(cell.text, column.width, right=column.right)
        runs.append(Run((GAP if place else "") + text, cell.ink, bold=cell.bold))
    return tuple(runs)
