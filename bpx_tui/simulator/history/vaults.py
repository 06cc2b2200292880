"""What became of a vault hour by hour: a past that follows from its manager's rule and its market's past, then life.

The seeded past has a point a day, and a point an hour for as far back as its market has hours.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from functools import cached_property
from math import exp
from random import Random

from bpx_tui.model.enums import KlineInterval
from bpx_tui.simulator.flow.manager import Trend
from bpx_tui.simulator.history.seeded import Past

NAV_STEP = Decimal("0.00000001")
HOUR_S = 3_600
DAY_S = 24 * HOUR_S
_KEPT_HOURS = 24 * 366
_TRADING_COST = 0.0006
"""Of what is bought or sold: fees and half a spread."""
_FLOWS_A_DAY = 1.6
_USUAL_FLOW = 1_500
_MINT_SHARE = 0.65
_SMALLEST_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class VaultSnapshot:
    """A vault at one moment; NAV in USDC per token, equity in USDC, supply in tokens."""

    vault_id: int
    time_us: int
    nav: Decimal
    equity: Decimal
    circulating: Decimal


class VaultMemory:
    """Snapshots of one vault, a whole hour each. The seeded past is drawn when it is first needed.

    Args:
        now: the vault at start; the past ends there.
        market_past: of the perpetual that the vault's manager trades.
    """

    def __init__(self, now: VaultSnapshot, market_past: Callable[[], Past], rng: Random) -> None:
        self._now = now
        self._market_past = market_past
        self._rng = rng
        self._live: deque[VaultSnapshot] = deque(maxlen=_KEPT_HOURS)

    def record(self, snapshot: VaultSnapshot) -> None:
        """Remember a whole hour."""
        self._live.append(snapshot)

    def rows(self, since_us: int, every_s: int) -> list[VaultSnapshot]:
        """Snapshots from `since_us` on at multiples of `every_s`, oldest first."""
        every_us = every_s * 1_000_000
        return [row for row in (*self._past[0], *self._live) if row.time_us >= since_us and not row.time_us % every_us]

    @property
    def trend(self) -> Trend:
        """The manager's rule as the past has left it."""
        return self._past[1]

    @cached_property
    def _past(self) -> tuple[list[VaultSnapshot], Trend]:
        past, now_s = self._market_past(), self._now.time_us / 1_000_000
        points = [(time_s, price) for time_s, price in _points(past) if time_s < now_s]
        trend = Trend()
        (first_s, before), nav = points[0], 1.0
        share = trend.see(first_s, before)
        navs = [nav]
        ends: list[tuple[float, float]] = [*points[1:], (now_s, past.series[KlineInterval.H1][-1].close)]
        for time_s, price in ends:
            nav *= 1 + share * (price / before - 1)
            wanted = trend.see(time_s, price)
            nav *= 1 - abs(wanted - share) * _TRADING_COST
            navs.append(nav)
            before, share = price, wanted
        scale = float(self._now.nav) / navs.pop()
        times = [time_s for time_s, _ in points]
        rows = zip(times, navs, self._supplies(times), strict=True)
        return [self._row(time_s, one * scale, tokens) for time_s, one, tokens in rows], trend

    def _row(self, time_s: int, nav: float, tokens: int) -> VaultSnapshot:
        exact, supply = Decimal(repr(nav)).quantize(NAV_STEP, ROUND_DOWN), Decimal(tokens)
        return VaultSnapshot(self._now.vault_id, time_s * 1_000_000, exact, exact * supply, supply)

    def _supplies(self, times: Sequence[int]) -> list[int]:
        """Tokens in circulation at each of these times: others minted and redeemed round amounts, mostly minted."""
        rng, tokens = self._rng, int(self._now.circulating)
        lowest = int(tokens * _SMALLEST_SHARE)
        supplies: list[int] = []
        after_s = self._now.time_us // 1_000_000
        for time_s in reversed(times):
            days = (after_s - time_s) / DAY_S
            after_s = time_s
            if rng.random() < 1 - exp(-days * _FLOWS_A_DAY):
                flow = max(1, round(rng.lognormvariate(0, 1) * _USUAL_FLOW / 100)) * 100
                tokens = max(lowest, tokens - flow if rng.random() < _MINT_SHARE else tokens + flow)
            supplies.append(tokens)
        return supplies[::-1]


def _points(past: Past) -> list[tuple[int, float]]:
    """Times in seconds and prices in ticks: a day apart, then an hour."""
    hours, days = past.series[KlineInterval.H1], past.series[KlineInterval.D1]
    older = [candle for candle in days if candle.start_s < hours[0].start_s]
    return [(candle.start_s, candle.open) for candle in (*older, *hours)]
