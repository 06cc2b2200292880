"""From an operation to its answer: counted, signed, sent at most once, and read within bounds.

Public data comes over one aiohttp session, everything signed over a lane of its own (`signed_lane`). aiohttp by itself
would send a GET again when a kept-alive connection turns out dead, follow redirects to other hosts, take proxies from
the environment and wait five minutes: it is told not to.
"""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from typing import Self

import aiohttp
import orjson
from aiohttp import hdrs
from yarl import URL

from bpx_tui import __version__
from bpx_tui.errors import ConfigError, ExchangeError, NotSent, OutcomeUnknown, RateLimited, Unavailable
from bpx_tui.exchange.http_reply import BrokenReply, ReplyTooLarge
from bpx_tui.exchange.limits import BudgetSpent, RequestBudget, Share
from bpx_tui.exchange.operations import Operation
from bpx_tui.exchange.rest_errors import Reply, failed_status, failed_transport
from bpx_tui.exchange.server_clock import ServerClock
from bpx_tui.exchange.signed_lane import (
    CONNECT_SECONDS,
    KEEP_ALIVE_SECONDS,
    ConnectionBroken,
    NotConnected,
    SignedLane,
    SignedRequest,
)
from bpx_tui.exchange.signing import (
    DEFAULT_WINDOW_MS,
    Params,
    Signature,
    Signer,
    set_only,
    window_for_change,
    wire_text,
)

READ_SECONDS = 5.0
ORDER_SECONDS = 10.0
MAX_BODY_BYTES = 8 * 1024 * 1024

_USER_AGENT = f"bpx-tui/{__version__}"
_ACCEPT = "application/json, text/plain"

Body = Params | Sequence[Params]


class _Dropped(aiohttp.ClientError):
    """The connection ended after the request may have left; hidden from aiohttp, which would send it again."""


async def _send_once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise  # nothing left: there was no connection
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _Dropped from error


