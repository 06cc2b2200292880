"""Margin: what an account is worth, what its risk requires, and whether it may take more.

Equity is haircut collateral (free, locked and lent) minus borrows, plus unrealised profit and unsettled cash. A
position needs `notional * max(imf(notional), 1 / leverage limit)` of its worst case size (PROTOCOL 6.3); a borrow
needs its asset's imf. All amounts in USDC. Dust assets without collateral terms count for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from bpx_tui.model.enums import MarketKind
from bpx_tui.model.ids import Asset, Symbol
from bpx_tui.simulator.domain.accounts import Account
from bpx_tui.simulator.domain.core import Core
from bpx_tui.simulator.domain.markets import QUOTE, Market
from bpx_tui.simulator.domain.orders import ZERO
from bpx_tui.simulator.domain.positions import Position
from bpx_tui.simulator.domain.views import BorrowLendView, CollateralRow, CollateralView, PositionView

LIQUIDATION_ROUNDS = 12
"""The maintenance fraction depends on the price sought, so the estimate is refined this often."""


@dataclass(slots=True)
class MarginState:
    """One look at an account's margin."""

    assets_value: Decimal = ZERO
    collateral: Decimal = ZERO
    locked: Decimal = ZERO
    borrowed: Decimal = ZERO
    unrealized: Decimal = ZERO
    unsettled: Decimal = ZERO
    exposure: Decimal = ZERO
    initial: Decimal = ZERO
    maintenance: Decimal = ZERO
    futures_exposure: Decimal = ZERO

    @property
    def equity(self) -> Decimal:
        return self.collateral + self.unrealized + self.unsettled - self.borrowed

    @property
    def available(self) -> Decimal:
        """Equity beyond open spot orders and initial margin."""
        return self.equity - self.locked - self.initial


