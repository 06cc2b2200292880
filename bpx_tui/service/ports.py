"""What the service needs of the exchange, as small protocols: the real clients fit them, and so do scripted venues.

All methods raise only `bpx_tui.errors`. Reads raise `Unavailable`, `NotSent`, `RateLimited`, `Refused` or
`UnreadableReply`; orders and cancels `Refused`, `NotSent`, `InputError` (nothing was sent) or `OutcomeUnknown`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bpx_tui.exchange.server_clock import ClockSample
from bpx_tui.exchange.stream import StreamStatus
from bpx_tui.model.account import AccountSettings, Balance, Collateral, Position
from bpx_tui.model.enums import KlineInterval
from bpx_tui.model.ids import ClientId, OrderId, Symbol
from bpx_tui.model.lending import BorrowLendPosition
from bpx_tui.model.market import ExchangeStatus, Market
from bpx_tui.model.orders import Fill, Order, OrderRequest
from bpx_tui.model.quotes import Candle, DepthSnapshot, FundingRate, MarkPrice, OpenInterest, Ticker, Trade
from bpx_tui.model.strategies import Strategy


class PublicReads(Protocol):
    async def measure_clock(self) -> ClockSample:
        """Read the exchange's clock once into the shared `ServerClock`."""
        ...

    async def status(self) -> ExchangeStatus: ...

    async def markets(self) -> Sequence[Market]: ...

    async def tickers(self) -> Sequence[Ticker]: ...

    async def ticker(self, symbol: Symbol) -> Ticker | None: ...

    async def depth(self, symbol: Symbol, limit: int = 1000) -> DepthSnapshot: ...

    async def klines(
        self, symbol: Symbol, interval: KlineInterval, start_s: int, end_s: int | None = None
    ) -> Sequence[Candle]: ...

    async def trades(self, symbol: Symbol, limit: int = 100) -> Sequence[Trade]: ...

    async def mark_prices(self, symbol: Symbol | None = None) -> Sequence[MarkPrice]: ...

    async def open_interest(self, symbol: Symbol | None = None) -> Sequence[OpenInterest]: ...

    async def funding_rates(self, symbol: Symbol, limit: int = 100) -> Sequence[FundingRate]: ...


class AccountReads(Protocol):
    async def account(self) -> AccountSettings: ...

    async def balances(self) -> Sequence[Balance]: ...

    async def collateral(self) -> Collateral: ...

    async def positions(self, symbol: Symbol | None = None) -> Sequence[Position]: ...

    async def open_orders(self, symbol: Symbol | None = None) -> Sequence[Order]: ...

    async def order_history(
        self, symbol: Symbol | None = None, *, order_id: OrderId | None = None, limit: int = 100, offset: int = 0
    ) -> Sequence[Order]: ...

    async def fills(
        self,
        symbol: Symbol | None = None,
        *,
        order_id: OrderId | None = None,
        from_ms: int | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> Sequence[Fill]: ...


class OrderEntry(Protocol):
    """Each call sends its request at most once."""

    async def place(self, request: OrderRequest) -> Order: ...

    async def cancel(
        self, symbol: Symbol, *, order_id: OrderId | None = None, client_id: ClientId | None = None
    ) -> Order | None:
        """The cancelled order, or `None` where the exchange accepted but has not executed it yet (202)."""
        ...

    async def cancel_all(self, symbol: Symbol, *, conditional: bool = False) -> Sequence[Order] | None:
        """Cancel the resting, or the conditional, orders of one market."""
        ...


class StrategyDesk(Protocol):
    """What the exchange trades by itself for the account."""

    async def running(self) -> Sequence[Strategy]: ...

    async def cancel_all(self, symbol: Symbol) -> Sequence[Strategy] | None:
        """Stop the strategies of one market; `None` where the exchange accepted but has not done it yet (202)."""
        ...


class LoanReads(Protocol):
    """What the account has lent and what it owes."""

    async def positions(self) -> Sequence[BorrowLendPosition]: ...


class MoneyReads(AccountReads, Protocol):
    """The account with its loans."""

    @property
    def lending(self) -> LoanReads: ...


class Venue(PublicReads, MoneyReads, OrderEntry, Protocol):
    """The whole REST side."""

    @property
    def strategies(self) -> StrategyDesk: ...


class Streams(Protocol):
    """Who wants which streams of the one socket."""

    def want(self, stream: str) -> None: ...

    def release(self, stream: str) -> None: ...

    def renew(self, stream: str) -> None:
        """Unsubscribe from a wanted stream that has fallen silent, and subscribe to it again."""
        ...


class Socket(Streams, Protocol):
    """The one socket itself: what it counts, and how it is run. `close` ends `run`, which may then be run again."""

    @property
    def status(self) -> StreamStatus: ...

    @property
    def frames(self) -> int: ...

    @property
    def undecodable(self) -> int: ...

    @property
    def last_frame_at(self) -> float | None: ...

    @property
    def rtt_ms(self) -> float | None: ...

    def proven_at(self, stream: str) -> float | None: ...

    def unproven(self) -> tuple[str, ...]: ...

    async def run(self) -> None: ...

    async def close(self) -> None: ...