class RestTransport:
    """Signs, counts, sends and reads; knows no operation in particular. Use it within one event loop."""

    def __init__(
        self,
        base_url: str,
        signer: Signer | None,
        server_clock: ServerClock,
        budget: RequestBudget,
        *,
        window_ms: int = DEFAULT_WINDOW_MS,
        order_seconds: float = ORDER_SECONDS,
        read_seconds: float = READ_SECONDS,
        max_body_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        """`window_ms` is the longest life of a signature; what changes something gets less on a good clock."""
        base = _address(base_url)
        self._base = base
        self._host = base.host or ""
        self._port = base.port or 0
        self._signer = signer
        self._server_clock = server_clock
        self._budget = budget
        self._window_ms = window_ms
        self._max_body_bytes = max_body_bytes
        self._order_seconds = order_seconds
        self._read_seconds = read_seconds
        self._public: aiohttp.ClientSession | None = None
        self._lane: SignedLane | None = None
        api_key = signer.api_key if signer else ""
        self._common_head = (
            f"Host: {base.host_port_subcomponent}\r\nUser-Agent: {_USER_AGENT}\r\nAccept: {_ACCEPT}\r\n"
            f"Accept-Encoding: identity\r\nX-API-Key: {api_key}\r\n"
        )

    async def open(self) -> None:
        """Make ready. Nothing is sent; the first requests connect."""
        if self._public is not None:
            return
        tls = ssl.create_default_context() if self._base.scheme == "https" else None
        self._lane = SignedLane(self._host, self._port, tls, self._max_body_bytes)
        self._public = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=tls or True, keepalive_timeout=KEEP_ALIVE_SECONDS),
            headers={hdrs.USER_AGENT: _USER_AGENT, hdrs.ACCEPT: _ACCEPT},
            timeout=aiohttp.ClientTimeout(total=self._read_seconds, connect=CONNECT_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            middlewares=(_send_once,),
        )

    async def close(self) -> None:
        public, self._public = self._public, None
        lane, self._lane = self._lane, None
        if lane is not None:
            lane.close()
        if public is not None:
            await public.close()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def read(self, operation: Operation, query: Params | None = None) -> Reply:
        """A GET.

        Raises:
            Unavailable: in transport, on the exchange's side, or because our own budget is used up.
            Refused: the exchange does not want to answer it.
            NotSent: it needs a key, and this session has none.
        """
        try:
            return await self._call(operation, Share.READ, query=query)
        except BudgetSpent as error:
            raise Unavailable(str(error)) from None

    async def change(self, operation: Operation, share: Share, body: Body) -> Reply:
        """A request that changes something. Sent at most once, whatever happens.

        Cancelling this coroutine leaves the outcome unknown: a caller that may be cancelled must shield it.

        Raises:
            NotSent: not one byte left.
            Refused: the exchange said no, and nothing was done.
            OutcomeUnknown: anything else.
        """
        return await self._call(operation, share, body=body)

    async def _call(
        self, operation: Operation, share: Share, *, query: Params | None = None, body: Body | None = None
    ) -> Reply:
        if self._lane is None or self._public is None:
            raise NotSent("Not sent: the connection to the exchange is not open.")
        self._budget.spend(operation, share)
        if operation.instruction is not None:
            return await self._call_signed(self._lane, operation, operation.instruction, share, query, body)
        try:
            reply = await self._read_public(self._public, operation, query)
        except _FAILURES as error:
            raise failed_transport(error, self._host, changes=False) from error
        return self._checked(reply, changes=False)

    async def _call_signed(
        self,
        lane: SignedLane,
        operation: Operation,
        instruction: str,
        share: Share,
        query: Params | None,
        body: Body | None,
    ) -> Reply:
        changes, signer, clock = share is not Share.READ, self._signer, self._server_clock
        if signer is None:
            raise NotSent("Not sent: no API key is configured for this session.")
        signer.require(instruction)
        lapses_ms: int | None = None

        def sign() -> SignedRequest:
            nonlocal lapses_ms
            window_ms = window_for_change(clock.uncertainty_ms, self._window_ms) if changes else self._window_ms
            now_ms = clock.now_ms()
            lapses_ms = now_ms + window_ms
            return self._request(
                operation, signer.sign(instruction, now_ms, window_ms, query=query, body=body), query, body
            )

        try:
            raw = await lane.send(sign, self._order_seconds if changes else self._read_seconds)
            return self._checked(Reply(raw.status, raw.headers, raw.body), changes=changes)
        except _FAILURES as error:
            raise _lapsing(failed_transport(error, self._host, changes=changes), lapses_ms) from error
        except OutcomeUnknown as error:
            raise _lapsing(error, lapses_ms) from None

    def _checked(self, reply: Reply, *, changes: bool) -> Reply:
        if not 200 <= reply.status < 300:
            raise self._failure(reply, changes)
        return reply

    def _failure(self, reply: Reply, changes: bool) -> ExchangeError:
        failure = failed_status(reply, changes=changes)
        if isinstance(failure, RateLimited):
            self._budget.refused(failure.retry_after_seconds)
        return failure

    def _request(
        self, operation: Operation, signed: Signature, query: Params | None, body: Body | None
    ) -> SignedRequest:
        """Head and body, as they are written. Nothing in the head is foreign but the query, which is encoded."""
        target = operation.path if not query else self._url(operation, query).raw_path_qs
        head = (
            f"{operation.method} {target} HTTP/1.1\r\n{self._common_head}X-Signature: {signed.signature}\r\n"
            f"X-Timestamp: {signed.timestamp}\r\nX-Window: {signed.window}\r\n"
        )
        if body is None:
            return SignedRequest(f"{head}\r\n".encode("ascii"))
        content = orjson.dumps([set_only(each) for each in body] if isinstance(body, Sequence) else set_only(body))
        head = f"{head}Content-Type: application/json; charset=utf-8\r\nContent-Length: {len(content)}\r\n\r\n"
        return SignedRequest(head.encode("ascii") + content)

    async def _read_public(self, session: aiohttp.ClientSession, operation: Operation, query: Params | None) -> Reply:
        async with session.get(self._url(operation, query), allow_redirects=False) as response:
            chunks: list[bytes] = []
            size = 0
            async for chunk in response.content.iter_any():
                size += len(chunk)
                if size > self._max_body_bytes:
                    response.close()
                    raise ReplyTooLarge("the answer is larger than any of the exchange")
                chunks.append(chunk)
            return Reply(response.status, response.headers, b"".join(chunks))

    def _url(self, operation: Operation, query: Params | None) -> URL:
        url = self._base.with_path(operation.path)
        shown = {key: wire_text(value) for key, value in (query or {}).items() if value is not None}
        return url.with_query(shown) if shown else url


def _lapsing(failure: ExchangeError, lapses_ms: int | None) -> ExchangeError:
    if isinstance(failure, OutcomeUnknown):
        failure.lapses_ms = lapses_ms
    return failure


_FAILURES = (aiohttp.ClientError, NotConnected, ConnectionBroken, BrokenReply, TimeoutError, OSError)


def _address(base_url: str) -> URL:
    try:
        base = URL(base_url)
        if base.scheme in ("http", "https") and base.host and base.port:
            return base
    except ValueError:
        pass
    raise ConfigError("The address of the exchange must look like https://host or http://host:port.")
