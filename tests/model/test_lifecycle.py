"""Whatever the order, doubling or source of an order's pictures: one final state (P06, P08)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpx_tui.model.enums import OrderStatus
from bpx_tui.model.lifecycle import is_terminal, join, state_of
from bpx_tui.model.orders import LocalState, Order
from tests.fakes.values import order

ENDS = (OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.EXPIRED, None)


@st.composite
def histories(draw: st.DrawFn) -> list[Order]:
    """A life that an order can have, each picture as the stream (with engine time) or REST (without) tells it."""
    fills = draw(st.lists(st.integers(1, 5), max_size=4))
    quantity = sum(fills) + draw(st.integers(0, 5)) or 1
    end = draw(st.sampled_from(ENDS))
    statuses = [(OrderStatus.NEW, 0)]
    if draw(st.booleans()):
        statuses.insert(0, (OrderStatus.TRIGGER_PENDING, 0))
    executed = 0
    for part in fills:
        executed += part
        statuses.append((OrderStatus.FILLED if executed == quantity else OrderStatus.PARTIALLY_FILLED, executed))
    if end is not None and statuses[-1][0] is not OrderStatus.FILLED and end is not OrderStatus.FILLED:
        statuses.append((end, executed))
    pictures: list[Order] = []
    for number, (status, done) in enumerate(statuses):
        shown = order(
            status=status,
            executed=str(done),
            quantity="0" if status is OrderStatus.TRIGGER_PENDING else str(quantity),
            time_us=(number + 1) * 1_000,
        )
        from_rest = replace(shown, engine_time_us=0, created_ms=5, client_id=None)
        without_quantity = replace(shown, engine_time_us=0, quantity=None)
        pictures += draw(st.sampled_from([[shown], [shown, from_rest], [from_rest, shown], [shown, without_quantity]]))
    return pictures


@given(histories(), st.data())
def test_any_order_and_doubling_gives_the_same_state(pictures: list[Order], data: st.DataObject) -> None:
    doubled = pictures + data.draw(st.lists(st.sampled_from(pictures), max_size=4))
    shuffled = data.draw(st.permutations(doubled))
    assert reduce(join, shuffled) == reduce(join, pictures)


@given(histories(), st.data())
def test_grouping_does_not_matter(pictures: list[Order], data: st.DataObject) -> None:
    one, two, three = (data.draw(st.sampled_from(pictures)) for _ in range(3))
    assert join(join(one, two), three) == join(one, join(two, three))
    assert join(one, two) == join(two, one)
    assert join(one, one) == one


@given(histories(), st.data())
def test_nothing_goes_backwards(pictures: list[Order], data: st.DataObject) -> None:
    state = pictures[0]
    for picture in data.draw(st.permutations(pictures)):
        after = join(state, picture)
        assert after.executed_quantity >= state.executed_quantity
        assert is_terminal(after) or not is_terminal(state)
        state = after


def test_execution_comes_from_the_cumulative_figure_and_survives_the_end() -> None:
    cancelled = order(status=OrderStatus.CANCELLED, executed="1", time_us=3)
    late_fill = order(status=OrderStatus.PARTIALLY_FILLED, executed="1.5", time_us=2)
    after = join(cancelled, late_fill)
    assert (after.status, after.executed_quantity) == (OrderStatus.CANCELLED, Decimal("1.5"))


def test_a_cut_quantity_stays_cut() -> None:
    cut = order(quantity="1", time_us=5)
    assert join(cut, order(quantity="2", time_us=0)).quantity == Decimal(1)
    assert join(order(quantity="2", time_us=9), cut).quantity == Decimal(1)


def test_history_fills_in_what_the_stream_left_out() -> None:
    streamed = order(time_us=5, client_id=None)
    told = replace(order(client_id=9), created_ms=77)
    after = join(streamed, told)
    assert (after.client_id, after.created_ms, after.engine_time_us) == (9, 77, 5)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (OrderStatus.NEW, LocalState.OPEN),
        (OrderStatus.PARTIALLY_FILLED, LocalState.PARTIAL),
        (OrderStatus.FILLED, LocalState.FILLED),
        (OrderStatus.CANCELLED, LocalState.CANCELLED),
        (OrderStatus.EXPIRED, LocalState.EXPIRED),
        (OrderStatus.TRIGGER_PENDING, LocalState.TRIGGER_PENDING),
        (OrderStatus.TRIGGER_FAILED, LocalState.TRIGGER_FAILED),
        ("PendingRelease", LocalState.UNRECOGNISED),
    ],
)
def test_every_status_has_its_word(status: OrderStatus | str, state: LocalState) -> None:
    assert state_of(order(status=status)) is state
