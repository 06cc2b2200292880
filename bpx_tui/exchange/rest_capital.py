"""Deposits, withdrawals, limits and settings of the account. Withdrawals are read here and never requested.

Errors are those of `rest`. The withdrawal delay takes a web session, so that the exchange refuses it to an API key.
"""

from __future__ import annotations

from decimal import Decimal

from bpx_tui.exchange import wire_rest_capital
from bpx_tui.exchange.limits import Share
from bpx_tui.exchange.rest_calls import RestCalls
from bpx_tui.exchange.signing import Params
from bpx_tui.exchange.wire_rest import Rows
from bpx_tui.model.capital import Deposit, Wallet, Withdrawal, WithdrawalDelay
from bpx_tui.model.enums import Blockchain
from bpx_tui.model.ids import Asset, WithdrawalId


class Capital:
    """Money in and out, and what of the account can be changed."""

    def __init__(self, calls: RestCalls) -> None:
        self._calls = calls

    # Read

    async def deposits(
        self,
        *,
        from_ms: int | None = None,
        to_ms: int | None = None,
        exclude_platform: bool | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> Rows[Deposit]:
        """Deposits, newest first. `exclude_platform` leaves out those that the exchange itself made."""
        query: Params = {
            "from": from_ms,
            "to": to_ms,
            "excludePlatform": exclude_platform,
            "limit": limit,
            "offset": offset,
        }
        return await self._calls.rows("get_deposits", wire_rest_capital.deposit, query)

    async def deposit_address(self, blockchain: Blockchain) -> str:
        """The account's own address there, exactly as the exchange gave it."""
        query: Params = {"blockchain": blockchain}
        return await self._calls.one("get_deposit_address", wire_rest_capital.deposit_address, query)

    async def withdrawals(
        self,
        *,
        withdrawal_id: WithdrawalId | None = None,
        client_id: str | None = None,
        from_ms: int | None = None,
        to_ms: int | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> Rows[Withdrawal]:
        """Withdrawals, newest first, wherever they were requested. `client_id` is text of its own, not an order's."""
        query: Params = {
            "id": withdrawal_id,
            "clientId": client_id,
            "from": from_ms,
            "to": to_ms,
            "limit": limit,
            "offset": offset,
        }
        return await self._calls.rows("get_withdrawals", wire_rest_capital.withdrawal, query)

    async def withdrawal_delay(self) -> WithdrawalDelay | None:
        """The delay for withdrawals to unknown addresses, or `None` where none was ever set.

        Raises:
            Refused: as long as the exchange takes only a web session for it.
        """
        return await self._calls.read_or_none("get_withdrawal_delay", wire_rest_capital.withdrawal_delay)

    async def wallets(self) -> Rows[Wallet]:
        """The exchange's own wallets."""
        return await self._calls.rows("get_wallets", wire_rest_capital.wallet)

    async def max_borrow_quantity(self, asset: Asset) -> Decimal:
        """The most that the account could borrow now, in the asset."""
        query: Params = {"symbol": asset}
        return await self._calls.one("get_max_borrow_quantity", wire_rest_capital.max_borrow_quantity, query)

    async def max_withdrawal_quantity(
        self, asset: Asset, *, auto_borrow: bool | None = None, auto_lend_redeem: bool | None = None
    ) -> Decimal:
        """The most that the account could withdraw now, in the asset, borrowing or redeeming for it or not."""
        query: Params = {"symbol": asset, "autoBorrow": auto_borrow, "autoLendRedeem": auto_lend_redeem}
        return await self._calls.one("get_max_withdrawal_quantity", wire_rest_capital.max_withdrawal_quantity, query)

    # Change

    async def convert_dust(self, asset: Asset | None = None) -> None:
        """Swap a balance below what its spot market trades for USDC; without `asset` all of them, once."""
        await self._calls.do("convert_dust", Share.ORDER, {"symbol": asset})

    async def update_settings(
        self,
        *,
        auto_borrow_settlements: bool | None = None,
        auto_lend: bool | None = None,
        auto_repay_borrows: bool | None = None,
        leverage_limit: Decimal | None = None,
    ) -> None:
        """Change the account's settings that are given, once. The leverage holds for the whole account.

        Raises:
            InputError: none is given; nothing was done.
        """
        body = wire_rest_capital.encode_settings(
            auto_borrow_settlements=auto_borrow_settlements,
            auto_lend=auto_lend,
            auto_repay_borrows=auto_repay_borrows,
            leverage_limit=leverage_limit,
        )
        await self._calls.do("update_account_settings", Share.ORDER, body)
