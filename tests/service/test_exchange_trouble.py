"""Maintenance and a silent matching engine: new risk waits, what takes risk away is sent, and the end is noticed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise

import pytest

from bpx_tui.errors import BpxError, NotSent, OutcomeUnknown, Refused, Unavailable
from bpx_tui.exchange.server_clock import ServerClock
from bpx_tui.model.enums import OrderStatus, Side
from bpx_tui.service.announcer import Announcer
from bpx_tui.service.bus import Channel, Latest
from bpx_tui.service.exchange_status import ExchangeStatusWatch
from bpx_tui.service.gate import GateKeeper
from bpx_tui.service.intents import OutcomeKind
from bpx_tui.service.topics import GATE
from tests.fakes import values
from tests.fakes.clock import ManualClock
from tests.fakes.venue import ScriptedVenue
from tests.service.desk_parts import Bench

LOST = OutcomeUnknown("no answer in time")
ASK = values.request(Side.ASK, price="101")


async def test_in_maintenance_new_orders_are_refused_here_and_what_reduces_is_sent() -> None:
    async with Bench().running() as bench:
        await bench.outcome(bench.press(values.request()))
        bench.venue.status_word = "Maintenance"
        await bench.clock.advance(75)
        assert (bench.gate().is_open, bench.gate().alarm) == (False, "MAINTENANCE")
        refused = await bench.outcome(bench.press(ASK))
        assert refused.text == "Not sent: the exchange says Maintenance."
        assert len(bench.venue.placed) == 1
        assert (await bench.outcome(bench.press_cancel("1"))).kind is OutcomeKind.ACCEPTED
        reducing = await bench.outcome(bench.press(replace(ASK, symbol=values.SOL_PERP, reduce_only=True)))
        assert reducing.kind is OutcomeKind.ACCEPTED


class Watched:
    """The watch alone, with the venue that it asks."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.venue = ScriptedVenue(self.clock, ServerClock(self.clock))
        self.latest = Latest()
        self.gate = GateKeeper(self.latest)
        self.open_at_end: list[bool] = []
        self.watch = ExchangeStatusWatch(
            self.venue,
            self.gate,
            Announcer(Channel(), self.clock),
            self.clock,
            random.Random(1),
            lambda: self.open_at_end.append(self.gate.is_open),
        )

    async def probes_a_minute(self) -> list[int]:
        counts = [self.venue.count("status")]
        for _ in range(10):
            await self.clock.advance(60)
            counts.append(self.venue.count("status"))
        return [after - before for before, after in pairwise(counts)]


async def test_maintenance_is_asked_about_every_ten_seconds_and_never_more_than_six_times_a_minute() -> None:
    watched = Watched()
    venue, venue.status_word = watched.venue, "Maintenance"
    running = asyncio.ensure_future(watched.watch.run())
    counts = await watched.probes_a_minute()
    assert 5 <= min(counts) <= max(counts) <= 6
    venue.always["status"] = Unavailable("503", code="MAINTENANCE")
    assert max(await watched.probes_a_minute()) <= 6
    del venue.always["status"]
    venue.status_word = "Ok"
    await watched.clock.advance(13)
    assert max(await watched.probes_a_minute()) <= 1
    running.cancel()


async def test_a_word_of_any_length_leaves_room_for_the_rest_of_the_header() -> None:
    watched = Watched()
    watched.venue.status_word = "Planned_" * 8
    await watched.watch.ask()
    assert watched.gate.reason == f"the exchange says {'Planned_' * 8}"
    shown = watched.latest.value(GATE)
    assert shown is not None
    assert shown.alarm == "PLANNED PLANNED PLAN"


async def test_the_end_of_maintenance_is_noticed_and_the_account_read_before_new_risk() -> None:
    bench = Bench()
    bench.venue.status_word = "Maintenance"
    async with bench.running():
        await bench.clock.advance(30)
        reads = bench.venue.count("account")
        bench.venue.status_word = "Ok"
        await bench.clock.advance(13)
        assert bench.gate().is_open
        assert bench.venue.count("account") > reads
        assert any("works again" in text for text in bench.notices())
        assert (await bench.outcome(bench.press(ASK))).kind is OutcomeKind.ACCEPTED


