"""Whether an account can pay for an order, and setting the money aside.

Spot orders lock the asset they give. Derivative orders lock nothing; they must leave the account's margin covered.
Everything is checked against the order's exact plan before anything moves.
"""

from __future__ import annotations

from decimal import ROUND_UP, Decimal

from bpx_tui.model.enums import Side
from bpx_tui.model.ids import Asset
from bpx_tui.simulator.accounts import Account
from bpx_tui.simulator.clearing import perp_fee
from bpx_tui.simulator.core import Core
from bpx_tui.simulator.engine import Plan
from bpx_tui.simulator.lending import LendingDesk
from bpx_tui.simulator.margin import MarginDesk
from bpx_tui.simulator.markets import Market
from bpx_tui.simulator.orders import ZERO, Order
from bpx_tui.simulator.refusals import (
    borrow_limit,
    borrow_requires_redeem,
    insufficient_funds,
    insufficient_margin,
    insufficient_supply,
    lend_requires_repay,
    position_limit,
)


class Reserves:
    """Checks and locks for one order at a time."""

    def __init__(self, core: Core, margin: MarginDesk, lending: LendingDesk) -> None:
        self._core = core
        self._margin = margin
        self._lending = lending

    def reserve(self, account: Account, market: Market, order: Order, plan: Plan, resting: Decimal) -> None:
        """Make sure of the money for what the plan trades and for the `resting` remainder.

        Raises:
            VenueRefusal: the account cannot; nothing changed.
        """
        if market.is_derivative:
            if not account.house:
                self._check_margin(account, market, order, plan, resting)
            return
        self._check_lend_flag(account, market, order)
        if order.side is Side.BID:
            asset, need = market.quote, plan.quote
            if resting:
                assert order.price is not None
                need += resting * order.price
        else:
            asset, need = market.base, plan.quantity + resting
        short = need - account.purse(asset).available
        if short > 0:
            self._raise_funds(account, asset, short, order)
        elif not account.house:
            self._check_spot_margin(account, market, order.side, plan, resting)
        self._core.ledger.lock(account, asset, need)
        order.locked = need

    # ---- derivatives

    def _check_margin(self, account: Account, market: Market, order: Order, plan: Plan, resting: Decimal) -> None:
        if order.terms.reduce_only:
            return
        position = self._core.position(account, market.symbol)
        quantity = plan.quantity + resting
        bids, asks = (quantity, ZERO) if order.side is Side.BID else (ZERO, quantity)
        notional, initial = self._margin.growth(account, market, position, bids, asks)
        if not notional:
            return
        state = self._margin.measure(account)
        mark = self._core.prices.mark(market)
        sign = 1 if order.side is Side.BID else -1
        worse = max(ZERO, sign * (plan.quote - plan.quantity * mark))
        fee = perp_fee(plan.quote, account.fees.futures_taker)
        if state.available < initial + worse + max(ZERO, fee):
            raise insufficient_margin()
        weight = market.position_limit_weight
        if weight is not None and state.futures_exposure + notional * weight > account.position_limit:
            raise position_limit()
        if market.open_interest_limit and plan.quantity:
            size = position.signed(order.side)
            adds = max(ZERO, size + plan.quantity) - max(ZERO, size)
            if self._core.open_interest(market.symbol) + adds > market.open_interest_limit:
                raise position_limit()

    # ---- spot

    def _check_spot_margin(self, account: Account, market: Market, side: Side, plan: Plan, resting: Decimal) -> None:
        """Swapping collateral for something that counts less must leave the margin covered."""
        if not account.loans and not account.positions:
            return
        state = self._margin.measure(account)
        if not (state.initial or state.borrowed or state.unsettled < 0):
            return
        cost = self._collateral_cost(market, side, plan, resting)
        if state.available < cost:
            raise insufficient_margin()

    def _collateral_cost(self, market: Market, side: Side, plan: Plan, resting: Decimal) -> Decimal:
        """Free collateral lost by the swap: what is traded by its haircut, what rests by being locked."""
        base_price = self._core.prices.index(market.base)
        base = plan.quantity * base_price
        base_value = base * self._margin.weight(market.base, base)
        if side is Side.BID:
            return plan.quote - base_value + resting * base_price
        return base_value - plan.quote + resting * base_price * self._margin.weight(market.base, base)

    def _raise_funds(self, account: Account, asset: Asset, short: Decimal, order: Order) -> None:
        """Redeem the account's lend, then borrow, as the order's flags allow."""
        terms = order.terms
        redeemed = min(short, self._lending.redeemable(account, asset)) if terms.auto_lend_redeem else ZERO
        borrowed = self._whole_steps(asset, short - redeemed)
        if borrowed > 0:
            if not terms.auto_borrow:
                raise insufficient_funds()
            if account.loan(asset) > redeemed:
                raise borrow_requires_redeem()
            self.check_borrow(account, asset, borrowed)
        if redeemed > 0:
            self._lending.redeem(account, asset, redeemed, "SpotMargin")
        if borrowed > 0:
            self._lending.borrow(account, asset, borrowed, "SpotMargin", order.id)

    @staticmethod
    def _check_lend_flag(account: Account, market: Market, order: Order) -> None:
        """An order that would lend what it receives must repay first what is borrowed of it."""
        terms = order.terms
        received = market.base if order.side is Side.BID else market.quote
        if terms.auto_lend and not terms.auto_borrow_repay and account.loan(received) < 0:
            raise lend_requires_repay()

    def _whole_steps(self, asset: Asset, quantity: Decimal) -> Decimal:
        pool = self._lending.pools.get(asset)
        if quantity <= 0 or pool is None:
            return quantity
        step = pool.terms.step_size
        return (quantity / step).to_integral_value(ROUND_UP) * step

    def check_borrow(self, account: Account, asset: Asset, quantity: Decimal) -> None:
        """Whether the account may borrow this much more.

        Raises:
            VenueRefusal: the pool, the account's limit or its margin says no.
        """
        if quantity > self._lending.borrowable(asset):
            raise insufficient_supply()
        state = self._margin.measure(account)
        notional = quantity * self._core.prices.index(asset)
        if state.borrowed + notional > account.borrow_limit:
            raise borrow_limit()
        required = notional * self._core.assets[asset].imf.fraction(notional)
        lost = notional * (1 - self._margin.weight(asset, notional))
        if state.available < required + lost:
            raise insufficient_margin()
