"""Liquidation: what happens when equity falls below the maintenance margin.

First everything open is expired and a part of the largest position is closed on the book, again each second, until
the account is safe. Where equity is below half of the maintenance margin, or the book cannot take it, the backstop
account takes over whole positions at the mark; beyond its limit the most profitable positions of the other side are
closed against them (automatic deleveraging). An account that is still unsafe without positions is unwound.
"""

from __future__ import annotations

from decimal import Decimal

from bpx_tui.model.enums import ExpiryReason, OrderKind, OrderStatus, Side
from bpx_tui.simulator.domain.accounts import Account
from bpx_tui.simulator.domain.clearing import Clearing
from bpx_tui.simulator.domain.core import Core
from bpx_tui.simulator.domain.engine import round_down
from bpx_tui.simulator.domain.events import LiquidationPrinted, OrderEvent
from bpx_tui.simulator.domain.margin import MarginDesk
from bpx_tui.simulator.domain.markets import Market
from bpx_tui.simulator.domain.orders import (
    ZERO,
    NewOrder,
    Order,
    OrderEventKind,
    OrderOrigin,
    SystemOrderType,
)
from bpx_tui.simulator.domain.positions import Position
from bpx_tui.simulator.domain.trading import Trading
from bpx_tui.simulator.domain.triggers import Triggers
from bpx_tui.simulator.domain.unwinding import Unwinding

PART = Decimal("0.25")
"""Share of a position closed on the book in one step."""
BACKSTOP_AT = Decimal("0.5")
"""Share of the maintenance margin below which the book is no longer tried."""
SMALL_NOTIONAL = Decimal(1_000)
"""Positions below this many USDC are closed whole."""

BACKSTOP_LIMIT = Decimal(100_000_000)
"""Notional in USDC that the backstop account holds at most; beyond it others are deleveraged."""
ONE = Decimal(1)