class MarginDesk:
    """Reads accounts, never changes them."""

    def __init__(self, core: Core) -> None:
        self._core = core

    # ---- the whole account

    def measure(self, account: Account) -> MarginState:
        state = MarginState(unsettled=account.unsettled)
        prices, assets = self._core.prices, self._core.assets
        for asset, purse in account.purses.items():
            lent = account.loan(asset)
            held = purse.available + purse.locked + (lent if lent > 0 else ZERO)
            if held:
                self._add_collateral(state, asset, held, purse.locked)
        for asset, loan in account.loans.items():
            if loan.quantity > 0 and asset not in account.purses:
                self._add_collateral(state, asset, loan.quantity, ZERO)
            elif loan.quantity < 0:
                notional = -loan.quantity * prices.index(asset)
                terms = assets[asset]
                state.borrowed += notional
                state.exposure += notional
                state.initial += notional * terms.imf.fraction(notional)
                state.maintenance += notional * terms.mmf.fraction(notional)
        floor = 1 / account.leverage_limit
        for position in account.positions.values():
            if position.quantity or position.open_bids or position.open_asks:
                self._add_position(state, position, floor)
        return state

    def _add_collateral(self, state: MarginState, asset: Asset, held: Decimal, locked: Decimal) -> None:
        notional = held if asset == QUOTE else held * self._core.prices.index(asset)
        state.assets_value += notional
        weight = self.weight(asset, notional)
        state.collateral += notional * weight
        if locked:
            state.locked += (locked if asset == QUOTE else locked * self._core.prices.index(asset)) * weight

    def weight(self, asset: Asset, notional: Decimal) -> Decimal:
        """Share of a holding's value that counts as collateral."""
        terms = self._core.assets.get(asset)
        return ZERO if terms is None or terms.haircut is None else terms.haircut.effective_weight(notional)

    def _add_position(self, state: MarginState, position: Position, floor: Decimal) -> None:
        market = self._core.markets[position.symbol]
        mark = self._core.prices.mark(market)
        exposure = _notional(market, mark, *position.worst())
        state.unrealized += position.unrealized(mark)
        state.exposure += exposure
        state.futures_exposure += exposure
        state.initial += exposure * _initial_fraction(market, exposure, floor)
        if position.quantity and market.mmf is not None:
            size = abs(position.quantity)
            notional = _notional(market, mark, max(ZERO, position.quantity), max(ZERO, -position.quantity))
            state.maintenance += notional * market.mmf.fraction(size * mark)

    # ---- questions about one more step

    def growth(
        self, account: Account, market: Market, position: Position, bids: Decimal, asks: Decimal
    ) -> tuple[Decimal, Decimal]:
        """How much worst case notional and initial margin more open orders in a market would add."""
        mark, floor = self._core.prices.mark(market), 1 / account.leverage_limit
        before = _notional(market, mark, *position.worst())
        after = _notional(market, mark, *position.worst(bids, asks))
        if after <= before:
            return ZERO, ZERO
        old = before * _initial_fraction(market, before, floor)
        return after - before, after * _initial_fraction(market, after, floor) - old

    def is_unsafe(self, account: Account) -> bool:
        """Whether the account must be liquidated now."""
        state = self.measure(account)
        if state.maintenance:
            return state.equity < state.maintenance
        return state.equity < 0 and (state.borrowed > 0 or state.unsettled < 0)

    # ---- views

    def collateral_view(self, account: Account) -> CollateralView:
        state = self.measure(account)
        rows = tuple(self._row(account, asset) for asset in sorted({*account.purses, *_lent(account)}))
        exposure = state.exposure
        return CollateralView(
            assets_value=state.assets_value,
            borrow_liability=state.borrowed,
            rows=tuple(row for row in rows if row.total_quantity),
            imf=state.initial / exposure if exposure else ZERO,
            mmf=state.maintenance / exposure if exposure else ZERO,
            margin_fraction=state.equity / exposure if exposure else None,
            unsettled_equity=state.unsettled,
            liabilities_value=state.borrowed - min(ZERO, state.unsettled),
            net_equity=state.equity,
            net_equity_available=max(ZERO, state.available),
            net_equity_locked=state.locked + state.initial,
            net_exposure_futures=state.futures_exposure,
            pnl_unrealized=state.unrealized,
        )

    def _row(self, account: Account, asset: Asset) -> CollateralRow:
        purse = account.purse(asset)
        lent = max(ZERO, account.loan(asset))
        total = purse.available + purse.locked + lent
        price = self._core.prices.index(asset)
        notional = total * price
        weight = self.weight(asset, notional)
        return CollateralRow(
            asset, price, total, notional, weight, notional * weight, purse.locked, lent, purse.available
        )

    def position_view(
        self,
        account: Account,
        position: Position,
        *,
        closed_us: int | None = None,
        closing_price: Decimal | None = None,
    ) -> PositionView:
        market = self._core.markets[position.symbol]
        mark = self._core.prices.mark(market)
        size = position.exposure()
        notional = _notional(market, mark, *position.worst())
        assert market.imf is not None
        assert market.mmf is not None
        return PositionView(
            symbol=position.symbol,
            position_id=position.id,
            net_quantity=position.quantity,
            net_cost=position.cost,
            entry_price=position.entry_price,
            break_even_price=position.break_even_price,
            mark_price=mark,
            pnl_realized=position.realized,
            pnl_unrealized=position.unrealized(mark),
            net_exposure_quantity=size,
            net_exposure_notional=notional,
            imf=market.imf.fraction(notional),
            imf_function=market.imf,
            mmf=market.mmf.fraction(notional),
            mmf_function=market.mmf,
            cumulative_funding_payment=position.funding,
            est_liquidation_price=ZERO,
            fees=position.fees,
            closed_volume=position.closed_volume,
            liquidated=position.liquidated,
            liquidation_fees=position.liquidation_fees,
            opened_us=position.opened_us,
        )

    def position_views(self, account: Account, symbol: Symbol | None) -> tuple[PositionView, ...]:
        """Open positions; with `symbol` only that one, with its estimated liquidation price."""
        held = [position for position in account.positions.values() if position.quantity]
        if symbol is None:
            return tuple(self.position_view(account, position) for position in held)
        return tuple(
            replace(
                self.position_view(account, position),
                est_liquidation_price=self.liquidation_price(account, position),
            )
            for position in held
            if position.symbol == symbol
        )

    def liquidation_price(self, account: Account, position: Position) -> Decimal:
        """Mark at which the account would fall to its maintenance margin, all else unchanged; zero where none."""
        market = self._core.markets[position.symbol]
        assert market.mmf is not None
        mark = self._core.prices.mark(market)
        size = abs(position.quantity)
        if not size:
            return ZERO
        state = self.measure(account)
        others = state.maintenance - size * mark * market.mmf.fraction(size * mark)
        slack = state.equity - others
        price = mark
        for _ in range(LIQUIDATION_ROUNDS):
            fraction = market.mmf.fraction(size * price)
            if position.quantity > 0:
                price = max(ZERO, (size * mark - slack) / (size * (1 - fraction)))
            else:
                price = (size * mark + slack) / (size * (1 + fraction))
        return price.quantize(market.price.tick_size)

    def borrow_liquidation_price(self, account: Account, asset: Asset, quantity: Decimal) -> Decimal:
        """Index of an asset at which the account would be liquidated if it borrowed `quantity` more and spent it.

        All else unchanged. Zero where there is no such price: nothing would be owed.
        """
        terms, mark = self._core.assets[asset], self._core.prices.index(asset)
        owed = quantity - account.loan(asset)
        if owed <= 0 or not mark:
            return ZERO
        state = self.measure(account)
        before = max(ZERO, -account.loan(asset)) * mark
        others = state.maintenance - before * terms.mmf.fraction(before)
        slack = state.equity + before - others
        price = mark
        for _ in range(LIQUIDATION_ROUNDS):
            price = max(ZERO, slack / (owed * (1 + terms.mmf.fraction(owed * price))))
        return price.quantize(mark)

    def borrow_lend_view(self, account: Account, asset: Asset) -> BorrowLendView:
        loan, terms = account.loans[asset], self._core.assets[asset]
        mark = self._core.prices.index(asset)
        exposed = min(ZERO, loan.quantity)
        notional = -exposed * mark
        return BorrowLendView(
            asset=asset,
            position_id=loan.id,
            net_quantity=loan.quantity,
            cumulative_interest=loan.cumulative_interest,
            mark_price=mark,
            imf=terms.imf.fraction(notional),
            imf_function=terms.imf,
            mmf=terms.mmf.fraction(notional),
            mmf_function=terms.mmf,
            net_exposure_quantity=exposed,
            net_exposure_notional=notional,
            opened_us=loan.opened_us,
        )


def _lent(account: Account) -> list[Asset]:
    return [asset for asset, loan in account.loans.items() if loan.quantity > 0]


def _notional(market: Market, mark: Decimal, long: Decimal, short: Decimal) -> Decimal:
    """Worth of the worse side. A prediction pays at most 1, so a short of it risks what is missing to 1."""
    if market.kind is MarketKind.PREDICTION:
        return max(long * mark, short * (1 - mark))
    return max(long, short) * mark


def _initial_fraction(market: Market, exposure: Decimal, floor: Decimal) -> Decimal:
    return floor if market.imf is None else max(market.imf.fraction(exposure), floor)
