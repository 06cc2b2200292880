"""One warm HTTP session to the exchange. A request leaves it at most once, and never for another host.

aiohttp on its own would send a GET or DELETE again when a kept-alive connection turns out dead, follow redirects with
body and signature to other hosts, take proxies from the environment and wait five minutes. None of that happens here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import aiohttp
import orjson
from aiohttp import hdrs
from multidict import CIMultiDict, istr
from yarl import URL

from bpx_tui import __version__
from bpx_tui.errors import ExchangeError, NotSent, RateLimited, Unavailable
from bpx_tui.exchange.limits import BudgetSpent, RequestBudget, Share
from bpx_tui.exchange.operations import Operation
from bpx_tui.exchange.rest_errors import Reply, failed_status, failed_transport, unusable_answer
from bpx_tui.exchange.server_clock import ServerClock
from bpx_tui.exchange.signing import DEFAULT_WINDOW_MS, Params, Signer, wire_text

CONNECT_SECONDS = 5.0
READ_SECONDS = 5.0
ORDER_SECONDS = 10.0
KEEP_ALIVE_SECONDS = 50.0
"""Shorter than the minute after which servers close an idle connection, so that we do not meet one that just closed."""

MAX_BODY_BYTES = 8 * 1024 * 1024

_API_KEY, _SIGNATURE = istr("X-API-Key"), istr("X-Signature")
_TIMESTAMP, _WINDOW = istr("X-Timestamp"), istr("X-Window")
_JSON_BODY = "application/json; charset=utf-8"

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
        base = URL(base_url)
        self._host = base.host or base_url
        self._base = base
        self._urls: dict[str, URL] = {}
        self._signer = signer
        self._server_clock = server_clock
        self._budget = budget
        self._window_ms = window_ms
        self._max_body_bytes = max_body_bytes
        self._read_timeout = aiohttp.ClientTimeout(total=read_seconds, connect=CONNECT_SECONDS)
        self._order_timeout = aiohttp.ClientTimeout(total=order_seconds, connect=min(CONNECT_SECONDS, order_seconds))
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Make the session. Nothing is sent; the first request connects."""
        if self._session is not None:
            return
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_SECONDS),
            headers={hdrs.USER_AGENT: f"bpx-tui/{__version__}", hdrs.ACCEPT: "application/json, text/plain"},
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            middlewares=(_send_once,),
        )

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

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
        session = self._session
        if session is None:
            raise NotSent("Not sent: the connection to the exchange is not open.")
        changes = share is not Share.READ
        self._budget.spend(operation, share)
        headers = self._signed_headers(operation, query, body) if operation.signed else None
        url = self._url(operation, query)
        try:
            async with session.request(
                operation.method,
                url,
                data=None if body is None else orjson.dumps(body),
                headers=headers,
                timeout=self._order_timeout if changes else self._read_timeout,
                allow_redirects=False,
            ) as response:
                content = await self._content(response)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise failed_transport(error, self._host, changes=changes) from error
        reply = Reply(response.status, response.headers, content or b"")
        if content is None:
            raise unusable_answer("it is larger than any answer of the exchange.", reply, changes=changes)
        if not 200 <= reply.status < 300:
            raise self._failure(reply, changes)
        return reply

    def _failure(self, reply: Reply, changes: bool) -> ExchangeError:
        failure = failed_status(reply, changes=changes)
        if isinstance(failure, RateLimited):
            self._budget.refused(failure.retry_after_seconds)
        return failure

    async def _content(self, response: aiohttp.ClientResponse) -> bytes | None:
        """The body, or `None` when it is larger than any the exchange sends."""
        chunks: list[bytes] = []
        size = 0
        async for chunk in response.content.iter_any():
            size += len(chunk)
            if size > self._max_body_bytes:
                response.close()
                return None
            chunks.append(chunk)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def _url(self, operation: Operation, query: Params | None) -> URL:
        url = self._urls.get(operation.path)
        if url is None:
            url = self._urls[operation.path] = self._base.with_path(operation.path)
        if not query:
            return url
        return url.with_query({key: wire_text(value) for key, value in query.items() if value is not None})

    def _signed_headers(self, operation: Operation, query: Params | None, body: Body | None) -> CIMultiDict[str]:
        signer, instruction = self._signer, operation.instruction
        if signer is None or instruction is None:
            raise NotSent("Not sent: no API key is configured for this session.")
        signed = signer.sign(instruction, self._server_clock.now_ms(), self._window_ms, query=query, body=body)
        headers = CIMultiDict(
            {
                _API_KEY: signed.api_key,
                _SIGNATURE: signed.signature,
                _TIMESTAMP: signed.timestamp,
                _WINDOW: signed.window,
            }
        )
        if body is not None:
            headers[hdrs.CONTENT_TYPE] = _JSON_BODY
        return headers
