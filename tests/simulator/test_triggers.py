"""Conditional orders, attached exits, reduce-only orders that follow the position."""

from __future__ import annotations

import pytest

from bpx_tui.model.enums import ExpiryReason, OrderKind, OrderStatus, Side, TradingState, TriggerBy
from bpx_tui.simulator.domain.events import OrderEvent
from bpx_tui.simulator.domain.orders import AttachedExit, CancelScope, NewOrder, OrderRecord, TriggerTerms
from bpx_tui.simulator.domain.refusals import VenueRefusal
from bpx_tui.simulator.domain.triggers import MAX_STOPS_PER_POSITION
from tests.simulator.floor import ASK, BID, PERP, SOL, SPOT, USDC, Floor, d


@pytest.fixture
def floor() -> Floor:
    floor = Floor()
    floor.quote("178.49", "178.51", "2000")
    floor.quote("178.49", "178.51", "2000", SPOT)
    floor.market(floor.bob, BID, "0.01")  # there is a last price
    floor.market(floor.bob, BID, "0.01", SPOT)
    floor.events.clear()
    return floor


def stop(
    floor: Floor,
    side: Side,
    price: str,
    quantity: str,
    *,
    by: TriggerBy | None = None,
    reduce_only: bool | None = None,
    limit: str | None = None,
    symbol: str = PERP,
) -> OrderRecord:
    terms = NewOrder(
        symbol=symbol,  # type: ignore[arg-type]
        side=side,
        kind=OrderKind.MARKET if limit is None else OrderKind.LIMIT,
        price=None if limit is None else d(limit),
        reduce_only=reduce_only,
        trigger=TriggerTerms(d(price), by),
        trigger_quantity=quantity,
    )
    return floor.venue.place(floor.alice, terms)


def ended(floor: Floor, order: OrderRecord) -> OrderRecord:
    return next(past for past in floor.venue.order_history(floor.alice) if past.id == order.id)


def test_a_trigger_waits_with_quantity_zero_and_no_locked_money(floor: Floor) -> None:
    order = stop(floor, ASK, "170", "20.03", symbol=SPOT, limit="169.90")
    assert (order.status, order.quantity) == (OrderStatus.TRIGGER_PENDING, d(0))
    assert floor.told(floor.alice) == ["triggerPlaced"]
    assert floor.locked(floor.alice, SOL) == 0
    assert [o.id for o in floor.venue.open_orders(floor.alice)] == [order.id]
    assert floor.venue.settings(floor.alice).trigger_orders == 1


def test_a_stop_fires_when_the_last_price_falls_to_it(floor: Floor) -> None:
    order = stop(floor, ASK, "178.00", "10", by=TriggerBy.LAST)
    floor.quote("177.99", "178.01")
    floor.market(floor.bob, BID, "0.01")
    assert ended_or_open(floor, order) is OrderStatus.TRIGGER_PENDING
    floor.market(floor.bob, ASK, "0.01")
    assert ended(floor, order).status is OrderStatus.FILLED
    assert ended(floor, order).triggered_us is not None
    assert floor.told(floor.alice) == ["triggerPlaced", "orderAccepted", "orderFill"]
    assert floor.venue.positions(floor.alice)[0].net_quantity == d(-10)


def ended_or_open(floor: Floor, order: OrderRecord) -> OrderStatus:
    return floor.venue.order(floor.alice, order.symbol, order_id=order.id).status


def test_a_trigger_above_fires_on_the_way_up(floor: Floor) -> None:
    order = stop(floor, BID, "179.00", "1", by=TriggerBy.LAST, limit="180.00")
    floor.quote("178.98", "179.00")
    floor.market(floor.bob, BID, "0.01")
    assert ended(floor, order).executed_quote_quantity == d("179.00")


def test_triggers_watch_mark_and_index_each_for_itself(floor: Floor) -> None:
    by_mark = stop(floor, ASK, "176.00", "1", by=TriggerBy.MARK)
    by_index = stop(floor, ASK, "175.00", "1", by=TriggerBy.INDEX)
    floor.venue.set_index(SOL, d("174.90"))
    floor.seconds(1)
    assert {ended(floor, by_mark).status, ended(floor, by_index).status} == {OrderStatus.FILLED}


