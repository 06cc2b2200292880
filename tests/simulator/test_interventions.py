"""Bad days made to order go through the engine: its events, its history, its ledger; and seeded mixes of faults."""

from __future__ import annotations

from random import Random
from typing import Any

import orjson
import pytest

from bpx_tui.model.enums import ExpiryReason, OrderStatus
from bpx_tui.model.ids import Asset
from bpx_tui.simulator.control import Control
from bpx_tui.simulator.domain.interventions import FilterChange
from bpx_tui.simulator.domain.orders import SystemOrderType
from bpx_tui.simulator.domain.refusals import VenueRefusal
from bpx_tui.simulator.exchange import Exchange
from bpx_tui.simulator.faults import MIXABLE, BadFault, Faults
from tests.simulator.desk import make_exchange, run
from tests.simulator.floor import ASK, BID, PERP, SPOT, Floor, d


@pytest.fixture(name="floor")
def a_floor() -> Floor:
    return Floor()


def is_conserved(floor: Floor) -> bool:
    state = floor.venue.state()
    return dict(state.totals) == dict(state.deposited)


# ---- orders


@pytest.mark.parametrize("symbol", [SPOT, PERP])
@pytest.mark.parametrize("side", [BID, ASK])
def test_a_resting_order_fills_in_part_and_the_rest_is_cancelled(floor: Floor, symbol: Any, side: Any) -> None:
    price = "170" if side is BID else "190"
    order = floor.limit(floor.alice, side, "10", price, symbol)
    floor.venue.interventions.fill(floor.alice, order, d(4))
    left = floor.venue.cancel(floor.alice, symbol, order_id=order.id)
    assert (left.status, left.executed_quantity) == (OrderStatus.CANCELLED, d(4))
    (fill,) = floor.venue.fills(floor.alice)
    assert (fill.price, fill.quantity, fill.is_maker) == (d(price), d(4), True)
    assert floor.told(floor.alice) == ["orderAccepted", "orderFill", "orderCancelled"]
    assert floor.locked(floor.alice) == 0
    assert is_conserved(floor)


def test_what_does_not_rest_cannot_be_filled(floor: Floor) -> None:
    order = floor.limit(floor.alice, BID, "10", "170")
    floor.venue.interventions.fill(floor.alice, order)
    with pytest.raises(VenueRefusal):
        floor.venue.interventions.fill(floor.alice, order)


def test_an_order_made_to_expire_takes_nothing_from_the_book(floor: Floor) -> None:
    floor.quote("178.49", "178.51")
    before = floor.venue.depth(PERP)
    order = floor.venue.interventions.place_to_expire(
        floor.alice, floor.limit(floor.bob, BID, "1", "170").terms, ExpiryReason.PRICE_OUT_OF_BOUNDS
    )
    assert (order.status, order.expiry_reason) == (OrderStatus.EXPIRED, ExpiryReason.PRICE_OUT_OF_BOUNDS)
    assert floor.told(floor.alice) == ["orderAccepted", "orderExpired"]
    assert floor.venue.order_history(floor.alice)[-1].id == order.id
    assert floor.venue.depth(PERP).asks == before.asks
    assert floor.limit(floor.alice, BID, "1", "170").status is OrderStatus.NEW


# ---- positions


def test_a_reduce_only_order_shrinks_when_its_position_is_reduced_elsewhere(floor: Floor) -> None:
    floor.quote("178.49", "178.51")
    floor.market(floor.alice, BID, "10")
    order = floor.limit(floor.alice, ASK, "10", "185", reduce_only=True)
    floor.venue.interventions.reduce(floor.alice, PERP, floor.venue.interventions.half_of(floor.alice, PERP))
    assert floor.venue.order(floor.alice, PERP, order_id=order.id).quantity == d(5)
    assert floor.told(floor.alice)[-1] == "orderModified"
    assert is_conserved(floor)


@pytest.mark.parametrize(
    ("how", "origin"),
    [
        (SystemOrderType.LIQUIDATE_ON_BOOK, "LIQUIDATION_AUTOCLOSE"),
        (SystemOrderType.LIQUIDATE_ON_BACKSTOP, "BACKSTOP_LIQUIDITY_PROVIDER"),
        (SystemOrderType.LIQUIDATE_ON_ADL, "ADL_AUTOCLOSE"),
        (SystemOrderType.FUTURE_EXPIRY, "SETTLEMENT_AUTOCLOSE"),
    ],
)
@pytest.mark.parametrize("side", [BID, ASK])
def test_a_position_is_taken_away_in_every_way(floor: Floor, how: SystemOrderType, origin: str, side: Any) -> None:
    floor.quote("178.49", "178.51")
    floor.market(floor.alice, side, "10")
    floor.limit(floor.alice, BID, "1", "170")
    floor.venue.interventions.liquidate(floor.alice, PERP, how)
    assert floor.venue.positions(floor.alice) == ()
    assert floor.venue.open_orders(floor.alice) == ()
    fill = floor.venue.fills(floor.alice)[-1]
    assert (fill.system_order_type, fill.client_id) == (how, None)
    assert floor.venue.order_history(floor.alice)[-1].origin == origin
    assert not floor.venue.settings(floor.alice).liquidating
    assert is_conserved(floor)


