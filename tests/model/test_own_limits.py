"""The user's own limits: what counts towards them, and that what reduces is never stopped by them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bpx_tui.model.checks import check_order, check_own_limits
from bpx_tui.model.enums import Side
from bpx_tui.model.estimate import Means, means_for
from bpx_tui.model.limits import RiskLimits
from bpx_tui.model.orders import Execution, LocalState, OrderRequest, TrackedOrder, Trigger
from bpx_tui.model.situation import AccountNow, Field, MarketNow, Override, Reason, Situation, account_now
from bpx_tui.model.views import AccountAccess, AccountView, FeedState
from tests.fakes import values
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
        (replace(MARKET, quantity=None, trigger=Trigger(D("95000"), "0.5")), "47,500"),
        (replace(MARKET, quantity=None, trigger=Trigger(D("90000"), "50%")), "90,000"),
    ],
)
def test_an_order_counts_with_the_most_that_it_may_trade_for(order: OrderRequest, worth: str) -> None:
    """A sale far below the market fills at the market's price, so it is not worth less than that."""
    limits = RiskLimits(max_order_notional=D(10_000), collar_fraction=D(2))
    limited = replace(SITUATION, account=AccountNow(position_quantity=D("-2")), limits=limits)
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
        (replace(LIMIT, side=Side.ASK, price=D("87000"), quantity=D("5")), "3", "0", "The position would be 174,000"),
        (replace(LIMIT, quantity=D("2")), "-3", "0", None),
        (
            replace(MARKET, quantity=None, trigger=Trigger(D("101000"), "1")),
            "0",
            "0",
            "The position would be 101,000",
        ),
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
    selling = replace(LIMIT, side=Side.ASK, price=D("87000"), quantity=D("3"))
    assert check_own_limits(selling, held) == ()
    assert len(check_own_limits(replace(selling, auto_borrow=True), held)) == 1


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


def test_a_share_of_what_can_be_spent_is_no_known_size() -> None:
    limits = RiskLimits(max_order_notional=D(10_000), max_position_notional=D(10_000))
    order = replace(MARKET, quantity=None, trigger=Trigger(D("85000"), "100%"))
    said = [reason.text for reason in check_own_limits(order, Situation(SPOT, NOW, AccountNow(D(0)), limits))]
    assert len(said) == 2
    assert all("not known" in text for text in said)


@pytest.mark.parametrize("order", [LIMIT, MARKET, replace(LIMIT, side=Side.ASK), replace(LIMIT, price=D(1))])
def test_what_can_only_reduce_is_never_stopped_by_an_own_limit(order: OrderRequest) -> None:
    tiny = RiskLimits(max_order_notional=D("0.01"), max_position_notional=D("0.01"))
    for now in (NOW, MarketNow()):
        for account in (AccountNow(), AccountNow(D(5), None, None)):
            assert check_own_limits(replace(order, reduce_only=True), Situation(BTC, now, account, tiny)) == ()
    assert check_own_limits(replace(order, reduce_only=True), Situation(SPOT, NOW, AccountNow(), tiny))


def known(**parts: Any) -> AccountView:
    """An account of which everything is known."""
    nothing: dict[str, Any] = {"positions": (), "balances": (), "loans": (), "orders": (), "strategies": ()}
    return AccountView(AccountAccess.TRADING, FeedState.LIVE, **{**nothing, **parts})


def test_running_strategies_and_executions_not_yet_shown_count_as_working() -> None:
    strategy = values.strategy("6", "3", "0.75", symbol=values.SOL_PERP)
    placed = replace(values.order(symbol=values.SOL_PERP), strategy_id=strategy.strategy_id)
    rests = values.order("2", symbol=values.SOL_PERP, quantity="4", executed="1")
    orders = tuple(TrackedOrder(LocalState.OPEN, values.SOL_PERP, order=each) for each in (placed, rests))
    unsettled = (
        Execution(values.SOL_PERP, Side.BID, D(1), 5),
        Execution(values.SOL_PERP, Side.ASK, D(7), 5),
        Execution(values.SOL, Side.BID, D(9), 5),
    )
    market = values.market(values.SOL_PERP)
    now = account_now(known(orders=orders, strategies=(strategy,), unsettled=unsettled), market)
    assert (now.position_quantity, now.working_bids, now.working_asks) == (D(0), D("6.25"), D(7))
    unsized = replace(strategy, quantity=None)
    assert account_now(known(strategies=(unsized,)), market).working_bids is None
    assert account_now(known(strategies=(replace(unsized, reduce_only=True),)), market).working_bids == 0


def test_what_is_lent_and_owed_is_held_too_and_an_unreadable_balance_is_no_zero() -> None:
    market = values.market(values.SOL)
    sol = values.balance("SOL", "2")
    assert account_now(known(balances=(sol,), loans=(values.loan("SOL", "3"),)), market).position_quantity == 5
    assert account_now(known(loans=(values.loan("SOL", "-3"),)), market).position_quantity == -3
    partly = known(balances=(sol,), balances_unreadable=("USDC: available is not a decimal number.",))
    now = account_now(partly, market)
    assert (now.position_quantity, now.spendable_base, now.spendable_quote) == (D(2), D(2), None)
    assert account_now(replace(partly, balances=()), market).position_quantity is None
    assert means_for(Side.ASK, D(100), market, partly) == Means(D(2), D(2), "SOL")
    assert means_for(Side.BID, D(100), market, partly) is None
