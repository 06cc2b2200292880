"""The facade: accounts, withdrawals, lending, book states, off-book trades, limits, determinism."""

from __future__ import annotations

from random import Random

import pytest

from bpx_tui.model.enums import ExpiryReason, MarketKind, OrderKind, OrderStatus, TradingState
from bpx_tui.model.ids import Asset, Symbol
from bpx_tui.simulator.domain.events import BalanceChanged, BookStateChanged, MarkChanged
from bpx_tui.simulator.domain.orders import ClientIdRule, NewOrder, SystemOrderType
from bpx_tui.simulator.domain.refusals import VenueRefusal
from bpx_tui.simulator.domain.trading import MAX_OPEN_ORDERS
from tests.simulator.floor import ASK, BID, PERP, SOL, SPOT, USDC, Floor, d

RFQ = Symbol("SOL_USDC_RFQ")
PREDICTION = Symbol("FEDCUTDEC26_USDC_PREDICTION")


@pytest.fixture
def floor() -> Floor:
    return Floor()


def refusal(code: str) -> pytest.RaisesExc[VenueRefusal]:
    return pytest.RaisesExc(VenueRefusal, check=lambda refused: refused.code == code)


# ---- listing


def test_what_is_listed(floor: Floor) -> None:
    markets = floor.venue.markets()
    assert len(markets) >= 24
    assert {Symbol("SPCX.US_USDC"), Symbol("kPEPE_USDC_PERP"), RFQ, PREDICTION} <= {m.symbol for m in markets}
    kinds = {market.kind for market in markets}
    assert kinds == {MarketKind.SPOT, MarketKind.PERP, MarketKind.RFQ, MarketKind.PREDICTION}
    listed = {terms.asset for terms in floor.venue.assets()}
    for market in markets:
        assert market.start_price % market.price.tick_size == 0
        assert (market.imf is None) == (not market.is_derivative)
        assert market.kind is MarketKind.PREDICTION or market.base in listed


def test_marks_are_told_every_second_and_predictions_have_no_index(floor: Floor) -> None:
    floor.seconds(1)
    marks = {e.symbol: e for e in floor.events if isinstance(e, MarkChanged)}
    assert set(marks) == {m.symbol for m in floor.venue.markets() if m.is_derivative}
    assert marks[PREDICTION].index is None
    assert marks[PERP].index == d("178.50")
    floor.events.clear()
    floor.venue.advance(floor.venue.now_us + 100)
    assert floor.events == []


# ---- accounts


def test_keys_find_accounts_and_are_unique(floor: Floor) -> None:
    assert floor.venue.account_of_key("alice-key") == floor.alice
    assert floor.venue.account_of_key("nobody") is None
    with pytest.raises(ValueError, match="taken"):
        floor.venue.add_api_key(floor.bob, "alice-key")
    with pytest.raises(ValueError, match="already"):
        floor.venue.open_account("alice")


def test_a_subaccount_is_an_account_of_the_same_user(floor: Floor) -> None:
    main = next(info for info in floor.venue.accounts() if info.id == floor.alice)
    sub = floor.venue.open_account("alice/1", user_id=main.user_id, subaccount_id=1)
    floor.venue.transfer(floor.alice, sub.id, USDC, d(1000))
    assert floor.free(sub.id) == d(1000)
    assert floor.free(floor.alice) == d(99_000)


def test_every_balance_change_is_told(floor: Floor) -> None:
    floor.events.clear()
    floor.limit(floor.alice, BID, "1", "170", SPOT)
    (change,) = [e for e in floor.events if isinstance(e, BalanceChanged)]
    assert (change.available, change.locked) == (d(99_830), d(170))


# ---- withdrawals


def test_a_withdrawal_locks_and_then_leaves(floor: Floor) -> None:
    ticket = floor.venue.lock_withdrawal(floor.alice, USDC, d(100), auto_borrow=False, auto_lend_redeem=False)
    assert (floor.free(floor.alice), floor.locked(floor.alice)) == (d(99_900), d(100))
    floor.venue.complete_withdrawal(ticket)
    assert (floor.free(floor.alice), floor.locked(floor.alice)) == (d(99_900), d(0))
    state = floor.venue.state()
    assert state.totals == state.deposited


def test_a_withdrawal_can_come_back(floor: Floor) -> None:
    ticket = floor.venue.lock_withdrawal(floor.alice, USDC, d(100), auto_borrow=False, auto_lend_redeem=False)
    floor.venue.release_withdrawal(ticket)
    assert floor.free(floor.alice) == d(100_000)


