"""What is owned and owed: balances, collateral, positions and the account's settings. All money is Decimal."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from bpx_tui.model.ids import Asset, Symbol


@dataclass(frozen=True, slots=True)
class Balance:
    """One asset. What is lent out is not in here: it moves to the borrow/lend positions."""

    asset: Asset
    available: Decimal
    locked: Decimal
    staked: Decimal

    @property
    def total(self) -> Decimal:
        return self.available + self.locked + self.staked


@dataclass(frozen=True, slots=True)
class CollateralAsset:
    """One asset as collateral. Values in USD; `weight` is the haircut factor, 1 for none."""

    asset: Asset
    mark: Decimal
    total_quantity: Decimal
    balance_notional: Decimal
    weight: Decimal
    collateral_value: Decimal
    open_order_quantity: Decimal
    lend_quantity: Decimal
    available_quantity: Decimal


@dataclass(frozen=True, slots=True)
class Collateral:
    """The account's margin summary, in USD; fractions are 0.02 for 2 %.

    `net_equity_available` is already net of the margin of positions and open orders. `margin_fraction` is `None` while
    nothing is at risk.
    """

    assets_value: Decimal
    borrow_liability: Decimal
    net_equity: Decimal
    net_equity_available: Decimal
    net_equity_locked: Decimal
    net_exposure_futures: Decimal
    pnl_unrealized: Decimal
    unsettled_equity: Decimal
    liabilities_value: Decimal
    imf: Decimal
    mmf: Decimal
    margin_fraction: Decimal | None
    assets: tuple[CollateralAsset, ...]


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """Fees are in basis points, negative is a rebate. `leverage_limit` holds for the whole account.

    `liquidating` is `None` where the exchange does not say.
    """

    spot_maker_fee_bps: Decimal
    spot_taker_fee_bps: Decimal
    futures_maker_fee_bps: Decimal
    futures_taker_fee_bps: Decimal
    leverage_limit: Decimal
    borrow_limit: Decimal
    position_limit: Decimal
    limit_orders: int
    trigger_orders: int
    liquidating: bool | None
    auto_borrow_settlements: bool
    auto_lend: bool
    auto_realize_pnl: bool
    auto_repay_borrows: bool


@dataclass(frozen=True, slots=True)
class Position:
    """One perpetual position, one per market. `net_quantity` is signed: positive is long.

    The exchange moves profit between `pnl_unrealized` and `pnl_realized` by itself; only their sum is
    `net_quantity * (mark - entry)`. `est_liquidation_price` is `None` where the exchange sent its placeholder zero.
    `net_exposure_quantity` is positive for shorts too and includes open orders. `engine_time_us` is 0 from REST.
    """

    symbol: Symbol
    position_id: str
    net_quantity: Decimal
    entry_price: Decimal
    break_even_price: Decimal
    mark_price: Decimal
    pnl_realized: Decimal
    pnl_unrealized: Decimal
    net_exposure_quantity: Decimal
    net_exposure_notional: Decimal
    imf: Decimal
    mmf: Decimal
    net_cost: Decimal | None = None
    cumulative_funding: Decimal | None = None
    est_liquidation_price: Decimal | None = None
    engine_time_us: int = 0

    @property
    def is_flat(self) -> bool:
        return self.net_quantity == 0

    @property
    def is_long(self) -> bool:
        return self.net_quantity > 0


@dataclass(frozen=True, slots=True)
class PositionUpdate:
    """One `account.positionUpdate`. `event` is `None` for the snapshot that follows the subscription."""

    event: str | None
    position: Position
    event_time_us: int
