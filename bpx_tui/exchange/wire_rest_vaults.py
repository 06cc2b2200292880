"""Vaults over REST. Source: PROTOCOL 5.9 and openapi.yml."""

from __future__ import annotations

from decimal import Decimal

from bpx_tui.exchange.fields import (
    Record,
    asset,
    decimal,
    identifier,
    integer,
    micros,
    needed_flag,
    optional_decimal,
    optional_integer,
    optional_text,
    word,
)
from bpx_tui.model.enums import VaultRedeemStatus
from bpx_tui.model.ids import Asset, VaultId
from bpx_tui.model.vaults import Vault, VaultNav, VaultRedeem, VaultSnapshot

MAX_REASON = 200


def vault(record: Record) -> Vault:
    return Vault(
        vault_id=VaultId(integer(record, "id")),
        token=asset(record, "vaultToken"),
        mint_asset=asset(record),
        mints_enabled=needed_flag(record, "mintsEnabled"),
        redeems_enabled=needed_flag(record, "redeemsEnabled"),
        min_mint_quantity=decimal(record, "minMintQuantity"),
        min_redeem_tokens=decimal(record, "minRedeemTokens"),
        token_step_size=decimal(record, "tokenStepSize"),
        redeem_delay_ms=integer(record, "redeemDelayMs"),
        remaining_mint_tokens=optional_decimal(record, "remainingMintQuantity") or Decimal(0),
    )


def snapshot(record: Record) -> VaultSnapshot:
    return VaultSnapshot(
        vault_id=VaultId(integer(record, "vaultId")),
        time_us=micros(record, "timestamp"),
        nav=optional_decimal(record, "nav"),
        equity=optional_decimal(record, "vaultEquity"),
        circulating_tokens=optional_decimal(record, "tokenCirculatingSupply"),
    )


def nav(record: Record) -> VaultNav:
    return VaultNav(
        nav=decimal(record, "nav"),
        twap_nav=decimal(record, "twapNav"),
        mint_nav=decimal(record, "mintNav"),
        redeem_nav=decimal(record, "redeemNav"),
        equity=decimal(record, "vaultEquity"),
        net_equity=decimal(record, "netEquity"),
        circulating_tokens=decimal(record, "tokenCirculatingSupply"),
        last_crank_ms=optional_integer(record, "lastCrankTimestamp"),
    )


def redeem(record: Record) -> VaultRedeem:
    return VaultRedeem(
        redeem_id=identifier(record, "id"),
        vault_id=VaultId(integer(record, "vaultId")),
        status=word(record, "status", VaultRedeemStatus),
        tokens=decimal(record, "vaultTokenQuantity"),
        time_ms=integer(record, "timestamp"),
        token=_optional_asset(record, "vaultToken"),
        paid_asset=_optional_asset(record, "symbol"),
        paid_quantity=optional_decimal(record, "quantity"),
        nav=optional_decimal(record, "nav"),
        reason=optional_text(record, "reason", MAX_REASON),
    )


def _optional_asset(record: Record, key: str) -> Asset | None:
    return None if record.get(key) is None else asset(record, key)
