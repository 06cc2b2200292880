"""The account's histories: what it was paid and charged, and its past positions.

Newest first unless asked otherwise; at most 1,000 rows a page. `Rows.total` counts all pages where the exchange tells
it, which it does for all but the positions. Errors are those of any read, see `rest`.
"""

from __future__ import annotations

from bpx_tui.exchange import wire_rest_history, wire_rest_lending
from bpx_tui.exchange.rest_calls import RestCalls, page
from bpx_tui.exchange.signing import Params
from bpx_tui.exchange.wire_rest import Rows
from bpx_tui.model.enums import (
    BorrowLendEvent,
    BorrowLendSide,
    BorrowLendSource,
    InterestSource,
    MarketKind,
    PositionState,
    SettlementFilter,
    SortDirection,
)
from bpx_tui.model.history import DustConversion, FundingPayment, InterestPayment, PositionRecord, Settlement
from bpx_tui.model.ids import Asset, DustConversionId, PositionId, Symbol
from bpx_tui.model.lending import BorrowLendMovement, BorrowLendRecord


class History:
    """Reads only."""

    def __init__(self, calls: RestCalls) -> None:
        self._calls = calls

    async def funding_payments(
        self,
        symbol: Symbol | None = None,
        *,
        subaccount_id: int | None = None,
        limit: int = 100,
        offset: int = 0,
        direction: SortDirection | None = None,
    ) -> Rows[FundingPayment]:
        """Funding received and paid, of this account or of one of the user's sub-accounts."""
        query: Params = {"symbol": symbol, "subaccountId": subaccount_id, **page(limit, offset, direction)}
        return await self._calls.rows("get_funding_payments", wire_rest_history.funding_payment, query)

    async def interest(
        self,
        asset: Asset | None = None,
        *,
        symbol: Symbol | None = None,
        position_id: PositionId | None = None,
        source: InterestSource | None = None,
        limit: int = 100,
        offset: int = 0,
        direction: SortDirection | None = None,
    ) -> Rows[InterestPayment]:
        """Interest received and paid. With the `symbol` of a perpetual, that on its unrealised profit."""
        query: Params = {
            "asset": asset,
            "symbol": symbol,
            "positionId": position_id,
            "source": source,
            **page(limit, offset, direction),
        }
        return await self._calls.rows("get_interest_history", wire_rest_history.interest_payment, query)

    async def settlements(
        self,
        source: SettlementFilter | None = None,
        *,
        limit: int = 100,
        offset: int = 0,
        direction: SortDirection | None = None,
    ) -> Rows[Settlement]:
        query: Params = {"source": source, **page(limit, offset, direction)}
        return await self._calls.rows("get_settlement_history", wire_rest_history.settlement, query)

    async def dust_conversions(
        self,
        asset: Asset | None = None,
        *,
        conversion_id: DustConversionId | None = None,
        limit: int = 100,
        offset: int = 0,
        direction: SortDirection | None = None,
    ) -> Rows[DustConversion]:
        query: Params = {"symbol": asset, "id": conversion_id, **page(limit, offset, direction)}
        return await self._calls.rows("get_dust_history", wire_rest_history.dust_conversion, query)

    async def positions(
        self,
        symbol: Symbol | None = None,
        *,
        state: PositionState | None = None,
        kind: MarketKind | None = None,
        limit: int = 100,
        offset: int = 0,
        direction: SortDirection | None = None,
    ) -> Rows[PositionRecord]:
        """Positions of futures, closed and still open."""
        query: Params = {
            "symbol": symbol,
            "state": state,
            "marketType": kind,
            **page(limit, offset, direction),
        }
        return await self._calls.rows("get_position_history", wire_rest_history.position_record, query)

    async def borrow_lend(
        self,
        asset: Asset | None = None,
        *,
        event: BorrowLendEvent | None = None,
        source: BorrowLendSource | None = None,
        position_id: PositionId | None = None,
        limit: int = 100,
        offset: int = 0,
        direction: SortDirection | None = None,
    ) -> Rows[BorrowLendMovement]:
        """Every borrow, repayment, lend and redeem."""
        query: Params = {
            "symbol": asset,
            "type": event,
            "sources": source,
            "positionId": position_id,
            **page(limit, offset, direction),
        }
        return await self._calls.rows("get_borrow_lend_history", wire_rest_lending.movement, query)

    async def borrow_lend_positions(
        self,
        asset: Asset | None = None,
        *,
        side: BorrowLendSide | None = None,
        state: PositionState | None = None,
        limit: int = 100,
        offset: int = 0,
        direction: SortDirection | None = None,
    ) -> Rows[BorrowLendRecord]:
        """Borrows and lends, closed and still open."""
        query: Params = {
            "symbol": asset,
            "side": side,
            "state": state,
            **page(limit, offset, direction),
        }
        return await self._calls.rows("get_borrow_lend_position_history", wire_rest_lending.position_record, query)
