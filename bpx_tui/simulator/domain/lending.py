"""The lending pools: lends, borrows, interest that follows utilisation.

The lending fund's purse of an asset always holds exactly what was lent minus what is borrowed. Interest moves claims
only: what borrowers come to owe, lenders and the fee fund come to own.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_UP, Decimal

from bpx_tui.model.ids import Asset, OrderId
from bpx_tui.simulator.domain.accounts import Account, Loan
from bpx_tui.simulator.domain.core import Core
from bpx_tui.simulator.domain.events import BorrowLendMoved, InterestPaid
from bpx_tui.simulator.domain.markets import LendingTerms
from bpx_tui.simulator.domain.orders import ZERO
from bpx_tui.simulator.domain.positions import DUST
from bpx_tui.simulator.domain.refusals import insufficient_supply, invalid_asset, lend_limit
from bpx_tui.simulator.domain.views import BorrowLendMarketView

YEAR_US = 365 * 24 * 3600 * 1_000_000
ACCRUAL_US = 3600 * 1_000_000
RATE_UNIT = Decimal("0.00000001")


class Pool:
    """One asset's pool: totals and who takes part."""

    __slots__ = ("accrued_us", "asset", "borrowed", "holders", "lent", "terms")

    def __init__(self, asset: Asset, terms: LendingTerms, now_us: int) -> None:
        self.asset = asset
        self.terms = terms
        self.lent = ZERO
        self.borrowed = ZERO
        self.holders: dict[str, Account] = {}
        self.accrued_us = now_us // ACCRUAL_US * ACCRUAL_US

    def utilization(self, *, extra: Decimal = ZERO, redeemed: Decimal = ZERO) -> Decimal:
        lent = self.lent - redeemed
        if lent <= 0:
            return ZERO if not self.borrowed + extra else Decimal(1)
        return (self.borrowed + extra) / lent

    def borrow_rate(self) -> Decimal:
        """Yearly fraction: two straight lines that meet at the optimal utilisation."""
        terms, used = self.terms, min(Decimal(1), self.utilization())
        if used <= terms.optimal_utilization:
            rate = terms.base_rate + (terms.optimal_rate - terms.base_rate) * used / terms.optimal_utilization
        else:
            above = (used - terms.optimal_utilization) / (1 - terms.optimal_utilization)
            rate = terms.optimal_rate + (terms.full_rate - terms.optimal_rate) * above
        return rate.quantize(RATE_UNIT)

    def lend_rate(self) -> Decimal:
        return (self.borrow_rate() * min(Decimal(1), self.utilization()) * (1 - self.terms.fee)).quantize(RATE_UNIT)


