"""Orders and fills over REST: what is sent, and what comes back. Source: PROTOCOL 5.1 to 5.3 and 5.7."""

from __future__ import annotations

import re
from decimal import Decimal

from bpx_tui.errors import InputError, OutcomeUnknown, Refused, UnreadableReply
from bpx_tui.exchange import order_fields
from bpx_tui.exchange.body_fields import money, one_id
from bpx_tui.exchange.fields import (
    InexactNumber,
    Record,
    as_list,
    as_record,
    decimal,
    decode_json,
    flag,
    identifier,
    optional_decimal,
    optional_flag,
    optional_identifier,
    optional_integer,
    optional_text,
    optional_word,
    symbol,
    text,
    to_integer,
    to_micros,
    word,
)
from bpx_tui.exchange.rest_errors import is_definitive_code
from bpx_tui.exchange.signing import Scalar
from bpx_tui.model.enums import (
    ExpiryReason,
    OrderKind,
    OrderStatus,
    SelfTradePrevention,
    Side,
    TimeInForce,
)
from bpx_tui.model.ids import MAX_CLIENT_ID, Asset, ClientId, OrderId, StrategyId, Symbol
from bpx_tui.model.orders import Bracket, Fill, Order, OrderRequest, Trigger

_TRIGGER_QUANTITY = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,20})?%?", re.ASCII)

BatchOutcome = Order | Refused | OutcomeUnknown
"""What became of one order of a batch."""


def encode_order(request: OrderRequest) -> dict[str, Scalar]:
    """The body of one order, holding only what is set. What is signed is this same mapping.

    Raises:
        InputError: the parts do not make one order, or a number cannot be written in plain digits.
    """
    _require_one_order(request)
    body: dict[str, Scalar] = {
        "symbol": request.symbol,
        "side": request.side.value,
        "orderType": request.kind.value,
    }
    if request.quantity is not None:
        body["quantity"] = money(request.quantity, "quantity")
    if request.price is not None:
        body["price"] = money(request.price, "price")
    if request.quote_quantity is not None:
        body["quoteQuantity"] = money(request.quote_quantity, "quote quantity")
    if request.kind is OrderKind.LIMIT or request.time_in_force is not TimeInForce.GTC:
        body["timeInForce"] = request.time_in_force.value
    if request.post_only:
        body["postOnly"] = True
    if request.reduce_only:
        body["reduceOnly"] = True
    if request.client_id is not None:
        body["clientId"] = request.client_id
    if request.self_trade_prevention is not None:
        body["selfTradePrevention"] = request.self_trade_prevention.value
    if request.slippage_tolerance is not None and request.slippage_tolerance_type is not None:
        body["slippageTolerance"] = money(request.slippage_tolerance, "slippage tolerance")
        body["slippageToleranceType"] = request.slippage_tolerance_type.value
    if request.trigger is not None:
        _add_trigger(body, request.trigger)
    _add_bracket(body, "takeProfit", request.take_profit)
    _add_bracket(body, "stopLoss", request.stop_loss)
    automatic: dict[str, bool | None] = {
        "autoBorrow": request.auto_borrow,
        "autoBorrowRepay": request.auto_borrow_repay,
        "autoLend": request.auto_lend,
        "autoLendRedeem": request.auto_lend_redeem,
    }
    body.update((key, wanted) for key, wanted in automatic.items() if wanted is not None)
    return body


def _require_one_order(request: OrderRequest) -> None:
    has_size = request.quantity is not None
    if request.trigger is not None:
        if has_size or request.quote_quantity is not None:
            raise InputError("A trigger order has its size in the trigger, not in the quantity.")
        if request.kind is OrderKind.LIMIT and request.price is None:
            raise InputError("A limit order needs a price.")
    elif request.kind is OrderKind.LIMIT:
        if request.price is None or not has_size or request.quote_quantity is not None:
            raise InputError("A limit order needs a price and a quantity.")
    elif has_size == (request.quote_quantity is not None):
        raise InputError("A market order needs either a quantity or a quote quantity.")
    if request.kind is OrderKind.MARKET and (request.price is not None or request.post_only):
        raise InputError("A market order has no price and cannot be post-only.")
    if (request.slippage_tolerance is None) != (request.slippage_tolerance_type is None):
        raise InputError("A slippage tolerance needs its type, and the type a tolerance.")
    if request.client_id is not None and not 0 <= request.client_id <= MAX_CLIENT_ID:
        raise InputError(f"0–{MAX_CLIENT_ID}.")


def _add_trigger(body: dict[str, Scalar], trigger: Trigger) -> None:
    if _TRIGGER_QUANTITY.fullmatch(trigger.quantity) is None:
        raise InputError("The trigger quantity is neither a number nor a percentage.")
    body["triggerPrice"] = money(trigger.price, "trigger price")
    body["triggerQuantity"] = trigger.quantity
    if trigger.by is not None:
        body["triggerBy"] = trigger.by.value


