"""Rows of the book: nothing lost in the buckets, never shown better than it is."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bpx_tui.model.book import OrderBook
from bpx_tui.model.enums import Side
from bpx_tui.model.quotes import DepthSnapshot
from bpx_tui.model.views import OwnLevel
from bpx_tui.service.book_view import ROWS, book_rows, bucket, own_by_row
from tests.fakes.values import SOL

cents = st.integers(1, 50_000)
sizes = st.integers(1, 1_000)


def book_of(bids: dict[int, int], asks: dict[int, int]) -> OrderBook:
    """A live book with prices in cents above and below 500."""
    book = OrderBook(SOL)
    texts = [
        [[str(500 + sign * Decimal(price) / 100), str(size)] for price, size in side.items()]
        for sign, side in ((-1, {p: q for p, q in bids.items() if p < 50_000}), (1, asks))
    ]
    snapshot = DepthSnapshot(SOL, 1, texts[0], texts[1], 1)
    book.load(snapshot)
    book.load(snapshot)
    return book


@given(
    st.dictionaries(cents, sizes, min_size=1, max_size=200),
    st.dictionaries(cents, sizes, min_size=1, max_size=200),
    st.sampled_from([None, Decimal("0.05"), Decimal(1), Decimal(7)]),
)
def test_grouped_rows_hold_what_the_book_holds(
    bids: dict[int, int], asks: dict[int, int], grouping: Decimal | None
) -> None:
    book = book_of(bids, asks)
    for side in Side:
        rows = book_rows(book, side, grouping, {})
        exact = book.levels(side)
        assert len(rows) <= ROWS
        expected: dict[Decimal, Decimal] = {}
        for price, quantity in exact:
            row = price if grouping is None else bucket(price, side, grouping)
            expected[row] = expected.get(row, Decimal(0)) + quantity
        assert [(row.price, row.quantity) for row in rows] == list(expected.items())[:ROWS]
        assert all(row.cumulative == sum(r.quantity for r in rows[: n + 1]) for n, row in enumerate(rows))
    best_bids, best_asks = (book_rows(book, side, grouping, {})[:1] for side in Side)
    if best_bids and best_asks:
        assert best_bids[0].price < best_asks[0].price


def test_own_orders_fall_into_the_bucket_of_their_side() -> None:
    levels = (OwnLevel(Side.BID, Decimal("9.7"), Decimal(1)), OwnLevel(Side.ASK, Decimal("10.2"), Decimal(2)))
    assert own_by_row(levels, Side.BID, Decimal(1)) == {Decimal(9): Decimal(1)}
    assert own_by_row(levels, Side.ASK, Decimal(1)) == {Decimal(11): Decimal(2)}
    assert own_by_row(levels, Side.ASK, None) == {Decimal("10.2"): Decimal(2)}
