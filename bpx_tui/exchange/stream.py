"""The one WebSocket to the exchange, public and private streams together: kept connected, kept subscribed.

Everybody who wants a stream says so, and says when it is no longer wanted; one subscription serves all. Use it within
one event loop; `run` is one supervised task of the service.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

import aiohttp

from bpx_tui.clock import Clock
from bpx_tui.errors import ConnectionLost, UsageError
from bpx_tui.exchange.backoff import Backoff
from bpx_tui.exchange.operations import SUBSCRIBE
from bpx_tui.exchange.server_clock import ServerClock
from bpx_tui.exchange.signing import Signer
from bpx_tui.exchange.stream_names import is_private
from bpx_tui.exchange.stream_socket import Leaving, StreamSocket, new_session, open_socket
from bpx_tui.exchange.stream_subscriptions import Subscriptions, split_private, subscribe_frame, unsubscribe_frame
from bpx_tui.exchange.wire_stream import StreamEvent, Undecodable, decode_named

GATE_SECONDS = 0.004
MAX_UNREADABLE_IN_A_ROW = 50


class StreamState(StrEnum):
    CONNECTING = "connecting"
    OPEN = "open"
    WAITING = "waiting"
    """Not connected; the next attempt comes at `retry_at`."""
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class StreamStatus:
    """Where the connection stands.

    `session` counts the sockets that took over: with every new one all is subscribed again and frames may have been
    missed, so books and account must be read anew. `retry_at` is a monotonic second.
    """

    state: StreamState
    reason: str = ""
    retry_at: float | None = None
    session: int = 0

    @property
    def reconnects(self) -> int:
        return max(0, self.session - 1)


class StreamClient:
    """Keeps one socket open and the wanted streams subscribed on it.

    `on_event` gets every decoded frame in order, `on_state` every change of `status`; both are called on the loop and
    must not block. An error that `on_event` raises ends `run`.

    Attributes:
        status: the newest `StreamStatus`.
        frames, undecodable: counted since the start.
        last_frame_at: monotonic second of the newest frame of any kind.
    """

    def __init__(
        self,
        url: str,
        signer: Signer | None,
        server_clock: ServerClock,
        clock: Clock,
        rng: random.Random,
        on_event: Callable[[StreamEvent], None],
        on_state: Callable[[StreamStatus], None],
        *,
        gate_seconds: float = GATE_SECONDS,
    ) -> None:
        self._url = url
        self._signer = signer
        self._server_clock = server_clock
        self._clock = clock
        self._on_event = on_event
        self._on_state = on_state
        self._gate_seconds = gate_seconds
        self._backoff = Backoff(rng)
        self._subscriptions = Subscriptions()
        self._changed = asyncio.Event()
        self._socket: StreamSocket | None = None
        self._task: asyncio.Task[None] | None = None
        self._unreadable_in_a_row = 0
        self.status = StreamStatus(StreamState.CLOSED)
        self.frames = 0
        self.undecodable = 0
        self.last_frame_at: float | None = None

    def want(self, stream: str) -> None:
        """Have `stream` from now on, until as many `release` follow. Goes out with all that change in this loop turn.

        Raises:
            UsageError: it is private, and this session has no key that may subscribe.
        """
        if is_private(stream) and (self._signer is None or not self._signer.allows(SUBSCRIBE)):
            raise UsageError(f"{stream} needs an API key.")
        self._subscriptions.want(stream)
        self._changed.set()

    def release(self, stream: str) -> None:
        self._subscriptions.release(stream)
        self._changed.set()

    def renew(self, stream: str) -> None:
        """Unsubscribe and subscribe it again, because it has fallen silent. Nothing else is touched."""
        self._subscriptions.renew(stream)
        self._changed.set()

    @property
    def reconnects(self) -> int:
        """How often another socket has taken over since the start."""
        return self.status.reconnects

    @property
    def rtt_ms(self) -> float | None:
        """Round trip of the newest ping on this socket."""
        return self._socket.rtt_ms if self._socket is not None else None

    def proven_at(self, stream: str) -> float | None:
        """Monotonic second of its newest frame on this socket; `None` while nothing has proven it."""
        return self._subscriptions.proven_at(stream)

    def silent_since(self, stream: str) -> float | None:
        """Monotonic second of its newest frame or else of its subscription; `None` if it is not subscribed now."""
        return self._subscriptions.silent_since(stream)

    def unproven(self) -> tuple[str, ...]:
        """Streams that this socket was asked for and that have not sent a frame on it."""
        return self._subscriptions.unproven()

    async def run(self) -> None:
        """Stay connected until `close` or cancellation."""
        try:
            async with new_session(self._url) as http, asyncio.TaskGroup() as group:
                self._task = group.create_task(self._keep_connected(http), name="stream connection")
        finally:
            self._task = None
            self._publish(StreamStatus(StreamState.CLOSED, session=self.status.session))

    async def close(self) -> None:
        """End `run`; done when the socket is closed, which takes at most a few seconds."""
        task = self._task
        if task is not None:
            task.cancel()
            await asyncio.wait({task}, timeout=5.0)

    async def _keep_connected(self, http: aiohttp.ClientSession) -> None:
        leaving: StreamSocket | None = None
        self._change_state(StreamState.CONNECTING, "")
        try:
            while True:
                try:
                    socket = await self._connect(http)
                except ConnectionLost as lost:
                    await self._pause(str(lost))
                    continue
                end = await self._serve(socket, leaving)
                if leaving is not None:
                    await leaving.close()
                leaving = socket if isinstance(end, Leaving) else None
                await self._pause(str(end), eager=leaving is not None)
        finally:
            if leaving is not None:
                await leaving.close()

    async def _connect(self, http: aiohttp.ClientSession) -> StreamSocket:
        self._backoff.connecting(self._clock.monotonic())
        return await open_socket(http, self._url, self._clock, self._on_frame, gate_seconds=self._gate_seconds)

    async def _serve(self, socket: StreamSocket, previous: StreamSocket | None) -> Leaving | ConnectionLost:
        """Subscribe everything, let go of the previous socket, and read until this one ends.

        A socket that the exchange wants to see leave stays open: the caller drops it when the next one has taken over.
        """
        self._socket = socket
        self._subscriptions.forget_socket()
        end: Leaving | ConnectionLost = ConnectionLost("the connection ended")
        try:
            async with asyncio.TaskGroup() as group:
                await self._send_changes(socket)
                if previous is not None:
                    group.create_task(previous.close(), name="previous socket closing")
                self._publish(StreamStatus(StreamState.OPEN, session=self.status.session + 1))
                helpers = (
                    group.create_task(self._keep_subscribed(socket), name="stream subscriptions"),
                    group.create_task(socket.keep_alive(), name="stream pings"),
                )
                end = await socket.read()
                for helper in helpers:
                    helper.cancel()
        except* ConnectionLost as lost:
            end = _first_loss(lost)
        finally:
            self._socket = None
            self._subscriptions.forget_socket()
            self._backoff.ended(self._clock.monotonic() - socket.opened_at)
            if not isinstance(end, Leaving):
                await socket.close()
        return end

    async def _pause(self, reason: str, *, eager: bool = False) -> None:
        now = self._clock.monotonic()
        delay = self._backoff.next_delay(now, eager=eager)
        if delay > 0:
            self._change_state(StreamState.WAITING, reason, now + delay)
            await self._clock.sleep(delay)
        self._change_state(StreamState.CONNECTING, reason)

    async def _keep_subscribed(self, socket: StreamSocket) -> None:
        while True:
            await self._changed.wait()
            await self._send_changes(socket)

    async def _send_changes(self, socket: StreamSocket) -> None:
        """Tell the exchange what is wanted differently: everything public in one frame, everything private in one."""
        self._changed.clear()
        gone, new = self._subscriptions.take_changes(self._clock.monotonic())
        if gone:
            await socket.send(unsubscribe_frame(gone))
        public, private = split_private(new)
        if public:
            await socket.send(subscribe_frame(public))
        if private and self._signer is not None:
            await socket.send(subscribe_frame(private, self._signer.subscription(self._server_clock.now_ms())))

    def _on_frame(self, raw: str | bytes) -> None:
        now = self._clock.monotonic()
        self.frames += 1
        self.last_frame_at = now
        stream, event = decode_named(raw)
        if isinstance(event, Undecodable):
            self.undecodable += 1
            self._unreadable_in_a_row = 0 if stream else self._unreadable_in_a_row + 1
            if self._unreadable_in_a_row >= MAX_UNREADABLE_IN_A_ROW:
                self._unreadable_in_a_row = 0
                raise ConnectionLost("what arrives cannot be read")
        else:
            self._unreadable_in_a_row = 0
            self._subscriptions.prove(stream, now)
        self._on_event(event)

    def _change_state(self, state: StreamState, reason: str, retry_at: float | None = None) -> None:
        self._publish(replace(self.status, state=state, reason=reason, retry_at=retry_at))

    def _publish(self, status: StreamStatus) -> None:
        self.status = status
        self._on_state(status)


def _first_loss(group: BaseExceptionGroup[ConnectionLost]) -> ConnectionLost:
    """One of the reasons; when the socket breaks, several tasks may notice at once."""
    first = group.exceptions[0]
    return _first_loss(first) if isinstance(first, BaseExceptionGroup) else first
