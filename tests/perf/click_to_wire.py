"""Click to wire: from the call that places an order until its first byte has arrived at the exchange's socket.

Side by side in one run, alternating: `RestClient.place` on its warm session, and a bare asyncio transport that builds,
signs and writes the same request. Both talk to the same server in a process of its own, which stamps the first byte of
every request with the machine's monotonic clock. Prints medians and their ratio.

Run: .venv/bin/python -m tests.perf.click_to_wire [--orders N]
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import multiprocessing
import socket
import statistics
import time
from base64 import b64encode
from decimal import Decimal
from multiprocessing.connection import Connection

import orjson
from nacl.signing import SigningKey

from bpx_tui import __version__
from bpx_tui.clock import SystemClock
from bpx_tui.config.credentials import Credentials
from bpx_tui.exchange.limits import RequestBudget
from bpx_tui.exchange.operations import TRADING_INSTRUCTIONS
from bpx_tui.exchange.rest import RestClient
from bpx_tui.exchange.server_clock import ServerClock
from bpx_tui.exchange.signing import Signer
from bpx_tui.model.enums import OrderKind, Side, TimeInForce
from bpx_tui.model.ids import ClientId, Symbol
from bpx_tui.model.orders import OrderRequest

TARGET_RATIO = 1.6
SEED = bytes(range(32))
_ANSWER_BODY = orjson.dumps(
    {
        "id": "1",
        "symbol": "SOL_USDC",
        "side": "Bid",
        "orderType": "Limit",
        "status": "New",
        "quantity": "0.50",
        "price": "141.25",
        "executedQuantity": "0",
        "executedQuoteQuantity": "0",
        "createdAt": 1750793021600,
    }
)
_ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(_ANSWER_BODY)
) + _ANSWER_BODY


def serve(ready: Connection) -> None:
    """Answer requests one by one; report when the first byte of each was there."""
    listener = socket.create_server(("127.0.0.1", 0))
    ready.send(listener.getsockname()[1])
    clients: dict[int, socket.socket] = {}
    while (name := ready.recv()) is not None:
        if name not in clients:
            clients[name], _ = listener.accept()
            clients[name].setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stamp, received = _read_request(clients[name])
        clients[name].sendall(_ANSWER)
        ready.send((stamp, received))


def _read_request(client: socket.socket) -> tuple[int, bytes]:
    received = client.recv(65_536)
    stamp = time.monotonic_ns()
    while b"\r\n\r\n" not in received:
        received += client.recv(65_536)
    head, _, body = received.partition(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    while len(body) < length:
        body += client.recv(65_536)
    return stamp, head + b"\r\n\r\n" + body


class BareTransport(asyncio.Protocol):
    """The least that places the same signed order: one format string, one signature, one write."""

    def __init__(self, port: int) -> None:
        self._key = SigningKey(SEED)
        self._api_key = b64encode(bytes(self._key.verify_key)).decode()
        self._host = f"127.0.0.1:{port}"
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        assert self._answer is not None
        self._answer.set_result(data)

    async def place(self, client_id: int) -> bytes:
        assert self._transport is not None
        body = {
            "clientId": client_id,
            "orderType": "Limit",
            "price": "141.25",
            "quantity": "0.50",
            "side": "Bid",
            "symbol": "SOL_USDC",
            "timeInForce": "GTC",
        }
        stamp = time.time_ns() // 1_000_000
        pairs = "&".join(f"{key}={value}" for key, value in body.items())
        message = f"instruction=orderExecute&{pairs}&timestamp={stamp}&window=5000"
        signature = b64encode(self._key.sign(message.encode()).signature).decode()
        raw = orjson.dumps(body)
        head = (
            f"POST /api/v1/order HTTP/1.1\r\nHost: {self._host}\r\nUser-Agent: bpx-tui/{__version__}\r\n"
            "Accept: application/json, text/plain\r\nAccept-Encoding: gzip, deflate\r\n"
            f"X-API-Key: {self._api_key}\r\nX-Signature: {signature}\r\nX-Timestamp: {stamp}\r\nX-Window: 5000\r\n"
            f"Content-Type: application/json; charset=utf-8\r\nContent-Length: {len(raw)}\r\n\r\n"
        )
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(head.encode() + raw)
        return await self._answer


def order(client_id: int) -> OrderRequest:
    return OrderRequest(
        symbol=Symbol("SOL_USDC"),
        side=Side.BID,
        kind=OrderKind.LIMIT,
        quantity=Decimal("0.50"),
        price=Decimal("141.25"),
        time_in_force=TimeInForce.GTC,
        client_id=ClientId(client_id),
    )


async def measure(port: int, server: Connection, orders: int) -> tuple[list[float], list[float]]:
    """Microseconds from call to first byte, for the client and for the bare transport, alternating."""
    clock = SystemClock()
    signer = Signer(
        Credentials(b64encode(bytes(SigningKey(SEED).verify_key)).decode(), b64encode(SEED).decode()),
        TRADING_INSTRUCTIONS,
    )
    budget = RequestBudget(clock, per_minute=10**9)
    client = RestClient(f"http://127.0.0.1:{port}", signer, ServerClock(clock), clock, budget)
    await client.open()
    bare = BareTransport(port)
    ours: list[float] = []
    theirs: list[float] = []
    connected = False
    gc.collect()
    gc.freeze()
    for number in range(1, orders + 1):
        server.send(0)
        request = order(number)
        called = time.monotonic_ns()
        await client.place(request)
        ours.append((server.recv()[0] - called) / 1_000)
        server.send(1)
        if not connected:
            await asyncio.get_running_loop().create_connection(lambda: bare, "127.0.0.1", port)
            connected = True
        called = time.monotonic_ns()
        await bare.place(number)
        theirs.append((server.recv()[0] - called) / 1_000)
    await client.close()
    return ours, theirs


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=3_000)
    options = parser.parse_args()
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    server.start()
    try:
        ours, theirs = asyncio.run(measure(here.recv(), here, options.orders))
    finally:
        here.send(None)
        server.join(5)
    warm = max(1, options.orders // 10)
    client_us, bare_us = statistics.median(ours[warm:]), statistics.median(theirs[warm:])
    print(f"click to wire, median of {options.orders - warm} signed orders")
    print(f"  bare asyncio transport  {bare_us:8.1f} us")
    print(f"  RestClient.place        {client_us:8.1f} us")
    print(f"  ratio                   {client_us / bare_us:8.2f}   (target at most {TARGET_RATIO})")
    return 0 if client_us / bare_us <= TARGET_RATIO else 1


if __name__ == "__main__":
    raise SystemExit(main())
