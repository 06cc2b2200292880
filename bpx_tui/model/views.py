"""Immutable pictures that the service publishes and the screen paints.

Every view carries the exchange time it is true for, so that its age can be shown; `None` means "not known yet", which
the screen says in words, never as a zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from bpx_tui.model.account import AccountSettings, Balance, Collateral, Position
from bpx_tui.model.enums import KlineInterval, Side
from bpx_tui.model.ids import Symbol
from bpx_tui.model.lending import BorrowLendPosition
from bpx_tui.model.market import Market
from bpx_tui.model.orders import Execution, Fill, TrackedOrder
from bpx_tui.model.quotes import Candle, FundingRate, MarkPrice, OpenInterest, Ticker, Trade
from bpx_tui.model.strategies import Strategy


class FeedState(StrEnum):
    """How far a panel's data can be trusted."""

    WAITING = "waiting"
    """Nothing has arrived yet."""
    LIVE = "live"
    RESYNCING = "resyncing"
    """A gap or a reconnect: what is shown is not to be trusted until rebuilt."""
    STALE = "stale"
    """No proof of life within the budget."""
    UNAVAILABLE = "unavailable"
    """The exchange cannot be reached or does not serve it; `reason` says why."""


@dataclass(frozen=True, slots=True)
class BookLevel:
    """One price of the book. `cumulative` is the base quantity from the touch to here; `own` is ours in it."""

    price: Decimal
    quantity: Decimal
    cumulative: Decimal
    own: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class BookView:
    """The top of one book, best first on both sides, never crossed.

    `grouping` is the price bucket (the tick size when ungrouped). `true_at_us` is the exchange time of the newest proof
    that this is the book: a delta, or a beat of the market's ticker or mark stream while the sequence is whole.
    `waited_since` is the local monotonic second at which waiting for data began.
    """

    symbol: Symbol
    state: FeedState
    bids: tuple[BookLevel, ...] = ()
    asks: tuple[BookLevel, ...] = ()
    grouping: Decimal | None = None
    last_id: int | None = None
    true_at_us: int | None = None
    reason: str = ""
    waited_since: float | None = None
    resyncs: int = 0

    @property
    def best_bid(self) -> Decimal | None:
        return self.bids[0].price if self.bids else None

    @property
    def best_ask(self) -> Decimal | None:
        return self.asks[0].price if self.asks else None


@dataclass(frozen=True, slots=True)
class TapeGap:
    """A stretch of the tape that was not seen: shown as a gap, never joined."""

    from_us: int
    to_us: int


@dataclass(frozen=True, slots=True)
class TapeView:
    """Public trades and gaps, newest first. `bid_share` is the bought part of the quantity in it, 0 to 1."""

    symbol: Symbol
    state: FeedState
    entries: tuple[Trade | TapeGap, ...] = ()
    bid_share: Decimal | None = None
    true_at_us: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CandleView:
    """Candles oldest first; the last one is open unless it says closed. A missing bucket is missing, not joined."""

    symbol: Symbol
    interval: KlineInterval
    state: FeedState
    candles: tuple[Candle, ...] = ()
    true_at_us: int | None = None
    reason: str = ""
    reached_start: bool = False


@dataclass(frozen=True, slots=True)
class MarketFacts:
    """What the header's market line shows: every part is `None` until known."""

    symbol: Symbol
    market: Market | None = None
    ticker: Ticker | None = None
    mark: MarkPrice | None = None
    open_interest: OpenInterest | None = None
    last_trade: Trade | None = None
    last_funding: FundingRate | None = None


@dataclass(frozen=True, slots=True)
class MarketRow:
    """One line of the market switcher."""

    market: Market
    ticker: Ticker | None = None


@dataclass(frozen=True, slots=True)
class Catalog:
    """All tradable markets, and when the exchange said so."""

    rows: tuple[MarketRow, ...]
    hidden: int = 0
    """Markets left out because their symbol is not plain ASCII."""


class AccountAccess(StrEnum):
    NO_KEY = "no key"
    READ_ONLY = "read only"
    TRADING = "trading"


@dataclass(frozen=True, slots=True)
class AccountView:
    """The account as last reconciled. `true_at_us` is exchange time; parts are `None` until first read."""

    access: AccountAccess
    state: FeedState
    settings: AccountSettings | None = None
    collateral: Collateral | None = None
    balances: tuple[Balance, ...] | None = None
    positions: tuple[Position, ...] | None = None
    orders: tuple[TrackedOrder, ...] | None = None
    """Live orders and those of the last minutes that need attention (refused, unknown, expired), newest first."""
    fills: tuple[Fill, ...] | None = None
    strategies: tuple[Strategy, ...] | None = None
    """Running strategies as last read."""
    strategies_unknown: str = ""
    """Why it is not known what runs now; empty when it is, or when there is no account."""
    loans: tuple[BorrowLendPosition, ...] | None = None
    """What is lent and what is owed; `None` also where it could not be read the last time."""
    true_at_us: int | None = None
    reason: str = ""
    balances_unreadable: tuple[str, ...] = ()
    """Why other balances, of which nothing is known, are not in `balances`."""
    unsettled: tuple[Execution, ...] = ()
    """What own orders have executed since `positions` and `balances` were true."""


class FeedWord(StrEnum):
    """The one word for the feed in the header. Never `LIVE`: that word means real money."""

    CONNECTING = "connecting"
    STREAMING = "streaming"
    POLLING = "polling"
    STALE = "STALE"
    OFFLINE = "OFFLINE"


@dataclass(frozen=True, slots=True)
class FeedHealth:
    """Health of the connection. Ages are read against the exchange clock; `frames` counts since start."""

    word: FeedWord
    reason: str = ""
    retry_at: float | None = None
    """Local monotonic second of the next connection attempt."""
    socket_rtt_ms: float | None = None
    rest_rtt_ms: float | None = None
    clock_offset_ms: float | None = None
    """Exchange clock minus local wall clock."""
    last_frame_us: int | None = None
    reconnects: int = 0
    frames: int = 0
    undecodable: int = 0
    unproven_streams: tuple[str, ...] = ()
    proofs: tuple[tuple[str, int], ...] = ()
    """Stream name and exchange time in microseconds of its newest frame."""


@dataclass(frozen=True, slots=True)
class Gate:
    """Whether new risk may be taken now. Cancels and reduce-only orders are never gated."""

    is_open: bool
    reason: str = ""
    alarm: str = ""
    """One or two words where the exchange itself is in trouble, for the header: `MAINTENANCE`, `ENGINE DOWN`."""


@dataclass(frozen=True, slots=True)
class OwnLevel:
    """Own resting quantity at one price, for marking the book and the chart."""

    side: Side
    price: Decimal
    quantity: Decimal
