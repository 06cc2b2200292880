"""Requests for quote: asked, quoted, accepted, refreshed, cancelled, remembered."""

from __future__ import annotations

from bpx_tui.model.enums import OrderStatus, Side
from bpx_tui.model.ids import Symbol
from bpx_tui.simulator.domain.refusals import invalid_request
from bpx_tui.simulator.history.units import plain
from bpx_tui.simulator.products.rfq import ExecutionMode, NewRfq, Quote, Rfq, RfqFill
from bpx_tui.simulator.rest.answers import Reply, json_reply
from bpx_tui.simulator.rest.fields import UINT16, UINT32, UINT64, BodyFields
from bpx_tui.simulator.rest.paging import page_reply
from bpx_tui.simulator.rest.rendering import text
from bpx_tui.simulator.rest.routing import Call, Route, session, signed
from bpx_tui.simulator.rest.times import millis, naive_iso

_AUTO = frozenset({"autoBorrow", "autoBorrowRepay", "autoLend", "autoLendRedeem"})
_SUBMIT = _AUTO | {"clientId", "executionMode", "price", "quantity", "quoteQuantity", "side", "symbol"}
_QUOTE = _AUTO | {"askPrice", "bidPrice", "clientId", "rfqId"}
_ACCEPT = frozenset({"clientId", "quoteId", "rfqId"})
_CANCEL = frozenset({"clientId", "rfqId"})
_REFRESH = frozenset({"rfqId"})


def submit(call: Call) -> Reply:
    fields = call.body("RequestForQuotePayload", _SUBMIT)
    terms = NewRfq(
        symbol=fields.need_symbol(),
        side=fields.need_word("side", Side, "Side"),
        quantity=fields.decimal("quantity"),
        quote_quantity=fields.decimal("quoteQuantity"),
        price=fields.decimal("price"),
        mode=fields.word("executionMode", ExecutionMode, "RfqExecutionMode") or ExecutionMode.AWAIT_ACCEPT,
        client_id=fields.integer("clientId", UINT32),
    )
    return json_reply(_rfq(call.exchange.desks.rfq.submit(call.account, terms)))


def quote(call: Call) -> Reply:
    fields = call.body("QuotePayload", _QUOTE)
    rfq_id = _number(fields, "rfqId")
    if rfq_id is None:
        fields.need_text("rfqId")
        raise invalid_request("RFQ not found")
    bid, ask = fields.need_decimal("bidPrice"), fields.need_decimal("askPrice")
    made = call.exchange.desks.rfq.quote(call.account, rfq_id, bid, ask, fields.integer("clientId", UINT32))
    return json_reply(_quote(made))


def accept(call: Call) -> Reply:
    fields = call.body("QuoteAcceptPayload", _ACCEPT)
    quote_id = _number(fields, "quoteId")
    if quote_id is None:
        fields.need_text("quoteId")
        raise invalid_request("Quote not found")
    accepted = call.exchange.desks.rfq.accept(
        call.account, quote_id, rfq_id=_number(fields, "rfqId"), client_id=fields.integer("clientId", UINT32)
    )
    return json_reply(_rfq(accepted))


def refresh(call: Call) -> Reply:
    fields = call.body("RequestForQuoteRefreshPayload", _REFRESH)
    fields.need_text("rfqId")
    return json_reply(_rfq(call.exchange.desks.rfq.refresh(call.account, _number(fields, "rfqId") or 0)))


def cancel(call: Call) -> Reply:
    fields = call.body("RequestForQuoteCancelPayload", _CANCEL)
    cancelled = call.exchange.desks.rfq.cancel(
        call.account, rfq_id=_number(fields, "rfqId"), client_id=fields.integer("clientId", UINT32)
    )
    return json_reply(_rfq(cancelled))


def _number(fields: BodyFields, name: str) -> int | None:
    """An id, which is text here and a number in the streams."""
    value = fields.identifier(name)
    if value is None:
        return None
    if not value.isdigit():
        raise invalid_request("RFQ not found" if name == "rfqId" else "Quote not found")
    return int(value)


def open_rfqs(call: Call) -> Reply:
    query = call.query
    symbol, rfq_id = query.symbol(), query.integer("rfqId", UINT64)
    query.integer("subaccountId", UINT16)
    deferred = query.boolean("deferredSettlement")
    return json_reply(
        [
            {"rfq": _rfq(rfq), "quotes": [_quote(one) for one in quotes]}
            for rfq, quotes in call.exchange.desks.rfq.open(call.account)
            if symbol in (None, rfq.terms.symbol) and rfq_id in (None, rfq.id) and not deferred
        ]
    )


def _rfq(rfq: Rfq) -> dict[str, object]:
    terms = rfq.terms
    return {
        "clientId": terms.client_id,
        "createdAt": millis(rfq.created_us),
        "executionMode": terms.mode,
        "expiryTime": millis(rfq.expiry_us),
        "price": text(terms.price),
        "quantity": text(terms.quantity),
        "quoteQuantity": text(terms.quote_quantity),
        "rfqId": str(rfq.id),
        "side": terms.side,
        "status": rfq.status,
        "submissionTime": millis(rfq.submission_us),
        "symbol": terms.symbol,
        "systemOrderType": None,
    }


def _quote(quote_: Quote) -> dict[str, object]:
    return {
        "askPrice": plain(quote_.ask),
        "bidPrice": plain(quote_.bid),
        "clientId": quote_.client_id,
        "createdAt": millis(quote_.created_us),
        "quoteId": str(quote_.id),
        "rfqId": str(quote_.rfq_id),
        "status": quote_.status,
    }


# ---- histories


