"""How pictures of one order become one state, whatever their order, doubling or source.

REST answers and stream events of an order race each other. `join` is a least upper bound: commutative, associative and
idempotent, so the result depends only on the set of pictures seen. An order only ever moves forward: executed quantity
grows, a terminal status stays, a trigger that fired does not unfire, a resting quantity is only ever cut (the exchange
has no amendment). Source: RELIABILITY 6.2.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

from bpx_tui.model.enums import TERMINAL_STATUSES, OrderStatus
from bpx_tui.model.orders import LocalState, Order

_STATES: dict[str, LocalState] = {
    OrderStatus.NEW: LocalState.OPEN,
    OrderStatus.PARTIALLY_FILLED: LocalState.PARTIAL,
    OrderStatus.FILLED: LocalState.FILLED,
    OrderStatus.CANCELLED: LocalState.CANCELLED,
    OrderStatus.EXPIRED: LocalState.EXPIRED,
    OrderStatus.TRIGGER_PENDING: LocalState.TRIGGER_PENDING,
    OrderStatus.TRIGGER_FAILED: LocalState.TRIGGER_FAILED,
}

T = TypeVar("T")


def state_of(order: Order) -> LocalState:
    """The screen's word for an order; a status this version does not know is shown as open with a question mark."""
    return _STATES.get(order.status, LocalState.UNRECOGNISED)


def is_terminal(order: Order) -> bool:
    return order.status in TERMINAL_STATUSES


def join(one: Order, other: Order) -> Order:
    """The one state that both pictures of the same order lead to.

    Status, executed quantity and quantity are joined each for itself: a picture that arrives late may still know of the
    larger execution while another one knows of the end.
    """
    later, earlier = (one, other) if _stage(one) >= _stage(other) else (other, one)
    executed, executed_quote = max(_execution(one), _execution(other))
    status = later.status
    if status == OrderStatus.NEW and executed > 0:
        status = OrderStatus.PARTIALLY_FILLED
    return replace(
        later,
        status=status,
        executed_quantity=executed,
        executed_quote_quantity=executed_quote,
        quantity=_cut(one, other),
        expiry_reason=later.expiry_reason or (earlier.expiry_reason if later.status == earlier.status else None),
        reduce_only=one.reduce_only or other.reduce_only,
        post_only=one.post_only or other.post_only,
        client_id=_told(later.client_id, earlier.client_id),
        price=_told(later.price, earlier.price),
        quote_quantity=_told(later.quote_quantity, earlier.quote_quantity),
        self_trade_prevention=_told(later.self_trade_prevention, earlier.self_trade_prevention),
        trigger=_told(later.trigger, earlier.trigger),
        take_profit=_told(later.take_profit, earlier.take_profit),
        stop_loss=_told(later.stop_loss, earlier.stop_loss),
        related_order_id=_told(later.related_order_id, earlier.related_order_id),
        strategy_id=_told(later.strategy_id, earlier.strategy_id),
        created_ms=_told(later.created_ms, earlier.created_ms),
    )


def _told(later: T | None, earlier: T | None) -> T | None:
    """A field that never changes, from whichever picture carries it."""
    return earlier if later is None else later


def _stage(order: Order) -> tuple[bool, bool, int, str, str]:
    """Later in life first, then later by the engine's clock; the words only make the order total."""
    fired = order.status != OrderStatus.TRIGGER_PENDING
    return is_terminal(order), fired, order.engine_time_us, str(order.status), str(order.expiry_reason or "")


def _execution(order: Order) -> tuple[Decimal, Decimal]:
    return order.executed_quantity, order.executed_quote_quantity


def _cut(one: Order, other: Order) -> Decimal | None:
    """The smaller of two quantities; none and zero (a trigger that has not fired) say nothing."""
    told = [order.quantity for order in (one, other) if order.quantity]
    return min(told) if told else one.quantity if one.quantity is not None else other.quantity
