"""From a whole book to the few rows that a screen paints: grouped, cumulated, own orders marked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from bpx_tui.model.book import OrderBook
from bpx_tui.model.enums import Side
from bpx_tui.model.views import BookLevel, OwnLevel

ROWS = 60
"""Rows of one side: what the tallest layout can show."""
DEEPEST_READ = 4_096

_ZERO = Decimal(0)
Levels = list[tuple[Decimal, Decimal]]


def book_rows(
    book: OrderBook, side: Side, grouping: Decimal | None, own: Mapping[Decimal, Decimal]
) -> tuple[BookLevel, ...]:
    """The rows of one side, best first. `own` is own quantity by row price, as `own_by_row` makes it."""
    levels = book.levels(side, ROWS) if grouping is None else _grouped_read(book, side, grouping)
    rows: list[BookLevel] = []
    cumulative = _ZERO
    for price, quantity in levels:
        cumulative += quantity
        rows.append(BookLevel(price, quantity, cumulative, own.get(price, _ZERO) if own else _ZERO))
    return tuple(rows)


def own_by_row(levels: Iterable[OwnLevel], side: Side, grouping: Decimal | None) -> dict[Decimal, Decimal]:
    """Own resting quantity by the price of the row that it belongs to."""
    found: dict[Decimal, Decimal] = {}
    for level in levels:
        if level.side is side:
            row = level.price if grouping is None else bucket(level.price, side, grouping)
            found[row] = found.get(row, _ZERO) + level.quantity
    return found


def bucket(price: Decimal, side: Side, grouping: Decimal) -> Decimal:
    """The bucket's price: bids round down and asks up, so a grouped book is never shown better than it is."""
    whole = price // grouping
    if side is Side.ASK and whole * grouping != price:
        whole += 1
    return whole * grouping


def _grouped_read(book: OrderBook, side: Side, grouping: Decimal) -> Levels:
    """Read deeper until there are enough buckets; the last one is left out unless the side ended in it."""
    depth = ROWS * 4
    while True:
        raw = book.levels(side, depth)
        grouped: dict[Decimal, Decimal] = {}
        for price, quantity in raw:
            row = bucket(price, side, grouping)
            grouped[row] = grouped.get(row, _ZERO) + quantity
        if len(grouped) > ROWS or len(raw) < depth or depth >= DEEPEST_READ:
            complete = list(grouped.items())
            return complete[:ROWS] if len(raw) < depth or len(complete) > ROWS else complete[:-1]
        depth *= 2
