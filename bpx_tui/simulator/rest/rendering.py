"""Values that several REST subjects write the same way: markets, functions, orders (openapi.yml's shapes)."""

from __future__ import annotations

from decimal import Decimal

from bpx_tui.model.enums import OrderKind, TradingState
from bpx_tui.simulator.domain.markets import Market
from bpx_tui.simulator.domain.orders import AttachedExit, OrderRecord
from bpx_tui.simulator.domain.views import SqrtFunction
from bpx_tui.simulator.history.units import plain, shortest
from bpx_tui.simulator.rest.times import millis, naive_iso


def text(value: Decimal | None) -> str | None:
    """Decimal text, `None` for null."""
    return None if value is None else plain(value)


def sqrt_function(function: SqrtFunction | None) -> dict[str, str] | None:
    if function is None:
        return None
    return {"type": "sqrt", "base": plain(function.base), "factor": plain(function.factor)}


def market_json(market: Market, state: TradingState) -> dict[str, object]:
    """A `Market` with every nullable field present."""
    return {
        "symbol": market.symbol,
        "baseSymbol": market.base,
        "quoteSymbol": market.quote,
        "marketType": market.kind,
        "filters": {"price": _price_filter(market), "quantity": _quantity_filter(market)},
        "imfFunction": sqrt_function(market.imf),
        "mmfFunction": sqrt_function(market.mmf),
        "fundingInterval": market.funding_interval_ms,
        "fundingRateUpperBound": text(market.funding_rate_upper_bps),
        "fundingRateLowerBound": text(market.funding_rate_lower_bps),
        "openInterestLimit": plain(market.open_interest_limit),
        "orderBookState": state,
        "createdAt": market.created_at,
        "visible": market.visible,
        "positionLimitWeight": text(market.position_limit_weight),
    }


def _price_filter(market: Market) -> dict[str, object]:
    price = market.price
    band, tolerance = price.mean_mark_band, price.mean_premium_tolerance
    return {
        "minPrice": plain(price.min_price),
        "maxPrice": text(price.max_price),
        "tickSize": plain(price.tick_size),
        "maxMultiplier": text(price.max_multiplier),
        "minMultiplier": text(price.min_multiplier),
        "maxImpactMultiplier": text(price.max_impact_multiplier),
        "minImpactMultiplier": text(price.min_impact_multiplier),
        "meanMarkPriceBand": None
        if band is None
        else {"minMultiplier": plain(band[0]), "maxMultiplier": plain(band[1])},
        "meanPremiumBand": None if tolerance is None else {"tolerancePct": plain(tolerance)},
        "borrowEntryFeeMaxMultiplier": text(price.borrow_entry_fee_max_multiplier),
        "borrowEntryFeeMinMultiplier": text(price.borrow_entry_fee_min_multiplier),
        "maxPriceUpdateMultiplier": text(price.max_price_update_multiplier),
        "minPriceUpdateMultiplier": text(price.min_price_update_multiplier),
    }


def _quantity_filter(market: Market) -> dict[str, object]:
    quantity = market.quantity
    return {
        "minQuantity": plain(quantity.min_quantity),
        "maxQuantity": text(quantity.max_quantity),
        "stepSize": plain(quantity.step_size),
    }


def live_order(order: OrderRecord) -> dict[str, object]:
    """An `OrderType`: limit orders have a price and postOnly, market orders a quoteQuantity."""
    terms = order.terms
    rendered: dict[str, object] = {
        "id": order.id,
        "clientId": terms.client_id,
        "createdAt": millis(order.created_us),
        "executedQuantity": plain(order.executed_quantity),
        "executedQuoteQuantity": plain(order.executed_quote_quantity),
        "orderType": order.kind,
        "quantity": plain(order.quantity),
        "reduceOnly": terms.reduce_only,
        "selfTradePrevention": terms.self_trade_prevention,
        "status": order.status,
        "side": order.side,
        "symbol": order.symbol,
        "timeInForce": terms.time_in_force,
        "triggeredAt": None if order.triggered_us is None else millis(order.triggered_us),
        "relatedOrderId": order.related_order_id,
        "strategyId": terms.strategy_id,
        **_trigger(order),
    }
    if order.kind is OrderKind.LIMIT:
        rendered |= {"price": text(order.price), "postOnly": terms.post_only}
    else:
        rendered["quoteQuantity"] = text(order.quote_quantity)
        if terms.slippage_tolerance is not None:
            rendered |= _slippage(order)
    return rendered


def past_order(order: OrderRecord) -> dict[str, object]:
    """An `Order` of the history: naive ISO time, nullable amounts, why it ended."""
    terms = order.terms
    pending = terms.trigger is not None and order.triggered_us is None
    return {
        "id": order.id,
        "clientId": terms.client_id,
        "createdAt": naive_iso(order.created_us),
        "executedQuantity": plain(order.executed_quantity),
        "executedQuoteQuantity": plain(order.executed_quote_quantity),
        "expiryReason": order.expiry_reason,
        "orderType": order.kind,
        "postOnly": terms.post_only if order.kind is OrderKind.LIMIT else None,
        "price": text(order.price),
        "quantity": None if pending else plain(order.quantity),
        "quoteQuantity": None if pending or order.quote_quantity is None else shortest(order.quote_quantity),
        "selfTradePrevention": terms.self_trade_prevention,
        "status": order.status,
        "side": order.side,
        "symbol": order.symbol,
        "systemOrderType": order.system_order_type,
        "strategyId": terms.strategy_id,
        "timeInForce": terms.time_in_force,
        **_trigger(order),
        **_slippage(order),
    }


def _slippage(order: OrderRecord) -> dict[str, object]:
    terms = order.terms
    return {
        "slippageTolerance": text(terms.slippage_tolerance),
        "slippageToleranceType": terms.slippage_tolerance_type,
    }


def _trigger(order: OrderRecord) -> dict[str, object]:
    terms = order.terms
    trigger = terms.trigger
    return {
        "triggerPrice": None if trigger is None else plain(trigger.price),
        "triggerBy": None if trigger is None else trigger.by,
        "triggerQuantity": terms.trigger_quantity,
        **_exit("takeProfit", terms.take_profit),
        **_exit("stopLoss", terms.stop_loss),
    }


def _exit(prefix: str, attached: AttachedExit | None) -> dict[str, object]:
    return {
        f"{prefix}TriggerPrice": None if attached is None else plain(attached.trigger.price),
        f"{prefix}LimitPrice": None if attached is None else text(attached.limit_price),
        f"{prefix}TriggerBy": None if attached is None else attached.trigger.by,
    }
