"""An exchange may run for weeks on a desk: what it keeps is bounded, and what nobody can ask for it does not keep.

Measured in what is kept, never in megabytes.
"""

from __future__ import annotations

import asyncio
import gc
import socket
import sys
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpx_tui.model.enums import KlineInterval, OrderKind
from bpx_tui.model.ids import OrderId
from bpx_tui.simulator.clock import US_PER_SECOND, ManualClock
from bpx_tui.simulator.domain.catalogue import default_catalogue
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
from bpx_tui.simulator.domain.orders import AccountId, NewOrder, Order, OrderRecord, TriggerTerms
from bpx_tui.simulator.domain.refusals import VenueRefusal
from bpx_tui.simulator.exchange import Exchange
from bpx_tui.simulator.history.candles import KEPT, CandleBook
from bpx_tui.simulator.history.columns import LARGEST, Columns
from bpx_tui.simulator.history.memory import TAPE_LIMIT, MarketMemory, PriceKind
from bpx_tui.simulator.history.seeded import Past
from bpx_tui.simulator.history.units import Units
from bpx_tui.simulator.options import Options, Scenario
from bpx_tui.simulator.streams.socket import Socket
from tests.simulator.desk import Listener, make_exchange, run
from tests.simulator.floor import ASK, BID, PERP, START_US, USDC, Floor, d

PUBLIC = (BookChanged, BookStateChanged, FundingSettled, LiquidationPrinted, MarkChanged, TradePrinted, TransferMade)


@pytest.fixture
def floor() -> Floor:
    return Floor()


def blocks() -> int:
    """Small pieces of memory in use: every object has at least one, whole numbers and decimals too."""
    gc.collect()
    return sys.getallocatedblocks()


def orders_alive() -> int:
    gc.collect()
    return sum(isinstance(one, Order) for one in gc.get_objects())


# ---- rows of fixed size


