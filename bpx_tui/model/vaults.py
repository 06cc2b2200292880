"""Vaults: shares in an account of the exchange, minted for an asset and redeemed after a delay.

Values are in USDC; NAV is USDC per vault token.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from bpx_tui.model.enums import VaultRedeemStatus
from bpx_tui.model.ids import Asset, VaultId


@dataclass(frozen=True, slots=True)
class Vault:
    """A vault and its terms. `mint_asset` pays for its `token`; `remaining_mint_tokens` can still be minted.

    `min_mint_quantity` is in `mint_asset`; `min_redeem_tokens` and `token_step_size` are in tokens.
    """

    vault_id: VaultId
    token: Asset
    mint_asset: Asset
    mints_enabled: bool
    redeems_enabled: bool
    min_mint_quantity: Decimal
    min_redeem_tokens: Decimal
    token_step_size: Decimal
    redeem_delay_ms: int
    remaining_mint_tokens: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class VaultSnapshot:
    """What a vault was worth at one moment; `None` where the exchange does not say."""

    vault_id: VaultId
    time_us: int
    nav: Decimal | None = None
    equity: Decimal | None = None
    circulating_tokens: Decimal | None = None


@dataclass(frozen=True, slots=True)
class VaultNav:
    """What a vault is worth now, as its own account is told.

    Mints pay `mint_nav`, the higher of `nav` and its time-weighted average `twap_nav`; redeems get the lower.
    `net_equity` is after haircuts.
    """

    nav: Decimal
    twap_nav: Decimal
    mint_nav: Decimal
    redeem_nav: Decimal
    equity: Decimal
    net_equity: Decimal
    circulating_tokens: Decimal
    last_crank_ms: int | None = None


@dataclass(frozen=True, slots=True)
class VaultRedeem:
    """A request to redeem `tokens`. What was paid, and at which NAV, is set once redeemed, `reason` once cancelled."""

    redeem_id: str
    vault_id: VaultId
    status: VaultRedeemStatus | str
    tokens: Decimal
    time_ms: int
    token: Asset | None = None
    paid_asset: Asset | None = None
    paid_quantity: Decimal | None = None
    nav: Decimal | None = None
    reason: str | None = None
