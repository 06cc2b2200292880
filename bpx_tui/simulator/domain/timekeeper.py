"""What falls due as time passes, once per second: marks, funding, interest, triggers, liquidations.

A step over many seconds is one look at its end for prices, while every funding interval and every hour of interest in
between is settled.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

from bpx_tui.model.enums import TriggerBy
from bpx_tui.simulator.domain.accounts import Account
from bpx_tui.simulator.domain.core import Core
from bpx_tui.simulator.domain.events import MarkChanged
from bpx_tui.simulator.domain.funding import Funding
from bpx_tui.simulator.domain.lending import LendingDesk
from bpx_tui.simulator.domain.liquidation import Liquidation
from bpx_tui.simulator.domain.orderdesk import OrderDesk
from bpx_tui.simulator.domain.settlement import Settlement
from bpx_tui.simulator.domain.treasury import Treasury

SECOND_US = 1_000_000
REALIZE_EVERY_US = 60 * SECOND_US
PNL_UNIT = Decimal("0.0001")


class Timekeeper:
    """Moves the exchange's clock."""

    def __init__(
        self,
        core: Core,
        orders: OrderDesk,
        funding: Funding,
        lending: LendingDesk,
        treasury: Treasury,
        settlement: Settlement,
        liquidation: Liquidation,
    ) -> None:
        self._core = core
        self._orders = orders
        self._funding = funding
        self._lending = lending
        self._treasury = treasury
        self._settlement = settlement
        self._liquidation = liquidation
        self._derivatives = [market for market in core.catalogue.markets if market.is_derivative]
        self._second = core.now_us // SECOND_US
        self._minute = core.now_us // REALIZE_EVERY_US

    def advance(self, now_us: int) -> None:
        core = self._core
        if now_us <= core.now_us:
            return
        core.now_us = now_us
        passed = now_us // SECOND_US - self._second
        if passed > 0:
            self._second += passed
            self._each_second(passed)

    def _each_second(self, passed: int) -> None:
        self._update_marks(passed)
        self._funding.settle_due()
        self._lending.accrue(self._core.now_us)
        for market in self._derivatives:
            self._orders.fire_due(market.symbol, TriggerBy.MARK)
        for symbol in self._core.books:
            self._orders.fire_due(symbol, TriggerBy.INDEX)
        minute = self._core.now_us // REALIZE_EVERY_US
        for account in [*self._core.ledger.accounts.values()]:
            if not account.house:
                self._look_after(account, realize=minute > self._minute)
        self._minute = minute

    def _update_marks(self, passed: int) -> None:
        core = self._core
        for market in self._derivatives:
            core.prices.sample(market, core.books[market.symbol].middle(), passed)
            view = core.prices.view(market)
            core.emit(
                MarkChanged(market.symbol, view.mark, view.index, view.funding_rate, view.next_funding_us, core.now_us)
            )

    def _look_after(self, account: Account, *, realize: bool) -> None:
        self._settlement.recover(account)
        if realize and account.auto_realize_pnl:
            self._realize(account)
        if account.positions or account.loans:
            self._core.step()
            if self._liquidation.check(account):
                self._after_liquidation()
        self._treasury.lend_free(account)
        self._core.flush_balances(account)

    def _realize(self, account: Account) -> None:
        """Continuous realisation: move open profit to the balance, open loss from it."""
        core = self._core
        for position in account.positions.values():
            if position.quantity:
                mark = core.prices.mark(core.markets[position.symbol])
                amount = position.unrealized(mark).quantize(PNL_UNIT, ROUND_DOWN)
                position.settle(amount)
                self._settlement.pay(account, core.ledger.clearing, amount, "RealizePnl", position.id)

    def _after_liquidation(self) -> None:
        """A liquidation expires orders in any market and trades in some."""
        for book in self._core.books.values():
            self._core.flush_book(book)
        for book in self._core.books.values():
            self._orders.settle(book)
