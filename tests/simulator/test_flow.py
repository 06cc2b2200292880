"""The order flow: a market worth watching, the same one for the same seed."""

from __future__ import annotations

import hashlib
from collections import Counter
from decimal import Decimal
from itertools import pairwise

import pytest

from bpx_tui.model.ids import Asset, Symbol
from bpx_tui.simulator.domain.events import BookChanged, LiquidationPrinted, TradePrinted, VenueEvent
from bpx_tui.simulator.options import Scenario
from tests.simulator.desk import Client, Listener, make_exchange, run

PERP = Symbol("SOL_USDC_PERP")


def trace(seed: int, *, order: bool = True) -> str:
    """Fingerprint of everything a client sees in ten seconds, with one order of its own."""
    exchange, clock = make_exchange(seed=seed)
    client, listener = Client(exchange), Listener(exchange)
    digest = hashlib.sha256()
    listener.subscribe("account.orderUpdate", client=client)
    listener.subscribe(f"depth.{PERP}", "trade.BTC_USDC", "kline.1m.SOL_USDC", "ticker.ETH_USDC", f"markPrice.{PERP}")
    for step in range(20):
        run(exchange, clock, 0.5)
        if step == 10 and order:
            digest.update(client.order(symbol=PERP, side="Bid", orderType="Market", quantity="1.00").reply.body)
        digest.update(client.public("/api/v1/depth", symbol=PERP).reply.body)
    digest.update(client.public("/api/v1/tickers").reply.body)
    digest.update(b"".join(listener.frames))
    return digest.hexdigest()


def test_the_same_seed_and_requests_give_the_same_trace_byte_for_byte() -> None:
    assert trace(4) == trace(4)
    assert trace(4) != trace(5)
    assert trace(4) != trace(4, order=False)


def watched(scenario: Scenario, seconds: int = 30) -> tuple[list[VenueEvent], Client]:
    exchange, clock = make_exchange(scenario=scenario)
    events: list[VenueEvent] = []
    exchange.venue.listen(events.append)
    for _ in range(seconds * 2):
        run(exchange, clock, 0.5)
    return events, Client(exchange)


def test_a_normal_market_updates_several_hundred_times_a_second() -> None:
    events, client = watched(Scenario.NORMAL)
    updates = sum(isinstance(event, BookChanged) for event in events) / 30
    trades = Counter(event.symbol for event in events if isinstance(event, TradePrinted))
    assert 300 < updates < 900
    assert trades[PERP] > 10
    assert trades[Symbol("BTC_USDC")] > 10
    assert client.exchange.venue.state().totals == client.exchange.venue.state().deposited


def test_books_stay_two_sided_and_thicken_away_from_the_touch() -> None:
    _, client = watched(Scenario.NORMAL, 60)
    venue = client.exchange.venue
    for market in venue.markets():
        if not market.has_book:
            continue
        depth = venue.depth(market.symbol)
        assert len(depth.bids) >= 8, market.symbol
        assert len(depth.asks) >= 8, market.symbol
        assert depth.bids[0][0] < depth.asks[0][0]
    major = venue.depth(PERP)
    for side in (major.bids, major.asks):
        near = sum(quantity for _, quantity in side[:10]) / 10
        far = sum(quantity for _, quantity in side[20:40]) / 20
        assert far > near


def test_spreads_are_a_few_ticks_where_ticks_are_coarse() -> None:
    exchange, clock = make_exchange()
    spreads: list[int] = []
    for _ in range(120):
        run(exchange, clock, 0.5)
        bid, ask = exchange.venue.best(PERP)
        assert bid is not None
        assert ask is not None
        spreads.append(int((ask - bid) / Decimal("0.01")))
    spreads.sort()
    assert 1 <= spreads[len(spreads) // 2] <= 5
    assert spreads[int(len(spreads) * 0.95)] <= 15


@pytest.mark.parametrize("percent", [-13, 13])
def test_a_book_that_a_jump_ran_through_is_two_sided_again_at_once(percent: int) -> None:
    exchange, clock = make_exchange()
    run(exchange, clock, 1)
    exchange.jump(Asset("SOL"), 1 + percent / 100)
    run(exchange, clock, 1)
    depth = exchange.venue.depth(PERP)
    assert depth.bids
    assert depth.asks


def test_books_follow_the_fair_price_and_assets_move_together() -> None:
    exchange, clock = make_exchange()
    moves: dict[str, list[Decimal]] = {"SOL": [], "BTC": [], "ETH": []}
    for _ in range(240):
        run(exchange, clock, 1)
        for asset, seen in moves.items():
            seen.append(exchange.venue.index(Asset(asset)))
    for asset in moves:
        bid, ask = exchange.venue.best(Symbol(f"{asset}_USDC"))
        assert bid is not None
        assert ask is not None
        assert abs((bid + ask) / 2 / exchange.venue.index(Asset(asset)) - 1) < Decimal("0.003")
    steps = {
        asset: [float(after / before - 1) for before, after in zip(seen, seen[5:], strict=False)]
        for asset, seen in moves.items()
    }
    agreeing = sum(one * other > 0 for one, other in zip(steps["BTC"], steps["ETH"], strict=True))
    assert agreeing / len(steps["BTC"]) > 0.6


def path_length(events: list[VenueEvent]) -> float:
    prices = [float(event.price) for event in events if isinstance(event, TradePrinted) and event.symbol == PERP]
    return sum(abs(after / before - 1) for before, after in pairwise(prices)) / max(len(prices), 1)


@pytest.mark.parametrize("scenario", [Scenario.NORMAL, Scenario.VOLATILE])
def test_funding_follows_the_premium_of_each_market(scenario: Scenario) -> None:
    exchange, clock = make_exchange(scenario=scenario, speed=60)
    for _ in range(60):
        run(exchange, clock, 10)
    marks = [exchange.venue.mark(market.symbol) for market in exchange.venue.markets() if market.has_funding]
    rates = {mark.mark / mark.index - 1: mark.funding_rate for mark in marks if mark.index and mark.funding_rate}
    assert len(set(rates.values())) > len(rates) / 3
    assert rates[max(rates)] > rates[min(rates)]


@pytest.mark.parametrize(
    ("quiet", "lively"), [(Scenario.CALM, Scenario.VOLATILE), (Scenario.THIN, Scenario.NORMAL)], ids=["calm", "thin"]
)
def test_scenarios_differ_in_pace(quiet: Scenario, lively: Scenario) -> None:
    less, _ = watched(quiet)
    more, _ = watched(lively)
    assert len(less) < len(more) * 0.8


def test_a_crash_falls_and_takes_leveraged_traders_with_it() -> None:
    exchange, clock = make_exchange(scenario=Scenario.CRASH)
    events: list[VenueEvent] = []
    exchange.venue.listen(events.append)
    before = exchange.venue.index(Asset("SOL"))
    for _ in range(110):
        run(exchange, clock, 1)
    assert exchange.venue.index(Asset("SOL")) < before * Decimal("0.93")
    assert any(isinstance(event, LiquidationPrinted) for event in events)
    state = exchange.venue.state()
    assert dict(state.totals) == dict(state.deposited)


def test_a_fast_clock_thins_the_flow_instead_of_drowning() -> None:
    exchange, clock = make_exchange(speed=120)
    events: list[VenueEvent] = []
    exchange.venue.listen(events.append)
    run(exchange, clock, 120)
    assert sum(isinstance(event, BookChanged) for event in events) < 4_000