@pytest.mark.parametrize(("code", "alarm"), [("MAINTENANCE", "MAINTENANCE"), ("TRADING_PAUSED", "TRADING PAUSED")])
async def test_an_orders_answer_can_be_the_first_to_tell_of_maintenance(code: str, alarm: str) -> None:
    async with Bench().running() as bench:
        asked = bench.venue.count("status")
        bench.venue.script("place", OutcomeUnknown("503", code=code))
        assert (await bench.outcome(bench.press(values.request()))).kind is OutcomeKind.UNKNOWN
        assert bench.gate().alarm == alarm
        assert code in (await bench.outcome(bench.press(ASK))).text
        await bench.clock.advance(9)
        assert (bench.gate().alarm, bench.venue.count("status")) == (alarm, asked)
        await bench.clock.advance(4)
        assert bench.gate().is_open
        assert bench.venue.count("status") == asked + 1


async def test_a_status_that_cannot_be_read_neither_begins_nor_ends_maintenance() -> None:
    async with Bench().running() as bench:
        bench.venue.always["status"] = Unavailable("timeout")
        await bench.clock.advance(80)
        assert bench.gate().is_open
        bench.venue.always["status"] = Unavailable("503", code="MAINTENANCE")
        await bench.clock.advance(80)
        assert bench.gate().alarm == "MAINTENANCE"
        bench.venue.always["status"] = Unavailable("timeout")
        await bench.clock.advance(80)
        assert bench.gate().alarm == "MAINTENANCE"


async def test_a_status_asked_before_an_order_met_maintenance_does_not_end_it() -> None:
    async def told_meanwhile() -> None:
        await watched.clock.sleep(1)
        watched.watch.heard("MAINTENANCE")

    watched = Watched()
    watched.venue.script("status", told_meanwhile)
    async with asyncio.TaskGroup() as group:
        group.create_task(watched.watch.ask())
        await watched.clock.advance(2)
    assert watched.gate.reason == "the exchange answers MAINTENANCE"
    await watched.watch.ask()
    assert watched.gate.is_open
    assert watched.open_at_end == [False], "whoever hears of the end can keep it closed without a gap"


@asynccontextmanager
async def with_a_silent_engine(*failures: BpxError) -> AsyncIterator[Bench]:
    """Two orders without a clear answer, beside one that rests."""
    async with Bench().running() as bench:
        await bench.live_book()
        bench.socket.last_frame_at = bench.clock.monotonic()
        await bench.outcome(bench.press(values.request()))
        bench.venue.script("place", *(failures or (LOST, LOST)))
        await bench.outcome(bench.press(values.request(price="99")))
        assert bench.gate().is_open
        bench.socket.last_frame_at = bench.clock.monotonic()
        await bench.outcome(bench.press(ASK))
        yield bench


async def test_two_orders_without_a_clear_answer_in_ten_seconds_stop_new_risk_and_nothing_else() -> None:
    async with with_a_silent_engine() as bench:
        assert bench.gate().alarm == "ENGINE DOWN"
        placed = len(bench.venue.placed)
        refused = await bench.outcome(bench.press(values.request(symbol=values.SOL_PERP)))
        assert refused.text == ("Not sent: the matching engine does not answer (2 orders or cancels in 10 s).")
        assert len(bench.venue.placed) == placed
        bench.venue.always["cancel"] = bench.venue.always["place"] = LOST
        assert (await bench.outcome(bench.press_cancel("1"))).kind is OutcomeKind.UNKNOWN
        reducing = values.request(Side.ASK, symbol=values.SOL_PERP, reduce_only=True, price="101")
        assert (await bench.outcome(bench.press(reducing))).kind is OutcomeKind.UNKNOWN
        assert bench.venue.count("cancel") == 1
        assert len(bench.venue.placed) == placed + 1
        assert not bench.gate().is_open


async def test_where_no_data_comes_either_it_is_not_called_the_engine() -> None:
    async with Bench().running() as bench:
        bench.venue.script("place", LOST, LOST)
        await bench.outcome(bench.press(values.request()))
        await bench.outcome(bench.press(ASK))
        assert bench.gate().alarm == "NO ANSWER"
        assert bench.gate().reason.startswith("the exchange does not answer (2")


@pytest.mark.parametrize("between", [(), (Refused("no funds", code="INSUFFICIENT_FUNDS"),), (NotSent("no route"),)])
async def test_only_what_is_unclear_counts_and_only_within_ten_seconds(between: tuple[BpxError, ...]) -> None:
    async with Bench().running() as bench:
        bench.venue.script("place", LOST, *between, LOST)
        await bench.outcome(bench.press(values.request()))
        for _ in between:
            await bench.outcome(bench.press(ASK))
        await bench.clock.advance(10)
        await bench.outcome(bench.press(ASK))
        assert bench.gate().is_open


async def test_an_acknowledged_order_in_between_shows_that_the_engine_lives() -> None:
    async with Bench().running() as bench:
        bench.venue.script("place", LOST)
        await bench.outcome(bench.press(values.request()))
        await bench.outcome(bench.press(ASK))
        bench.venue.script("place", LOST)
        await bench.outcome(bench.press(ASK))
        assert bench.gate().is_open


