"""The REST calls that concern requests for quote, for those who ask and those who quote.

Errors are those that `RestClient` names. Histories come newest first unless asked otherwise, at most 1,000 at a time.
"""

from __future__ import annotations

from bpx_tui.exchange import wire_rest_rfq as wire
from bpx_tui.exchange.body_fields import one_id
from bpx_tui.exchange.limits import Share
from bpx_tui.exchange.rest_calls import RestCalls, page
from bpx_tui.exchange.rest_errors import Reply
from bpx_tui.exchange.signing import Params
from bpx_tui.exchange.wire_rest import Rows, decode_one
from bpx_tui.model.enums import OrderStatus, RfqFillType, Side, SortDirection
from bpx_tui.model.ids import ClientId, QuoteId, RfqId, Symbol
from bpx_tui.model.rfq import OpenRfq, Quote, QuoteFill, QuoteRequest, Rfq, RfqFill, RfqRequest


class Rfqs:
    """Requests for quote of the account, and its quotes to those of others."""

    def __init__(self, calls: RestCalls) -> None:
        self._calls = calls

    async def open(
        self, symbol: Symbol | None = None, *, rfq_id: RfqId | None = None, deferred: bool | None = None
    ) -> Rows[OpenRfq]:
        """Own open requests, with their quotes. `deferred`: only those of deferred settlement, or only the others."""
        query: Params = {"symbol": symbol, "rfqId": rfq_id, "deferredSettlement": deferred}
        return await self._calls.rows("get_open_rfqs", wire.open_rfq, query)

    async def submit(self, request: RfqRequest) -> Rfq:
        """Ask for quotes, once.

        Raises:
            InputError: the parts do not make one request; nothing was done.
        """
        return await self._calls.change("submit_rfq", Share.ORDER, wire.encode_rfq(request), _rfq)

    async def accept(self, quote_id: QuoteId, *, rfq_id: RfqId | None = None, client_id: ClientId | None = None) -> Rfq:
        """Trade with one quote. `rfq_id` or `client_id` may say to which request it was made."""
        body: Params = {"quoteId": quote_id, "rfqId": rfq_id, "clientId": client_id}
        return await self._calls.change("accept_quote", Share.ORDER, body, _rfq)

    async def cancel(self, *, rfq_id: RfqId | None = None, client_id: ClientId | None = None) -> Rfq:
        """Take a request back, named by one of its ids."""
        body = one_id("request for quote", {"rfqId": rfq_id, "clientId": client_id})
        return await self._calls.change("cancel_rfq", Share.CANCEL, body, _rfq)

    async def refresh(self, rfq_id: RfqId) -> Rfq:
        """Give a request its whole time again."""
        return await self._calls.change("refresh_rfq", Share.ORDER, {"rfqId": rfq_id}, _rfq)

    async def quote(self, request: QuoteRequest) -> Quote:
        """Quote both sides to somebody's request, once. It may have traded at once: look at its status.

        Raises:
            InputError: a price cannot be sent; nothing was done.
        """
        body = wire.encode_quote(request)
        return await self._calls.change(
            "submit_quote", Share.ORDER, body, lambda reply: decode_one(reply.body, wire.quote)
        )

    async def history(
        self,
        symbol: Symbol | None = None,
        *,
        rfq_id: RfqId | None = None,
        status: OrderStatus | None = None,
        side: Side | None = None,
        deferred: bool | None = None,
        limit: int = 100,
        offset: int = 0,
        direction: SortDirection | None = None,
    ) -> Rows[Rfq]:
        """Own requests that were filled, cancelled or have expired."""
        query: Params = {
            "symbol": symbol,
            "rfqId": rfq_id,
            "status": status,
            "side": side,
            "deferredSettlement": deferred,
            **page(limit, offset, direction),
        }
        return await self._calls.rows("get_rfq_history", wire.past_rfq, query)

    async def fills(
        self,
        symbol: Symbol | None = None,
        *,
        quote_id: QuoteId | None = None,
        side: Side | None = None,
        fill_type: RfqFillType | None = None,
        deferred: bool | None = None,
        limit: int = 100,
        offset: int = 0,
        direction: SortDirection | None = None,
    ) -> Rows[RfqFill]:
        """Own requests that traded, those made by the exchange itself included unless `fill_type` says otherwise."""
        query: Params = {
            "symbol": symbol,
            "quoteId": quote_id,
            "side": side,
            "fillType": fill_type,
            "deferredSettlement": deferred,
            **page(limit, offset, direction),
        }
        return await self._calls.rows("get_rfq_fill_history", wire.rfq_fill, query)

    async def quotes(
        self,
        symbol: Symbol | None = None,
        *,
        quote_id: QuoteId | None = None,
        status: OrderStatus | None = None,
        deferred: bool | None = None,
        limit: int = 100,
        offset: int = 0,
        direction: SortDirection | None = None,
    ) -> Rows[Quote]:
        """Own quotes that were filled, cancelled or have expired."""
        query: Params = {
            "symbol": symbol,
            "quoteId": quote_id,
            "status": status,
            "deferredSettlement": deferred,
            **page(limit, offset, direction),
        }
        return await self._calls.rows("get_quote_history", wire.past_quote, query)

    async def quote_fills(
        self,
        symbol: Symbol | None = None,
        *,
        quote_id: QuoteId | None = None,
        side: Side | None = None,
        limit: int = 100,
        offset: int = 0,
        direction: SortDirection | None = None,
    ) -> Rows[QuoteFill]:
        """Own quotes that traded."""
        query: Params = {
            "symbol": symbol,
            "quoteId": quote_id,
            "side": side,
            **page(limit, offset, direction),
        }
        return await self._calls.rows("get_quote_fill_history", wire.quote_fill, query)


def _rfq(reply: Reply) -> Rfq:
    return decode_one(reply.body, wire.rfq)
