"""Our own client where the exchange's certificate goes bad: it sends nothing, names the reason, comes back (N19)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bpx_tui.clock import SystemClock
from bpx_tui.config.credentials import Credentials
from bpx_tui.errors import ConnectionLost, NotSent, Unavailable
from bpx_tui.exchange.limits import RequestBudget
from bpx_tui.exchange.operations import TRADING_INSTRUCTIONS
from bpx_tui.exchange.rest import RestClient
from bpx_tui.exchange.server_clock import ServerClock
from bpx_tui.exchange.signing import Signer
from bpx_tui.exchange.stream_socket import new_session, open_socket
from bpx_tui.simulator.control import PREFIX
from bpx_tui.simulator.options import TlsOption
from bpx_tui.simulator.server import ExchangeServer
from tests.exchange.test_rest_faults import LIMIT, READS
from tests.simulator.test_server import real_exchange, serving

REASONS = {
    "expired": "certificate has expired",
    "wrong_host": "IP address mismatch, .* not valid for '127.0.0.1'",
    "self_signed": "self.signed certificate",
}


class Scene:
    """A client, and the exchange that it talks to over TLS."""

    def __init__(self, ready: dict[str, Any]) -> None:
        self._faults_url, self.stream_url = f"{ready['rest_url']}{PREFIX}faults", ready["tls"]["ws_url"]
        clock, demo = SystemClock(), ready["accounts"][0]
        signer = Signer(Credentials(demo["api_key"], demo["api_secret"]), TRADING_INSTRUCTIONS)
        budget = RequestBudget(clock)
        self.client = RestClient(ready["tls"]["rest_url"], signer, ServerClock(clock), clock, budget)

    async def switch(self, **fault: object) -> Any:
        """Switch a fault; what is on then."""
        async with aiohttp.ClientSession() as http, http.post(self._faults_url, json=fault) as answer:
            return (await answer.json())["on"]

    async def hits(self) -> int:
        async with aiohttp.ClientSession() as http, http.get(self._faults_url) as answer:
            (fault,) = (await answer.json())["on"]
            return int(fault["hits"])

    async def listen(self) -> None:
        """Open a stream and close it."""
        async with new_session(self.stream_url) as http:
            socket = await open_socket(http, self.stream_url, SystemClock(), lambda _: None, gate_seconds=0)
            await socket.close()


@pytest.fixture(name="asked")
def what_the_exchange_is_asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Paths of all requests that arrive, but for those of the back door."""
    asked: list[str] = []
    respond = ExchangeServer._respond

    async def noting(self: ExchangeServer, request: web.BaseRequest) -> web.StreamResponse:
        if not request.path.startswith(PREFIX):
            asked.append(request.path)
        return await respond(self, request)

    monkeypatch.setattr(ExchangeServer, "_respond", noting)
    return asked


@pytest.fixture(name="scene")
async def a_scene(asked: list[str], monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    async with serving(real_exchange(TlsOption())) as (_, ready):
        monkeypatch.setenv("SSL_CERT_FILE", ready["tls"]["ca_file"])
        scene = Scene(ready)
        await scene.client.open()
        try:
            yield scene
        finally:
            await scene.client.close()


@pytest.mark.parametrize("how", REASONS)
async def test_it_is_refused_before_anything_is_sent_and_used_again_afterwards(
    scene: Scene, asked: list[str], how: str
) -> None:
    said = rf"certificate of 127\.0\.0\.1 is not valid: {REASONS[how]}"
    await scene.switch(fault="bad_cert", how=how)
    with pytest.raises(NotSent, match=said):
        await scene.client.place(LIMIT)
    for read in READS:
        with pytest.raises(Unavailable, match=said):
            await read(scene.client)
    with pytest.raises(ConnectionLost, match=said):
        await scene.listen()
    assert asked == []
    assert await scene.hits() == 2 + len(READS)
    assert await scene.switch(fault="bad_cert", off=True) == []
    placed = await scene.client.place(LIMIT)
    assert (await scene.client.open_orders(LIMIT.symbol))[0].order_id == placed.order_id
    for read in READS:
        assert await read(scene.client)
    await scene.listen()
    assert len(asked) == 3 + len(READS)


async def test_a_connection_that_stands_is_not_asked_again(scene: Scene) -> None:
    await scene.client.status()
    await scene.switch(fault="bad_cert")
    assert (await scene.client.status()).is_ok
    assert await scene.hits() == 0
