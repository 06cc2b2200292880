"""Paying profits, losses, fees and funding in USDC, whatever an account has at hand.

A debit takes free balance first, then the account's own lend, then a borrow where the account allows it. What is left
the clearing fund advances: it shows as negative `unsettled` equity and is paid back from the next free money. So a
payment always succeeds in full and the ledger stays exact.
"""

from __future__ import annotations

from decimal import ROUND_UP, Decimal

from bpx_tui.simulator.domain.accounts import Account
from bpx_tui.simulator.domain.core import Core
from bpx_tui.simulator.domain.events import SettlementMade
from bpx_tui.simulator.domain.lending import LendingDesk
from bpx_tui.simulator.domain.markets import QUOTE
from bpx_tui.simulator.domain.orders import ZERO


class Settlement:
    """Cash between margin accounts and the funds."""

    def __init__(self, core: Core, lending: LendingDesk) -> None:
        self._core = core
        self._ledger = core.ledger
        self._lending = lending

    def pay(
        self, account: Account, fund: Account, amount: Decimal, source: str, position_id: int | None = None
    ) -> None:
        """Pay `amount` to the account (negative: from it), the other side being `fund`."""
        if not amount:
            return
        if amount > 0:
            self._ledger.move(fund, account, QUOTE, amount)
            self.recover(account)
        else:
            self._debit(account, fund, -amount)
        if not account.silent:
            position = None if position_id is None else str(position_id)
            self._core.emit(SettlementMade(account.id, source, amount, position, self._core.now_us))

    def _debit(self, account: Account, fund: Account, owed: Decimal) -> None:
        purse = account.purse(QUOTE)
        if purse.available < owed and not account.house:
            self._raise_cash(account, owed - purse.available)
        paid = min(owed, purse.available)
        self._ledger.move(account, fund, QUOTE, paid)
        if owed > paid:
            advance = owed - paid
            account.unsettled -= advance
            if fund is not self._ledger.clearing:
                self._ledger.move(self._ledger.clearing, fund, QUOTE, advance)

    def _raise_cash(self, account: Account, short: Decimal) -> None:
        redeemed = min(short, self._lending.redeemable(account, QUOTE))
        if redeemed > 0:
            self._lending.redeem(account, QUOTE, redeemed, "Reconciliation")
            short -= redeemed
        if short <= 0 or not account.auto_borrow_settlements or account.loan(QUOTE) > 0:
            return
        step = self._lending.pool(QUOTE).terms.step_size if QUOTE in self._lending.pools else None
        if step is None:
            return
        wanted = (short / step).to_integral_value(ROUND_UP) * step
        room = min(self._lending.borrowable(QUOTE), account.borrow_limit + min(ZERO, account.loan(QUOTE)))
        if wanted <= room:
            self._lending.borrow(account, QUOTE, wanted, "Reconciliation")

    def recover(self, account: Account) -> None:
        """Pay back what the clearing fund advanced, from free money."""
        if account.unsettled >= 0:
            return
        paid = min(-account.unsettled, account.purse(QUOTE).available)
        if paid > 0:
            self._ledger.move(account, self._ledger.clearing, QUOTE, paid)
            account.unsettled += paid
