"""The community client against the simulated exchange, unchanged: by its parameter, and by its environment alone."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from bpx_tui.simulator.options import TlsOption
from tests.simulator.community_client import look, trade
from tests.simulator.connect_proxy import ConnectProxy
from tests.simulator.test_server import in_thread, real_exchange, serving

ROOT = Path(__file__).parents[2]
REST_HOST, WS_HOST = "api.backpack.exchange", "ws.backpack.exchange"


async def test_it_runs_with_another_base_url() -> None:
    async with serving(real_exchange()) as (_, ready):
        demo, base = ready["accounts"][0], f"{ready['rest_url']}/"
        await in_thread(lambda: look(base_url=base))
        await in_thread(lambda: trade(demo["api_key"], demo["api_secret"], base_url=base))


async def test_it_runs_at_the_exchanges_own_addresses_and_hears_public_and_private_streams() -> None:
    """Its WebSocket client knows one address only. A proxy, an authority to trust, and nothing in it is touched."""
    exchange = real_exchange(TlsOption(hosts=(REST_HOST, WS_HOST)))
    async with serving(exchange) as (server, ready):
        proxy = ConnectProxy({f"{host}:443": server.tls_port for host in (REST_HOST, WS_HOST)})
        authority, demo = ready["tls"]["ca_file"], ready["accounts"][0]
        async with proxy.running():
            status, said = await run_program(
                *("-m", "tests.simulator.community_client", demo["api_key"], demo["api_secret"]),
                https_proxy=proxy.url,
                REQUESTS_CA_BUNDLE=authority,
                WEBSOCKET_CLIENT_CA_BUNDLE=authority,
            )
    assert status == 0, said
    assert {*proxy.asked} == {f"{REST_HOST}:443", f"{WS_HOST}:443"}


async def run_program(*arguments: str, **environment: str) -> tuple[int | None, str]:
    """Exit status and output of a Python program that knows of no environment but this one."""
    around = {name: os.environ[name] for name in ("PATH", "HOME")}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        cwd=ROOT,
        env={**around, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(60):
        said, _ = await process.communicate()
    return process.returncode, said.decode()
