"""A venue for tests: a raw HTTP server on loopback that records what it was sent and answers as it is told.

Raw, because the faults that matter happen below HTTP: a connection that ends in the middle, an answer that never comes.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import NamedTuple, Self
from urllib.parse import parse_qsl, urlsplit

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from bpx_tui.config.credentials import Credentials
from bpx_tui.exchange.limits import RequestBudget
from bpx_tui.exchange.rest import RestClient
from bpx_tui.exchange.rest_transport import RestTransport
from bpx_tui.exchange.server_clock import ServerClock
from bpx_tui.exchange.signing import Signer
from tests.fakes.clock import ManualClock


class Request(NamedTuple):
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    def is_signed_for(self, instruction: str) -> bool:
        """Verify against a string rebuilt from what arrived, as an exchange would."""
        parts: list[str] = []
        sent = json.loads(self.body, parse_int=str, parse_float=str) if self.body else None
        if isinstance(sent, list):
            for element in sent:
                parts += [f"instruction={instruction}", *_pairs(element)]
        else:
            parts += [f"instruction={instruction}", *_pairs(self.query), *_pairs(sent or {})]
        parts.append(f"timestamp={self.headers['x-timestamp']}&window={self.headers['x-window']}")
        key = VerifyKey(b64decode(self.headers["x-api-key"], validate=True))
        try:
            key.verify("&".join(parts).encode(), b64decode(self.headers["x-signature"], validate=True))
        except BadSignatureError:
            return False
        return True


def _pairs(values: Mapping[str, object]) -> list[str]:
    return [f"{key}={_shown(values[key])}" for key in sorted(values, key=str.encode)]


def _shown(value: object) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)


def answer(
    status: int = 200,
    body: object = None,
    *,
    raw: bytes | None = None,
    content_type: str = "application/json; charset=utf-8",
    headers: dict[str, str] | None = None,
    keep_alive: bool = True,
) -> bytes:
    """A whole HTTP answer. `body` is sent as JSON, `raw` as it is."""
    content = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(content)}"]
    if content:
        lines.append(f"Content-Type: {content_type}")
    if not keep_alive:
        lines.append("Connection: close")
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + content


@dataclass
class RestVenue:
    """Answers requests with `respond`, or drops them where it gives `None`; those that it `stalls` wait for `stall`."""

    respond: Callable[[Request], bytes | None] = lambda _: answer()
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    close_after_answer: bool = False
    slice_bytes: int | None = None
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    stall: asyncio.Event | None = None
    stalls: Callable[[Request], bool] = lambda _: True
    url: str = ""

    @classmethod
    @asynccontextmanager
    async def running(cls, tls: ssl.SSLContext | None = None) -> AsyncIterator[Self]:
        venue = cls()
        server = await asyncio.start_server(venue._serve, "127.0.0.1", 0, ssl=tls)
        venue.url = f"http{'s' if tls else ''}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield venue
        finally:
            if venue.stall is not None:
                venue.stall.set()
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while (request := await _read(reader)) is not None:
                self.requests.append(request)
                self.arrived.set()
                if self.stall is not None and self.stalls(request):
                    await self.stall.wait()
                content = self.respond(request)
                if content is None:
                    break
                await self._write(writer, content)
                if self.close_after_answer:
                    break
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def _write(self, writer: asyncio.StreamWriter, content: bytes) -> None:
        size = self.slice_bytes or len(content) or 1
        for start in range(0, len(content), size):
            writer.write(content[start : start + size])
            await writer.drain()
            if self.slice_bytes:
                await asyncio.sleep(0)


async def _read(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, target, headers, body)


@dataclass
class Setup:
    """A client and the venue that it talks to."""

    venue: RestVenue
    client: RestClient
    transport: RestTransport
    budget: RequestBudget
    clock: ManualClock

    @classmethod
    @asynccontextmanager
    async def running(
        cls,
        instructions: Iterable[str] | None,
        *,
        url: str | None = None,
        order_seconds: float = 5.0,
        read_seconds: float = 5.0,
        max_body_bytes: int = 1_000_000,
        tls: ssl.SSLContext | None = None,
        **budget_options: int,
    ) -> AsyncIterator[Self]:
        """`instructions` are what the key may sign; `None` is a session without a key. `url` points elsewhere."""
        clock = ManualClock()
        budget = RequestBudget(clock, **budget_options)
        server_clock = ServerClock(clock)
        signer = None if instructions is None else Signer(throwaway_credentials(), instructions)
        async with RestVenue.running(tls) as venue:
            transport = RestTransport(
                url or venue.url,
                signer,
                server_clock,
                budget,
                order_seconds=order_seconds,
                read_seconds=read_seconds,
                max_body_bytes=max_body_bytes,
            )
            client = RestClient(venue.url, signer, server_clock, clock, budget, transport=transport)
            await client.open()
            try:
                yield cls(venue, client, transport, budget, clock)
            finally:
                await client.close()


def throwaway_credentials() -> Credentials:
    seed = SigningKey(bytes(range(32)))
    return Credentials(b64encode(bytes(seed.verify_key)).decode(), b64encode(bytes(seed)).decode())
