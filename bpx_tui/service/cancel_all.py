"""Cancel everything, of one market or of all: swept until the exchange shows nothing left.

There is no call that cancels all markets, and resting and conditional orders take a sweep each. Sweeping again is safe,
a cancel of nothing does nothing. Nothing gates this, and no slow read holds it up: where orders are believed to be is
swept first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

from bpx_tui.clock import Clock
from bpx_tui.errors import BpxError, ExchangeError
from bpx_tui.model.ids import Symbol
from bpx_tui.service.announcer import Announcer
from bpx_tui.service.evidence import Evidence
from bpx_tui.service.intents import CancelAll, CommandOutcome, OutcomeKind
from bpx_tui.service.order_board import OrderBoard, Source
from bpx_tui.service.ports import Venue
from bpx_tui.service.reconcile import whole

AT_ONCE = 4
MOST_ROUNDS = 6
ROUND_SECONDS = 0.25


@dataclass(slots=True)
class _Tally:
    cancelled: int = 0
    failures: list[str] = field(default_factory=list)


class CancelAllOrders:
    """Carries out `CancelAll`."""

    def __init__(self, venue: Venue, board: OrderBoard, evidence: Evidence, announcer: Announcer, clock: Clock) -> None:
        self._venue = venue
        self._board = board
        self._evidence = evidence
        self._announcer = announcer
        self._clock = clock

    async def run(self, intent: CancelAll) -> None:
        """Sweep until nothing is left or six rounds are used up, then give the one outcome."""
        started = self._clock.monotonic()
        tally = _Tally()
        left: set[Symbol] | None = None
        try:
            left = await self._sweep_until_empty(intent.symbol, tally)
        finally:
            self._conclude(intent, tally, left, started)

    async def _sweep_until_empty(self, only: Symbol | None, tally: _Tally) -> set[Symbol] | None:
        """Markets that still show orders at the end; `None` when that cannot be read."""
        await self._sweep(self._believed(only), tally)
        for number in range(1, MOST_ROUNDS):
            shown = await self._markets_with_orders(only)
            if shown is not None and not shown:
                return shown
            tally.failures.clear()
            await self._sweep(self._believed(only) if shown is None else shown, tally)
            await self._clock.sleep(ROUND_SECONDS * number)
        return await self._markets_with_orders(only)

    async def _markets_with_orders(self, only: Symbol | None) -> set[Symbol] | None:
        """Markets in which the exchange shows orders; `None` when it cannot be asked or not all of it can be read."""
        try:
            orders = await self._venue.open_orders(only)
            for order in orders:
                self._evidence.order(order, Source.OPEN_ORDERS)
            return {order.symbol for order in whole(orders)}
        except ExchangeError:
            return None

    def _believed(self, only: Symbol | None) -> set[Symbol]:
        """Without the exchange's word: every market in which an order may be."""
        return {only} if only is not None else {tracked.symbol for tracked in self._board.live()}

    async def _sweep(self, symbols: Iterable[Symbol], tally: _Tally) -> None:
        limit = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as group:
            for symbol in sorted(symbols):
                for conditional in (False, True):
                    group.create_task(self._cancel(symbol, conditional, limit, tally))

    async def _cancel(self, symbol: Symbol, conditional: bool, limit: asyncio.Semaphore, tally: _Tally) -> None:
        async with limit:
            try:
                cancelled = await self._venue.cancel_all(symbol, conditional=conditional)
            except BpxError as error:
                tally.failures.append(f"{symbol}: {error}")
                return
        for order in cancelled or ():
            self._evidence.order(order, Source.REPLY)
            tally.cancelled += 1

    def _conclude(self, intent: CancelAll, tally: _Tally, left: set[Symbol] | None, started: float) -> None:
        where = intent.symbol or "all markets"
        done = f"{tally.cancelled} order{'' if tally.cancelled == 1 else 's'} cancelled"
        why = f" ({tally.failures[0]})" if tally.failures else ""
        if left is None:
            kind, text = OutcomeKind.UNKNOWN, f"{where}: {done}; what is left cannot be read{why}."
        elif left:
            kind, text = OutcomeKind.UNKNOWN, f"{where}: {done}; orders are left in {', '.join(sorted(left))}{why}."
        else:
            kind, text = OutcomeKind.ACCEPTED, f"{where}: {done}, nothing is left."
        round_trip_ms = (self._clock.monotonic() - started) * 1_000
        self._announcer.outcome(CommandOutcome(intent.input_id, kind, text, round_trip_ms=round_trip_ms))
