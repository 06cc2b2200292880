"""Every order the desk knows, ours and others', each in exactly one place. Pure bookkeeping, no I/O.

An order of ours is known by its client id until the exchange's order id appears; then by both. Pictures from REST and
stream are joined by `model.lifecycle`, so their order does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from bpx_tui.clock import Clock
from bpx_tui.exchange.server_clock import ServerClock
from bpx_tui.model.enums import OrderStatus, Side
from bpx_tui.model.ids import ClientId, OrderId, Symbol
from bpx_tui.model.lifecycle import is_terminal, join, state_of
from bpx_tui.model.orders import Execution, LocalState, Order, OrderRequest, TrackedOrder
from bpx_tui.model.views import OwnLevel

CLOSED_KEPT = 2_000
ATTENTION_SECONDS = 600.0
ATTENTION_KEPT = 50
EXECUTIONS_KEPT_US = 60_000_000
"""Positions and balances are read many times in this, or nothing that adds risk may leave."""
CREATED_TOLERANCE_MS = 2_000

_NEEDS_ATTENTION = frozenset(
    {LocalState.REFUSED, LocalState.NOT_SENT, LocalState.EXPIRED, LocalState.UNKNOWN, LocalState.TRIGGER_FAILED}
)
_SAID_NOT_PLACED = frozenset({LocalState.REFUSED, LocalState.NOT_SENT})


class Source(StrEnum):
    """Where a picture of an order came from."""

    REPLY = "reply"
    STREAM = "ws"
    OPEN_ORDERS = "open"
    HISTORY = "history"
    FILLS = "fills"


@dataclass(slots=True, eq=False)
class _Entry:
    order: TrackedOrder
    number: int
    changed_at: float
    seen_at: float
    """Monotonic second of the newest picture, changed or not."""
    execution: Execution | None = None
    """The newest growth of its executed quantity."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one picture did: the order after it, whether that changed, and whether it contradicts what was said."""

    order: TrackedOrder
    changed: bool
    resurrected: bool = False


