"""Decoders for assets and for what they count as collateral. Source: PROTOCOL 4."""

from __future__ import annotations

from bpx_tui.exchange.fields import (
    Record,
    as_record,
    asset,
    decimal,
    needed_flag,
    optional_decimal,
    optional_integer,
    optional_text,
    text,
    word,
)
from bpx_tui.exchange.wire_rest import all_of
from bpx_tui.exchange.wire_rest_market import margin_function
from bpx_tui.model.assets import AssetInfo, CollateralParameters, Haircut, Token
from bpx_tui.model.enums import Blockchain


def asset_info(record: Record) -> AssetInfo:
    """One asset. All of its tokens must be readable: one that is left out would look like a chain without it."""
    return AssetInfo(
        asset=asset(record),
        display_name=text(record, "displayName"),
        coingecko_id=optional_text(record, "coingeckoId"),
        tokens=all_of(record, "tokens", _token),
    )


def _token(record: Record) -> Token:
    return Token(
        blockchain=word(record, "blockchain", Blockchain),
        display_name=text(record, "displayName"),
        contract_address=optional_text(record, "contractAddress", 256),
        can_deposit=needed_flag(record, "depositEnabled"),
        can_withdraw=needed_flag(record, "withdrawEnabled"),
        min_deposit=decimal(record, "minimumDeposit"),
        min_withdrawal=decimal(record, "minimumWithdrawal"),
        max_withdrawal=optional_decimal(record, "maximumWithdrawal"),
        withdrawal_fee=decimal(record, "withdrawalFee"),
        native_decimals=optional_integer(record, "nativeDecimals"),
    )


def collateral_parameters(record: Record) -> CollateralParameters:
    return CollateralParameters(
        asset=asset(record),
        haircut=_haircut(as_record(record.get("haircutFunction"), "haircutFunction")),
        imf_function=margin_function(record, "imfFunction"),
        mmf_function=margin_function(record, "mmfFunction"),
    )


def _haircut(record: Record) -> Haircut | None:
    """`None` where it has a shape that is not known: a guess would be a wrong collateral."""
    weight, kind = decimal(record, "weight"), as_record(record.get("kind"), "kind")
    match kind.get("type"):
        case "identity":
            return Haircut(weight)
        case "inverseSqrt":
            return Haircut(weight, decimal(kind, "base"), decimal(kind, "positiveCurvePenalty"))
        case _:
            return None
