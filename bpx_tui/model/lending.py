"""Borrowing and lending: the pools, what the account has in them, and how that came to be.

Rates are fractions per year (0.0612 is 6.12 %), utilisations fractions of what is lent. Positive quantities of a
position are lent, negative ones borrowed. Source: PROTOCOL 4, 5.6 and 5.7.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from bpx_tui.model.enums import BorrowLendEvent, BorrowLendSide, BorrowLendSource, BorrowLendState
from bpx_tui.model.ids import Asset, OrderId, PositionId
from bpx_tui.model.market import MarginFunction


@dataclass(frozen=True, slots=True)
class BorrowLendMarket:
    """One asset's pool. Quantities in the asset, the mark in USD.

    `fee` is the exchange's share of what borrowers pay. `limit` bounds what new borrows and lends may make of the
    pool. Above `throttle_threshold` a borrow or redeem may raise utilisation only step by step, up to
    `throttle_bound`; `max_utilization` bounds it in any case.
    """

    asset: Asset
    state: BorrowLendState | str
    mark: Decimal
    borrow_rate: Decimal
    lend_rate: Decimal
    borrowed: Decimal
    lent: Decimal
    utilization: Decimal
    fee: Decimal
    limit: Decimal
    max_utilization: Decimal
    optimal_utilization: Decimal
    throttle_threshold: Decimal
    throttle_bound: Decimal
    throttle_fraction: Decimal
    step_size: Decimal
    time_us: int


@dataclass(frozen=True, slots=True)
class BorrowLendPoint:
    """A pool at one past time."""

    borrow_rate: Decimal
    lend_rate: Decimal
    borrowed: Decimal
    lent: Decimal
    utilization: Decimal
    time_us: int


@dataclass(frozen=True, slots=True)
class BorrowLendRate:
    asset: Asset
    borrow_rate: Decimal
    lend_rate: Decimal


@dataclass(frozen=True, slots=True)
class StakingRate:
    """What holding a staked asset yields. `dilution_factor` is the exchange's own word."""

    asset: Asset
    rate: Decimal
    dilution_factor: Decimal


@dataclass(frozen=True, slots=True)
class ApyRates:
    """Today's yearly rates, of lending and of staking."""

    borrow_lend: tuple[BorrowLendRate, ...]
    staking: tuple[StakingRate, ...]


@dataclass(frozen=True, slots=True)
class BorrowLendPosition:
    """What is lent or owed of one asset, now. `cumulative_interest` is received (positive) or paid (negative).

    Lends have no exposure. Margin fractions are of the exposure's notional; a function is `None` where its shape is
    not known. `est_liquidation_price` is `None` where the exchange sent its placeholder zero.
    """

    position_id: PositionId
    asset: Asset
    net_quantity: Decimal
    net_exposure_quantity: Decimal
    net_exposure_notional: Decimal
    mark: Decimal
    cumulative_interest: Decimal
    imf: Decimal
    mmf: Decimal
    imf_function: MarginFunction | None
    mmf_function: MarginFunction | None
    est_liquidation_price: Decimal | None

    @property
    def owed(self) -> Decimal:
        """What is borrowed, as a positive quantity."""
        return max(Decimal(0), -self.net_quantity)


@dataclass(frozen=True, slots=True)
class LiquidationEstimate:
    """Where a borrow that was asked about would be liquidated, or `None` where it could not be, and the mark now."""

    liquidation_price: Decimal | None
    mark: Decimal


@dataclass(frozen=True, slots=True)
class BorrowLendMovement:
    """One step of a borrow/lend position. `quantity` is positive whatever the `event`.

    `position_quantity` is the position's size afterwards; `order_id` is that of the spot order that borrowed.
    """

    event: BorrowLendEvent | str
    position_id: PositionId
    asset: Asset
    quantity: Decimal
    source: BorrowLendSource | str
    time_us: int
    position_quantity: Decimal | None
    order_id: OrderId | None


@dataclass(frozen=True, slots=True)
class BorrowLendRecord:
    """One borrow or lend from its beginning on; `quantity` is what is left of it, zero once it is closed.

    `average_rate` is over the time it was open, `source` what it began with.
    """

    position_id: PositionId
    asset: Asset
    side: BorrowLendSide | str
    quantity: Decimal
    source: BorrowLendSource | str
    cumulative_interest: Decimal
    average_rate: Decimal
    created_us: int
