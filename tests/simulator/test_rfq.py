"""Requests for quote: makers answer, the best one is told, one trades, the rest end."""

from __future__ import annotations

from random import Random

import pytest

from bpx_tui.model.enums import OrderStatus
from bpx_tui.model.ids import Symbol
from bpx_tui.simulator.clock import Agenda
from bpx_tui.simulator.domain.refusals import VenueRefusal
from bpx_tui.simulator.products.rfq import ExecutionMode, NewRfq, Rfq, RfqDesk, RfqEvent, RfqEventKind
from tests.simulator.floor import ASK, BID, SOL, START_US, USDC, Floor, d

RFQ = Symbol("SOL_USDC_RFQ")


class Pit:
    """A floor with an RFQ desk, one simulated maker, and time that runs both."""

    def __init__(self) -> None:
        self.floor = Floor()
        self.agenda = Agenda()
        self.agenda.now_us = START_US
        self.desk = RfqDesk(self.floor.venue, self.agenda, Random(1), [self.floor.maker])
        self.told: list[RfqEvent] = []
        self.desk.listen(self.told.append)
        self.floor.venue.set_index(SOL, d(100))

    def ask_for(self, **terms: object) -> Rfq:
        values: dict[str, object] = {"quantity": d(10), **terms}
        return self.desk.submit(self.floor.alice, NewRfq(RFQ, BID, **values))  # type: ignore[arg-type]

    def seconds(self, count: int) -> None:
        for _ in range(count):
            self.floor.seconds(1)
            self.agenda.run_until(self.floor.venue.now_us)

    def kinds(self, account: str | None) -> list[str]:
        return [str(event.kind) for event in self.told if event.account == account]


def test_a_request_is_quoted_accepted_and_traded() -> None:
    pit = Pit()
    rfq = pit.ask_for(client_id=123)
    pit.seconds(2)
    ((_, quotes),) = pit.desk.open(pit.floor.alice)
    assert len(quotes) == 1
    assert quotes[0].bid < d(100) < quotes[0].ask
    usdc, sol = pit.floor.free(pit.floor.alice), pit.floor.free(pit.floor.alice, SOL)
    done = pit.desk.accept(pit.floor.alice, quotes[0].id, rfq_id=rfq.id)
    assert done.status is OrderStatus.FILLED
    assert pit.floor.free(pit.floor.alice, USDC) < usdc - d(1000)
    assert pit.floor.free(pit.floor.alice, SOL) > sol + d("9.9")
    (fill,) = pit.desk.fills(pit.floor.alice)
    assert (fill.price, fill.quantity) == (quotes[0].ask, d(10))
    assert pit.kinds(None) == ["rfqActive"]
    assert pit.kinds(pit.floor.alice) == ["rfqAccepted", "rfqCandidate", "rfqFilled"]
    assert pit.kinds(pit.floor.maker) == ["quoteAccepted", "rfqFilled"]
    assert pit.desk.open(pit.floor.alice) == ()


def test_a_better_quote_is_a_candidate_and_a_worse_one_is_not() -> None:
    pit = Pit()
    rfq = pit.ask_for()
    for bid, ask in (("99.00", "101.00"), ("99.00", "102.00"), ("99.00", "100.50")):
        name = f"quoter-{ask}"
        quoter = pit.floor.venue.open_account(name).id
        pit.desk.quote(quoter, rfq.id, d(bid), d(ask))
    candidates = [event.price for event in pit.told if event.kind is RfqEventKind.CANDIDATE]
    assert candidates == [d("101.00"), d("100.50")]


def test_immediate_takes_the_first_quote_within_its_price() -> None:
    pit = Pit()
    rfq = pit.ask_for(mode=ExecutionMode.IMMEDIATE, price=d("100.00"))
    assert pit.desk.quote(pit.floor.bob, rfq.id, d("99.00"), d("100.01")).status is OrderStatus.NEW
    assert pit.desk.quote(pit.floor.bob, rfq.id, d("99.00"), d("100.00")).status is OrderStatus.FILLED
    assert pit.desk.fills(pit.floor.alice)[0].price == d("100.00")
    assert pit.desk.quote_fills(pit.floor.bob)[0].quantity == d(10)


def test_an_unanswered_request_expires_and_a_refreshed_one_lives_on() -> None:
    pit = Pit()
    rfq = pit.ask_for()
    pit.seconds(60)
    refreshed = pit.desk.refresh(pit.floor.alice, rfq.id)
    assert refreshed.expiry_us > rfq.expiry_us
    pit.seconds(100)
    assert len(pit.desk.open(pit.floor.alice)) == 1
    pit.seconds(21)
    assert pit.desk.open(pit.floor.alice) == ()
    assert pit.desk.history(pit.floor.alice)[0].status is OrderStatus.EXPIRED
    assert "quoteCancelled" in pit.kinds(pit.floor.maker)


def test_a_quote_quantity_is_turned_into_whole_steps() -> None:
    pit = Pit()
    rfq = pit.ask_for(quantity=None, quote_quantity=d(1000))
    quote = pit.desk.quote(pit.floor.bob, rfq.id, d("99.00"), d("101.00"))
    pit.desk.accept(pit.floor.alice, quote.id)
    assert pit.desk.fills(pit.floor.alice)[0].quantity == d("9.90")


def test_a_seller_trades_at_the_bid() -> None:
    pit = Pit()
    rfq = pit.desk.submit(pit.floor.alice, NewRfq(RFQ, ASK, quantity=d(10)))
    quote = pit.desk.quote(pit.floor.bob, rfq.id, d("99.00"), d("101.00"))
    pit.desk.accept(pit.floor.alice, quote.id)
    assert pit.desk.fills(pit.floor.alice)[0].price == d("99.00")


def test_a_quote_that_cannot_be_paid_changes_nothing() -> None:
    pit = Pit()
    rfq = pit.ask_for(quantity=d(100_000))
    quote = pit.desk.quote(pit.floor.bob, rfq.id, d("99.00"), d("101.00"))
    with pytest.raises(VenueRefusal):
        pit.desk.accept(pit.floor.alice, quote.id)
    assert len(pit.desk.open(pit.floor.alice)) == 1
    assert pit.desk.fills(pit.floor.alice) == ()


@pytest.mark.parametrize(
    "terms",
    [
        {"quote_quantity": d(5)},
        {"quantity": None},
        {"quantity": d("0.001")},
        {"price": d(100)},
        {"mode": ExecutionMode.IMMEDIATE},
    ],
)
def test_terms_that_cannot_trade_are_refused(terms: dict[str, object]) -> None:
    with pytest.raises(VenueRefusal):
        Pit().ask_for(**terms)


def test_nobody_quotes_himself_or_accepts_what_is_not_his() -> None:
    pit = Pit()
    rfq = pit.ask_for()
    with pytest.raises(VenueRefusal, match="own RFQ"):
        pit.desk.quote(pit.floor.alice, rfq.id, d(99), d(101))
    quote = pit.desk.quote(pit.floor.bob, rfq.id, d(99), d(101))
    with pytest.raises(VenueRefusal, match="RFQ not found"):
        pit.desk.accept(pit.floor.bob, quote.id, rfq_id=rfq.id)
