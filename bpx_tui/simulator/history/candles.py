"""Candles of one price of one market, kept in four base resolutions and rolled up for the others.

Everything is a whole number of the smallest unit, so sums are exact and cheap: prices in ticks, volume in steps,
quote volume in ticks times steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bpx_tui.model.enums import KlineInterval
from bpx_tui.simulator.history.buckets import bucket_end, bucket_start
from bpx_tui.simulator.history.columns import Columns

_BASE_OF = {
    KlineInterval.S1: KlineInterval.S1,
    **dict.fromkeys(
        (KlineInterval.M1, KlineInterval.M3, KlineInterval.M5, KlineInterval.M15, KlineInterval.M30), KlineInterval.M1
    ),
    **dict.fromkeys(
        (
            KlineInterval.H1,
            KlineInterval.H2,
            KlineInterval.H4,
            KlineInterval.H6,
            KlineInterval.H8,
            KlineInterval.H12,
        ),
        KlineInterval.H1,
    ),
    **dict.fromkeys((KlineInterval.D1, KlineInterval.D3, KlineInterval.W1, KlineInterval.MONTH1), KlineInterval.D1),
}
_BASE_SECONDS = {KlineInterval.S1: 1, KlineInterval.M1: 60, KlineInterval.H1: 3600, KlineInterval.D1: 86_400}
BASES = tuple(_BASE_SECONDS)
KEPT = {KlineInterval.S1: 3600, KlineInterval.M1: 4320, KlineInterval.H1: 2160, KlineInterval.D1: 1000}
"""Candles that are over and kept, of each base interval."""
MAX_ROWS = 5000
"""Most candles one query answers."""
_PRICES, _VOLUMES = 5, 3
"""Columns of a candle: its start and four prices, and what was traded."""


@dataclass(slots=True)
class Candle:
    """One bucket. `trades` is zero in an empty one, whose prices mean nothing then."""

    start_s: int
    open: int
    high: int
    low: int
    close: int
    volume: int = 0
    quote_volume: int = 0
    trades: int = 0
    filled: bool = field(default=True, kw_only=True)

    def add(self, other: Candle) -> None:
        """Take a later candle into this one."""
        if other.filled:
            if not self.filled:
                self.open, self.high, self.low, self.filled = other.open, other.high, other.low, True
            self.high = max(self.high, other.high)
            self.low = min(self.low, other.low)
            self.close = other.close
        self.volume += other.volume
        self.quote_volume += other.quote_volume
        self.trades += other.trades

    def copy(self, start_s: int) -> Candle:
        return Candle(
            start_s,
            self.open,
            self.high,
            self.low,
            self.close,
            self.volume,
            self.quote_volume,
            self.trades,
            filled=self.filled,
        )


def empty_candle(start_s: int) -> Candle:
    return Candle(start_s, 0, 0, 0, 0, filled=False)


def rolled_up(interval: KlineInterval, candles: Iterable[Candle]) -> list[Candle]:
    """Candles of a finer interval, oldest first, summed into buckets of `interval`."""
    rows: list[Candle] = []
    end_s = -1
    for candle in candles:
        if candle.start_s >= end_s:
            start_s = bucket_start(interval, candle.start_s)
            end_s = bucket_end(interval, start_s)
            rows.append(candle.copy(start_s))
        else:
            rows[-1].add(candle)
    return rows


class _Series:
    """Candles of one base interval: the open one, and in columns those that are over."""

    __slots__ = ("_over", "newest", "seconds")

    def __init__(self, seconds: int, kept: int, width: int) -> None:
        self.seconds = seconds
        self.newest: Candle | None = None
        self._over = Columns(width, kept)

    @property
    def oldest_s(self) -> int | None:
        """Start of the oldest candle; `None` where there is none yet."""
        if len(self._over):
            return self._over.row(0)[0]
        return None if self.newest is None else self.newest.start_s

    def begin(self, candle: Candle) -> None:
        """Open the next candle."""
        if self.newest is not None:
            self._over.append(self._numbers(self.newest))
        self.newest = candle

    def _numbers(self, candle: Candle) -> tuple[int, ...]:
        prices = (candle.start_s, candle.open, candle.high, candle.low, candle.close)
        return prices if self._over.width == _PRICES else (*prices, candle.volume, candle.quote_volume, candle.trades)

    def between(self, first_s: int, end_s: int) -> list[Candle]:
        """Candles that start in `[first_s, end_s)`, oldest first; the open one is not a copy."""
        over = self._over
        rows = [Candle(*row) for row in over.rows(over.find(first_s), over.find(end_s))]
        if self.newest is not None and first_s <= self.newest.start_s < end_s:
            rows.append(self.newest)
        return rows

    def prepend(self, older: Iterable[Candle]) -> None:
        """Put candles before those there are; the last of them may be the first there is, begun earlier."""
        newer = [] if self.newest is None else self.between(0, self.newest.start_s + 1)
        rows = [row for row in older if not newer or row.start_s <= newer[0].start_s]
        if rows:
            rows[-1] = rows[-1].copy(rows[-1].start_s)
            if newer and newer[0].start_s == rows[-1].start_s:
                rows[-1].add(newer.pop(0))
        self._over.clear()
        self.newest = None
        for row in (*rows, *newer):
            self.begin(row)

    def total(self, since_s: int) -> Candle | None:
        """All that are over and started at `since_s` or later as one; only for candles of trades."""
        over, first, end = self._over, self._over.find(since_s), len(self._over)
        if first == end:
            return None
        opened, high, low, close, volume, quote, trades = (over.column(number, first, end) for number in range(1, 8))
        return Candle(0, opened[0], max(high), min(low), close[-1], sum(volume), sum(quote), sum(trades))


class CandleBook:
    """Candles of one price: seeded history first, then every trade or price as it happens.

    All memory is taken at once. A book of prices that nobody trades at has no volumes.
    """

    def __init__(self, *, traded: bool = True, seconds_kept: int = KEPT[KlineInterval.S1]) -> None:
        self._traded = traded
        kept = {**KEPT, KlineInterval.S1: seconds_kept}
        width = _PRICES + _VOLUMES if traded else _PRICES
        self._series = {base: _Series(seconds, kept[base], width) for base, seconds in _BASE_SECONDS.items()}

    def prepend(self, past: Mapping[KlineInterval, list[Candle]]) -> None:
        """Put the seeded past before what was recorded since."""
        for base, older in past.items():
            self._series[base].prepend(older if self._traded else [_without_volume(row) for row in older])

    def record(self, time_s: int, price: int, quantity: int = 0) -> None:
        """Add a trade, or where nobody trades a price. Times never go back."""
        quote, trades = price * quantity, int(self._traded)
        for series in self._series.values():
            last = series.newest
            start_s = time_s - time_s % series.seconds
            if last is None or last.start_s < start_s:
                series.begin(Candle(start_s, price, price, price, price, quantity, quote, trades))
                continue
            if price > last.high:
                last.high = price
            elif price < last.low:
                last.low = price
            last.close = price
            last.volume += quantity
            last.quote_volume += quote
            last.trades += trades

    def rows(self, interval: KlineInterval, start_s: int, end_s: int, now_s: int) -> list[Candle]:
        """Candles that start in `[start_s, end_s)`, oldest first, up to the open one; gaps come as empty ones."""
        base = self._series[_BASE_OF[interval]]
        oldest_s = base.oldest_s
        if oldest_s is None:
            return []
        first_s = bucket_start(interval, max(start_s, oldest_s))
        if first_s < start_s:
            first_s = bucket_end(interval, first_s)
        finer = base.between(first_s, end_s + _slack(interval))
        known = {candle.start_s: candle for candle in rolled_up(interval, finer)}
        rows: list[Candle] = []
        at_s = first_s
        while at_s < end_s and at_s <= now_s and len(rows) < MAX_ROWS:
            rows.append(known.get(at_s) or empty_candle(at_s))
            at_s = bucket_end(interval, at_s)
        return rows

    def at(self, interval: KlineInterval, start_s: int) -> Candle:
        """The candle that starts there, empty where nothing happened in it."""
        finer = self._series[_BASE_OF[interval]].between(start_s, bucket_end(interval, start_s))
        found = rolled_up(interval, finer)
        return found[0] if found else empty_candle(start_s)

    def newest(self, base: KlineInterval) -> Candle | None:
        """The open candle of a base interval; not a copy."""
        return self._series[base].newest

    def total(self, base: KlineInterval, since_s: int) -> Candle | None:
        """All candles of a base interval that are over and started at `since_s` or later, as one that starts at 0."""
        return self._series[base].total(since_s)


def _without_volume(candle: Candle) -> Candle:
    return Candle(candle.start_s, candle.open, candle.high, candle.low, candle.close)


def _slack(interval: KlineInterval) -> int:
    """A query's last bucket may begin just before its end and reach beyond it."""
    return bucket_end(interval, 0) if interval is not KlineInterval.MONTH1 else 31 * 86400
