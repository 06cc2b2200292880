"""Money in and out of accounts, settings, borrows and lends asked for by hand."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from bpx_tui.model.enums import Side
from bpx_tui.model.ids import Asset
from bpx_tui.simulator.domain.accounts import Account
from bpx_tui.simulator.domain.core import Core
from bpx_tui.simulator.domain.events import TransferMade
from bpx_tui.simulator.domain.funds import NO_MEANS, Funds, Means
from bpx_tui.simulator.domain.inquiry import Inquiry
from bpx_tui.simulator.domain.lending import LendingDesk
from bpx_tui.simulator.domain.margin import MarginDesk
from bpx_tui.simulator.domain.markets import Market
from bpx_tui.simulator.domain.orders import ZERO, AccountId, NewOrder
from bpx_tui.simulator.domain.refusals import (
    VenueRefusal,
    insufficient_funds,
    insufficient_margin,
    invalid_asset,
    invalid_quantity,
    invalid_request,
)
from bpx_tui.simulator.domain.settlement import Settlement

MAX_LEVERAGE = Decimal(50)


@dataclass(frozen=True, slots=True)
class _Withdrawal:
    account: AccountId
    asset: Asset
    quantity: Decimal


class Treasury:
    """What accounts do with money besides trading."""

    def __init__(
        self,
        core: Core,
        margin: MarginDesk,
        lending: LendingDesk,
        funds: Funds,
        inquiry: Inquiry,
        settlement: Settlement,
    ) -> None:
        self._core = core
        self._margin = margin
        self._lending = lending
        self._funds = funds
        self._inquiry = inquiry
        self._settlement = settlement
        self._withdrawals: dict[int, _Withdrawal] = {}
        self._ticket = 0

    # ---- in and out

    def deposit(self, account: Account, asset: Asset, quantity: Decimal) -> None:
        self._check_amount(asset, quantity)
        self._core.ledger.deposit(account, asset, quantity)
        self._settlement.recover(account)
        self.repay(account)
        self._core.emit(TransferMade(account.id, asset, quantity, self._core.now_us))

    def lock_withdrawal(
        self, account: Account, asset: Asset, quantity: Decimal, *, auto_borrow: bool, auto_lend_redeem: bool
    ) -> int:
        self._check_amount(asset, quantity)
        allowed = self._inquiry.max_withdrawal(
            account, asset, auto_borrow=auto_borrow, auto_lend_redeem=auto_lend_redeem
        )
        if quantity > allowed:
            raise insufficient_funds()
        short = quantity - account.purse(asset).available
        if short > 0:
            self._funds.raise_funds(account, asset, short, Means(auto_lend_redeem, auto_borrow, "Withdrawal"))
        self._core.ledger.lock(account, asset, quantity)
        self._ticket += 1
        self._withdrawals[self._ticket] = _Withdrawal(account.id, asset, quantity)
        return self._ticket

    def complete_withdrawal(self, ticket: int) -> Account:
        left = self._withdrawals.pop(ticket)
        account = self._core.account(left.account)
        self._core.ledger.pay_out(account, left.asset, left.quantity)
        self._core.emit(TransferMade(account.id, left.asset, -left.quantity, self._core.now_us))
        return account

    def release_withdrawal(self, ticket: int) -> Account:
        left = self._withdrawals.pop(ticket)
        account = self._core.account(left.account)
        self._core.ledger.unlock(account, left.asset, left.quantity)
        return account

    def transfer(
        self, giver: Account, taker: Account, asset: Asset, quantity: Decimal, means: Means = NO_MEANS
    ) -> None:
        self._check_amount(asset, quantity)
        short = quantity - giver.purse(asset).available
        if short > 0 and not (means.redeem or means.borrow):
            raise insufficient_funds()
        if not giver.house:
            free = self._inquiry.removable(giver, asset, auto_borrow=means.borrow, auto_lend_redeem=means.redeem)
            if quantity > free:
                raise insufficient_margin() if short <= 0 else insufficient_funds()
        if short > 0:
            self._funds.raise_funds(giver, asset, short, means)
        self._core.ledger.move(giver, taker, asset, quantity)
        self._settlement.recover(taker)

    def _check_amount(self, asset: Asset, quantity: Decimal) -> None:
        if asset not in self._core.assets:
            raise invalid_asset()
        if quantity <= 0:
            raise invalid_quantity("Quantity must be positive")

    # ---- borrowing and lending by hand

    def borrow_lend(self, account: Account, asset: Asset, side: str, quantity: Decimal) -> None:
        step = self._lending.pool(asset).terms.step_size
        self._check_amount(asset, quantity)
        if quantity % step:
            raise invalid_request("Quantity decimal too long")
        if side == "Lend":
            if quantity > account.purse(asset).available:
                raise insufficient_funds()
            self._lending.lend(account, asset, quantity, "Manual")
            return
        if side != "Borrow":
            raise invalid_request("Invalid side")
        beyond = quantity - max(ZERO, account.loan(asset))
        if beyond > 0:
            self._funds.check_borrow(account, asset, beyond, redeemed=quantity - beyond)
        self._lending.borrow(account, asset, quantity, "Manual")

    def repay(self, account: Account) -> None:
        """Repay borrows from what is free, for accounts that want it: called when money came in."""
        if not account.auto_repay_borrows:
            return
        for asset, loan in [*account.loans.items()]:
            amount = min(-loan.quantity, account.purse(asset).available)
            if amount > 0:
                self._lending.lend(account, asset, amount, "AutoBorrowRepay")

    def after_fill(self, account: Account, market: Market, terms: NewOrder) -> None:
        """What a spot order's own flags ask for once it filled: repay with what came in, lend the rest."""
        asset = market.base if terms.side is Side.BID else market.quote
        pool = self._lending.pools.get(asset)
        if pool is None or market.is_derivative:
            return
        if terms.auto_borrow_repay:
            owed = min(-account.loan(asset), account.purse(asset).available)
            if owed > 0:
                self._lending.lend(account, asset, owed, "SpotMargin")
        if terms.auto_lend and account.loan(asset) >= 0:
            self._lend_available(account, asset, "SpotMargin")

    def lend_free(self, account: Account) -> None:
        """Lend everything that is free, for accounts that want it."""
        if not account.auto_lend:
            return
        for asset in [*account.purses]:
            if asset in self._lending.pools and account.loan(asset) >= 0:
                self._lend_available(account, asset, "AutoLend")

    def _lend_available(self, account: Account, asset: Asset, source: str) -> None:
        pool = self._lending.pools[asset]
        step = pool.terms.step_size
        amount = account.purse(asset).available // step * step
        if amount > 0 and pool.lent + amount <= pool.terms.limit:
            self._lending.lend(account, asset, amount, source)

    # ---- settings

    def set_leverage(self, account: Account, limit: Decimal) -> None:
        if not 1 <= limit <= MAX_LEVERAGE:
            raise VenueRefusal(400, "MAX_LEVERAGE_REACHED", f"Leverage limit must be between 1 and {MAX_LEVERAGE}")
        before = account.leverage_limit
        account.leverage_limit = limit
        state = self._margin.measure(account)
        if limit < before and state.available < 0:
            account.leverage_limit = before
            raise insufficient_margin()
