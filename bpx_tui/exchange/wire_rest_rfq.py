"""Requests for quote over REST: what is sent, and what comes back. Source: PROTOCOL 5.9 and openapi.yml."""

from __future__ import annotations

from bpx_tui.errors import InputError
from bpx_tui.exchange import order_fields
from bpx_tui.exchange.body_fields import money, optional_money
from bpx_tui.exchange.fields import (
    Record,
    as_record,
    asset,
    decimal,
    identifier,
    integer,
    micros,
    needed_flag,
    optional_decimal,
    optional_identifier,
    optional_text,
    symbol,
    word,
)
from bpx_tui.exchange.signing import Params, set_only
from bpx_tui.exchange.wire_rest import all_of
from bpx_tui.model.enums import OrderStatus, RfqExecutionMode, Side
from bpx_tui.model.ids import QuoteId, RfqId
from bpx_tui.model.rfq import OpenRfq, Quote, QuoteFill, QuoteRequest, Rfq, RfqFill, RfqRequest


def encode_rfq(request: RfqRequest) -> Params:
    """The body of a request for quote, holding only what is set.

    Raises:
        InputError: the parts do not make one request, or a number cannot be written in plain digits.
    """
    if (request.quantity is None) == (request.quote_quantity is None):
        raise InputError("A request for quote needs either a quantity or a quote quantity.")
    if (request.price is None) == (request.mode is RfqExecutionMode.IMMEDIATE):
        raise InputError("A request for quote has a price if, and only if, it is executed immediately.")
    return set_only(
        {
            "symbol": request.symbol,
            "side": request.side,
            "quantity": optional_money(request.quantity, "quantity"),
            "quoteQuantity": optional_money(request.quote_quantity, "quote quantity"),
            "executionMode": request.mode,
            "price": optional_money(request.price, "price"),
            "clientId": request.client_id,
            "autoBorrow": request.auto_borrow,
            "autoBorrowRepay": request.auto_borrow_repay,
            "autoLend": request.auto_lend,
            "autoLendRedeem": request.auto_lend_redeem,
        }
    )


def encode_quote(request: QuoteRequest) -> Params:
    """The body of a quote, holding only what is set.

    Raises:
        InputError: a price cannot be written in plain digits.
    """
    return set_only(
        {
            "rfqId": request.rfq_id,
            "bidPrice": money(request.bid, "bid price"),
            "askPrice": money(request.ask, "ask price"),
            "clientId": request.client_id,
            "autoBorrow": request.auto_borrow,
            "autoBorrowRepay": request.auto_borrow_repay,
            "autoLend": request.auto_lend,
            "autoLendRedeem": request.auto_lend_redeem,
        }
    )


def rfq(record: Record) -> Rfq:
    """A request as it stands now: its times are milliseconds."""
    times = (integer(record, "submissionTime"), integer(record, "expiryTime"), integer(record, "createdAt"))
    return _rfq(record, *times)


def past_rfq(record: Record) -> Rfq:
    """A row of the history: its times have no zone."""
    times = (micros(record, "submissionTime"), micros(record, "expiryTime"), micros(record, "createdAt"))
    return _rfq(record, *(time_us // 1_000 for time_us in times))


def _rfq(record: Record, submit_until_ms: int, expires_ms: int, created_ms: int) -> Rfq:
    deferred_quote_id = optional_identifier(record, "deferredSettlementQuoteId")
    return Rfq(
        rfq_id=RfqId(identifier(record, "rfqId")),
        symbol=symbol(record),
        side=word(record, "side", Side),
        status=word(record, "status", OrderStatus),
        mode=word(record, "executionMode", RfqExecutionMode),
        submit_until_ms=submit_until_ms,
        expires_ms=expires_ms,
        created_ms=created_ms,
        quantity=optional_decimal(record, "quantity"),
        quote_quantity=optional_decimal(record, "quoteQuantity"),
        price=optional_decimal(record, "price"),
        client_id=order_fields.client_id(record, "clientId"),
        system_order_type=optional_text(record, "systemOrderType"),
        deferred_quote_id=QuoteId(deferred_quote_id) if deferred_quote_id else None,
    )


def quote(record: Record) -> Quote:
    return _quote(record, integer(record, "createdAt"), None)


def past_quote(record: Record) -> Quote:
    """A row of the history: its time has no zone, and it tells how it was settled."""
    return _quote(record, micros(record, "createdAt") // 1_000, needed_flag(record, "deferredSettlement"))


def _quote(record: Record, created_ms: int, is_deferred: bool | None) -> Quote:
    return Quote(
        quote_id=QuoteId(identifier(record, "quoteId")),
        rfq_id=RfqId(identifier(record, "rfqId")),
        bid=decimal(record, "bidPrice"),
        ask=decimal(record, "askPrice"),
        status=word(record, "status", OrderStatus),
        created_ms=created_ms,
        client_id=order_fields.client_id(record, "clientId"),
        is_deferred=is_deferred,
    )


def open_rfq(record: Record) -> OpenRfq:
    """A request with its quotes. All of them must be readable: the best of some is not the best."""
    return OpenRfq(rfq(as_record(record.get("rfq"), "rfq")), all_of(record, "quotes", quote))


def rfq_fill(record: Record) -> RfqFill:
    return RfqFill(
        rfq_id=RfqId(identifier(record, "rfqId")),
        quote_id=QuoteId(identifier(record, "quoteId")),
        symbol=symbol(record),
        side=word(record, "side", Side),
        price=decimal(record, "fillPrice"),
        created_us=micros(record, "createdAt"),
        filled_us=micros(record, "filledAt"),
        quantity=optional_decimal(record, "quantity"),
        quote_quantity=optional_decimal(record, "quoteQuantity"),
        client_id=order_fields.client_id(record, "clientId"),
        system_order_type=optional_text(record, "systemOrderType"),
    )


def quote_fill(record: Record) -> QuoteFill:
    return QuoteFill(
        quote_id=QuoteId(identifier(record, "quoteId")),
        rfq_id=RfqId(identifier(record, "rfqId")),
        symbol=symbol(record),
        side=word(record, "side", Side),
        price=decimal(record, "fillPrice"),
        quantity=decimal(record, "quantity"),
        fee=decimal(record, "fee"),
        fee_asset=asset(record, "feeSymbol"),
        created_us=micros(record, "createdAt"),
        filled_us=micros(record, "filledAt"),
        client_id=order_fields.client_id(record, "clientId"),
    )
