"""The manager of a vault: it keeps a part of the equity in one perpetual, more of it while the price trends up.

The rule looks at nothing but prices as they come, so the same rule that trades also says what the vault would have
made of a past. Floats: what it wants is taste; what it trades goes through the engine like everybody's orders.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from functools import cached_property
from random import Random
from typing import Protocol

from bpx_tui.model.enums import OrderKind, Side, TimeInForce
from bpx_tui.model.ids import Symbol
from bpx_tui.simulator.clock import US_PER_SECOND, Happening
from bpx_tui.simulator.domain.orders import AccountId, NewOrder
from bpx_tui.simulator.domain.refusals import VenueRefusal
from bpx_tui.simulator.domain.venue import Venue

MARKET = Symbol("BTC_USDC_PERP")
_MIDDLE, _SWING = 0.2, 0.15
"""Share of the equity that is held, and how far a trend moves it: never short, never much."""
_AVERAGE_S = 86_400.0
_CLEAR_TREND = 0.025
_LOOKS_EVERY_S = 20.0
_SLICE = Decimal(20_000)
"""Most that one order trades, USDC."""
_CARELESS = Decimal("0.01")
"""A gap of less than this share of the equity is left alone."""
_CONCESSION = Decimal("0.0005")
"""How far beyond the touch an order may trade."""


class Trend:
    """Where a price stands against its own average of about a day."""

    def __init__(self) -> None:
        self._average: float | None = None
        self._seen_s = 0.0

    def see(self, time_s: float, price: float) -> float:
        """Take a price in, in ticks; answers the share of its equity that the vault then wants to hold."""
        if self._average is None:
            self._average = price
        else:
            self._average += (price - self._average) * -math.expm1((self._seen_s - time_s) / _AVERAGE_S)
        self._seen_s = time_s
        return _MIDDLE + _SWING * math.tanh(math.log(price / self._average) / _CLEAR_TREND)


class Timetable(Protocol):
    """Where the manager puts what he will do."""

    def at(self, due_us: int, happening: Happening) -> None: ...


class VaultManager:
    """Brings a vault's position towards what the trend asks for, one order at a time.

    Args:
        equity: what the vault is worth now, USDC.
        trend: the rule as the vault's past has left it; asked for at the first look at the market.
    """

    def __init__(
        self,
        venue: Venue,
        account: AccountId,
        equity: Callable[[], Decimal],
        trend: Callable[[], Trend],
        rng: Random,
        timetable: Timetable,
    ) -> None:
        self._venue = venue
        self._account = account
        self._equity = equity
        self._make_trend = trend
        self._tick = venue.market(MARKET).price.tick_size
        self._rng = rng
        self._timetable = timetable

    @cached_property
    def _trend(self) -> Trend:
        return self._make_trend()

    def start(self, now_us: int) -> None:
        """Begin to look at the market every now and then."""
        wait_us = int(self._rng.uniform(0.5, 1.5) * _LOOKS_EVERY_S * US_PER_SECOND)
        self._timetable.at(now_us + wait_us, self._look)

    def _look(self, now_us: int) -> None:
        mark, equity = self._venue.mark(MARKET).mark, max(self._equity(), Decimal(0))
        share = Decimal(repr(self._trend.see(now_us / US_PER_SECOND, float(mark / self._tick))))
        held = sum(
            (row.net_quantity for row in self._venue.positions(self._account) if row.symbol == MARKET), Decimal(0)
        )
        missing = equity * share - held * mark
        if abs(missing) > equity * _CARELESS:
            self._trade(missing, mark)
        self.start(now_us)

    def _trade(self, missing: Decimal, mark: Decimal) -> None:
        """Take what rests near the touch; what is not there is left for the next look."""
        market, side = self._venue.market(MARKET), Side.BID if missing > 0 else Side.ASK
        bid, ask = self._venue.best(MARKET)
        touch = ask if side is Side.BID else bid
        if touch is None:
            return
        limit = touch * (1 + _CONCESSION if side is Side.BID else 1 - _CONCESSION)
        step, tick = market.quantity.step_size, market.price.tick_size
        quantity = min(abs(missing), _SLICE) / mark // step * step
        terms = NewOrder(MARKET, side, OrderKind.LIMIT, quantity, limit // tick * tick, time_in_force=TimeInForce.IOC)
        with suppress(VenueRefusal):
            self._venue.place(self._account, terms)
