"""Vaults: what they are worth, minting, redeeming."""

from __future__ import annotations

from bpx_tui.simulator.clock import US_PER_SECOND
from bpx_tui.simulator.domain.funds import Means
from bpx_tui.simulator.domain.markets import QUOTE
from bpx_tui.simulator.domain.refusals import VenueRefusal
from bpx_tui.simulator.history.units import plain, shortest
from bpx_tui.simulator.history.vaults import DAY_S, HOUR_S, VaultSnapshot
from bpx_tui.simulator.products.vaults import Redeem, RedeemStatus, VaultDesk, VaultTerms
from bpx_tui.simulator.rest.accounts import need_asset
from bpx_tui.simulator.rest.answers import Reply, empty_reply, json_reply
from bpx_tui.simulator.rest.fields import UINT32
from bpx_tui.simulator.rest.routing import Call, Route, public, session
from bpx_tui.simulator.rest.times import millis, zoned_iso

_SPANS = {"1d": (1, HOUR_S), "1w": (7, HOUR_S), "1month": (30, DAY_S), "1year": (365, DAY_S)}
"""Days back, and the seconds between two rows."""
_MINT = frozenset({"autoBorrow", "autoLendRedeem", "quantity", "symbol", "vaultId"})


def vaults(call: Call) -> Reply:
    desk = call.exchange.desks.vaults
    return json_reply([_vault(terms, desk) for terms in desk.vaults()])


def _vault(terms: VaultTerms, desk: VaultDesk) -> dict[str, object]:
    return {
        "id": terms.id,
        "minMintQuantity": plain(terms.min_mint),
        "minRedeemTokens": plain(terms.min_redeem_tokens),
        "mintsEnabled": desk.takes_mints(terms.id),
        "redeemDelayMs": terms.redeem_delay_us // 1000,
        "redeemsEnabled": True,
        "remainingMintQuantity": plain(desk.unsold(terms.id)),
        "symbol": QUOTE,
        "tokenStepSize": plain(terms.token_step),
        "vaultToken": terms.token,
    }


def history(call: Call) -> Reply:
    days, every_s = _SPANS[call.query.need_one_of("interval", _SPANS, "VaultHistoryInterval")]
    since_us = call.exchange.now_us - days * DAY_S * US_PER_SECOND
    rows = call.exchange.desks.vaults.snapshots(since_us, every_s, call.query.integer("vaultId", UINT32))
    return json_reply([_snapshot(row) for row in rows])


def _snapshot(row: VaultSnapshot) -> dict[str, object]:
    return {
        "nav": shortest(row.nav),
        "timestamp": zoned_iso(row.time_us),
        "tokenCirculatingSupply": shortest(row.circulating),
        "vaultEquity": shortest(row.equity),
        "vaultId": row.vault_id,
    }


def mint(call: Call) -> Reply:
    fields = call.body("VaultMintRequest", _MINT)
    vault_id, asset = fields.need_integer("vaultId", UINT32), need_asset(call, fields)
    means = Means(fields.boolean("autoLendRedeem") or False, fields.boolean("autoBorrow") or False, "Withdrawal")
    call.exchange.desks.vaults.mint(call.account, vault_id, asset, fields.need_decimal("quantity"), means)
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
    is_redeemed = row.status is RedeemStatus.REDEEMED
    return {
        "id": str(row.id),
        "nav": None if row.nav is None else plain(row.nav),
        "quantity": None if row.quantity is None else plain(row.quantity),
        "reason": row.reason,
        "status": row.status,
        "symbol": QUOTE if is_redeemed else None,
        "timestamp": millis(row.time_us),
        "vaultId": row.vault_id,
        "vaultToken": terms.token if is_redeemed else None,
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
            "mintNav": shortest(view.mint_nav),
            "nav": shortest(view.nav),
            "netEquity": shortest(view.net_equity),
            "redeemNav": shortest(view.redeem_nav),
            "tokenCirculatingSupply": shortest(view.circulating),
            "twapNav": shortest(view.average),
            "vaultEquity": shortest(view.equity),
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
