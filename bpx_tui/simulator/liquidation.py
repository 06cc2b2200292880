"""Liquidation: what happens when equity falls below the maintenance margin.

First everything open is expired and a part of the largest position is closed on the book, again each second, until
the account is safe. Where equity is below half of the maintenance margin, or the book cannot take it, the backstop
account takes over whole positions at the mark. An account that is still unsafe without positions is unwound.
"""

from __future__ import annotations

from decimal import Decimal

from bpx_tui.model.enums import ExpiryReason, OrderKind, OrderStatus, Side, TimeInForce
from bpx_tui.simulator.accounts import Account
from bpx_tui.simulator.clearing import Clearing
from bpx_tui.simulator.core import Core
from bpx_tui.simulator.engine import round_down
from bpx_tui.simulator.events import LiquidationPrinted, OrderEvent
from bpx_tui.simulator.margin import MarginDesk
from bpx_tui.simulator.markets import Market
from bpx_tui.simulator.orders import (
    NewOrder,
    Order,
    OrderEventKind,
    OrderOrigin,
    SystemOrderType,
)
from bpx_tui.simulator.positions import Position
from bpx_tui.simulator.trading import Trading
from bpx_tui.simulator.triggers import Triggers
from bpx_tui.simulator.unwinding import Unwinding

PART = Decimal("0.25")
"""Share of a position closed on the book in one step."""
BACKSTOP_AT = Decimal("0.5")
"""Share of the maintenance margin below which the book is no longer tried."""
SMALL_NOTIONAL = Decimal(1_000)
"""Positions below this many USDC are closed whole."""


class Liquidation:
    """Watches margin accounts and takes over those that fail."""

    def __init__(
        self,
        core: Core,
        margin: MarginDesk,
        trading: Trading,
        triggers: Triggers,
        clearing: Clearing,
        unwinding: Unwinding,
        backstop: Account,
    ) -> None:
        self._core = core
        self._margin = margin
        self._trading = trading
        self._triggers = triggers
        self._clearing = clearing
        self._unwinding = unwinding
        self._backstop = backstop

    def check(self, account: Account) -> bool:
        """One step for an account that is unsafe; answers whether anything was done."""
        if not self._margin.is_unsafe(account):
            account.liquidating = False
            return False
        account.liquidating = True
        self._expire_orders(account)
        state = self._margin.measure(account)
        held = [position for position in account.positions.values() if position.quantity]
        if not held:
            self._unwinding.unwind(account)
            account.liquidating = self._margin.is_unsafe(account)
            return True
        position = max(held, key=self._notional)
        if state.equity < state.maintenance * BACKSTOP_AT or not self._close_part(account, position):
            self._hand_over(account, position)
        if self._margin.is_unsafe(account) and not any(held.quantity for held in account.positions.values()):
            self._unwinding.unwind(account)
        account.liquidating = self._margin.is_unsafe(account)
        return True

    def _notional(self, position: Position) -> Decimal:
        return abs(position.quantity) * self._core.prices.mark(self._core.markets[position.symbol])

    def _expire_orders(self, account: Account) -> None:
        for order in [*account.orders.values()]:
            self._trading.finish(order, OrderStatus.EXPIRED, ExpiryReason.LIQUIDATION)
        for order in [*account.pending.values()]:
            self._triggers.expire(account, order, ExpiryReason.LIQUIDATION)

    def _close_part(self, account: Account, position: Position) -> bool:
        """Sell a part on the book, at most a quarter; answers whether it traded."""
        market = self._core.markets[position.symbol]
        size = abs(position.quantity)
        part = size
        if self._notional(position) > SMALL_NOTIONAL:
            part = max(round_down(size * PART, market.quantity.step_size), market.quantity.min_quantity)
        order = self._system_order(account, position, min(part, size), SystemOrderType.LIQUIDATE_ON_BOOK)
        book = self._core.books[market.symbol]
        self._trading.submit(account, market, book, order)
        if not order.executed_quantity:
            return False
        average = order.executed_quote_quantity / order.executed_quantity
        self._print(market, order.side, average.quantize(market.price.tick_size), order.executed_quantity)
        return True

    def _system_order(self, account: Account, position: Position, size: Decimal, kind: SystemOrderType) -> Order:
        side = Side.ASK if position.quantity > 0 else Side.BID
        terms = NewOrder(
            symbol=position.symbol,
            side=side,
            kind=OrderKind.MARKET,
            quantity=size,
            time_in_force=TimeInForce.GTC,
            reduce_only=True,
        )
        order = Order(self._core.next_order_id(), account.id, terms, self._core.now_us)
        order.system_order_type = kind
        on_book = kind is SystemOrderType.LIQUIDATE_ON_BOOK
        order.origin = OrderOrigin.LIQUIDATION if on_book else OrderOrigin.BACKSTOP
        return order

    def _hand_over(self, account: Account, position: Position) -> None:
        """The backstop takes the whole position at the mark, without a fee."""
        core, market = self._core, self._core.markets[position.symbol]
        size = abs(position.quantity)
        price = core.prices.mark(market).quantize(market.price.tick_size)
        order = self._system_order(account, position, size, SystemOrderType.LIQUIDATE_ON_BACKSTOP)
        core.emit(OrderEvent(account.id, OrderEventKind.ACCEPTED, order.record(), None, core.now_us))
        self._clearing.take_over(core.books[market.symbol], order, self._backstop, price)
        self._print(market, order.side, price, size)

    def _print(self, market: Market, side: Side, price: Decimal, quantity: Decimal) -> None:
        self._core.emit(LiquidationPrinted(market.symbol, side, price, quantity, self._core.now_us))
