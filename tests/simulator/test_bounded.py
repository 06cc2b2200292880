"""An exchange may run for weeks on a desk: what it keeps is bounded, and what nobody can ask for it does not keep.

Measured in what is kept, never in megabytes.
"""

from __future__ import annotations

import pytest

from bpx_tui.simulator.domain.events import (
    BalanceChanged,
    BookChanged,
    BookStateChanged,
    FundingSettled,
    LiquidationPrinted,
    MarkChanged,
    TradePrinted,
    TransferMade,
    VenueEvent,
)
from bpx_tui.simulator.domain.orders import AccountId
from bpx_tui.simulator.domain.refusals import VenueRefusal
from bpx_tui.simulator.options import Scenario
from tests.simulator.desk import make_exchange, run
from tests.simulator.floor import ASK, BID, USDC, Floor, d

PUBLIC = (BookChanged, BookStateChanged, FundingSettled, LiquidationPrinted, MarkChanged, TradePrinted, TransferMade)


@pytest.fixture
def floor() -> Floor:
    return Floor()


# ---- accounts that nobody has a key of


def test_of_a_silent_account_nothing_is_told_and_nothing_kept(floor: Floor) -> None:
    quiet = floor.venue.open_account("quiet", silent=True).id
    floor.venue.deposit(quiet, USDC, d(10_000))
    for _ in range(20):
        floor.quote("178.49", "178.51")
        floor.market(quiet, BID, "1")
        floor.seconds(61)
        floor.market(quiet, ASK, "1")
    floor.seconds(3600)
    venue = floor.venue
    assert floor.told(quiet) == []
    assert not [event for event in floor.events if isinstance(event, BalanceChanged) and event.account == quiet]
    assert (venue.order_history(quiet), venue.fills(quiet), venue.closed_positions(quiet)) == ((), (), ())


def test_a_silent_account_has_the_margin_checks_all_the_same(floor: Floor) -> None:
    quiet = floor.venue.open_account("quiet", silent=True).id
    floor.venue.deposit(quiet, USDC, d(10))
    floor.quote("178.49", "178.51")
    with pytest.raises(VenueRefusal, match="margin"):
        floor.market(quiet, BID, "50")


def test_the_crowd_trades_and_fails_for_hours_without_being_remembered() -> None:
    exchange, clock = make_exchange(scenario=Scenario.CRASH, speed=200)
    events: list[VenueEvent] = []
    exchange.venue.listen(events.append)
    for _ in range(180):
        run(exchange, clock, 10)
    with_key = {pair.account for pair in exchange.credentials} | {exchange.desks.vault_key.account}
    assert sum(isinstance(event, LiquidationPrinted) for event in events) > 5
    assert {event.account for event in events if not isinstance(event, PUBLIC)} <= with_key
    crowd = [AccountId(f"crowd-{number}") for number in range(1, 13)]
    assert any(exchange.venue.positions(account) for account in crowd)
    assert not any(exchange.venue.order_history(account) for account in crowd)
