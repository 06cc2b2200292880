"""REST and WebSocket on one port: a thin skin of aiohttp around `Api`, `Control` and `Session`.

The WebSocket is at the root path, as on Backpack. With TLS a second port serves the same. One task lets the exchange's
own time pass; everything else happens inside the handler of the request that causes it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qsl

from aiohttp import WSCloseCode, WSMsgType, web
from aiohttp.http import HttpProcessingError

from bpx_tui.simulator.clock import US_PER_SECOND, Happening
from bpx_tui.simulator.control import PREFIX, Control, is_allowed
from bpx_tui.simulator.exchange import Exchange
from bpx_tui.simulator.faults import Fault
from bpx_tui.simulator.rest.answers import Reply, text_reply
from bpx_tui.simulator.rest.api import Api, Outcome, Request
from bpx_tui.simulator.streams.session import Session
from bpx_tui.simulator.streams.socket import PING, Socket
from bpx_tui.simulator.tls import server_tls

PING_EVERY_S = 60
SILENT_LIMIT_S = 120
_SHORTEST_PAUSE_S, _BUSY_PAUSE_S, _LONGEST_PAUSE_S = 0.008, 0.002, 0.05
_BUSY_FROM = 8
"""Happenings in one batch from which on the exchange looks again sooner: work is bounded by the pauses in between."""
_MAX_MESSAGE_BYTES = 1024 * 1024


class _OwnFaults(logging.Filter):
    """Keeps out of the log what a client did wrong or broke off: it has its answer, or is gone."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        return not isinstance(error, HttpProcessingError | web.RequestPayloadError | ConnectionError)


_LOG = logging.getLogger(__name__)
_LOG.addFilter(_OwnFaults())