def _add_bracket(body: dict[str, Scalar], prefix: str, bracket: Bracket | None) -> None:
    if bracket is None:
        return
    body[f"{prefix}TriggerPrice"] = money(bracket.trigger_price, "trigger price")
    if bracket.limit_price is not None:
        body[f"{prefix}LimitPrice"] = money(bracket.limit_price, "limit price")
    if bracket.by is not None:
        body[f"{prefix}TriggerBy"] = bracket.by.value


def encode_target(market_symbol: Symbol, order_id: OrderId | None, client_id: ClientId | None) -> dict[str, Scalar]:
    """Which order is meant, by exactly one of its two ids.

    Raises:
        InputError: none given, or both.
    """
    return {"symbol": market_symbol, **one_id("order", {"orderId": order_id, "clientId": client_id})}


def order(record: Record) -> Order:
    """A live order, or one of the history: they differ in `createdAt` and in what may be missing."""
    related, strategy_id = optional_identifier(record, "relatedOrderId"), optional_identifier(record, "strategyId")
    return Order(
        order_id=OrderId(identifier(record, "id")),
        symbol=symbol(record),
        side=word(record, "side", Side),
        kind=word(record, "orderType", OrderKind),
        status=word(record, "status", OrderStatus),
        executed_quantity=optional_decimal(record, "executedQuantity") or Decimal(0),
        executed_quote_quantity=optional_decimal(record, "executedQuoteQuantity") or Decimal(0),
        quantity=optional_decimal(record, "quantity"),
        quote_quantity=optional_decimal(record, "quoteQuantity"),
        price=optional_decimal(record, "price"),
        client_id=order_fields.client_id(record, "clientId"),
        time_in_force=optional_word(record, "timeInForce", TimeInForce) or TimeInForce.GTC,
        post_only=flag(record, "postOnly"),
        reduce_only=flag(record, "reduceOnly"),
        self_trade_prevention=optional_word(record, "selfTradePrevention", SelfTradePrevention),
        trigger=order_fields.trigger(record, price="triggerPrice", quantity="triggerQuantity", by="triggerBy"),
        take_profit=order_fields.bracket(
            record, price="takeProfitTriggerPrice", limit="takeProfitLimitPrice", by="takeProfitTriggerBy"
        ),
        stop_loss=order_fields.bracket(
            record, price="stopLossTriggerPrice", limit="stopLossLimitPrice", by="stopLossTriggerBy"
        ),
        expiry_reason=optional_word(record, "expiryReason", ExpiryReason),
        origin=optional_text(record, "systemOrderType") or "USER",
        related_order_id=None if related is None else OrderId(related),
        strategy_id=StrategyId(strategy_id) if strategy_id else None,
        created_ms=_created_ms(record.get("createdAt")),
    )


def _created_ms(value: object) -> int | None:
    """Live orders carry milliseconds, the history a time without zone, in UTC."""
    if value is None:
        return None
    if isinstance(value, str) and not value.isdigit():
        return to_micros(value, "createdAt") // 1_000
    return to_integer(value, "createdAt")


def fill(record: Record) -> Fill:
    fee_asset = optional_text(record, "feeSymbol", 32)
    return Fill(
        symbol=symbol(record),
        order_id=OrderId(identifier(record, "orderId")),
        trade_id=optional_integer(record, "tradeId"),
        side=word(record, "side", Side),
        price=decimal(record, "price"),
        quantity=decimal(record, "quantity"),
        fee=decimal(record, "fee"),
        fee_asset=Asset(fee_asset) if fee_asset else None,
        is_maker=optional_flag(record, "isMaker"),
        time_us=to_micros(record.get("timestamp"), "timestamp"),
        client_id=order_fields.client_id(record, "clientId"),
        system_order_type=optional_text(record, "systemOrderType"),
    )


def decode_batch(raw: bytes, sent: int) -> tuple[BatchOutcome, ...]:
    """One outcome per order sent, in their order.

    Raises:
        UnreadableReply: it is not a list of that many, so no outcome can be told from another.
    """

    def build(parsed: object) -> tuple[BatchOutcome, ...]:
        items = as_list(parsed)
        if len(items) != sent:
            raise UnreadableReply(f"{sent} orders were sent, {len(items)} are answered.")
        return tuple(_batch_outcome(item) for item in items)

    return decode_json(raw, build)


def _batch_outcome(item: object) -> BatchOutcome:
    try:
        record = as_record(item)
        if record.get("operation") == "Ok":
            return order(record)
        code, message = text(record, "code"), optional_text(record, "message", 200) or ""
    except InexactNumber:
        raise
    except UnreadableReply as error:
        return OutcomeUnknown(f"The answer to this order of the batch is not readable: {error}")
    if record.get("operation") == "Err" and is_definitive_code(code):
        return Refused(message, code=code, status=200)
    return OutcomeUnknown(f"{message} ({code}): whether this order of the batch was placed is not known.")
