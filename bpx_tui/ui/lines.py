"""Lines of text with colour roles: what panels compose, and how it becomes the strips that Textual paints.

Composing is free of Textual, so that what a panel says can be tested without a screen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual.strip import Strip

from bpx_tui.ui.palette import Palette, Role


class Run(NamedTuple):
    """Text in one style: `ink` on `paper`. A `tag` names what a click on it means."""

    text: str
    ink: Role = Role.TEXT
    paper: Role = Role.BACKGROUND
    bold: bool = False
    tag: str = ""


Line = tuple[Run, ...]


class Chunk(NamedTuple):
    """A piece of a line that is shown whole or not at all. Higher `rank` goes first when space is short."""

    long: Line
    short: Line
    rank: int = 0


def width_of(line: Iterable[Run]) -> int:
    return sum(cell_len(run.text) for run in line)


def tag_at(line: Iterable[Run], x: int) -> str:
    """The tag of the run under column `x`, empty where there is none."""
    start = 0
    for run in line:
        end = start + cell_len(run.text)
        if start <= x < end:
            return run.tag
        start = end
    return ""


def fitted(text: str, width: int, *, right: bool = False) -> str:
    """`text` in exactly `width` cells: cut with an ellipsis, or padded on the left (`right`) or right."""
    if width <= 0:
        return ""
    length = cell_len(text)
    if length > width:
        return set_cell_size(text, width - 1) + "…"
    return " " * (width - length) + text if right else text + " " * (width - length)


def meter(fraction: float, cells: int) -> str:
    """A bar of that many cells, `▓▓░░░░`, clamped to 0 to 1."""
    full = round(max(0.0, min(1.0, fraction)) * cells)
    return "▓" * full + "░" * (cells - full)


def two_sided(left: Sequence[Chunk], right: Sequence[Chunk], width: int, gap: str = "  ") -> Line:
    """One line with `left` from the left edge and `right` up to the right edge.

    Long forms if they fit, else short forms, and then the chunks of the highest rank are left out until it fits.
    """
    for pick_long in (True, False):
        line = _joined(left, right, width, gap, long=pick_long)
        if line is not None:
            return line
    kept_left, kept_right = list(left), list(right)
    while kept_left or kept_right:
        worst = max((*kept_left, *kept_right), key=lambda chunk: chunk.rank)
        (kept_left if worst in kept_left else kept_right).remove(worst)
        line = _joined(kept_left, kept_right, width, gap, long=False)
        if line is not None:
            return line
    return ()


def _joined(left: Sequence[Chunk], right: Sequence[Chunk], width: int, gap: str, *, long: bool) -> Line | None:
    left_line = _row([chunk.long if long else chunk.short for chunk in left], gap)
    right_line = _row([chunk.long if long else chunk.short for chunk in right], gap)
    space = width - width_of(left_line) - width_of(right_line)
    if space < (2 if left_line and right_line else 0):
        return None
    return (*left_line, Run(" " * space), *right_line)


def _row(parts: Sequence[Line], gap: str) -> Line:
    row: list[Run] = []
    for part in parts:
        if not part:
            continue
        if row:
            row.append(Run(gap))
        row.extend(part)
    return tuple(row)


def to_strip(line: Iterable[Run], width: int, palette: Palette, paper: Role | None = None) -> Strip:
    """The line in exactly `width` cells. `paper` replaces the background of runs that have none of their own."""
    blank = palette.style(Role.TEXT, paper or Role.BACKGROUND)
    segments = [
        Segment(
            run.text,
            palette.style(
                run.ink, paper if paper is not None and run.paper is Role.BACKGROUND else run.paper, bold=run.bold
            ),
        )
        for run in line
        if run.text
    ]
    return Strip(segments).adjust_cell_length(width, blank)