def test_margin_in_use_cannot_be_withdrawn(floor: Floor) -> None:
    floor.quote("178.49", "178.51", "5000")
    floor.market(floor.alice, BID, "5000")
    most = floor.venue.max_withdrawal_quantity(floor.alice, USDC)
    assert d(80_000) < most < d(91_000)
    with refusal("INSUFFICIENT_FUNDS"):
        floor.venue.lock_withdrawal(floor.alice, USDC, most + 1, auto_borrow=False, auto_lend_redeem=False)
    with refusal("INSUFFICIENT_MARGIN"):
        floor.venue.transfer(floor.alice, floor.bob, USDC, most + 1)
    floor.venue.lock_withdrawal(floor.alice, USDC, most, auto_borrow=False, auto_lend_redeem=False)
    assert floor.venue.collateral(floor.alice).net_equity_available < 1


# ---- book states


def test_book_states_restrict_orders(floor: Floor) -> None:
    floor.quote("178.49", "178.51")
    resting = floor.limit(floor.alice, BID, "1", "170")
    floor.venue.set_book_state(PERP, TradingState.POST_ONLY)
    with refusal("TRADING_PAUSED"):
        floor.limit(floor.alice, BID, "1", "170")
    floor.limit(floor.alice, BID, "1", "170", post_only=True)
    floor.venue.set_book_state(PERP, TradingState.LIMIT_ONLY)
    with refusal("TRADING_PAUSED"):
        floor.market(floor.alice, BID, "1")
    floor.venue.set_book_state(PERP, TradingState.CANCEL_ONLY)
    with refusal("TRADING_PAUSED"):
        floor.limit(floor.alice, BID, "1", "170", post_only=True)
    assert floor.venue.cancel(floor.alice, PERP, order_id=resting.id).status is OrderStatus.CANCELLED
    floor.venue.set_book_state(PERP, TradingState.CLOSED)
    assert floor.venue.open_orders(floor.alice) == ()
    assert floor.venue.depth(PERP).bids == ()
    assert floor.told(floor.alice)[-1] == "orderExpired"
    assert [e.state for e in floor.events if isinstance(e, BookStateChanged)][-1] is TradingState.CLOSED


# ---- limits


def test_open_orders_are_limited(floor: Floor) -> None:
    for _ in range(MAX_OPEN_ORDERS):
        floor.limit(floor.alice, BID, "0.01", "170")
    with refusal("ORDER_LIMIT"):
        floor.limit(floor.alice, BID, "0.01", "170")
    assert floor.venue.settings(floor.alice).limit_orders == MAX_OPEN_ORDERS
    assert len(floor.venue.cancel_all(floor.alice, PERP)) == MAX_OPEN_ORDERS


def test_positions_are_limited(floor: Floor) -> None:
    floor.venue.deposit(floor.alice, USDC, d(10_000_000))
    with refusal("POSITION_LIMIT"):
        floor.limit(floor.alice, BID, "30000", "178")