def test_percent_of_the_position(floor: Floor) -> None:
    floor.market(floor.alice, BID, "10.03")
    order = stop(floor, ASK, "178.00", "50%", by=TriggerBy.MARK)
    floor.venue.set_index(SOL, d(177))
    floor.seconds(1)
    assert ended(floor, order).executed_quantity == d("5.01")


def test_percent_of_the_balance_on_spot(floor: Floor) -> None:
    order = stop(floor, ASK, "178.00", "80%", by=TriggerBy.INDEX, symbol=SPOT)
    floor.venue.set_index(SOL, d(177))
    floor.seconds(1)
    assert ended(floor, order).executed_quantity == d(400)


@pytest.mark.parametrize(
    ("quantity", "reduce_only", "limit", "reason"),
    [
        ("50%", None, None, ExpiryReason.STOP_WITHOUT_POSITION),
        ("5", True, None, ExpiryReason.STOP_WITHOUT_POSITION),
        ("100000", None, "177.00", ExpiryReason.INSUFFICIENT_MARGIN),
        ("5", None, "150.00", ExpiryReason.PRICE_OUT_OF_BOUNDS),
    ],
)
def test_a_trigger_that_cannot_go_live_fails_with_its_reason(
    floor: Floor, quantity: str, reduce_only: bool | None, limit: str | None, reason: ExpiryReason
) -> None:
    order = stop(floor, ASK, "178.00", quantity, by=TriggerBy.MARK, reduce_only=reduce_only, limit=limit)
    floor.venue.set_index(SOL, d(177))
    floor.seconds(1)
    assert (ended(floor, order).status, ended(floor, order).expiry_reason) == (OrderStatus.TRIGGER_FAILED, reason)
    assert floor.told(floor.alice)[-1] == "triggerFailed"


def test_a_cancelled_trigger_never_fires(floor: Floor) -> None:
    order = stop(floor, ASK, "178.00", "1", by=TriggerBy.MARK)
    floor.limit(floor.alice, BID, "1", "170")
    cancelled = floor.venue.cancel_all(floor.alice, PERP, CancelScope.CONDITIONAL)
    assert [o.id for o in cancelled] == [order.id]
    assert len(floor.venue.open_orders(floor.alice)) == 1
    floor.venue.set_index(SOL, d(170))
    floor.seconds(1)
    assert floor.venue.positions(floor.alice) == ()


def test_one_trigger_sets_off_the_next(floor: Floor) -> None:
    first = stop(floor, ASK, "178.00", "100", by=TriggerBy.LAST)
    second = stop(floor, ASK, "177.50", "100", by=TriggerBy.LAST)
    floor.venue.cancel_all(floor.maker, PERP)
    for price in ("178.00", "177.50", "177.00"):
        floor.limit(floor.maker, BID, "100", price)
    floor.market(floor.bob, ASK, "0.01")
    assert ended(floor, first).executed_quantity == d(100)
    assert ended(floor, second).executed_quantity == d(100)


@pytest.mark.parametrize("text", ["0", "-1", "101%", "abc", "NaN", "%"])
def test_trigger_quantities_must_make_sense(floor: Floor, text: str) -> None:
    with pytest.raises(VenueRefusal):
        stop(floor, ASK, "170", text)


def test_price_and_quantity_of_a_trigger_go_together(floor: Floor) -> None:
    terms = NewOrder(PERP, ASK, OrderKind.MARKET, trigger=TriggerTerms(d(170)))
    with pytest.raises(VenueRefusal, match="Must specify both `triggerPrice` and `triggerQuantity` or neither"):
        floor.venue.place(floor.alice, terms)


def test_only_so_many_stops_per_position(floor: Floor) -> None:
    for _ in range(MAX_STOPS_PER_POSITION):
        stop(floor, ASK, "170", "1", reduce_only=True)
    with pytest.raises(VenueRefusal) as refused:
        stop(floor, ASK, "170", "1", reduce_only=True)
    assert refused.value.code == "ORDER_LIMIT"


