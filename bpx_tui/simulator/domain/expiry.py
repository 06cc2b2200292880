"""The end of a market: predictions that come true or not, futures that expire.

The book closes, what waits expires, and every position is closed at the settlement price without a fee. Longs and
shorts of a market are equal, so what the ones receive the others pay.
"""

from __future__ import annotations

from decimal import Decimal

from bpx_tui.model.enums import ExpiryReason, OrderKind, Side, TradingState
from bpx_tui.simulator.domain.accounts import Account
from bpx_tui.simulator.domain.clearing import Clearing
from bpx_tui.simulator.domain.core import Core
from bpx_tui.simulator.domain.events import OrderEvent
from bpx_tui.simulator.domain.markets import Market
from bpx_tui.simulator.domain.orderdesk import OrderDesk
from bpx_tui.simulator.domain.orders import NewOrder, Order, OrderEventKind, OrderOrigin, SystemOrderType
from bpx_tui.simulator.domain.positions import Position
from bpx_tui.simulator.domain.triggers import Triggers


class Expiry:
    """Settles whole markets."""

    def __init__(self, core: Core, orders: OrderDesk, triggers: Triggers, clearing: Clearing) -> None:
        self._core = core
        self._orders = orders
        self._triggers = triggers
        self._clearing = clearing

    def settle(self, market: Market, price: Decimal) -> None:
        """Close a derivative market for good at `price`."""
        core, book = self._core, self._core.books[market.symbol]
        self._orders.set_book_state(book, TradingState.CLOSED)
        core.step()
        self._triggers.expire_market(market.symbol, ExpiryReason.UNKNOWN)
        for position in [*core.holders[market.symbol].values()]:
            account = core.account(position.account)
            self._close(account, position, market, price)
            core.flush_balances(account)
        self._orders.settle(book)

    def _close(self, account: Account, position: Position, market: Market, price: Decimal) -> None:
        core, size = self._core, abs(position.quantity)
        terms = NewOrder(
            market.symbol,
            Side.ASK if position.quantity > 0 else Side.BID,
            OrderKind.MARKET,
            size,
            reduce_only=True,
        )
        order = Order(core.next_order_id(), account.id, terms, core.now_us)
        order.origin, order.system_order_type = OrderOrigin.SETTLEMENT, SystemOrderType.FUTURE_EXPIRY
        if not account.house:
            core.emit(OrderEvent(account.id, OrderEventKind.ACCEPTED, order.record(), None, core.now_us))
        self._clearing.close_out(core.books[market.symbol], order, price)
