"""The REST interface, one method per operation, typed in and out; what belongs together is a group of its own.

Errors are those of `bpx_tui.errors` only: reads raise `Unavailable` (try later), `Refused` or `UnreadableReply`; what
changes something raises `NotSent`, `Refused` or `OutcomeUnknown`. Nothing here tries again. There is no call that
requests a withdrawal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from bpx_tui.clock import Clock
from bpx_tui.errors import InputError, NotFound
from bpx_tui.exchange import wire_rest_account, wire_rest_market, wire_rest_orders
from bpx_tui.exchange.limits import RequestBudget, Share
from bpx_tui.exchange.rest_calls import RestCalls
from bpx_tui.exchange.rest_capital import Capital
from bpx_tui.exchange.rest_errors import Reply
from bpx_tui.exchange.rest_history import History
from bpx_tui.exchange.rest_lending import Lending
from bpx_tui.exchange.rest_listings import Listings
from bpx_tui.exchange.rest_reference import Reference
from bpx_tui.exchange.rest_rfq import Rfqs
from bpx_tui.exchange.rest_strategies import Strategies
from bpx_tui.exchange.rest_transport import RestTransport
from bpx_tui.exchange.rest_vaults import Vaults
from bpx_tui.exchange.server_clock import ClockSample, ServerClock
from bpx_tui.exchange.signing import Params, Signer
from bpx_tui.exchange.wire_rest import Rows, decode_one, decode_rows
from bpx_tui.exchange.wire_rest_orders import BatchOutcome
from bpx_tui.model.account import AccountSettings, Balance, Collateral, Position
from bpx_tui.model.enums import KlineInterval, MarketKind, Side
from bpx_tui.model.ids import ClientId, OrderId, Symbol
from bpx_tui.model.market import ExchangeStatus, Market
from bpx_tui.model.numbers import plain
from bpx_tui.model.orders import Fill, Order, OrderRequest
from bpx_tui.model.quotes import Candle, DepthSnapshot, FundingRate, MarkPrice, OpenInterest, Ticker, Trade

DEPTH_LIMITS = (5, 10, 20, 50, 100, 500, 1000)
"""The only limits that the depth endpoint takes."""


class RestClient:
    """The exchange over one warm HTTP session. Open and use it within one event loop."""

    def __init__(
        self,
        base_url: str,
        signer: Signer | None,
        server_clock: ServerClock,
        clock: Clock,
        budget: RequestBudget,
        *,
        transport: RestTransport | None = None,
    ) -> None:
        """`transport` replaces the default one, as for other timeouts."""
        self._transport = transport or RestTransport(base_url, signer, server_clock, budget)
        self._calls = RestCalls(self._transport)
        self._server_clock = server_clock
        self._clock = clock
        self.strategies = Strategies(self._calls)
        self.rfqs = Rfqs(self._calls)
        self.vaults = Vaults(self._calls)
        self.listings = Listings(self._calls)
        self.history = History(self._calls)
        self.capital = Capital(self._calls)
        self.lending = Lending(self._calls)
        self.reference = Reference(self._calls)

    async def open(self) -> None:
        """Make the session; the first request connects. `measure_clock` makes a good first request."""
        await self._transport.open()

    async def close(self) -> None:
        await self._transport.close()

    # Public: the exchange itself

    async def status(self) -> ExchangeStatus:
        return await self._calls.one("get_status", wire_rest_market.status)

    async def ping(self) -> None:
        """Whether anything answers at all: no error is the answer."""
        await self._calls.read("ping", lambda reply: wire_rest_market.require_pong(reply.body))

    async def time_ms(self) -> int:
        """The exchange's clock, in milliseconds."""
        return await self._calls.read("get_time", lambda reply: wire_rest_market.decode_time_ms(reply.body))

    async def measure_clock(self) -> ClockSample:
        """Read the exchange's clock once into the `ServerClock`. Five in a row make a good start."""
        sent = self._clock.monotonic()
        server_ms = await self.time_ms()
        return self._server_clock.add_sample(server_ms, sent, self._clock.monotonic())

    # Public: market data

    async def markets(self, kind: MarketKind | None = None) -> Rows[Market]:
        """Spot and perpetual markets, or those of one kind.

        `age_seconds` may be many minutes: `trading_state` is a hint, not a fact.
        """
        return await self._calls.rows("get_markets", wire_rest_market.market, {"marketType": kind})

    async def market(self, symbol: Symbol) -> Market:
        return await self._calls.one("get_market", wire_rest_market.market, {"symbol": symbol})

    async def tickers(self) -> Rows[Ticker]:
        return await self._calls.rows("get_tickers", wire_rest_market.ticker)

    async def ticker(self, symbol: Symbol) -> Ticker | None:
        """Rolling 24 hours, or `None` where the market has no trades in them."""
        return await self._calls.read_or_none("get_ticker", wire_rest_market.ticker, {"symbol": symbol})

    async def depth(self, symbol: Symbol, limit: int = 1000) -> DepthSnapshot:
        """The book. It may lag the stream. `limit` is levels a side, one of `DEPTH_LIMITS`."""
        if limit not in DEPTH_LIMITS:
            raise InputError(f"Depth is served with {', '.join(map(str, DEPTH_LIMITS))} levels, not with {limit}.")
        query: Params = {"symbol": symbol, "limit": limit}
        return await self._calls.read(
            "get_depth", lambda reply: wire_rest_market.decode_depth(reply.body, symbol), query
        )

    async def klines(
        self, symbol: Symbol, interval: KlineInterval, start_s: int, end_s: int | None = None
    ) -> Rows[Candle]:
        """Candles from `start_s`, oldest first; ask for at most about 1,000. The last may still be open."""
        query: Params = {"symbol": symbol, "interval": interval.value, "startTime": start_s, "endTime": end_s}

        def decode(reply: Reply) -> Rows[Candle]:
            return wire_rest_market.decode_candles(reply.body, self._server_clock.now_ms(), reply.age_seconds)

        return await self._calls.read("get_klines", decode, query)

    async def trades(self, symbol: Symbol, limit: int = 100) -> Rows[Trade]:
        """The newest public trades, newest first; at most 1,000."""
        return await self._calls.read("get_recent_trades", _trades_of(symbol), {"symbol": symbol, "limit": limit})

    async def historical_trades(self, symbol: Symbol, limit: int = 100, offset: int = 0) -> Rows[Trade]:
        """Public trades further back, newest first; at most 1,000 a page. Few such calls are allowed a minute."""
        query: Params = {"symbol": symbol, "limit": limit, "offset": offset}
        return await self._calls.read("get_historical_trades", _trades_of(symbol), query)

    async def mark_prices(self, symbol: Symbol | None = None) -> Rows[MarkPrice]:
        """Marks of perpetuals. A cache may serve them an hour old after a failure: look at `age_seconds`."""
        return await self._calls.rows("get_mark_prices", wire_rest_market.mark_price, {"symbol": symbol})

    async def open_interest(self, symbol: Symbol | None = None) -> Rows[OpenInterest]:
        return await self._calls.rows("get_open_interest", wire_rest_market.open_interest, {"symbol": symbol})

    async def funding_rates(self, symbol: Symbol, limit: int = 100) -> Rows[FundingRate]:
        """Past funding rates, newest first."""
        query: Params = {"symbol": symbol, "limit": limit}
        return await self._calls.rows("get_funding_interval_rates", wire_rest_market.funding_rate, query)

    # Private: the account

    async def account(self) -> AccountSettings:
        return await self._calls.one("get_account", wire_rest_account.account)

    async def balances(self) -> Rows[Balance]:
        return await self._calls.read("get_balances", lambda reply: wire_rest_account.decode_balances(reply.body))

    async def collateral(self) -> Collateral:
        return await self._calls.one("get_collateral", wire_rest_account.collateral)

    async def positions(self, symbol: Symbol | None = None) -> Rows[Position]:
        """Open positions. Only with `symbol` does the exchange compute the liquidation price. None is flat.

        Raises:
            NotFound: something else than a position is not there, so nothing is known.
        """
        try:
            return await self._calls.rows("get_positions", wire_rest_account.position, {"symbol": symbol})
        except NotFound as absent:
            if symbol is None or absent.code != "RESOURCE_NOT_FOUND":
                raise  # a wrong path or something on the way: that is not the exchange's word for flat
            return Rows()

    async def max_order_quantity(
        self, symbol: Symbol, side: Side, price: Decimal | None = None, *, reduce_only: bool | None = None
    ) -> Decimal:
        """The largest order that the exchange would take from this account now, in base."""
        query: Params = {
            "symbol": symbol,
            "side": side.value,
            "price": None if price is None else plain(price),
            "reduceOnly": reduce_only,
        }
        return await self._calls.one("get_max_order_quantity", wire_rest_market.max_order_quantity, query)

    # Private: orders, read

    async def open_orders(self, symbol: Symbol | None = None) -> Rows[Order]:
        """Resting and pending trigger orders. With `unreadable` rows, an absent order is not a gone order."""
        return await self._calls.rows("get_open_orders", wire_rest_orders.order, {"symbol": symbol})

    async def order(
        self, symbol: Symbol, *, order_id: OrderId | None = None, client_id: ClientId | None = None
    ) -> Order:
        """A resting order.

        Raises:
            NotFound: it is not resting. It may have been filled or cancelled, or not have arrived yet.
        """
        query = wire_rest_orders.encode_target(symbol, order_id, client_id)
        return await self._calls.one("get_order", wire_rest_orders.order, query)

    async def order_history(
        self,
        symbol: Symbol | None = None,
        *,
        order_id: OrderId | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> Rows[Order]:
        """Orders of any status, newest first. The history lags, and takes neither times nor client ids."""
        query: Params = {"symbol": symbol, "orderId": order_id, "limit": limit, "offset": offset}
        return await self._calls.rows("get_order_history", wire_rest_orders.order, query)

    async def fills(
        self,
        symbol: Symbol | None = None,
        *,
        order_id: OrderId | None = None,
        from_ms: int | None = None,
        to_ms: int | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> Rows[Fill]:
        """Own executions, newest first, those made by the exchange itself included."""
        query: Params = {
            "symbol": symbol,
            "orderId": order_id,
            "from": from_ms,
            "to": to_ms,
            "limit": limit,
            "offset": offset,
        }
        return await self._calls.rows("get_fills", wire_rest_orders.fill, query)

    # Private: orders, changed

    async def place(self, request: OrderRequest) -> Order:
        """Send one order, once. The answer may already be filled, expired or cancelled: look at its status.

        Raises:
            InputError: the request does not make an order; nothing was done.
        """
        body = wire_rest_orders.encode_order(request)
        return await self._calls.change("execute_order", _share_of([request]), body, _order)

    async def place_batch(self, requests: Sequence[OrderRequest]) -> tuple[BatchOutcome, ...]:
        """Send several orders in one request, once. One outcome each, in their order: some may fail alone."""
        body = [wire_rest_orders.encode_order(request) for request in requests]
        if not body:
            raise InputError("The batch holds no order.")

        def decode(reply: Reply) -> tuple[BatchOutcome, ...]:
            return wire_rest_orders.decode_batch(reply.body, len(body))

        return await self._calls.change("execute_order_batch", _share_of(requests), body, decode)

    async def cancel(
        self, symbol: Symbol, *, order_id: OrderId | None = None, client_id: ClientId | None = None
    ) -> Order | None:
        """Cancel one order. `None`: accepted, not yet executed; only the exchange's own word makes it cancelled.

        Raises:
            NotFound: it is not open. It may have been filled.
        """
        body = wire_rest_orders.encode_target(symbol, order_id, client_id)
        return await self._calls.change_or_accept("cancel_order", Share.CANCEL, body, _order)

    async def cancel_all(self, symbol: Symbol, conditional: bool = False) -> Rows[Order] | None:
        """Cancel all resting orders of one market, or all pending trigger orders. `None`: accepted, not yet done."""
        body: Params = {
            "symbol": symbol,
            "orderType": "ConditionalOrder" if conditional else "RestingLimitOrder",
        }
        return await self._calls.change_or_accept(
            "cancel_open_orders", Share.CANCEL, body, lambda reply: decode_rows(reply.body, wire_rest_orders.order)
        )


def _trades_of(symbol: Symbol) -> Callable[[Reply], Rows[Trade]]:
    return lambda reply: wire_rest_market.decode_trades(reply.body, symbol, reply.age_seconds)


def _order(reply: Reply) -> Order:
    return decode_one(reply.body, wire_rest_orders.order)


def _share_of(requests: Sequence[OrderRequest]) -> Share:
    """Leaving a position must stay possible where cancelling is."""
    return Share.CANCEL if all(request.reduce_only for request in requests) else Share.ORDER