@pytest.mark.parametrize("side", [BID, ASK])
@pytest.mark.parametrize("symbol", [SPOT, PERP, PREDICTION])
def test_the_largest_order_fits_and_one_more_step_does_not(floor: Floor, symbol: Symbol, side: object) -> None:
    market = floor.venue.market(symbol)
    price = market.start_price
    most = floor.venue.max_order_quantity(floor.alice, symbol, side, price=price)  # type: ignore[arg-type]
    assert most > 0
    step = market.quantity.step_size
    more = most + step
    if market.is_derivative:  # a taker fee is allowed for, which a resting order does not need
        more = (most * d("1.01") // step + 1) * step
    with pytest.raises(VenueRefusal):
        floor.venue.place(floor.alice, NewOrder(symbol, side, OrderKind.LIMIT, more, price))  # type: ignore[arg-type]
    placed = floor.venue.place(floor.alice, NewOrder(symbol, side, OrderKind.LIMIT, most, price))  # type: ignore[arg-type]
    assert placed.status is OrderStatus.NEW


# ---- RFQ and prediction markets


def test_rfq_markets_trade_off_the_book_only(floor: Floor) -> None:
    with refusal("INVALID_MARKET"):
        floor.limit(floor.alice, BID, "1", "178", RFQ)
    first = floor.venue.trade_off_book(floor.alice, floor.bob, RFQ, d("178.40"), d(10))
    assert floor.free(floor.alice, SOL) == d(510) - d("0.01")
    assert floor.free(floor.bob) == d(100_000) + d(1784) - d("1.4272")  # the seller counts as the maker
    assert floor.venue.trade_off_book(floor.bob, floor.alice, RFQ, d("178.40"), d(1)) == first + 1
    with refusal("INSUFFICIENT_FUNDS"):
        floor.venue.trade_off_book(floor.alice, floor.bob, RFQ, d("178.40"), d(100_000))
    assert floor.locked(floor.alice) == 0


def test_a_prediction_is_paid_in_full_and_never_liquidated(floor: Floor) -> None:
    floor.quote("0.63", "0.65", "100000", PREDICTION)
    poor = floor.venue.open_account("poor").id
    floor.venue.deposit(poor, USDC, d(100))
    most = floor.venue.max_order_quantity(poor, PREDICTION, BID, price=d("0.65"))
    assert d(140) < most < d(160)
    floor.market(poor, BID, "140", PREDICTION)
    floor.quote("0.01", "0.02", "100000", PREDICTION)
    floor.seconds(5)
    (position,) = floor.venue.positions(poor)
    assert position.net_quantity == d(140)
    assert floor.venue.collateral(poor).net_equity > 0


# ---- determinism


def run(seed: int) -> list[str]:
    floor, rng = Floor(seed), Random(seed)
    for _ in range(600):
        account = rng.choice([floor.alice, floor.bob, floor.maker])
        symbol, side = rng.choice([SPOT, PERP]), rng.choice([BID, ASK])
        price = d("178.50") + rng.randrange(-20, 21) * d("0.01")
        try:
            floor.venue.place(account, NewOrder(symbol, side, OrderKind.LIMIT, d(rng.randrange(1, 2000)) / 100, price))
        except VenueRefusal as refused:
            assert refused.status == 400  # noqa: PT017
        if rng.random() < 0.1:
            floor.venue.set_index(SOL, price)
            floor.venue.advance(floor.venue.now_us + rng.randrange(3_000_000))
    return [repr(event) for event in floor.events]


def test_same_seed_and_calls_give_the_same_events() -> None:
    first = run(5)
    assert first == run(5)
    assert first != run(6)
    assert len(first) > 1000


def test_expiry_of_an_order_is_in_the_history(floor: Floor) -> None:
    floor.market(floor.alice, BID, "1")
    (order,) = floor.venue.order_history(floor.alice)
    assert order.expiry_reason is ExpiryReason.INSUFFICIENT_LIQUIDITY
    assert order.ended_us is not None


def test_unlisted_assets_are_refused(floor: Floor) -> None:
    with refusal("INVALID_ASSET"):
        floor.venue.deposit(floor.alice, Asset("NOPE"), d(1))


# ---- the end of a market


@pytest.mark.parametrize(("outcome", "profit"), [("1", "35"), ("0", "-65")])
def test_a_prediction_pays_one_or_nothing(floor: Floor, outcome: str, profit: str) -> None:
    floor.quote("0.63", "0.65", "1000", PREDICTION)
    floor.market(floor.alice, BID, "100", PREDICTION)
    fee = floor.venue.fills(floor.alice)[0].fee
    floor.limit(floor.alice, BID, "10", "0.60", PREDICTION)
    floor.venue.settle_market(PREDICTION, d(outcome))
    assert floor.venue.positions(floor.alice) == ()
    assert floor.venue.open_orders(floor.alice) == ()
    assert floor.free(floor.alice) == d(100_000) + d(profit) - fee
    assert floor.venue.fills(floor.alice)[-1].system_order_type is SystemOrderType.FUTURE_EXPIRY
    assert floor.venue.book_state(PREDICTION) is TradingState.CLOSED
    state = floor.venue.state()
    assert state.totals == state.deposited


def test_an_off_book_trade_cuts_reduce_only_orders(floor: Floor) -> None:
    floor.quote("178.49", "178.51")
    floor.market(floor.alice, BID, "10")
    order = floor.limit(floor.alice, ASK, "10", "180", reduce_only=True)
    floor.venue.trade_off_book(floor.bob, floor.alice, PERP, d("178.50"), d(4))
    assert floor.venue.order(floor.alice, PERP, order_id=order.id).quantity == d(6)


# ---- undocumented readings


@pytest.mark.parametrize(
    ("rule", "while_open", "after_cancel"),
    [
        (ClientIdRule.REPEATABLE, True, True),
        (ClientIdRule.UNIQUE_WHILE_OPEN, False, True),
        (ClientIdRule.UNIQUE_FOR_EVER, False, False),
    ],
)
def test_client_ids_by_each_reading(floor: Floor, rule: ClientIdRule, while_open: bool, after_cancel: bool) -> None:
    def accepted() -> bool:
        try:
            floor.limit(floor.alice, BID, "1", "170", client_id=5)
        except VenueRefusal as refused:
            assert refused.message == "Client id is already in use"  # noqa: PT017
            return False
        return True

    floor.venue.set_client_id_rule(rule)
    assert accepted()
    assert accepted() is while_open
    floor.venue.cancel_all(floor.alice, PERP)
    assert accepted() is after_cancel
