"""A scripted exchange in memory: what it answers, in what order and how it fails is set by the test."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import islice
from typing import TypeVar

from bpx_tui.clock import Clock
from bpx_tui.errors import BpxError
from bpx_tui.exchange.server_clock import ClockSample, ServerClock
from bpx_tui.exchange.stream import StreamState, StreamStatus
from bpx_tui.exchange.wire_rest import Rows
from bpx_tui.model.account import AccountSettings, Balance, Collateral, Position
from bpx_tui.model.enums import KlineInterval, OrderStatus, StrategyStatus
from bpx_tui.model.ids import ClientId, OrderId, Symbol
from bpx_tui.model.lending import BorrowLendPosition
from bpx_tui.model.lifecycle import is_terminal
from bpx_tui.model.market import ExchangeStatus, Market
from bpx_tui.model.orders import Fill, Order, OrderRequest
from bpx_tui.model.quotes import Candle, DepthSnapshot, FundingRate, MarkPrice, OpenInterest, Ticker, Trade
from bpx_tui.model.strategies import Strategy
from tests.fakes import values

T = TypeVar("T")
Step = BpxError | Callable[[], Awaitable[None]]


class ScriptedVenue:
    """Holds the truth as plain lists that a test edits. `script(name, ...)` queues failures or waits for a call."""

    def __init__(self, clock: Clock, time: ServerClock) -> None:
        self._clock = clock
        self._time = time
        self._scripts: dict[str, deque[Step]] = {}
        self.always: dict[str, BpxError] = {}
        """Calls that fail every time."""
        self.calls: list[str] = []
        self.placed: list[OrderRequest] = []
        self.orders: dict[OrderId, Order] = {}
        self.fill_rows: list[Fill] = []
        self.position_rows: list[Position] = []
        self.balance_rows: list[Balance] = [values.balance()]
        self.market_rows: list[Market] = [values.market(), values.market(values.SOL_PERP)]
        self.candle_rows: list[Candle] = []
        self.trade_rows: list[Trade] = []
        self.book_id = 100
        self.bids: dict[str, str] = {"99.99": "5", "99.98": "6"}
        self.asks: dict[str, str] = {"100.01": "5", "100.02": "6"}
        self.cached_seconds = 0
        """How long a cache has held tickers and marks."""
        self.unreadable: tuple[str, ...] = ()
        """Why some rows of the open orders are not."""
        self.unreadable_money: tuple[str, ...] = ()
        """Why some balances and some fills are not."""
        self.settings = values.settings()
        self.status_word = "Ok"
        self.offset_ms = 0
        self.accepts_cancels_only = False
        """Answer cancels with 202 and do nothing."""
        self.ends_at_once: str | None = None
        """Expire every order at once, for this reason."""
        self.strategies = ScriptedStrategies(self._call)
        self.lending = ScriptedLending(self._call)
        self.executes_before_failing = False
        """Let a scripted failure of `place` happen after the order was accepted."""

    def script(self, name: str, *steps: Step) -> None:
        """The next calls of `name` meet these: an error is raised, a callable is awaited first."""
        self._scripts.setdefault(name, deque()).extend(steps)

    def count(self, name: str) -> int:
        return self.calls.count(name)

    async def _call(self, name: str) -> None:
        self.calls.append(name)
        await asyncio.sleep(0)
        steps = self._scripts.get(name)
        if steps:
            step = steps.popleft()
            if isinstance(step, BpxError):
                raise step
            await step()
        if name in self.always:
            raise self.always[name]

    async def measure_clock(self) -> ClockSample:
        await self._call("measure_clock")
        now = self._clock.monotonic()
        return self._time.add_sample(self._clock.wall_ms() + self.offset_ms, now, now)

    async def status(self) -> ExchangeStatus:
        await self._call("status")
        return ExchangeStatus(self.status_word)

    async def markets(self) -> Sequence[Market]:
        await self._call("markets")
        return tuple(self.market_rows)

    async def tickers(self) -> Sequence[Ticker]:
        await self._call("tickers")
        return Rows((values.ticker(market.symbol) for market in self.market_rows), age_seconds=self.cached_seconds)

    async def ticker(self, symbol: Symbol) -> Ticker | None:
        await self._call("ticker")
        return values.ticker(symbol)

    async def depth(self, symbol: Symbol, limit: int = 1000) -> DepthSnapshot:
        await self._call("depth")
        bids = [[price, quantity] for price, quantity in self.bids.items()]
        asks = [[price, quantity] for price, quantity in self.asks.items()]
        return DepthSnapshot(symbol, self.book_id, bids, asks, self._time.now_us())

    async def klines(
        self, symbol: Symbol, interval: KlineInterval, start_s: int, end_s: int | None = None
    ) -> Sequence[Candle]:
        await self._call("klines")
        return tuple(c for c in self.candle_rows if c.start_s >= start_s and (end_s is None or c.start_s < end_s))

    async def trades(self, symbol: Symbol, limit: int = 100) -> Sequence[Trade]:
        await self._call("trades")
        return tuple(reversed(self.trade_rows[-limit:]))

    async def mark_prices(self, symbol: Symbol | None = None) -> Sequence[MarkPrice]:
        await self._call("mark_prices")
        mark = MarkPrice(symbol or values.SOL_PERP, Decimal(100), None, None, None)
        return Rows((mark,), age_seconds=self.cached_seconds)

    async def open_interest(self, symbol: Symbol | None = None) -> Sequence[OpenInterest]:
        await self._call("open_interest")
        return ()

    async def funding_rates(self, symbol: Symbol, limit: int = 100) -> Sequence[FundingRate]:
        await self._call("funding_rates")
        return ()

    async def account(self) -> AccountSettings:
        await self._call("account")
        return self.settings

    async def balances(self) -> Sequence[Balance]:
        await self._call("balances")
        return Rows(self.balance_rows, self.unreadable_money)

    async def collateral(self) -> Collateral:
        await self._call("collateral")
        return values.collateral()

    async def positions(self, symbol: Symbol | None = None) -> Sequence[Position]:
        await self._call("positions")
        return tuple(self.position_rows)

    async def open_orders(self, symbol: Symbol | None = None) -> Sequence[Order]:
        await self._call("open_orders")
        rows = (o for o in self.orders.values() if not is_terminal(o) and symbol in (None, o.symbol))
        return Rows(rows, self.unreadable)

    async def order_history(
        self, symbol: Symbol | None = None, *, order_id: OrderId | None = None, limit: int = 100, offset: int = 0
    ) -> Sequence[Order]:
        await self._call("order_history")
        rows = [o for o in self.orders.values() if symbol in (None, o.symbol) and order_id in (None, o.order_id)]
        return tuple(reversed(rows))[offset : offset + limit]

    async def fills(
        self,
        symbol: Symbol | None = None,
        *,
        order_id: OrderId | None = None,
        from_ms: int | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> Sequence[Fill]:
        await self._call("fills")
        rows = (
            row
            for row in self.fill_rows
            if symbol in (None, row.symbol)
            and order_id in (None, row.order_id)
            and row.time_us >= (from_ms or 0) * 1_000
        )
        return Rows(islice(rows, limit), self.unreadable_money)

    async def place(self, request: OrderRequest) -> Order:
        self.placed.append(request)
        if self.executes_before_failing:
            self.accept(request)
            await self._call("place")
            return next(reversed(self.orders.values()))
        await self._call("place")
        return self.accept(request)

    def accept(self, request: OrderRequest, status: OrderStatus = OrderStatus.NEW, executed: str = "0") -> Order:
        """Make the order exist."""
        order = values.order(
            str(len(self.orders) + 1),
            status,
            executed,
            quantity=None if request.quantity is None else str(request.quantity),
            price=None if request.price is None else str(request.price),
            side=request.side,
            symbol=request.symbol,
            client_id=request.client_id,
            created_ms=self._time.now_ms(),
            kind=request.kind,
        )
        if self.ends_at_once is not None:
            order = replace(order, status=OrderStatus.EXPIRED, expiry_reason=self.ends_at_once)
        self.orders[order.order_id] = order
        return order

    def change(self, order_id: str, status: OrderStatus, executed: str = "0") -> Order:
        """Move an order on, as the exchange's engine would."""
        before = self.orders[OrderId(order_id)]
        after = replace(before, status=status, executed_quantity=Decimal(executed), engine_time_us=self._time.now_us())
        self.orders[after.order_id] = after
        return after

    async def cancel(
        self, symbol: Symbol, *, order_id: OrderId | None = None, client_id: ClientId | None = None
    ) -> Order | None:
        await self._call("cancel")
        if self.accepts_cancels_only:
            return None
        found = next(o for o in self.orders.values() if order_id == o.order_id or client_id == o.client_id)
        return self.change(found.order_id, OrderStatus.CANCELLED, str(found.executed_quantity))

    async def cancel_all(self, symbol: Symbol, *, conditional: bool = False) -> Sequence[Order] | None:
        await self._call("cancel_all")
        if conditional:
            return ()
        return tuple(
            self.change(o.order_id, OrderStatus.CANCELLED)
            for o in tuple(self.orders.values())
            if o.symbol == symbol and not is_terminal(o)
        )


