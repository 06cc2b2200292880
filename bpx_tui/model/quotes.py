"""Public market data as it arrives, one value per event. Times are the exchange's, in microseconds unless named."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from bpx_tui.model.enums import KlineInterval, Side
from bpx_tui.model.ids import OrderId, Symbol

Levels = list[list[str]]
"""The wire's text pairs `[price, quantity]`: they become Decimals when somebody reads the book, not as they come."""

DepthDelta = tuple[Symbol, int, int, Levels, Levels, int]
"""One `depth` event: symbol, first and last update id (`U`, `u`), bids, asks, exchange time in microseconds.

Quantities are absolute, zero removes the level. The only event that is a bare tuple: thousands a second are made and
taken apart again, and names for the parts would double what that costs.
"""


@dataclass(frozen=True, slots=True)
class DepthSnapshot:
    """A whole book from REST. Levels are text pairs in any order (the exchange sends bids ascending)."""

    symbol: Symbol
    last_id: int
    bids: Levels
    asks: Levels
    engine_time_us: int


@dataclass(frozen=True, slots=True)
class BookTicker:
    symbol: Symbol
    bid: Decimal | None
    bid_quantity: Decimal | None
    ask: Decimal | None
    ask_quantity: Decimal | None
    engine_time_us: int


@dataclass(frozen=True, slots=True)
class Trade:
    """A public trade. `aggressor` took: `Side.BID` bought. `trade_id` is sequential per symbol, or `None`."""

    symbol: Symbol
    price: Decimal
    quantity: Decimal
    aggressor: Side
    time_us: int
    trade_id: int | None
    buyer_order_id: OrderId | None = None
    seller_order_id: OrderId | None = None


@dataclass(frozen=True, slots=True)
class Candle:
    """One kline bucket, `start_s` inclusive to `end_s` exclusive, UTC seconds.

    Prices are `None` in a bucket without trades; `quote_volume` is `None` on the stream, which does not carry it.
    """

    start_s: int
    end_s: int
    open: Decimal | None
    high: Decimal | None
    low: Decimal | None
    close: Decimal | None
    volume: Decimal
    trades: int
    closed: bool
    quote_volume: Decimal | None = None


@dataclass(frozen=True, slots=True)
class CandleUpdate:
    symbol: Symbol
    interval: KlineInterval
    candle: Candle
    event_time_us: int


@dataclass(frozen=True, slots=True)
class Ticker:
    """Rolling 24 h figures. `change_fraction` is 0.0231 for +2.31 %."""

    symbol: Symbol
    first: Decimal
    last: Decimal
    high: Decimal
    low: Decimal
    volume: Decimal
    quote_volume: Decimal
    trades: int
    event_time_us: int | None = None

    @property
    def change(self) -> Decimal:
        return self.last - self.first

    @property
    def change_fraction(self) -> Decimal | None:
        return (self.last - self.first) / self.first if self.first else None


@dataclass(frozen=True, slots=True)
class MarkPrice:
    """Mark, index and estimated funding (fraction per interval). Index and funding are absent on some markets."""

    symbol: Symbol
    mark: Decimal
    index: Decimal | None
    funding_rate: Decimal | None
    next_funding_ms: int | None
    engine_time_us: int | None = None


@dataclass(frozen=True, slots=True)
class OpenInterest:
    symbol: Symbol
    quantity: Decimal | None
    event_time_us: int


@dataclass(frozen=True, slots=True)
class FundingRate:
    symbol: Symbol
    rate: Decimal
    interval_end_us: int


@dataclass(frozen=True, slots=True)
class Liquidation:
    symbol: Symbol
    side: Side | str
    price: Decimal
    quantity: Decimal
    engine_time_us: int
