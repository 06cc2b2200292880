"""Whether an account can pay for an order, and setting the money aside.

Spot orders lock the asset they give. Derivative orders lock nothing; they must leave the account's margin covered.
Everything is checked against the order's exact plan before anything moves.
"""

from __future__ import annotations

from decimal import Decimal

from bpx_tui.model.enums import Side
from bpx_tui.simulator.domain.accounts import Account
from bpx_tui.simulator.domain.clearing import perp_fee
from bpx_tui.simulator.domain.core import Core
from bpx_tui.simulator.domain.engine import Plan
from bpx_tui.simulator.domain.funds import Funds, Means
from bpx_tui.simulator.domain.margin import MarginDesk
from bpx_tui.simulator.domain.markets import Market
from bpx_tui.simulator.domain.orders import ZERO, Order
from bpx_tui.simulator.domain.refusals import insufficient_margin, lend_requires_repay, position_limit


class Reserves:
    """Checks and locks for one order at a time."""

    def __init__(self, core: Core, margin: MarginDesk, funds: Funds) -> None:
        self._core = core
        self._margin = margin
        self._funds = funds

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
        spent = ZERO if account.house else self._collateral_cost(market, order.side, plan, resting)
        short = need - account.purse(asset).available
        if short > 0:
            terms = order.terms
            means = Means(bool(terms.auto_lend_redeem), bool(terms.auto_borrow), "SpotMargin", order.id)
            self._funds.raise_funds(account, asset, short, means, spent)
        else:
            self._funds.check_spending(account, spent)
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

    def _collateral_cost(self, market: Market, side: Side, plan: Plan, resting: Decimal) -> Decimal:
        """Free collateral lost by the swap: what is traded by its haircut, what rests by being locked."""
        base_price = self._core.prices.index(market.base)
        base = plan.quantity * base_price
        base_value = base * self._margin.weight(market.base, base)
        if side is Side.BID:
            return plan.quote - base_value + resting * base_price
        return base_value - plan.quote + resting * base_price * self._margin.weight(market.base, base)

    @staticmethod
    def _check_lend_flag(account: Account, market: Market, order: Order) -> None:
        """An order that would lend what it receives must repay first what is borrowed of it."""
        terms = order.terms
        received = market.base if order.side is Side.BID else market.quote
        if terms.auto_lend and not terms.auto_borrow_repay and account.loan(received) < 0:
            raise lend_requires_repay()
