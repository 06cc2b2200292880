"""Price processes: where each asset's fair price goes. Floats: this is weather, not money.

A log price drifts with slowly changing trends, is pulled back to a slower anchor, is shaken by a market-wide shock it
shares with the others and by one of its own, and now and then jumps. Volatility comes in regimes, with spells of it
that decay.
"""

from __future__ import annotations

import math
from random import Random

from bpx_tui.simulator.flow.moods import Mood
from bpx_tui.simulator.flow.profile import Profile

_DAY_S = 86_400
_ANCHOR_S = 900.0
"""How long a price takes to be pulled back to its anchor."""
_REGIMES = (0.55, 1.0, 2.1)
_REGIME_S = (120.0, 240.0, 45.0)
_TREND_S = 240.0


class Weather:
    """What all markets share: the common shock and how lively the hour is."""

    def __init__(self, rng: Random, mood: Mood) -> None:
        self._rng = rng
        self._mood = mood
        self._level = 0.0
        self._spell = 0.0
        self._elapsed_s = 0.0
        self.shock = 0.0
        self.drift = 0.0

    @property
    def liveliness(self) -> float:
        """Factor on volatility and on the rate of trades, around 1."""
        return math.exp(self._level) + self._spell

    def step(self, dt: float) -> None:
        """Let `dt` seconds pass."""
        rng, mood = self._rng, self._mood
        self._elapsed_s += dt
        self._level += -self._level * min(dt / 180, 1) + 0.25 * math.sqrt(dt / 180) * rng.gauss(0, 1)
        self._spell *= math.exp(-dt / 12)
        if rng.random() < dt / 75:
            self._spell += rng.uniform(0.6, 2.0)
        self.shock = rng.gauss(0, 1)
        self.drift = 0.0
        if mood.crash_after_s is not None:
            into_s = self._elapsed_s - mood.crash_after_s
            if 0 <= into_s < mood.crash_s:
                self.drift = -mood.crash_depth / mood.crash_s
                self._spell = max(self._spell, 2.0)
            elif mood.crash_s <= into_s < 3 * mood.crash_s:
                self.drift = mood.crash_depth * 0.2 / mood.crash_s


class Walk:
    """The fair price of one asset in USDC."""

    def __init__(self, rng: Random, profile: Profile, start: float, *, ceiling: float | None = None) -> None:
        self._rng = rng
        self._profile = profile
        self._own = math.sqrt(1 - profile.beta**2)
        self._log = self._anchor = math.log(start)
        self._sigma = profile.daily_volatility / math.sqrt(_DAY_S)
        self._trend = 0.0
        self._regime = 1
        self._lowest = math.log(start) - 3
        self._highest = math.log(start) + 3 if ceiling is None else math.log(ceiling)
        self.momentum = 0.0

    @property
    def price(self) -> float:
        return math.exp(self._log)

    def jump(self, factor: float) -> None:
        """Move at once, and stay there."""
        self._log += math.log(factor)
        self._anchor += math.log(factor)

    def step(self, dt: float, weather: Weather, volatility: float) -> None:
        """Let `dt` seconds pass."""
        rng, sigma = self._rng, self._sigma * volatility
        if rng.random() < dt / _REGIME_S[self._regime]:
            self._regime = rng.choice((0, 1, 1, 2))
        self._trend += -self._trend * min(dt / _TREND_S, 1) + 0.035 * math.sqrt(dt / _TREND_S) * rng.gauss(0, 1)
        noise = self._profile.beta * weather.shock + self._own * rng.gauss(0, 1)
        live = _REGIMES[self._regime] * weather.liveliness
        move = sigma * (live * math.sqrt(dt) * noise + self._trend * dt)
        move += (self._anchor - self._log) * min(dt / _ANCHOR_S, 1) + weather.drift * dt * self._profile.beta
        if rng.random() < dt / 400:
            move += sigma * rng.gauss(0, 6)
        self._anchor += sigma * math.sqrt(dt) * noise * 0.8 + weather.drift * dt * self._profile.beta
        before = self._log
        self._log = min(max(self._log + move, self._lowest), self._highest)
        self._anchor = min(max(self._anchor, self._lowest), self._highest)
        self.momentum = 0.9 * self.momentum + 0.1 * (self._log - before) / (self._sigma * math.sqrt(dt))
