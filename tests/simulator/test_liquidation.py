"""Liquidation in steps, the backstop, and what is left of an account."""

from __future__ import annotations

import pytest

from bpx_tui.model.enums import ExpiryReason, OrderKind, TriggerBy
from bpx_tui.simulator.domain import liquidation
from bpx_tui.simulator.domain.events import BookChanged, LiquidationPrinted, OrderEvent
from bpx_tui.simulator.domain.orders import NewOrder, OrderOrigin, SystemOrderType, TriggerTerms
from bpx_tui.simulator.domain.refusals import VenueRefusal
from tests.simulator.floor import ASK, BID, PERP, SOL, SPOT, USDC, Floor, d


@pytest.fixture
def floor() -> Floor:
    """Alice is long 1,000 SOL on 20,000 USDC; bob has only spot."""
    floor = Floor()
    floor.quote("178.49", "178.51", "5000")
    floor.venue.transfer(floor.alice, floor.maker, USDC, d(80_000))
    floor.venue.transfer(floor.alice, floor.maker, SOL, d(500))
    floor.market(floor.alice, BID, "1000")
    return floor


def move_to(floor: Floor, price: str, *, liquidity: str = "5000") -> None:
    """Index and quotes move together, the mark follows."""
    floor.venue.cancel_all(floor.maker, PERP)
    floor.limit(floor.maker, BID, liquidity, str(d(price) - d("0.01")))
    floor.limit(floor.maker, ASK, liquidity, str(d(price) + d("0.01")))
    floor.venue.set_index(SOL, d(price))
    floor.seconds(1)


def printed(floor: Floor) -> list[LiquidationPrinted]:
    return [e for e in floor.events if isinstance(e, LiquidationPrinted)]


def test_the_estimate_says_where_it_happens(floor: Floor) -> None:
    (view,) = floor.venue.positions(floor.alice, PERP)
    assert d(155) < view.est_liquidation_price < d(175)
    move_to(floor, str(view.est_liquidation_price + d("0.60")))
    assert printed(floor) == []
    move_to(floor, str(view.est_liquidation_price - d("0.30")))
    assert len(printed(floor)) == 1


def test_a_part_is_closed_on_the_book_until_the_account_is_safe(floor: Floor) -> None:
    floor.limit(floor.alice, BID, "10", "160")
    floor.limit(floor.alice, BID, "1", "160", SPOT)
    waiting = NewOrder(
        PERP, ASK, OrderKind.MARKET, trigger=TriggerTerms(d(150), TriggerBy.MARK), trigger_quantity="100%"
    )
    floor.venue.place(floor.alice, waiting)
    (view,) = floor.venue.positions(floor.alice, PERP)
    move_to(floor, str(view.est_liquidation_price - d("0.05")))
    (first,) = printed(floor)
    assert (first.side, first.quantity) == (ASK, d(250))
    (position,) = floor.venue.positions(floor.alice)
    assert position.net_quantity == d(750)
    assert position.liquidation_fees > 0
    assert floor.venue.open_orders(floor.alice) == ()
    changes = [e for e in floor.events if isinstance(e, BookChanged) and e.symbol == SPOT]
    assert changes[-1].bids == ((d(160), d(0)),)
    reasons = {o.expiry_reason for o in floor.venue.order_history(floor.alice)}
    assert ExpiryReason.LIQUIDATION in reasons
    (fill,) = [f for f in floor.venue.fills(floor.alice) if f.system_order_type]
    assert fill.system_order_type is SystemOrderType.LIQUIDATE_ON_BOOK
    assert fill.fee == d("0.01") * fill.price * fill.quantity
    for _ in range(5):
        floor.seconds(1)
    assert not floor.venue.settings(floor.alice).liquidating
    assert floor.venue.positions(floor.alice)[0].net_quantity > 0


