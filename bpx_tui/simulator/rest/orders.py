"""Placing, finding and cancelling orders."""

from __future__ import annotations

from dataclasses import replace

from bpx_tui.model.enums import ExpiryReason, MarketKind
from bpx_tui.model.ids import ClientId, OrderId
from bpx_tui.simulator.orders import CancelScope, OrderRecord
from bpx_tui.simulator.refusals import VenueRefusal, invalid_request, order_not_found
from bpx_tui.simulator.rest.answers import ParseRefusal, Reply, empty_reply, json_reply
from bpx_tui.simulator.rest.fields import UINT32, Fields
from bpx_tui.simulator.rest.order_payload import KNOWN, PAYLOAD, read_order
from bpx_tui.simulator.rest.rendering import live_order
from bpx_tui.simulator.rest.routing import Call, Route, signed

MAX_BATCH = 50
_CANCEL = frozenset({"clientId", "orderId", "symbol"})
_CANCEL_ALL = frozenset({"orderType", "symbol"})


def place(call: Call) -> Reply:
    order, exchange = read_order(call.body(PAYLOAD, KNOWN)), call.exchange
    if (fault := exchange.faults.hit("expire", exchange.now_us, symbol=order.symbol)) is not None:
        reason = ExpiryReason(fault.word("reason", ExpiryReason.INSUFFICIENT_LIQUIDITY))
        return json_reply(live_order(exchange.expire(call.account, order, reason)))
    return json_reply(live_order(exchange.venue.place(call.account, order)))


def place_batch(call: Call) -> Reply:
    if not isinstance(call.json, list):
        raise ParseRefusal('parse request payload error: Expected input type "array"')
    if not 1 <= len(call.json) <= MAX_BATCH:
        raise invalid_request(f"Batch must have between 1 and {MAX_BATCH} orders")
    orders = [read_order(replace(call, json=item).body(PAYLOAD, KNOWN)) for item in call.json]
    exchange = call.exchange
    if exchange.faults.hit("batch_mixed", exchange.now_us):
        refused = VenueRefusal(400, "INSUFFICIENT_FUNDS", "Insufficient funds")
        results = [
            refused if index % 2 else exchange.venue.place_batch(call.account, [order])[0]
            for index, order in enumerate(orders)
        ]
    else:
        results = list(exchange.venue.place_batch(call.account, orders))
    return json_reply([_batch_result(result) for result in results])


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
    if exchange.faults.hit("fill_then_404", exchange.now_us):
        raise order_not_found()
    order = exchange.venue.cancel(call.account, symbol, order_id=order_id, client_id=client_id)
    if exchange.faults.hit("202", exchange.now_us):
        return empty_reply(202)
    return json_reply(live_order(order))


def cancel_all(call: Call) -> Reply:
    fields = call.body("OrderCancelAllPayload", _CANCEL_ALL)
    symbol = fields.need_symbol()
    scope = fields.word("orderType", CancelScope, "CancelOrderTypeEnum")
    orders = call.exchange.venue.cancel_all(call.account, symbol, scope)
    if call.exchange.faults.hit("202", call.exchange.now_us):
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
