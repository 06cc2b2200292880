"""Reading an `OrderExecutePayload`: from JSON to what the engine is asked for."""

from __future__ import annotations

import re

from bpx_tui.model.enums import (
    OrderKind,
    SelfTradePrevention,
    Side,
    SlippageToleranceType,
    TimeInForce,
    TriggerBy,
)
from bpx_tui.model.ids import ClientId
from bpx_tui.simulator.domain.orders import AttachedExit, NewOrder, TriggerTerms
from bpx_tui.simulator.domain.refusals import invalid_request
from bpx_tui.simulator.rest.fields import UINT16, UINT32, BodyFields

PAYLOAD = "OrderExecutePayload"
KNOWN = frozenset(
    {
        "autoBorrow",
        "autoBorrowRepay",
        "autoLend",
        "autoLendRedeem",
        "brokerId",
        "clientId",
        "orderType",
        "postOnly",
        "price",
        "quantity",
        "quoteQuantity",
        "reduceOnly",
        "selfTradePrevention",
        "side",
        "slippageTolerance",
        "slippageToleranceType",
        "stopLossLimitPrice",
        "stopLossTriggerBy",
        "stopLossTriggerPrice",
        "symbol",
        "takeProfitLimitPrice",
        "takeProfitTriggerBy",
        "takeProfitTriggerPrice",
        "timeInForce",
        "triggerBy",
        "triggerPrice",
        "triggerQuantity",
    }
)
_PERCENT = re.compile(r"\d{1,3}(?:\.\d{1,8})?%", re.ASCII)


def read_order(fields: BodyFields) -> NewOrder:
    """The order that a payload asks for.

    Raises:
        ParseRefusal: it cannot be read.
        VenueRefusal: only one half of a trigger, or a field that the order type does not have.
    """
    client_id = fields.integer("clientId", UINT32)
    order = NewOrder(
        symbol=fields.need_symbol(),
        side=fields.need_word("side", Side, "Side"),
        kind=fields.need_word("orderType", OrderKind, "OrderTypeEnum"),
        quantity=fields.decimal("quantity"),
        price=fields.decimal("price"),
        quote_quantity=fields.decimal("quoteQuantity"),
        time_in_force=fields.word("timeInForce", TimeInForce, "TimeInForce") or TimeInForce.GTC,
        post_only=fields.boolean("postOnly") or False,
        reduce_only=fields.boolean("reduceOnly"),
        self_trade_prevention=fields.word("selfTradePrevention", SelfTradePrevention, "SelfTradePrevention")
        or SelfTradePrevention.REJECT_TAKER,
        client_id=None if client_id is None else ClientId(client_id),
        trigger=_trigger(fields, "triggerPrice", "triggerBy"),
        trigger_quantity=_trigger_quantity(fields),
        take_profit=_exit(fields, "takeProfit"),
        stop_loss=_exit(fields, "stopLoss"),
        slippage_tolerance=fields.decimal("slippageTolerance"),
        slippage_tolerance_type=fields.word("slippageToleranceType", SlippageToleranceType, "SlippageToleranceType"),
        auto_lend=fields.boolean("autoLend"),
        auto_lend_redeem=fields.boolean("autoLendRedeem"),
        auto_borrow=fields.boolean("autoBorrow"),
        auto_borrow_repay=fields.boolean("autoBorrowRepay"),
        broker_id=fields.integer("brokerId", UINT16),
    )
    if (order.trigger is None) != (order.trigger_quantity is None):
        raise invalid_request("Must specify both `triggerPrice` and `triggerQuantity` or neither")
    return order


def _trigger(fields: BodyFields, price: str, by: str) -> TriggerTerms | None:
    at = fields.decimal(price)
    watched = fields.word(by, TriggerBy, "TriggerBy")
    return None if at is None else TriggerTerms(at, watched)


def _trigger_quantity(fields: BodyFields) -> str | None:
    quantity = fields.text("triggerQuantity")
    if quantity is None:
        return None
    if _PERCENT.fullmatch(quantity) is None:
        fields.decimal("triggerQuantity")
    return quantity


def _exit(fields: BodyFields, prefix: str) -> AttachedExit | None:
    trigger = _trigger(fields, f"{prefix}TriggerPrice", f"{prefix}TriggerBy")
    limit_price = fields.decimal(f"{prefix}LimitPrice")
    if trigger is None:
        if limit_price is not None:
            raise invalid_request(f"Must specify `{prefix}TriggerPrice` with `{prefix}LimitPrice`")
        return None
    return AttachedExit(trigger, limit_price)