# ---- attached exits


def entry(floor: Floor, quantity: str, price: str, *, limit_exits: bool = False) -> OrderRecord:
    return floor.limit(
        floor.alice,
        BID,
        quantity,
        price,
        take_profit=AttachedExit(TriggerTerms(d(185), TriggerBy.MARK), d("184.90") if limit_exits else None),
        stop_loss=AttachedExit(TriggerTerms(d(175), TriggerBy.MARK)),
    )


def exits(floor: Floor, parent: OrderRecord) -> list[OrderRecord]:
    return [o for o in floor.venue.open_orders(floor.alice) if o.related_order_id == parent.id]


def test_exits_are_placed_at_the_first_fill_and_grow_with_the_entry(floor: Floor) -> None:
    parent = entry(floor, "10", "178.50")
    assert exits(floor, parent) == []
    floor.limit(floor.bob, ASK, "4", "178.50")
    assert [o.terms.trigger_quantity for o in exits(floor, parent)] == ["4", "4"]
    floor.limit(floor.bob, ASK, "6", "178.50")
    placed = exits(floor, parent)
    assert [(o.side, o.terms.reduce_only, o.terms.trigger_quantity) for o in placed] == [(ASK, True, "10")] * 2
    assert [o.status for o in placed] == [OrderStatus.TRIGGER_PENDING] * 2


def test_one_exit_fires_and_cancels_the_other(floor: Floor) -> None:
    parent = entry(floor, "10", "178.51")
    take, stop_loss = exits(floor, parent)
    floor.quote("185.10", "185.12")
    floor.venue.set_index(SOL, d("185.20"))
    floor.seconds(1)
    assert ended(floor, take).status is OrderStatus.FILLED
    assert ended(floor, stop_loss).status in (OrderStatus.CANCELLED, OrderStatus.EXPIRED)
    assert floor.venue.positions(floor.alice) == ()
    assert floor.venue.open_orders(floor.alice) == ()


def test_a_limit_exit_rests_and_its_sibling_is_cancelled(floor: Floor) -> None:
    parent = entry(floor, "10", "178.51", limit_exits=True)
    take, stop_loss = exits(floor, parent)
    floor.venue.set_index(SOL, d("185.20"))
    floor.venue.cancel_all(floor.maker, PERP)
    floor.seconds(1)
    (resting,) = floor.venue.open_orders(floor.alice)
    assert (resting.id, resting.status, resting.price) == (take.id, OrderStatus.NEW, d("184.90"))
    assert ended(floor, stop_loss).status is OrderStatus.CANCELLED


def test_an_exit_that_fails_leaves_the_other_in_place(floor: Floor) -> None:
    parent = entry(floor, "10", "178.51")
    take, stop_loss = exits(floor, parent)
    floor.venue.set_book_state(PERP, TradingState.POST_ONLY)
    floor.venue.set_index(SOL, d("190"))
    for _ in range(60):
        floor.seconds(1)
    assert (ended(floor, take).status, ended(floor, take).expiry_reason) == (
        OrderStatus.TRIGGER_FAILED,
        ExpiryReason.POST_ONLY_MODE,
    )
    assert [order.id for order in exits(floor, parent)] == [stop_loss.id]


def test_exits_end_with_the_position_they_protect(floor: Floor) -> None:
    parent = entry(floor, "10", "178.51")
    both = exits(floor, parent)
    floor.market(floor.alice, ASK, "10")
    assert floor.venue.open_orders(floor.alice) == ()
    assert {ended(floor, o).expiry_reason for o in both} == {ExpiryReason.STOP_WITHOUT_POSITION}


def test_exits_of_a_spot_entry_sell_what_it_bought(floor: Floor) -> None:
    floor.venue.transfer(floor.alice, floor.maker, SOL, d(500))
    floor.limit(floor.alice, BID, "10", "178.51", SPOT, stop_loss=AttachedExit(TriggerTerms(d(175), TriggerBy.INDEX)))
    (waiting,) = floor.venue.open_orders(floor.alice)
    floor.venue.set_index(SOL, d(174))
    floor.seconds(1)
    assert ended(floor, waiting).executed_quantity == d("9.99")  # ten less the fee, in whole steps


