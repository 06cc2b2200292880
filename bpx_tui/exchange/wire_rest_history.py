"""Decoders for what the account was paid and charged, and for its past positions. Source: PROTOCOL 5.7."""

from __future__ import annotations

from bpx_tui.exchange.fields import (
    Record,
    asset,
    decimal,
    identifier,
    integer,
    micros,
    optional_decimal,
    optional_identifier,
    optional_integer,
    optional_micros,
    symbol,
    text,
    word,
)
from bpx_tui.model.enums import InterestKind, PositionState, SettlementSource
from bpx_tui.model.history import DustConversion, FundingPayment, InterestPayment, PositionRecord, Settlement
from bpx_tui.model.ids import DustConversionId, PositionId


def funding_payment(record: Record) -> FundingPayment:
    return FundingPayment(
        symbol=symbol(record),
        quantity=decimal(record, "quantity"),
        rate=decimal(record, "fundingRate"),
        interval_end_us=micros(record, "intervalEndTimestamp"),
        user_id=integer(record, "userId"),
        subaccount_id=optional_integer(record, "subaccountId"),
    )


def interest_payment(record: Record) -> InterestPayment:
    return InterestPayment(
        kind=word(record, "paymentType", InterestKind),
        asset=asset(record),
        market=text(record, "marketSymbol"),
        position_id=PositionId(identifier(record, "positionId")),
        quantity=decimal(record, "quantity"),
        rate=decimal(record, "interestRate"),
        interval_ms=integer(record, "interval"),
        time_us=micros(record, "timestamp"),
    )


def settlement(record: Record) -> Settlement:
    position_id = optional_identifier(record, "positionId")
    return Settlement(
        quantity=decimal(record, "quantity"),
        source=word(record, "source", SettlementSource),
        time_us=micros(record, "timestamp"),
        user_id=integer(record, "userId"),
        subaccount_id=optional_integer(record, "subaccountId"),
        position_id=None if position_id is None else PositionId(position_id),
        engine_sequence=optional_integer(record, "engineSequence"),
    )


def dust_conversion(record: Record) -> DustConversion:
    return DustConversion(
        conversion_id=DustConversionId(integer(record, "id")),
        asset=asset(record),
        quantity=decimal(record, "quantity"),
        usdc_received=decimal(record, "usdcReceived"),
        time_us=micros(record, "timestamp"),
    )


def position_record(record: Record) -> PositionRecord:
    return PositionRecord(
        position_id=PositionId(identifier(record, "id")),
        symbol=symbol(record),
        state=word(record, "state", PositionState),
        net_quantity=decimal(record, "netQuantity"),
        net_exposure_quantity=decimal(record, "netExposureQuantity"),
        net_exposure_notional=decimal(record, "netExposureNotional"),
        net_cost=decimal(record, "netCost"),
        entry_price=decimal(record, "entryPrice"),
        mark_price=decimal(record, "markPrice"),
        pnl_realized=decimal(record, "cumulativePnlRealized"),
        pnl_unrealized=decimal(record, "unrealizedPnl"),
        funding_quantity=decimal(record, "fundingQuantity"),
        interest=decimal(record, "interest"),
        fees=decimal(record, "fees"),
        liquidation_fees=decimal(record, "liquidationFees"),
        liquidated=decimal(record, "liquidated"),
        closed_volume=decimal(record, "closedVolume"),
        imf=decimal(record, "imf"),
        closing_price=optional_decimal(record, "closingPrice"),
        account_leverage=optional_decimal(record, "accountLeverage"),
        opened_us=optional_micros(record, "openedAt"),
        closed_us=optional_micros(record, "closedAt"),
    )