class ExchangeServer:
    """One exchange on one address.

    Attributes:
        port: of http and ws, while it is listening.
        tls_port: of https and wss.
        ca_file: the certificate that TLS clients must trust; `None` where it is the user's own affair.
    """

    def __init__(self, exchange: Exchange) -> None:
        """Raises: UnusableTls: it is told to speak TLS and cannot."""
        self.exchange = exchange
        self._api = Api(exchange)
        self._control = Control(exchange)
        self._sockets: dict[Socket, web.WebSocketResponse] = {}
        self._dirty: list[Socket] = []
        self._tls = server_tls(exchange)
        self.port = self.tls_port = 0
        self.ca_file: Path | None = None

    @contextlib.asynccontextmanager
    async def listening(self, host: str, port: int) -> AsyncIterator[ExchangeServer]:
        """Accept connections inside the block.

        Raises:
            OSError: a port cannot be used.
            UnusableTls: the certificate that clients must trust cannot be written.
        """
        runner = web.ServerRunner(
            web.Server(self._respond, access_log=None, auto_decompress=False, logger=_LOG), shutdown_timeout=0.5
        )
        await runner.setup()
        with contextlib.ExitStack() as files:
            try:
                self.port = await _listen(runner, host, port)
                if self._tls is not None:
                    self.ca_file = files.enter_context(self._tls.published())
                    self.tls_port = await _listen(runner, host, self._tls.option.port, self._tls.context)
                yield self
            finally:
                await self._say_goodbye()
                await runner.cleanup()

    async def let_time_pass(self) -> None:
        """Run what is due, for ever. Wakes when something is due, but not more often than every few milliseconds."""
        speed = self.exchange.options.speed
        while True:
            done = self.exchange.run_due()
            self.flush()
            self.exchange.recall_one()
            due_us = self.exchange.agenda.next_due_us()
            shortest_s = _BUSY_PAUSE_S if done >= _BUSY_FROM else _SHORTEST_PAUSE_S
            wait_s = _LONGEST_PAUSE_S
            if due_us is not None:
                wait_s = (due_us - self.exchange.clock.now_us()) / US_PER_SECOND / speed
            await asyncio.sleep(min(max(wait_s, shortest_s), _LONGEST_PAUSE_S))

    def _mark_dirty(self, socket: Socket) -> None:
        self._dirty.append(socket)

    def flush(self) -> None:
        """Send what the last batch queued."""
        dirty, self._dirty = self._dirty, []
        for socket in dirty:
            socket.flush()

    async def _respond(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/" and request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._converse(request)
        body = await request.read()
        if request.path.startswith(PREFIX):
            return self._controlled(request, body)
        read = Request(
            request.method,
            request.path,
            tuple(parse_qsl(request.rel_url.raw_query_string, keep_blank_values=True)),
            request.headers,
            body,
            self.exchange.auth_clocks_ms(),
        )
        if hold_ms := self._api.hold_ms(read):
            await asyncio.sleep(hold_ms / 1000)
        outcome = self._api.handle(read)
        self.flush()
        return await self._answered(request, outcome)

    async def _answered(self, request: web.BaseRequest, outcome: Outcome) -> web.StreamResponse:
        if outcome.delay_ms:
            await asyncio.sleep(outcome.delay_ms / 1000)
        if outcome.reply is None:
            if request.transport is not None:
                request.transport.close()
            return web.Response()
        return _response(outcome.reply)

    # ---- WebSocket

    async def _converse(self, request: web.BaseRequest) -> web.StreamResponse:
        response = web.WebSocketResponse(
            autoping=False, autoclose=True, compress=False, max_msg_size=_MAX_MESSAGE_BYTES
        )
        await response.prepare(request)
        transport = request.transport
        assert transport is not None
        socket = Socket(transport, self._mark_dirty, self.exchange.clock.now_us())
        session = Session(self.exchange, socket)
        self._sockets[socket] = response
        self._schedule_ping(socket)
        try:
            async for message in response:
                self.exchange.run_due()
                if message.type is WSMsgType.TEXT or message.type is WSMsgType.BINARY:
                    session.receive(message.data)
                elif message.type is WSMsgType.PING:
                    socket.pong(bytes(message.data))
                elif message.type is WSMsgType.PONG:
                    socket.last_pong_us = self.exchange.clock.now_us()
                self.flush()
        finally:
            session.close()
            del self._sockets[socket]
        return response

    def _schedule_ping(self, socket: Socket) -> None:
        """Ping a socket in a minute of real time, and again; close it after two minutes without an answer."""
        speed = self.exchange.options.speed

        def ping(now_us: int) -> None:
            if socket not in self._sockets:
                return
            if now_us - socket.last_pong_us > SILENT_LIMIT_S * US_PER_SECOND * speed:
                socket.close(WSCloseCode.GOING_AWAY)
                socket.abort()
                return
            if not self.exchange.faults.hit("no_ping", now_us):
                socket.push(PING)
            self._schedule_ping(socket)

        self.exchange.agenda.at(self.exchange.clock.now_us() + int(PING_EVERY_S * US_PER_SECOND * speed), ping)

    async def _say_goodbye(self) -> None:
        for socket in list(self._sockets):
            socket.close(WSCloseCode.GOING_AWAY)
        for response in list(self._sockets.values()):
            with contextlib.suppress(TimeoutError, ConnectionError):
                async with asyncio.timeout(0.2):
                    await response.close(code=WSCloseCode.GOING_AWAY)

    # ---- the back door

    def _controlled(self, request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        if not is_allowed(request.remote, request.headers):
            return _response(text_reply("forbidden", status=403))
        reply, fault = self._control.handle(request.method, request.path, body)
        if fault is not None:
            self._end_sockets(fault)
        self.flush()
        return _response(reply)

    def _end_sockets(self, fault: Fault) -> None:
        if fault.name == "reset":
            for socket in list(self._sockets):
                socket.abort()
        elif fault.name == "close":
            grace_us = fault.number("grace_ms", 30_000) * 1000
            for socket in list(self._sockets):
                socket.close(fault.number("code", WSCloseCode.GOING_AWAY))
                self.exchange.agenda.at(self.exchange.now_us + grace_us, _aborting(socket))


async def _listen(runner: web.ServerRunner, host: str, port: int, tls: ssl.SSLContext | None = None) -> int:
    """Accept connections there too; the port in use."""
    before = len(runner.addresses)
    await web.TCPSite(runner, host, port, ssl_context=tls).start()
    in_use: int = runner.addresses[before][1]
    return in_use


def _aborting(socket: Socket) -> Happening:
    return lambda _now_us: socket.abort()


def _response(reply: Reply) -> web.Response:
    headers = {**reply.headers}
    if reply.body or reply.status != 204:
        headers["Content-Type"] = reply.content_type
    return web.Response(status=reply.status, body=reply.body, headers=headers)
