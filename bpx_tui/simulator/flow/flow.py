"""Everybody else: seeded order flow on every market, so that the exchange looks like one."""

from __future__ import annotations

import math
from decimal import Decimal
from random import Random
from typing import Protocol

from bpx_tui.model.enums import Side
from bpx_tui.model.ids import Asset, Symbol
from bpx_tui.simulator.clock import US_PER_SECOND, Happening
from bpx_tui.simulator.domain.markets import QUOTE, Market
from bpx_tui.simulator.domain.venue import Venue
from bpx_tui.simulator.flow.crowd import Crowd
from bpx_tui.simulator.flow.ladder import Ladder, Traders
from bpx_tui.simulator.flow.moods import MOODS, Mood
from bpx_tui.simulator.flow.profile import Profile, profile_of
from bpx_tui.simulator.flow.walks import Walk, Weather
from bpx_tui.simulator.options import Options, Scenario

WALK_US = 200_000
"""How often fair prices move; less often, and further, where time runs fast."""
_LONGEST_WALK_US = 5_000_000
_INDEX_DIGITS = Decimal("0.00000001")
_WAR_CHEST = Decimal(1_000_000_000)
_FULL_RATE_SPEED = 4.0
"""Above this speed markets act less often per exchange second, so that the work per real second stays bounded.

A busier day reaches that bound sooner: no day at any speed is more work than the busiest at its own pace.
"""
_EMPTY_UPDATE_EVERY = 180
_SWEEP_SHARE, _BURST_SHARE = 0.025, 0.4
_PREMIUM_SD, _PREMIUM_REVERSION = 0.00012, 0.00002
"""How far a perpetual trades from its index, and how slowly it comes back per action: funding feels it for hours."""


class Timetable(Protocol):
    """Where the flow puts what it will do."""

    def at(self, due_us: int, happening: Happening) -> None: ...

    def every(self, period_us: int, happening: Happening, first_us: int | None = None) -> None: ...


class Flow:
    """Prices, makers and takers of all markets."""

    def __init__(self, venue: Venue, options: Options, timetable: Timetable) -> None:
        self._venue = venue
        self._timetable = timetable
        self._seed = options.seed
        self._mood: Mood = MOODS[options.scenario]
        full_rate_speed = min(_FULL_RATE_SPEED, MOODS[Scenario.BUSY].book_rate / self._mood.book_rate)
        self._pace = min(1.0, full_rate_speed / options.speed)
        self._walk_us = min(int(WALK_US / self._pace), _LONGEST_WALK_US)
        self._weather = Weather(Random(f"{options.seed}/weather"), self._mood)
        self._walks: dict[str, Walk] = {}
        self._indexed: dict[Asset, Walk] = {}
        self._markets: list[MarketFlow] = []
        traders = self._traders()
        for market in venue.markets():
            self._prepare(market, traders)
        self._crowd = Crowd(venue, Random(f"{options.seed}/crowd"), self._mood, timetable)

    def start(self, now_us: int) -> None:
        """Build every book and let the markets live."""
        for market in self._markets:
            market.start(now_us)
        self._crowd.start(now_us)
        self._timetable.every(self._walk_us, self._walk, now_us + self._walk_us)

    def jump(self, asset: Asset, factor: float) -> None:
        """An asset's price moves at once."""
        walk = self._indexed[asset]
        walk.jump(factor)
        self._publish(asset, walk)

    def _walk(self, _now_us: int) -> None:
        dt = self._walk_us / US_PER_SECOND
        self._weather.step(dt)
        for walk in self._walks.values():
            walk.step(dt, self._weather, self._mood.volatility)
        for asset, walk in self._indexed.items():
            self._publish(asset, walk)

    def _publish(self, asset: Asset, walk: Walk) -> None:
        self._venue.set_index(asset, Decimal(repr(walk.price)).quantize(_INDEX_DIGITS))

    def _traders(self) -> Traders:
        accounts = [self._venue.open_account(name, house=True).id for name in ("house:maker", "house:taker")]
        for account in accounts:
            for terms in self._venue.assets():
                worth = Decimal(1) if terms.asset == QUOTE else self._venue.index(terms.asset)
                if worth > 0:
                    self._venue.deposit(account, terms.asset, (_WAR_CHEST / worth).quantize(Decimal(1)))
        return Traders(accounts[0], accounts[1])

    def _prepare(self, market: Market, traders: Traders) -> None:
        profile = profile_of(market)
        walk = self._walk_of(market, profile)
        if not market.has_book:
            return
        rng = Random(f"{self._seed}/{market.symbol}/flow")
        ladder = Ladder(self._venue, market, profile, self._mood, rng, traders)
        self._markets.append(
            MarketFlow(
                market.symbol, ladder, walk, profile, self._mood, rng, self._timetable, self._weather, self._pace
            )
        )

    def _walk_of(self, market: Market, profile: Profile) -> Walk:
        """Markets of one asset share its fair price; a prediction market has its own."""
        prediction = market.kind.value == "PREDICTION"
        name = market.symbol if prediction else market.base
        if name not in self._walks:
            rng = Random(f"{self._seed}/{name}/walk")
            start = float(market.start_price)
            self._walks[name] = Walk(rng, profile, start, ceiling=0.97 if prediction else None)
            if not prediction:
                self._indexed[market.base] = self._walks[name]
        return self._walks[name]


