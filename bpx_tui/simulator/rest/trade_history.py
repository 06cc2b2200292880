"""Histories of trading: orders, fills, funding, positions, settlements."""

from __future__ import annotations

from bpx_tui.model.enums import MarketKind
from bpx_tui.simulator.domain.events import FundingPaid, SettlementMade
from bpx_tui.simulator.domain.orders import FillRecord, OrderRecord, SystemOrderType
from bpx_tui.simulator.domain.views import PositionView
from bpx_tui.simulator.history.units import plain
from bpx_tui.simulator.rest.accounts import account_info, asked_for
from bpx_tui.simulator.rest.answers import Reply
from bpx_tui.simulator.rest.fields import INT64
from bpx_tui.simulator.rest.paging import page_reply, visible
from bpx_tui.simulator.rest.rendering import past_order
from bpx_tui.simulator.rest.routing import Call, Route, session
from bpx_tui.simulator.rest.times import naive_iso
from bpx_tui.simulator.traps import Traps

_BOOK, _ADL, _BACKSTOP = (
    SystemOrderType.LIQUIDATE_ON_BOOK,
    SystemOrderType.LIQUIDATE_ON_ADL,
    SystemOrderType.LIQUIDATE_ON_BACKSTOP,
)
_CONVERSION = SystemOrderType.COLLATERAL_CONVERSION
_FILL_TYPES: dict[str, tuple[SystemOrderType | None, ...]] = {
    "User": (None,),
    "BookLiquidation": (_BOOK,),
    "Adl": (_ADL,),
    "Backstop": (_BACKSTOP,),
    "Liquidation": (_BOOK, _BACKSTOP),
    "AllLiquidation": (_BOOK, _BACKSTOP, _ADL),
    "CollateralConversion": (_CONVERSION,),
    "CollateralConversionAndSpotLiquidation": (_CONVERSION, _BOOK),
}
_SETTLEMENTS = {
    "BackstopLiquidation": ("BackstopProviderLiquidation", "BackstopAdlLiquidation", "BackstopLiquidityFundProceeds"),
    "CulledBorrowInterest": ("CulledBorrowInterest",),
    "CulledRealizePnl": (
        "CulledRealizePnlAuto",
        "CulledRealizePnlBookUtilisation",
        "CulledRealizePnlAccountThreshold",
        "CulledRealizePnlSystemThreshold",
    ),
    "CulledRealizePnlBookUtilization": ("CulledRealizePnlBookUtilisation",),
    "FundingPayment": ("FundingPayment",),
    "RealizePnl": ("RealizePnl",),
    "TradingFees": ("TradingFees",),
    "TradingFeesSystem": ("TradingFeesSystem",),
}


def orders(call: Call) -> Reply:
    """Every order, open ones included, by creation."""
    query, venue = call.query, call.exchange.venue
    order_id, strategy_id, symbol = query.text("orderId"), query.text("strategyId"), query.symbol()
    kinds = query.words("marketType", MarketKind, "MarketType")
    rows: list[OrderRecord] = [*venue.order_history(call.account), *venue.open_orders(call.account)]
    rows.sort(key=lambda order: order.created_us)
    found = [
        order
        for order in visible(call, rows, lambda order: order.created_us)
        if order_id in (None, order.id)
        and strategy_id in (None, order.terms.strategy_id)
        and symbol in (None, order.symbol)
        and (not kinds or venue.market(order.symbol).kind in kinds)
    ]
    return page_reply(call, found, past_order)


def fills(call: Call) -> Reply:
    query, venue = call.query, call.exchange.venue
    order_id, strategy_id, symbol = query.text("orderId"), query.text("strategyId"), query.symbol()
    since_ms, until_ms = query.integer("from", INT64), query.integer("to", INT64)
    fill_type = query.one_of("fillType", _FILL_TYPES, "FillType")
    kinds = query.words("marketType", MarketKind, "MarketType")
    found = [
        fill
        for fill in visible(call, venue.fills(call.account), lambda fill: fill.time_us)
        if order_id in (None, fill.order_id)
        and strategy_id in (None, fill.strategy_id)
        and symbol in (None, fill.symbol)
        and (since_ms is None or fill.time_us >= since_ms * 1000)
        and (until_ms is None or fill.time_us <= until_ms * 1000)
        and (fill_type is None or fill.system_order_type in _FILL_TYPES[fill_type])
        and (not kinds or venue.market(fill.symbol).kind in kinds)
    ]
    return page_reply(call, found, lambda fill: _fill(fill, call.exchange.traps))


