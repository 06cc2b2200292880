"""Markets and pictures for tests and benchmarks of the market panels: made from plain numbers, the same every time."""

from __future__ import annotations

import random
from collections.abc import Sequence
from decimal import Decimal

from bpx_tui.model.enums import KlineInterval, MarketKind, Side
from bpx_tui.model.ids import Asset, Symbol
from bpx_tui.model.market import Market
from bpx_tui.model.quotes import Candle, Trade
from bpx_tui.model.views import BookLevel, BookView, CandleView, FeedState, MarketFacts, TapeGap, TapeView
from bpx_tui.service.intents import DeskBus
from bpx_tui.service.topics import CLOCK_OFFSET_US, book, candles, facts, tape

START_S = 1_780_000_200
NOW_US = START_S * 1_000_000


def market(symbol: str, tick: str, step: str) -> Market:
    size, least = Decimal(tick), Decimal(step)
    return Market(Symbol(symbol), Asset(symbol.split("_")[0]), Asset("USDC"), MarketKind.PERP, size, least, size, least)


SOL = market("SOL_USDC_PERP", "0.01", "0.01")
BTC = market("BTC_USDC_PERP", "0.1", "0.00001")
PEPE = market("kPEPE_USDC_PERP", "0.00000001", "1")


def desk_bus(rules: Market = SOL, monotonic: float = 1_000.0) -> DeskBus:
    """A bus that knows the market, with the exchange's clock at `NOW_US` when the local one says `monotonic`."""
    bus = DeskBus()
    bus.latest.put(CLOCK_OFFSET_US, NOW_US - int(monotonic * 1_000_000))
    bus.latest.put(facts(rules.symbol), MarketFacts(rules.symbol, rules))
    return bus


def levels(best: str, step: str, quantities: Sequence[str], own: dict[int, str] | None = None) -> tuple[BookLevel, ...]:
    """One side from its best price on; `step` is negative for bids. `own` maps a level's index to our quantity."""
    made, total = [], Decimal(0)
    for index, text in enumerate(quantities):
        quantity = Decimal(text)
        total += quantity
        price = Decimal(best) + Decimal(step) * index
        made.append(BookLevel(price, quantity, total, Decimal((own or {}).get(index, "0"))))
    return tuple(made)


def book_view(
    rules: Market = SOL,
    *,
    bids: tuple[BookLevel, ...] | None = None,
    asks: tuple[BookLevel, ...] | None = None,
    state: FeedState = FeedState.LIVE,
    age_seconds: float = 0.0,
    reason: str = "",
) -> BookView:
    """A book of twenty levels a side around 187.42, unless told otherwise."""
    quantities = [f"{7 + 3 * index}.50" for index in range(20)]
    return BookView(
        rules.symbol,
        state,
        levels("187.41", "-0.01", quantities) if bids is None else bids,
        levels("187.42", "0.01", quantities) if asks is None else asks,
        rules.tick_size,
        1,
        NOW_US - int(age_seconds * 1_000_000),
        reason,
    )


def put_book(bus: DeskBus, view: BookView) -> None:
    bus.latest.put(book(view.symbol), view)


def trade(price: str, quantity: str, side: Side = Side.BID, number: int = 1, rules: Market = SOL) -> Trade:
    return Trade(rules.symbol, Decimal(price), Decimal(quantity), side, NOW_US + number * 1_000_000, number)


def put_tape(bus: DeskBus, entries: Sequence[Trade | TapeGap], share: str | None = "0.61", rules: Market = SOL) -> None:
    bid_share = None if share is None else Decimal(share)
    bus.latest.put(tape(rules.symbol), TapeView(rules.symbol, FeedState.LIVE, tuple(entries), bid_share, NOW_US))


def candle(
    start_s: int, prices: tuple[str, str, str, str] | None, volume: str = "10", *, closed: bool = True
) -> Candle:
    """A five minute candle: open, high, low, close; `None` for a bucket without trades."""
    o, h, low, c = (None,) * 4 if prices is None else (Decimal(price) for price in prices)
    return Candle(start_s, start_s + 300, o, h, low, c, Decimal(volume), 1 if prices else 0, closed)


def walk(count: int, rules: Market = SOL, start: str = "187.42", seed: int = 5) -> tuple[Candle, ...]:
    """That many candles of a seeded random walk, the newest open."""
    rng = random.Random(seed)
    price, tick = Decimal(start), rules.tick_size
    made = []
    for index in range(count):
        path = [price + tick * rng.randint(-30, 30) for _ in range(6)]
        prices = (price, max(price, *path), min(price, *path), path[-1])
        first = START_S - (count - 1 - index) * 300
        volume = Decimal(rng.randint(10, 900))
        made.append(Candle(first, first + 300, *prices, volume, 20, index < count - 1))
        price = path[-1]
    return tuple(made)


def put_candles(bus: DeskBus, series: Sequence[Candle], rules: Market = SOL, *, age_seconds: float = 0.0) -> None:
    true_at = NOW_US - int(age_seconds * 1_000_000)
    view = CandleView(rules.symbol, KlineInterval.M5, FeedState.LIVE, tuple(series), true_at)
    bus.latest.put(candles(rules.symbol, KlineInterval.M5), view)
