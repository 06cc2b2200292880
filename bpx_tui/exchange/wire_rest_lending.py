"""Borrowing and lending over REST: what is sent, and what comes back. Source: PROTOCOL 4, 5.6 and 5.7."""

from __future__ import annotations

from base64 import b64encode
from decimal import Decimal

import orjson

from bpx_tui.exchange.body_fields import money
from bpx_tui.exchange.fields import (
    Record,
    asset,
    decimal,
    identifier,
    micros,
    optional_decimal,
    optional_identifier,
    word,
)
from bpx_tui.exchange.signing import Scalar
from bpx_tui.exchange.wire_rest import all_of
from bpx_tui.exchange.wire_rest_market import margin_function
from bpx_tui.model.enums import BorrowLendEvent, BorrowLendSide, BorrowLendSource, BorrowLendState
from bpx_tui.model.ids import Asset, OrderId, PositionId
from bpx_tui.model.lending import (
    ApyRates,
    BorrowLendMarket,
    BorrowLendMovement,
    BorrowLendPoint,
    BorrowLendPosition,
    BorrowLendRate,
    BorrowLendRecord,
    LiquidationEstimate,
    StakingRate,
)


def encode_execution(of: Asset, side: BorrowLendSide, quantity: Decimal) -> dict[str, Scalar]:
    """The body of a borrow or a lend.

    Raises:
        InputError: the quantity is not positive, or cannot be written in plain digits.
    """
    return {"symbol": of, "side": side, "quantity": money(quantity, "quantity")}


def encode_asked_about(of: Asset, side: BorrowLendSide, quantity: Decimal) -> str:
    """The same as a query writes it: standard base64 of its JSON."""
    return b64encode(orjson.dumps(encode_execution(of, side, quantity))).decode("ascii")


def market(record: Record) -> BorrowLendMarket:
    return BorrowLendMarket(
        asset=asset(record),
        state=word(record, "state", BorrowLendState),
        mark=decimal(record, "assetMarkPrice"),
        borrow_rate=decimal(record, "borrowInterestRate"),
        lend_rate=decimal(record, "lendInterestRate"),
        borrowed=decimal(record, "borrowedQuantity"),
        lent=decimal(record, "lentQuantity"),
        utilization=decimal(record, "utilization"),
        fee=decimal(record, "fee"),
        limit=decimal(record, "openBorrowLendLimit"),
        max_utilization=decimal(record, "maxUtilization"),
        optimal_utilization=decimal(record, "optimalUtilization"),
        throttle_threshold=decimal(record, "throttleUtilizationThreshold"),
        throttle_bound=decimal(record, "throttleUtilizationBound"),
        throttle_fraction=decimal(record, "throttleUpdateFraction"),
        step_size=decimal(record, "stepSize"),
        time_us=micros(record, "timestamp"),
    )


def point(record: Record) -> BorrowLendPoint:
    return BorrowLendPoint(
        borrow_rate=decimal(record, "borrowInterestRate"),
        lend_rate=decimal(record, "lendInterestRate"),
        borrowed=decimal(record, "borrowedQuantity"),
        lent=decimal(record, "lentQuantity"),
        utilization=decimal(record, "utilization"),
        time_us=micros(record, "timestamp"),
    )


def apy_rates(record: Record) -> ApyRates:
    return ApyRates(
        borrow_lend=all_of(record, "borrowLend", _rate),
        staking=all_of(record, "staking", _staking_rate),
    )


def _rate(record: Record) -> BorrowLendRate:
    return BorrowLendRate(asset(record), decimal(record, "borrowRate"), decimal(record, "lendRate"))


def _staking_rate(record: Record) -> StakingRate:
    return StakingRate(asset(record), decimal(record, "stakingRate"), decimal(record, "dilutionFactor"))


def position(record: Record) -> BorrowLendPosition:
    return BorrowLendPosition(
        position_id=PositionId(identifier(record, "id")),
        asset=asset(record),
        net_quantity=decimal(record, "netQuantity"),
        net_exposure_quantity=decimal(record, "netExposureQuantity"),
        net_exposure_notional=decimal(record, "netExposureNotional"),
        mark=decimal(record, "markPrice"),
        cumulative_interest=decimal(record, "cumulativeInterest"),
        imf=decimal(record, "imf"),
        mmf=decimal(record, "mmf"),
        imf_function=margin_function(record, "imfFunction"),
        mmf_function=margin_function(record, "mmfFunction"),
        est_liquidation_price=decimal(record, "estLiquidationPrice") or None,
    )


def liquidation_estimate(record: Record) -> LiquidationEstimate:
    """A price of zero is the exchange's word for "not liquidated at any"."""
    return LiquidationEstimate(decimal(record, "liquidationPrice") or None, decimal(record, "markPrice"))


def movement(record: Record) -> BorrowLendMovement:
    order_id = optional_identifier(record, "spotMarginOrderId")
    return BorrowLendMovement(
        event=word(record, "eventType", BorrowLendEvent),
        position_id=PositionId(identifier(record, "positionId")),
        asset=asset(record),
        quantity=decimal(record, "quantity"),
        source=word(record, "source", BorrowLendSource),
        time_us=micros(record, "timestamp"),
        position_quantity=optional_decimal(record, "positionQuantity"),
        order_id=None if order_id is None else OrderId(order_id),
    )


def position_record(record: Record) -> BorrowLendRecord:
    return BorrowLendRecord(
        position_id=PositionId(identifier(record, "positionId")),
        asset=asset(record),
        side=word(record, "side", BorrowLendSide),
        quantity=decimal(record, "quantity"),
        source=word(record, "source", BorrowLendSource),
        cumulative_interest=decimal(record, "cumulativeInterest"),
        average_rate=decimal(record, "avgInterestRate"),
        created_us=micros(record, "createdAt"),
    )