_ORIGINS = {
    SystemOrderType.LIQUIDATE_ON_BOOK: OrderOrigin.LIQUIDATION,
    SystemOrderType.LIQUIDATE_ON_BACKSTOP: OrderOrigin.BACKSTOP,
    SystemOrderType.LIQUIDATE_ON_ADL: OrderOrigin.ADL,
    SystemOrderType.FUTURE_EXPIRY: OrderOrigin.SETTLEMENT,
}


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
        state = self._margin.measure(account)
        self._expire_orders(account, ExpiryReason.NEGATIVE_EQUITY if state.equity < 0 else ExpiryReason.LIQUIDATION)
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

    def force(self, account: Account, position: Position, kind: SystemOrderType) -> None:
        """Take a whole position away although the account is safe: on the book, by deleveraging, or by the backstop."""
        self._expire_orders(account, ExpiryReason.LIQUIDATION)
        if kind is SystemOrderType.LIQUIDATE_ON_BOOK:
            self._sell(account, position, abs(position.quantity))
            return
        market = self._core.markets[position.symbol]
        price = self._core.prices.mark(market).quantize(market.price.tick_size)
        if kind is SystemOrderType.LIQUIDATE_ON_ADL:
            self._deleverage(account, position, price)
        else:
            self._exchange(account, position, self._backstop, abs(position.quantity), price, kind)

    def _notional(self, position: Position) -> Decimal:
        return abs(position.quantity) * self._core.prices.mark(self._core.markets[position.symbol])

    def _expire_orders(self, account: Account, reason: ExpiryReason) -> None:
        for order in [*account.orders.values()]:
            self._trading.finish(order, OrderStatus.EXPIRED, reason)
        for order in [*account.pending.values()]:
            self._triggers.expire(account, order, reason)

    def _close_part(self, account: Account, position: Position) -> bool:
        """Sell a part on the book, at most a quarter; answers whether it traded."""
        market = self._core.markets[position.symbol]
        size = abs(position.quantity)
        part = size
        if self._notional(position) > SMALL_NOTIONAL:
            part = max(round_down(size * PART, market.quantity.step_size), market.quantity.min_quantity)
        return self._sell(account, position, min(part, size))

    def _sell(self, account: Account, position: Position, size: Decimal) -> bool:
        """Close `size` of a position on the book; answers whether it traded."""
        market = self._core.markets[position.symbol]
        side = Side.ASK if position.quantity > 0 else Side.BID
        order = self._system_order(account, side, position, size, SystemOrderType.LIQUIDATE_ON_BOOK)
        book = self._core.books[market.symbol]
        self._trading.submit(account, market, book, order)
        if not order.executed_quantity:
            return False
        average = order.executed_quote_quantity / order.executed_quantity
        self._print(market, order.side, average.quantize(market.price.tick_size), order.executed_quantity)
        return True

    def _system_order(
        self, account: Account, side: Side, position: Position, size: Decimal, kind: SystemOrderType
    ) -> Order:
        terms = NewOrder(position.symbol, side, OrderKind.MARKET, size, reduce_only=True)
        order = Order(self._core.next_order_id(), account.id, terms, self._core.now_us)
        order.system_order_type = kind
        order.origin = _ORIGINS[kind]
        return order

    def _hand_over(self, account: Account, position: Position) -> None:
        """The backstop takes the whole position at the mark, as far as it has room; profitable others the rest."""
        market = self._core.markets[position.symbol]
        price = self._core.prices.mark(market).quantize(market.price.tick_size)
        room = round_down(self._backstop_room() / price, market.quantity.step_size) if price else abs(position.quantity)
        taken = min(abs(position.quantity), room)
        if taken > 0:
            self._exchange(account, position, self._backstop, taken, price, SystemOrderType.LIQUIDATE_ON_BACKSTOP)
        self._deleverage(account, position, price)

    def _deleverage(self, account: Account, position: Position, price: Decimal) -> None:
        """Close what is left of a position against profitable ones of the other side."""
        market = self._core.markets[position.symbol]
        for other in self._to_deleverage(position):
            size = min(abs(position.quantity), abs(other.quantity))
            if not size:
                break
            counterparty = self._core.account(other.account)
            self._exchange(account, position, counterparty, size, price, SystemOrderType.LIQUIDATE_ON_ADL)
            self._trading.follow_position(counterparty, self._core.books[market.symbol])

    def _backstop_room(self) -> Decimal:
        """Notional that the backstop still takes."""
        held = [position for position in self._backstop.positions.values() if position.quantity]
        return max(ZERO, BACKSTOP_LIMIT - sum((self._notional(position) for position in held), ZERO))

    def _to_deleverage(self, position: Position) -> list[Position]:
        """Positions on the other side, the most profitable first."""
        mark = self._core.prices.mark(self._core.markets[position.symbol])
        others = [
            other
            for other in self._core.holders[position.symbol].values()
            if (other.quantity > 0) != (position.quantity > 0) and other.account != self._backstop.id
        ]
        return sorted(others, key=lambda other: other.unrealized(mark) / abs(other.cost or ONE), reverse=True)

    def _exchange(
        self,
        account: Account,
        position: Position,
        counterparty: Account,
        size: Decimal,
        price: Decimal,
        kind: SystemOrderType,
    ) -> None:
        """Move `size` of a failing position to a counterparty at `price`, without a fee."""
        core, market = self._core, self._core.markets[position.symbol]
        side = Side.ASK if position.quantity > 0 else Side.BID
        order = self._system_order(account, side, position, size, kind)
        self._accept(account, order)
        self._clearing.take_over(core.books[market.symbol], order, counterparty, price)
        if not counterparty.house:
            closing = self._system_order(counterparty, side.opposite, position, size, kind)
            self._accept(counterparty, closing)
            self._clearing.tell_closed(core.books[market.symbol], counterparty, closing, price)
        if kind is not SystemOrderType.FUTURE_EXPIRY:
            self._print(market, side, price, size)

    def _accept(self, account: Account, order: Order) -> None:
        if not account.silent:
            event = OrderEvent(account.id, OrderEventKind.ACCEPTED, order.record(), None, self._core.now_us)
            self._core.emit(event)

    def _print(self, market: Market, side: Side, price: Decimal, quantity: Decimal) -> None:
        self._core.emit(LiquidationPrinted(market.symbol, side, price, quantity, self._core.now_us))
