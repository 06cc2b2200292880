"""The makers of one market: they build its book, keep it around the fair price, and let it breathe.

Every event is one small action on the real engine: a resting order more or less, or, when the price has run away from
the book, the trades that follow. Distances are in ticks, sizes in steps.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from dataclasses import dataclass
from random import Random

from bpx_tui.model.enums import OrderKind, Side, TimeInForce
from bpx_tui.model.ids import OrderId
from bpx_tui.simulator.domain.markets import Market
from bpx_tui.simulator.domain.orders import AccountId, NewOrder
from bpx_tui.simulator.domain.refusals import VenueRefusal
from bpx_tui.simulator.domain.venue import Venue
from bpx_tui.simulator.flow.moods import Mood
from bpx_tui.simulator.flow.profile import Profile
from bpx_tui.simulator.history.units import Units

_NATURAL_GAP_BPS = 0.12
_ORDERS_PER_LEVEL = 3
_CAUGHT_SHARE = 0.12
"""How often a quote that the price has run through is taken before its owner can cancel it."""
_FAR = (1.5, 2.5, 4.0, 6.0, 8.5)
"""Where a few hopeful orders rest, in percent from the touch."""


class Resting:
    """One side's own orders by price."""

    def __init__(self) -> None:
        self.ticks: list[int] = []
        self.orders: dict[int, list[OrderId]] = {}
        self.count = 0

    def add(self, ticks: int, order_id: OrderId) -> None:
        if ticks not in self.orders:
            insort(self.ticks, ticks)
            self.orders[ticks] = []
        self.orders[ticks].append(order_id)
        self.count += 1

    def take(self, ticks: int) -> OrderId:
        """The newest order at a price, forgotten here."""
        found = self.orders[ticks].pop()
        self.count -= 1
        if not self.orders[ticks]:
            del self.orders[ticks]
            del self.ticks[bisect_left(self.ticks, ticks)]
        return found

    def forget_above(self, best: int | None) -> None:
        """Bids better than the best one there is were filled."""
        while self.ticks and (best is None or self.ticks[-1] > best):
            self.count -= len(self.orders.pop(self.ticks.pop()))

    def forget_below(self, best: int | None) -> None:
        """Asks better than the best one there is were filled."""
        while self.ticks and (best is None or self.ticks[0] < best):
            self.count -= len(self.orders.pop(self.ticks.pop(0)))


@dataclass(frozen=True, slots=True)
class Traders:
    """The two accounts behind all order flow: one rests, one takes, so that they never trade with themselves."""

    maker: AccountId
    taker: AccountId


