"""Our picture of the account against the exchange's own, again and again (RELIABILITY 6.5).

A full reconciliation reads everything, applies it in one step and then opens the gate; a failed or partial read changes
nothing. Between them, open orders, positions, fills and money are read on timers: orders faster while the private
stream has not proved that it delivers, money soon after whatever moves it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal

from bpx_tui.clock import Clock
from bpx_tui.errors import BpxError, ExchangeError
from bpx_tui.exchange.server_clock import ServerClock
from bpx_tui.exchange.wire_rest import Rows, whole
from bpx_tui.model.account import AccountSettings, Balance, Collateral, Position
from bpx_tui.model.ids import Symbol
from bpx_tui.model.lending import BorrowLendPosition
from bpx_tui.model.orders import Fill, Order, TrackedOrder
from bpx_tui.model.views import FeedState
from bpx_tui.service.account import Account
from bpx_tui.service.announcer import Announcer
from bpx_tui.service.evidence import Evidence
from bpx_tui.service.gate import GateKeeper
from bpx_tui.service.intents import Severity
from bpx_tui.service.order_board import Source
from bpx_tui.service.ports import MoneyReads
from bpx_tui.service.strategies import StrategyWatch

ORDERS_HEALTHY_SECONDS = 8.0
"""So that what the stream lost is found, and what became of it looked up, within ten."""
ORDERS_DEGRADED_SECONDS = 3.0
ORDERS_AGAIN_SECONDS = 1.0
MONEY_SECONDS = 15.0
"""No stream reports money: an age beyond this, and what reading takes, means that it is late."""
MONEY_AGAIN_SECONDS = 5.0
MONEY_MOVED_SECONDS = 1.0
MOVED_ROUNDS, MOVED_WITHIN_SECONDS = 10, 30.0
"""Where money moves all the time it is read no more often than this: other requests want their share."""
LIQUIDATION_AGAIN_SECONDS = 60.0
AGAIN_SECONDS = 10.0
RETRY_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0)
TICK_SECONDS = 0.25
STREAM_PATIENCE_MS = 2_000
FILL_OVERLAP_US = 60_000_000
FILLS_AT_START = 100
MOST_FILLS = 1_000
GATE_REASON = "reconcile"
READING_GATE_REASON = "reading"
LIQUIDATION_GATE_REASON = "liquidation"


@dataclass(frozen=True, slots=True)
class _Reading:
    """Everything one full reconciliation reads, with the local and exchange time at which the requests left."""

    left_at: float
    left_us: int
    settings: AccountSettings
    balances: Sequence[Balance]
    collateral: Collateral
    loans: Sequence[BorrowLendPosition] | None
    positions: Sequence[Position]
    orders: Sequence[Order]
    fills: Sequence[Fill]


class Reconciler:
    """Keeps account, board and fills equal to the exchange. `on_missing` hears of open orders that vanished."""

    def __init__(
        self,
        venue: MoneyReads,
        account: Account,
        strategies: StrategyWatch,
        evidence: Evidence,
        gate: GateKeeper,
        announcer: Announcer,
        clock: Clock,
        time: ServerClock,
        on_missing: Callable[[TrackedOrder], None],
    ) -> None:
        self._venue = venue
        self._account = account
        self._strategies = strategies
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
        self._failing: dict[str, str] = {}
        self._fills_read_us: int | None = None
        self._money_rounds: deque[float] = deque(maxlen=MOVED_ROUNDS)
        self._liquidating: bool | None = False
        self._unreadable: dict[str, frozenset[str]] = {}
        self._liquidation_asked: dict[Symbol, tuple[Decimal, float]] = {}
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

    def money_moved(self) -> None:
        """A fill, or an order that came to rest or ended, moves money, which no stream reports: read it soon."""
        due = self._clock.monotonic() + MONEY_MOVED_SECONDS
        if len(self._money_rounds) == MOVED_ROUNDS:
            due = max(due, self._money_rounds[0] + MOVED_WITHIN_SECONDS)
        self._money_due = min(self._money_due, due)

    def stream_lost(self) -> None:
        """Private events are or may be lost: read what they would have told instead, beginning now."""
        self.private_proven = False
        self._orders_due = min(self._orders_due, self._clock.monotonic())
        self.money_moved()

    def stream_missed(self, text: str) -> None:
        """Reading has shown what the private stream should have told: it is not to be relied on."""
        if not self.private_proven:
            return
        self.private_proven = False
        self._announcer.notice(Severity.WARNING, f"Private stream: {text}. Reading orders more often.")
        if self.drifted is not None:
            self.drifted()

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
            if await self._guarded("orders", self._orders_and_positions):
                self._gate.lift(READING_GATE_REASON)
                self._orders_due = self._clock.monotonic() + self._orders_period()
            else:
                self._gate.close(READING_GATE_REASON, f"orders cannot be read: {self._failing['orders']}")
                self._orders_due = self._clock.monotonic() + ORDERS_AGAIN_SECONDS
        if now >= self._money_due:
            self._money_rounds.append(now)
            self._money_due = self._clock.monotonic() + MONEY_SECONDS
            if not await self._guarded("money", self._fills_and_money):
                self._strategies.doubt(self._failing["money"])
                self._money_due = self._clock.monotonic() + MONEY_AGAIN_SECONDS

    async def _full(self) -> None:
        demands, self._money_due = self._demands, self._clock.monotonic() + MONEY_SECONDS
        try:
            reading = await self._read_everything()
        except ExchangeError as error:
            pause = RETRY_SECONDS[min(self._failures, len(RETRY_SECONDS) - 1)]
            self._failures += 1
            self._full_due = self._clock.monotonic() + pause
            self._gate.close(GATE_REASON, f"the account cannot be read: {error}")
            self._failing["everything"] = str(error)
            self._strategies.doubt(str(error))
            self._say_how_it_stands()
            return
        self._failing.clear()
        self._gate.lift(READING_GATE_REASON)
        self._apply(reading)
        now = self._clock.monotonic()
        if self._demands != demands:  # something happened while reading: what was read is good, but not enough
            return
        self._full_due = now + AGAIN_SECONDS if self._again or self._liquidating else None
        self._again, self._failures = False, 0
        self._orders_due = now + self._orders_period()
        self._gate.lift(GATE_REASON)

    def _say_how_it_stands(self) -> None:
        """One part that cannot be read makes the picture stale, until that part was read again."""
        if not self._failing:
            self._account.say(FeedState.LIVE, "")
            return
        state = FeedState.STALE if self._account.true_at_us is not None else FeedState.UNAVAILABLE
        self._account.say(state, f"cannot be read: {next(iter(self._failing.values()))}")

    async def _read_everything(self) -> _Reading:
        left_at, left_us = self._clock.monotonic(), self._time.now_us()
        async with reading_together() as group:
            settings = group.create_task(self._venue.account())
            balances = group.create_task(self._venue.balances())
            collateral = group.create_task(self._venue.collateral())
            loans = group.create_task(self._loans())
            positions = group.create_task(self._venue.positions())
            orders = group.create_task(self._venue.open_orders())
            fills = group.create_task(self._recent_fills())
            group.create_task(self._strategies.read())
        return _Reading(
            left_at,
            left_us,
            settings.result(),
            balances.result(),
            collateral.result(),
            loans.result(),
            whole(positions.result()),
            whole(orders.result()),
            fills.result(),
        )

    def _apply(self, reading: _Reading) -> None:
        first = self._account.true_at_us is None
        self._account.take_settings(reading.settings)
        self._take_liquidation(reading.settings.liquidating)
        self._take_money(reading.balances, reading.collateral, reading.loans, reading.left_us)
        self._take_fills(reading.fills, announce=not first)
        self._take_orders(reading.orders, reading.left_at)
        self._take_positions(reading.positions, reading.left_us)
        self._say_how_it_stands()

    async def _orders_and_positions(self) -> None:
        left_at, left_us = self._clock.monotonic(), self._time.now_us()
        async with reading_together() as group:
            orders = group.create_task(self._venue.open_orders())
            positions = group.create_task(self._venue.positions())
        self._take_orders(whole(orders.result()), left_at)
        self._take_positions(whole(positions.result()), left_us)

    async def _fills_and_money(self) -> None:
        left_us = self._time.now_us()
        async with reading_together() as group:
            balances = group.create_task(self._venue.balances())
            collateral = group.create_task(self._venue.collateral())
            loans = group.create_task(self._loans())
            fills = group.create_task(self._recent_fills())
            group.create_task(self._strategies.read())
        self._take_money(balances.result(), collateral.result(), loans.result(), left_us)
        self._take_fills(fills.result())
        await self._liquidation_prices()

    async def _liquidation_prices(self) -> None:
        """Ask for those not known, each once in a while: a position may have none."""
        now = self._clock.monotonic()
        wanted = self._account.without_liquidation_price()
        asked = {symbol: told for symbol, told in self._liquidation_asked.items() if symbol in wanted}
        self._liquidation_asked = asked
        for symbol, quantity in wanted.items():
            size, at = asked.get(symbol, (None, now))
            if size == quantity and now - at < LIQUIDATION_AGAIN_SECONDS:
                continue
            asked[symbol] = quantity, now
            for position in await self._venue.positions(symbol):
                self._account.take_liquidation_price(position)

    async def _loans(self) -> Sequence[BorrowLendPosition] | None:
        """What is lent and owed, `None` where that cannot be read: nobody is kept from trading for it."""
        try:
            return whole(await self._venue.lending.positions())
        except ExchangeError:
            return None

    async def _recent_fills(self) -> Sequence[Fill]:
        """Fills since the last reading, with some overlap: newer ones from the stream say nothing of those it lost."""
        left_us = self._time.now_us()
        if self._fills_read_us is None:
            fills = await self._venue.fills(limit=FILLS_AT_START)
        else:
            from_ms = (self._fills_read_us - FILL_OVERLAP_US) // 1_000
            fills = await self._venue.fills(from_ms=from_ms, limit=MOST_FILLS)
        if len(fills) < MOST_FILLS:
            self._fills_read_us = left_us
        return fills

    def _take_liquidation(self, liquidating: bool | None) -> None:
        """Whether the exchange is closing the account's positions by itself: then nothing may add to them."""
        before, self._liquidating = self._liquidating, liquidating
        if liquidating:
            self._gate.close(LIQUIDATION_GATE_REASON, "the exchange is liquidating this account")
        else:
            self._gate.lift(LIQUIDATION_GATE_REASON)
        if liquidating is before:
            return
        if liquidating:
            text = "The exchange is liquidating this account. No new orders; cancels and reduce-only are still sent."
            self._announcer.notice(Severity.ERROR, text, sticky=True)
        elif liquidating is None:
            text = "The exchange does not say whether it is liquidating this account."
            self._announcer.notice(Severity.WARNING, text, sticky=True)
        elif before:
            self._announcer.notice(Severity.GOOD, "The exchange is not liquidating this account any more.")

    def _take_money(
        self,
        balances: Sequence[Balance],
        collateral: Collateral,
        loans: Sequence[BorrowLendPosition] | None,
        left_us: int,
    ) -> None:
        self._say_what_is_unreadable("balance", balances)
        self._account.take_money(balances, collateral, loans, left_us)

    def _take_fills(self, fills: Sequence[Fill], *, announce: bool = True) -> None:
        self._say_what_is_unreadable("fill", fills)
        self._evidence.fills(fills, announce=announce)

    def _say_what_is_unreadable(self, what: str, rows: Sequence[object]) -> None:
        """A row that is not shown must not pass unnoticed; each reason is said once while it lasts."""
        reasons = frozenset(rows.unreadable) if isinstance(rows, Rows) else frozenset()
        for reason in sorted(reasons - self._unreadable.get(what, frozenset())):
            self._announcer.notice(Severity.WARNING, f"A {what} cannot be read and is not shown: {reason}", sticky=True)
        self._unreadable[what] = reasons

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
            self.money_moved()

    def _drift(self, text: str, order: TrackedOrder) -> None:
        """The stream should have told this. Orders that were open before we listened are no drift."""
        created_ms = order.order.created_ms if order.order is not None else None
        is_recent = created_ms is None or self._time.now_ms() - created_ms < STREAM_PATIENCE_MS
        if not is_recent:
            self.stream_missed(text)

    def _orders_period(self) -> float:
        return ORDERS_HEALTHY_SECONDS if self.private_proven else ORDERS_DEGRADED_SECONDS

    async def _guarded(self, part: str, read: Callable[[], Coroutine[None, None, None]]) -> bool:
        """Whether it could be read; a failed read leaves everything as it is, and says so."""
        try:
            await read()
        except ExchangeError as error:
            self._failing[part] = str(error)
        else:
            self._failing.pop(part, None)
        self._say_how_it_stands()
        return part not in self._failing


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


def _first(group: BaseExceptionGroup[BpxError]) -> BpxError:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
