"""From a confirmed order to the body that is signed and sent: what is set, in plain digits, and nothing else."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpx_tui.errors import InputError
from bpx_tui.exchange.wire_rest_orders import encode_order
from bpx_tui.model.enums import (
    OrderKind,
    SelfTradePrevention,
    Side,
    SlippageToleranceType,
    TimeInForce,
    TriggerBy,
)
from bpx_tui.model.ids import ClientId, Symbol
from bpx_tui.model.orders import Bracket, OrderRequest, Trigger

SOL = Symbol("SOL_USDC")
D = Decimal
LIMIT = OrderRequest(SOL, Side.BID, OrderKind.LIMIT, D("0.50"), D("141.25"), client_id=ClientId(7))

FULL = OrderRequest(
    symbol=SOL,
    side=Side.ASK,
    kind=OrderKind.LIMIT,
    quantity=D("1E+2"),
    price=D("0.0000001"),
    time_in_force=TimeInForce.IOC,
    post_only=True,
    reduce_only=True,
    client_id=ClientId(0),
    self_trade_prevention=SelfTradePrevention.REJECT_BOTH,
    take_profit=Bracket(D(2), D("2.1"), TriggerBy.MARK),
    stop_loss=Bracket(D(1)),
    auto_borrow=False,
    auto_borrow_repay=True,
    auto_lend=False,
    auto_lend_redeem=True,
)


@pytest.mark.parametrize(
    ("request_", "body"),
    [
        (
            FULL,
            {
                "symbol": "SOL_USDC", "side": "Ask", "orderType": "Limit", "quantity": "100", "price": "0.0000001",
                "timeInForce": "IOC", "postOnly": True, "reduceOnly": True, "clientId": 0,
                "selfTradePrevention": "RejectBoth", "takeProfitTriggerPrice": "2", "takeProfitLimitPrice": "2.1",
                "takeProfitTriggerBy": "MarkPrice", "stopLossTriggerPrice": "1", "autoBorrow": False,
                "autoBorrowRepay": True, "autoLend": False, "autoLendRedeem": True,
            },
        ),
        (
            OrderRequest(
                SOL, Side.BID, OrderKind.MARKET, quote_quantity=D("25.5"), slippage_tolerance=D("0.5"),
                slippage_tolerance_type=SlippageToleranceType.PERCENT,
            ),
            {
                "symbol": "SOL_USDC", "side": "Bid", "orderType": "Market", "quoteQuantity": "25.5",
                "slippageTolerance": "0.5", "slippageToleranceType": "Percent",
            },
        ),
        (
            OrderRequest(
                SOL, Side.ASK, OrderKind.LIMIT, price=D("178.15"), trigger=Trigger(D("178.05"), "50%", TriggerBy.LAST)
            ),
            {
                "symbol": "SOL_USDC", "side": "Ask", "orderType": "Limit", "price": "178.15", "timeInForce": "GTC",
                "triggerPrice": "178.05", "triggerQuantity": "50%", "triggerBy": "LastPrice",
            },
        ),
    ],
)  # fmt: skip
def test_the_body_holds_what_is_set_and_nothing_else(request_: OrderRequest, body: dict[str, object]) -> None:
    assert encode_order(request_) == body


@pytest.mark.parametrize(
    "changed",
    [
        {"quantity": None},
        {"price": None},
        {"quote_quantity": D(1)},
        {"quantity": D(0)},
        {"quantity": D("-1")},
        {"price": D("NaN")},
        {"price": D("Infinity")},
        {"price": D("1E+400000000")},
        {"price": D("1E-400000000")},
        {"client_id": ClientId(2**32)},
        {"client_id": ClientId(-1)},
        {"slippage_tolerance": D(1)},
        {"kind": OrderKind.MARKET},
        {"kind": OrderKind.MARKET, "price": None, "quantity": None},
        {"kind": OrderKind.MARKET, "price": None, "post_only": True},
        {"trigger": Trigger(D(1), "1")},
        {"trigger": Trigger(D(1), ""), "quantity": None},
        {"trigger": Trigger(D(1), "1e5"), "quantity": None},
        {"trigger": Trigger(D(1), "1&symbol=X_Y"), "quantity": None},
    ],
)
def test_what_does_not_make_one_order_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        encode_order(replace(LIMIT, **changed))


@given(
    st.decimals(min_value=D("1e-18"), max_value=10**18, allow_nan=False, allow_infinity=False),
    st.decimals(allow_nan=True, allow_infinity=True),
)
def test_money_is_sent_exactly_and_in_plain_digits_or_not_at_all(quantity: Decimal, price: Decimal) -> None:
    try:
        body = encode_order(replace(LIMIT, quantity=quantity, price=price))
    except InputError:
        return
    for key, meant in (("quantity", quantity), ("price", price)):
        written = str(body[key])
        assert re.fullmatch(r"[0-9]{1,20}(\.[0-9]{1,20})?", written)
        assert Decimal(written) == meant