@given(st.lists(st.integers(0, 50), max_size=300), st.integers(1, 70))
def test_columns_keep_the_newest_rows(steps: list[int], kept: int) -> None:
    columns, model, time_s = Columns(2, kept), deque[tuple[int, int]](maxlen=kept), 0
    for number, step in enumerate(steps):
        time_s += step
        columns.append((time_s, number))
        model.append((time_s, number))
    assert len(columns) == len(model)
    assert list(columns.rows(0, len(columns))) == list(model)
    assert [columns.row(index) for index in range(len(columns))] == list(model)
    for wanted in (0, time_s // 2, time_s, time_s + 1):
        assert columns.find(wanted) == sum(row[0] < wanted for row in model)


def test_a_number_beyond_64_bits_is_kept_as_the_largest() -> None:
    columns = Columns(2, 3)
    columns.append((1, LARGEST + 5))
    assert columns.row(0) == (1, LARGEST)


# ---- markets


def test_candles_are_kept_as_far_back_as_promised_and_no_further() -> None:
    book, origin, seconds = CandleBook(), 1_700_006_400, 9_000
    for offset in range(seconds):
        book.record(origin + offset, 100 + offset % 7, 2)
    now_s = origin + seconds - 1
    fine = book.rows(KlineInterval.S1, 0, now_s + 1, now_s)
    assert [row.start_s for row in fine] == list(range(now_s - KEPT[KlineInterval.S1], now_s + 1))
    assert all((row.open, row.volume, row.trades) == (100 + (row.start_s - origin) % 7, 2, 1) for row in fine)
    minutes = book.rows(KlineInterval.M1, 0, now_s + 1, now_s)
    assert [row.trades for row in minutes] == [60] * (seconds // 60)
    total = book.total(KlineInterval.M1, origin + 60)
    assert total is not None
    assert (total.trades, total.volume, total.high, total.low) == (seconds - 120, 2 * (seconds - 120), 106, 100)


def test_a_market_takes_all_its_memory_at_once() -> None:
    memory = MarketMemory(Units(d("0.01"), d("0.01")), lambda: Past({}, ()))

    def live_on(first_s: int, seconds: int) -> None:
        for second in range(first_s, first_s + seconds):
            time_us = START_US + second * US_PER_SECOND
            price = d("178.50") + second % 90
            ids = OrderId(str(second)), OrderId(str(second + 1))
            memory.record(TradePrinted(PERP, 1_000_000 + second, price, d("1.25"), *ids, second % 2 > 0, time_us))
            memory.record_mark(MarkChanged(PERP, price, price + 1, None, None, time_us))
            memory.statistics(time_us // US_PER_SECOND)

    live_on(0, 100)
    before = blocks()
    live_on(100, 8_000)
    assert blocks() - before < 50
    assert [row.trade_id for row in memory.trades(5_000)] == list(range(1_008_099, 1_008_099 - TAPE_LIMIT, -1))
    assert memory.candles(PriceKind.MARK).newest(KlineInterval.S1) is not None


def test_an_exchange_has_later_what_it_had_before() -> None:
    exchange, clock = make_exchange(speed=200)
    listener = Listener(exchange)
    kinds = ("depth", "depth.200ms", "bookTicker", "trade", "ticker", "markPrice", "openInterest", "kline.1m")
    listener.subscribe(*(f"{kind}.{symbol}" for kind in kinds for symbol in exchange.symbols), "liquidation")
    for _ in exchange.symbols:
        exchange.recall_one()

    def minutes(count: int) -> int:
        for _ in range(count * 4):
            run(exchange, clock, 15)
            listener.frames.clear()
        return blocks()

    before = minutes(8)
    assert minutes(20) - before < 3_000


# ---- sockets


async def test_a_long_batch_is_not_held_back_until_its_end() -> None:
    loop = asyncio.get_running_loop()
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    transport, _ = await loop.create_connection(asyncio.Protocol, sock=ours)
    outlet = Socket(transport, lambda _: None, 0)
    frames = [f"{number:200}".encode() for number in range(20_000)]
    for frame in frames:
        outlet.push(frame)
    received, sent = b"", b"".join(frames)
    async with asyncio.timeout(10):
        while len(received) < len(sent) - 300_000:
            received += await loop.sock_recv(theirs, 1 << 20)
        outlet.flush()
        while len(received) < len(sent):
            received += await loop.sock_recv(theirs, 1 << 20)
    assert received == sent
    transport.close()
    theirs.close()


# ---- conditional orders


def test_conditional_orders_that_ended_do_not_pile_up_and_those_that_wait_still_fire(floor: Floor) -> None:
    floor.quote("178.49", "178.51")
    floor.market(floor.bob, BID, "1")

    def place(price: int) -> OrderRecord:
        terms = NewOrder(PERP, BID, OrderKind.MARKET, trigger=TriggerTerms(d(price)), trigger_quantity="1")
        return floor.venue.place(floor.alice, terms)

    waiting = [place(price) for price in (190, 170, 195)]
    before = orders_alive()
    for number in range(3_000):
        floor.venue.cancel(floor.alice, PERP, order_id=place(100 + number % 150).id)
    assert orders_alive() - before < 600
    floor.quote("190.49", "190.51")
    floor.market(floor.bob, BID, "1")
    assert [order.id for order in floor.venue.open_orders(floor.alice)] == [waiting[1].id, waiting[2].id]


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


# ---- time that nobody was there for


@pytest.mark.parametrize("speed", [1, 60])
def test_an_exchange_that_slept_for_an_hour_goes_on_from_now_instead_of_replaying_it(speed: float) -> None:
    clock = ManualClock()
    exchange = Exchange(Options(seed=7, speed=speed), default_catalogue(), clock, skip_when_late=True)

    def seconds(count: int) -> int:
        """Things that happened in so many seconds, looked at every half second."""
        done = 0
        for _ in range(2 * count):
            clock.advance(0.5)
            done += exchange.run_due()
        return done

    usual = seconds(10)
    clock.advance(3_600)
    assert exchange.run_due() < usual
    assert seconds(10) > usual / 2


def test_the_busiest_day_in_fast_motion_is_no_more_work_than_at_its_own_pace() -> None:
    def happenings(speed: float) -> int:
        """In the time of one real second."""
        exchange, clock = make_exchange(scenario=Scenario.BUSY, speed=speed)
        clock.advance(speed)
        return exchange.run_due()

    assert happenings(20) < 1.2 * happenings(1)
