"""The names of everything that is published on the conflated lane, with the type of each."""

from __future__ import annotations

from bpx_tui.model.enums import KlineInterval
from bpx_tui.model.ids import Symbol
from bpx_tui.model.views import AccountView, BookView, CandleView, Catalog, FeedHealth, Gate, MarketFacts, TapeView
from bpx_tui.service.bus import Key

ACCOUNT: Key[AccountView] = Key("account")
CATALOG: Key[Catalog] = Key("catalog")
HEALTH: Key[FeedHealth] = Key("health")
GATE: Key[Gate] = Key("gate")
CLOCK_OFFSET_US: Key[int] = Key("clock-offset-us")
"""Exchange clock minus local monotonic clock, in microseconds: `monotonic * 1e6 + this` is the exchange's now."""


def book(symbol: Symbol) -> Key[BookView]:
    return Key("book", symbol)


def tape(symbol: Symbol) -> Key[TapeView]:
    return Key("tape", symbol)


def facts(symbol: Symbol) -> Key[MarketFacts]:
    return Key("facts", symbol)


def candles(symbol: Symbol, interval: KlineInterval) -> Key[CandleView]:
    return Key("candles", f"{symbol}/{interval}")
