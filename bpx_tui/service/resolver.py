"""Looks after orders whose state is in doubt until the exchange has shown it. Never sends or repeats an order.

Three kinds of doubt (RELIABILITY 6.4, 6.5): an order sent without a readable answer, a cancel accepted but not shown as
done, an order that vanished from the open orders. The first may be called "not placed" only by the fenced rule: after
its signature has run out plus a margin, two whole sweeps of open orders, history and fills have not shown it.
"""

from __future__ import annotations

from collections.abc import Callable

from bpx_tui.clock import Clock
from bpx_tui.errors import ExchangeError
from bpx_tui.exchange.server_clock import ServerClock
from bpx_tui.model.ids import ClientId, OrderId
from bpx_tui.model.orders import LocalState, TrackedOrder
from bpx_tui.service.announcer import Announcer
from bpx_tui.service.evidence import Evidence
from bpx_tui.service.intents import Severity
from bpx_tui.service.lookup import Lookup
from bpx_tui.service.order_board import OrderBoard

MARGIN_MS = 60_000
"""Queueing inside the exchange and lag of its history, beyond the life of the signature."""
GRACE_MS = 1_000
CLEAN_SWEEPS_NEEDED = 2
CANCEL_PATIENCE_SECONDS = 5.0
FIRST_SWEEPS = 5
FIRST_PAUSE_SECONDS = 0.5
PAUSE_SECONDS = 2.0
SLOW_PAUSE_SECONDS = 10.0


class Resolver:
    """Works through what is in doubt, one pass at a time."""

    def __init__(
        self,
        lookup: Lookup,
        board: OrderBoard,
        evidence: Evidence,
        announcer: Announcer,
        clock: Clock,
        time: ServerClock,
        window_ms: int,
    ) -> None:
        self._lookup = lookup
        self._board = board
        self._evidence = evidence
        self._announcer = announcer
        self._clock = clock
        self._time = time
        self._window_ms = window_ms
        self._sweeps: dict[ClientId, int] = {}
        self._clean: dict[ClientId, int] = {}
        self._missing: dict[OrderId, int] = {}
        self._due: dict[str, float] = {}
        self.on_unseen_end: Callable[[TrackedOrder], None] | None = None
        """Hears of an open order whose end had to be read, because no stream told it."""

    def missing(self, tracked: TrackedOrder) -> None:
        """Note an order that was open here and is not in fresh open orders: what ended it must be found."""
        if tracked.order is not None:
            self._missing.setdefault(tracked.order.order_id, 0)

    def deadline_ms(self, tracked: TrackedOrder) -> int:
        """Exchange time after which its absence begins to mean something.

        Its signature counts as it was made; of one that is not known, the longest that is made.
        """
        lapses_ms = tracked.lapses_ms
        if lapses_ms is None:
            lapses_ms = (tracked.sent_ms or 0) + self._window_ms
        return lapses_ms + GRACE_MS + MARGIN_MS

    async def run(self) -> None:
        """Until cancelled: a pass every half second, which costs nothing while nothing is in doubt."""
        while True:
            await self.tend()
            await self._clock.sleep(FIRST_PAUSE_SECONDS)

    async def tend(self) -> None:
        """One pass over everything that is due. A failed read leaves things as they are."""
        unknown = self._board.unknown()
        for found in self._sweeps.keys() - {tracked.client_id for tracked in unknown}:
            self._forget(found)
        for tracked in unknown:
            if self._is_due(f"sent {tracked.client_id}"):
                await self._tend_unknown(tracked)
        for tracked in self._board.cancel_pending_since(CANCEL_PATIENCE_SECONDS):
            if self._is_due(f"cancel {tracked.client_id} {tracked.order and tracked.order.order_id}"):
                await self._tend_cancel(tracked)
        for order_id in tuple(self._missing):
            if self._is_due(f"missing {order_id}"):
                await self._tend_missing(order_id)

    async def _tend_unknown(self, tracked: TrackedOrder) -> None:
        client_id = tracked.client_id
        if client_id is None:
            return
        count = self._sweeps[client_id] = self._sweeps.get(client_id, 0) + 1
        self._pause(f"sent {client_id}", FIRST_PAUSE_SECONDS if count < FIRST_SWEEPS else PAUSE_SECONDS)
        fenced = self._time.is_synced and self._time.now_ms() >= self.deadline_ms(tracked)
        try:
            found = await self._lookup.sent_order(tracked)
        except ExchangeError as error:
            self._evidence.annotate(tracked, f"outcome unknown; cannot look it up: {error}")
            return
        if found:
            self._forget(client_id)
            now = self._board.get(None, client_id)
            self._announcer.notice(
                Severity.WARNING, f"The {tracked.symbol} order did reach the exchange: {now.state if now else 'found'}."
            )
        elif fenced:
            self._clean[client_id] = self._clean.get(client_id, 0) + 1
            if self._clean[client_id] >= CLEAN_SWEEPS_NEEDED:
                self._conclude_not_placed(tracked, client_id)
        else:
            left = max(0, self.deadline_ms(tracked) - self._time.now_ms()) // 1_000
            self._evidence.annotate(tracked, f"outcome unknown; not seen yet, certain in {left} s")

    def _conclude_not_placed(self, tracked: TrackedOrder, client_id: ClientId) -> None:
        self._forget(client_id)
        text = "never reached the exchange; you may place it again"
        if self._evidence.settle(client_id, LocalState.NOT_SENT, text) is not None:
            self._announcer.notice(Severity.WARNING, f"The {tracked.symbol} order {text}.")

    async def _tend_cancel(self, tracked: TrackedOrder) -> None:
        key = f"cancel {tracked.client_id} {tracked.order and tracked.order.order_id}"
        self._pause(key, PAUSE_SECONDS)
        if tracked.order is None:
            return  # its order is in doubt as well, and that is looked up first
        try:
            after = await self._lookup.known_order(tracked)
        except ExchangeError:
            return
        if after.is_live and after.cancel_pending:
            self._evidence.annotate(after, "cancel sent, order still rests; cancel again if it stays")

    async def _tend_missing(self, order_id: OrderId) -> None:
        tracked = self._board.get(order_id, None)
        if tracked is None or not tracked.is_live:
            self._missing.pop(order_id, None)
            return
        count = self._missing[order_id] = self._missing[order_id] + 1
        self._pause(f"missing {order_id}", PAUSE_SECONDS if count < FIRST_SWEEPS else SLOW_PAUSE_SECONDS)
        started = self._clock.monotonic()
        try:
            after = await self._lookup.known_order(tracked)
        except ExchangeError:
            return
        if not after.is_live or after not in self._board.unseen_since(started):
            self._missing.pop(order_id, None)
            if not after.is_live and self.on_unseen_end is not None:
                self.on_unseen_end(after)
        else:
            self._evidence.annotate(after, "not among the open orders any more; looking for what ended it")

    def _forget(self, client_id: ClientId) -> None:
        for memory in (self._sweeps, self._clean):
            memory.pop(client_id, None)
        self._due.pop(f"sent {client_id}", None)

    def _is_due(self, key: str) -> bool:
        return self._clock.monotonic() >= self._due.get(key, float("-inf"))

    def _pause(self, key: str, seconds: float) -> None:
        now = self._clock.monotonic()
        self._due = {name: at for name, at in self._due.items() if at > now}
        self._due[key] = now + seconds
