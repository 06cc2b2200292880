"""An HTTP proxy for CONNECT alone: it leads names that a client cannot be talked out of to ports of this machine."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping


class ConnectProxy:
    """Attributes: `asked`: every `host:port` that was asked for, also those that it refuses. `url`: where it is."""

    def __init__(self, ports: Mapping[str, int]) -> None:
        """`ports`: where on this machine each `host:port` leads."""
        self._ports = ports
        self.asked: list[str] = []
        self.url = ""

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError), contextlib.closing(writer):
            head = await reader.readuntil(b"\r\n\r\n")
            method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
            self.asked.append(target)
            if method != "CONNECT" or target not in self._ports:
                writer.write(b"HTTP/1.1 403 Forbidden\r\n\r\n")
                return
            there, back = await asyncio.open_connection("127.0.0.1", self._ports[target])
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            with contextlib.closing(back):
                await asyncio.gather(_pass_on(reader, back), _pass_on(there, writer))


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """All that comes until one end is gone."""
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
