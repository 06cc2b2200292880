"""The one way in for everything the exchange shows of our orders and fills, from whatever source.

Pictures are joined on the board, fills are counted once, every visible change is announced, the journal hears of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from bpx_tui.model.ids import ClientId
from bpx_tui.model.orders import Fill, LocalState, Order, OrderUpdate, TrackedOrder
from bpx_tui.service.announcer import Announcer
from bpx_tui.service.fill_log import FillLog
from bpx_tui.service.intents import Severity
from bpx_tui.service.order_board import OrderBoard, Sighting, Source
from bpx_tui.service.orders_journal import OrdersJournal

ORDINARY_ORIGIN = "USER"


class Evidence:
    """Takes pictures of orders and fills. `on_money_moved` and `on_contradiction` are called on the service's loop."""

    def __init__(self, board: OrderBoard, fills: FillLog, announcer: Announcer, journal: OrdersJournal) -> None:
        self._board = board
        self._fills = fills
        self._announcer = announcer
        self._journal = journal
        self.on_money_moved: Callable[[], None] | None = None
        self.on_contradiction: Callable[[], None] | None = None

    def order(self, order: Order, source: Source, note: str = "") -> TrackedOrder:
        """Take one picture of an order; the order as it stands after it."""
        sighting = self._board.see(order, source, note)
        if sighting.resurrected:
            self._announcer.notice(
                Severity.ERROR,
                f"Order {order.order_id} on {order.symbol} exists after all: it was said not to be placed.",
                sticky=True,
            )
            if self.on_contradiction is not None:
                self.on_contradiction()
        if sighting.changed and self.on_money_moved is not None:
            self.on_money_moved()
        self._announce(sighting)
        return sighting.order

    def update(self, update: OrderUpdate) -> TrackedOrder:
        """Take one private stream event, with its fill if it was one."""
        if update.order.origin != ORDINARY_ORIGIN and update.fill is not None:
            self._announcer.notice(
                Severity.WARNING,
                f"{update.order.symbol}: the exchange traded for you ({update.order.origin}).",
                sticky=True,
            )
        tracked = self.order(update.order, Source.STREAM)
        if update.fill is not None:
            self.fills((update.fill,))
        return tracked

    def fills(self, fills: Iterable[Fill], *, announce: bool = True) -> list[Fill]:
        """Take fills; the new ones, oldest first."""
        fresh = self._fills.add_all(fills)
        for fill in fresh if announce else ():
            self._announcer.fill(fill)
        if fresh and self.on_money_moved is not None:
            self.on_money_moved()
        return fresh

    def settle(
        self, client_id: ClientId, state: LocalState, note: str, lapses_ms: int | None = None
    ) -> TrackedOrder | None:
        """End or doubt an order that the exchange has not shown; `None` when it has, which outranks this.

        `lapses_ms` is the exchange time from which nothing can come of its request any more, where that is known.
        """
        sighting = self._board.settle(client_id, state, note, lapses_ms)
        if sighting is None:
            return None
        self._announce(sighting)
        return sighting.order

    def cancel_pending(self, tracked: TrackedOrder, pending: bool, note: str = "") -> TrackedOrder:
        """Set or clear that a cancel is on its way; the order as it stands."""
        return self._annotated(tracked, self._board.mark_cancel(tracked, pending, note))

    def annotate(self, tracked: TrackedOrder, note: str) -> TrackedOrder:
        """Say in words what is being done about an order."""
        return self._annotated(tracked, self._board.annotate(tracked, note))

    def _annotated(self, tracked: TrackedOrder, sighting: Sighting | None) -> TrackedOrder:
        if sighting is None:
            order_id = None if tracked.order is None else tracked.order.order_id
            return self._board.get(order_id, tracked.client_id) or tracked
        self._announce(sighting)
        return sighting.order

    def _announce(self, sighting: Sighting) -> None:
        if not sighting.changed:
            return
        order = sighting.order
        if order.client_id is not None and not order.is_external:
            self._journal.record(order.client_id, order.state, order.note)
        self._announcer.order(order)
