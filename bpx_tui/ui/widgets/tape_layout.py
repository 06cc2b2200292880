"""Where the tape's columns stand and how a print is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from rich.segment import Segment

from bpx_tui.model.enums import Side
from bpx_tui.ui.formatting import clock_text, fit_price, fit_quantity
from bpx_tui.ui.glyphs import Glyphs
from bpx_tui.ui.palette import Palette, Role


@dataclass(frozen=True, slots=True)
class Columns:
    """Widths in cells: time (8, 5 or 0), price and quantity; `spaced` sets the direction apart on both sides."""

    time: int
    spaced: bool
    price: int
    quantity: int
    price_decimals: int
    quantity_decimals: int


_FULL_TIME = 8
_SHORT_TIME = 5
_LEAST_QUANTITY = 6


def plan_columns(width: int, price: int, separators: int, price_decimals: int, quantity_decimals: int) -> Columns:
    """Columns for a body of that width and prices of `price` cells, of which `separators` are commas.

    When room is short the hours go first, then the commas, then the time altogether.
    """
    plans = ((_FULL_TIME, True, price), (_SHORT_TIME, False, price), (_SHORT_TIME, False, price - separators))
    for time, spaced, price_width in plans:
        quantity = width - time - (3 if spaced else 2) - price_width - 1
        if quantity >= _LEAST_QUANTITY:
            return Columns(time, spaced, price_width, quantity, price_decimals, quantity_decimals)
    return Columns(0, False, price, max(1, width - price - 2), price_decimals, quantity_decimals)


class PrintRow(NamedTuple):
    """One trade as drawn."""

    time_us: int
    aggressor: Side
    price: Decimal
    quantity: Decimal
    big: bool
    columns: Columns


def draw_print(row: PrintRow, width: int, palette: Palette, glyphs: Glyphs) -> list[Segment]:
    """The segments of a trade, exactly `width` cells."""
    c = row.columns
    bought = row.aggressor is Side.BID
    role = Role.UP if bought else Role.DOWN
    stamp = clock_text(row.time_us)[8 - c.time :] + " " if c.time else ""
    glyph = (glyphs.up if bought else glyphs.down) + (" " if c.spaced else "")
    price = fit_price(row.price, c.price_decimals, c.price).rjust(c.price)
    quantity = fit_quantity(row.quantity, c.quantity_decimals, c.quantity).rjust(c.quantity)
    segments = [
        Segment(glyph + price + (glyphs.big if row.big else " "), palette.style(role, bold=row.big)),
        Segment(quantity, palette.style(role if row.big else Role.TEXT, bold=row.big)),
    ]
    if stamp:
        segments.insert(0, Segment(stamp, palette.style(Role.MUTED)))
    used = sum(len(segment.text) for segment in segments)
    if used < width:
        segments.append(Segment(" " * (width - used), palette.style(Role.TEXT)))
    return segments