def test_without_a_position_there_is_nothing_to_take(floor: Floor) -> None:
    with pytest.raises(VenueRefusal):
        floor.venue.interventions.liquidate(floor.alice, PERP, SystemOrderType.LIQUIDATE_ON_BOOK)


# ---- markets


def test_changed_filters_judge_new_orders_and_leave_resting_ones(floor: Floor) -> None:
    resting = floor.limit(floor.alice, BID, "0.01", "170.05")
    floor.venue.interventions.change_filters(PERP, FilterChange(d("0.1"), d("0.1"), d("0.5")))
    for quantity, price in (("1", "170.05"), ("1.05", "170.1"), ("0.4", "170.1")):
        with pytest.raises(VenueRefusal):
            floor.limit(floor.alice, BID, quantity, price)
    assert floor.limit(floor.alice, BID, "0.5", "170.1").status is OrderStatus.NEW
    assert floor.venue.cancel(floor.alice, PERP, order_id=resting.id).status is OrderStatus.CANCELLED
    assert floor.venue.market(PERP).quantity.min_quantity == d("0.5")


def post(exchange: Exchange, body: dict[str, object]) -> tuple[int, Any]:
    reply, _ = Control(exchange).handle("POST", "/_sim/faults", orjson.dumps(body))
    return reply.status, orjson.loads(reply.body)


def test_a_market_with_a_coarser_tick_lives_on() -> None:
    exchange, clock = make_exchange()
    assert post(exchange, {"fault": "filters", "symbol": PERP})[0] == 200
    run(exchange, clock, 1)
    before = exchange.venue.depth(PERP).last_update_id
    run(exchange, clock, 3)
    assert exchange.venue.depth(PERP).last_update_id > before + 10


def test_a_delisted_market_is_closed_and_not_listed() -> None:
    exchange, clock = make_exchange()
    assert post(exchange, {"fault": "filters", "symbol": "JUP_USDC", "delisted": True})[0] == 200
    run(exchange, clock, 5)
    market = next(market for market in exchange.venue.markets() if market.symbol == "JUP_USDC")
    assert not market.visible
    assert exchange.venue.depth(market.symbol).bids == ()


@pytest.mark.parametrize(
    "fault",
    [
        {"fault": "partial"},
        {"fault": "modify"},
        {"fault": "liquidate"},
        {"fault": "liquidate", "how": "magic"},
        {"fault": "filters", "tick_size": -1},
        {"fault": "filters", "symbol": "NOPE"},
        {"fault": "lend", "quantity": "1000000"},
        {"fault": "book_state", "state": "Sideways"},
    ],
)
def test_what_makes_no_sense_is_refused_and_says_why(fault: dict[str, object]) -> None:
    exchange, _ = make_exchange(flow=False)
    status, answer = post(exchange, fault)
    assert status == 400
    assert answer["error"]


def test_balances_move_without_an_order() -> None:
    exchange, _ = make_exchange(flow=False)
    account = exchange.credentials[0].account
    before = exchange.venue.capital(account)[Asset("USDC")].available
    assert post(exchange, {"fault": "lend"})[0] == 200
    assert exchange.venue.capital(account)[Asset("USDC")].available == before / 2


# ---- mixes


def test_one_request_switches_a_seeded_mix_on() -> None:
    exchange, _ = make_exchange(flow=False)
    status, first = post(exchange, {"mix": 7, "probability": 0.1, "seconds": 60})
    assert status == 200
    names = [row["fault"] for row in first["on"]]
    assert len(set(names)) == 6
    assert all(0 < row["settings"]["probability"] <= 0.1 for row in first["on"])
    post(exchange, {"fault": "all", "off": True})
    assert post(exchange, {"mix": 7, "probability": 0.1, "seconds": 60})[1] == first
    post(exchange, {"fault": "all", "off": True})
    assert post(exchange, {"mix": 8, "probability": 0.1, "seconds": 60})[1] != first


def test_a_mix_hits_alike_for_the_same_seed_whatever_else_is_on() -> None:
    def hits(other: int) -> list[bool]:
        faults = Faults(Random(other))
        faults.mix({"mix": 3, "faults": 1, "among": ["429"], "probability": 1}, 0)
        return [faults.hit("429", 1) is not None for _ in range(50)]

    assert hits(1) == hits(2)
    assert 0 < sum(hits(1)) <= 50


@pytest.mark.parametrize(
    "request_",
    [
        {"mix": "seven"},
        {"mix": True},
        {"mix": 1, "faults": 0},
        {"mix": 1, "faults": len(MIXABLE) + 1},
        {"mix": 1, "among": []},
        {"mix": 1, "among": ["close"]},
        {"mix": 1, "probability": 0},
        {"mix": 1, "seconds": -1},
    ],
)
def test_a_mix_that_cannot_be_made_switches_nothing_on(request_: dict[str, object]) -> None:
    faults = Faults(Random(1))
    with pytest.raises(BadFault):
        faults.mix(request_, 0)
    assert not faults.any
