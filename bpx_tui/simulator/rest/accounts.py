"""The account: settings, limits, balances, collateral, positions."""

from __future__ import annotations

from bpx_tui.model.enums import MarketKind, Side
from bpx_tui.model.ids import Asset
from bpx_tui.simulator.domain.refusals import invalid_request, not_found
from bpx_tui.simulator.domain.views import AccountInfo, CollateralRow, PositionView
from bpx_tui.simulator.history.units import plain, shortest
from bpx_tui.simulator.rest.answers import Reply, empty_reply, json_reply
from bpx_tui.simulator.rest.fields import UINT16, Fields
from bpx_tui.simulator.rest.rendering import sqrt_function, text
from bpx_tui.simulator.rest.routing import Call, Route, signed

_SETTINGS = frozenset({"autoBorrowSettlements", "autoLend", "autoRepayBorrows", "leverageLimit"})


def need_asset(call: Call, fields: Fields, name: str = "symbol") -> Asset:
    """An asset that the exchange lists."""
    listed = {terms.asset for terms in call.exchange.venue.assets()}
    return Asset(fields.need_one_of(name, listed, "CustodyAsset"))


def account_info(call: Call) -> AccountInfo:
    return next(info for info in call.exchange.venue.accounts() if info.id == call.account)


def asked_for(call: Call) -> AccountInfo:
    """Who signed or, with `subaccountId`, that account of the same user; a sub-account's key sees no other.

    Raises:
        VenueRefusal: 400, there is none that this key may see.
    """
    number, signer = call.query.integer("subaccountId", UINT16), account_info(call)
    if number in (None, signer.subaccount_id or 0):
        return signer
    for info in call.exchange.venue.accounts():
        if signer.subaccount_id is None and (info.user_id, info.subaccount_id) == (signer.user_id, number):
            return info
    raise invalid_request("Subaccount not found")


def settings(call: Call) -> Reply:
    view = call.exchange.venue.settings(call.account)
    return json_reply(
        {
            "autoBorrowSettlements": view.auto_borrow_settlements,
            "autoLend": view.auto_lend,
            "autoRealizePnl": view.auto_realize_pnl,
            "autoRepayBorrows": view.auto_repay_borrows,
            "borrowLimit": plain(view.borrow_limit),
            "futuresMakerFee": plain(view.fees.futures_maker),
            "futuresTakerFee": plain(view.fees.futures_taker),
            "leverageLimit": plain(view.leverage_limit),
            "limitOrders": view.limit_orders,
            "liquidating": view.liquidating,
            "positionLimit": plain(view.position_limit),
            "spotMakerFee": plain(view.fees.spot_maker),
            "spotTakerFee": plain(view.fees.spot_taker),
            "triggerOrders": view.trigger_orders,
        }
    )


def update_settings(call: Call) -> Reply:
    fields = call.body("UpdateAccountSettingsRequest", _SETTINGS)
    call.exchange.venue.update_settings(
        call.account,
        auto_borrow_settlements=fields.boolean("autoBorrowSettlements"),
        auto_lend=fields.boolean("autoLend"),
        auto_repay_borrows=fields.boolean("autoRepayBorrows"),
        leverage_limit=fields.decimal("leverageLimit"),
    )
    return empty_reply()


def max_order(call: Call) -> Reply:
    query = call.query
    symbol, side, price = query.need_symbol(), query.need_word("side", Side, "Side"), query.decimal("price")
    flags = {name: query.boolean(name) for name in ("reduceOnly", "autoBorrow", "autoBorrowRepay", "autoLendRedeem")}
    quantity = call.exchange.venue.max_order_quantity(
        call.account,
        symbol,
        side,
        price=price,
        reduce_only=flags["reduceOnly"] or False,
        auto_borrow=flags["autoBorrow"] or False,
        auto_lend_redeem=flags["autoLendRedeem"] or False,
    )
    return json_reply(
        {"maxOrderQuantity": plain(quantity), "price": text(price), "side": side, "symbol": symbol, **flags}
    )


def max_borrow(call: Call) -> Reply:
    asset = need_asset(call, call.query)
    quantity = call.exchange.venue.max_borrow_quantity(call.account, asset)
    return json_reply({"maxBorrowQuantity": plain(quantity), "symbol": asset})


def max_withdrawal(call: Call) -> Reply:
    asset = need_asset(call, call.query)
    borrow, redeem = call.query.boolean("autoBorrow"), call.query.boolean("autoLendRedeem")
    quantity = call.exchange.venue.max_withdrawal_quantity(
        call.account, asset, auto_borrow=borrow or False, auto_lend_redeem=redeem or False
    )
    return json_reply(
        {"autoBorrow": borrow, "autoLendRedeem": redeem, "maxWithdrawalQuantity": plain(quantity), "symbol": asset}
    )