class MarketFlow:
    """One market's own rhythm: makers at one rate, takers at another, both at random moments."""

    def __init__(
        self,
        symbol: Symbol,
        ladder: Ladder,
        walk: Walk,
        profile: Profile,
        mood: Mood,
        rng: Random,
        timetable: Timetable,
        weather: Weather,
        pace: float,
    ) -> None:
        self._ladder = ladder
        self._walk = walk
        self._rng = rng
        self._timetable = timetable
        self._weather = weather
        self._maker_gap_s = 1 / (profile.events_per_second * mood.book_rate * pace)
        self._taker_gap_s = 60 / (profile.trades_per_minute * mood.trade_rate * pace)
        self._premium_sd = _PREMIUM_SD * mood.volatility
        self._premium = rng.gauss(0, self._premium_sd) if symbol.endswith("_PERP") else 0.0
        self._actions = 0

    def start(self, now_us: int) -> None:
        self._ladder.build(self._fair())
        self._again(now_us, self._maker_gap_s, self._make)
        self._again(now_us, self._taker_gap_s, self._trade)

    def _fair(self) -> float:
        return self._walk.price * (1 + self._premium)

    def _again(self, now_us: int, mean_s: float, happening: Happening) -> None:
        wait_us = int(self._rng.expovariate(1 / mean_s) * US_PER_SECOND)
        self._timetable.at(now_us + max(wait_us, 1), happening)

    def _make(self, now_us: int) -> None:
        self._actions += 1
        if self._actions % _EMPTY_UPDATE_EVERY == 0:
            self._ladder.touch()
        if self._premium:
            shock = self._rng.gauss(0, self._premium_sd * math.sqrt(2 * _PREMIUM_REVERSION))
            self._premium += shock - self._premium * _PREMIUM_REVERSION
        self._ladder.breathe(self._fair())
        self._again(now_us, self._maker_gap_s, self._make)

    def _trade(self, now_us: int) -> None:
        """A trade in the direction prices have been going, a little more often than not."""
        rng = self._rng
        buys = rng.random() < 0.5 + 0.25 * max(-1.0, min(1.0, self._walk.momentum))
        side = Side.BID if buys else Side.ASK
        self._ladder.take(side, self._fair(), size=rng.uniform(8, 25) if rng.random() < _SWEEP_SHARE else 1.0)
        while rng.random() < _BURST_SHARE:
            self._later_burst(now_us, side)
        self._again(now_us, self._taker_gap_s / self._weather.liveliness, self._trade)

    def _later_burst(self, now_us: int, side: Side) -> None:
        due_us = now_us + int(self._rng.expovariate(1 / 0.25) * US_PER_SECOND)
        self._timetable.at(due_us, lambda _now_us: self._ladder.take(side, self._fair(), size=0.6))
