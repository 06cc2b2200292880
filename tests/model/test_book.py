"""The order book by the rule of PROTOCOL 3.8, case by case."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bpx_tui.model.book import FAR, MAX_BUFFERED_DELTAS, MAX_OLD_IN_A_ROW, Applied, OrderBook, Seeded
from bpx_tui.model.enums import Side
from bpx_tui.model.ids import Symbol
from bpx_tui.model.quotes import DepthDelta, DepthSnapshot
from bpx_tui.model.views import FeedState

SOL = Symbol("SOL_USDC")
Texts = dict[str, str]


def delta(first_id: int, last_id: int | None = None, *, bids: Any = None, asks: Any = None, at: int = 0) -> DepthDelta:
    last = first_id if last_id is None else last_id
    return (SOL, first_id, last, rows(bids), rows(asks), at or 1_000_000 + last)


def snapshot(last_id: int, *, bids: Any = None, asks: Any = None, at: int = 0) -> DepthSnapshot:
    bids = {"99": "1", "100": "2"} if bids is None else bids
    asks = {"101": "3", "102": "4"} if asks is None else asks
    return DepthSnapshot(SOL, last_id, rows(bids), rows(asks), at or 1_000_000 + last_id)


def rows(levels: Any) -> list[list[str]]:
    return [[*level] for level in (levels.items() if isinstance(levels, dict) else levels or [])]


def seeded(last_id: int = 10, **levels: Any) -> OrderBook:
    """A live book true for `last_id`, nothing applied since."""
    book = OrderBook(SOL)
    book.apply(delta(last_id))
    assert book.load(snapshot(last_id, **levels)) is Seeded.LIVE
    return book


def shown(book: OrderBook, count: int = 10) -> tuple[Texts, Texts]:
    bids, asks = book.top(count)
    return {str(price): str(quantity) for price, quantity in bids}, {str(price): str(qty) for price, qty in asks}


def test_a_new_book_waits_and_shows_nothing() -> None:
    book = OrderBook(SOL)
    assert (book.state, book.needs_snapshot, book.last_id) == (FeedState.WAITING, True, None)
    assert book.top(10) == ([], [])


def test_snapshot_rows_in_any_order_are_shown_best_first() -> None:
    book = seeded(bids={"99": "1", "100.5": "2", "9": "3"}, asks={"200": "4", "101": "5", "1000": "6"})
    assert book.top(2) == (
        [(Decimal("100.5"), Decimal(2)), (Decimal(99), Decimal(1))],
        [(Decimal(101), Decimal(5)), (Decimal(200), Decimal(4))],
    )
    assert [price for price, _ in book.levels(Side.ASK)] == [101, 200, 1000]
    assert book.top(0) == ([], [])


@pytest.mark.parametrize("zero", ["0", "0.000", "00.0"])
def test_deltas_are_absolute_and_zero_removes_in_any_spelling(zero: str) -> None:
    book = seeded()
    assert book.apply(delta(11, bids={"98": "7", "97": "1"})) is Applied.APPLIED
    assert shown(book)[0] == {"100": "2", "99": "1", "98": "7", "97": "1"}
    assert book.apply(delta(12, bids={"98": zero, "12.5": zero, "97": "2"})) is Applied.APPLIED
    assert shown(book)[0] == {"100": "2", "99": "1", "97": "2"}


def test_empty_deltas_advance() -> None:
    book = seeded()
    assert book.apply(delta(11)) is Applied.APPLIED
    assert book.apply(delta(12, bids={"98": "1"})) is Applied.APPLIED
    assert book.last_id == 12


def test_what_the_snapshot_covers_is_dropped_and_the_rest_follows() -> None:
    book = OrderBook(SOL)
    for number in range(8, 13):
        assert book.apply(delta(number, bids={"98": str(number)})) is Applied.BUFFERED
    assert book.load(snapshot(10)) is Seeded.LIVE
    assert book.last_id == 12
    assert shown(book)[0] == {"100": "2", "99": "1", "98": "12"}


def test_an_aggregated_delta_may_straddle_the_snapshot_once() -> None:
    book = OrderBook(SOL)
    book.apply(delta(8, 12, bids={"98": "1"}))
    assert book.load(snapshot(10)) is Seeded.LIVE
    assert book.last_id == 12
    book = seeded(10)
    assert book.apply(delta(9, 13)) is Applied.APPLIED
    assert book.apply(delta(12, 15)) is Applied.GAP


def test_a_snapshot_older_than_the_buffer_asks_for_another() -> None:
    book = OrderBook(SOL)
    book.apply(delta(20, bids={"98": "1"}))
    assert book.load(snapshot(15)) is Seeded.BEHIND
    assert book.state is FeedState.WAITING
    book.apply(delta(21))
    assert book.load(snapshot(19)) is Seeded.LIVE
    assert book.last_id == 21


def test_a_snapshot_ahead_of_the_stream_drops_until_the_stream_is_there() -> None:
    book = seeded(10)
    book.apply(delta(12))  # lost
    assert book.load(snapshot(20)) is Seeded.LIVE
    for number in range(13, 21):
        assert book.apply(delta(number, bids={"50": "9"})) is Applied.DUPLICATE
    assert book.apply(delta(21, bids={"98": "1"})) is Applied.APPLIED
    assert "50" not in shown(book)[0]


def test_a_gap_clears_marks_buffers_and_recovers_by_replacing() -> None:
    book = seeded()
    assert book.apply(delta(12, bids={"98": "1"})) is Applied.GAP
    assert (book.state, book.needs_snapshot, book.gaps) == (FeedState.RESYNCING, True, 1)
    assert "expected update 11" in book.reason
    assert book.top(10) == ([], [])
    assert book.apply(delta(13, bids={"97": "5"})) is Applied.BUFFERED
    assert book.load(snapshot(11, bids={"90": "1"})) is Seeded.LIVE
    assert shown(book)[0] == {"98": "1", "97": "5", "90": "1"}
    assert (book.state, book.reason, book.resyncs) == (FeedState.LIVE, "", 1)


def test_a_hole_in_the_buffer_needs_a_snapshot_beyond_it() -> None:
    book = OrderBook(SOL)
    for number in (10, 11, 14, 13, 15):
        book.apply(delta(number))
    assert book.load(snapshot(10)) is Seeded.BEHIND
    assert book.load(snapshot(12)) is Seeded.LIVE
    assert book.last_id == 15


def test_duplicates_are_dropped_and_counted() -> None:
    book = seeded()
    book.apply(delta(11, bids={"98": "1"}))
    assert book.apply(delta(11, bids={"98": "5"})) is Applied.DUPLICATE
    assert book.apply(delta(9, bids={"98": "6"})) is Applied.DUPLICATE
    assert book.duplicates == 2
    assert shown(book)[0]["98"] == "1"


@pytest.mark.parametrize(
    ("restart", "needed"),
    [
        ([delta(5_000_011), *(delta(number) for number in range(1, 3))], 2),
        ([delta(5_000_011), delta(4_999_000, at=1_000_000_000)], 2),
        ([delta(5_000_011), *(delta(number, at=1) for number in range(4_999_000, 4_999_100))], MAX_OLD_IN_A_ROW + 1),
    ],
    ids=["far back", "old id, new time", "nothing but old ids"],
)
def test_a_sequence_that_starts_over_is_seeded_anew(restart: list[DepthDelta], needed: int) -> None:
    book = seeded(5_000_010)
    results = [book.apply(one) for one in restart[:needed]]
    assert results[-1] is Applied.GAP
    assert "started over" in book.reason
    _, _, last, *_ = restart[needed - 1]
    assert book.load(snapshot(5_000_011)) is Seeded.LIVE if last > 4_000_000 else Seeded.BEHIND
    book.reset("again")
    assert book.apply(delta(last)) is Applied.BUFFERED
    assert book.load(snapshot(last)) is Seeded.LIVE


def test_a_restart_while_waiting_for_the_snapshot_is_noticed_too() -> None:
    book = OrderBook(SOL)
    book.apply(delta(26_941_144))
    for number in (624_086, 624_087):
        assert book.apply(delta(number)) is Applied.BUFFERED
    assert book.load(snapshot(26_941_144)) is Seeded.BEHIND, "a snapshot of the old count"
    assert book.load(snapshot(624_086)) is Seeded.LIVE
    assert book.last_id == 624_087


def test_a_quiet_market_is_live_after_two_equal_snapshots_or_its_first_delta() -> None:
    book = OrderBook(SOL)
    assert book.load(snapshot(10)) is Seeded.UNPROVEN
    assert book.state is FeedState.WAITING
    assert book.load(snapshot(11)) is Seeded.UNPROVEN
    assert book.load(snapshot(11)) is Seeded.LIVE
    book = OrderBook(SOL)
    book.load(snapshot(10))
    assert book.apply(delta(11, bids={"98": "1"})) is Applied.APPLIED
    assert book.state is FeedState.LIVE
    book = OrderBook(SOL)
    book.load(snapshot(10))
    assert book.apply(delta(13)) is Applied.BUFFERED
    assert book.needs_snapshot


def test_two_spellings_of_one_price_are_one_level() -> None:
    book = seeded(bids={"86700": "1"}, asks={"86701.50": "1"})
    book.apply(delta(11, bids={"86700.0": "2"}, asks={"86701.5": "0"}))
    assert shown(book) == ({"86700.0": "2"}, {})
    book.apply(delta(12, bids=[["86700", "3"], ["86700.00", "4"], ["086700.0", "5"], ["86700", "6"]]))
    assert [(price, str(quantity)) for price, quantity in book.levels(Side.BID)] == [(Decimal(86700), "6")]
    book.apply(delta(13, bids=[["86700.0", "0"]]))
    assert shown(book) == ({}, {})
    assert book.state is FeedState.LIVE


def test_a_crossed_book_is_a_gap_and_never_shown() -> None:
    for crossing in (delta(11, bids={"101": "1"}), delta(11, asks={"99.5": "1"})):
        book = seeded()
        book.apply(crossing)
        assert book.top(10) == ([], [])
        assert (book.state, book.reason) == (FeedState.RESYNCING, "bids and asks crossed")
        assert book.load(snapshot(11)) is Seeded.LIVE


def test_a_crossed_snapshot_is_not_shown() -> None:
    book = OrderBook(SOL)
    book.apply(delta(10))
    assert book.load(snapshot(10, bids={"102": "1"})) is Seeded.BEHIND
    assert book.needs_snapshot


@pytest.mark.parametrize(
    "price", ["", "x", "-1", "1e2", "NaN", "1_0", "１", "1.", ".5", " 1", "0", "0.0", "1\n", 5, None]
)
def test_an_unreadable_price_loses_the_book_at_once(price: Any) -> None:
    book = seeded()
    assert book.apply(delta(11, bids=[[price, "1"]])) is Applied.GAP
    assert "price" in book.reason
    assert book.load(snapshot(10)) is Seeded.BEHIND, "the unreadable update is not in it"
    assert book.load(snapshot(11)) is Seeded.LIVE


@pytest.mark.parametrize(
    "quantity", ["", "x", "-1", "1e2", "NaN", "sNaN", "1_0", "１", "1.2.3", ".", 5.5, None, [], "9" * 500]
)
def test_an_unreadable_quantity_is_never_shown(quantity: Any) -> None:
    book = seeded()
    book.apply(delta(11, bids=[["98", quantity]]))
    assert book.top(10) == ([], [])
    assert book.state is FeedState.RESYNCING
    assert "quantity" in book.reason
    assert book.load(snapshot(11, bids=[["98", quantity]])) is Seeded.BEHIND
    assert book.load(snapshot(11)) is Seeded.LIVE


@pytest.mark.parametrize("level", [["1"], ["1", "2", "3"], 5, None, [["1"], "2"]])
def test_a_level_that_is_no_pair_loses_the_book(level: Any) -> None:
    book = seeded()
    assert book.apply((SOL, 11, 11, [level], [], 0)) is Applied.GAP
    assert book.state is FeedState.RESYNCING


def test_a_delta_that_ends_before_it_begins_is_a_gap() -> None:
    book = seeded()
    assert book.apply(delta(11, 9)) is Applied.GAP
    assert book.load(snapshot(11)) is Seeded.LIVE


def test_prices_and_quantities_are_exact() -> None:
    tail = "0.123456789012345678"
    book = seeded(bids={tail: "3826.8888888888888888888888889"}, asks={"0.123456789012345679": "1"})
    assert book.top(1)[0] == [(Decimal(tail), Decimal("3826.8888888888888888888888889"))]


def test_a_newer_snapshot_replaces_a_live_book_and_an_older_one_does_not() -> None:
    book = seeded()
    assert book.load(snapshot(9, bids={"1": "1"})) is Seeded.LIVE
    assert shown(book)[0] == {"100": "2", "99": "1"}
    assert book.load(snapshot(12, bids={"1": "1"})) is Seeded.LIVE
    assert shown(book)[0] == {"1": "1"}
    assert book.last_id == 12


def test_a_reset_forgets_the_old_connection() -> None:
    book = seeded()
    book.reset("the connection dropped")
    assert (book.state, book.reason, book.top(5)) == (FeedState.RESYNCING, "the connection dropped", ([], []))
    assert book.load(snapshot(10)) is Seeded.UNPROVEN
    assert book.apply(delta(11)) is Applied.APPLIED


def test_the_buffer_is_bounded_by_deltas_and_by_levels() -> None:
    book = OrderBook(SOL)
    for number in range(MAX_BUFFERED_DELTAS + 500):
        book.apply(delta(number + 1))
    assert len(book._buffer) == MAX_BUFFERED_DELTAS
    assert book.load(snapshot(100)) is Seeded.BEHIND
    assert book.load(snapshot(600)) is Seeded.LIVE
    book = OrderBook(SOL)
    many = {str(price): "1" for price in range(1, 60_001)}
    for number in range(1, 6):
        book.apply(delta(number, bids=many))
    assert len(book._buffer) == 1


def test_five_thousand_levels_a_side_the_far_ones_go() -> None:
    book = OrderBook(SOL, max_levels=100)
    book.apply(delta(10))
    book.load(snapshot(10, bids={"500": "1"}, asks={"501": "1"}))
    for number in range(11, 411):
        book.apply(delta(number, bids={str(500 - number): "1"}, asks={str(501 + number): "1"}))
        assert len(book._bids._order) <= 125
        assert len(book._bids.quantities) <= 125
    bids, asks = book.levels(Side.BID), book.levels(Side.ASK)
    assert len(bids) == len(asks) == 100
    assert bids[0][0] == 500
    assert asks[-1][0] - asks[0][0] < 115


def test_quantities_that_are_no_text_survive_pruning_and_are_never_shown() -> None:
    book = OrderBook(SOL, max_levels=100)
    book.apply(delta(10))
    book.load(snapshot(10, bids={"500": "1"}, asks={"501": "1"}))
    crowd: list[list[Any]] = [
        ["500", "1"],
        ["499", None],
        ["498", 0.5],
        *([str(price), "1"] for price in range(1, 400)),
    ]
    assert book.apply((SOL, 11, 11, crowd, [], 0)) is Applied.APPLIED
    assert book.top(10) == ([], [])
    assert (book.state, "quantity" in book.reason) == (FeedState.RESYNCING, True)


def test_an_unread_book_stays_flat_while_the_price_runs_away() -> None:
    book = OrderBook(SOL, max_levels=100)
    book.apply(delta(10))
    book.load(snapshot(10, bids={"1": "1"}, asks={"1000000": "1"}))
    for number in range(11, 5_011):
        book.apply(delta(number, bids={str(number): "1", str(number - 1): "0"}))
    assert len(book._bids._order) <= 125
    assert shown(book)[0] == {"5010": "1", "1": "1"}


@pytest.mark.parametrize("gone", [20, 150])
def test_graves_on_the_way_to_the_touch_are_cleared_by_reading(gone: int) -> None:
    book = seeded(asks={str(price): "1" for price in range(200, 400)})
    book.apply(delta(11, asks={str(price): "0.00" for price in range(200, 200 + gone)}))
    assert book.top(1)[1] == [(Decimal(200 + gone), Decimal(1))]
    assert len(book._asks._order) == 200 - gone
    book.apply(delta(12, asks={"210": "5"}))
    assert shown(book, 2)[1] == {"210": "5", str(200 + gone): "1"}


def test_the_revision_is_another_after_what_can_change_a_read() -> None:
    book = seeded()
    seen = [book.revision]
    book.apply(delta(11))
    seen.append(book.revision)
    book.apply(delta(11))
    assert book.revision == seen[-1]
    book.apply(delta(13))
    seen.append(book.revision)
    book.load(snapshot(13))
    seen.append(book.revision)
    assert len(set(seen)) == len(seen)


def test_times_are_those_of_the_newest_change() -> None:
    book = seeded()
    book.apply(delta(11, at=7_000))
    assert book.engine_time_us == 7_000


def test_a_snapshot_from_another_count_is_refused() -> None:
    book = OrderBook(SOL)
    book.apply(delta(10))
    assert book.load(snapshot(10 + FAR + 1)) is Seeded.BEHIND
