"""One WebSocket connection: frames queued during a batch leave in one write at its end, or in a few if it is long.

Frames are written to the transport as ready-made bytes, past aiohttp's per-message work: the same bytes serve every
listener, and a batch of a hundred frames costs one system call. aiohttp keeps the handshake and the reading.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bpx_tui.simulator.streams.frames import error_payload, websocket_frame

PING = b"\x89\x00"
MAX_UNSENT_BYTES = 16 * 1024 * 1024
"""A client that reads so slowly that this much waits for it is cut off; memory stays bounded."""
_WRITE_AT_BYTES = 256 * 1024
"""So much is written at once and not kept for the end of a batch: catching up on two seconds takes no memory."""


class Socket:
    """The sending half of a connection."""

    def __init__(self, transport: asyncio.Transport, on_dirty: Callable[[Socket], None], now_us: int) -> None:
        self._transport = transport
        self._on_dirty = on_dirty
        self._outbox: list[bytes] = []
        self._queued_bytes = 0
        self._closing = False
        self.last_pong_us = now_us

    def push(self, frame: bytes) -> None:
        if self._closing:
            return
        if not self._outbox:
            self._on_dirty(self)
        self._outbox.append(frame)
        self._queued_bytes += len(frame)
        if self._queued_bytes >= _WRITE_AT_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write what is queued."""
        if not self._outbox:
            return
        data = b"".join(self._outbox)
        self._outbox.clear()
        self._queued_bytes = 0
        if self._transport.is_closing():
            return
        self._transport.write(data)
        if self._transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
            self._transport.abort()

    def pong(self, payload: bytes) -> None:
        """Answer a client's ping."""
        self.push(b"\x8a" + bytes((len(payload),)) + payload)

    def error(self, code: int, message: str) -> None:
        self.push(websocket_frame(error_payload(code, message)))

    def close(self, code: int) -> None:
        """Say goodbye; nothing is sent after that. The caller drops the connection later."""
        if not self._closing:
            self.push(b"\x88\x02" + code.to_bytes(2, "big"))
            self.flush()
            self._closing = True

    def abort(self) -> None:
        """Cut the connection."""
        self._transport.abort()
