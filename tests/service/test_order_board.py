"""Every order in one place, ours told from others' by more than a number."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpx_tui.exchange.server_clock import ServerClock
from bpx_tui.model.enums import OrderKind, OrderStatus, Side
from bpx_tui.model.ids import ClientId, OrderId
from bpx_tui.model.orders import LocalState, Order
from bpx_tui.service.order_board import OrderBoard, Source
from tests.fakes import values
from tests.fakes.clock import ManualClock

OURS = ClientId(9)
SENT_MS = 1_000_000


def new_board(clock: ManualClock | None = None) -> OrderBoard:
    clock = clock or ManualClock()
    return OrderBoard(clock, ServerClock(clock))


def board_with_an_order_sent() -> OrderBoard:
    board = new_board()
    board.begin(OURS, values.request(), SENT_MS)
    return board


@pytest.mark.parametrize(
    ("shown", "is_ours"),
    [
        (values.order(client_id=9), True),
        (values.order(client_id=9, created_ms=SENT_MS - 1_000), True),
        (values.order(client_id=9, created_ms=SENT_MS - 3_000), False),
        (values.order(client_id=9, side=Side.ASK), False),
        (values.order(client_id=9, price="101"), False),
        (values.order(client_id=9, quantity="3"), False),
        (values.order(client_id=9, quantity=None), True),
        (values.order(client_id=9, symbol=values.SOL_PERP), False),
        (values.order(client_id=9, kind=OrderKind.MARKET), False),
        (values.order(client_id=8), False),
    ],
)
def test_an_order_is_ours_only_if_all_of_it_fits(shown: Order, is_ours: bool) -> None:
    board = board_with_an_order_sent()
    assert board.see(shown, Source.STREAM).order.is_external is not is_ours


def test_an_order_first_seen_without_its_client_id_is_joined_to_ours() -> None:
    board = board_with_an_order_sent()
    early = values.order("5", OrderStatus.PARTIALLY_FILLED, "1", time_us=7)
    assert board.see(early, Source.STREAM).order.is_external
    after = board.see(values.order("5", client_id=9), Source.REPLY).order
    assert (after.is_external, after.state) == (False, LocalState.PARTIAL)
    assert after.order is not None
    assert after.order.executed_quantity == 1
    assert len(board.live()) == 1


def test_evidence_outranks_what_we_concluded() -> None:
    board = board_with_an_order_sent()
    board.see(values.order("5", client_id=9), Source.STREAM)
    assert board.settle(OURS, LocalState.UNKNOWN, "timeout") is None
    assert [tracked.state for tracked in board.live()] == [LocalState.OPEN]


def test_an_order_said_not_to_exist_is_reported_when_it_does() -> None:
    board = board_with_an_order_sent()
    board.settle(OURS, LocalState.NOT_SENT, "gone")
    assert board.see(values.order("5", client_id=9), Source.HISTORY).resurrected


def test_a_picture_that_tells_nothing_new_is_no_change() -> None:
    board = board_with_an_order_sent()
    assert board.see(values.order("5", client_id=9), Source.STREAM).changed
    revision = board.revision
    assert not board.see(values.order("5", client_id=9), Source.OPEN_ORDERS).changed
    assert board.revision == revision


def test_own_levels_are_what_is_left_of_resting_orders() -> None:
    board = new_board()
    board.see(values.order("1", OrderStatus.PARTIALLY_FILLED, "0.5"), Source.STREAM)
    board.see(values.order("2", OrderStatus.TRIGGER_PENDING), Source.STREAM)
    board.see(values.order("3", OrderStatus.CANCELLED), Source.STREAM)
    assert [(level.price, level.quantity) for level in board.own_levels(values.SOL)] == [(Decimal(100), Decimal("1.5"))]


def test_memory_is_bounded() -> None:
    board = new_board()
    for number in range(2_500):
        board.see(values.order(str(number), OrderStatus.FILLED, "2", client_id=number), Source.HISTORY)
    assert board.get(OrderId("0"), None) is None
    assert board.get(OrderId("2499"), None) is not None


def test_what_needs_attention_leaves_the_screen_after_ten_minutes() -> None:
    clock = ManualClock()
    board = new_board(clock)
    board.begin(OURS, values.request(), SENT_MS)
    board.settle(OURS, LocalState.REFUSED, "no")
    assert [tracked.state for tracked in board.shown()] == [LocalState.REFUSED]
    clock.skip(601)
    assert board.shown() == ()


@given(st.permutations(range(4)), st.lists(st.integers(0, 3), max_size=4))
def test_any_arrival_of_updates_gives_one_final_state(arrival: list[int], repeated: list[int]) -> None:
    life = [
        values.order("5", client_id=9, time_us=1),
        values.order("5", OrderStatus.PARTIALLY_FILLED, "1", time_us=2),
        replace(values.order("5", OrderStatus.PARTIALLY_FILLED, "1.5"), created_ms=SENT_MS),
        values.order("5", OrderStatus.CANCELLED, "1.5", time_us=4),
    ]
    board = board_with_an_order_sent()
    for number in [*arrival, *repeated]:
        board.see(life[number], Source.STREAM)
    (tracked,) = [board.get(OrderId("5"), None)]
    assert tracked is not None
    assert tracked.order is not None
    assert (tracked.state, tracked.order.executed_quantity, tracked.is_external) == (
        LocalState.CANCELLED,
        Decimal("1.5"),
        False,
    )
    assert board.live() == []
