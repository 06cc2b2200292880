"""Same seed, same requests: the same trace byte for byte, whatever process it runs in. And hours in seconds."""

from __future__ import annotations

import os
import subprocess
import sys
from decimal import Decimal
from itertools import pairwise
from random import Random
from typing import Any

import orjson

from bpx_tui.model.ids import Asset, Symbol
from bpx_tui.simulator.options import AccountOption, Scenario
from tests.simulator.crowd import Auditor, RandomTrader, assert_whole
from tests.simulator.desk import DEMO, START_US, Client, make_exchange, run

PERP = Symbol("SOL_USDC_PERP")


def rehearse(seed: int, hash_seed: str) -> dict[str, Any]:
    """The report of a rehearsal in a process of its own."""
    command = [sys.executable, "-m", "tests.simulator.rehearsal", str(seed)]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run(command, capture_output=True, check=True, timeout=120, env=environment)
    report: dict[str, Any] = orjson.loads(done.stdout)
    return report


def test_the_same_seed_and_requests_give_the_same_bytes_in_every_process() -> None:
    first, again, other = rehearse(3, "1"), rehearse(3, "4711"), rehearse(4, "1")
    assert first == again
    assert first["digest"] != other["digest"]
    assert first["answers"] > 200
    assert first["frames"] > 5_000
    assert first["silent"] == ["trade.NOT_A_MARKET"]
    assert first["conserved"] is True


def test_two_hours_pass_in_seconds_and_everything_still_adds_up() -> None:
    accounts = (AccountOption("demo"), AccountOption("wild"))
    exchange, clock = make_exchange(seed=5, speed=1000.0, scenario=Scenario.CALM, accounts=accounts)
    auditor, wild = Auditor(exchange), RandomTrader(exchange, exchange.credentials[1].account, Random("wild"))
    client = Client(exchange)
    run(exchange, clock, 2)
    assert client.order(symbol=PERP, side="Bid", orderType="Market", quantity="5.00").status == 200
    exchange.venue.borrow_lend(DEMO, Asset("USDC"), "Lend", Decimal(5_000))
    hours = 2
    for _ in range(hours * 360):
        run(exchange, clock, 10)
        wild.act()
    assert_whole(exchange)
    assert auditor.frames > 5_000
    now_us = exchange.now_us
    paid = [row.time_us for row in exchange.accounts.of(DEMO).funding if row.symbol == PERP]
    hour_us = 3_600_000_000
    assert paid
    assert len(paid) == sum(1 for hour in range(START_US // hour_us + 1, now_us // hour_us + 1) if _is_due(hour))
    lent = exchange.venue.borrow_lend_positions(DEMO)
    assert len(lent) == 1
    assert lent[0].cumulative_interest > 0
    _check_candles(client, START_US // 1_000_000, now_us // 1_000_000)


def _is_due(hour: int) -> bool:
    """Whether a whole hour of the epoch ends a funding interval of the market."""
    exchange, _ = make_exchange(flow=False)
    interval_ms = exchange.venue.market(PERP).funding_interval_ms
    assert interval_ms is not None
    return hour * 3_600_000 % interval_ms == 0


def _check_candles(client: Client, start_s: int, now_s: int) -> None:
    """Minutes follow each other without a hole, and hours are the sum of their minutes."""

    def rows(interval: str) -> list[dict[str, Any]]:
        query = {"symbol": PERP, "interval": interval, "startTime": start_s // 3600 * 3600, "endTime": now_s}
        found: Any = client.public("/api/v1/klines", **query).json
        return list(found)

    minutes, hours = rows("1m"), rows("1h")
    assert len(minutes) >= 120
    for before, after in pairwise(minutes):
        assert before["end"] == after["start"]
    for hour in hours:
        inside = [row for row in minutes if hour["start"] <= row["start"] < hour["end"] and int(row["trades"])]
        assert sum(int(row["trades"]) for row in inside) == int(hour["trades"])
        assert sum(Decimal(row["volume"]) for row in inside) == Decimal(hour["volume"])
        if inside:
            assert max(Decimal(row["high"]) for row in inside) == Decimal(hour["high"])
            assert Decimal(inside[-1]["close"]) == Decimal(hour["close"])
