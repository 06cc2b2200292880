"""Cancel everything, of one market or of all: swept until the exchange shows nothing left.

There is no call that cancels all markets, and resting orders, conditional orders and running strategies, which would
place new ones, take a sweep each. Sweeping again is safe, a cancel of nothing does nothing. Nothing gates this, and no
slow read holds it up: where orders and strategies are believed to be is swept first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from functools import partial

from bpx_tui.clock import Clock
from bpx_tui.errors import BpxError, ExchangeError
from bpx_tui.exchange.wire_rest import whole
from bpx_tui.model.ids import Symbol
from bpx_tui.service.account import Account
from bpx_tui.service.announcer import Announcer
from bpx_tui.service.evidence import Evidence
from bpx_tui.service.intents import CancelAll, CommandOutcome, OutcomeKind
from bpx_tui.service.order_board import Source
from bpx_tui.service.ports import Venue
from bpx_tui.service.strategies import StrategyWatch

AT_ONCE = 4
MOST_ROUNDS = 6
ROUND_SECONDS = 0.25

Markets = frozenset[Symbol]


@dataclass(slots=True)
class _Tally:
    cancelled: int = 0
    stopped: int = 0
    failures: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Left:
    """Markets in which orders rest and in which strategies run; `None` where that cannot be read."""

    orders: Markets | None = None
    strategies: Markets | None = None

    @property
    def is_nothing(self) -> bool:
        return self.orders == self.strategies == frozenset()

    def described(self) -> str:
        """What is left, as the end of a sentence; empty when nothing is."""
        if self.orders is None:
            return "what is left cannot be read"
        orders = f"orders are left in {_listed(self.orders)}" if self.orders else ""
        if self.strategies is None:
            return f"{orders or 'no order is left'}, but whether strategies run cannot be read"
        strategies = f"strategies run in {_listed(self.strategies)}" if self.strategies else ""
        return " and ".join(filter(None, (orders, strategies)))


class CancelEverything:
    """Carries out `CancelAll`."""

    def __init__(
        self,
        venue: Venue,
        account: Account,
        strategies: StrategyWatch,
        evidence: Evidence,
        announcer: Announcer,
        clock: Clock,
    ) -> None:
        self._venue = venue
        self._account = account
        self._strategies = strategies
        self._evidence = evidence
        self._announcer = announcer
        self._clock = clock

    async def run(self, intent: CancelAll) -> None:
        """Sweep until nothing is left or six rounds are used up, then give the one outcome."""
        started = self._clock.monotonic()
        tally, left = _Tally(), _Left()
        try:
            left = await self._sweep_until_empty(intent.symbol, tally)
        finally:
            self._conclude(intent, tally, left, started)

    async def _sweep_until_empty(self, only: Symbol | None, tally: _Tally) -> _Left:
        """What the exchange shows at the end."""
        await self._sweep(_Left(), only, tally)
        for number in range(1, MOST_ROUNDS):
            left = await self._look(only)
            if left.is_nothing:
                return left
            tally.failures.clear()
            await self._sweep(left, only, tally)
            await self._clock.sleep(ROUND_SECONDS * number)
        return await self._look(only)

    async def _look(self, only: Symbol | None) -> _Left:
        async with asyncio.TaskGroup() as group:
            orders = group.create_task(self._markets_with_orders(only))
            strategies = group.create_task(self._markets_with_strategies(only))
        return _Left(orders.result(), strategies.result())

    async def _markets_with_orders(self, only: Symbol | None) -> Markets | None:
        """Markets in which the exchange shows orders; `None` when it cannot be asked or not all of it can be read."""
        try:
            orders = await self._venue.open_orders(only)
            for order in orders:
                self._evidence.order(order, Source.OPEN_ORDERS)
            return frozenset(order.symbol for order in whole(orders))
        except ExchangeError:
            return None

    async def _markets_with_strategies(self, only: Symbol | None) -> Markets | None:
        running = await self._strategies.read()
        if running is None:
            return None
        return frozenset(strategy.symbol for strategy in running if only in (None, strategy.symbol))

    def _believed(self, only: Symbol | None) -> tuple[Markets, Markets]:
        """Without the exchange's word: every market in which an order may be, and in which a strategy may run.

        Where it was read lately that none runs in a market, nothing is sent there to stop one: the look after the first
        sweep tells whether that is still so.
        """
        live = self._account.board.live()
        placed = {each.symbol for each in live if each.order is not None and each.order.strategy_id is not None}
        running = {strategy.symbol for strategy in self._account.strategies or ()} | placed
        if only is None:
            return frozenset(tracked.symbol for tracked in live), frozenset(running)
        may_run = only in running or bool(self._account.strategies_unknown)
        return frozenset((only,)), frozenset((only,) if may_run else ())

    async def _sweep(self, left: _Left, only: Symbol | None, tally: _Tally) -> None:
        """Cancel where something is left, or may be. Strategies go first, as they place orders, but hold up nothing."""
        with_orders, with_strategies = self._believed(only)
        stops, cancels = asyncio.Semaphore(AT_ONCE), asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as group:
            for symbol in sorted(with_strategies if left.strategies is None else left.strategies):
                group.create_task(self._try(symbol, partial(self._stop, symbol, tally), stops, tally))
            for symbol in sorted(with_orders if left.orders is None else left.orders):
                for conditional in (False, True):
                    group.create_task(
                        self._try(symbol, partial(self._cancel, symbol, conditional, tally), cancels, tally)
                    )

    async def _try(
        self, symbol: Symbol, act: Callable[[], Coroutine[None, None, None]], limit: asyncio.Semaphore, tally: _Tally
    ) -> None:
        async with limit:
            try:
                await act()
            except BpxError as error:
                tally.failures.append(f"{symbol}: {error}")

    async def _cancel(self, symbol: Symbol, conditional: bool, tally: _Tally) -> None:
        for order in await self._venue.cancel_all(symbol, conditional=conditional) or ():
            self._evidence.order(order, Source.REPLY)
            tally.cancelled += 1

    async def _stop(self, symbol: Symbol, tally: _Tally) -> None:
        stopped = await self._venue.strategies.cancel_all(symbol)
        tally.stopped += len(stopped or ())

    def _conclude(self, intent: CancelAll, tally: _Tally, left: _Left, started: float) -> None:
        where = intent.symbol or "all markets"
        done = _counted(tally.cancelled, "order", "orders") + " cancelled"
        if tally.stopped:
            done += f", {_counted(tally.stopped, 'strategy', 'strategies')} stopped"
        if remainder := left.described():
            why = f" ({tally.failures[0]})" if tally.failures else ""
            kind, text = OutcomeKind.UNKNOWN, f"{where}: {done}; {remainder}{why}."
        else:
            kind, text = OutcomeKind.ACCEPTED, f"{where}: {done}, nothing is left."
        round_trip_ms = (self._clock.monotonic() - started) * 1_000
        self._announcer.outcome(CommandOutcome(intent.input_id, kind, text, round_trip_ms=round_trip_ms))


def _listed(symbols: Iterable[Symbol]) -> str:
    return ", ".join(sorted(symbols))


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
