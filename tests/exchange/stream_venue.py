"""A WebSocket server that behaves as a test tells it to, and the client under test on a clock that stands still."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web
from aiohttp.test_utils import TestServer

from bpx_tui.exchange.server_clock import ServerClock
from bpx_tui.exchange.signing import Signer
from bpx_tui.exchange.stream import StreamClient, StreamState, StreamStatus
from bpx_tui.exchange.wire_stream import StreamEvent
from tests.fakes.clock import ManualClock

PATIENCE_SECONDS = 10.0


async def until(condition: Callable[[], object]) -> None:
    """Let the loop run until it holds; bounded."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110 - what is waited for happens behind a real socket
            await asyncio.sleep(0)


@dataclass(eq=False)
class Connection:
    """One accepted socket, as the server sees it."""

    socket: web.WebSocketResponse
    request: web.Request
    number: int
    received: list[dict[str, Any]] = field(default_factory=list)
    pings: int = 0
    pongs: list[bytes] = field(default_factory=list)
    is_over: bool = False
    deaf: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def subscribed(self) -> list[str]:
        """Streams asked for and not taken back, in order."""
        names: list[str] = []
        for frame in self.received:
            if frame["method"] == "SUBSCRIBE":
                names += frame["params"]
            else:
                names = [name for name in names if name not in frame["params"]]
        return names

    async def send(self, frame: object) -> None:
        await self.socket.send_str(frame if isinstance(frame, str) else json.dumps(frame))

    def drop(self) -> None:
        """End the TCP connection without a word."""
        transport = self.request.transport
        assert transport is not None
        transport.abort()

    async def announce_close(self, code: int = WSCloseCode.GOING_AWAY) -> None:
        """Send a Close frame and keep the connection, as the exchange does for 30 seconds."""
        writer = self.socket._writer
        assert writer is not None
        await writer.send_frame(code.to_bytes(2, "big") + b"bye", WSMsgType.CLOSE)


class StreamVenue:
    """The server. `answers_pings` False makes it a black hole for new connections."""

    def __init__(self) -> None:
        self.connections: list[Connection] = []
        self.log: list[str] = []
        self.answers_pings = True
        self.refuse_with: int | None = None
        self.redirect_to: str | None = None
        self.drop_after_subscribe = False
        app = web.Application()
        app.router.add_get("/", self._serve)
        self.server = TestServer(app)

    @property
    def url(self) -> str:
        return f"ws://{self.server.host}:{self.server.port}/"

    @property
    def newest(self) -> Connection:
        return self.connections[-1]

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if self.redirect_to is not None:
            raise web.HTTPFound(self.redirect_to)
        if self.refuse_with is not None:
            return web.Response(status=self.refuse_with)
        socket = web.WebSocketResponse(autoping=False, compress=False)
        await socket.prepare(request)
        connection = Connection(socket, request, len(self.connections) + 1)
        self.connections.append(connection)
        self.log.append(f"connected {connection.number}")
        try:
            async for message in socket:
                await self._take(connection, message.type, message.data)
        finally:
            connection.is_over = True
            self.log.append(f"over {connection.number}")
        return socket

    async def _take(self, connection: Connection, kind: WSMsgType, data: Any) -> None:
        if kind is WSMsgType.TEXT:
            connection.received.append(json.loads(data))
            self.log.append(f"{connection.received[-1]['method'].lower()} {connection.number}")
            if self.drop_after_subscribe:
                connection.drop()
        elif kind is WSMsgType.PING:
            connection.pings += 1
            if self.answers_pings:
                await connection.socket.pong(data)
        elif kind is WSMsgType.PONG:
            connection.pongs.append(bytes(data))


class Desk:
    """The client under test, with everything it said."""

    def __init__(
        self, url: str, *, signer: Signer | None = None, on_event: Callable[[StreamEvent], None] | None = None
    ) -> None:
        self.clock = ManualClock()
        self.events: list[StreamEvent] = []
        self.states: list[StreamStatus] = []
        self.client = StreamClient(
            url,
            signer,
            ServerClock(self.clock),
            self.clock,
            random.Random(7),
            on_event or self.events.append,
            self.states.append,
            gate_seconds=0.0,
        )

    @property
    def state(self) -> StreamState:
        return self.client.status.state

    def is_open(self, session: int = 1) -> bool:
        return self.state is StreamState.OPEN and self.client.status.session == session

    async def wait_out_the_retry(self) -> None:
        """Move the clock to the next attempt."""
        await until(lambda: self.state is StreamState.WAITING)
        retry_at = self.client.status.retry_at
        assert retry_at is not None
        await self.clock.advance(retry_at - self.clock.monotonic())


@asynccontextmanager
async def running(desk: Desk) -> AsyncIterator[Desk]:
    """`run` in a task; closed in the end, within a bound."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(desk.client.run())
        try:
            await asyncio.sleep(0)
            yield desk
        finally:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await desk.client.close()
                await asyncio.wait({task})


@asynccontextmanager
async def connected(venue: StreamVenue, *streams: str, signer: Signer | None = None) -> AsyncIterator[Desk]:
    """A desk that wants these streams, connected, its subscriptions received by the venue."""
    desk = Desk(venue.url, signer=signer)
    for stream in streams:
        desk.client.want(stream)
    async with running(desk):
        await until(lambda: desk.is_open() and len(venue.newest.subscribed) == len(streams))
        yield desk
