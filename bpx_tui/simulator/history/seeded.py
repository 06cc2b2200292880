"""A plausible past: candles and trades of one market before the exchange was started.

Drawn backwards from the price the market starts at, so nothing has to be simulated forward: a day of minutes, a month
of hours, a year of days and the newest thousand trades take milliseconds. Each market draws from a generator of its
own, so the order in which markets are asked for changes nothing; one common factor correlates them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random

from bpx_tui.model.enums import KlineInterval
from bpx_tui.simulator.flow.profile import Profile
from bpx_tui.simulator.history.candles import Candle, rolled_up

MINUTES, HOURS, DAYS = 1440, 720, 400
TRADES = 1000
PRINTS_PER_TAKER = 3.4
"""Trades that one arriving taker leads to on average, bursts and sweeps included: so live flow continues the past."""


_LIVELIEST, _LIVELY = 2.0, 2.0
"""How lively a minute can be, as a logarithm, and a whole day in the root mean square: a wild day, not a lost one."""


@dataclass(frozen=True, slots=True)
class PastTrade:
    """A trade of the seeded past; `age` counts back from the newest, which is 1."""

    age: int
    time_ms: int
    price: int
    quantity: int
    buyer_is_maker: bool


@dataclass(frozen=True, slots=True)
class Past:
    """What one market remembers at start."""

    series: dict[KlineInterval, list[Candle]]
    trades: tuple[PastTrade, ...]


class CommonFactor:
    """Moves that several markets share, and how lively the time was; newest first.

    One is shared by all markets, one by the markets of each asset.
    """

    def __init__(self, seed: str) -> None:
        self._seed = seed

    @cached_property
    def shocks(self) -> dict[KlineInterval, list[float]]:
        rng = Random(f"{self._seed}/past")
        counts = {KlineInterval.M1: MINUTES + 60, KlineInterval.H1: HOURS, KlineInterval.D1: DAYS}
        return {interval: [rng.gauss(0, 1) for _ in range(count)] for interval, count in counts.items()}

    @cached_property
    def liveliness(self) -> list[float]:
        """Per minute back: a slow wave of quiet and busy hours with sudden busy spells."""
        rng = Random(f"{self._seed}/past/liveliness")
        level, levels = 0.0, []
        for _ in range(MINUTES + 60):
            level = 0.985 * level + rng.gauss(0, 0.11) + (rng.expovariate(1 / 0.9) if rng.random() < 0.004 else 0.0)
            levels.append(math.exp(min(level, _LIVELIEST)))
        calm = min(1.0, _LIVELY / math.sqrt(math.fsum(one * one for one in levels) / len(levels)))
        return [one * calm for one in levels]


class PastMaker:
    """Draws the past of one market. Prices in ticks, quantities in steps."""

    def __init__(
        self, factor: CommonFactor, own: CommonFactor, rng: Random, profile: Profile, *, anchor: int, lot: int
    ) -> None:
        """`anchor` is the price now in ticks, `lot` the usual trade size in steps."""
        self._factor = factor
        self._own = own
        self._rng = rng
        self._profile = profile
        self._anchor = anchor
        self._lot = max(lot, 1)
        self._ceiling: int | None = None

    def draw(self, now_ms: int, *, ceiling: int | None = None) -> Past:
        """The past as of `now_ms`. `ceiling` bounds prices from above (prediction markets, in ticks)."""
        self._ceiling = ceiling
        now_s = now_ms // 1000
        first_hour_s = (now_s - MINUTES * 60) // 3600 * 3600
        minutes = self._walk(KlineInterval.M1, 60, now_s, first_hour_s, self._anchor, self._factor.liveliness)
        first_day_s = (now_s - HOURS * 3600) // 86400 * 86400
        hours = self._walk(KlineInterval.H1, 3600, first_hour_s - 1, first_day_s, minutes[0].open)
        hours += rolled_up(KlineInterval.H1, minutes)
        last_day_s = first_day_s - 1
        days = self._walk(KlineInterval.D1, 86400, last_day_s, last_day_s - DAYS * 86400, hours[0].open)
        days += rolled_up(KlineInterval.D1, hours)
        trades = self._trades(minutes, now_ms)
        seconds = rolled_up(
            KlineInterval.S1,
            (
                Candle(t.time_ms // 1000, t.price, t.price, t.price, t.price, t.quantity, t.price * t.quantity, 1)
                for t in reversed(trades)
                if t.time_ms // 1000 > now_s - 3600
            ),
        )
        series = {
            KlineInterval.S1: seconds,
            KlineInterval.M1: minutes,
            KlineInterval.H1: hours,
            KlineInterval.D1: days,
        }
        return Past(series, trades)

    def _walk(
        self,
        interval: KlineInterval,
        seconds: int,
        last_s: int,
        first_s: int,
        close: int,
        liveliness: Sequence[float] | None = None,
    ) -> list[Candle]:
        """Candles from the one holding `last_s` back to `first_s`, the newest closing at `close`; oldest first."""
        gauss, profile = self._rng.gauss, self._profile
        sigma = profile.daily_volatility * math.sqrt(seconds / 86400)
        shocks, own_shocks = self._factor.shocks[interval], self._own.shocks[interval]
        beta, own = profile.beta, math.sqrt(1 - profile.beta**2)
        trades_mean = profile.trades_per_minute * PRINTS_PER_TAKER * seconds / 60
        rows: list[Candle] = []
        start_s = last_s - last_s % seconds
        age = 0
        while start_s >= first_s:
            live = liveliness[age % len(liveliness)] if liveliness else 1.0
            move = beta * shocks[age % len(shocks)] + own * own_shocks[age % len(own_shocks)]
            opened = self._bounded(close * math.exp(-sigma * live * move))
            wick = close * sigma * live * 0.45
            high = self._bounded(max(opened, close) + abs(gauss(0, wick)))
            low = self._bounded(min(opened, close) - abs(gauss(0, wick)))
            energy = live * (0.55 + 0.45 * abs(move)) * math.exp(gauss(0, 0.35))
            share = min(1.0, (last_s - start_s + 1) / seconds) if age == 0 else 1.0
            trades = max(2 if high > low else 1, round(trades_mean * energy * share))
            volume = max(trades, round(trades * self._lot * math.exp(gauss(0, 0.3))))
            middle = (opened + high + low + close) // 4
            rows.append(Candle(start_s, opened, high, low, close, volume, volume * middle, trades))
            close = opened
            start_s -= seconds
            age += 1
        rows.reverse()
        return rows

    def _bounded(self, price: float) -> int:
        ticks = max(round(price), 1)
        return ticks if self._ceiling is None else min(ticks, self._ceiling)

    def _trades(self, minutes: Sequence[Candle], now_ms: int) -> tuple[PastTrade, ...]:
        """The newest trades that could have made these candles, newest first."""
        trades: list[PastTrade] = []
        for candle in reversed(minutes):
            end_ms = min((candle.start_s + 60) * 1000, now_ms)
            trades += self._minute_trades(candle, end_ms, len(trades))
            if len(trades) >= TRADES:
                break
        return tuple(trades)

    def _minute_trades(self, candle: Candle, end_ms: int, newer: int) -> list[PastTrade]:
        rng, count = self._rng, candle.trades
        start_ms = candle.start_s * 1000
        times = sorted((start_ms + int(rng.random() * (end_ms - start_ms)) for _ in range(count)), reverse=True)
        extremes = [candle.high, candle.low] if rng.random() < 0.5 else [candle.low, candle.high]
        stops = [candle.close, *extremes, candle.open]
        sizes = self._split(candle.volume, count)
        rows: list[PastTrade] = []
        for index, time_ms in enumerate(times):
            at = index / max(count - 1, 1) * 3
            leg = min(int(at), 2)
            price = round(stops[leg] + (stops[leg + 1] - stops[leg]) * (at - leg))
            rising = stops[leg] >= stops[leg + 1]
            maker_buys = rng.random() < (0.3 if rising else 0.7)
            rows.append(PastTrade(newer + index + 1, time_ms, price, sizes[index], maker_buys))
        return rows

    def _split(self, volume: int, count: int) -> list[int]:
        """`volume` in `count` uneven parts of at least one step."""
        weights = [self._rng.expovariate(1.0) for _ in range(count)]
        total = sum(weights) or 1.0
        parts = [1 + int((volume - count) * weight / total) for weight in weights]
        parts[0] += volume - sum(parts)
        return parts
