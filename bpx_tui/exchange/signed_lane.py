"""The lane of everything signed: warm HTTP/1.1 connections on bare asyncio, apart from the public traffic.

A general HTTP client spends as much time on a request as signing and sending it takes; measured by
`tests/perf/click_to_wire.py`. This one writes head and body at once, in the call itself. By construction it sends a
request once, follows nothing, keeps no cookies and knows no proxy; and it can tell "nothing was sent" from "who knows".
Since account reads pass here too, an order finds a connection that is already open.
"""

from __future__ import annotations

import asyncio
import select
import ssl
import sys
import time
from collections import deque
from collections.abc import Callable

from bpx_tui.exchange.connect_errors import why_not_connected
from bpx_tui.exchange.http_reply import BrokenReply, RawReply, ReplyReader

CONNECT_SECONDS = 5.0
KEEP_ALIVE_SECONDS = 50.0
"""Shorter than the minute after which servers close an idle connection, so that we do not meet one that just closed."""

_MAX_IDLE = 8
_HAPPY_EYEBALLS_SECONDS = 0.25


class SignedRequest(bytes):
    """Head and body of a request. Whoever reads it could send it again: a traceback with locals does not show it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<signed request>"


class NotConnected(Exception):
    """There was no connection, so not one byte was sent. `str` says why, for people."""


class ConnectionBroken(Exception):
    """The connection ended after the request may have left it."""


class SignedLane:
    """Warm connections to one host. Use it within one event loop."""

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None, max_body_bytes: int) -> None:
        self._host = host
        self._port = port
        self._tls = tls
        self._max_body_bytes = max_body_bytes
        self._idle: deque[_Connection] = deque(maxlen=_MAX_IDLE)
        self._busy: set[_Connection] = set()
        self._closed = False

    async def send(self, sign: Callable[[], SignedRequest], timeout_seconds: float) -> RawReply:
        """Write one whole request, once, and wait for its answer.

        `sign` makes it when there is a connection to write it to: its signature does not age while one is made.

        Raises:
            NotConnected: nothing was sent.
            ConnectionBroken: it was sent, and the connection ended before the answer.
            BrokenReply: it was sent, and the answer is not one.
            TimeoutError: it was sent, and there was no answer in time.
        """
        connection = self._take_idle() or await self._connect()
        self._busy.add(connection)
        try:
            connection.write(sign())
            async with asyncio.timeout(timeout_seconds):
                reply = await connection.answer()
        except BaseException:
            connection.abort()
            raise
        finally:
            self._busy.discard(connection)
        if reply.keep_alive and not connection.is_closing:
            self._keep(connection)
        else:
            connection.abort()
        return reply

    def close(self) -> None:
        """Close all connections for good; what is under way ends as broken, what was still connecting is not sent."""
        self._closed = True
        for connection in (*self._idle, *self._busy):
            connection.abort()
        self._idle.clear()

    def _keep(self, connection: _Connection) -> None:
        if len(self._idle) == _MAX_IDLE:
            self._idle.popleft().abort()
        connection.idle_since = _now()
        self._idle.append(connection)

    def _take_idle(self) -> _Connection | None:
        """The connection that was used last and is still good."""
        oldest = _now() - KEEP_ALIVE_SECONDS
        while self._idle:
            connection = self._idle.pop()
            if connection.idle_since > oldest and connection.is_quiet:
                return connection
            connection.abort()
        return None

    async def _connect(self) -> _Connection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _, connection = await loop.create_connection(
                    lambda: _Connection(self._max_body_bytes),
                    self._host,
                    self._port,
                    ssl=self._tls,
                    happy_eyeballs_delay=_HAPPY_EYEBALLS_SECONDS,
                )
        except (OSError, TimeoutError) as error:
            raise NotConnected(f"{why_not_connected(error, self._host)}.") from error
        if self._closed:
            connection.abort()
            raise NotConnected("the program has closed its connections.")
        return connection


def _now() -> float:
    """Seconds that go on while the machine sleeps, where the system tells: a connection from before is dead."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if sys.platform == "linux" else time.monotonic()


class _Connection(asyncio.Protocol):
    """One connection carrying one request at a time."""

    def __init__(self, max_body_bytes: int) -> None:
        self._max_body_bytes = max_body_bytes
        self._transport: asyncio.Transport | None = None
        self._reader: ReplyReader | None = None
        self._answer: asyncio.Future[RawReply] | None = None
        self.idle_since = 0.0

    @property
    def is_closing(self) -> bool:
        return self._transport is None or self._transport.is_closing()

    @property
    def is_quiet(self) -> bool:
        """Whether it is open with nothing come in that the loop has yet to see: its end, or words nobody asked for.

        After a pause of the process the end of an idle connection waits in the kernel; a request written then would
        leave its outcome unknown.
        """
        if self._transport is None or self._transport.is_closing():
            return False
        try:
            return not select.select([self._transport.get_extra_info("socket")], [], [], 0)[0]
        except (OSError, ValueError):
            return False

    def write(self, request: SignedRequest) -> None:
        """Write a whole request now. Nothing else is done first: an answer cannot arrive before `answer` is called."""
        if self._transport is None or self._transport.is_closing():
            raise NotConnected("the connection had just been closed.")
        self._transport.write(request)

    def answer(self) -> asyncio.Future[RawReply]:
        """What comes back for the request that was just written."""
        self._reader = ReplyReader(self._max_body_bytes)
        self._answer = asyncio.get_running_loop().create_future()
        return self._answer

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._reader is None:
            self.abort()  # nobody asked
            return
        try:
            reply = self._reader.feed(data)
        except BrokenReply as error:
            self._end(error)
            return
        if reply is not None:
            self._end(reply)

    def eof_received(self) -> None:
        if self._reader is not None:
            try:
                self._end(self._reader.ended())
            except BrokenReply:
                self._end(ConnectionBroken())

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._end(ConnectionBroken())

    def _end(self, outcome: RawReply | Exception) -> None:
        answer, self._answer, self._reader = self._answer, None, None
        if answer is None or answer.done():
            return
        if isinstance(outcome, Exception):
            answer.set_exception(outcome)
        else:
            answer.set_result(outcome)
