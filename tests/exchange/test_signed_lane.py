"""The connections of signed requests: none waits for another, and no answer reaches a request that is not its own."""

from __future__ import annotations

import asyncio
import json
import socket
import traceback
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from bpx_tui.errors import NotSent, OutcomeUnknown
from bpx_tui.exchange import signed_lane
from bpx_tui.exchange.operations import TRADING_INSTRUCTIONS
from bpx_tui.exchange.signed_lane import SignedLane, SignedRequest
from bpx_tui.model.ids import ClientId, OrderId
from tests.exchange.rest_venue import Setup, answer
from tests.exchange.test_rest_faults import LIMIT, ORDER, SOL
from tests.fakes.clock import settled


@pytest.fixture
async def setup() -> AsyncIterator[Setup]:
    async with Setup.running(TRADING_INSTRUCTIONS) as made:
        made.venue.respond = lambda request: answer(
            body={**ORDER, "id": str(json.loads(request.body)["clientId"])} if request.method == "POST" else ORDER
        )
        yield made


async def test_the_late_answer_of_an_abandoned_order_never_reaches_the_next(setup: Setup) -> None:
    setup.venue.stall = asyncio.Event()
    abandoned = asyncio.ensure_future(setup.client.place(LIMIT))
    async with asyncio.timeout(5):
        await setup.venue.arrived.wait()
    abandoned.cancel()
    with pytest.raises(asyncio.CancelledError):
        await abandoned
    setup.venue.stall.set()
    for number in (8, 9):
        placed = await setup.client.place(replace(LIMIT, client_id=ClientId(number)))
        assert placed.order_id == str(number)
    assert setup.venue.connections == 2


async def test_a_slow_history_does_not_delay_a_cancel(setup: Setup) -> None:
    setup.venue.stall = asyncio.Event()
    setup.venue.stalls = lambda request: request.path.startswith("/wapi/v1/history")
    slow = [asyncio.ensure_future(setup.client.fills()) for _ in range(10)]
    await settled()
    async with asyncio.timeout(5):
        cancelled = await setup.client.cancel(SOL, order_id=OrderId("1"))
    assert cancelled is not None
    assert not any(read.done() for read in slow)
    for read in slow:
        read.cancel()
    await asyncio.gather(*slow, return_exceptions=True)


async def test_an_order_that_was_still_connecting_does_not_leave_after_the_close(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    connect, connecting, go_on = loop.create_connection, asyncio.Event(), asyncio.Event()

    async def slowly(*args: Any, **options: Any) -> Any:
        connecting.set()
        await go_on.wait()
        return await connect(*args, **options)

    monkeypatch.setattr(loop, "create_connection", slowly)
    order = asyncio.ensure_future(setup.client.place(LIMIT))
    async with asyncio.timeout(5):
        await connecting.wait()
    await setup.client.close()
    go_on.set()
    with pytest.raises(NotSent, match="closed its connections"):
        await order
    assert setup.venue.requests == []


async def test_a_request_is_signed_when_it_can_leave_and_not_before(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    connect, before_ms = loop.create_connection, setup.clock.wall_ms()

    async def slowly(*args: Any, **options: Any) -> Any:
        setup.clock.skip(4)
        return await connect(*args, **options)

    monkeypatch.setattr(loop, "create_connection", slowly)
    await setup.client.place(LIMIT)
    assert int(setup.venue.requests[0].headers["x-timestamp"]) == before_ms + 4_000


@pytest.mark.parametrize("reply", [None, answer(503)], ids=["no answer", "an answer that does not say"])
async def test_an_unknown_outcome_tells_until_when_what_was_sent_can_still_count(
    setup: Setup, reply: bytes | None
) -> None:
    setup.venue.respond = lambda _: reply
    with pytest.raises(OutcomeUnknown) as unknown:
        await setup.client.place(LIMIT)
    headers = setup.venue.requests[0].headers
    assert unknown.value.lapses_ms == int(headers["x-timestamp"]) + int(headers["x-window"])


async def answer_one(listener: socket.socket) -> socket.socket:
    loop = asyncio.get_running_loop()
    peer, _ = await loop.sock_accept(listener)
    peer.setblocking(False)
    await loop.sock_recv(peer, 65_536)
    await loop.sock_sendall(peer, answer())
    return peer


@pytest.mark.parametrize("forged", [b"", answer(500)], ids=["its end", "an answer nobody asked for"])
async def test_what_came_in_during_a_pause_is_seen_before_a_connection_is_used_again(forged: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        lane = SignedLane("127.0.0.1", listener.getsockname()[1], None, 1_000)

        def request() -> SignedRequest:
            return SignedRequest(b"GET / HTTP/1.1\r\n\r\n")

        async with asyncio.timeout(5):
            peer, _ = await asyncio.gather(answer_one(listener), lane.send(request, 5))
            await settled()
            peer.sendall(forged) if forged else peer.close()  # and the loop has had no turn to notice
            reply, again = await asyncio.gather(lane.send(request, 5), answer_one(listener))
        assert reply.status == 200
        lane.close()
        peer.close()
        again.close()


async def test_a_connection_from_before_a_long_pause_or_a_sleep_is_not_used_again(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(signed_lane, "_now", lambda: now)
    for moment, connections in ((100.0, 1), (149.0, 1), (200.0, 2)):
        now = moment
        await setup.client.place(LIMIT)
        assert setup.venue.connections == connections


async def test_compression_is_declined_since_it_would_not_be_read(setup: Setup) -> None:
    await setup.client.place(LIMIT)
    assert setup.venue.requests[0].headers["accept-encoding"] == "identity"


async def test_a_traceback_with_locals_shows_no_signature(setup: Setup) -> None:
    setup.venue.respond = lambda _: None
    with pytest.raises(OutcomeUnknown) as unknown:
        await setup.client.place(LIMIT)
    frames = unknown.value.__traceback__
    assert frames is not None  # of which the first is this test's own, where the venue holds what it was sent
    seen = traceback.TracebackException(OutcomeUnknown, unknown.value, frames.tb_next, capture_locals=True)
    report = "".join(seen.format())
    headers = setup.venue.requests[0].headers
    assert "lapses_ms = " in report
    assert [name for name in ("x-signature", "x-api-key") if headers[name] in report] == []