def balances(call: Call) -> Reply:
    held = call.exchange.venue.capital(call.account)
    return json_reply(
        {
            asset: {
                "available": shortest(balance.available),
                "locked": shortest(balance.locked),
                "staked": shortest(balance.staked),
            }
            for asset, balance in held.items()
        }
    )


def collateral(call: Call) -> Reply:
    view = call.exchange.venue.collateral(asked_for(call).id)
    return json_reply(
        {
            "assetsValue": plain(view.assets_value),
            "borrowLiability": plain(view.borrow_liability),
            "collateral": [_collateral_row(row) for row in view.rows],
            "imf": plain(view.imf),
            "liabilitiesValue": plain(view.liabilities_value),
            "marginFraction": text(view.margin_fraction),
            "mmf": plain(view.mmf),
            "netEquity": plain(view.net_equity),
            "netEquityAvailable": plain(view.net_equity_available),
            "netEquityLocked": plain(view.net_equity_locked),
            "netExposureFutures": plain(view.net_exposure_futures),
            "pnlUnrealized": plain(view.pnl_unrealized),
            "unsettledEquity": plain(view.unsettled_equity),
        }
    )


def _collateral_row(row: CollateralRow) -> dict[str, str]:
    return {
        "assetMarkPrice": plain(row.mark_price),
        "availableQuantity": shortest(row.available_quantity),
        "balanceNotional": shortest(row.balance_notional),
        "collateralValue": shortest(row.collateral_value),
        "collateralWeight": shortest(row.weight),
        "lendQuantity": shortest(row.lend_quantity),
        "openOrderQuantity": shortest(row.open_order_quantity),
        "symbol": row.asset,
        "totalQuantity": shortest(row.total_quantity),
    }


def positions(call: Call) -> Reply:
    symbol = call.query.symbol()
    kind = call.query.word("marketType", MarketKind, "MarketType")
    exchange, info = call.exchange, account_info(call)
    held = [
        position
        for position in exchange.venue.positions(call.account, symbol)
        if (symbol in (None, position.symbol)) and (kind in (None, exchange.venue.market(position.symbol).kind))
    ]
    if symbol is not None and not held:
        raise not_found("Position not found")
    return json_reply([position_json(position, info) for position in held])


def position_json(position: PositionView, info: AccountInfo) -> dict[str, object]:
    """A `FuturePositionWithMargin`."""
    return {
        "breakEvenPrice": plain(position.break_even_price),
        "cumulativeFundingPayment": plain(position.cumulative_funding_payment),
        "cumulativeInterest": "0",
        "entryPrice": plain(position.entry_price),
        "estLiquidationPrice": plain(position.est_liquidation_price),
        "imf": plain(position.imf),
        "imfFunction": sqrt_function(position.imf_function),
        "markPrice": plain(position.mark_price),
        "mmf": plain(position.mmf),
        "mmfFunction": sqrt_function(position.mmf_function),
        "netCost": plain(position.net_cost),
        "netExposureNotional": plain(position.net_exposure_notional),
        "netExposureQuantity": plain(position.net_exposure_quantity),
        "netQuantity": plain(position.net_quantity),
        "pnlRealized": plain(position.pnl_realized),
        "pnlUnrealized": plain(position.pnl_unrealized),
        "positionId": str(position.position_id),
        "subaccountId": info.subaccount_id,
        "symbol": position.symbol,
        "userId": info.user_id,
    }


ROUTES: tuple[Route, ...] = (
    signed("get_account", "GET", "/api/v1/account", "accountQuery", settings),
    signed("update_account_settings", "PATCH", "/api/v1/account", "accountUpdate", update_settings),
    signed("get_max_borrow_quantity", "GET", "/api/v1/account/limits/borrow", "maxBorrowQuantity", max_borrow),
    signed("get_max_order_quantity", "GET", "/api/v1/account/limits/order", "maxOrderQuantity", max_order),
    signed(
        "get_max_withdrawal_quantity",
        "GET",
        "/api/v1/account/limits/withdrawal",
        "maxWithdrawalQuantity",
        max_withdrawal,
    ),
    signed("get_balances", "GET", "/api/v1/capital", "balanceQuery", balances),
    signed("get_collateral", "GET", "/api/v1/capital/collateral", "collateralQuery", collateral),
    signed("get_positions", "GET", "/api/v1/position", "positionQuery", positions),
)
