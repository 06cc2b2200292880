"""Where the ladder's columns stand, how its bars are scaled, and how a line of it is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from rich.segment import Segment

from bpx_tui.model.enums import Side
from bpx_tui.model.views import BookLevel
from bpx_tui.ui.formatting import fit_price, fit_quantity, fixed
from bpx_tui.ui.glyphs import Glyphs
from bpx_tui.ui.palette import Palette, Role


@dataclass(frozen=True, slots=True)
class Columns:
    """Widths in cells of one ladder line: margin, price, quantity, cumulative (0: none) and bar, `gap` between them."""

    margin: int
    price: int
    quantity: int
    cumulative: int
    bar: int
    gap: int
    price_decimals: int
    quantity_decimals: int


_PLANS = (
    (2, 2, 9, 9, 8),
    (2, 2, 8, 8, 8),
    (2, 1, 9, 9, 6),
    (2, 1, 8, 8, 6),
    (2, 1, 7, 7, 4),
    (1, 1, 7, 7, 2),
    (1, 1, 7, 0, 2),
)
"""Margin, gap, quantity, cumulative and the least bar, from roomy to tight."""


def plan_columns(width: int, price: int, price_decimals: int, quantity_decimals: int) -> Columns:
    """Columns for a body of that width and prices of that many cells.

    Room goes first to the gaps and to wider quantities, then to the bar; where even a bar of two cells does not fit,
    the margin shrinks to the mark, and then the cumulative column goes.
    """
    for margin, gap, figures, cumulative, least_bar in _PLANS:
        columns = 3 if cumulative else 2
        bar = width - margin - price - figures - cumulative - columns * gap
        if bar >= least_bar:
            return Columns(margin, price, figures, cumulative, bar, gap, price_decimals, quantity_decimals)
    return Columns(1, price, max(1, width - price - 2), 0, 0, 0, price_decimals, quantity_decimals)


class LevelRow(NamedTuple):
    """One level as drawn. `bar` is in cells; `fresh` marks a quantity that has just changed."""

    side: Side
    level: BookLevel
    bar: int
    fresh: bool
    cursor: bool
    columns: Columns


class SpreadRow(NamedTuple):
    """The line between the sides. `direction` is 1 after an uptick, -1 after a downtick, 0 while unknown."""

    last: Decimal | None
    direction: int
    spread: Decimal | None
    tick_size: Decimal | None
    mid: Decimal | None
    columns: Columns


def draw_level(row: LevelRow, width: int, palette: Palette, glyphs: Glyphs) -> list[Segment]:
    """The segments of a level, exactly `width` cells; neighbours of one style are one segment."""
    side, level, _, fresh, cursor, c = row
    paper = Role.CURSOR_ROW if cursor else Role.BACKGROUND
    gap = " " * c.gap
    price = fit_price(level.price, c.price_decimals, c.price).rjust(c.price)
    ink = palette.style(Role.UP if side is Side.BID else Role.DOWN, paper, bold=bool(level.own))
    if level.own:
        segments = [Segment(glyphs.own.ljust(c.margin), palette.style(Role.OWN, paper, bold=True)), Segment(price, ink)]
    else:
        segments = [Segment(" " * c.margin + price, ink)]
    figures = gap + fit_quantity(level.quantity, c.quantity_decimals, c.quantity).rjust(c.quantity)
    if fresh:
        segments.append(Segment(figures, palette.style(Role.TEXT, paper, bold=True)))
        figures = ""
    if c.cumulative:
        figures += gap + fit_quantity(level.cumulative, c.quantity_decimals, c.cumulative).rjust(c.cumulative)
    if figures:
        segments.append(Segment(figures, palette.style(Role.MUTED, paper)))
    used = c.margin + c.price + c.quantity + c.cumulative + c.gap * (2 if c.cumulative else 1)
    return segments + _bar(row, width - used, palette, paper, glyphs)


def _bar(row: LevelRow, room: int, palette: Palette, paper: Role, glyphs: Glyphs) -> list[Segment]:
    """The depth bar with its gap in `room` cells, with the own quantity at its right end where it fits."""
    c, own = row.columns, row.level.own
    is_bid = row.side is Side.BID
    ink = palette.style(Role.UP_BAR if is_bid else Role.DOWN_BAR, paper)
    text = " " * c.gap + (glyphs.solid if is_bid else glyphs.texture) * min(row.bar, c.bar)
    if not own or c.bar < _LEAST_OWN:
        return [Segment(text.ljust(room), ink)] if room else []
    quantity = fit_quantity(own, c.quantity_decimals, c.bar - 1)
    left = room - len(quantity)
    return [
        Segment(text[: left - 1].ljust(left), ink),
        Segment(quantity, palette.style(Role.OWN, paper, bold=True)),
    ]


_LEAST_OWN = 5


def draw_spread(row: SpreadRow, width: int, palette: Palette, glyphs: Glyphs) -> list[Segment]:
    """The spread line: the last price under the prices, then the spread in quote, ticks and basis points."""
    c = row.columns
    faint = palette.style(Role.RULE)
    role = Role.UP if row.direction > 0 else Role.DOWN if row.direction < 0 else Role.TEXT
    glyph = glyphs.up if row.direction > 0 else glyphs.down if row.direction < 0 else glyphs.dash
    last = "?" if row.last is None else fit_price(row.last, c.price_decimals, c.price)
    head = f"{last.rjust(c.price)} {glyph} "
    text = spread_text(row, width - c.margin - len(head) - 1)
    rest = width - c.margin - len(head) - len(text)
    return [
        Segment(glyphs.dash * (c.margin - 1) + " ", faint),
        Segment(head, palette.style(role, bold=True)),
        Segment(text, palette.style(Role.MUTED)),
        Segment(glyphs.dash * rest, faint),
    ]


def spread_text(row: SpreadRow, room: int) -> str:
    """The longest telling of the spread that fits: in quote, ticks and bps, then less."""
    if row.spread is None or not row.mid:
        return "one side " if room >= 9 else ""
    basis_points = row.spread / row.mid * 10_000
    bps = f"{fixed(basis_points, 1 if basis_points >= Decimal('0.1') else 3)}bp"
    price = fixed(row.spread, row.columns.price_decimals)
    ticks = f"{fixed(row.spread / row.tick_size, 0)}t" if row.tick_size else ""
    for parts in (("spr", price, ticks, bps), (price, ticks, bps), (ticks, bps), (bps,)):
        text = " ".join(part for part in parts if part) + " "
        if len(text) <= room:
            return text
    return ""


def full_bar(quantities: Sequence[Decimal]) -> Decimal:
    """The quantity that should fill a bar: nine of ten levels in view are not above it, so one wall hides no other."""
    if not quantities:
        return Decimal(0)
    ordered = sorted(quantities)
    return ordered[min(len(ordered) - 1, len(ordered) * 9 // 10)]


def bar_cells(quantity: Decimal, full: Decimal, cells: int) -> int:
    """Cells of bar for a quantity, rounded, at most `cells`."""
    if full <= 0 or quantity <= 0:
        return 0
    return min(cells, int(quantity * cells / full + Decimal("0.5")))
