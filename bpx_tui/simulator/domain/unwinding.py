"""Ending what a failed account still owes when it has no positions left.

The backstop buys the account's other assets at their index (collateral conversion), takes over its borrows against
cash, and the insurance fund pays what the account cannot. Afterwards the account owes nothing; what is left is its own.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_UP, Decimal

from bpx_tui.model.enums import OrderKind, OrderStatus, Side
from bpx_tui.model.ids import Asset, Symbol
from bpx_tui.simulator.domain.accounts import Account
from bpx_tui.simulator.domain.clearing import Clearing
from bpx_tui.simulator.domain.core import Core
from bpx_tui.simulator.domain.events import OrderEvent, SettlementMade
from bpx_tui.simulator.domain.lending import LendingDesk
from bpx_tui.simulator.domain.markets import QUOTE
from bpx_tui.simulator.domain.orders import ZERO, NewOrder, Order, OrderEventKind, OrderOrigin, SystemOrderType
from bpx_tui.simulator.domain.settlement import Settlement

CENT = Decimal("0.000001")


class Unwinding:
    """Collateral, borrows and debts of accounts that failed."""

    def __init__(
        self, core: Core, lending: LendingDesk, clearing: Clearing, settlement: Settlement, backstop: Account
    ) -> None:
        self._core = core
        self._lending = lending
        self._clearing = clearing
        self._settlement = settlement
        self._backstop = backstop

    def unwind(self, account: Account) -> None:
        """Convert, hand over and write off everything; no orders and no positions may be left."""
        for asset in [*account.loans]:
            redeemable = self._lending.redeemable(account, asset)
            if redeemable > 0:
                self._lending.redeem(account, asset, redeemable, "Liquidation")
        for asset, purse in [*account.purses.items()]:
            if asset != QUOTE and purse.available > 0 and self._core.prices.index(asset):
                self._convert(account, asset, purse.available)
        self._settlement.recover(account)
        for asset, loan in [*account.loans.items()]:
            if loan.quantity < 0:
                self._hand_over_borrow(account, asset, -loan.quantity)
        self._write_off(account)

    def _convert(self, account: Account, asset: Asset, quantity: Decimal) -> None:
        """Sell an asset to the backstop at its index, as far as the backstop can pay."""
        core, symbol = self._core, Symbol(f"{asset}_{QUOTE}")
        market = core.markets.get(symbol)
        if market is None:
            return
        price = core.prices.index(asset).quantize(market.price.tick_size, ROUND_DOWN)
        if not price or price * quantity > self._backstop.purse(QUOTE).available:
            return
        terms = NewOrder(symbol, Side.ASK, OrderKind.MARKET, quantity)
        order = Order(core.next_order_id(), account.id, terms, core.now_us)
        order.origin, order.system_order_type = OrderOrigin.CONVERSION, SystemOrderType.COLLATERAL_CONVERSION
        core.emit(OrderEvent(account.id, OrderEventKind.ACCEPTED, order.record(), None, core.now_us))
        core.ledger.move(account, self._backstop, asset, quantity)
        core.ledger.move(self._backstop, account, QUOTE, price * quantity)
        order.remaining, order.executed_quantity = ZERO, quantity
        order.executed_quote_quantity = order.quote_quantity = price * quantity
        order.status, order.ended_us = OrderStatus.FILLED, core.now_us
        self._clearing.tell_system_fill(core.books[symbol], account, order, price, quantity)

    def _hand_over_borrow(self, account: Account, asset: Asset, quantity: Decimal) -> None:
        """The backstop takes over a borrow for its worth in cash; the insurance fund adds what is missing."""
        ledger = self._core.ledger
        worth = (quantity * self._core.prices.index(asset)).quantize(CENT, ROUND_UP)
        paid = min(worth, account.purse(QUOTE).available)
        ledger.move(account, self._backstop, QUOTE, paid)
        helped = min(worth - paid, ledger.insurance.purse(QUOTE).available)
        if helped > 0:
            ledger.move(ledger.insurance, self._backstop, QUOTE, helped)
            self._tell(account, helped)
        self._lending.take_over(account, self._backstop, asset, quantity)

    def _write_off(self, account: Account) -> None:
        """The insurance fund pays the clearing fund what the account still owes it, as far as it can."""
        ledger = self._core.ledger
        owed = min(-account.unsettled, ledger.insurance.purse(QUOTE).available)
        if owed > 0:
            ledger.move(ledger.insurance, ledger.clearing, QUOTE, owed)
            account.unsettled += owed
            self._tell(account, owed)

    def _tell(self, account: Account, quantity: Decimal) -> None:
        if not account.silent:
            event = SettlementMade(account.id, "SystemLiabilityTransfer", quantity, None, self._core.now_us)
            self._core.emit(event)
