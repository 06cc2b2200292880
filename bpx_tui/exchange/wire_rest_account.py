"""Decoders for what the account owns and owes, over REST. Source: PROTOCOL 5.5 and 5.6."""

from __future__ import annotations

from bpx_tui.errors import UnreadableReply
from bpx_tui.exchange.fields import (
    InexactNumber,
    Record,
    as_list,
    as_record,
    asset,
    decimal,
    decode_json,
    flag,
    identifier,
    integer,
    optional_decimal,
    optional_flag,
    symbol,
)
from bpx_tui.exchange.sanitise import clean
from bpx_tui.exchange.wire_rest import Rows, build_rows
from bpx_tui.model.account import AccountSettings, Balance, Collateral, CollateralAsset, Position
from bpx_tui.model.ids import Asset


def account(record: Record) -> AccountSettings:
    return AccountSettings(
        spot_maker_fee_bps=decimal(record, "spotMakerFee"),
        spot_taker_fee_bps=decimal(record, "spotTakerFee"),
        futures_maker_fee_bps=decimal(record, "futuresMakerFee"),
        futures_taker_fee_bps=decimal(record, "futuresTakerFee"),
        leverage_limit=decimal(record, "leverageLimit"),
        borrow_limit=decimal(record, "borrowLimit"),
        position_limit=decimal(record, "positionLimit"),
        limit_orders=integer(record, "limitOrders"),
        trigger_orders=integer(record, "triggerOrders"),
        liquidating=optional_flag(record, "liquidating"),
        auto_borrow_settlements=flag(record, "autoBorrowSettlements"),
        auto_lend=flag(record, "autoLend"),
        auto_realize_pnl=flag(record, "autoRealizePnl"),
        auto_repay_borrows=flag(record, "autoRepayBorrows"),
    )


def decode_balances(raw: bytes) -> Rows[Balance]:
    """Balances, from an object keyed by asset."""
    return decode_json(raw, _balances)


def _balances(parsed: object) -> Rows[Balance]:
    rows: list[Balance] = []
    unreadable: list[str] = []
    for name, value in as_record(parsed, "balances by asset").items():
        try:
            rows.append(_balance(name, as_record(value)))
        except InexactNumber:
            raise
        except UnreadableReply as error:
            unreadable.append(f"{clean(name, 32)}: {error}")
    if unreadable and not rows:
        raise UnreadableReply(f"No balance is readable: {unreadable[0]}")
    return Rows(rows, unreadable)


def _balance(name: str, record: Record) -> Balance:
    if not name:
        raise UnreadableReply("A balance has no asset.")
    return Balance(
        asset=Asset(clean(name, 32)),
        available=decimal(record, "available"),
        locked=decimal(record, "locked"),
        staked=decimal(record, "staked"),
    )


def collateral(record: Record) -> Collateral:
    """The margin summary. All of its assets must be readable: a sum over some of them is a wrong sum."""
    assets = build_rows(as_list(record.get("collateral"), "collateral"), _collateral_asset)
    if assets.unreadable:
        raise UnreadableReply(f"An asset of the collateral is not readable: {assets.unreadable[0]}")
    return Collateral(
        assets_value=decimal(record, "assetsValue"),
        borrow_liability=decimal(record, "borrowLiability"),
        net_equity=decimal(record, "netEquity"),
        net_equity_available=decimal(record, "netEquityAvailable"),
        net_equity_locked=decimal(record, "netEquityLocked"),
        net_exposure_futures=decimal(record, "netExposureFutures"),
        pnl_unrealized=decimal(record, "pnlUnrealized"),
        unsettled_equity=decimal(record, "unsettledEquity"),
        liabilities_value=decimal(record, "liabilitiesValue"),
        imf=decimal(record, "imf"),
        mmf=decimal(record, "mmf"),
        margin_fraction=optional_decimal(record, "marginFraction"),
        assets=tuple(assets),
    )


def _collateral_asset(record: Record) -> CollateralAsset:
    return CollateralAsset(
        asset=asset(record),
        mark=decimal(record, "assetMarkPrice"),
        total_quantity=decimal(record, "totalQuantity"),
        balance_notional=decimal(record, "balanceNotional"),
        weight=decimal(record, "collateralWeight"),
        collateral_value=decimal(record, "collateralValue"),
        open_order_quantity=decimal(record, "openOrderQuantity"),
        lend_quantity=decimal(record, "lendQuantity"),
        available_quantity=decimal(record, "availableQuantity"),
    )


def position(record: Record) -> Position:
    """One position. A liquidation price of zero is the exchange's placeholder for "not computed"."""
    liquidation = optional_decimal(record, "estLiquidationPrice")
    return Position(
        symbol=symbol(record),
        position_id=identifier(record, "positionId"),
        net_quantity=decimal(record, "netQuantity"),
        entry_price=decimal(record, "entryPrice"),
        break_even_price=decimal(record, "breakEvenPrice"),
        mark_price=decimal(record, "markPrice"),
        pnl_realized=decimal(record, "pnlRealized"),
        pnl_unrealized=decimal(record, "pnlUnrealized"),
        net_exposure_quantity=decimal(record, "netExposureQuantity"),
        net_exposure_notional=decimal(record, "netExposureNotional"),
        imf=decimal(record, "imf"),
        mmf=decimal(record, "mmf"),
        net_cost=optional_decimal(record, "netCost"),
        cumulative_funding=optional_decimal(record, "cumulativeFundingPayment"),
        est_liquidation_price=liquidation or None,
    )
