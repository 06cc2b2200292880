"""Candles of one price of one market, kept in four base resolutions and rolled up for the others.

Everything is a whole number of the smallest unit, so sums are exact and cheap: prices in ticks, volume in steps,
quote volume in ticks times steps.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bpx_tui.model.enums import KlineInterval
from bpx_tui.simulator.history.buckets import bucket_end, bucket_start

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
BASES = (KlineInterval.S1, KlineInterval.M1, KlineInterval.H1, KlineInterval.D1)
_BASE_SECONDS = ((KlineInterval.S1, 1), (KlineInterval.M1, 60), (KlineInterval.H1, 3600), (KlineInterval.D1, 86_400))
_KEPT = {KlineInterval.S1: 3600, KlineInterval.M1: 4320, KlineInterval.H1: 2160, KlineInterval.D1: 1000}
_TRIM_AT_ONCE = 60
MAX_ROWS = 5000
"""Most candles one query answers."""


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
    filled: bool = True

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
            self.filled,
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


class CandleBook:
    """Candles of one price: seeded history first, then every trade or price as it happens."""

    def __init__(self, *, seconds_kept: int = _KEPT[KlineInterval.S1]) -> None:
        self._kept = {**_KEPT, KlineInterval.S1: seconds_kept}
        self._series: dict[KlineInterval, list[Candle]] = {base: [] for base in BASES}

    def prepend(self, past: Mapping[KlineInterval, list[Candle]], *, prices_only: bool = False) -> None:
        """Put the seeded past before what was recorded since; `prices_only` leaves its volumes out."""
        for base, older in past.items():
            rows = [row.copy(row.start_s) for row in older]
            if prices_only:
                for row in rows:
                    row.volume = row.quote_volume = row.trades = 0
            newer = self._series[base]
            while rows and newer and rows[-1].start_s > newer[0].start_s:
                rows.pop()
            if rows and newer and rows[-1].start_s == newer[0].start_s:
                rows[-1].add(newer.pop(0))
            self._series[base] = rows + newer

    def record(self, time_s: int, price: int, quantity: int = 0, *, trades: int = 1) -> None:
        """Add a trade, or with `trades=0` a price that nobody traded at. Times never go back."""
        quote = price * quantity
        for base, seconds in _BASE_SECONDS:
            series = self._series[base]
            start_s = time_s - time_s % seconds
            if not series or series[-1].start_s < start_s:
                self._append(base, Candle(start_s, price, price, price, price, quantity, quote, trades))
                continue
            last = series[-1]
            if not last.filled:
                last.open = last.high = last.low = price
                last.filled = True
            elif price > last.high:
                last.high = price
            elif price < last.low:
                last.low = price
            last.close = price
            last.volume += quantity
            last.quote_volume += quote
            last.trades += trades

    def _append(self, base: KlineInterval, candle: Candle) -> None:
        series = self._series[base]
        series.append(candle)
        if len(series) > self._kept[base] + _TRIM_AT_ONCE:
            del series[: len(series) - self._kept[base]]

    def rows(self, interval: KlineInterval, start_s: int, end_s: int, now_s: int) -> list[Candle]:
        """Candles that start in `[start_s, end_s)`, oldest first, up to the open one; gaps come as empty ones."""
        base = self._series[_BASE_OF[interval]]
        if not base:
            return []
        first_s = bucket_start(interval, max(start_s, base[0].start_s))
        if first_s < start_s:
            first_s = bucket_end(interval, first_s)
        finer = base[bisect_left(base, first_s, key=_start) : bisect_left(base, end_s + _slack(interval), key=_start)]
        known = {candle.start_s: candle for candle in rolled_up(interval, finer)}
        rows: list[Candle] = []
        at_s = first_s
        while at_s < end_s and at_s <= now_s and len(rows) < MAX_ROWS:
            rows.append(known.get(at_s) or empty_candle(at_s))
            at_s = bucket_end(interval, at_s)
        return rows

    def at(self, interval: KlineInterval, start_s: int) -> Candle:
        """The candle that starts there, empty where nothing happened in it."""
        base = self._series[_BASE_OF[interval]]
        end_s = bucket_end(interval, start_s)
        finer = base[bisect_left(base, start_s, key=_start) : bisect_left(base, end_s, key=_start)]
        found = rolled_up(interval, finer)
        return found[0] if found else empty_candle(start_s)

    def base(self, interval: KlineInterval) -> Sequence[Candle]:
        """The candles kept of a base interval, oldest first; not a copy."""
        return self._series[interval]


def _start(candle: Candle) -> int:
    return candle.start_s


def _slack(interval: KlineInterval) -> int:
    """A query's last bucket may begin just before its end and reach beyond it."""
    return bucket_end(interval, 0) if interval is not KlineInterval.MONTH1 else 31 * 86400