class OrderBoard:
    """All tracked orders. Times are the local monotonic clock's."""

    def __init__(self, clock: Clock, time: ServerClock) -> None:
        self._clock = clock
        self._time = time
        self._by_id: dict[OrderId, _Entry] = {}
        self._ours: dict[ClientId, _Entry] = {}
        self._live: dict[int, _Entry] = {}
        self._ended: dict[int, _Entry] = {}
        self._executions: list[Execution] = []
        self._count = 0
        self.revision = 0
        """Grows with every change that can be seen."""

    def begin(self, client_id: ClientId, request: OrderRequest, sent_ms: int) -> TrackedOrder:
        """Note an order that is about to be sent; `sent_ms` is exchange time."""
        tracked = TrackedOrder(
            LocalState.IN_FLIGHT, request.symbol, request=request, client_id=client_id, sent_ms=sent_ms
        )
        entry = self._ours[client_id] = self._entry(tracked)
        self._live[entry.number] = entry
        self.revision += 1
        return tracked

    def settle(
        self, client_id: ClientId, state: LocalState, note: str, lapses_ms: int | None = None
    ) -> Sighting | None:
        """End (or doubt) an order that the exchange has not shown. Evidence that it exists outranks that: `None`."""
        entry = self._ours.get(client_id)
        if entry is None or entry.order.order is not None:
            return None
        return self._change(entry, replace(entry.order, state=state, note=note, lapses_ms=lapses_ms))

    def see(self, order: Order, source: Source, note: str = "") -> Sighting:
        """Take one picture of an order."""
        entry = self._find(order)
        if entry is None:
            entry = self._entry(
                TrackedOrder(LocalState.UNRECOGNISED, order.symbol, client_id=order.client_id, is_external=True)
            )
            entry.changed_at = float("-inf")
        self._by_id[order.order_id] = entry
        before = entry.order
        joined = order if before.order is None else join(before.order, order)
        after = replace(
            before,
            state=state_of(joined),
            order=joined,
            client_id=before.client_id if before.client_id is not None else joined.client_id,
            cancel_pending=before.cancel_pending and not is_terminal(joined),
            note=note or _note(before, joined),
            evidence=before.evidence | {source.value},
        )
        entry.seen_at = self._clock.monotonic()
        self._note_execution(entry, before, joined, order)
        sighting = self._change(entry, after)
        self._forget_old()
        return Sighting(sighting.order, sighting.changed, resurrected=before.state in _SAID_NOT_PLACED)

    def _note_execution(self, entry: _Entry, before: TrackedOrder, after: Order, told: Order) -> None:
        """Remember how much more is executed. What others' orders had executed when first seen, the position shows."""
        now_us = self._time.now_us()
        by_us = min(told.engine_time_us or now_us, now_us)
        if before.order is not None:
            known = before.order.executed_quantity
        else:
            known = Decimal(0) if before.request is not None else after.executed_quantity
        if after.executed_quantity > known:
            entry.execution = Execution(after.symbol, after.side, after.executed_quantity - known, by_us)
            self._executions.append(entry.execution)
        elif (last := entry.execution) in self._executions and told.executed_quantity == after.executed_quantity:
            entry.execution = replace(last, by_us=min(last.by_us, by_us))
            self._executions[self._executions.index(last)] = entry.execution
        self._executions = [each for each in self._executions if each.by_us > now_us - EXECUTIONS_KEPT_US]

    def executions(self) -> tuple[Execution, ...]:
        """What orders have executed in the last minute, as far as it was seen happening."""
        return tuple(self._executions)

    def mark_cancel(self, tracked: TrackedOrder, pending: bool, note: str = "") -> Sighting | None:
        """Set or clear that a cancel was sent; `None` when the order is not (or no longer) live."""
        entry = self._entry_of(tracked)
        if entry is None or not entry.order.is_live:
            return None
        return self._change(entry, replace(entry.order, cancel_pending=pending, note=note))

    def annotate(self, tracked: TrackedOrder, note: str) -> Sighting | None:
        """Say in words what is being done about an order."""
        entry = self._entry_of(tracked)
        return None if entry is None else self._change(entry, replace(entry.order, note=note))

    def get(self, order_id: OrderId | None, client_id: ClientId | None) -> TrackedOrder | None:
        entry = self._by_id.get(order_id) if order_id is not None else None
        if entry is None and client_id is not None:
            entry = self._ours.get(client_id)
        return None if entry is None else entry.order

    def live(self) -> list[TrackedOrder]:
        """Orders that rest or may rest, newest first."""
        return [entry.order for entry in self._live_newest_first()]

    def unknown(self) -> list[TrackedOrder]:
        return [order for order in self.live() if order.state is LocalState.UNKNOWN]

    def in_flight(self) -> list[TrackedOrder]:
        return [order for order in self.live() if order.state is LocalState.IN_FLIGHT]

    def cancel_pending_since(self, seconds: float) -> list[TrackedOrder]:
        """Orders whose cancel has had no evidence for that long."""
        limit = self._clock.monotonic() - seconds
        return [e.order for e in self._live_newest_first() if e.order.cancel_pending and e.changed_at <= limit]

    def unseen_since(self, monotonic: float, symbol: Symbol | None = None) -> list[TrackedOrder]:
        """Orders shown open of which no picture came since that moment: candidates for having ended unseen."""
        return [
            entry.order
            for entry in self._live_newest_first()
            if entry.order.order is not None
            and entry.seen_at < monotonic
            and (symbol is None or entry.order.symbol == symbol)
        ]

    def shown(self) -> tuple[TrackedOrder, ...]:
        """Live orders and recent ones that need attention, newest first."""
        since = self._clock.monotonic() - ATTENTION_SECONDS
        shown = list(self._live_newest_first())
        ended = [e for e in self._ended.values() if e.order.state in _NEEDS_ATTENTION and e.changed_at >= since]
        shown += ended[-ATTENTION_KEPT:]
        return tuple(entry.order for entry in sorted(shown, key=lambda entry: -entry.number))

    def own_levels(self, symbol: Symbol) -> tuple[OwnLevel, ...]:
        """Own resting quantity of one market by side and price."""
        levels: list[OwnLevel] = []
        for tracked in self.live():
            order = tracked.order
            if order is None or tracked.symbol != symbol or tracked.state is LocalState.TRIGGER_PENDING:
                continue
            remaining = order.remaining_quantity
            if order.price is not None and remaining and isinstance(order.side, Side):
                levels.append(OwnLevel(order.side, order.price, remaining))
        return tuple(levels)

    def _find(self, order: Order) -> _Entry | None:
        """The entry of this order, joining an order first seen without its client id to the one that was sent."""
        known = self._by_id.get(order.order_id)
        ours = self._ours.get(order.client_id) if order.client_id is not None else None
        if ours is None or ours is known or not belongs(ours.order, order):
            return known
        if ours.order.order is not None and ours.order.order.order_id != order.order_id:
            return known
        if known is not None and known.order.order is not None:
            early = known.order.order
            ours.order = replace(ours.order, order=early, evidence=ours.order.evidence | known.order.evidence)
            self._live.pop(known.number, None)
            self._ended.pop(known.number, None)
        return ours

    def _entry(self, tracked: TrackedOrder) -> _Entry:
        self._count += 1
        now = self._clock.monotonic()
        return _Entry(tracked, self._count, now, now)

    def _entry_of(self, tracked: TrackedOrder) -> _Entry | None:
        if tracked.order is not None:
            return self._by_id.get(tracked.order.order_id)
        return None if tracked.client_id is None else self._ours.get(tracked.client_id)

    def _change(self, entry: _Entry, after: TrackedOrder) -> Sighting:
        changed = replace(after, evidence=entry.order.evidence) != entry.order
        entry.order = after
        if changed:
            entry.changed_at = self._clock.monotonic()
            self.revision += 1
        here, there = (self._live, self._ended) if after.is_live else (self._ended, self._live)
        there.pop(entry.number, None)
        here[entry.number] = entry
        return Sighting(after, changed)

    def _live_newest_first(self) -> list[_Entry]:
        return sorted(self._live.values(), key=lambda entry: -entry.number)

    def _forget_old(self) -> None:
        """Drop the orders that ended first, so that memory stays bounded."""
        while len(self._ended) > CLOSED_KEPT:
            entry = self._ended.pop(next(iter(self._ended)))
            if entry.order.order is not None:
                self._by_id.pop(entry.order.order.order_id, None)
            if entry.order.client_id is not None and self._ours.get(entry.order.client_id) is entry:
                del self._ours[entry.order.client_id]


def belongs(sent: TrackedOrder, order: Order) -> bool:
    """Whether an order carrying our client id really is the one we sent.

    The exchange does not promise that client ids are unique, and a browser or another program may use the same number;
    so symbol, side, kind, price, quantity and time must fit as well.
    """
    request = sent.request
    if request is None or (order.symbol, order.side, order.kind) != (request.symbol, request.side, request.kind):
        return False
    if order.price is not None and request.price is not None and order.price != request.price:
        return False
    told, asked = order.quantity, request.quantity
    if told and asked is not None and told != asked and not (request.reduce_only and told < asked):
        return False
    if order.created_ms is None or sent.sent_ms is None:
        return True
    return order.created_ms >= sent.sent_ms - CREATED_TOLERANCE_MS


def _note(before: TrackedOrder, order: Order) -> str:
    if order.expiry_reason is not None:
        return str(order.expiry_reason)
    if order.status not in OrderStatus.__members__.values():
        return f"status {order.status}"
    keeps = is_terminal(order) or before.state in (LocalState.IN_FLIGHT, LocalState.UNKNOWN)
    return "" if keeps else before.note
