"""Positions, margin, fees, funding and collateral: the identities of PROTOCOL 6.2 and 6.3."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpx_tui.model.enums import OrderStatus
from bpx_tui.model.ids import Asset, Symbol
from bpx_tui.simulator.domain.clearing import perp_fee, spot_fee
from bpx_tui.simulator.domain.events import FundingPaid, PositionChanged
from bpx_tui.simulator.domain.markets import Haircut
from bpx_tui.simulator.domain.orders import AccountId
from bpx_tui.simulator.domain.positions import Position
from bpx_tui.simulator.domain.refusals import VenueRefusal
from bpx_tui.simulator.domain.views import SqrtFunction
from tests.simulator.floor import ASK, BID, PERP, SOL, SPOT, USDC, Floor, d

HOUR_US = 3_600_000_000


@pytest.fixture
def floor() -> Floor:
    floor = Floor()
    floor.quote("178.49", "178.51", "2000")
    floor.quote("178.49", "178.51", "2000", SPOT)
    return floor


@pytest.mark.parametrize(
    ("price", "quantity", "fee"), [("3826.15", "0.0026", "0.004974"), ("126.49", "0.1", "0.006325")]
)
def test_recorded_perp_fees_are_rounded_up_at_six_decimals(price: str, quantity: str, fee: str) -> None:
    assert perp_fee(d(price) * d(quantity), d(5)) == d(fee)


def test_spot_fees_are_not_rounded() -> None:
    assert spot_fee(d("0.001"), d(10)) == d("0.000001")
    assert spot_fee(d("150.1234567"), d(10)) == d("0.1501234567")


def test_recorded_position_identities() -> None:
    """0.0036 ETH bought in two parts, as recorded: entry, break-even and profit come out as the exchange said."""
    position = Position(AccountId("a"), Symbol("ETH_USDC_PERP"))
    position.start(1, 0)
    position.increase(d("0.0036"), d("13.7768") / d("0.0036"), d("0.006889"))
    position.cost = d("13.7768")
    position.funding = d("-0.009218")
    assert str(position.entry_price) == "3826.888888888888888888888889"
    assert round(position.break_even_price, 4) == d("3831.3631")
    assert position.unrealized(d("3787.46813304")) == d("-0.141914721056")


def test_spot_trade_moves_both_assets_less_fees(floor: Floor) -> None:
    floor.market(floor.alice, BID, "10", SPOT)
    assert floor.free(floor.alice, SOL) == d(500) + d(10) - d("0.01")
    assert floor.free(floor.alice) == d(100_000) - d("1785.10")
    floor.market(floor.alice, ASK, "1", SPOT)
    assert floor.free(floor.alice) == d(100_000) - d("1785.10") + d("178.49") - d("0.17849")


def test_a_position_is_opened_added_to_reduced_closed_and_turned(floor: Floor) -> None:
    floor.market(floor.alice, BID, "10")
    floor.quote("179.99", "180.01", "2000")
    floor.market(floor.alice, BID, "10")
    (position,) = floor.venue.positions(floor.alice)
    assert position.entry_price == d("179.26")
    assert position.net_cost == d("3585.20")
    floor.market(floor.alice, ASK, "5")
    (position,) = floor.venue.positions(floor.alice)
    assert (position.net_quantity, position.entry_price) == (d(15), d("179.26"))
    assert position.pnl_realized == 5 * (d("179.99") - d("179.26"))
    floor.market(floor.alice, ASK, "20")
    (position,) = floor.venue.positions(floor.alice)
    assert (position.net_quantity, position.entry_price, position.pnl_realized) == (d(-5), d("179.99"), d(0))
    kinds = [str(e.kind) for e in floor.events if isinstance(e, PositionChanged)]
    assert kinds == [
        "positionOpened",
        "positionAdjusted",
        "positionAdjusted",
        "positionClosed",
        "positionOpened",
    ]
    (closed,) = floor.venue.closed_positions(floor.alice)
    assert (closed.net_quantity, closed.entry_price, closed.closing_price) == (d(0), d("179.26"), d("179.99"))
    assert closed.pnl_realized == 20 * (d("179.99") - d("179.26"))


def test_profit_is_paid_when_a_position_is_closed(floor: Floor) -> None:
    floor.market(floor.alice, BID, "10")
    floor.quote("180.00", "180.02", "2000")
    floor.market(floor.alice, ASK, "10")
    fees = perp_fee(d("1785.10"), d(5)) + perp_fee(d(1800), d(5))
    assert floor.free(floor.alice) == d(100_000) + d("14.90") - fees


def test_break_even_contains_entry_fees_and_funding(floor: Floor) -> None:
    floor.market(floor.alice, BID, "10")
    (position,) = floor.venue.positions(floor.alice)
    assert position.break_even_price == d("178.51") + perp_fee(d("1785.10"), d(5)) / 10


def test_continuous_realisation_moves_profit_without_changing_the_sum(floor: Floor) -> None:
    floor.market(floor.alice, BID, "10")
    for bid, ask in (("179.24", "179.26"), ("178.99", "179.01"), ("180.74", "180.76")):
        floor.quote(bid, ask, "2000")
        floor.venue.set_index(SOL, (d(bid) + d(ask)) / 2)
        floor.seconds(61)
        (position,) = floor.venue.positions(floor.alice)
        gross = position.net_quantity * (position.mark_price - position.entry_price)
        assert position.pnl_realized + position.pnl_unrealized == gross
        assert abs(position.pnl_unrealized) < d("0.0001")
    fee = perp_fee(d("1785.10"), d(5))
    assert floor.free(floor.alice) == d(100_000) + 10 * (d("180.75") - d("178.51")) - fee


def test_funding_is_paid_by_longs_and_received_by_shorts(floor: Floor) -> None:
    floor.market(floor.alice, BID, "10")
    floor.limit(floor.bob, ASK, "10", "178.49")
    to_hour = HOUR_US - floor.venue.now_us % HOUR_US
    floor.venue.advance(floor.venue.now_us + to_hour)
    paid = {e.account: e for e in floor.events if isinstance(e, FundingPaid)}
    view = floor.venue.mark(PERP)
    rate = paid[floor.alice].rate
    expected = d(10) * view.mark * rate
    assert rate > 0
    assert abs(paid[floor.alice].quantity + expected) < d("0.000002")
    assert abs(paid[floor.bob].quantity - expected) < d("0.000002")
    (position,) = floor.venue.positions(floor.alice)
    assert position.cumulative_funding_payment == paid[floor.alice].quantity
    fees = perp_fee(d("1785.10"), d(5))
    assert position.break_even_price == (d("1785.10") + fees - paid[floor.alice].quantity) / 10
    assert view.next_funding_us == (floor.venue.now_us // HOUR_US + 1) * HOUR_US


def test_funding_rate_is_clamped_to_the_bounds(floor: Floor) -> None:
    for _ in range(40):
        floor.venue.set_index(SOL, d(150))
        floor.seconds(1)
    assert floor.venue.mark(PERP).funding_rate == d("0.01")
    assert floor.venue.mark(PERP).mark <= d(150) * d("1.05")


def test_margin_refuses_more_than_leverage_allows(floor: Floor) -> None:
    most = floor.venue.max_order_quantity(floor.alice, PERP, BID)
    with pytest.raises(VenueRefusal) as refused:
        floor.limit(floor.alice, BID, str(most + d(100)), "178.40")
    assert (refused.value.status, refused.value.code) == (400, "INSUFFICIENT_MARGIN")
    order = floor.limit(floor.alice, BID, str(most), "178.40")
    assert order.status is OrderStatus.NEW
    spare_for_fee = perp_fee(most * d("178.51"), d(5))
    assert spare_for_fee <= floor.venue.collateral(floor.alice).net_equity_available < spare_for_fee + 20


def test_a_lower_leverage_limit_asks_for_more_margin(floor: Floor) -> None:
    ten = floor.venue.max_order_quantity(floor.alice, PERP, BID)
    floor.venue.update_settings(floor.alice, leverage_limit=d(2))
    two = floor.venue.max_order_quantity(floor.alice, PERP, BID)
    assert two < ten / 4
    floor.limit(floor.alice, BID, str(two), "178.40")
    with pytest.raises(VenueRefusal) as refused:
        floor.venue.update_settings(floor.alice, leverage_limit=d(1))
    assert refused.value.code == "INSUFFICIENT_MARGIN"
    assert floor.venue.settings(floor.alice).leverage_limit == 2


def test_closing_is_allowed_without_free_margin(floor: Floor) -> None:
    most = floor.venue.max_order_quantity(floor.alice, PERP, BID)
    floor.market(floor.alice, BID, str(min(most, d(1900))))
    floor.venue.set_index(SOL, d(177))
    floor.seconds(1)
    assert floor.market(floor.alice, ASK, "100").status is OrderStatus.FILLED


def test_other_collateral_counts_with_its_haircut(floor: Floor) -> None:
    view = floor.venue.collateral(floor.alice)
    rows = {row.asset: row for row in view.rows}
    assert rows[USDC].weight == 1
    assert rows[SOL].collateral_value == d(500) * d("178.50") * d("0.9")
    assert view.net_equity == d(100_000) + rows[SOL].collateral_value
    assert view.margin_fraction is None


def test_exposure_counts_the_worst_case_of_open_orders(floor: Floor) -> None:
    floor.market(floor.alice, BID, "10")
    floor.limit(floor.alice, BID, "5", "170")
    floor.limit(floor.alice, ASK, "12", "190")
    (position,) = floor.venue.positions(floor.alice)
    assert position.net_exposure_quantity == d(15)
    assert position.net_exposure_notional == d(15) * position.mark_price
    view = floor.venue.collateral(floor.alice)
    assert view.net_equity_locked == d(15) * position.mark_price / 10


def test_spot_orders_cannot_spend_money_they_do_not_have(floor: Floor) -> None:
    with pytest.raises(VenueRefusal) as refused:
        floor.limit(floor.alice, BID, "1000", "170", SPOT)
    assert refused.value.code == "INSUFFICIENT_FUNDS"
    with pytest.raises(VenueRefusal) as refused:
        floor.market(floor.alice, ASK, "501", SPOT)
    assert refused.value.code == "INSUFFICIENT_FUNDS"


def test_losses_beyond_free_usdc_become_a_borrow(floor: Floor) -> None:
    floor.venue.transfer(floor.alice, floor.maker, USDC, d(99_900))
    floor.market(floor.alice, BID, "100")
    floor.quote("173.00", "173.02", "2000")
    floor.venue.set_index(SOL, d(173))
    floor.market(floor.alice, ASK, "100")
    (loan,) = floor.venue.borrow_lend_positions(floor.alice)
    assert loan.asset == USDC
    assert d(-600) < loan.net_quantity < d(-400)
    assert floor.free(floor.alice) >= 0


@given(
    steps=st.lists(st.tuples(st.integers(-50, 50).filter(bool), st.integers(9000, 11000)), min_size=1, max_size=30),
    mark=st.integers(9000, 11000),
)
def test_no_sequence_of_trades_creates_or_loses_profit(steps: list[tuple[int, int]], mark: int) -> None:
    """Paid profit plus open profit is what buying and selling at those prices and closing at the mark would give."""
    position = Position(AccountId("a"), PERP)
    paid, cash = d(0), d(0)
    for lots, price_ticks in steps:
        signed, price = Decimal(lots) / 100, Decimal(price_ticks) / 100
        cash -= signed * price
        side = BID if signed > 0 else ASK
        closing = min(abs(signed), max(d(0), -position.signed(side)))
        if closing:
            paid += position.decrease(closing, price, d(0))
        opening = abs(signed) - closing
        if opening:
            if not position.quantity:
                position.start(1, 0)
            position.increase(opening if signed > 0 else -opening, price, d(0))
    worth = Decimal(mark) / 100
    assert paid + position.unrealized(worth) == cash + position.quantity * worth


@given(notional=st.integers(0, 10**9), more=st.integers(1, 10**9))
def test_margin_fractions_grow_with_size(notional: int, more: int) -> None:
    function = SqrtFunction(d("0.02"), d("0.00006"))
    assert function.base <= function.fraction(d(notional)) <= function.fraction(d(notional + more))


@given(notional=st.integers(0, 10**12))
def test_haircut_never_gives_more_than_the_weight(notional: int) -> None:
    assert 0 < Haircut(d("0.9"), d(1), d("0.00003")).effective_weight(d(notional)) <= d("0.9")


def test_haircut_of_a_whale_is_larger() -> None:
    haircut = Haircut(d("0.9"), d(1), d("0.00003"))
    assert haircut.effective_weight(d(10**6)) == d("0.9")
    assert haircut.effective_weight(d(10**11)) < d("0.5")


def test_assets_without_collateral_terms_count_for_nothing(floor: Floor) -> None:
    before = floor.venue.collateral(floor.alice).net_equity
    floor.venue.deposit(floor.alice, Asset("BONK"), d(1_000_000))
    assert floor.venue.collateral(floor.alice).net_equity == before
