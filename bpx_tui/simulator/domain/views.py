"""What can be read from the simulated exchange: immutable values, one per answer of the REST interface."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from bpx_tui.model.ids import Asset, Symbol
from bpx_tui.simulator.domain.orders import AccountId


class PositionEventKind(StrEnum):
    """The stream's words for what happened to a position (PROTOCOL 3.6)."""

    OPENED = "positionOpened"
    ADJUSTED = "positionAdjusted"
    CLOSED = "positionClosed"


@dataclass(frozen=True, slots=True)
class SqrtFunction:
    """A margin fraction that grows with size: max(base, factor * sqrt(notional))."""

    base: Decimal
    factor: Decimal

    def fraction(self, notional: Decimal) -> Decimal:
        """The fraction for a notional in USDC; the sign of the notional does not matter."""
        return max(self.base, self.factor * abs(notional).sqrt())


@dataclass(frozen=True, slots=True)
class PositionView:
    """A perpetual position. Field meanings: PROTOCOL 5.5 and 6.3.

    `net_exposure_quantity` and `net_exposure_notional` are positive and include the worst case of open orders.
    `pnl_realized` includes what continuous realisation moved out of `pnl_unrealized`; neither contains fees or funding.
    """

    symbol: Symbol
    position_id: int
    net_quantity: Decimal
    net_cost: Decimal
    entry_price: Decimal
    break_even_price: Decimal
    mark_price: Decimal
    pnl_realized: Decimal
    pnl_unrealized: Decimal
    net_exposure_quantity: Decimal
    net_exposure_notional: Decimal
    imf: Decimal
    imf_function: SqrtFunction
    mmf: Decimal
    mmf_function: SqrtFunction
    cumulative_funding_payment: Decimal
    est_liquidation_price: Decimal
    fees: Decimal
    closed_volume: Decimal
    liquidated: Decimal
    liquidation_fees: Decimal
    opened_us: int
    closed_us: int | None = None
    closing_price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class BalanceView:
    """GET capital, one asset."""

    available: Decimal
    locked: Decimal
    staked: Decimal


@dataclass(frozen=True, slots=True)
class CollateralRow:
    """GET capital/collateral, one asset; notional values in USDC."""

    asset: Asset
    mark_price: Decimal
    total_quantity: Decimal
    balance_notional: Decimal
    weight: Decimal
    collateral_value: Decimal
    open_order_quantity: Decimal
    lend_quantity: Decimal
    available_quantity: Decimal


@dataclass(frozen=True, slots=True)
class CollateralView:
    """GET capital/collateral. USDC. `margin_fraction` is `None` while nothing needs margin."""

    assets_value: Decimal
    borrow_liability: Decimal
    rows: tuple[CollateralRow, ...]
    imf: Decimal
    mmf: Decimal
    margin_fraction: Decimal | None
    unsettled_equity: Decimal
    liabilities_value: Decimal
    net_equity: Decimal
    net_equity_available: Decimal
    net_equity_locked: Decimal
    net_exposure_futures: Decimal
    pnl_unrealized: Decimal


@dataclass(frozen=True, slots=True)
class FeeTier:
    """Fee rates in basis points of the notional; negative is a rebate."""

    spot_maker: Decimal
    spot_taker: Decimal
    futures_maker: Decimal
    futures_taker: Decimal


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """GET account."""

    auto_borrow_settlements: bool
    auto_lend: bool
    auto_realize_pnl: bool
    auto_repay_borrows: bool
    borrow_limit: Decimal
    position_limit: Decimal
    leverage_limit: Decimal
    fees: FeeTier
    limit_orders: int
    trigger_orders: int
    liquidating: bool


@dataclass(frozen=True, slots=True)
class AccountInfo:
    """Who an account is. Sub-account zero is the user's main account, given as `None`."""

    id: AccountId
    user_id: int
    subaccount_id: int | None
    api_keys: tuple[str, ...]
    house: bool


@dataclass(frozen=True, slots=True)
class DepthView:
    """A whole book: best price first on both sides, exact at `last_update_id`."""

    symbol: Symbol
    bids: tuple[tuple[Decimal, Decimal], ...]
    asks: tuple[tuple[Decimal, Decimal], ...]
    last_update_id: int
    time_us: int


@dataclass(frozen=True, slots=True)
class MarkView:
    """Prices and funding of a market now; see `MarkChanged`."""

    symbol: Symbol
    mark: Decimal
    index: Decimal | None
    funding_rate: Decimal | None
    next_funding_us: int | None


@dataclass(frozen=True, slots=True)
class BorrowLendMarketView:
    """The lending pool of an asset; rates are yearly fractions."""

    asset: Asset
    mark_price: Decimal
    lent: Decimal
    borrowed: Decimal
    utilization: Decimal
    borrow_rate: Decimal
    lend_rate: Decimal
    fee: Decimal
    limit: Decimal
    max_utilization: Decimal
    optimal_utilization: Decimal
    throttle_threshold: Decimal
    throttle_bound: Decimal
    throttle_fraction: Decimal
    state: str
    step_size: Decimal


@dataclass(frozen=True, slots=True)
class BorrowLendView:
    """One account's lend (positive) or borrow (negative) of an asset."""

    asset: Asset
    position_id: int
    net_quantity: Decimal
    cumulative_interest: Decimal
    mark_price: Decimal
    imf: Decimal
    imf_function: SqrtFunction
    mmf: Decimal
    mmf_function: SqrtFunction
    net_exposure_quantity: Decimal
    net_exposure_notional: Decimal
    opened_us: int


@dataclass(frozen=True, slots=True)
class VenueState:
    """The exchange's own truth, for `GET /_sim/state` and for tests.

    Attributes:
        totals: per asset, everything held by accounts and funds.
        deposited: per asset, deposits minus withdrawals; equal to `totals` at every moment.
    """

    totals: Mapping[Asset, Decimal]
    deposited: Mapping[Asset, Decimal]
    funds: Mapping[AccountId, Mapping[Asset, Decimal]]
    time_us: int
