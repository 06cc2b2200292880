"""Our picture of the account against the exchange's own, again and again (RELIABILITY 6.5).

A full reconciliation reads everything, applies it in one step and then opens the gate; a failed or partial read changes
nothing. Between them, open orders, positions, fills and money are read on timers: faster while the private stream has
not proved that it delivers.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from bpx_tui.clock import Clock
from bpx_tui.errors import BpxError, ExchangeError, UnreadableReply
from bpx_tui.exchange.server_clock import ServerClock
from bpx_tui.exchange.wire_rest import Rows
from bpx_tui.model.account import AccountSettings, Balance, Collateral, Position
from bpx_tui.model.orders import Fill, Order, TrackedOrder
from bpx_tui.model.views import FeedState
from bpx_tui.service.account import Account
from bpx_tui.service.announcer import Announcer
from bpx_tui.service.evidence import Evidence
from bpx_tui.service.gate import GateKeeper
from bpx_tui.service.intents import Severity
from bpx_tui.service.order_board import Source
from bpx_tui.service.ports import AccountReads

T = TypeVar("T")

ORDERS_HEALTHY_SECONDS = 10.0
ORDERS_DEGRADED_SECONDS = 3.0
MONEY_SECONDS = 60.0
AFTER_FILL_SECONDS = 1.0
AGAIN_SECONDS = 10.0
RETRY_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0)
TICK_SECONDS = 0.25
STREAM_PATIENCE_MS = 2_000
FILL_OVERLAP_US = 60_000_000
FILLS_AT_START = 100
GATE_REASON = "reconcile"


@dataclass(frozen=True, slots=True)
class _Reading:
    """Everything one full reconciliation reads, with the local and exchange time at which the requests left."""

    left_at: float
    left_us: int
    settings: AccountSettings
    balances: Sequence[Balance]
    collateral: Collateral
    positions: Sequence[Position]
    orders: Sequence[Order]
    fills: Sequence[Fill]


class Reconciler:
    """Keeps account, board and fills equal to the exchange. `on_missing` hears of open orders that vanished."""

    def __init__(
        self,
        venue: AccountReads,
        account: Account,
        evidence: Evidence,
        gate: GateKeeper,
        announcer: Announcer,
        clock: Clock,
        time: ServerClock,
        on_missing: Callable[[TrackedOrder], None],
    ) -> None:
        self._venue = venue
        self._account = account
        self._evidence = evidence
        self._gate = gate
        self._announcer = announcer
        self._clock = clock
        self._time = time
        self._on_missing = on_missing
        self._full_due: float | None = clock.monotonic()
        self._orders_due = self._money_due = float("inf")
        self._failures = self._demands = 0
        self._again = True
        self.private_proven = False
        """Whether the private stream has shown that it delivers. Set by the session on the first private event."""
        self.drifted: Callable[[], None] | None = None
        """Called when REST shows what the private stream should have told."""
        gate.close(GATE_REASON, "the account has not been read yet")

    def demand(self, reason: str) -> None:
        """Reconcile everything as soon as possible; until that has succeeded no new risk is taken."""
        self._gate.close(GATE_REASON, reason)
        self._full_due = self._clock.monotonic()
        self._demands += 1
        self._failures = 0
        self._again = True

    def after_fill(self) -> None:
        """A fill moves money, which no stream reports: read it soon."""
        self._money_due = min(self._money_due, self._clock.monotonic() + AFTER_FILL_SECONDS)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.tend()
            await self._clock.sleep(TICK_SECONDS)

    async def tend(self) -> None:
        """Do what is due now."""
        now = self._clock.monotonic()
        if self._full_due is not None and now >= self._full_due:
            await self._full()
            return
        if now >= self._orders_due:
            await self._guarded(self._orders_and_positions)
            self._orders_due = self._clock.monotonic() + self._orders_period()
        if now >= self._money_due:
            self._money_due = self._clock.monotonic() + MONEY_SECONDS
            await self._guarded(self._fills_and_money)

    async def _full(self) -> None:
        demands = self._demands
        try:
            reading = await self._read_everything()
        except ExchangeError as error:
            pause = RETRY_SECONDS[min(self._failures, len(RETRY_SECONDS) - 1)]
            self._failures += 1
            self._full_due = self._clock.monotonic() + pause
            self._gate.close(GATE_REASON, f"the account cannot be read: {error}")
            self._account.say(self._account_state(), f"cannot be read: {error}")
            return
        self._apply(reading)
        now = self._clock.monotonic()
        if self._demands != demands:  # something happened while reading: what was read is good, but not enough
            return
        self._full_due = now + AGAIN_SECONDS if self._again else None
        self._again, self._failures = False, 0
        self._orders_due, self._money_due = now + self._orders_period(), now + MONEY_SECONDS
        self._gate.lift(GATE_REASON)

    def _account_state(self) -> FeedState:
        return FeedState.STALE if self._account.true_at_us is not None else FeedState.UNAVAILABLE

    async def _read_everything(self) -> _Reading:
        left_at, left_us = self._clock.monotonic(), self._time.now_us()
        async with reading_together() as group:
            settings = group.create_task(self._venue.account())
            balances = group.create_task(self._venue.balances())
            collateral = group.create_task(self._venue.collateral())
            positions = group.create_task(self._venue.positions())
            orders = group.create_task(self._venue.open_orders())
            fills = group.create_task(self._recent_fills())
        return _Reading(
            left_at,
            left_us,
            settings.result(),
            balances.result(),
            collateral.result(),
            whole(positions.result()),
            whole(orders.result()),
            fills.result(),
        )

    def _apply(self, reading: _Reading) -> None:
        first = self._account.true_at_us is None
        self._account.take_settings(reading.settings)
        self._account.take_money(reading.balances, reading.collateral, reading.left_us)
        self._evidence.fills(reading.fills, announce=not first)
        self._take_orders(reading.orders, reading.left_at)
        self._take_positions(reading.positions, reading.left_us)
        self._account.say(FeedState.LIVE, self._lane_words())

    async def _orders_and_positions(self) -> None:
        left_at, left_us = self._clock.monotonic(), self._time.now_us()
        async with reading_together() as group:
            orders = group.create_task(self._venue.open_orders())
            positions = group.create_task(self._venue.positions())
        self._take_orders(whole(orders.result()), left_at)
        self._take_positions(whole(positions.result()), left_us)
        self._account.say(FeedState.LIVE, self._lane_words())

    async def _fills_and_money(self) -> None:
        left_us = self._time.now_us()
        async with reading_together() as group:
            balances = group.create_task(self._venue.balances())
            collateral = group.create_task(self._venue.collateral())
            fills = group.create_task(self._recent_fills())
        self._account.take_money(balances.result(), collateral.result(), left_us)
        self._evidence.fills(fills.result())
        for symbol in self._account.without_liquidation_price():
            for position in await self._venue.positions(symbol):
                self._account.take_liquidation_price(position)

    async def _recent_fills(self) -> Sequence[Fill]:
        newest = self._account.fills.newest_us
        if newest is None:
            return await self._venue.fills(limit=FILLS_AT_START)
        return await self._venue.fills(from_ms=(newest - FILL_OVERLAP_US) // 1_000, limit=1_000)

    def _take_orders(self, orders: Sequence[Order], left_at: float) -> None:
        board = self._account.board
        for order in orders:
            before = board.get(order.order_id, order.client_id)
            after = self._evidence.order(order, Source.OPEN_ORDERS)
            if before is None or before.order is None:
                self._drift(f"order {order.order_id} on {order.symbol} came by REST, not by stream", after)
        for tracked in board.unseen_since(left_at):
            self._on_missing(tracked)

    def _take_positions(self, positions: Sequence[Position], left_us: int) -> None:
        for difference in self._account.take_positions(positions, left_us):
            self._announcer.notice(
                Severity.INFO,
                f"{difference.symbol} position is {difference.now:f} at the exchange, was shown as {difference.was:f}.",
            )

    def _drift(self, text: str, order: TrackedOrder) -> None:
        """The stream should have told this. Orders that were open before we listened are no drift."""
        created_ms = order.order.created_ms if order.order is not None else None
        is_recent = created_ms is None or self._time.now_ms() - created_ms < STREAM_PATIENCE_MS
        if not self.private_proven or is_recent:
            return
        self.private_proven = False
        self._announcer.notice(Severity.WARNING, f"Private stream: {text}. Reading orders more often.")
        if self.drifted is not None:
            self.drifted()

    def _orders_period(self) -> float:
        return ORDERS_HEALTHY_SECONDS if self.private_proven else ORDERS_DEGRADED_SECONDS

    def _lane_words(self) -> str:
        return "" if self.private_proven else "private stream not proven yet: read every 3 s instead"

    async def _guarded(self, read: Callable[[], Coroutine[None, None, None]]) -> None:
        """A failed read leaves everything as it is, and says so."""
        try:
            await read()
        except ExchangeError as error:
            self._account.say(FeedState.STALE, f"cannot be read: {error}")


@asynccontextmanager
async def reading_together() -> AsyncIterator[asyncio.TaskGroup]:
    """A task group for reads: the first failure cancels the others and comes out as itself, not as a group."""
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except BaseExceptionGroup as failures:
        expected = failures.subgroup(BpxError)
        if expected is None:
            raise
        raise _first(expected) from None


def whole(rows: Sequence[T]) -> Sequence[T]:
    """The rows, if every one of them could be read: an absent row then means something.

    Raises:
        UnreadableReply: some could not.
    """
    if isinstance(rows, Rows) and rows.unreadable:
        raise UnreadableReply(f"{len(rows.unreadable)} rows cannot be read: {rows.unreadable[0]}")
    return rows


def _first(group: BaseExceptionGroup[BpxError]) -> BpxError:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
