"""Matching: how many orders a second the exchange's engine takes in one process, without any wire.

A book of about 300 resting orders: each round places limit orders around the touch (some of them take) and cancels
nearly as many, once for house accounts (order flow) and once for margin accounts (every check, private event and
record). Beside it, per order, the bare work that serving it over HTTP would need at least: one Ed25519 verification
and one `orjson.loads` of its body.

Run: .venv/bin/python -m tests.perf.matching [--orders N] [--rounds N]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from random import Random

import orjson
from nacl.signing import SigningKey

from bpx_tui.model.enums import OrderKind, SelfTradePrevention, Side
from bpx_tui.model.ids import Asset, OrderId, Symbol
from bpx_tui.simulator.domain.catalogue import default_catalogue
from bpx_tui.simulator.domain.orders import AccountId, NewOrder
from bpx_tui.simulator.domain.refusals import VenueRefusal
from bpx_tui.simulator.domain.venue import Venue

TARGET_PER_SECOND = 5_000
RESTING = 300
TICK = Decimal("0.01")


def orders(symbol: Symbol, count: int) -> list[NewOrder]:
    """Limit orders around 178.50, made beforehand so that only the engine is measured."""
    rng = Random(1)
    made = []
    for _ in range(count):
        side = rng.choice(list(Side))
        away = TICK * rng.randrange(-1, 40)
        price = Decimal("178.50") + (-away if side is Side.BID else away)
        quantity = TICK * rng.randrange(1, 500)
        stp = SelfTradePrevention.REJECT_MAKER
        made.append(NewOrder(symbol, side, OrderKind.LIMIT, quantity, price, self_trade_prevention=stp))
    return made


def engine_seconds(symbol: Symbol, placed: list[NewOrder], *, house: bool) -> float:
    """Seconds for placing all of them and cancelling nearly all again."""
    rng = Random(2)
    venue = Venue(default_catalogue(), now_us=1_760_000_000_000_000, rng=rng)
    events = 0

    def count(_: object) -> None:
        nonlocal events
        events += 1

    venue.listen(count)
    traders = [venue.open_account(name, house=house).id for name in ("one", "two")]
    for trader in traders:
        venue.deposit(trader, Asset("USDC"), Decimal(10**9))
        venue.deposit(trader, Asset("SOL"), Decimal(10**7))
    resting: list[tuple[AccountId, OrderId]] = []
    started = time.perf_counter()
    for order in placed:
        trader = rng.choice(traders)
        record = venue.place(trader, order)
        if record.is_open:
            resting.append((trader, record.id))
        if len(resting) > RESTING:
            picked = rng.randrange(RESTING)
            resting[picked], resting[-1] = resting[-1], resting[picked]
            owner, order_id = resting.pop()
            try:
                venue.cancel(owner, symbol, order_id=order_id)
            except VenueRefusal:
                continue  # filled meanwhile
    elapsed = time.perf_counter() - started
    assert events > len(placed)
    return elapsed


def bare_seconds(count: int) -> float:
    """Seconds for verifying and parsing as many orders."""
    key = SigningKey(bytes(32))
    body = b'{"orderType":"Limit","price":"178.50","quantity":"1.25","side":"Bid","symbol":"SOL_USDC_PERP"}'
    text = b"instruction=orderExecute&orderType=Limit&price=178.50&quantity=1.25&side=Bid&symbol=SOL_USDC_PERP"
    signature = key.sign(text).signature
    started = time.perf_counter()
    for _ in range(count):
        key.verify_key.verify(text, signature)
        orjson.loads(body)
    return time.perf_counter() - started


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--orders", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    slowest = float("inf")
    for name in ("SOL_USDC", "SOL_USDC_PERP"):
        symbol = Symbol(name)
        placed = orders(symbol, options.orders)
        for house in (True, False):
            seconds = _median(lambda: engine_seconds(symbol, placed, house=house), options.rounds)  # noqa: B023
            bare = _median(lambda: bare_seconds(options.orders), options.rounds)
            rate = options.orders / seconds
            slowest = min(slowest, rate)
            who = "house " if house else "margin"
            print(f"{name:14} {who} {rate:8,.0f} placements/s   {seconds / bare:5.2f} x verification + JSON")
    print(f"slowest {slowest:,.0f}/s, target {TARGET_PER_SECOND:,}/s")
    return 0 if slowest >= TARGET_PER_SECOND else 1


def _median(measured: Callable[[], float], rounds: int) -> float:
    return statistics.median(measured() for _ in range(rounds))


if __name__ == "__main__":
    sys.exit(main())
