"""A simulated exchange behind real sockets whose time the test moves, and clients of the program's own on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Self

from bpx_tui.clock import SystemClock
from bpx_tui.config.credentials import Credentials
from bpx_tui.exchange.limits import RequestBudget
from bpx_tui.exchange.operations import TRADING_INSTRUCTIONS
from bpx_tui.exchange.rest import RestClient
from bpx_tui.exchange.server_clock import ServerClock
from bpx_tui.exchange.signing import Signer
from bpx_tui.simulator.server import ExchangeServer
from tests.simulator.desk import make_exchange


class ExchangeFloor:
    """The exchange, its time, and whoever has a client on it."""

    def __init__(self, **options: Any) -> None:
        """`options` are those of `make_exchange`."""
        self.exchange, self._clock = make_exchange(**options)
        self._server = ExchangeServer(self.exchange)
        self._open = AsyncExitStack()
        self._clients: list[tuple[RestClient, ServerClock]] = []

    @classmethod
    @asynccontextmanager
    async def listening(cls, **options: Any) -> AsyncIterator[Self]:
        floor = cls(**options)
        async with floor._server.listening("127.0.0.1", 0), floor._open:
            yield floor

    async def client(self, account: str = "demo") -> RestClient:
        """A client that signs as that account; closed with the floor."""
        pairs = (*self.exchange.credentials, self.exchange.desks.vault_key)
        pair = next(pair for pair in pairs if pair.account == account)
        assert pair.api_secret is not None
        signer = Signer(Credentials(pair.api_key, pair.api_secret), TRADING_INSTRUCTIONS)
        clock = SystemClock()
        time = ServerClock(clock)
        client = RestClient(f"http://127.0.0.1:{self._server.port}", signer, time, clock, RequestBudget(clock))
        await client.open()
        self._open.push_async_callback(client.close)
        await client.measure_clock()
        self._clients.append((client, time))
        return client

    async def seconds(self, count: float) -> None:
        """Let exchange time pass for everybody."""
        self._clock.advance(count)
        self.exchange.run_due()
        self._server.flush()
        for client, time in self._clients:
            time.distrust()
            await client.measure_clock()
