"""Placing, finding and cancelling orders."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from decimal import Decimal

from bpx_tui.model.enums import ExpiryReason, MarketKind, OrderKind, OrderStatus, Side
from bpx_tui.model.ids import ClientId, OrderId, Symbol
from bpx_tui.simulator.domain.orders import CancelScope, ClientIdRule, NewOrder, OrderRecord
from bpx_tui.simulator.domain.refusals import VenueRefusal, invalid_request
from bpx_tui.simulator.exchange import Exchange
from bpx_tui.simulator.rest.answers import ParseRefusal, Reply, empty_reply, json_reply
from bpx_tui.simulator.rest.fields import UINT32, Fields
from bpx_tui.simulator.rest.order_payload import KNOWN, PAYLOAD, read_order
from bpx_tui.simulator.rest.rendering import live_order
from bpx_tui.simulator.rest.routing import Call, Route, signed

MAX_BATCH = 50
_CANCEL = frozenset({"clientId", "orderId", "symbol"})
_CANCEL_ALL = frozenset({"orderType", "symbol"})


def place(call: Call) -> Reply:
    return json_reply(live_order(_placed(call, read_order(call.body(PAYLOAD, KNOWN)))))


def _placed(call: Call, order: NewOrder) -> OrderRecord:
    """The order after matching, as far as no fault comes in between."""
    exchange, account = call.exchange, call.account
    faults, now_us, venue = exchange.faults, exchange.now_us, exchange.venue
    if not faults.any:
        return venue.place(account, order)
    if order.client_id is not None and faults.hit("foreign_same_cid", now_us, symbol=order.symbol):
        with contextlib.suppress(VenueRefusal):
            venue.place(account, _decoy(exchange, order))
    if (fault := faults.hit("expire", now_us, symbol=order.symbol)) is not None:
        reason = ExpiryReason(fault.word("reason", ExpiryReason.INSUFFICIENT_LIQUIDITY))
        return venue.interventions.place_to_expire(account, order, reason)
    if faults.hit("no_dedup", now_us):
        return venue.place(account, order, client_id_rule=ClientIdRule.REPEATABLE)
    return venue.place(account, order)


def _decoy(exchange: Exchange, order: NewOrder) -> NewOrder:
    """What the user did in the web app meanwhile, which happened to get the same client id."""
    market = exchange.venue.market(order.symbol)
    tick, best = market.price.tick_size, exchange.venue.best(order.symbol)
    near = best[0] if order.side is Side.BID else best[1]
    factor = Decimal("0.95") if order.side is Side.BID else Decimal("1.05")
    price = (near or market.start_price) * factor // tick * tick
    return NewOrder(
        order.symbol, order.side, OrderKind.LIMIT, market.quantity.min_quantity * 3, price, client_id=order.client_id
    )


def place_batch(call: Call) -> Reply:
    if not isinstance(call.json, list):
        raise ParseRefusal('parse request payload error: Expected input type "array"')
    if not 1 <= len(call.json) <= MAX_BATCH:
        raise invalid_request(f"Batch must have between 1 and {MAX_BATCH} orders")
    orders = [read_order(replace(call, json=item).body(PAYLOAD, KNOWN)) for item in call.json]
    exchange = call.exchange
    if exchange.faults.hit("batch_mixed", exchange.now_us):
        refused = VenueRefusal(400, "INSUFFICIENT_FUNDS", "Insufficient funds")
        results = [refused if index % 2 else _outcome(call, order) for index, order in enumerate(orders)]
    else:
        results = [_outcome(call, order) for order in orders]
    return json_reply([_batch_result(result) for result in results])


def _outcome(call: Call, order: NewOrder) -> OrderRecord | VenueRefusal:
    """Each order of a batch stands or falls alone."""
    try:
        return _placed(call, order)
    except VenueRefusal as refusal:
        return refusal


def _batch_result(result: OrderRecord | VenueRefusal) -> dict[str, object]:
    if isinstance(result, VenueRefusal):
        return {"operation": "Err", "code": result.code, "message": result.message}
    return {"operation": "Ok", **live_order(result)}


def find(call: Call) -> Reply:
    order_id, client_id = _one_id(call.query)
    symbol = call.query.need_symbol()
    order = call.exchange.venue.order(call.account, symbol, order_id=order_id, client_id=client_id)
    return json_reply(live_order(order))


def find_all(call: Call) -> Reply:
    symbol = call.query.symbol()
    kind = call.query.word("marketType", MarketKind, "MarketType")
    orders = call.exchange.venue.open_orders(call.account, symbol=symbol, market_kind=kind)
    return json_reply([live_order(order) for order in orders])


def cancel(call: Call) -> Reply:
    fields = call.body("OrderCancelPayload", _CANCEL)
    order_id, client_id = _one_id(fields)
    exchange, symbol = call.exchange, fields.need_symbol()
    if (fault := exchange.faults.hit("fill_then_404", exchange.now_us)) is not None:
        _overtake(call, symbol, order_id, client_id, filled=fault.word("how", "filled") == "filled")
    order = exchange.venue.cancel(call.account, symbol, order_id=order_id, client_id=client_id)
    if _only_accepted(exchange):
        return empty_reply(202)
    return json_reply(live_order(order))


def _only_accepted(exchange: Exchange) -> bool:
    """Whether a cancel that was executed is answered as merely accepted."""
    return exchange.faults.hit("202", exchange.now_us) is not None or exchange.traps.accepts_only()


def _overtake(
    call: Call, symbol: Symbol, order_id: OrderId | None, client_id: ClientId | None, *, filled: bool
) -> None:
    """The order ends just before its cancel arrives, which then finds nothing."""
    venue = call.exchange.venue
    order = venue.order(call.account, symbol, order_id=order_id, client_id=client_id)
    if filled and order.status is not OrderStatus.TRIGGER_PENDING:
        venue.interventions.fill(call.account, order)
    else:
        venue.cancel(call.account, symbol, order_id=order.id)


def cancel_all(call: Call) -> Reply:
    fields = call.body("OrderCancelAllPayload", _CANCEL_ALL)
    symbol = fields.need_symbol()
    scope = fields.word("orderType", CancelScope, "CancelOrderTypeEnum")
    orders = call.exchange.venue.cancel_all(call.account, symbol, scope)
    if _only_accepted(call.exchange):
        return empty_reply(202)
    return json_reply([live_order(order) for order in orders])


def _one_id(fields: Fields) -> tuple[OrderId | None, ClientId | None]:
    order_id, client_id = fields.identifier("orderId"), fields.integer("clientId", UINT32)
    if (order_id is None) == (client_id is None):
        raise invalid_request("Must specify exactly one of `orderId` or `clientId`")
    return (
        None if order_id is None else OrderId(order_id),
        None if client_id is None else ClientId(client_id),
    )


def _order_route(route: Route) -> Route:
    return replace(route, is_order=True)


ROUTES: tuple[Route, ...] = (
    signed("get_order", "GET", "/api/v1/order", "orderQuery", find),
    _order_route(signed("execute_order", "POST", "/api/v1/order", "orderExecute", place)),
    _order_route(signed("cancel_order", "DELETE", "/api/v1/order", "orderCancel", cancel)),
    signed("get_open_orders", "GET", "/api/v1/orders", "orderQueryAll", find_all),
    _order_route(signed("execute_order_batch", "POST", "/api/v1/orders", "orderExecute", place_batch)),
    _order_route(signed("cancel_open_orders", "DELETE", "/api/v1/orders", "orderCancelAll", cancel_all)),
)