# ---- reduce-only


def test_a_resting_reduce_only_order_shrinks_with_the_position(floor: Floor) -> None:
    floor.market(floor.alice, BID, "10")
    order = floor.limit(floor.alice, ASK, "10", "179.00", reduce_only=True)
    floor.market(floor.alice, ASK, "4")
    shrunk = floor.venue.order(floor.alice, PERP, order_id=order.id)
    assert (shrunk.quantity, shrunk.quote_quantity) == (d(6), d(1074))
    assert floor.told(floor.alice)[-1] == "orderModified"
    assert (d("179.00"), d(6)) in floor.venue.depth(PERP).asks
    floor.market(floor.alice, ASK, "6")
    assert ended(floor, order).expiry_reason is ExpiryReason.REDUCE_ONLY_NOT_REDUCED


def test_the_best_priced_reduce_only_order_is_kept(floor: Floor) -> None:
    floor.market(floor.alice, BID, "10")
    far = floor.limit(floor.alice, ASK, "10", "180.00", reduce_only=True)
    near = floor.limit(floor.alice, ASK, "7", "179.00", reduce_only=True)
    assert floor.venue.order(floor.alice, PERP, order_id=near.id).quantity == d(7)
    assert floor.venue.order(floor.alice, PERP, order_id=far.id).quantity == d(3)


def test_a_sweep_cannot_turn_a_position_through_reduce_only_orders(floor: Floor) -> None:
    """An ordinary order of the same account in front uses up what the reduce-only order behind it could close."""
    floor.market(floor.alice, BID, "10")
    floor.venue.cancel_all(floor.maker, PERP)
    floor.limit(floor.alice, ASK, "7", "178.60")
    floor.limit(floor.alice, ASK, "10", "178.61", reduce_only=True)
    floor.limit(floor.maker, ASK, "5", "178.62")
    taken = floor.market(floor.bob, BID, "15")
    assert taken.executed_quantity == d(15)
    assert floor.venue.positions(floor.alice) == ()
    assert floor.venue.open_orders(floor.alice) == ()


def test_reduce_only_without_a_position_is_refused(floor: Floor) -> None:
    with pytest.raises(VenueRefusal, match="Reduce only order not reduced"):
        floor.limit(floor.alice, ASK, "1", "178.60", reduce_only=True)
    with pytest.raises(VenueRefusal, match="Reduce only is for futures"):
        floor.limit(floor.alice, ASK, "1", "178.60", SPOT, reduce_only=True)


def test_a_reduce_only_order_is_cut_to_the_position(floor: Floor) -> None:
    floor.market(floor.alice, BID, "10")
    order = floor.market(floor.alice, ASK, "25", reduce_only=True)
    assert (order.status, order.executed_quantity) == (OrderStatus.FILLED, d(10))
    assert floor.venue.positions(floor.alice) == ()


def test_a_reduce_only_order_by_quote_stops_at_flat(floor: Floor) -> None:
    floor.market(floor.alice, BID, "10")
    terms = NewOrder(PERP, ASK, OrderKind.MARKET, quote_quantity=d(5000), reduce_only=True)
    assert floor.venue.place(floor.alice, terms).executed_quantity == d(10)
    assert floor.venue.positions(floor.alice) == ()


def test_every_expiry_is_told_with_the_reason(floor: Floor) -> None:
    floor.market(floor.alice, BID, "10")
    floor.limit(floor.alice, ASK, "10", "179.00", reduce_only=True)
    floor.market(floor.alice, ASK, "10")
    expired = [e for e in floor.events if isinstance(e, OrderEvent) and e.kind == "orderExpired"]
    assert [e.order.expiry_reason for e in expired] == [ExpiryReason.REDUCE_ONLY_NOT_REDUCED]
    assert floor.free(floor.alice, USDC) > 0
