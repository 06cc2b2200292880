"""Raising an asset an account is short of: out of its own lend, then from the lending pool.

Everything is checked before anything moves, so a refusal changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_UP, Decimal

from bpx_tui.model.ids import Asset, OrderId
from bpx_tui.simulator.domain.accounts import Account
from bpx_tui.simulator.domain.core import Core
from bpx_tui.simulator.domain.lending import LendingDesk
from bpx_tui.simulator.domain.margin import MarginDesk
from bpx_tui.simulator.domain.orders import ZERO
from bpx_tui.simulator.domain.refusals import (
    borrow_limit,
    borrow_requires_redeem,
    insufficient_funds,
    insufficient_margin,
    insufficient_supply,
)
from bpx_tui.simulator.domain.standing import Permission


@dataclass(frozen=True, slots=True)
class Means:
    """What may be done to raise money, and what for (a REST `BorrowLendSource` word)."""

    redeem: bool
    borrow: bool
    source: str
    order_id: OrderId | None = None


NO_MEANS = Means(redeem=False, borrow=False, source="Manual")
"""What is free must do."""


class Funds:
    """Redeems and borrows for orders and withdrawals."""

    def __init__(self, core: Core, margin: MarginDesk, lending: LendingDesk) -> None:
        self._core = core
        self._margin = margin
        self._lending = lending

    def raise_funds(self, account: Account, asset: Asset, short: Decimal, means: Means, spent: Decimal = ZERO) -> None:
        """Make `short` more of an asset free.

        Args:
            spent: free collateral that what follows will use up, USDC; margin must cover it too.

        Raises:
            VenueRefusal: the means, the pool, a limit or the margin do not allow it.
        """
        redeemed = min(short, self._lending.redeemable(account, asset)) if means.redeem else ZERO
        borrowed = self._whole_steps(asset, short - redeemed)
        if borrowed > 0:
            if not means.borrow:
                raise insufficient_funds()
            if account.loan(asset) > redeemed:
                raise borrow_requires_redeem()
            self.check_borrow(account, asset, borrowed, redeemed=redeemed, spent=spent)
        else:
            self.check_spending(account, spent)
        if redeemed > 0:
            self._lending.redeem(account, asset, redeemed, means.source)
        if borrowed > 0:
            self._lending.borrow(account, asset, borrowed, means.source, means.order_id)

    def _whole_steps(self, asset: Asset, quantity: Decimal) -> Decimal:
        pool = self._lending.pools.get(asset)
        if quantity <= 0 or pool is None:
            return quantity
        step = pool.terms.step_size
        return (quantity / step).to_integral_value(ROUND_UP) * step

    def check_borrow(
        self, account: Account, asset: Asset, quantity: Decimal, *, redeemed: Decimal = ZERO, spent: Decimal = ZERO
    ) -> None:
        """Whether the account may borrow this much after redeeming and before spending.

        Raises:
            VenueRefusal: the pool, the account's standing, its limit or its margin says no.
        """
        account.check_permission(Permission.MARGIN, self._core.now_us)
        if quantity > self._lending.borrowable(asset, redeemed=redeemed):
            raise insufficient_supply()
        state = self._margin.measure(account)
        notional = quantity * self._core.prices.index(asset)
        if state.borrowed + notional > account.borrow_limit:
            raise borrow_limit()
        required = notional * self._core.assets[asset].imf.fraction(notional)
        lost = notional * (1 - self._margin.weight(asset, notional))
        if state.available < required + lost + spent:
            raise insufficient_margin()

    def check_spending(self, account: Account, spent: Decimal) -> None:
        """Whether the account can do without so much free collateral; one without risk always can.

        Raises:
            VenueRefusal: its margin needs it.
        """
        if account.house or spent <= 0 or not (account.loans or account.positions):
            return
        state = self._margin.measure(account)
        if (state.initial or state.borrowed or state.unsettled < 0) and state.available < spent:
            raise insufficient_margin()
