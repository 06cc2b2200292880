"""Private stream events: the data part of a frame to model values (PROTOCOL 3.5 to 3.7)."""

from __future__ import annotations

from bpx_tui.exchange import fields, order_fields
from bpx_tui.exchange.fields import Record
from bpx_tui.exchange.stream_names import StreamName
from bpx_tui.exchange.wire_stream_public import market_of
from bpx_tui.model.account import Position, PositionUpdate
from bpx_tui.model.enums import (
    ExpiryReason,
    OrderKind,
    OrderStatus,
    SelfTradePrevention,
    Side,
    TimeInForce,
)
from bpx_tui.model.ids import Asset, OrderId, QuoteId, RfqId, StrategyId
from bpx_tui.model.orders import Fill, Order, OrderEventKind, OrderUpdate
from bpx_tui.model.rfq import RfqUpdate

AccountEvent = OrderUpdate | PositionUpdate | RfqUpdate

_ORDER_KINDS: dict[str, OrderKind | str] = {"LIMIT": OrderKind.LIMIT, "MARKET": OrderKind.MARKET}
"""The stream writes them in capitals, REST does not."""


def order_update(data: Record, name: StreamName) -> OrderUpdate:
    event = fields.word(data, "e", OrderEventKind)
    order = _order(data, name)
    return OrderUpdate(event, order, _fill(data, event, order), fields.integer(data, "E"))


def _order(data: Record, name: StreamName) -> Order:
    kind = fields.text(data, "o")
    related, strategy_id = fields.optional_identifier(data, "I"), fields.optional_identifier(data, "H")
    return Order(
        order_id=OrderId(fields.identifier(data, "i")),
        symbol=market_of(data, name),
        side=fields.word(data, "S", Side),
        kind=_ORDER_KINDS.get(kind, kind),
        status=fields.word(data, "X", OrderStatus),
        executed_quantity=fields.decimal(data, "z"),
        executed_quote_quantity=fields.decimal(data, "Z"),
        quantity=fields.optional_decimal(data, "q"),
        quote_quantity=fields.optional_decimal(data, "Q"),
        price=fields.optional_decimal(data, "p"),
        client_id=order_fields.client_id(data, "c"),
        time_in_force=fields.optional_word(data, "f", TimeInForce) or TimeInForce.GTC,
        post_only=fields.flag(data, "y"),
        reduce_only=fields.flag(data, "r"),
        self_trade_prevention=fields.optional_word(data, "V", SelfTradePrevention),
        trigger=order_fields.trigger(data, price="P", quantity="Y", by="B"),
        take_profit=order_fields.bracket(data, price="a", by="d", limit="j"),
        stop_loss=order_fields.bracket(data, price="b", by="g", limit="k"),
        expiry_reason=fields.optional_word(data, "R", ExpiryReason),
        origin=fields.optional_text(data, "O") or "USER",
        related_order_id=OrderId(related) if related else None,
        strategy_id=StrategyId(strategy_id) if strategy_id else None,
        engine_time_us=fields.integer(data, "T"),
    )


def _fill(data: Record, event: OrderEventKind | str, order: Order) -> Fill | None:
    """The execution that an `orderFill` reports: `l` and `L` are this one's, `z` is the order's so far."""
    if event is not OrderEventKind.FILL:
        return None
    fee_asset = fields.optional_text(data, "N")
    return Fill(
        symbol=order.symbol,
        order_id=order.order_id,
        trade_id=fields.optional_integer(data, "t"),
        side=order.side,
        price=fields.decimal(data, "L"),
        quantity=fields.decimal(data, "l"),
        fee=fields.decimal(data, "n"),
        fee_asset=Asset(fee_asset) if fee_asset else None,
        is_maker=fields.optional_flag(data, "m"),
        time_us=order.engine_time_us,
        client_id=order.client_id,
        system_order_type=None if order.origin == "USER" else order.origin,
    )


def position_update(data: Record, name: StreamName) -> PositionUpdate:
    """The snapshot after subscribing carries no `e`. `l` is a removed field that is always zero: no price."""
    position = Position(
        symbol=market_of(data, name),
        position_id=fields.identifier(data, "i"),
        net_quantity=fields.decimal(data, "q"),
        entry_price=fields.decimal(data, "B"),
        break_even_price=fields.decimal(data, "b"),
        mark_price=fields.decimal(data, "M"),
        pnl_realized=fields.decimal(data, "p"),
        pnl_unrealized=fields.decimal(data, "P"),
        net_exposure_quantity=fields.decimal(data, "Q"),
        net_exposure_notional=fields.decimal(data, "n"),
        imf=fields.decimal(data, "f"),
        mmf=fields.decimal(data, "m"),
        engine_time_us=fields.integer(data, "T"),
    )
    return PositionUpdate(fields.optional_text(data, "e"), position, fields.integer(data, "E"))


def rfq_update(data: Record, name: StreamName) -> RfqUpdate:
    quote_id = fields.optional_identifier(data, "u")
    return RfqUpdate(
        event=fields.text(data, "e"),
        symbol=market_of(data, name),
        rfq_id=RfqId(fields.identifier(data, "R")),
        status=fields.text(data, "X"),
        event_time_us=fields.integer(data, "E"),
        engine_time_us=fields.integer(data, "T"),
        quote_id=QuoteId(quote_id) if quote_id else None,
        client_id=order_fields.client_id(data, "C"),
        side=fields.optional_word(data, "S", Side),
        price=fields.optional_decimal(data, "p"),
        quantity=fields.optional_decimal(data, "q"),
        quote_quantity=fields.optional_decimal(data, "Q"),
        submit_until_ms=fields.optional_integer(data, "w"),
        expires_ms=fields.optional_integer(data, "W"),
        origin=fields.optional_text(data, "o"),
    )
