"""One open WebSocket to the exchange: frames in, frames out, pings. It lives until it is lost or asked to leave."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Coroutine
from dataclasses import dataclass

import aiohttp
from aiohttp import WSCloseCode, WSMsgType
from yarl import URL

from bpx_tui import __version__
from bpx_tui.clock import Clock
from bpx_tui.errors import ConnectionLost
from bpx_tui.exchange.connect_errors import why_not_connected
from bpx_tui.exchange.sanitise import clean

CONNECT_SECONDS = 5.0
CLOSE_SECONDS = 1.0
SEND_SECONDS = 5.0
FIRST_PING_SECONDS = 1.0
"""Soon, so that the round trip is known, and after the burst of first subscriptions."""
PING_SECONDS = 15.0
PONG_SECONDS = 7.5
MAX_FRAME_BYTES = 1 << 20
BUSY_SECONDS = 0.02
"""Two wake-ups closer together than this are traffic worth collecting."""

_GOING_AWAY = frozenset({WSCloseCode.OK, WSCloseCode.GOING_AWAY, WSCloseCode.SERVICE_RESTART})

OnFrame = Callable[[str | bytes], None]


@dataclass(frozen=True, slots=True)
class Leaving:
    """The exchange closes this connection in an orderly way; another server takes over."""

    code: int

    def __str__(self) -> str:
        return f"the exchange moves this connection to another server ({self.code})"


class _GatedWebSocket(aiohttp.ClientWebSocketResponse):
    """Tells whether more was received already, and can leave the kernel to collect for a moment.

    aiohttp offers neither. Should its insides change, `has_more` is always true and the gate is never used.
    """

    def has_more(self) -> bool:
        received = getattr(self._reader, "_buffer", None)
        return received is None or len(received) > 0

    def hold(self) -> None:
        if (transport := self._transport()) is not None:
            transport.pause_reading()

    def resume(self) -> None:
        if (transport := self._transport()) is not None:
            transport.resume_reading()

    def _transport(self) -> asyncio.ReadTransport | None:
        connection = self._response.connection
        transport = connection.transport if connection is not None else None
        gone = transport is None or transport.is_closing() or not isinstance(transport, asyncio.ReadTransport)
        return None if gone else transport


def new_session(url: str) -> aiohttp.ClientSession:
    """A session for WebSockets to `url`: certificates verified, no proxies and cookies from around it, no redirects."""
    tls = ssl.create_default_context() if url.startswith(("wss:", "https:")) else True
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=tls),
        headers={"User-Agent": f"bpx-tui/{__version__}"},
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        ws_response_class=_GatedWebSocket,
        middlewares=(_refuse_redirects,),
    )


async def _refuse_redirects(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    response = await handler(request)
    if 300 <= response.status < 400:
        response.close()
        raise ConnectionLost(f"the exchange answered with a redirect ({response.status}); is this a login page?")
    return response


async def open_socket(
    http: aiohttp.ClientSession, url: str, clock: Clock, on_frame: OnFrame, *, gate_seconds: float
) -> StreamSocket:
    """Connect, within five seconds.

    Raises:
        ConnectionLost: with the reason in words.
    """
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            websocket = await http.ws_connect(
                url,
                autoclose=False,
                autoping=False,
                compress=0,
                max_msg_size=MAX_FRAME_BYTES,
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS),
            )
    except aiohttp.WSServerHandshakeError as error:
        raise ConnectionLost(f"the exchange refused the connection (HTTP {error.status})") from None
    except (aiohttp.ClientConnectorError, TimeoutError) as error:
        raise ConnectionLost(why_not_connected(error, URL(url).host or "")) from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise ConnectionLost(f"cannot connect: {clean(str(error), 120)}") from None
    return StreamSocket(websocket, clock, on_frame, gate_seconds)


class StreamSocket:
    """An open socket. `rtt_ms` is the newest round trip of a ping."""

    def __init__(
        self,
        websocket: aiohttp.ClientWebSocketResponse,
        clock: Clock,
        on_frame: OnFrame,
        gate_seconds: float,
    ) -> None:
        self._websocket = websocket
        self._clock = clock
        self._on_frame = on_frame
        self._gate_seconds = gate_seconds if isinstance(websocket, _GatedWebSocket) else 0.0
        self.opened_at = clock.monotonic()
        self.rtt_ms: float | None = None
        self._messages = 0
        self._pinged: tuple[bytes, float] | None = None

    async def read(self) -> Leaving:
        """Hand every frame to `on_frame` until the exchange says that it goes away.

        All that was received is handed over in one go. While frames come thick, the socket is then left alone for a
        few milliseconds, so that the loop wakes once for many frames; a frame after a pause is never held back.

        Raises:
            ConnectionLost: it ended in any other way.
        """
        websocket = self._websocket
        woken_at = float("-inf")
        while True:
            leaving = await self._take(await websocket.receive())
            if leaving is not None:
                return leaving
            if self._gate_seconds and isinstance(websocket, _GatedWebSocket) and not websocket.has_more():
                before, woken_at = woken_at, self._clock.monotonic()
                if woken_at - before < BUSY_SECONDS:
                    websocket.hold()
                    try:
                        await self._clock.sleep(self._gate_seconds)
                    finally:
                        websocket.resume()

    async def _take(self, message: aiohttp.WSMessage) -> Leaving | None:
        self._messages += 1
        kind = message.type
        if kind is WSMsgType.TEXT or kind is WSMsgType.BINARY:
            self._on_frame(message.data)
        elif kind is WSMsgType.PING:
            await self._bounded(self._websocket.pong(message.data))
        elif kind is WSMsgType.PONG:
            self._take_pong(message.data)
        elif kind is WSMsgType.CLOSE:
            if message.data in _GOING_AWAY:
                return Leaving(message.data)
            raise ConnectionLost(f"the exchange closed the connection ({message.data})")
        elif kind is WSMsgType.ERROR:
            raise ConnectionLost(_error_text(message.data))
        else:
            raise ConnectionLost("the connection dropped")
        return None

    def _take_pong(self, payload: bytes | bytearray) -> None:
        if self._pinged is not None and bytes(payload) == self._pinged[0]:
            self.rtt_ms = (self._clock.monotonic() - self._pinged[1]) * 1_000
            self._pinged = None

    async def keep_alive(self) -> None:
        """Ping once soon after connecting, then every 15 s until cancelled.

        Raises:
            ConnectionLost: neither the pong nor anything else came within 7.5 s.
        """
        number = 0
        while True:
            await self._clock.sleep(PING_SECONDS - PONG_SECONDS if number else FIRST_PING_SECONDS)
            number += 1
            payload = str(number).encode()
            messages = self._messages
            self._pinged = (payload, self._clock.monotonic())
            await self._bounded(self._websocket.ping(payload))
            await self._clock.sleep(PONG_SECONDS)
            if self._messages == messages:
                raise ConnectionLost(f"no answer to a ping within {PONG_SECONDS:g} s")

    async def send(self, frame: str) -> None:
        """Raises ConnectionLost when it cannot be handed to the network within five seconds."""
        await self._bounded(self._websocket.send_str(frame))

    async def _bounded(self, sending: Coroutine[object, object, None]) -> None:
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await sending
        except (TimeoutError, aiohttp.ClientError, OSError):
            raise ConnectionLost("the connection does not take what is sent") from None

    async def close(self) -> None:
        """Say goodbye; takes no longer than two seconds, whatever the other side does."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2 * CLOSE_SECONDS):
                await self._websocket.close()


def _error_text(error: object) -> str:
    if isinstance(error, aiohttp.WebSocketError):
        if error.code == WSCloseCode.MESSAGE_TOO_BIG:
            return f"a frame was larger than {MAX_FRAME_BYTES >> 20} MiB"
        return f"the exchange broke the WebSocket protocol ({error.code})"
    return "the connection dropped"
