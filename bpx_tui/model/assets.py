"""The exchange's assets: where each can be moved, and what it counts for as collateral. Source: PROTOCOL 4."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from bpx_tui.model.enums import Blockchain
from bpx_tui.model.ids import Asset
from bpx_tui.model.market import MarginFunction


@dataclass(frozen=True, slots=True)
class Token:
    """An asset on one blockchain; quantities in the asset, `None` where the exchange sets no such limit."""

    blockchain: Blockchain | str
    display_name: str
    contract_address: str | None
    can_deposit: bool
    can_withdraw: bool
    min_deposit: Decimal
    min_withdrawal: Decimal
    max_withdrawal: Decimal | None
    withdrawal_fee: Decimal
    native_decimals: int | None


@dataclass(frozen=True, slots=True)
class AssetInfo:
    """An asset and its tokens. `coingecko_id` is its name at CoinGecko."""

    asset: Asset
    display_name: str
    coingecko_id: str | None
    tokens: tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class Haircut:
    """What part of an asset's value counts as collateral: `weight`, and less for large balances by an inverse square
    root of `base` and `positive_curve_penalty`, which are `None` where the weight is all.
    """

    weight: Decimal
    base: Decimal | None = None
    positive_curve_penalty: Decimal | None = None


@dataclass(frozen=True, slots=True)
class CollateralParameters:
    """How an asset counts as collateral, and what borrowing it takes; `None` where a function's shape is not known."""

    asset: Asset
    haircut: Haircut | None
    imf_function: MarginFunction | None
    mmf_function: MarginFunction | None
