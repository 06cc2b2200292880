"""Signed order placements over HTTP, one after the other on one connection, against a living simulated exchange.

The client is another process: it signs, sends, waits for the answer. Beside it, per order, the bare work that the
exchange cannot do without: one Ed25519 verification and one `orjson.loads` of the body. What the exchange spends on
its own markets meanwhile is measured first and taken off.

Run: .venv/bin/python -m tests.perf.signed_http [--orders N]
"""

from __future__ import annotations

import argparse
import base64
import socket
import statistics
import sys
import time

import orjson

from tests.cli.pseudo_terminal import processor_seconds
from tests.perf.exchange_process import Running, exchange
from tests.perf.load import core_share
from tests.perf.matching import bare_seconds

TARGET_PER_SECOND = 300
SYMBOL = "SOL_USDC_PERP"
CANCEL_EVERY = 50
IDLE_SECONDS = 5.0


class Connection:
    """One warm HTTP/1.1 connection that signs for itself."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._socket = socket.create_connection(("127.0.0.1", running.port), timeout=10)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, method: str, path: str, instruction: str, params: dict[str, str]) -> bytes:
        """The body of the answer, which must be a success."""
        sorted_params = "".join(f"&{name}={params[name]}" for name in sorted(params))
        timestamp = str(time.time_ns() // 1_000_000)
        text = f"instruction={instruction}{sorted_params}&timestamp={timestamp}&window=5000"
        signature = base64.b64encode(self._running.key.sign(text.encode()).signature).decode()
        body = orjson.dumps(params)
        self._socket.sendall(
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nX-API-Key: {self._running.api_key}\r\nX-Signature: {signature}\r\n"
            f"X-Timestamp: {timestamp}\r\nX-Window: 5000\r\n\r\n".encode()
            + body
        )
        return self._answer()

    def _answer(self) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._socket.recv(65536)
        head, _, body = data.partition(b"\r\n\r\n")
        size = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        while len(body) < size:
            body += self._socket.recv(65536)
        assert head.split(b" ", 2)[1] in (b"200", b"202"), data
        return body


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--orders", type=int, default=3_000)
    given = parser.parse_args()
    with exchange() as running:
        markets = core_share(running.pid, IDLE_SECONDS, None)
        markets = core_share(running.pid, IDLE_SECONDS, None)
        took, seconds, spent = _place(running, given.orders)
    spent -= markets * seconds
    rate, bare = given.orders / sum(took), bare_seconds(given.orders)
    quantiles = statistics.quantiles(took, n=100)
    print(f"{given.orders} signed placements on one connection: {rate:,.0f}/s, target {TARGET_PER_SECOND}")
    print(f"from sending to the answer   {quantiles[49] * 1000:.2f} ms median, {quantiles[98] * 1000:.2f} p99")
    print(f"processor of the exchange    {spent / given.orders * 1e6:.0f} us an order, cancels included")
    print(f"  {spent / bare:.1f} x verification + JSON ({bare / given.orders * 1e6:.0f} us)")
    print(f"its markets alone            {markets:.1%} of one core")
    return 0 if rate >= TARGET_PER_SECOND else 1


def _place(running: Running, count: int) -> tuple[list[float], float, float]:
    """Seconds of each placement, of all of it, and processor seconds of the exchange."""
    connection, took = Connection(running), []
    order = {"orderType": "Limit", "side": "Bid", "symbol": SYMBOL, "timeInForce": "GTC"}
    before, began = processor_seconds(running.pid), time.perf_counter()
    for number in range(count):
        params = {**order, "price": f"{150 + number % 40}.25", "quantity": "0.10"}
        started = time.perf_counter()
        connection.send("POST", "/api/v1/order", "orderExecute", params)
        took.append(time.perf_counter() - started)
        if number % CANCEL_EVERY == CANCEL_EVERY - 1:
            connection.send("DELETE", "/api/v1/orders", "orderCancelAll", {"symbol": SYMBOL})
    return took, time.perf_counter() - began, processor_seconds(running.pid) - before


if __name__ == "__main__":
    sys.exit(main())
