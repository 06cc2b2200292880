"""How much could an account do: largest order, borrow and withdrawal."""

from __future__ import annotations

from decimal import Decimal

from bpx_tui.model.enums import Side
from bpx_tui.model.ids import Asset
from bpx_tui.simulator.domain.accounts import Account
from bpx_tui.simulator.domain.clearing import perp_fee
from bpx_tui.simulator.domain.core import Core
from bpx_tui.simulator.domain.engine import round_down
from bpx_tui.simulator.domain.lending import LendingDesk
from bpx_tui.simulator.domain.margin import MarginDesk
from bpx_tui.simulator.domain.markets import Market
from bpx_tui.simulator.domain.orders import ZERO
from bpx_tui.simulator.domain.standing import Permission, needed_in


class Inquiry:
    """Answers from the accounts as they are; nothing changes."""

    def __init__(self, core: Core, margin: MarginDesk, lending: LendingDesk) -> None:
        self._core = core
        self._margin = margin
        self._lending = lending

    def max_order(
        self,
        account: Account,
        market: Market,
        side: Side,
        price: Decimal | None,
        *,
        reduce_only: bool,
        auto_borrow: bool,
        auto_lend_redeem: bool,
    ) -> Decimal:
        step = market.quantity.step_size
        price = price or self._likely_price(market, side)
        if price <= 0 or account.standing.bars(needed_in(market.kind), self._core.now_us):
            return ZERO
        if market.is_derivative:
            return self._max_perp(account, market, side, price, reduce_only=reduce_only)
        asset = market.quote if side is Side.BID else market.base
        free = self.spendable(account, asset, auto_borrow=auto_borrow, auto_lend_redeem=auto_lend_redeem)
        return round_down(free / price if side is Side.BID else free, step)

    def _likely_price(self, market: Market, side: Side) -> Decimal:
        book = self._core.books.get(market.symbol)
        best = None if book is None else book.side(side.opposite).best()
        return best or self._core.prices.mark(market)

    def _max_perp(self, account: Account, market: Market, side: Side, price: Decimal, *, reduce_only: bool) -> Decimal:
        step = market.quantity.step_size
        position = self._core.position(account, market.symbol)
        closable = max(ZERO, -position.signed(side))
        if reduce_only:
            return closable
        available = self._margin.measure(account).available

        def fits(steps: int) -> bool:
            quantity = steps * step
            bids, asks = (quantity, ZERO) if side is Side.BID else (ZERO, quantity)
            notional, initial = self._margin.growth(account, market, position, bids, asks)
            fee = perp_fee(quantity * price, account.fees.futures_taker)
            return not notional or initial + max(ZERO, fee) <= available

        low, high = 0, 1
        while fits(high) and high < 10**12:
            low, high = high, high * 2
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if fits(middle) else (low, middle)
        return low * step

    def spendable(self, account: Account, asset: Asset, *, auto_borrow: bool, auto_lend_redeem: bool) -> Decimal:
        """Free balance and what flags would add to it."""
        free = account.purse(asset).available
        if auto_lend_redeem:
            free += self._lending.redeemable(account, asset)
        if auto_borrow:
            free += self.max_borrow(account, asset)
        return free

    def max_borrow(self, account: Account, asset: Asset) -> Decimal:
        """What pool, borrow limit and margin together allow, in whole steps."""
        pool = self._lending.pools.get(asset)
        price = self._core.prices.index(asset)
        if pool is None or not price or account.standing.bars(Permission.MARGIN, self._core.now_us):
            return ZERO
        state = self._margin.measure(account)
        room = min(self._lending.borrowable(asset), max(ZERO, account.borrow_limit - state.borrowed) / price)
        needed = self._core.assets[asset].imf.fraction(room * price) + 1 - self._margin.weight(asset, room * price)
        if needed > 0:
            room = min(room, max(ZERO, state.available) / (price * needed))
        return round_down(room, pool.terms.step_size)

    def max_withdrawal(self, account: Account, asset: Asset, *, auto_borrow: bool, auto_lend_redeem: bool) -> Decimal:
        """Free money that margin does not need, in whole units of the asset."""
        free = self.removable(account, asset, auto_borrow=auto_borrow, auto_lend_redeem=auto_lend_redeem)
        decimals = self._core.assets[asset].decimals if asset in self._core.assets else 6
        return round_down(free, Decimal(1).scaleb(-decimals))

    def removable(self, account: Account, asset: Asset, *, auto_borrow: bool, auto_lend_redeem: bool) -> Decimal:
        """Free money that margin does not need, to its last digit: dust has more digits than the asset's unit."""
        purse = account.purse(asset)
        free = purse.available
        if auto_lend_redeem:
            free += self._lending.redeemable(account, asset)
        state = self._margin.measure(account)
        price = self._core.prices.index(asset)
        weight = self._margin.weight(asset, free * price)
        if (state.initial or state.borrowed or state.unsettled < 0) and weight and price:
            free = min(free, max(ZERO, state.available) / (price * weight))
        if auto_borrow:
            free += self.max_borrow(account, asset)
        return max(ZERO, free)
