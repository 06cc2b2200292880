"""The simulated exchange on a thread of this process, for tests that want real sockets and somebody else's venue."""

from __future__ import annotations

import asyncio
import json
import threading
import time
import urllib.request
import warnings
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from bpx_tui.simulator.clock import RealClock
from bpx_tui.simulator.domain.catalogue import default_catalogue
from bpx_tui.simulator.exchange import Exchange
from bpx_tui.simulator.options import Options
from bpx_tui.simulator.server import ExchangeServer

START_SECONDS = 20.0
GLANCE_SECONDS = 0.005


class LocalExchange:
    """One simulated exchange on loopback; `fault` switches its bad days on and off."""

    def __init__(self, seed: int = 3, *, traps: bool = False) -> None:
        """`traps`: whether the wire does by chance what the real one does now and then."""
        self._seed = seed
        self._traps = traps
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="exchange", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self.port = 0
        self.api_key = self.api_secret = ""

    @property
    def rest_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/"

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(START_SECONDS), "the simulated exchange did not start"

    def stop(self) -> None:
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(5)

    def fault(self, name: str, **settings: object) -> None:
        """Switch a fault on."""
        self._request("/_sim/faults", {"fault": name, **settings})

    def calm(self) -> None:
        """End all faults."""
        self._request("/_sim/faults", {"fault": "all", "off": True})

    def state(self) -> Any:
        """The exchange's own truth about the demo account."""
        return self._request("/_sim/state")["accounts"]["demo"]

    def positions(self) -> dict[str, Decimal]:
        """The demo account's open positions as the exchange holds them."""
        return {symbol: Decimal(size) for symbol, size in self.state()["positions"].items() if Decimal(size)}

    def depth(self, symbol: str) -> Any:
        return self._request(f"/api/v1/depth?symbol={symbol}")

    def _request(self, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(f"{self.rest_url}{path}", data, timeout=5) as reply:
            return json.loads(reply.read())

    def _run(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            asyncio.run(self._serve())

    async def _serve(self) -> None:
        exchange = Exchange(
            Options(seed=self._seed, traps=self._traps), default_catalogue(), RealClock(), skip_when_late=True
        )
        server = ExchangeServer(exchange)
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with server.listening("127.0.0.1", 0), asyncio.TaskGroup() as group:
            self.port = server.port
            (pair, *_) = exchange.credentials
            self.api_key, self.api_secret = pair.api_key, pair.api_secret or ""
            passing = group.create_task(server.let_time_pass())
            self._ready.set()
            await self._stop.wait()
            passing.cancel()


def eventually(holds: Callable[[], bool], *, within: float = 5.0, what: Callable[[], object] = str) -> None:
    """Look until something holds; a real socket takes the time it takes.

    Raises:
        AssertionError: it did not within the bound; `what` says how it stood.
    """
    until = time.monotonic() + within
    while not holds():
        assert time.monotonic() < until, f"not within {within} s: {what()}"
        time.sleep(GLANCE_SECONDS)