def _fill(fill: FillRecord, traps: Traps) -> dict[str, object]:
    """An `OrderFill`: here the client id is text."""
    return {
        "clientId": None if fill.client_id is None else str(fill.client_id),
        "fee": plain(fill.fee),
        "feeSymbol": fill.fee_asset,
        "isMaker": fill.is_maker,
        "orderId": fill.order_id,
        "price": plain(fill.price),
        "quantity": plain(fill.quantity),
        "side": fill.side,
        "symbol": fill.symbol,
        "systemOrderType": fill.system_order_type,
        "timestamp": naive_iso(fill.time_us),
        "tradeId": traps.trade_id(fill.symbol, fill.trade_id),
    }


def funding(call: Call) -> Reply:
    info, symbol = asked_for(call), call.query.symbol()
    payments = call.exchange.accounts.of(info.id).funding
    found = [payment for payment in payments if symbol in (None, payment.symbol)]

    def render(payment: FundingPaid) -> dict[str, object]:
        return {
            "fundingRate": plain(payment.rate),
            "intervalEndTimestamp": naive_iso(payment.time_us),
            "quantity": plain(payment.quantity),
            "subaccountId": info.subaccount_id or 0,
            "symbol": payment.symbol,
            "userId": info.user_id,
        }

    return page_reply(call, found, render)


def positions(call: Call) -> Reply:
    query, venue = call.query, call.exchange.venue
    symbol = query.symbol()
    state = query.one_of("state", ("Open", "Closed"), "PositionState")
    kinds = query.words("marketType", MarketKind, "MarketType")
    closed = () if state == "Open" else venue.closed_positions(call.account)
    still_open = () if state == "Closed" else venue.positions(call.account)
    found = [
        position
        for position in sorted((*closed, *still_open), key=lambda position: position.opened_us)
        if symbol in (None, position.symbol) and (not kinds or venue.market(position.symbol).kind in kinds)
    ]
    leverage = plain(venue.settings(call.account).leverage_limit)
    return page_reply(call, found, lambda position: _position(position, leverage), with_headers=False)


def _position(position: PositionView, leverage: str) -> dict[str, object]:
    closed = position.closed_us is not None
    return {
        "accountLeverage": leverage,
        "closedAt": None if position.closed_us is None else naive_iso(position.closed_us),
        "closedVolume": plain(position.closed_volume),
        "closingPrice": None if position.closing_price is None else plain(position.closing_price),
        "cumulativePnlRealized": plain(position.pnl_realized),
        "entryPrice": plain(position.entry_price),
        "fees": plain(position.fees),
        "fundingQuantity": plain(position.cumulative_funding_payment),
        "id": str(position.position_id),
        "imf": plain(position.imf),
        "interest": "0",
        "liquidated": plain(position.liquidated),
        "liquidationFees": plain(position.liquidation_fees),
        "markPrice": plain(position.mark_price),
        "netCost": plain(position.net_cost),
        "netExposureNotional": plain(position.net_exposure_notional),
        "netExposureQuantity": plain(position.net_exposure_quantity),
        "netQuantity": plain(position.net_quantity),
        "openedAt": naive_iso(position.opened_us),
        "state": "Closed" if closed else "Open",
        "symbol": position.symbol,
        "unrealizedPnl": plain(position.pnl_unrealized),
    }


def settlements(call: Call) -> Reply:
    info = account_info(call)
    source = call.query.one_of("source", _SETTLEMENTS, "SettlementSourceFilter")
    made = call.exchange.accounts.of(call.account).settlements
    found = [row for row in made if source is None or row.source in _SETTLEMENTS[source]]

    def render(row: SettlementMade) -> dict[str, object]:
        return {
            "engineSequence": row.time_us,
            "positionId": row.position_id,
            "quantity": plain(row.quantity),
            "source": row.source,
            "subaccountId": info.subaccount_id,
            "timestamp": naive_iso(row.time_us),
            "userId": info.user_id,
        }

    return page_reply(call, found, render)


ROUTES: tuple[Route, ...] = (
    session("get_order_history", "GET", "/wapi/v1/history/orders", "orderHistoryQueryAll", orders),
    session("get_fills", "GET", "/wapi/v1/history/fills", "fillHistoryQueryAll", fills),
    session("get_funding_payments", "GET", "/wapi/v1/history/funding", "fundingHistoryQueryAll", funding),
    session("get_position_history", "GET", "/wapi/v1/history/position", "positionHistoryQueryAll", positions),
    session("get_settlement_history", "GET", "/wapi/v1/history/settlement", "settlementHistoryQueryAll", settlements),
)
