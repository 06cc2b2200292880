"""Vaults: what they are worth, minting, redeeming."""

from __future__ import annotations

from bpx_tui.simulator.clock import US_PER_SECOND
from bpx_tui.simulator.domain.refusals import VenueRefusal
from bpx_tui.simulator.history.units import plain
from bpx_tui.simulator.products.vaults import Redeem, VaultSnapshot, VaultTerms
from bpx_tui.simulator.rest.accounts import need_asset
from bpx_tui.simulator.rest.answers import Reply, empty_reply, json_reply
from bpx_tui.simulator.rest.fields import UINT32
from bpx_tui.simulator.rest.routing import Call, Route, public, session
from bpx_tui.simulator.rest.times import millis, zoned_iso

_DAY_US = 86_400 * US_PER_SECOND
_SPANS_US = {"1d": _DAY_US, "1w": 7 * _DAY_US, "1month": 30 * _DAY_US, "1year": 365 * _DAY_US}
_MINT = frozenset({"autoBorrow", "autoLendRedeem", "quantity", "symbol", "vaultId"})


def vaults(call: Call) -> Reply:
    desk = call.exchange.desks.vaults
    return json_reply([_vault(terms, plain(desk.unsold(terms.id))) for terms in desk.vaults()])


def _vault(terms: VaultTerms, unsold: str) -> dict[str, object]:
    return {
        "id": terms.id,
        "minMintQuantity": plain(terms.min_mint),
        "minRedeemTokens": plain(terms.min_redeem_tokens),
        "mintsEnabled": True,
        "redeemDelayMs": terms.redeem_delay_us // 1000,
        "redeemsEnabled": True,
        "remainingMintQuantity": unsold,
        "symbol": "USDC",
        "tokenStepSize": plain(terms.token_step),
        "vaultToken": terms.token,
    }


def history(call: Call) -> Reply:
    span_us = _SPANS_US[call.query.need_one_of("interval", _SPANS_US, "VaultHistoryInterval")]
    vault_id = call.query.integer("vaultId", UINT32)
    rows = call.exchange.desks.vaults.snapshots(call.exchange.now_us - span_us, vault_id)
    return json_reply([_snapshot(row) for row in rows])


def _snapshot(row: VaultSnapshot) -> dict[str, object]:
    return {
        "nav": plain(row.nav),
        "timestamp": zoned_iso(row.time_us),
        "tokenCirculatingSupply": plain(row.circulating),
        "vaultEquity": plain(row.equity),
        "vaultId": row.vault_id,
    }


def mint(call: Call) -> Reply:
    fields = call.body("VaultMintRequest", _MINT)
    vault_id, asset = fields.need_integer("vaultId", UINT32), need_asset(call, fields)
    fields.boolean("autoBorrow")
    fields.boolean("autoLendRedeem")
    call.exchange.desks.vaults.mint(call.account, vault_id, asset, fields.need_decimal("quantity"))
    return empty_reply()


def redeem(call: Call) -> Reply:
    fields = call.body("VaultRedeemRequest", frozenset({"vaultId", "vaultTokenQuantity"}))
    vault_id = fields.need_integer("vaultId", UINT32)
    call.exchange.desks.vaults.request_redeem(call.account, vault_id, fields.decimal("vaultTokenQuantity"))
    return empty_reply()


def cancel_redeem(call: Call) -> Reply:
    fields = call.body("VaultRedeemCancelRequest", frozenset({"vaultId"}))
    call.exchange.desks.vaults.cancel_redeem(call.account, fields.need_integer("vaultId", UINT32))
    return empty_reply()


def pending(call: Call) -> Reply:
    """Only for the vault's own account."""
    vault_id = call.query.need_integer("vaultId", UINT32)
    desk = call.exchange.desks.vaults
    terms = desk.vault_of(call.account)
    if terms.id != vault_id:
        raise VenueRefusal(403, "FORBIDDEN", "Account is not this vault")
    return json_reply([_redeem(row, terms) for row in desk.pending(vault_id)])


def _redeem(row: Redeem, terms: VaultTerms) -> dict[str, object]:
    return {
        "id": str(row.id),
        "nav": None if row.nav is None else plain(row.nav),
        "quantity": None if row.quantity is None else plain(row.quantity),
        "reason": row.reason,
        "status": row.status,
        "symbol": "USDC",
        "timestamp": millis(row.time_us),
        "vaultId": row.vault_id,
        "vaultToken": terms.token,
        "vaultTokenQuantity": plain(row.tokens),
    }


def nav(call: Call) -> Reply:
    """Only for the vault's own account; anybody else is not authorised for it."""
    desk = call.exchange.desks.vaults
    try:
        terms = desk.vault_of(call.account)
    except VenueRefusal:
        raise VenueRefusal(401, "UNAUTHORIZED", "Account is not a vault") from None
    view = desk.nav(terms.id)
    return json_reply(
        {
            "lastCrankTimestamp": None if view.last_crank_us is None else millis(view.last_crank_us),
            "mintNav": plain(view.mint_nav),
            "nav": plain(view.nav),
            "netEquity": plain(view.net_equity),
            "redeemNav": plain(view.redeem_nav),
            "tokenCirculatingSupply": plain(view.circulating),
            "twapNav": plain(view.average),
            "vaultEquity": plain(view.equity),
        }
    )


ROUTES: tuple[Route, ...] = (
    public("get_vaults", "/api/v1/vaults", vaults),
    public("get_vault_history", "/api/v1/vaults/history", history),
    session("vault_mint", "POST", "/api/v1/vault/mint", "vaultMint", mint),
    session("vault_redeem", "POST", "/api/v1/vault/redeem", "vaultRedeemRequest", redeem),
    session("vault_redeem_cancel", "DELETE", "/api/v1/vault/redeem", "vaultRedeemCancel", cancel_redeem),
    session("get_vault_pending_redeems", "GET", "/api/v1/vault/redeems/pending", "vaultPendingRedeemsQuery", pending),
    session("get_vault_nav", "GET", "/api/v1/vault/nav", "vaultNavQuery", nav),
)