def test_without_liquidity_the_backstop_takes_the_position_over(floor: Floor) -> None:
    (view,) = floor.venue.positions(floor.alice, PERP)
    floor.venue.cancel_all(floor.maker, PERP)
    floor.venue.set_index(SOL, view.est_liquidation_price - 1)
    floor.seconds(1)
    assert floor.venue.positions(floor.alice) == ()
    (event,) = [e for e in floor.events if isinstance(e, OrderEvent) and e.fill and e.order.system_order_type]
    assert event.order.system_order_type is SystemOrderType.LIQUIDATE_ON_BACKSTOP
    assert event.order.origin is OrderOrigin.BACKSTOP
    assert floor.venue.open_interest(PERP) == d(1000)


def test_a_crash_through_zero_equity_costs_the_insurance_fund_not_the_others(floor: Floor) -> None:
    insurance = floor.venue._core.ledger.insurance.purse(USDC)
    before = insurance.available
    floor.venue.cancel_all(floor.maker, PERP)
    floor.venue.set_index(SOL, d(140))
    for _ in range(3):
        floor.seconds(1)
    assert floor.venue.positions(floor.alice) == ()
    assert insurance.available < before
    view = floor.venue.collateral(floor.alice)
    assert (view.net_equity, view.unsettled_equity, view.borrow_liability) == (d(0), d(0), d(0))
    assert not floor.venue.settings(floor.alice).liquidating
    state = floor.venue.state()
    assert state.totals == state.deposited


@pytest.mark.parametrize(("index", "reason"), [("160", "Liquidation"), ("140", "NegativeEquity")])
def test_what_waits_expires_for_the_reason_that_took_it(floor: Floor, index: str, reason: str) -> None:
    resting = floor.limit(floor.alice, BID, "10", "130")
    floor.venue.cancel_all(floor.maker, PERP)
    floor.venue.set_index(SOL, d(index))
    floor.seconds(1)
    (ended,) = [order for order in floor.venue.order_history(floor.alice) if order.id == resting.id]
    assert ended.expiry_reason == reason


def test_an_account_under_liquidation_takes_no_orders(floor: Floor) -> None:
    floor.venue._core.account(floor.alice).liquidating = True
    with pytest.raises(VenueRefusal) as refused:
        floor.limit(floor.alice, BID, "1", "178")
    assert refused.value.code == "ACCOUNT_LIQUIDATING"


def test_a_borrow_that_lost_its_collateral_is_unwound() -> None:
    floor = Floor()
    floor.venue.transfer(floor.bob, floor.maker, USDC, d(100_000))
    floor.venue.borrow_lend(floor.bob, USDC, "Borrow", d(70_000))
    floor.venue.lock_withdrawal(floor.bob, USDC, d(60_000), auto_borrow=False, auto_lend_redeem=False)
    floor.venue.complete_withdrawal(1)
    floor.venue.set_index(SOL, d(120))
    for _ in range(3):
        floor.seconds(1)
    sold = [f for f in floor.venue.fills(floor.bob) if f.system_order_type is SystemOrderType.COLLATERAL_CONVERSION]
    assert len(sold) == 1
    assert floor.venue.borrow_lend_positions(floor.bob) == ()
    assert floor.venue.collateral(floor.bob).net_equity >= 0


def test_beyond_the_backstops_limit_others_are_deleveraged(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(liquidation, "BACKSTOP_LIMIT", d(40_000))
    floor.limit(floor.bob, ASK, "900", "178.49")
    closing = floor.limit(floor.bob, BID, "900", "140", reduce_only=True)
    (view,) = floor.venue.positions(floor.alice, PERP)
    floor.venue.cancel_all(floor.maker, PERP)
    floor.venue.set_index(SOL, view.est_liquidation_price - 2)
    floor.seconds(1)
    assert floor.venue.positions(floor.alice) == ()
    kinds = {fill.system_order_type for fill in floor.venue.fills(floor.alice) if fill.system_order_type}
    assert kinds == {SystemOrderType.LIQUIDATE_ON_BACKSTOP, SystemOrderType.LIQUIDATE_ON_ADL}
    (left,) = floor.venue.positions(floor.bob)
    (forced,) = [fill for fill in floor.venue.fills(floor.bob) if fill.system_order_type]
    assert left.net_quantity == d(-900) + forced.quantity
    assert floor.venue.order(floor.bob, PERP, order_id=closing.id).quantity == -left.net_quantity
    state = floor.venue.state()
    assert state.totals == state.deposited
