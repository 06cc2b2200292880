"""The candles of one market and interval, merged by start from history and stream.

A bucket that the exchange did not send stays missing: nothing is invented and nothing is joined across it.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable
from dataclasses import replace

from bpx_tui.model.enums import KlineInterval
from bpx_tui.model.quotes import Candle

_DAY = 86_400

INTERVAL_SECONDS: dict[KlineInterval, int] = {
    KlineInterval.S1: 1,
    KlineInterval.M1: 60,
    KlineInterval.M3: 180,
    KlineInterval.M5: 300,
    KlineInterval.M15: 900,
    KlineInterval.M30: 1_800,
    KlineInterval.H1: 3_600,
    KlineInterval.H2: 7_200,
    KlineInterval.H4: 14_400,
    KlineInterval.H6: 21_600,
    KlineInterval.H8: 28_800,
    KlineInterval.H12: 43_200,
    KlineInterval.D1: _DAY,
    KlineInterval.D3: 3 * _DAY,
    KlineInterval.W1: 7 * _DAY,
    KlineInterval.MONTH1: 31 * _DAY,
}
"""Length of a bucket in seconds. A calendar month has its longest length: use it for request windows only."""


class CandleSeries:
    """Candles by start, oldest first, at most `capacity`: the oldest leave first."""

    def __init__(self, capacity: int = 5_000) -> None:
        self._capacity = capacity
        self._starts: list[int] = []
        self._by_start: dict[int, Candle] = {}

    def __len__(self) -> int:
        return len(self._starts)

    @property
    def oldest(self) -> Candle | None:
        return self._by_start[self._starts[0]] if self._starts else None

    @property
    def newest(self) -> Candle | None:
        return self._by_start[self._starts[-1]] if self._starts else None

    @property
    def is_full(self) -> bool:
        """Whether older candles would only push themselves out."""
        return len(self._starts) >= self._capacity

    def apply(self, candle: Candle) -> bool:
        """Take one candle of the stream; whether anything changed."""
        before = self._by_start.get(candle.start_s)
        after = candle if before is None else merged(before, candle)
        if after == before:
            return False
        self._by_start[candle.start_s] = after
        if before is None:
            insort(self._starts, candle.start_s)
            self._trim()
        return True

    def merge(self, history: Iterable[Candle]) -> int:
        """Take candles of REST in any order; how many of them changed something."""
        return sum(self.apply(candle) for candle in history)

    def last_whole(self) -> int | None:
        """Start of the newest candle known to be closed: reading again from here repairs a broken stream."""
        for start in reversed(self._starts):
            if self._by_start[start].closed:
                return start
        return None

    def all(self) -> tuple[Candle, ...]:
        """Every candle held, oldest first."""
        return tuple(map(self._by_start.__getitem__, self._starts))

    def since(self, start_s: int) -> tuple[Candle, ...]:
        """Candles starting at or after that UTC second, oldest first."""
        return tuple(map(self._by_start.__getitem__, self._starts[bisect_left(self._starts, start_s) :]))

    def _trim(self) -> None:
        while len(self._starts) > self._capacity:
            del self._by_start[self._starts.pop(0)]


def merged(one: Candle, other: Candle) -> Candle:
    """The later of two pictures of one bucket, whatever the order in which they came.

    Closed beats open; then more trades, then more volume. The quote volume, which the stream does not carry, is kept
    as long as the volume it belongs to is the same.
    """
    later, earlier = (one, other) if _progress(one) >= _progress(other) else (other, one)
    if later.quote_volume is None and earlier.quote_volume is not None and later.volume == earlier.volume:
        return replace(later, quote_volume=earlier.quote_volume)
    return later


def _progress(candle: Candle) -> tuple[object, ...]:
    prices = tuple(str(price) for price in (candle.high, candle.low, candle.close, candle.open))
    return candle.closed, candle.trades, candle.volume, candle.quote_volume is not None, prices