class Ladder:
    """The makers and takers of one market."""

    def __init__(
        self, venue: Venue, market: Market, profile: Profile, mood: Mood, rng: Random, traders: Traders
    ) -> None:
        self._venue = venue
        self._market = market
        self._units = Units.of(market)
        self._profile = profile
        self._mood = mood
        self._rng = rng
        self._traders = traders
        self._sides = {Side.BID: Resting(), Side.ASK: Resting()}
        self._tick = float(self._units.tick)
        self._step = float(self._units.step)
        highest = market.price.max_price
        self._highest = None if highest is None else self._units.ticks(highest)
        self._wanted = max(12, round(mood.levels * (1.0 if profile.events_per_second > 20 else 0.55)))

    def build(self, fair: float) -> None:
        """The first book, thickening away from the touch, and one trade so that there is a last price."""
        bid, ask = self._touch(fair)
        for side, best in ((Side.BID, bid), (Side.ASK, ask)):
            for index in range(self._wanted):
                self._rest(side, best, self._offset(index, fair) if index else 0, fair)
            for percent in _FAR:
                self._rest(side, best, round(best * percent / 100 * self._rng.uniform(0.9, 1.1)), fair)
        self.take(self._rng.choice((Side.BID, Side.ASK)), fair, size=0.3)

    def breathe(self, fair: float) -> None:
        """One action of the makers."""
        target_bid, target_ask = self._touch(fair)
        bid, ask = self._best(Side.BID), self._best(Side.ASK)
        self._sides[Side.BID].forget_above(bid)
        self._sides[Side.ASK].forget_below(ask)
        slack = max(1, self._gap(fair))
        if bid is not None and bid >= target_ask:
            self._retreat(Side.BID, target_ask - 1, fair)
        elif ask is not None and ask <= target_bid:
            self._retreat(Side.ASK, target_bid + 1, fair)
        elif bid is None or (ask is not None and bid < target_bid - slack):
            self._advance(Side.BID, target_bid, bid, fair)
        elif ask is None or ask > target_ask + slack:
            self._advance(Side.ASK, target_ask, ask, fair)
        else:
            self._churn(fair)

    def take(self, side: Side, fair: float, *, size: float = 1.0) -> None:
        """A trader who does not want to wait: an order that takes what is there at a price near the touch."""
        best = self._best(side.opposite)
        if best is None:
            return
        notional = self._profile.trade_notional * size * math.exp(self._rng.gauss(0, 0.9))
        reach = max(2, round(best * 0.0006 * max(1.0, size / 4)))
        limit = best + reach if side is Side.BID else best - reach
        self._place(side, limit, self._steps(notional, fair), taking=True)

    def touch(self) -> None:
        """An update of the book in which nothing changed."""
        self._venue.touch(self._market.symbol)

    # ---- what makers do

    def _retreat(self, side: Side, worst: int, fair: float) -> None:
        """Quotes that the price has run through: somebody takes them, or their owners are faster."""
        if self._rng.random() < _CAUGHT_SHARE:
            size = self._profile.trade_notional * self._rng.uniform(1, 6)
            self._place(side.opposite, worst, self._steps(size, fair), taking=True)
            return
        own = self._sides[side]
        for _ in range(4):
            if not own.ticks:
                return
            best = own.ticks[-1] if side is Side.BID else own.ticks[0]
            if (best <= worst) if side is Side.BID else (best >= worst):
                return
            self._cancel(side, best)

    def _advance(self, side: Side, target: int, best: int | None, fair: float) -> None:
        """A better quote, somewhere between the best one and where it should be."""
        gap = self._gap(fair) * 4 if best is None else abs(target - best)
        back = min(self._rng.randrange(gap + 1), self._rng.randrange(gap + 1))
        self._rest(side, target, back, fair)

    def _churn(self, fair: float) -> None:
        rng = self._rng
        bids, asks = self._sides[Side.BID].count, self._sides[Side.ASK].count
        side = Side.BID if rng.random() * (bids + asks + 2) < asks + 1 else Side.ASK
        own = self._sides[side]
        crowded = own.count > self._wanted * 1.15
        if crowded and rng.random() < 0.6:
            far = min(len(own.ticks) - 1, int(rng.expovariate(1 / 6)))
            self._cancel(side, own.ticks[far] if side is Side.BID else own.ticks[-1 - far])
            return
        best = own.ticks[-1 if side is Side.BID else 0] if own.ticks else self._touch(fair)[side is Side.ASK]
        index = int(rng.expovariate(1 / 9)) if rng.random() < 0.7 else rng.randrange(self._wanted)
        if rng.random() < 0.5 + 0.5 * (self._wanted - own.count) / self._wanted:
            self._rest(side, best, self._offset(index, fair) if index else 0, fair)
        elif own.ticks:
            index = min(index, len(own.ticks) - 1)
            self._cancel(side, own.ticks[-1 - index] if side is Side.BID else own.ticks[index])

    def _rest(self, side: Side, best: int, back: int, fair: float) -> None:
        """One more resting order, `back` ticks behind `best`, never across the spread."""
        ticks = best - back if side is Side.BID else best + back
        opposite = self._best(side.opposite)
        if opposite is not None:
            ticks = min(ticks, opposite - 1) if side is Side.BID else max(ticks, opposite + 1)
        own = self._sides[side]
        if ticks < 1 or (self._highest is not None and ticks > self._highest):
            return
        if len(own.orders.get(ticks, ())) >= _ORDERS_PER_LEVEL:
            self._cancel(side, ticks)
            return
        away_bps = back / max(best, 1) * 10_000
        notional = self._profile.level_notional * self._mood.size * (0.12 + away_bps / 22) ** 0.75
        self._place(side, ticks, self._steps(notional * math.exp(self._rng.gauss(0, 0.7)), fair))

    # ---- the engine

    def _place(self, side: Side, ticks: int, steps: int, *, taking: bool = False) -> None:
        order = NewOrder(
            self._market.symbol,
            side,
            OrderKind.LIMIT,
            quantity=self._units.quantity(steps),
            price=self._units.price(max(ticks, 1)),
            time_in_force=TimeInForce.IOC if taking else TimeInForce.GTC,
        )
        try:
            placed = self._venue.place(self._traders.taker if taking else self._traders.maker, order)
        except VenueRefusal:
            return
        if not taking and placed.is_open:
            self._sides[side].add(ticks, placed.id)

    def _cancel(self, side: Side, ticks: int) -> None:
        order_id = self._sides[side].take(ticks)
        try:
            self._venue.cancel(self._traders.maker, self._market.symbol, order_id=order_id)
        except VenueRefusal:
            return

    def _best(self, side: Side) -> int | None:
        bid, ask = self._venue.best(self._market.symbol)
        price = bid if side is Side.BID else ask
        return None if price is None else self._units.ticks(price)

    # ---- shapes

    def _touch(self, fair: float) -> tuple[int, int]:
        """Where best bid and best ask belong around a fair price."""
        middle = fair / self._tick
        half = max(0.5, middle * self._profile.half_spread_bps * self._mood.spread / 10_000)
        bid = max(1, math.floor(middle - half + 0.5))
        return bid, max(bid + 1, math.ceil(middle + half - 0.5))

    def _gap(self, fair: float) -> int:
        """Natural distance between neighbouring levels."""
        return max(1, round(fair / self._tick * _NATURAL_GAP_BPS / 10_000))

    def _offset(self, index: int, fair: float) -> int:
        """Ticks from the touch to about the level of that index: dense near it, sparser further out."""
        return max(1, round(self._gap(fair) * (index + 0.03 * index**2) * self._rng.uniform(0.8, 1.2)))

    def _steps(self, notional: float, fair: float) -> int:
        """A size in steps; people like round numbers."""
        steps = max(1, round(notional / fair / self._step))
        if steps > 20 and self._rng.random() < 0.3:
            unit = 10 ** (len(str(steps)) - 1)
            steps = max(unit, round(steps / unit) * unit)
        smallest = int(self._market.quantity.min_quantity / self._units.step)
        return max(steps, smallest)
