"""Trades once, in order, with gaps where trades are missing."""

from __future__ import annotations

import itertools
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bpx_tui.model.enums import Side
from bpx_tui.model.quotes import Trade
from bpx_tui.model.tape import MissingTrades, Tape
from bpx_tui.model.views import TapeGap
from tests.fakes.values import trade


def ids(tape: Tape, limit: int = 1_000) -> list[int | str | None]:
    """Newest first, `gap` for gaps."""
    return [entry.trade_id if isinstance(entry, Trade) else "gap" for entry in tape.entries(limit)]


def tape_of(*trade_ids: int) -> Tape:
    tape = Tape()
    for trade_id in trade_ids:
        tape.add(trade(trade_id))
    return tape


def test_a_jump_of_the_id_is_a_gap_between_its_neighbours() -> None:
    tape = tape_of(1, 2, 5)
    assert ids(tape) == [5, "gap", 2, 1]
    assert tape.entries(10)[1] == TapeGap(2_000, 5_000)


def test_duplicates_are_dropped() -> None:
    tape = tape_of(1, 2)
    assert not tape.add(trade(2))
    assert ids(tape) == [2, 1]


def test_history_closes_a_gap() -> None:
    tape = tape_of(1, 2, 6)
    assert tape.merge([trade(5), trade(4), trade(3), trade(2)]) == 3
    assert ids(tape) == [6, 5, 4, 3, 2, 1]
    assert not tape.missing


def test_history_that_covers_a_part_narrows_the_gap() -> None:
    tape = tape_of(1, 9)
    tape.merge([trade(6), trade(7), trade(8)])
    assert tape.missing == (MissingTrades(1, 6),)
    assert ids(tape) == [9, 8, 7, 6, "gap", 1]


def test_late_single_trades_narrow_a_gap_too() -> None:
    tape = tape_of(1, 4)
    assert tape.add(trade(2))
    assert tape.missing == (MissingTrades(2, 4),)
    tape.add(trade(3))
    assert not tape.missing


def test_history_that_does_not_reach_is_not_joined() -> None:
    tape = tape_of(1, 2)
    tape.merge([trade(8), trade(9)])
    assert ids(tape) == [9, 8, "gap", 2, 1]
    older = tape_of(8)
    older.merge([trade(2), trade(3)])
    assert ids(older) == [8, "gap", 3, 2]


def test_trades_without_an_id_are_placed_by_time_and_taken_once() -> None:
    tape = tape_of(1, 3)
    nameless = trade(None, time_us=2_000)
    assert tape.add(nameless)
    assert not tape.add(nameless)
    assert [entry.time_us for entry in tape.entries(9) if isinstance(entry, Trade)] == [3_000, 2_000, 1_000]


def test_an_empty_history_changes_nothing() -> None:
    tape = tape_of(1)
    assert tape.merge([]) == 0
    assert ids(tape) == [1]


def test_the_bought_share() -> None:
    tape = Tape()
    assert tape.bid_share(10) is None
    tape.add(trade(1, "3", side=Side.BID))
    tape.add(trade(2, "1", side=Side.ASK))
    assert tape.bid_share(10) == Decimal("0.75")
    assert tape.bid_share(1) == Decimal(0)


def test_memory_is_bounded_and_forgotten_gaps_go_too() -> None:
    tape = Tape(capacity=100)
    tape.add(trade(1))
    for trade_id in range(5, 2_000):
        tape.add(trade(trade_id))
    assert len(tape) <= 125
    assert not tape.missing
    assert ids(tape, 3) == [1_999, 1_998, 1_997]


@given(st.permutations(range(1, 15)), st.sets(st.integers(1, 14)), st.data())
def test_any_arrival_shows_each_trade_once_and_a_gap_exactly_where_ids_are_missing(
    order: list[int], dropped: set[int], data: st.DataObject
) -> None:
    arriving = [trade_id for trade_id in order if trade_id not in dropped]
    arriving += data.draw(st.lists(st.sampled_from(arriving), max_size=5)) if arriving else []
    tape = Tape()
    for trade_id in arriving:
        tape.add(trade(trade_id))
    held = sorted(set(arriving), reverse=True)
    assert [entry for entry in ids(tape) if entry != "gap"] == held
    holes = sum(1 for new, old in itertools.pairwise(held) if new - old > 1)
    assert ids(tape).count("gap") == holes
