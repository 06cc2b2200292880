"""The user's own limits: what counts towards them, and that what reduces is never stopped by them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bpx_tui.model.checks import check_order, check_own_limits
from bpx_tui.model.enums import Side
from bpx_tui.model.limits import RiskLimits
from bpx_tui.model.orders import OrderRequest, Trigger
from bpx_tui.model.situation import AccountNow, Field, MarketNow, Override, Reason, Situation
from tests.model.test_checks import BTC, LIMIT, MARKET, NOW, SITUATION, SPOT, D


def test_the_own_limits_are_named_with_where_they_are_set() -> None:
    limited = replace(SITUATION, limits=RiskLimits(max_order_notional=D(10_000)))
    (reason,) = check_order(LIMIT, limited)
    assert reason == Reason(
        Field.QUANTITY,
        "43,000 USDC is above your limit of 10,000 per order (max_order_notional in config.toml). "
        "Type the quantity again to override.",
        Override.RETYPE_NOTIONAL,
    )
    assert check_own_limits(LIMIT, limited) == (reason,)


@pytest.mark.parametrize(
    ("order", "worth"),
    [
        (LIMIT, "43,000"),
        (replace(LIMIT, side=Side.ASK, price=D("87000")), "43,500"),
        (replace(LIMIT, side=Side.ASK, price=D("1")), "43,323"),
        (MARKET, "43,323.05"),
        (replace(MARKET, side=Side.ASK), "43,323"),
        (replace(MARKET, quantity=None, quote_quantity=D("50000")), "50,000"),
        (replace(LIMIT, quantity=None, trigger=Trigger(D("85000"), "0.5")), "43,000"),
        (replace(MARKET, quantity=None, trigger=Trigger(D("85000"), "0.5")), "43,323.05"),
    ],
)
def test_an_order_counts_with_the_most_that_it_may_trade_for(order: OrderRequest, worth: str) -> None:
    """A sale far below the market fills at the market's price, so it is not worth less than that."""
    limited = replace(SITUATION, limits=RiskLimits(max_order_notional=D(10_000), collar_fraction=D(2)))
    assert [reason.text.split(" is above")[0] for reason in check_own_limits(order, limited)] == [f"{worth} USDC"]


POSITION_LIMIT = RiskLimits(max_position_notional=D(100_000))


@pytest.mark.parametrize(
    ("order", "held", "working", "position"),
    [
        (LIMIT, "0", "0", None),
        (LIMIT, "1", "0", "The position would be 129,969"),
        (LIMIT, "0", "0.7", "With your open orders the position would be 103,975.2"),
        (replace(LIMIT, side=Side.ASK, price=D("87000")), "1", "0", None),
        (replace(LIMIT, side=Side.ASK, price=D("87000")), "-1", "0", "The position would be 130,500"),
        (
            replace(LIMIT, side=Side.ASK, price=D("87000"), quantity=D("2.5")),
            "1.2",
            "0",
            "The position would be 113,100",
        ),
        (replace(LIMIT, side=Side.ASK, price=D("87000"), quantity=D("2")), "1.2", "0", None),
        (replace(MARKET, quantity=None, quote_quantity=D("86646")), "0.2", "0", "The position would be 103,975.2"),
    ],
)
def test_the_limit_on_a_position_counts_what_is_held_and_working_but_never_stops_shrinking_it(
    order: OrderRequest, held: str, working: str, position: str | None
) -> None:
    account = AccountNow(position_quantity=D(held), working_bids=D(working), working_asks=D(working))
    texts = [reason.text for reason in check_own_limits(order, Situation(BTC, NOW, account, POSITION_LIMIT))]
    told = f"{position} USDC, above your limit of 100,000 (max_position_notional in config.toml)."
    assert texts == ([] if position is None else [told])


def test_for_spot_the_position_is_what_is_held_and_selling_it_is_never_stopped_by_that_limit() -> None:
    held = Situation(SPOT, NOW, AccountNow(position_quantity=D("1")), POSITION_LIMIT)
    assert len(check_own_limits(LIMIT, held)) == 1
    assert check_own_limits(replace(LIMIT, side=Side.ASK, price=D("87000"), quantity=D("1")), held) == ()


@pytest.mark.parametrize(
    ("now", "account", "order", "text"),
    [
        (NOW, AccountNow(), LIMIT, "Your position in BTC_USDC_PERP is not known: "),
        (NOW, AccountNow(D(0), None, D(0)), LIMIT, "The size of an open order in BTC_USDC_PERP is not known: "),
        (MarketNow(), AccountNow(D(0)), MARKET, "A mark or last price of BTC_USDC_PERP is not known: "),
        (
            NOW,
            AccountNow(D(0)),
            replace(MARKET, quantity=None, trigger=Trigger(D("85000"), "some")),
            "The size of this order is not known: ",
        ),
    ],
)
def test_without_the_facts_for_a_limit_nothing_may_add_risk(
    now: MarketNow, account: AccountNow, order: OrderRequest, text: str
) -> None:
    (reason,) = check_own_limits(order, Situation(BTC, now, account, POSITION_LIMIT))
    rest = "your limit of 100,000 (max_position_notional in config.toml) lets only reduce-only orders pass."
    assert reason == Reason(Field.ORDER, text + rest)
    assert check_own_limits(replace(order, reduce_only=True), Situation(BTC, now, account, POSITION_LIMIT)) == ()


def test_without_any_price_neither_the_worth_of_an_order_nor_its_distance_can_be_told() -> None:
    limited = Situation(BTC, MarketNow(), limits=RiskLimits(max_order_notional=D(10_000)))
    assert [reason.text for reason in check_own_limits(MARKET, limited)] == [
        "What the order is worth is not known, and so not whether it is within your limit of 10,000 per order "
        "(max_order_notional in config.toml)."
    ]
    assert check_own_limits(LIMIT, Situation(BTC, MarketNow())) == (
        Reason(
            Field.PRICE,
            "No mark or last price of BTC_USDC_PERP is known to compare with. Type the price again to override.",
            Override.RETYPE_PRICE,
        ),
    )


@pytest.mark.parametrize("order", [LIMIT, MARKET, replace(LIMIT, side=Side.ASK), replace(LIMIT, price=D(1))])
def test_what_can_only_reduce_is_never_stopped_by_an_own_limit(order: OrderRequest) -> None:
    tiny = RiskLimits(max_order_notional=D("0.01"), max_position_notional=D("0.01"))
    for now in (NOW, MarketNow()):
        for account in (AccountNow(), AccountNow(D(5), None, None)):
            assert check_own_limits(replace(order, reduce_only=True), Situation(BTC, now, account, tiny)) == ()
    assert check_own_limits(replace(order, reduce_only=True), Situation(SPOT, NOW, AccountNow(), tiny))
