"""Borrowing and lending: pools, rates, the account's positions, and changing them. Errors are those of `rest`."""

from __future__ import annotations

from decimal import Decimal

from bpx_tui.exchange import wire_rest_lending
from bpx_tui.exchange.limits import Share
from bpx_tui.exchange.rest_calls import RestCalls
from bpx_tui.exchange.signing import Params
from bpx_tui.exchange.wire_rest import Rows
from bpx_tui.model.enums import BorrowLendSide, BorrowLendSpan
from bpx_tui.model.ids import Asset
from bpx_tui.model.lending import (
    ApyRates,
    BorrowLendMarket,
    BorrowLendPoint,
    BorrowLendPosition,
    LiquidationEstimate,
)


class Lending:
    """The pools and what the account has in them. Histories of the account are in `History`.

    Quantities go in whole steps of the pool (`BorrowLendMarket.step_size`), which interest is finer than.
    """

    def __init__(self, calls: RestCalls) -> None:
        self._calls = calls

    # Read

    async def markets(self) -> Rows[BorrowLendMarket]:
        return await self._calls.rows("get_borrow_lend_markets", wire_rest_lending.market)

    async def market_history(self, asset: Asset, span: BorrowLendSpan) -> Rows[BorrowLendPoint]:
        """How one pool got where it is. All pools cannot be asked for at once: the rows do not name theirs."""
        query: Params = {"symbol": asset, "interval": span}
        return await self._calls.rows("get_borrow_lend_markets_history", wire_rest_lending.point, query)

    async def apy(self, tier_id: int | None = None) -> ApyRates:
        """Today's rates, those of a VIP tier or the base ones."""
        return await self._calls.one("get_apy_rates", wire_rest_lending.apy_rates, {"tierId": tier_id})

    async def positions(self) -> Rows[BorrowLendPosition]:
        """What the account has lent and what it owes. With `unreadable` rows, there may be more."""
        return await self._calls.rows("get_borrow_lend_positions", wire_rest_lending.position)

    async def estimated_liquidation_price(
        self, asset: Asset, side: BorrowLendSide, quantity: Decimal, *, subaccount_id: int | None = None
    ) -> LiquidationEstimate:
        """Where the account would be liquidated after that borrow or lend.

        Raises:
            InputError: the quantity cannot be written in plain digits.
            Refused: as long as the exchange takes only a web session for it.
        """
        query: Params = {
            "borrow": wire_rest_lending.encode_asked_about(asset, side, quantity),
            "subaccountId": subaccount_id,
        }
        return await self._calls.one(
            "get_borrow_lend_estimated_liquidation_price", wire_rest_lending.liquidation_estimate, query
        )

    # Change

    async def lend(self, asset: Asset, quantity: Decimal) -> None:
        """Repay what is owed of the asset, and lend what is left of the quantity, once.

        It counts among what takes risk away: paying debts back must stay possible where cancelling is.
        """
        body = wire_rest_lending.encode_execution(asset, BorrowLendSide.LEND, quantity)
        await self._calls.do("execute_borrow_lend", Share.CANCEL, body)

    async def borrow(self, asset: Asset, quantity: Decimal) -> None:
        """Take back what is lent of the asset, and borrow what the quantity still lacks, once."""
        body = wire_rest_lending.encode_execution(asset, BorrowLendSide.BORROW, quantity)
        await self._calls.do("execute_borrow_lend", Share.ORDER, body)
