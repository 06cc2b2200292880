"""Scheduled strategies slice a quantity over time and stop when they should."""

from __future__ import annotations

from random import Random

import pytest

from bpx_tui.model.enums import TimeInForce
from bpx_tui.simulator.clock import Agenda
from bpx_tui.simulator.domain.orders import AccountId
from bpx_tui.simulator.domain.refusals import VenueRefusal
from bpx_tui.simulator.products.strategies import NewStrategy, StrategyDesk, StrategyRecord, StrategyStatus
from tests.simulator.floor import BID, PERP, START_US, Floor, d


class Programme:
    """A floor with a strategy desk, and time that runs both."""

    def __init__(self) -> None:
        self.floor = Floor()
        self.agenda = Agenda()
        self.agenda.now_us = START_US
        self.desk = StrategyDesk(self.floor.venue, self.agenda, Random(1))
        self.floor.seconds(1)
        self.floor.quote("178.40", "178.60", "1000")

    def start(self, account: AccountId | None = None, **terms: object) -> StrategyRecord:
        values: dict[str, object] = {"quantity": d(10), "duration_ms": 60_000, "interval_ms": 15_000, **terms}
        return self.desk.create(account or self.floor.alice, NewStrategy(PERP, BID, **values))  # type: ignore[arg-type]

    def seconds(self, count: int) -> None:
        for _ in range(count):
            self.floor.seconds(1)
            self.agenda.run_until(self.floor.venue.now_us)


def test_slices_are_even_and_the_last_one_completes() -> None:
    programme = Programme()
    assert programme.start().executed_quantity == d("2.5")
    programme.seconds(15)
    assert programme.desk.open(programme.floor.alice)[0].executed_quantity == d(5)
    programme.seconds(30)
    ended = programme.desk.history(programme.floor.alice)
    assert [(row.status, row.executed_quantity) for row in ended] == [(StrategyStatus.COMPLETED, d(10))]
    assert ended[0].executed_quote_quantity == d(1786)
    assert programme.floor.venue.positions(programme.floor.alice)[0].net_quantity == d(10)


def test_what_a_slice_could_not_fill_is_carried_into_the_next() -> None:
    programme = Programme()
    programme.start(price=d("178.50"))
    assert programme.desk.open(programme.floor.alice)[0].executed_quantity == 0
    programme.floor.quote("178.30", "178.40", "1000")
    programme.seconds(15)
    assert programme.desk.open(programme.floor.alice)[0].executed_quantity == d(5)


def test_a_strategy_that_runs_out_of_time_is_terminated_with_its_reason() -> None:
    programme = Programme()
    programme.start(price=d("170.00"))
    programme.seconds(61)
    ended = programme.desk.history(programme.floor.alice)[0]
    assert (ended.status, ended.cancel_reason, ended.executed_quantity) == (StrategyStatus.TERMINATED, "Expired", d(0))


def test_a_refused_slice_ends_it_with_the_reason() -> None:
    programme = Programme()
    poor = programme.floor.venue.open_account("poor").id
    ended = programme.start(poor)
    assert (ended.status, ended.cancel_reason) == (StrategyStatus.TERMINATED, "InsufficientMargin")


def test_cancelling_takes_resting_slices_off_the_book() -> None:
    programme = Programme()
    programme.start(price=d("175.00"), time_in_force=TimeInForce.GTC)
    assert len(programme.floor.venue.open_orders(programme.floor.alice)) == 1
    (cancelled,) = programme.desk.cancel_all(programme.floor.alice, PERP)
    assert cancelled.status is StrategyStatus.CANCELLED
    assert programme.floor.venue.open_orders(programme.floor.alice) == ()
    with pytest.raises(VenueRefusal, match="Strategy not found"):
        programme.desk.find(programme.floor.alice, PERP, strategy_id=cancelled.id, client_strategy_id=None)


def test_random_slices_still_add_up() -> None:
    programme = Programme()
    programme.start(randomized=True, duration_ms=120_000, interval_ms=10_000)
    programme.seconds(121)
    assert programme.desk.history(programme.floor.alice)[0].executed_quantity == d(10)


@pytest.mark.parametrize(
    "terms",
    [
        {"interval_ms": 999},
        {"interval_ms": 90_000},
        {"quantity": d("0.03")},
        {"quantity": d("1.001")},
        {"post_only": True},
    ],
)
def test_terms_that_cannot_run_are_refused(terms: dict[str, object]) -> None:
    programme = Programme()
    with pytest.raises(VenueRefusal):
        programme.start(**terms)  # type: ignore[arg-type]
    assert programme.desk.open(programme.floor.alice) == ()
