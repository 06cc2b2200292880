"""Rows that every panel has: nothing, a skeleton, a sentence, a ribbon over data that is not to be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.segment import Segment

from bpx_tui.ui.glyphs import Glyphs
from bpx_tui.ui.palette import Palette, Role


class Row(NamedTuple):
    """One line of a panel's body: `kind` picks how it is drawn, `data` is all that the drawing depends on."""

    kind: str
    data: object = None
    dimmed: bool = False


class Note(NamedTuple):
    """A sentence in the middle of its line."""

    text: str
    role: Role


BLANK = Row("blank")


def note(text: str, role: Role = Role.MUTED) -> Row:
    return Row("note", Note(text, role))


def ribbon(text: str) -> Row:
    """A band of the warning colour across the body."""
    return Row("ribbon", text)


def middled(rows: Sequence[Row], height: int) -> tuple[Row, ...]:
    """The rows in the middle of a body of `height` lines; the last ones are left out where they do not fit."""
    kept = tuple(rows[:height])
    above = (height - len(kept) + 1) // 2
    return (*[BLANK] * above, *kept, *[BLANK] * (height - above - len(kept)))


def common_row_segments(row: Row, width: int, palette: Palette, glyphs: Glyphs) -> list[Segment] | None:
    """The segments of a row of this module, exactly `width` cells; `None` for a panel's own kinds."""
    data = row.data
    if row.kind == "blank":
        return [Segment(" " * width, palette.style(Role.TEXT))]
    if row.kind == "skeleton":
        return [Segment(str(data)[:width].ljust(width), palette.style(Role.FAINT))]
    if row.kind == "ribbon":
        return [Segment(_fit(f" {data} ", width, glyphs), palette.style(Role.ON_FILL, Role.WARNING, bold=True))]
    if isinstance(data, Note):
        return [Segment(_fit(data.text, width, glyphs), palette.style(data.role))]
    return None


def _fit(text: str, width: int, glyphs: Glyphs) -> str:
    return text.center(width) if len(text) <= width else text[: width - 1] + glyphs.ellipsis
