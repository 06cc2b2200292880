"""The exchange behind real sockets: the runner, the back door, keep-alive, what is kept across restarts."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import orjson
import pytest
from backpack_exchange_sdk.authenticated import AuthenticationClient

from bpx_tui.simulator.clock import ManualClock, RealClock
from bpx_tui.simulator.domain.catalogue import default_catalogue
from bpx_tui.simulator.exchange import Exchange
from bpx_tui.simulator.main import read_options, ready_line
from bpx_tui.simulator.options import AccountOption, Options, TlsOption
from bpx_tui.simulator.server import ExchangeServer
from tests.simulator.desk import make_exchange

T = TypeVar("T")


@contextlib.asynccontextmanager
async def serving(exchange: Exchange) -> AsyncIterator[tuple[ExchangeServer, dict[str, Any]]]:
    """A listening exchange whose time passes, with its ready line."""
    server = ExchangeServer(exchange)
    async with server.listening("127.0.0.1", 0), asyncio.TaskGroup() as tasks:
        passing = tasks.create_task(server.let_time_pass())
        try:
            yield server, orjson.loads(ready_line(server))
        finally:
            passing.cancel()


def real_exchange(tls: TlsOption | None = None) -> Exchange:
    return Exchange(Options(seed=3, tls=tls), default_catalogue(), RealClock(), skip_when_late=True)


async def in_thread(call: Callable[[], T]) -> T:
    """Run blocking client code beside the server."""
    async with asyncio.timeout(20):
        return await asyncio.to_thread(call)


async def test_the_back_door_is_not_for_web_pages() -> None:
    exchange, _ = make_exchange(flow=False)
    async with serving(exchange) as (_, ready), aiohttp.ClientSession(ready["rest_url"]) as http:
        async with http.get("/_sim/state") as answer:
            assert (await answer.json())["conserved"] is True
        for method in ("GET", "POST"):
            async with http.request(method, "/_sim/faults", headers={"Origin": "http://evil.example"}) as answer:
                assert answer.status == 403
        async with http.post("/_sim/faults", json={"fault": "nonsense"}) as answer:
            assert answer.status == 400
        async with http.get("/_sim/elsewhere") as answer:
            assert answer.status == 404


async def test_unknown_paths_and_methods_are_plain_text() -> None:
    exchange, _ = make_exchange(flow=False)
    async with serving(exchange) as (_, ready), aiohttp.ClientSession(ready["rest_url"]) as http:
        for method, path, status in (("GET", "/api/v1/nothing", 404), ("PUT", "/api/v1/order", 405), ("GET", "/", 404)):
            async with http.request(method, path) as answer:
                assert (answer.status, answer.content_type) == (status, "text/plain")


async def test_pings_go_out_every_minute_and_silence_closes_after_two() -> None:
    exchange, clock = make_exchange(flow=False)
    async with serving(exchange) as (server, ready), aiohttp.ClientSession() as http:
        polite = await http.ws_connect(ready["ws_url"])
        rude = await http.ws_connect(ready["ws_url"], autoping=False)
        assert isinstance(clock, ManualClock)

        async def pass_minutes(minutes: int) -> None:
            for _ in range(minutes):
                clock.advance(60)
                exchange.run_due()
                server.flush()
                with contextlib.suppress(TimeoutError):
                    await polite.receive(timeout=0.05)

        await pass_minutes(2)
        assert (await rude.receive(timeout=2)).type is aiohttp.WSMsgType.PING
        await pass_minutes(2)
        async with asyncio.timeout(2):
            kinds = [message.type async for message in rude]
        assert kinds[-1:] in ([aiohttp.WSMsgType.PING], [])
        assert rude.closed
        assert not polite.closed
        await polite.close()


async def test_a_closing_exchange_says_so() -> None:
    exchange, _ = make_exchange(flow=False)
    async with serving(exchange) as (_, ready), aiohttp.ClientSession() as http:
        socket = await http.ws_connect(ready["ws_url"])
        async with http.post(f"{ready['rest_url']}/_sim/faults", json={"fault": "close", "code": 1001}) as answer:
            assert answer.status == 200
        message = await socket.receive(timeout=2)
        assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1001)


async def run_program(*flags: str) -> tuple[asyncio.subprocess.Process, dict[str, Any]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bpx_tui.simulator", *flags, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    async with asyncio.timeout(20):
        return process, orjson.loads(await process.stdout.readline())


async def test_it_collects_garbage_although_the_demo_that_forked_it_did_not_yet() -> None:
    forked = "import gc; gc.disable(); from bpx_tui.simulator.main import main; main(['--port', '0'])"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", f"{forked}; print(gc.isenabled())", stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(20):
        assert process.stdout is not None
        await process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        rest, _ = await process.communicate()
    assert rest == b"True\n"


@pytest.mark.parametrize("word", [signal.SIGINT, signal.SIGTERM])
async def test_the_program_prints_one_line_and_ends_well(word: signal.Signals) -> None:
    process, ready = await run_program("--seed", "5", "--port", "0")
    assert ready["event"] == "ready"
    assert set(ready) == {"event", "rest_url", "ws_url", "accounts"}
    assert [account["name"] for account in ready["accounts"]] == ["demo"]
    async with aiohttp.ClientSession() as http, http.ws_connect(ready["ws_url"]) as socket:
        await socket.send_json({"method": "SUBSCRIBE", "params": ["depth.BTC_USDC_PERP"]})
        assert (await socket.receive_json(timeout=5))["stream"] == "depth.BTC_USDC_PERP"
        process.send_signal(word)
        async with asyncio.timeout(5):
            rest, _ = await process.communicate()
    assert rest == b""
    assert process.returncode == 0


async def test_a_paper_account_is_kept_across_restarts(tmp_path: Path) -> None:
    flags = ("--seed", "5", "--state", str(tmp_path / "paper.db"))
    process, ready = await run_program(*flags)
    demo = ready["accounts"][0]

    def trade() -> None:
        client = AuthenticationClient(demo["api_key"], demo["api_secret"], base_url=f"{ready['rest_url']}/")
        client.execute_order(orderType="Market", side="Bid", symbol="SOL_USDC_PERP", quantity="2.00")
        client.execute_order(orderType="Limit", side="Bid", symbol="SOL_USDC", quantity="0.50", price="150.00")

    await in_thread(trade)
    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(5):
        assert await process.wait() == 0
    process, ready = await run_program(*flags)
    assert ready["accounts"][0] == demo

    def look() -> None:
        client = AuthenticationClient(demo["api_key"], demo["api_secret"], base_url=f"{ready['rest_url']}/")
        assert [row["netQuantity"] for row in client.get_open_positions()] == ["2.00"]
        assert [row["price"] for row in client.get_open_orders("SOL_USDC")] == ["150.00"]
        assert len(client.get_fill_history()) >= 1

    try:
        await in_thread(look)
    finally:
        process.send_signal(signal.SIGTERM)
        await process.wait()


async def test_a_state_file_that_is_none_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("milk, eggs\n" * 200)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bpx_tui.simulator", "--state", str(path), stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(20):
        _, said = await process.communicate()
    assert process.returncode == 2
    assert str(path) in said.decode()
    assert len(said.decode().strip().splitlines()) == 1


async def test_a_taken_port_is_one_plain_line() -> None:
    exchange, _ = make_exchange(flow=False)
    async with serving(exchange) as (server, _):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bpx_tui.simulator", "--port", str(server.port), stderr=asyncio.subprocess.PIPE
        )
        async with asyncio.timeout(20):
            _, said = await process.communicate()
    assert process.returncode == 1
    assert len(said.decode().strip().splitlines()) == 1


def test_the_same_seed_gives_the_same_keys_and_another_seed_others() -> None:
    def key(seed: int) -> str:
        return make_exchange(seed=seed, flow=False)[0].credentials[0].api_key

    assert key(1) == key(1) != key(2)


def test_accounts_can_be_given() -> None:
    flags = ["--account", "alice:USDC=500,SOL=2", "--account", f"bob@{'A' * 43}="]
    alice, bob = read_options(flags).accounts
    assert alice == AccountOption("alice", None, ((alice.balances[0][0], alice.balances[0][1]), alice.balances[1]))
    assert [f"{asset}={quantity}" for asset, quantity in alice.balances] == ["USDC=500", "SOL=2"]
    assert bob.api_key == f"{'A' * 43}="


@pytest.mark.parametrize(
    "flags",
    [
        ["--account", "no name"],
        ["--account", "x:USDC=lots"],
        ["--port", "70000"],
        ["--speed", "0"],
        ["--scenario", "boring"],
        ["--seed", "x"],
    ],
)
def test_nonsense_flags_are_refused(flags: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        read_options(flags)
    assert ended.value.code == 2
    assert capsys.readouterr().err
