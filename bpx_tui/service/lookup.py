"""Asking the exchange what became of an order. Presence proves; absence proves nothing by itself."""

from __future__ import annotations

from bpx_tui.errors import UnreadableReply
from bpx_tui.exchange.wire_rest import whole
from bpx_tui.model.lifecycle import is_terminal
from bpx_tui.model.orders import Order, TrackedOrder
from bpx_tui.service.evidence import Evidence
from bpx_tui.service.order_board import CREATED_TOLERANCE_MS, OrderBoard, Source, belongs
from bpx_tui.service.ports import AccountReads
from bpx_tui.service.reconcile import MOST_FILLS

PAGE = 100
MOST_PAGES = 5
"""History is read back at most this far for one order: 500 rows of its market. What lies further says nothing."""


class Lookup:
    """Reads open orders, history and fills for one order and hands what it finds to the evidence."""

    def __init__(self, venue: AccountReads, board: OrderBoard, evidence: Evidence) -> None:
        self._venue = venue
        self._board = board
        self._evidence = evidence

    async def known_order(self, tracked: TrackedOrder) -> TrackedOrder:
        """Look up an order whose exchange id is known: history first, then what rests.

        Raises:
            ExchangeError: a read failed; nothing can be said.
        """
        order = tracked.order
        if order is None:
            return tracked
        for row in await self._venue.order_history(order.symbol, order_id=order.order_id):
            if row.order_id == order.order_id:
                self._evidence.order(row, Source.HISTORY)
                if is_terminal(row):
                    await self._fills_of(row)
        after = self._board.get(order.order_id, tracked.client_id) or tracked
        if after.is_live:
            await self.rests(after)
        return self._board.get(order.order_id, tracked.client_id) or after

    async def rests(self, tracked: TrackedOrder) -> bool:
        """Whether the exchange shows the order among the open ones now.

        Raises:
            ExchangeError: they could not all be read.
        """
        rows = whole(await self._venue.open_orders(tracked.symbol))
        for row in rows:
            self._evidence.order(row, Source.OPEN_ORDERS)
        return tracked.order is not None and any(row.order_id == tracked.order.order_id for row in rows)

    async def sent_order(self, tracked: TrackedOrder) -> bool:
        """One sweep for an order of ours that has no exchange id yet: open orders, history, fills.

        True when it was found; False when all three were read whole and it is in none.

        Raises:
            ExchangeError: a read failed; the sweep says nothing.
        """
        for row in whole(await self._venue.open_orders(tracked.symbol)):
            self._evidence.order(row, Source.OPEN_ORDERS)
        if self._found(tracked):
            return True
        await self._search_history(tracked)
        if self._found(tracked):
            return True
        await self._search_fills(tracked)
        return self._found(tracked)

    def _found(self, tracked: TrackedOrder) -> bool:
        now = self._board.get(None, tracked.client_id)
        return now is not None and now.order is not None

    async def _search_history(self, tracked: TrackedOrder) -> None:
        """History cannot be asked by client id: page back, newest first, to before the order was sent."""
        since = (tracked.sent_ms or 0) - CREATED_TOLERANCE_MS
        for page in range(MOST_PAGES):
            rows = whole(await self._venue.order_history(tracked.symbol, limit=PAGE, offset=page * PAGE))
            for row in rows:
                if row.client_id == tracked.client_id and belongs(tracked, row):
                    self._evidence.order(row, Source.HISTORY)
                    return
            if len(rows) < PAGE or any((row.created_ms or since) < since for row in rows):
                return
        raise UnreadableReply(f"more than {MOST_PAGES * PAGE} orders of {tracked.symbol} since it was sent")

    async def _search_fills(self, tracked: TrackedOrder) -> None:
        since = (tracked.sent_ms or 0) - CREATED_TOLERANCE_MS
        fills = whole(await self._venue.fills(tracked.symbol, from_ms=since, limit=MOST_FILLS))
        for fill in fills:
            if fill.client_id != tracked.client_id or tracked.request is None or fill.side != tracked.request.side:
                continue
            self._evidence.fills((fill,))
            for row in await self._venue.order_history(tracked.symbol, order_id=fill.order_id):
                self._evidence.order(row, Source.HISTORY)
        if len(fills) >= MOST_FILLS:
            raise UnreadableReply(f"more than {MOST_FILLS} fills of {tracked.symbol} since it was sent")

    async def _fills_of(self, order: Order) -> None:
        if order.executed_quantity:
            self._evidence.fills(await self._venue.fills(order.symbol, order_id=order.order_id, limit=PAGE))
