"""Borrowing and lending: by hand, by flags of an order, by settings; interest, rates and liquidation prices."""

from __future__ import annotations

import pytest

from bpx_tui.model.enums import OrderStatus
from bpx_tui.model.ids import Asset, Symbol
from bpx_tui.simulator.domain.events import InterestPaid
from bpx_tui.simulator.domain.refusals import VenueRefusal
from tests.simulator.floor import ASK, BID, SOL, SPOT, USDC, Floor, d


@pytest.fixture
def floor() -> Floor:
    return Floor()


def refusal(code: str) -> pytest.RaisesExc[VenueRefusal]:
    return pytest.RaisesExc(VenueRefusal, check=lambda refused: refused.code == code)


def test_lending_moves_money_to_the_pool_and_still_counts_as_collateral(floor: Floor) -> None:
    before = floor.venue.collateral(floor.alice).net_equity
    floor.venue.borrow_lend(floor.alice, USDC, "Lend", d(60_000))
    assert floor.free(floor.alice) == d(40_000)
    assert floor.venue.collateral(floor.alice).net_equity == before
    with refusal("INSUFFICIENT_FUNDS"):
        floor.limit(floor.alice, BID, "300", "170", SPOT)
    order = floor.limit(floor.alice, BID, "300", "170", SPOT, auto_lend_redeem=True)
    assert order.status is OrderStatus.NEW
    assert floor.venue.borrow_lend_positions(floor.alice)[0].net_quantity == d(49_000)


def test_spot_margin_borrows_what_is_missing(floor: Floor) -> None:
    order = floor.limit(floor.alice, BID, "700", "170", SPOT, auto_borrow=True)
    assert order.status is OrderStatus.NEW
    (loan,) = floor.venue.borrow_lend_positions(floor.alice)
    assert (loan.asset, loan.net_quantity) == (USDC, d(-19_000))
    with refusal("BORROW_LIMIT"):
        floor.limit(floor.alice, BID, "700", "170", SPOT, auto_borrow=True)


def test_interest_flows_from_borrowers_to_lenders_and_fees(floor: Floor) -> None:
    floor.venue.borrow_lend(floor.alice, USDC, "Lend", d(60_000))
    floor.venue.borrow_lend(floor.bob, SOL, "Lend", d(100))
    floor.venue.borrow_lend(floor.bob, USDC, "Borrow", d(20_000))
    floor.seconds(24 * 3600)
    paid = {(e.account, e.asset): e for e in floor.events if isinstance(e, InterestPaid)}
    lent, owed = paid[(floor.alice, USDC)], paid[(floor.bob, USDC)]
    assert lent.quantity > 0 > owed.quantity
    assert abs(-owed.quantity - d(20_000) * owed.rate / 365) < d("0.000001")
    assert 0 < lent.rate < owed.rate
    (loan,) = floor.venue.borrow_lend_positions(floor.alice)
    assert loan.net_quantity == d(60_000) + loan.cumulative_interest


def test_rates_follow_utilisation(floor: Floor) -> None:
    def usdc() -> tuple[object, ...]:
        view = next(view for view in floor.venue.borrow_lend_markets() if view.asset == USDC)
        return view.utilization, view.borrow_rate, view.lend_rate

    before = usdc()
    whale = floor.venue.open_account("whale", house=True).id
    floor.venue.deposit(whale, USDC, d(20_000_000))
    floor.venue.borrow_lend(whale, USDC, "Lend", d(20_000_000))
    after = usdc()
    assert all(now < then for now, then in zip(after, before, strict=True))  # type: ignore[operator]


def test_auto_lend_lends_what_is_free_each_second(floor: Floor) -> None:
    floor.venue.update_settings(floor.alice, auto_lend=True)
    floor.seconds(1)
    assert floor.free(floor.alice) == 0
    assert {loan.asset: loan.net_quantity for loan in floor.venue.borrow_lend_positions(floor.alice)} == {
        SOL: d(500),
        USDC: d(100_000),
    }


def test_a_deposit_repays_a_borrow(floor: Floor) -> None:
    floor.limit(floor.alice, BID, "700", "170", SPOT, auto_borrow=True)
    floor.venue.deposit(floor.alice, USDC, d(19_500))
    assert floor.venue.borrow_lend_positions(floor.alice) == ()
    assert floor.free(floor.alice) == d(500)


# ---- flags of spot orders


def test_an_order_can_lend_what_it_brings_in(floor: Floor) -> None:
    floor.quote("178.49", "178.51", symbol=SPOT)
    floor.market(floor.alice, BID, "10", SPOT, auto_lend=True)
    (loan,) = floor.venue.borrow_lend_positions(floor.alice)
    assert (loan.asset, loan.net_quantity) == (SOL, d("509.99"))


def test_an_order_can_repay_with_what_it_brings_in(floor: Floor) -> None:
    floor.quote("178.49", "178.51", "1000", SPOT)
    floor.venue.update_settings(floor.alice, auto_repay_borrows=False)
    floor.market(floor.alice, ASK, "600", SPOT, auto_borrow=True)  # short 100 SOL
    assert floor.venue.borrow_lend_positions(floor.alice)[0].net_quantity == d(-100)
    with refusal("LEND_REQUIRES_BORROW_REPAY"):
        floor.limit(floor.alice, BID, "10", "178", SPOT, auto_lend=True)
    floor.quote("178.49", "178.51", "1000", SPOT)
    floor.market(floor.alice, BID, "50", SPOT, auto_borrow_repay=True)
    assert floor.venue.borrow_lend_positions(floor.alice)[0].net_quantity == d(-100) + d("49.95")


def test_borrowing_an_asset_that_is_lent_needs_a_redeem(floor: Floor) -> None:
    floor.venue.borrow_lend(floor.alice, USDC, "Lend", d(100_000))
    with refusal("BORROW_REQUIRES_LEND_REDEEM"):
        floor.limit(floor.alice, BID, "10", "178", SPOT, auto_borrow=True)


def test_the_stablecoin_pair_is_free(floor: Floor) -> None:
    pair = Symbol("USDT_USDC")
    floor.limit(floor.bob, BID, "100", "0.9998", pair)
    floor.venue.deposit(floor.alice, Asset("USDT"), d(100))
    floor.market(floor.alice, ASK, "100", pair)
    assert floor.venue.fills(floor.alice)[0].fee == 0
    assert floor.free(floor.alice) == d(100_000) + d("99.98")


def test_where_a_borrow_would_be_liquidated() -> None:
    floor = Floor()
    price = floor.venue.borrow_liquidation_price(floor.alice, SOL, d(600))
    assert d(230) < price < d(330)
    assert floor.venue.borrow_liquidation_price(floor.alice, SOL, d(1200)) < price
    floor.venue.borrow_lend(floor.alice, SOL, "Lend", d(100))
    assert floor.venue.borrow_liquidation_price(floor.alice, SOL, d(100)) == 0
