"""The connection against a server that fails in every way a server can."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import AsyncIterator

import pytest
from aiohttp import WSCloseCode

from bpx_tui.exchange.server_clock import ServerClock
from bpx_tui.exchange.stream import StreamClient, StreamState
from bpx_tui.exchange.wire_stream import StreamEvent, Undecodable
from bpx_tui.model.quotes import Ticker
from tests.exchange.stream_venue import Desk, StreamVenue, connected, running, until
from tests.fakes.clock import ManualClock

TICKER = (
    '{"data":{"E":1754178406415232,"V":"1","c":"2","e":"ticker","h":"3","l":"1","n":1,"o":"2","s":"SOL_USDC","v":"1"},'
    '"stream":"ticker.SOL_USDC"}'
)


def depth(update_id: int) -> str:
    data = (
        f'{{"E":1,"T":{update_id},"U":{update_id},"a":[],"b":[["1","2"]],"e":"depth","s":"SOL_USDC","u":{update_id}}}'
    )
    return f'{{"data":{data},"stream":"depth.SOL_USDC"}}'


@pytest.fixture
async def venue() -> AsyncIterator[StreamVenue]:
    venue = StreamVenue()
    await venue.server.start_server()
    yield venue
    await venue.server.close()


async def test_frames_arrive_in_order_and_prove_their_stream(venue: StreamVenue) -> None:
    async with connected(venue, "depth.SOL_USDC", "ticker.SOL_USDC", "trade.SOL_USDC") as desk:
        asked_at = desk.clock.monotonic()
        assert desk.client.silent_since("ticker.SOL_USDC") == asked_at
        assert desk.client.proven_at("ticker.SOL_USDC") is None
        await desk.clock.advance(2)
        for update_id in range(1, 6):
            await venue.newest.send(depth(update_id))
        await venue.newest.send(TICKER)
        await until(lambda: len(desk.events) == 6)
        assert [event[2] for event in desk.events if isinstance(event, tuple)] == [1, 2, 3, 4, 5]
        assert isinstance(desk.events[-1], Ticker)
        assert desk.client.proven_at("ticker.SOL_USDC") == asked_at + 2 == desk.client.last_frame_at
        assert desk.client.silent_since("trade.SOL_USDC") == asked_at
        assert desk.client.silent_since("kline.1m.SOL_USDC") is None
        assert desk.client.unproven() == ("trade.SOL_USDC",)
        assert desk.client.frames == 6


async def test_a_dropped_connection_is_replaced_after_a_pause_and_proves_its_streams_anew(venue: StreamVenue) -> None:
    async with connected(venue, "ticker.SOL_USDC") as desk:
        await venue.newest.send(TICKER)
        await until(lambda: desk.client.unproven() == ())
        venue.newest.drop()
        await until(lambda: desk.state is StreamState.WAITING)
        status = desk.client.status
        assert status.reason == "the connection dropped"
        assert status.retry_at is not None
        assert 0 < status.retry_at - desk.clock.monotonic() <= 0.5
        assert desk.client.silent_since("ticker.SOL_USDC") is None
        await desk.wait_out_the_retry()
        await until(lambda: desk.is_open(2) and venue.newest.subscribed == ["ticker.SOL_USDC"])
        assert desk.client.unproven() == ("ticker.SOL_USDC",)
        assert desk.client.reconnects == 1


async def test_the_next_socket_is_subscribed_before_the_leaving_one_is_dropped(venue: StreamVenue) -> None:
    async with connected(venue, "depth.SOL_USDC") as desk:
        await desk.clock.advance(61)
        leaving = venue.newest
        await leaving.announce_close()
        await until(lambda: leaving.is_over)
        assert desk.is_open(2)
        assert venue.log == ["connected 1", "subscribe 1", "connected 2", "subscribe 2", "over 1"]
        assert leaving.socket.close_code == WSCloseCode.OK
        assert StreamState.WAITING not in [status.state for status in desk.states]
        await venue.newest.send(depth(1))
        await until(lambda: len(desk.events) == 1)


async def test_an_abnormal_close_says_its_code(venue: StreamVenue) -> None:
    async with connected(venue, "depth.SOL_USDC") as desk:
        await venue.newest.announce_close(WSCloseCode.POLICY_VIOLATION)
        await until(lambda: desk.state is StreamState.WAITING)
        assert desk.client.status.reason == "the exchange closed the connection (1008)"


async def test_a_black_hole_is_noticed_by_the_missing_pong(venue: StreamVenue) -> None:
    venue.answers_pings = False
    async with connected(venue, "depth.SOL_USDC") as desk:
        await desk.clock.advance(1)
        await until(lambda: venue.newest.pings == 1)
        await desk.clock.advance(7.4)
        assert desk.is_open()
        await desk.clock.advance(0.2)
        await until(lambda: desk.state is StreamState.WAITING)
        assert desk.client.status.reason == "no answer to a ping within 7.5 s"


async def test_data_counts_as_an_answer(venue: StreamVenue) -> None:
    venue.answers_pings = False
    async with connected(venue, "depth.SOL_USDC") as desk:
        await desk.clock.advance(1)
        await until(lambda: venue.newest.pings == 1)
        await venue.newest.send(depth(1))
        await until(lambda: len(desk.events) == 1)
        await desk.clock.advance(7.6)
        assert desk.is_open()


async def test_pings_measure_the_round_trip_after_a_second_and_every_fifteen(venue: StreamVenue) -> None:
    async with connected(venue, "depth.SOL_USDC") as desk:
        for pings, pause in enumerate((1, 15, 15), 1):
            await desk.clock.advance(pause)
            await until(lambda pings=pings: venue.newest.pings == pings)  # type: ignore[misc]
            await until(lambda: desk.client.rtt_ms is not None)
        assert desk.client.rtt_ms == 0
        assert desk.is_open()


async def test_the_exchanges_pings_are_answered(venue: StreamVenue) -> None:
    async with connected(venue, "depth.SOL_USDC"):
        await venue.newest.socket.ping(b"60 s")
        await until(lambda: venue.newest.pongs == [b"60 s"])


async def test_one_muted_stream_shows_by_its_silence_and_is_renewed_alone(venue: StreamVenue) -> None:
    async with connected(venue, "depth.SOL_USDC", "ticker.SOL_USDC") as desk:
        await venue.newest.send(depth(1))
        await venue.newest.send(TICKER)
        await until(lambda: len(desk.events) == 2)
        muted_at = desk.clock.monotonic()
        for beat in range(3, 6):
            await desk.clock.advance(1)
            await venue.newest.send(TICKER)
            await until(lambda beat=beat: len(desk.events) == beat)  # type: ignore[misc]
        assert desk.client.silent_since("depth.SOL_USDC") == muted_at
        assert desk.client.silent_since("ticker.SOL_USDC") == muted_at + 3
        desk.client.renew("depth.SOL_USDC")
        await until(lambda: len(venue.newest.received) == 3)
        assert desk.client.unproven() == ("depth.SOL_USDC",)
        assert desk.is_open()


@pytest.mark.parametrize("garbage", ["null", "[]", "{", '{"stream":"depth.SOL_USDC","data":null}', "\x00", "[" * 2000])
async def test_garbage_is_counted_and_the_socket_stays(venue: StreamVenue, garbage: str) -> None:
    async with connected(venue, "ticker.SOL_USDC", "depth.SOL_USDC") as desk:
        await venue.newest.send(garbage)
        await venue.newest.send(TICKER)
        await until(lambda: len(desk.events) == 2)
        assert isinstance(desk.events[0], Undecodable)
        assert isinstance(desk.events[1], Ticker)
        assert desk.client.undecodable == 1
        assert desk.client.unproven() == ("depth.SOL_USDC",)
        assert desk.is_open()


async def test_nothing_but_garbage_ends_the_socket(venue: StreamVenue) -> None:
    async with connected(venue, "ticker.SOL_USDC") as desk:
        for _ in range(50):
            await venue.newest.send("null")
        await until(lambda: desk.state is StreamState.WAITING)
        assert desk.client.status.reason == "what arrives cannot be read"


async def test_an_oversized_frame_ends_the_socket(venue: StreamVenue) -> None:
    async with connected(venue, "ticker.SOL_USDC") as desk:
        await venue.newest.send('"' + "x" * (1 << 20) + '"')
        await until(lambda: desk.state is StreamState.WAITING)
        assert desk.client.status.reason == "a frame was larger than 1 MiB"
        assert desk.events == []
        await desk.wait_out_the_retry()
        await until(lambda: desk.is_open(2))


async def test_invalid_utf8_ends_the_socket(venue: StreamVenue) -> None:
    async with connected(venue, "ticker.SOL_USDC") as desk:
        writer = venue.newest.socket._writer
        assert writer is not None
        await writer.send_frame(b"\xff\xfe", 1)
        await until(lambda: desk.state is StreamState.WAITING)
        assert "broke the WebSocket protocol (1007)" in desk.client.status.reason


async def test_flapping_a_hundred_times_stays_within_twelve_connects_a_minute(venue: StreamVenue) -> None:
    venue.drop_after_subscribe = True
    desk = Desk(venue.url)
    desk.client.want("depth.SOL_USDC")
    connects: list[float] = []
    async with running(desk):
        for flap in range(1, 101):
            await until(lambda flap=flap: len(venue.connections) == flap)  # type: ignore[misc]
            connects.append(desk.clock.monotonic())
            await until(lambda: desk.state is StreamState.WAITING)
            await desk.wait_out_the_retry()
        await until(lambda: len(venue.connections) == 101)
    for first, thirteenth in zip(connects, connects[12:], strict=False):
        assert thirteenth - first >= 60 - 1e-6
    gaps = [later - earlier for earlier, later in itertools.pairwise(connects)]
    assert max(gaps) <= 60
    assert sum(gaps[20:]) / len(gaps[20:]) > 5


@pytest.mark.parametrize(
    ("status", "reason"),
    [(503, "the exchange refused the connection (HTTP 503)"), (403, "the exchange refused the connection (HTTP 403)")],
)
async def test_a_refused_handshake_says_so(venue: StreamVenue, status: int, reason: str) -> None:
    venue.refuse_with = status
    async with running(Desk(venue.url)) as desk:
        await until(lambda: desk.state is StreamState.WAITING)
        assert desk.client.status.reason == reason
        venue.refuse_with = None
        await desk.wait_out_the_retry()
        await until(lambda: desk.is_open(1))


async def test_a_redirect_is_not_followed(venue: StreamVenue) -> None:
    venue.redirect_to = f"{venue.url}?elsewhere"
    async with running(Desk(venue.url)) as desk:
        await until(lambda: desk.state is StreamState.WAITING)
        assert "redirect (302)" in desk.client.status.reason
        assert venue.connections == []


async def test_nobody_there(venue: StreamVenue) -> None:
    await venue.server.close()
    async with running(Desk(venue.url)) as desk:
        await until(lambda: desk.state is StreamState.WAITING)
        assert desk.client.status.reason.startswith("cannot connect:")
    assert desk.state is StreamState.CLOSED


async def test_closing_ends_run_and_the_socket(venue: StreamVenue) -> None:
    async with connected(venue, "ticker.SOL_USDC") as desk:
        pass
    assert desk.states[-1].state is StreamState.CLOSED
    await until(lambda: venue.newest.is_over)


async def test_an_error_of_the_listener_comes_out_of_run(venue: StreamVenue) -> None:
    def fail(event: StreamEvent) -> None:
        raise LookupError(str(type(event)))

    desk = Desk(venue.url, on_event=fail)
    desk.client.want("ticker.SOL_USDC")

    async def send() -> None:
        await until(lambda: desk.is_open() and venue.newest.subscribed)
        await venue.newest.send(TICKER)

    async with asyncio.timeout(10):
        with pytest.raises(ExceptionGroup) as caught:
            await asyncio.gather(desk.client.run(), send())
    assert caught.group_contains(LookupError)
    await until(lambda: venue.newest.is_over)


async def test_gated_reading_loses_and_reorders_nothing(venue: StreamVenue) -> None:
    class Hasty(ManualClock):
        """Sleeps of milliseconds take one turn of the loop; longer ones wait for the test."""

        pauses = 0

        async def sleep(self, seconds: float) -> None:
            if seconds > 0.1:
                await super().sleep(seconds)
            self.pauses += 1
            await asyncio.sleep(0)

    clock, events = Hasty(), list[StreamEvent]()
    client = StreamClient(
        venue.url, None, ServerClock(clock), clock, random.Random(1), events.append, lambda _: None, gate_seconds=0.004
    )
    client.want("depth.SOL_USDC")
    async with asyncio.TaskGroup() as group:
        task = group.create_task(client.run())
        await until(lambda: venue.connections and venue.newest.subscribed)
        for update_id in range(1, 2_001):
            await venue.newest.send(depth(update_id))
        await until(lambda: len(events) == 2_000)
        await client.close()
        await asyncio.wait({task})
    assert [event[2] for event in events if isinstance(event, tuple)] == list(range(1, 2_001))
    assert 0 < clock.pauses < 2_000
