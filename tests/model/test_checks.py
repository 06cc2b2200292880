"""Pre-trade checks: each bad order has its own words, and a good one has none."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpx_tui.model.checks import check_order, order_notional, snap_price, with_slippage
from bpx_tui.model.enums import MarketKind, OrderKind, Side, SlippageToleranceType, TimeInForce, TradingState
from bpx_tui.model.ids import Asset, Symbol
from bpx_tui.model.limits import RiskLimits
from bpx_tui.model.market import MarginFunction, Market
from bpx_tui.model.orders import Bracket, OrderRequest, Trigger
from bpx_tui.model.situation import AccountNow, Field, MarketNow, Override, Situation
from bpx_tui.model.suggestions import unknown_symbol

D = Decimal
BTC = Market(
    symbol=Symbol("BTC_USDC_PERP"),
    base=Asset("BTC"),
    quote=Asset("USDC"),
    kind=MarketKind.PERP,
    tick_size=D("0.1"),
    step_size=D("0.00001"),
    min_price=D("0.1"),
    min_quantity=D("0.0001"),
    max_price=D("1000000"),
    max_quantity=D("100"),
    imf_function=MarginFunction(D("0.02"), D("0.00006")),
)
SPOT = replace(BTC, symbol=Symbol("BTC_USDC"), kind=MarketKind.SPOT, imf_function=None)
NOW = MarketNow(best_bid=D("86645.9"), best_ask=D("86646.1"), mark=D("86646"), last=D("86646"))
SITUATION = Situation(BTC, NOW)
LIMIT = OrderRequest(
    symbol=BTC.symbol, side=Side.BID, kind=OrderKind.LIMIT, quantity=D("0.5"), price=D("86000"), client_id=None
)
MARKET = with_slippage(OrderRequest(symbol=BTC.symbol, side=Side.BID, kind=OrderKind.MARKET, quantity=D("0.5")))


def said(request: OrderRequest, situation: Situation = SITUATION) -> list[str]:
    return [reason.text for reason in check_order(request, situation)]


def test_a_good_order_has_no_reason_against_it() -> None:
    assert said(LIMIT) == []
    assert said(MARKET) == []


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"quantity": D("1.234567")}, "Step is 0.00001. Nearest: 1.23456 / 1.23457."),
        ({"quantity": D("0.00009")}, "Quantity is below minQuantity 0.0001."),
        ({"quantity": D("100.1")}, "Quantity is above maxQuantity 100."),
        ({"price": D("86000.05")}, "Tick is 0.1. Nearest: 86000.0 / 86000.1."),
        (
            {"take_profit": Bracket(D("90000.05"))},
            "Tick is 0.1. Nearest: 90000.0 / 90000.1.",
        ),
        ({"price": D("97390.1")}, "12.4 % above mark 86,646. Type the price again to override."),
        ({"price": D("80000")}, "7.7 % below mark 86,646. Type the price again to override."),
        (
            {"price": D("86646.1"), "post_only": True},
            "Would take. postOnly will be refused by Backpack (PostOnlyTaker).",
        ),
        (
            {"side": Side.ASK, "price": D("86645.9"), "post_only": True},
            "Would take. postOnly will be refused by Backpack (PostOnlyTaker).",
        ),
        (
            {"price": D("86700"), "stop_loss": Bracket(D("90000"))},
            "Stop-loss 90,000 is above mark for a long; it would fire at once.",
        ),
        (
            {"stop_loss": Bracket(D("86200"))},
            "Stop-loss 86,200 is above the entry price for a long; it would fire at once.",
        ),
        (
            {"take_profit": Bracket(D("85000"))},
            "Take-profit 85,000 is below the entry price for a long; it would fire at once.",
        ),
        (
            {"side": Side.ASK, "price": D("87000"), "stop_loss": Bracket(D("86000"))},
            "Stop-loss 86,000 is below the entry price for a short; it would fire at once.",
        ),
        (
            {"stop_loss": Bracket(D("86000"))},
            "Stop-loss 86,000 is at the entry price for a long; it would fire at once.",
        ),
        (
            {"quantity": None, "trigger": Trigger(D("85000"), "")},
            "Must specify both `triggerPrice` and `triggerQuantity` or neither.",
        ),
    ],
)
def test_a_limit_order_that_must_not_leave(changed: dict[str, Any], text: str) -> None:
    assert said(replace(LIMIT, **changed)) == [text]


def test_swapped_take_profit_and_stop_loss_are_both_named() -> None:
    swapped = replace(LIMIT, take_profit=Bracket(D("80000")), stop_loss=Bracket(D("90000")))
    assert [reason.field for reason in check_order(swapped, SITUATION)] == [Field.STOP_LOSS, Field.TAKE_PROFIT]


def test_only_the_collar_may_be_overridden_by_typing_the_price_again() -> None:
    (reason,) = check_order(replace(LIMIT, price=D("97390.1")), SITUATION)
    assert reason.override is Override.RETYPE_PRICE
    (reason,) = check_order(replace(LIMIT, price=D("86000.05")), SITUATION)
    assert reason.override is None


def test_without_a_mark_the_collar_is_about_the_last_price() -> None:
    spot = Situation(SPOT, replace(NOW, mark=None, last=D("86000.5")))
    assert said(replace(LIMIT, price=D("80000")), spot) == [
        "7.0 % below last 86,000.5. Type the price again to override."
    ]


def test_minimum_and_maximum_price_are_named() -> None:
    bounded = replace(SITUATION, market=replace(BTC, min_price=D("86100"), max_price=D("86500")))
    assert said(LIMIT, bounded) == ["Price is below minPrice 86100."]
    assert said(replace(LIMIT, price=D("86600")), bounded) == ["Price is above maxPrice 86500."]


def test_the_bands_of_the_exchange_have_no_override() -> None:
    banded = replace(
        SITUATION,
        market=replace(BTC, max_multiplier=D("1.01"), min_multiplier=D("0.99"), mark_band_max_multiplier=D("1.02")),
    )
    assert said(replace(LIMIT, price=D("88000")), banded) == [
        "Price is above 87,512.4, 1.01 times the last price of now: Backpack refuses it."
    ]
    assert said(replace(LIMIT, price=D("85000")), banded) == [
        "Price is below 85,779.6, 0.99 times the last price of now: Backpack refuses it."
    ]
    assert said(replace(LIMIT, price=D("88500")), banded)[1] == (
        "Price is above 88,378.9, 1.02 times the mark price of now: Backpack refuses it."
    )


@pytest.mark.parametrize(
    ("now", "text"),
    [
        (replace(NOW, best_ask=None), "The book has no asks: use a limit order."),
        (replace(NOW, best_bid=None), "The book has no bids: use a limit order."),
        (replace(NOW, best_bid=None, best_ask=None), "The book has no bids and asks: use a limit order."),
        (
            replace(NOW, book_is_trusted=False, book_reason="stale for 4 s"),
            "The book cannot be trusted (stale for 4 s): use a limit order.",
        ),
    ],
)
def test_a_market_order_needs_a_whole_fresh_book(now: MarketNow, text: str) -> None:
    assert said(MARKET, replace(SITUATION, now=now)) == [text]


def test_a_market_order_never_leaves_without_slippage_tolerance() -> None:
    bare = replace(MARKET, slippage_tolerance=None, slippage_tolerance_type=None)
    assert said(bare) == ["A market order needs a slippage tolerance."]
    protected = with_slippage(bare)
    assert (protected.slippage_tolerance, protected.slippage_tolerance_type) == (
        D("0.5"),
        SlippageToleranceType.PERCENT,
    )
    assert with_slippage(protected) is protected
    assert with_slippage(LIMIT) is LIMIT


@pytest.mark.parametrize(
    ("side", "quantity", "position", "text"),
    [
        (Side.ASK, "0.6", "0.5", "Position is 0.5 long; reduce-only sells at most 0.5."),
        (Side.BID, "0.1", "0.5", "Position is 0.5 long; reduce-only sells at most 0.5."),
        (Side.BID, "0.6", "-0.5", "Position is 0.5 short; reduce-only buys at most 0.5."),
        (Side.ASK, "0.1", "-0.5", "Position is 0.5 short; reduce-only buys at most 0.5."),
        (Side.ASK, "0.1", "0", "No position in BTC_USDC_PERP: reduce-only has nothing to reduce."),
    ],
)
def test_reduce_only_needs_a_position_to_reduce(side: Side, quantity: str, position: str, text: str) -> None:
    order = replace(MARKET, side=side, quantity=D(quantity), reduce_only=True)
    assert said(order, replace(SITUATION, account=AccountNow(position_quantity=D(position)))) == [text]


def test_reduce_only_within_the_position_passes_whatever_the_limits_and_the_margin() -> None:
    order = replace(MARKET, side=Side.ASK, reduce_only=True)
    poor = Situation(
        BTC,
        NOW,
        AccountNow(position_quantity=D("0.5"), free_margin=D(0)),
        RiskLimits(max_order_notional=D(1), max_position_notional=D(1)),
    )
    assert said(order, poor) == []


def test_reduce_only_is_for_perpetuals() -> None:
    assert said(replace(MARKET, reduce_only=True), replace(SITUATION, market=SPOT)) == [
        "Reduce-only is for perpetuals."
    ]


POST_ONLY = replace(LIMIT, post_only=True)


@pytest.mark.parametrize(
    ("state", "passes", "fails"),
    [
        (TradingState.OPEN, [LIMIT, MARKET, POST_ONLY], []),
        (TradingState.POST_ONLY, [POST_ONLY], [LIMIT, MARKET]),
        (TradingState.LIMIT_ONLY, [LIMIT, POST_ONLY], [MARKET]),
        (TradingState.CANCEL_ONLY, [], [LIMIT, MARKET, POST_ONLY]),
        (TradingState.CLOSED, [], [LIMIT, MARKET, POST_ONLY]),
        ("Auction", [LIMIT, MARKET, POST_ONLY], []),
    ],
)
def test_the_state_of_the_market_limits_what_may_leave(
    state: TradingState | str, passes: list[OrderRequest], fails: list[OrderRequest]
) -> None:
    situation = Situation(replace(BTC, trading_state=state), replace(NOW, trading_state_age_seconds=3.2))
    assert [said(order, situation) for order in passes] == [[]] * len(passes)
    assert [said(order, situation) for order in fails] == [[f"BTC_USDC_PERP is {state} now (seen 3 s ago)."]] * len(
        fails
    )


def test_margin_is_computed_from_the_market_and_the_account() -> None:
    poor = replace(SITUATION, account=AccountNow(free_margin=D("800"), leverage_limit=D(10)))
    assert said(LIMIT, poor) == ["Needs 4,300 USDC of margin; 800 is free."]
    unlimited = replace(SITUATION, account=AccountNow(free_margin=D("800")))
    assert said(LIMIT, unlimited) == ["Needs 860 USDC of margin; 800 is free."]
    assert said(replace(LIMIT, quantity=D("0.4")), unlimited) == []


def test_closing_needs_no_margin_and_flipping_only_for_what_goes_beyond() -> None:
    long = replace(SITUATION, account=AccountNow(position_quantity=D("0.5"), free_margin=D(0)))
    sell = replace(LIMIT, side=Side.ASK, price=D("87000"))
    assert said(sell, long) == []
    assert said(replace(sell, quantity=D("0.6")), long) == ["Needs 174 USDC of margin; 0 is free."]


def test_spot_orders_need_what_they_spend() -> None:
    spot = Situation(SPOT, NOW, AccountNow(spendable_quote=D("100.5"), spendable_base=D("0.1")))
    assert said(LIMIT, spot) == ["Needs 43,000 USDC; 100.5 is available."]
    assert said(replace(LIMIT, side=Side.ASK, price=D("87000")), spot) == ["Needs 0.5 BTC; 0.1 is available."]


def test_what_only_the_exchange_needs_to_know_is_not_held_against_the_order() -> None:
    assert said(MARKET, Situation(BTC, MarketNow(best_bid=D(1), best_ask=D(2)))) == []
    assert order_notional(MARKET, MarketNow()) is None


def test_the_notional_of_an_order() -> None:
    assert order_notional(LIMIT, NOW) == D(43_000)
    assert order_notional(MARKET, NOW) == D("0.5") * D("86646.1")
    assert order_notional(replace(MARKET, quantity=None, quote_quantity=D(99)), NOW) == D(99)


@pytest.mark.parametrize(
    ("side", "takes", "snapped"),
    [
        (Side.BID, False, "86.65"),
        (Side.BID, True, "86.66"),
        (Side.ASK, False, "86.66"),
        (Side.ASK, True, "86.65"),
    ],
)
def test_a_price_snaps_away_from_the_spread_unless_it_takes(side: Side, takes: bool, snapped: str) -> None:
    assert snap_price(D("86.655"), D("0.01"), side, takes=takes) == D(snapped)


SYMBOLS = [Symbol(name) for name in ("BTC_USDC_PERP", "BTC_USDC", "SOL_USDC", "SOL_USDC_PERP", "kPEPE_USDC_PERP")]


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("BTC-USDC", "No market BTC-USDC. Did you mean BTC_USDC or BTC_USDC_PERP?"),
        ("BTC/USDC", "No market BTC/USDC. Did you mean BTC_USDC or BTC_USDC_PERP?"),
        ("btc_usdc", "No market btc_usdc. Did you mean BTC_USDC or BTC_USDC_PERP?"),
        ("sol", "No market sol. Did you mean SOL_USDC or SOL_USDC_PERP?"),
        ("KPEPE_USDC_PERP", "No market KPEPE_USDC_PERP. Did you mean kPEPE_USDC_PERP?"),
        ("SOL_USCD_PERP", "No market SOL_USCD_PERP. Did you mean SOL_USDC_PERP"),
        ("DOGE_EUR_Q", "No market DOGE_EUR_Q."),
        ("", "Symbol is empty."),
        ("X\x1b]0;owned\x07", "No market X?]0;owned?."),
    ],
)
def test_an_unknown_symbol_suggests_but_never_picks(typed: str, text: str) -> None:
    assert unknown_symbol(typed, SYMBOLS).startswith(text)


prices = st.decimals(min_value=D("0.1"), max_value=D(200_000), places=3)
quantities = st.decimals(min_value=D("0.00001"), max_value=D(200), places=7)


@given(prices, quantities, st.sampled_from(Side), st.sampled_from(TimeInForce), st.booleans())
def test_an_order_without_reasons_satisfies_the_filters_of_the_market(
    price: Decimal, quantity: Decimal, side: Side, tif: TimeInForce, post_only: bool
) -> None:
    order = OrderRequest(BTC.symbol, side, OrderKind.LIMIT, quantity, price, time_in_force=tif, post_only=post_only)
    reasons = check_order(order, SITUATION)
    fits = (
        price % BTC.tick_size == 0
        and quantity % BTC.step_size == 0
        and D("0.0001") <= quantity <= 100
        and abs(price / D("86646") - 1) <= D("0.05")
    )
    crosses = price >= D("86646.1") if side is Side.BID else price <= D("86645.9")
    assert (not reasons) == (fits and not (post_only and crosses))


@pytest.mark.parametrize(
    ("quantity", "reasons"),
    [("1", []), ("0.4", []), ("1.1", ["Needs 173.29 USDC of margin; -5 is free."])],
)
def test_an_order_that_only_closes_needs_no_margin_even_where_less_than_none_is_free(
    quantity: str, reasons: list[str]
) -> None:
    account = AccountNow(position_quantity=D(1), free_margin=D(-5))
    sell = replace(LIMIT, side=Side.ASK, price=D("86646"), quantity=D(quantity))
    assert said(sell, replace(SITUATION, account=account)) == reasons


@pytest.mark.parametrize("kind", [MarketKind.IPERP, MarketKind.DATED, "NEW_KIND"])
def test_the_rules_of_spot_are_not_applied_to_markets_of_other_kinds(kind: MarketKind | str) -> None:
    situation = Situation(replace(BTC, kind=kind), NOW, AccountNow(D(1), spendable_quote=D(0), spendable_base=D(0)))
    assert said(replace(LIMIT, side=Side.ASK, price=D("86646"), reduce_only=True), situation) == []
    assert said(LIMIT, situation) == []


def test_the_exchanges_bands_do_not_bind_the_limit_of_a_trigger_that_is_yet_to_fire() -> None:
    banded = replace(SITUATION, market=replace(BTC, mark_band_min_multiplier=D("0.9"), min_multiplier=D("0.9")))
    stop = replace(LIMIT, side=Side.ASK, price=D("70000"), quantity=None, trigger=Trigger(D("70100"), "100%"))
    assert said(replace(stop, quantity=D("0.5"), trigger=None), banded)[:2] == [
        "Price is below 77,981.4, 0.9 times the last price of now: Backpack refuses it.",
        "Price is below 77,981.4, 0.9 times the mark price of now: Backpack refuses it.",
    ]
    assert said(stop, banded) == ["19.2 % below mark 86,646. Type the price again to override."]
