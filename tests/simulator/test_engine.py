"""Matching: priority, order kinds, refusals, self-trade prevention, the depth sequence."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bpx_tui.model.enums import (
    ExpiryReason,
    OrderKind,
    OrderStatus,
    SelfTradePrevention,
    SlippageToleranceType,
    TimeInForce,
)
from bpx_tui.simulator.domain.events import BookChanged, TradePrinted
from bpx_tui.simulator.domain.orders import NewOrder
from bpx_tui.simulator.domain.refusals import VenueRefusal
from tests.simulator.floor import ASK, BID, PERP, SPOT, USDC, Floor, d


@pytest.fixture
def floor() -> Floor:
    return Floor()


def trades(floor: Floor) -> list[tuple[Decimal, Decimal]]:
    return [(e.price, e.quantity) for e in floor.events if isinstance(e, TradePrinted)]


def test_better_price_first_then_first_come(floor: Floor) -> None:
    late_but_better = "178.51"
    first = floor.limit(floor.alice, ASK, "1", "178.52")
    second = floor.limit(floor.bob, ASK, "1", "178.52")
    best = floor.limit(floor.bob, ASK, "1", late_but_better)
    floor.market(floor.maker, BID, "2.5")
    sold = [e.seller_order_id for e in floor.events if isinstance(e, TradePrinted)]
    assert sold == [best.id, first.id, second.id]
    assert trades(floor) == [(d("178.51"), d(1)), (d("178.52"), d(1)), (d("178.52"), d("0.5"))]
    assert floor.venue.order(floor.bob, PERP, order_id=second.id).executed_quantity == d("0.5")


def test_a_taker_trades_at_the_makers_price_and_the_rest_stands(floor: Floor) -> None:
    floor.limit(floor.maker, ASK, "1", "178.50", SPOT)
    order = floor.limit(floor.alice, BID, "3", "178.60", SPOT)
    assert order.status is OrderStatus.PARTIALLY_FILLED
    assert (order.executed_quantity, order.executed_quote_quantity) == (d(1), d("178.50"))
    assert floor.venue.depth(SPOT).bids == ((d("178.60"), d(2)),)
    assert floor.locked(floor.alice) == 2 * d("178.60")


def test_a_partial_fill_keeps_its_place_in_the_queue(floor: Floor) -> None:
    first = floor.limit(floor.alice, BID, "2", "178.50")
    floor.limit(floor.bob, BID, "2", "178.50")
    floor.market(floor.maker, ASK, "1")
    floor.market(floor.maker, ASK, "1")
    assert [f.order_id for f in floor.venue.fills(floor.alice)] == [first.id, first.id]
    assert floor.venue.fills(floor.bob) == ()


def test_fill_events_follow_acceptance_and_trade_ids_are_sequential(floor: Floor) -> None:
    floor.limit(floor.maker, ASK, "1", "178.50")
    floor.limit(floor.maker, ASK, "1", "178.51")
    floor.market(floor.alice, BID, "2")
    assert floor.told(floor.alice) == ["orderAccepted", "orderFill", "orderFill"]
    ids = [e.trade_id for e in floor.events if isinstance(e, TradePrinted)]
    assert ids[1] == ids[0] + 1


def test_immediate_or_cancel_expires_what_is_left(floor: Floor) -> None:
    floor.limit(floor.maker, ASK, "1", "178.50")
    order = floor.limit(floor.alice, BID, "3", "178.50", time_in_force=TimeInForce.IOC)
    assert (order.status, order.executed_quantity) == (OrderStatus.EXPIRED, d(1))
    assert order.expiry_reason is ExpiryReason.IMMEDIATE_OR_CANCEL
    assert floor.venue.open_orders(floor.alice) == ()


def test_fill_or_kill_is_all_or_nothing(floor: Floor) -> None:
    floor.limit(floor.maker, ASK, "1", "178.50")
    killed = floor.limit(floor.alice, BID, "2", "178.50", time_in_force=TimeInForce.FOK)
    assert (killed.status, killed.expiry_reason) == (OrderStatus.EXPIRED, ExpiryReason.FILL_OR_KILL)
    assert trades(floor) == []
    filled = floor.limit(floor.alice, BID, "1", "178.50", time_in_force=TimeInForce.FOK)
    assert filled.status is OrderStatus.FILLED


def test_post_only_is_refused_where_it_would_take(floor: Floor) -> None:
    floor.limit(floor.maker, ASK, "1", "178.50")
    with pytest.raises(VenueRefusal) as refused:
        floor.limit(floor.alice, BID, "1", "178.50", post_only=True)
    assert (refused.value.status, refused.value.code) == (400, "INVALID_ORDER")
    assert refused.value.message == "Order would immediately match and take"
    assert floor.limit(floor.alice, BID, "1", "178.49", post_only=True).status is OrderStatus.NEW


def test_market_order_on_an_empty_book_expires(floor: Floor) -> None:
    order = floor.market(floor.alice, BID, "1")
    assert (order.status, order.expiry_reason) == (OrderStatus.EXPIRED, ExpiryReason.INSUFFICIENT_LIQUIDITY)


def test_market_order_shows_its_cost_rounded_up_to_the_tick(floor: Floor) -> None:
    symbol = "ETH_USDC"
    floor.limit(floor.bob, BID, "0.001", "4200.01", symbol)  # type: ignore[arg-type]
    floor.venue.deposit(floor.alice, "ETH", d(1))  # type: ignore[arg-type]
    order = floor.market(floor.alice, ASK, "0.001", symbol)  # type: ignore[arg-type]
    assert order.executed_quote_quantity == d("4.20001")
    assert order.quote_quantity == d("4.21")


def test_market_order_by_quote_quantity_takes_what_the_money_buys(floor: Floor) -> None:
    floor.limit(floor.maker, ASK, "1", "178.50", SPOT)
    floor.limit(floor.maker, ASK, "10", "179.00", SPOT)
    terms = NewOrder(SPOT, BID, OrderKind.MARKET, quote_quantity=d(500))
    order = floor.venue.place(floor.alice, terms)
    assert order.executed_quantity == d("2.79")  # 1 at 178.50, then 321.50 / 179 in whole steps
    assert order.executed_quote_quantity <= d(500) < order.executed_quote_quantity + d("1.79")
    assert order.status is OrderStatus.FILLED


def test_a_market_order_stops_at_the_impact_limit(floor: Floor) -> None:
    floor.limit(floor.maker, ASK, "1", "178.00")
    floor.limit(floor.maker, ASK, "1", "181.00")  # more than 1 % above the best
    order = floor.market(floor.alice, BID, "2")
    assert (order.executed_quantity, order.expiry_reason) == (d(1), ExpiryReason.PRICE_IMPACT)


@pytest.mark.parametrize(
    ("tolerance", "kind", "filled"),
    [
        ("2", SlippageToleranceType.TICK_SIZE, "2"),
        ("0.01", SlippageToleranceType.PERCENT, "2"),
        ("5", SlippageToleranceType.TICK_SIZE, "3"),
    ],
)
def test_slippage_tolerance_bounds_a_market_order(
    floor: Floor, tolerance: str, kind: SlippageToleranceType, filled: str
) -> None:
    for price in ("178.50", "178.51", "178.55"):
        floor.limit(floor.maker, ASK, "1", price)
    order = floor.market(floor.alice, BID, "3", slippage_tolerance=d(tolerance), slippage_tolerance_type=kind)
    assert order.executed_quantity == d(filled)
    assert order.expiry_reason in (None, ExpiryReason.SLIPPAGE_TOLERANCE_EXCEEDED)
    assert (order.expiry_reason is None) == (filled == "3")


def test_self_trade_prevention_rejects_the_taker_by_default(floor: Floor) -> None:
    floor.limit(floor.bob, ASK, "1", "178.50")
    own = floor.limit(floor.alice, ASK, "1", "178.51")
    order = floor.limit(floor.alice, BID, "3", "178.60")
    assert (order.executed_quantity, order.status) == (d(1), OrderStatus.EXPIRED)
    assert order.expiry_reason is ExpiryReason.SELF_TRADE_PREVENTION
    assert floor.venue.order(floor.alice, PERP, order_id=own.id).status is OrderStatus.NEW


def test_self_trade_prevention_can_reject_the_maker(floor: Floor) -> None:
    own = floor.limit(floor.alice, ASK, "1", "178.50")
    floor.limit(floor.bob, ASK, "1", "178.51")
    order = floor.limit(floor.alice, BID, "2", "178.60", self_trade_prevention=SelfTradePrevention.REJECT_MAKER)
    assert (order.executed_quantity, order.status) == (d(1), OrderStatus.PARTIALLY_FILLED)
    ended = floor.venue.order_history(floor.alice)[0]
    assert (ended.id, ended.expiry_reason) == (own.id, ExpiryReason.SELF_TRADE_PREVENTION)


def test_self_trade_prevention_can_reject_both(floor: Floor) -> None:
    floor.limit(floor.alice, ASK, "1", "178.50")
    order = floor.limit(floor.alice, BID, "2", "178.60", self_trade_prevention=SelfTradePrevention.REJECT_BOTH)
    assert order.expiry_reason is ExpiryReason.SELF_TRADE_PREVENTION
    assert floor.venue.open_orders(floor.alice) == ()


def test_each_action_gives_exactly_one_depth_event_in_sequence(floor: Floor) -> None:
    for price in ("178.50", "178.51", "178.52"):
        floor.limit(floor.maker, ASK, "1", price)
    floor.market(floor.alice, BID, "3")
    floor.venue.touch(PERP)
    resting = floor.limit(floor.alice, BID, "1", "178.40")
    floor.venue.cancel(floor.alice, PERP, order_id=resting.id)
    changes = [e for e in floor.events if isinstance(e, BookChanged)]
    assert len(changes) == 7
    assert changes[3].asks == ((d("178.50"), d(0)), (d("178.51"), d(0)), (d("178.52"), d(0)))
    assert (changes[4].bids, changes[4].asks) == ((), ())
    ids = [change.last_id for change in changes]
    assert ids == list(range(ids[0], ids[0] + 7))
    assert all(change.first_id == change.last_id for change in changes)
    assert floor.venue.depth(PERP).last_update_id == ids[-1]


@pytest.mark.parametrize(
    ("quantity", "price", "message"),
    [
        ("1", "178.505", "Price decimal too long"),
        ("1.001", "178.50", "Quantity decimal too long"),
        ("1", "400", "Price is too far from the last active price"),
        ("1", "40", "Price is too far from the last active price"),
        ("0", "178.50", "Quantity must be positive"),
        ("1", "0", "Price must be positive"),
    ],
)
def test_numbers_outside_the_filters_are_refused(floor: Floor, quantity: str, price: str, message: str) -> None:
    with pytest.raises(VenueRefusal) as refused:
        floor.limit(floor.alice, BID, quantity, price)
    assert refused.value.status == 400
    assert refused.value.message == message
    assert not floor.venue.open_orders(floor.alice)


def test_a_batch_stands_or_falls_one_by_one(floor: Floor) -> None:
    good = NewOrder(SPOT, BID, OrderKind.LIMIT, d(1), d("170"))
    dear = NewOrder(SPOT, BID, OrderKind.LIMIT, d(5000), d("170"))
    first, second, third = floor.venue.place_batch(floor.alice, [good, dear, good])
    assert not isinstance(first, VenueRefusal)
    assert not isinstance(third, VenueRefusal)
    assert isinstance(second, VenueRefusal)
    assert second.code == "INSUFFICIENT_FUNDS"
    assert floor.locked(floor.alice, USDC) == d(340)


def test_cancel_knows_order_and_client_ids(floor: Floor) -> None:
    by_id = floor.limit(floor.alice, BID, "1", "170", SPOT)
    floor.limit(floor.alice, BID, "1", "171", SPOT, client_id=7)
    assert floor.venue.cancel(floor.alice, SPOT, order_id=by_id.id).status is OrderStatus.CANCELLED
    assert floor.venue.cancel(floor.alice, SPOT, client_id=7).price == d(171)  # type: ignore[arg-type]
    assert floor.locked(floor.alice) == 0
    with pytest.raises(VenueRefusal, match="Order not found"):
        floor.venue.cancel(floor.alice, SPOT, order_id=by_id.id)
    with pytest.raises(VenueRefusal) as gone:
        floor.venue.order(floor.alice, SPOT, order_id=by_id.id)
    assert (gone.value.status, gone.value.code) == (404, "RESOURCE_NOT_FOUND")


def test_another_accounts_order_cannot_be_cancelled(floor: Floor) -> None:
    order = floor.limit(floor.alice, BID, "1", "170")
    with pytest.raises(VenueRefusal, match="Order not found"):
        floor.venue.cancel(floor.bob, PERP, order_id=order.id)