async def test_a_cancel_that_is_executed_ends_it_and_one_that_is_only_accepted_does_not() -> None:
    async with with_a_silent_engine() as bench:
        bench.venue.accepts_cancels_only = True
        await bench.outcome(bench.press_cancel("1"))
        assert bench.gate().alarm == "ENGINE DOWN"
        bench.venue.accepts_cancels_only = False
        await bench.outcome(bench.press_cancel("1"))
        assert bench.gate().is_open
        assert any(text == "New orders are taken again: the matching engine answers." for text in bench.notices())


async def test_what_the_engine_does_later_ends_it_and_what_it_did_before_does_not() -> None:
    async with with_a_silent_engine() as bench:
        resting = values.order("1", time_us=bench.time.now_us() - 60_000_000)
        bench.take_update(values.update(resting))
        await bench.clock.advance(0.1)
        assert bench.gate().alarm == "ENGINE DOWN"
        bench.take_update(values.update(replace(resting, engine_time_us=bench.time.now_us() + 1)))
        await bench.clock.advance(0.1)
        assert bench.gate().is_open


async def test_it_ends_when_what_had_no_answer_is_proven_never_to_have_arrived() -> None:
    async with with_a_silent_engine() as bench:
        await bench.clock.advance(60)
        assert bench.gate().alarm == "ENGINE DOWN"
        await bench.clock.advance(15)
        assert bench.gate().is_open
        assert "unknown" not in bench.states()


async def test_after_it_was_down_one_more_silence_within_a_minute_is_enough() -> None:
    async with with_a_silent_engine() as bench:
        await bench.outcome(bench.press_cancel("1"))
        await bench.clock.advance(50)
        bench.venue.script("place", LOST)
        bench.socket.last_frame_at = bench.clock.monotonic()
        await bench.outcome(bench.press(values.request(symbol=values.SOL_PERP)))
        assert bench.gate().reason == "the matching engine does not answer (an order or cancel, again)"
        await bench.clock.advance(80)
        assert bench.gate().is_open
        await bench.clock.advance(60)
        bench.venue.script("place", LOST)
        await bench.outcome(bench.press(values.request(symbol=values.SOL_PERP)))
        assert bench.gate().is_open


async def test_sweeps_without_an_answer_count_and_leave_their_market_in_doubt_until_one_is_answered() -> None:
    async with Bench().running() as bench:
        await bench.outcome(bench.press(values.request()))
        bench.venue.always["cancel_all"] = LOST
        assert (await bench.outcome(bench.press_cancel_all(), within=10)).kind is OutcomeKind.UNKNOWN
        assert not bench.gate().is_open
        await bench.clock.advance(50)
        assert not bench.gate().is_open
        del bench.venue.always["cancel_all"]
        assert (await bench.outcome(bench.press_cancel_all(), within=3)).kind is OutcomeKind.ACCEPTED
        assert bench.gate().is_open
        assert all(order.status is OrderStatus.CANCELLED for order in bench.venue.orders.values())


@pytest.mark.parametrize("press", [Bench.press_cancel_all, lambda bench: bench.press_cancel("1")])
async def test_a_cancel_that_can_no_longer_arrive_keeps_nothing_closed(press: Callable[[Bench], int]) -> None:
    lost = OutcomeUnknown("no answer in time")
    async with Bench().running() as bench:
        await bench.outcome(bench.press(values.request()))
        bench.venue.always["cancel_all"] = bench.venue.always["cancel"] = lost
        lost.lapses_ms = bench.time.now_ms() + 20_000
        for _ in range(2):
            press(bench)
            await bench.clock.advance(1)
        assert not bench.gate().is_open
        await bench.clock.advance(75)
        assert not bench.gate().is_open
        await bench.clock.advance(15)
        assert bench.gate().is_open
        assert bench.states() == ["open"]


async def test_an_answer_that_was_lost_after_the_stream_had_shown_the_order_leaves_nothing_in_doubt() -> None:
    async with Bench().running() as bench:

        async def stream_first() -> None:
            bench.take_update(values.update(bench.venue.accept(bench.venue.placed[-1])))
            raise LOST

        bench.venue.script("place", stream_first, stream_first)
        for request in (values.request(), ASK):
            assert (await bench.outcome(bench.press(request), within=0.01)).kind is OutcomeKind.ACCEPTED
        assert not bench.gate().is_open
        await bench.clock.advance(1)
        assert bench.gate().is_open