class LendingDesk:
    """Lends and borrows of every account. Callers check margin; supply and limits are checked here."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self.pools = {
            terms.asset: Pool(terms.asset, terms.lending, core.now_us)
            for terms in core.catalogue.assets
            if terms.lending is not None
        }

    def pool(self, asset: Asset) -> Pool:
        """Raises: VenueRefusal, the asset has no pool."""
        pool = self.pools.get(asset)
        if pool is None:
            raise invalid_asset()
        return pool

    # ---- what the pool could give

    def borrowable(self, asset: Asset, *, redeemed: Decimal = ZERO) -> Decimal:
        """What the pool would still hand out, in whole steps, once `redeemed` has left it."""
        pool = self.pools.get(asset)
        if pool is None:
            return ZERO
        bound = min(pool.terms.max_utilization, pool.terms.throttle_bound)
        room = min((pool.lent - redeemed) * bound - pool.borrowed, pool.terms.limit - pool.borrowed)
        return max(ZERO, room // pool.terms.step_size * pool.terms.step_size)

    def redeemable(self, account: Account, asset: Asset) -> Decimal:
        """What the account could take out of its lend now: the pool must keep below its maximal utilisation."""
        pool = self.pools.get(asset)
        if pool is None:
            return ZERO
        lent = max(ZERO, account.loan(asset))
        free = pool.lent - pool.borrowed / pool.terms.max_utilization
        return max(ZERO, min(lent, free.quantize(DUST, ROUND_DOWN)))

    # ---- movements

    def lend(self, account: Account, asset: Asset, quantity: Decimal, source: str) -> None:
        """Free balance becomes a lend, after repaying what is borrowed."""
        pool = self.pool(asset)
        repaid = min(quantity, -min(ZERO, account.loan(asset)))
        if quantity > repaid and pool.lent + quantity - repaid > pool.terms.limit:
            raise lend_limit()
        if repaid:
            self._move(pool, account, repaid, "BorrowRepay", source)
        if quantity > repaid:
            self._move(pool, account, quantity - repaid, "Lend", source)

    def borrow(
        self, account: Account, asset: Asset, quantity: Decimal, source: str, order_id: OrderId | None = None
    ) -> None:
        """Pool money becomes free balance, out of the account's own lend first.

        Raises:
            VenueRefusal: the pool cannot give it.
        """
        pool = self.pool(asset)
        redeemed = min(quantity, max(ZERO, account.loan(asset)))
        supply = self.borrowable(asset, redeemed=redeemed)
        if redeemed > self.redeemable(account, asset) or (quantity > redeemed and quantity - redeemed > supply):
            raise insufficient_supply()
        if redeemed:
            self._move(pool, account, -redeemed, "LendRedeem", source, order_id)
        if quantity > redeemed:
            self._move(pool, account, redeemed - quantity, "Borrow", source, order_id)

    def redeem(self, account: Account, asset: Asset, quantity: Decimal, source: str) -> None:
        """Part of a lend becomes free balance; the caller has asked `redeemable`."""
        self._move(self.pool(asset), account, -quantity, "LendRedeem", source)

    def take_over(self, account: Account, other: Account, asset: Asset, quantity: Decimal) -> None:
        """`other` owes from now on `quantity` of what `account` owed; no money moves."""
        pool = self.pool(asset)
        for holder, signed in ((account, quantity), (other, -quantity)):
            loan = self._loan(pool, holder)
            self._book(pool, loan, signed)
            if not loan.quantity:
                del holder.loans[asset]
                del pool.holders[holder.id]
        if not account.silent:
            left, time_us = account.loan(asset), self._core.now_us
            self._core.emit(
                BorrowLendMoved(account.id, asset, "BorrowRepay", "LiquidationBackstop", quantity, left, None, time_us)
            )

    def _loan(self, pool: Pool, account: Account) -> Loan:
        """The account's loan in a pool, a new one where it had none."""
        loan = account.loans.get(pool.asset)
        if loan is None:
            loan = account.loans[pool.asset] = Loan(self._core.next_position_id(), self._core.now_us)
            pool.holders[account.id] = account
        return loan

    def _move(
        self, pool: Pool, account: Account, signed: Decimal, event: str, source: str, order_id: OrderId | None = None
    ) -> None:
        """Change a loan by `signed` (positive: into the pool) and move the money the other way."""
        core, fund = self._core, self._core.ledger.lending
        if signed > 0:
            core.ledger.move(account, fund, pool.asset, signed)
        else:
            core.ledger.move(fund, account, pool.asset, -signed)
        loan = self._loan(pool, account)
        self._book(pool, loan, signed)
        if not account.silent:
            moved = BorrowLendMoved(
                account.id, pool.asset, event, source, abs(signed), loan.quantity, order_id, core.now_us
            )
            core.emit(moved)
        if not loan.quantity:
            del account.loans[pool.asset]
            del pool.holders[account.id]

    @staticmethod
    def _book(pool: Pool, loan: Loan, signed: Decimal) -> None:
        before, after = loan.quantity, loan.quantity + signed
        loan.quantity = after
        pool.lent += max(ZERO, after) - max(ZERO, before)
        pool.borrowed += max(ZERO, -after) - max(ZERO, -before)

    # ---- interest

    def accrue(self, now_us: int) -> None:
        """Charge and credit interest for every whole hour that has passed."""
        for pool in self.pools.values():
            elapsed = (now_us - pool.accrued_us) // ACCRUAL_US * ACCRUAL_US
            if elapsed > 0:
                pool.accrued_us += elapsed
                self._accrue(pool, elapsed)

    def _accrue(self, pool: Pool, elapsed_us: int) -> None:
        borrow_rate, lend_rate, lent = pool.borrow_rate(), pool.lend_rate(), pool.lent
        lenders = [account for account in pool.holders.values() if account.loan(pool.asset) > 0]
        charged = ZERO
        for account in list(pool.holders.values()):
            owed = -account.loan(pool.asset)
            if owed > 0:
                interest = (owed * borrow_rate * elapsed_us / YEAR_US).quantize(DUST, ROUND_UP)
                charged += interest
                self._add_interest(pool, account, -interest, borrow_rate, elapsed_us)
        shared = ZERO
        for account in lenders:
            part = charged * (1 - pool.terms.fee) * account.loan(pool.asset) / lent
            part = part.quantize(DUST, ROUND_DOWN)
            shared += part
            self._add_interest(pool, account, part, lend_rate, elapsed_us)
        if charged > shared:
            self._add_interest(pool, self._core.ledger.fees, charged - shared, lend_rate, elapsed_us)

    def _add_interest(self, pool: Pool, account: Account, amount: Decimal, rate: Decimal, elapsed_us: int) -> None:
        core = self._core
        loan = self._loan(pool, account)
        self._book(pool, loan, amount)
        loan.cumulative_interest += amount
        if not account.silent and amount:
            core.emit(InterestPaid(account.id, pool.asset, rate, amount, elapsed_us, core.now_us))

    def view(self, pool: Pool) -> BorrowLendMarketView:
        terms = pool.terms
        return BorrowLendMarketView(
            asset=pool.asset,
            mark_price=self._core.prices.index(pool.asset),
            lent=pool.lent,
            borrowed=pool.borrowed,
            utilization=pool.utilization().quantize(RATE_UNIT),
            borrow_rate=pool.borrow_rate(),
            lend_rate=pool.lend_rate(),
            fee=terms.fee,
            limit=terms.limit,
            max_utilization=terms.max_utilization,
            optimal_utilization=terms.optimal_utilization,
            throttle_threshold=terms.throttle_threshold,
            throttle_bound=terms.throttle_bound,
            throttle_fraction=terms.throttle_fraction,
            state="Open",
            step_size=terms.step_size,
        )
