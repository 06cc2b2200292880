"""The simulated exchange in a process of its own, and a socket that reads its streams with next to no work."""

from __future__ import annotations

import base64
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import orjson
from nacl.signing import SigningKey

PONG = b"\x8a\x80" + bytes(4)
_READ_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Running:
    """A running exchange: its process, its port and the key of its first account."""

    pid: int
    port: int
    api_key: str
    key: SigningKey
    ready_seconds: float
    """From the start of the process to its ready line."""

    def get(self, path: str) -> object:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("GET", path)
        value: object = orjson.loads(connection.getresponse().read())
        connection.close()
        return value

    def symbols(self) -> list[str]:
        """Every market that it lists."""
        markets = self.get("/api/v1/markets")
        assert isinstance(markets, list)
        return [market["symbol"] for market in markets]


@contextmanager
def exchange(*flags: str) -> Iterator[Running]:
    """`bpx-tui exchange` with these flags, ended with the block."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "bpx_tui", "exchange", *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            ready = orjson.loads(process.stdout.readline())
            took = time.perf_counter() - started
            account = ready["accounts"][0]
            key = SigningKey(base64.b64decode(account["api_secret"]))
            yield Running(process.pid, int(ready["rest_url"].rpartition(":")[2]), account["api_key"], key, took)
        finally:
            process.send_signal(signal.SIGTERM)


class StreamReader:
    """A WebSocket client that hands out payloads and answers pings; nothing else."""

    def __init__(self, port: int, streams: list[str]) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * _READ_BYTES)
        self._rest = b""
        key = base64.b64encode(os.urandom(16)).decode()
        self._socket.sendall(
            f"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        while b"\r\n\r\n" not in self._rest:
            self._rest += self._socket.recv(4096)
        head, _, self._rest = self._rest.partition(b"\r\n\r\n")
        assert b" 101 " in head.split(b"\r\n")[0]
        self._send(orjson.dumps({"method": "SUBSCRIBE", "params": streams}))

    def _send(self, payload: bytes) -> None:
        self._socket.sendall(b"\x81\xfe" + len(payload).to_bytes(2, "big") + bytes(4) + payload)

    def read(self) -> list[bytes]:
        """Wait for bytes; the payloads of the text frames that are complete now."""
        data = self._rest + self._socket.recv(_READ_BYTES)
        payloads, at, end = [], 0, len(data)
        while at + 2 <= end:
            size, head = data[at + 1], 2
            if size == 126:
                size, head = int.from_bytes(data[at + 2 : at + 4], "big"), 4
            elif size == 127:
                size, head = int.from_bytes(data[at + 2 : at + 10], "big"), 10
            if at + head + size > end:
                break
            if data[at] == 0x81:
                payloads.append(data[at + head : at + head + size])
            elif data[at] == 0x89:
                self._socket.sendall(PONG)
            at += head + size
        self._rest = data[at:]
        return payloads

    def close(self) -> None:
        self._socket.close()
