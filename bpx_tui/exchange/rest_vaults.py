"""The REST calls that concern vaults. Errors are those that `RestClient` names."""

from __future__ import annotations

from decimal import Decimal

from bpx_tui.exchange import wire_rest_vaults as wire
from bpx_tui.exchange.body_fields import money, optional_money
from bpx_tui.exchange.limits import Share
from bpx_tui.exchange.rest_calls import RestCalls
from bpx_tui.exchange.signing import Params
from bpx_tui.exchange.wire_rest import Rows
from bpx_tui.model.enums import VaultHistoryInterval
from bpx_tui.model.ids import Asset, VaultId
from bpx_tui.model.vaults import Vault, VaultNav, VaultRedeem, VaultSnapshot


class Vaults:
    """Vaults of the exchange. What was done is answered with nothing: read balances to see it."""

    def __init__(self, calls: RestCalls) -> None:
        self._calls = calls

    async def all(self) -> Rows[Vault]:
        """Public: every vault and its terms."""
        return await self._calls.rows("get_vaults", wire.vault)

    async def history(self, interval: VaultHistoryInterval, vault_id: VaultId | None = None) -> Rows[VaultSnapshot]:
        """Public: what the vaults, or one of them, were worth over that time."""
        return await self._calls.rows("get_vault_history", wire.snapshot, {"interval": interval, "vaultId": vault_id})

    async def nav(self) -> VaultNav:
        """What a vault is worth now.

        Raises:
            Refused: this is not the key of a vault's own account.
        """
        return await self._calls.one("get_vault_nav", wire.nav)

    async def pending_redeems(self, vault_id: VaultId) -> Rows[VaultRedeem]:
        """What others have asked the vault to redeem.

        Raises:
            Refused: this is not the key of that vault's own account.
        """
        return await self._calls.rows("get_vault_pending_redeems", wire.redeem, {"vaultId": vault_id})

    async def mint(
        self,
        vault_id: VaultId,
        asset: Asset,
        quantity: Decimal,
        *,
        auto_borrow: bool | None = None,
        auto_lend_redeem: bool | None = None,
    ) -> None:
        """Pay that quantity of the asset in and get vault tokens at the mint NAV, at once.

        Raises:
            InputError: the quantity cannot be sent; nothing was done.
        """
        body: Params = {
            "vaultId": vault_id,
            "symbol": asset,
            "quantity": money(quantity, "quantity"),
            "autoBorrow": auto_borrow,
            "autoLendRedeem": auto_lend_redeem,
        }
        await self._calls.do("vault_mint", Share.ORDER, body)

    async def redeem(self, vault_id: VaultId, tokens: Decimal | None = None) -> None:
        """Ask for vault tokens to be redeemed, all that are available with `None`; paid after the vault's delay.

        It counts among what takes risk away: leaving a vault must stay possible where cancelling is.

        Raises:
            InputError: the quantity cannot be sent; nothing was done.
        """
        body: Params = {"vaultId": vault_id, "vaultTokenQuantity": optional_money(tokens, "token quantity")}
        await self._calls.do("vault_redeem", Share.CANCEL, body)

    async def cancel_redeem(self, vault_id: VaultId) -> None:
        """Take the pending request of that vault back: no cancel that takes risk away, what is in the vault stays."""
        await self._calls.do("vault_redeem_cancel", Share.ORDER, {"vaultId": vault_id})
