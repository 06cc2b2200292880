"""Prediction markets come true or not: by their date, by their rule, or because a test says so."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import Any

import orjson
import pytest

from bpx_tui.model.ids import Asset, Symbol
from bpx_tui.simulator.clock import Agenda
from bpx_tui.simulator.control import Control
from bpx_tui.simulator.domain.refusals import VenueRefusal
from bpx_tui.simulator.exchange import Exchange
from bpx_tui.simulator.products.predictions import PredictionDesk
from tests.simulator import spec
from tests.simulator.desk import Client, Listener, make_exchange, run
from tests.simulator.floor import START_US, Floor, d

FED, BTC = Symbol("FEDCUTDEC26_USDC_PREDICTION"), Symbol("BTC150KDEC26_USDC_PREDICTION")
HOUR_US = 3_600_000_000


class Calendar:
    """A floor with its prediction markets, and an agenda that a test turns."""

    def __init__(self, seed: int = 1) -> None:
        self.floor = Floor()
        self.agenda = Agenda()
        self.agenda.now_us = START_US
        self.desk = PredictionDesk(self.floor.venue, self.agenda, Random(seed))

    def of(self, symbol: Symbol) -> Any:
        return next(one for one in self.desk.all() if one.symbol == symbol)

    def turn_to(self, now_us: int) -> None:
        self.floor.venue.advance(now_us)
        self.agenda.run_until(now_us)


@pytest.mark.parametrize(("index", "answer"), [("160000", True), ("150000", False)])
def test_a_question_about_a_price_is_answered_by_the_index_when_its_date_comes(index: str, answer: bool) -> None:
    calendar = Calendar()
    end_us = calendar.of(BTC).ends_us
    assert datetime.fromtimestamp(end_us / 1e6, UTC).isoformat() == "2026-12-31T23:59:59+00:00"
    calendar.floor.venue.set_index(Asset("BTC"), d(index))
    calendar.turn_to(end_us - 1)
    assert calendar.of(BTC).answer is None
    calendar.turn_to(end_us)
    assert (calendar.of(BTC).answer, calendar.of(BTC).resolved_us) == (answer, None)
    calendar.turn_to(end_us + HOUR_US + 10_000_000)
    assert (calendar.of(BTC).price, calendar.of(BTC).close_price) == (d(int(answer)), d(index))
    assert calendar.floor.venue.book_state(BTC) == "Closed"


def test_other_questions_are_answered_as_likely_as_the_market_believed() -> None:
    answers = []
    for seed in range(60):
        calendar = Calendar(seed)
        calendar.desk.propose(FED, delay_s=10)
        answers.append(calendar.of(FED).answer)
    assert 0.45 < sum(answers) / len(answers) < 0.85


def test_a_date_that_has_passed_comes_again() -> None:
    floor = Floor()
    later_us = 1_830_000_000_000_000  # December 2027
    floor.venue.advance(later_us)
    desk = PredictionDesk(floor.venue, Agenda(), Random(1))
    assert all(one.ends_us > later_us for one in desk.all())


def test_an_answer_is_given_once() -> None:
    calendar = Calendar()
    calendar.desk.propose(FED, True)
    with pytest.raises(VenueRefusal):
        calendar.desk.propose(FED, False)
    with pytest.raises(VenueRefusal):
        calendar.desk.propose(Symbol("SOL_USDC"), True)


# ---- over the wire


def propose(exchange: Exchange, **request: object) -> int:
    reply, _ = Control(exchange).handle("POST", "/_sim/predictions", orjson.dumps(request))
    return reply.status


def event_of(client: Client, **query: object) -> Any:
    answer = client.public("/api/v1/prediction", eventSlug="fed-rate-cut-december-2026", **query)
    assert spec.faults_of("get_prediction_events", 200, "application/json", answer.json) == []
    return answer.rows()


def test_a_resolved_market_pays_its_positions_and_says_so_everywhere() -> None:
    exchange, clock = make_exchange()
    client, listener = Client(exchange), Listener(exchange)
    listener.subscribe("account.orderUpdate", "account.positionUpdate", client=client)
    run(exchange, clock, 1)
    client.order(symbol=FED, side="Bid", orderType="Market", quantity="50")
    assert propose(exchange, symbol=FED, answer=True, delay_seconds=60) == 200
    (event,) = event_of(client, resolved=False)
    (market,) = event["predictionMarkets"]
    assert (market["proposedResolution"], market["resolvedAt"], event["resolved"]) == (True, None, False)
    assert (market["resolutionDelaySecs"], event["resolutionDelaySecs"]) == (60, 60)
    run(exchange, clock, 61)
    (event,) = event_of(client, resolved=True)
    (market,) = event["predictionMarkets"]
    assert (market["resolutionPrice"], event["resolution"]["outcome"]) == ("1", "Cut")
    assert market["resolvedAt"]
    assert event_of(client, resolved=False) == []
    assert client.signed("GET", "/api/v1/position", "positionQuery").rows() == []
    (closed,) = client.signed("GET", "/wapi/v1/history/position", "positionHistoryQueryAll", state="Closed").rows()
    assert (closed["closingPrice"], closed["symbol"]) == ("1", FED)
    settled = client.signed("GET", "/wapi/v1/history/settlement", "settlementHistoryQueryAll", source="RealizePnl")
    assert closed["id"] in [row["positionId"] for row in settled.rows()]
    (last, *_) = client.signed("GET", "/wapi/v1/history/fills", "fillHistoryQueryAll").rows()
    assert (last["systemOrderType"], last["price"]) == ("FutureExpiry", "1")
    assert listener.data("account.positionUpdate")[-1]["e"] == "positionClosed"
    assert listener.data("account.orderUpdate")[-1]["O"] == "SETTLEMENT_AUTOCLOSE"
    state = exchange.venue.state()
    assert dict(state.totals) == dict(state.deposited)
    run(exchange, clock, 3)


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"symbol": "SOL_USDC"},
        {"symbol": FED, "answer": "yes"},
        {"symbol": FED, "delay_seconds": -1},
        {"symbol": FED, "delay_seconds": "soon"},
        {"symbol": FED, "delay_seconds": 604_801},
    ],
)
def test_proposals_that_make_no_sense_are_refused(request_: dict[str, object]) -> None:
    exchange, _ = make_exchange(flow=False)
    assert propose(exchange, **request_) == 400