class ScriptedLending:
    """What is lent and owed. The call is named `loans`."""

    def __init__(self, call: Callable[[str], Awaitable[None]]) -> None:
        self._call = call
        self.rows: list[BorrowLendPosition] = []
        self.unreadable: tuple[str, ...] = ()

    async def positions(self) -> Sequence[BorrowLendPosition]:
        await self._call("loans")
        return Rows(self.rows, self.unreadable)


class ScriptedStrategies:
    """Strategies that run until they are cancelled. Calls are named `running_strategies` and `cancel_strategies`."""

    def __init__(self, call: Callable[[str], Awaitable[None]]) -> None:
        self._call = call
        self.rows: list[Strategy] = []
        self.unreadable: tuple[str, ...] = ()
        self.accepts_only = False
        """Answer a stop with 202 and do nothing."""

    async def running(self) -> Sequence[Strategy]:
        await self._call("running_strategies")
        return Rows(self.rows, self.unreadable)

    async def cancel_all(self, symbol: Symbol) -> Sequence[Strategy] | None:
        await self._call("cancel_strategies")
        if self.accepts_only:
            return None
        stopped = [row for row in self.rows if row.symbol == symbol]
        self.rows = [row for row in self.rows if row.symbol != symbol]
        return tuple(replace(row, status=StrategyStatus.CANCELLED) for row in stopped)


class ScriptedSocket:
    """Remembers what is wanted; a test delivers events itself."""

    def __init__(self) -> None:
        self.status = StreamStatus(StreamState.CLOSED)
        self.frames = 0
        self.undecodable = 0
        self.last_frame_at: float | None = None
        self.rtt_ms: float | None = None
        self.wanted: dict[str, int] = {}
        self.renewed: list[str] = []
        self.runs = 0
        self._closed = asyncio.Event()

    def want(self, stream: str) -> None:
        self.wanted[stream] = self.wanted.get(stream, 0) + 1

    def release(self, stream: str) -> None:
        self.wanted[stream] -= 1
        if not self.wanted[stream]:
            del self.wanted[stream]

    def renew(self, stream: str) -> None:
        self.renewed.append(stream)

    def proven_at(self, stream: str) -> float | None:
        return self.last_frame_at if stream in self.wanted else None

    def unproven(self) -> tuple[str, ...]:
        return ()

    async def run(self) -> None:
        self.runs += 1
        self._closed.clear()
        await self._closed.wait()

    async def close(self) -> None:
        self._closed.set()