def rfq_history(call: Call) -> Reply:
    query = call.query
    rfq_id, symbol, deferred = query.text("rfqId"), query.symbol(), query.boolean("deferredSettlement")
    status, side = query.word("status", OrderStatus, "OrderStatus"), query.word("side", Side, "Side")
    desk = call.exchange.desks.rfq
    rows = sorted((*desk.history(call.account), *(rfq for rfq, _ in desk.open(call.account))), key=lambda rfq: rfq.id)
    found = [
        rfq
        for rfq in rows
        if rfq_id in (None, str(rfq.id))
        and symbol in (None, rfq.terms.symbol)
        and status in (None, rfq.status)
        and side in (None, rfq.terms.side)
        and not deferred
    ]
    return page_reply(call, found, _past_rfq)


def _past_rfq(rfq: Rfq) -> dict[str, object]:
    times = {
        "createdAt": naive_iso(rfq.created_us),
        "expiryTime": naive_iso(rfq.expiry_us),
        "submissionTime": naive_iso(rfq.submission_us),
    }
    rendered = {**_rfq(rfq), **times, "deferredSettlementQuoteId": None}
    del rendered["systemOrderType"]
    return rendered


def quote_history(call: Call) -> Reply:
    query = call.query
    quote_id, symbol, deferred = query.text("quoteId"), query.symbol(), query.boolean("deferredSettlement")
    status = query.word("status", OrderStatus, "OrderStatus")
    found: list[tuple[Quote, Symbol]] = [
        row
        for row in call.exchange.desks.rfq.quote_history(call.account)
        if quote_id in (None, str(row[0].id))
        and symbol in (None, row[1])
        and status in (None, row[0].status)
        and not deferred
    ]
    return page_reply(call, found, lambda row: _past_quote(row[0]))


def _past_quote(quote_: Quote) -> dict[str, object]:
    return {**_quote(quote_), "createdAt": naive_iso(quote_.created_us), "deferredSettlement": False}


def rfq_fills(call: Call) -> Reply:
    query = call.query
    quote_id, symbol, side = query.text("quoteId"), query.symbol(), query.word("side", Side, "Side")
    kind = query.one_of("fillType", ("User", "CollateralConversion"), "RfqFillType")
    deferred = query.boolean("deferredSettlement")
    found = [
        fill
        for fill in call.exchange.desks.rfq.fills(call.account)
        if quote_id in (None, str(fill.quote.id))
        and symbol in (None, fill.rfq.terms.symbol)
        and side in (None, fill.rfq.terms.side)
        and kind in (None, "User")
        and not deferred
    ]
    return page_reply(call, found, _rfq_fill)


def _rfq_fill(fill: RfqFill) -> dict[str, object]:
    terms = fill.rfq.terms
    return {
        "clientId": terms.client_id,
        "createdAt": naive_iso(fill.rfq.created_us),
        "fillPrice": plain(fill.price),
        "filledAt": naive_iso(fill.filled_us),
        "quantity": text(terms.quantity),
        "quoteId": str(fill.quote.id),
        "quoteQuantity": text(terms.quote_quantity),
        "rfqId": str(fill.rfq.id),
        "side": terms.side,
        "symbol": terms.symbol,
        "systemOrderType": None,
    }


def quote_fills(call: Call) -> Reply:
    query = call.query
    quote_id, symbol, side = query.text("quoteId"), query.symbol(), query.word("side", Side, "Side")
    found = [
        fill
        for fill in call.exchange.desks.rfq.quote_fills(call.account)
        if quote_id in (None, str(fill.quote.id))
        and symbol in (None, fill.rfq.terms.symbol)
        and side in (None, fill.rfq.terms.side.opposite)
    ]
    return page_reply(call, found, _quote_fill)


def _quote_fill(fill: RfqFill) -> dict[str, object]:
    """As the maker sees it: the other side of the request."""
    terms = fill.rfq.terms
    return {
        "clientId": fill.quote.client_id,
        "createdAt": naive_iso(fill.quote.created_us),
        "fee": plain(fill.fee),
        "feeSymbol": fill.fee_asset,
        "fillPrice": plain(fill.price),
        "filledAt": naive_iso(fill.filled_us),
        "quantity": plain(fill.quantity),
        "quoteId": str(fill.quote.id),
        "rfqId": str(fill.rfq.id),
        "side": terms.side.opposite,
        "symbol": terms.symbol,
    }


_PAST = "/wapi/v1/history"
ROUTES: tuple[Route, ...] = (
    signed("submit_rfq", "POST", "/api/v1/rfq", "rfqSubmit", submit),
    signed("submit_quote", "POST", "/api/v1/rfq/quote", "quoteSubmit", quote),
    signed("accept_quote", "POST", "/api/v1/rfq/accept", "quoteAccept", accept),
    signed("refresh_rfq", "POST", "/api/v1/rfq/refresh", "rfqRefresh", refresh),
    signed("cancel_rfq", "POST", "/api/v1/rfq/cancel", "rfqCancel", cancel),
    signed("get_open_rfqs", "GET", "/api/v1/rfqs", "rfqQuery", open_rfqs),
    session("get_rfq_history", "GET", f"{_PAST}/rfq", "rfqHistoryQueryAll", rfq_history),
    session("get_quote_history", "GET", f"{_PAST}/quote", "quoteHistoryQueryAll", quote_history),
    session("get_rfq_fill_history", "GET", f"{_PAST}/rfq/fill", "rfqFillHistoryQueryAll", rfq_fills),
    session("get_quote_fill_history", "GET", f"{_PAST}/quote/fill", "quoteFillHistoryQueryAll", quote_fills),
)
