"""Ten minutes of every kind of day with random traders in it: no exception, no lost cent, no crossed book, no gap."""

from __future__ import annotations

from random import Random

import pytest

from bpx_tui.simulator.options import AccountOption, Scenario
from tests.simulator.crowd import Auditor, RandomTrader, assert_whole
from tests.simulator.desk import make_exchange, run

MINUTES = 10
STEP_SECONDS = 0.5
NAMES = ("ann", "ben", "cat", "dan", "eve", "fay")


@pytest.mark.parametrize("scenario", list(Scenario))
def test_ten_minutes_of_every_scenario(scenario: Scenario) -> None:
    speed = 200.0 if scenario is Scenario.BUSY else 40.0
    accounts = tuple(AccountOption(name) for name in NAMES)
    exchange, clock = make_exchange(seed=11, scenario=scenario, speed=speed, accounts=accounts, traps=True)
    rng, auditor = Random(f"soak/{scenario}"), Auditor(exchange)
    traders = [RandomTrader(exchange, pair.account, rng) for pair in exchange.credentials]
    steps = int(MINUTES * 60 / STEP_SECONDS)
    for step in range(steps):
        run(exchange, clock, STEP_SECONDS)
        rng.choice(traders).act()
        if step % 20 == 0:
            assert_whole(exchange)
    assert_whole(exchange)
    assert auditor.frames > 5_000
    assert sum(trader.done for trader in traders) > steps / 3
    if scenario is Scenario.CRASH:
        assert auditor.liquidations > 5
