"""What clients written by others found: each test is one way in which the simulated exchange was not Backpack."""

from __future__ import annotations

import asyncio
import base64
import gzip
from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import aiohttp
import pytest
from backpack_exchange_sdk._base.errors import BackpackAPIError
from backpack_exchange_sdk.authenticated import AuthenticationClient

from tests.simulator.desk import Client, Listener, make_exchange, run, text_to_sign
from tests.simulator.test_server import in_thread, real_exchange, serving

US_PER_SECOND = 1_000_000


def test_closed_candles_carry_the_volume_of_their_trades() -> None:
    exchange, clock = make_exchange()
    listener = Listener(exchange)
    symbols = [symbol for symbol in exchange.symbols if not symbol.endswith("_RFQ")]
    listener.subscribe(*(f"{kind}.{symbol}" for symbol in symbols for kind in ("trade", "kline.1s")))
    run(exchange, clock, 30)
    traded: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    closed: dict[tuple[str, int], Decimal] = {}
    for message in listener.messages():
        data: Any = message["data"]
        if data["e"] == "trade":
            traded[data["s"], data["T"] // US_PER_SECOND] += Decimal(data["q"])
        elif data["X"]:
            start = datetime.fromisoformat(data["t"]).replace(tzinfo=UTC)
            closed[data["s"], int(start.timestamp())] = Decimal(data["v"])
    first = min(start for _, start in closed)
    whole = {key: volume for key, volume in closed.items() if key[1] > first}
    assert sum(volume > 0 for volume in whole.values()) > 20
    assert whole == {key: traded[key] for key in whole}


async def test_the_liquidation_price_is_asked_for_in_base64_json() -> None:
    async with serving(real_exchange()) as (_, ready):
        demo, base = ready["accounts"][0], f"{ready['rest_url']}/"

        def ask() -> None:
            client = AuthenticationClient(demo["api_key"], demo["api_secret"], base_url=base)
            prices = []
            for quantity in ("10", "20"):
                borrow = f'{{"quantity":"{quantity}","side":"Borrow","symbol":"ETH"}}'
                answer = client.get_estimated_liquidation_price(base64.b64encode(borrow.encode()).decode())
                prices.append(Decimal(answer["liquidationPrice"]))
            assert prices[0] > prices[1] > 0
            for nonsense in ("ETH", "é€", "!!!!", base64.b64encode(b"[1").decode(), base64.b64encode(b"\xff").decode()):
                with pytest.raises(BackpackAPIError, match=r"failed to parse|parse request payload error"):
                    client.get_estimated_liquidation_price(nonsense)

        await in_thread(ask)


async def test_a_query_is_decoded_once() -> None:
    exchange = real_exchange()
    async with serving(exchange) as (_, ready), aiohttp.ClientSession() as session:
        client = Client(exchange)
        params = {"symbol": "SOL_USDC", "orderId": "50%25"}
        now_ms = client.now_ms
        headers = client.headers(text_to_sign("orderQuery", params, now_ms, 5000))
        headers["X-Timestamp"] = str(now_ms)
        async with session.get(f"{ready['rest_url']}/api/v1/order", params=params, headers=headers) as answer:
            assert (answer.status, (await answer.json())["code"]) == (404, "RESOURCE_NOT_FOUND")


def test_every_token_has_a_contract() -> None:
    exchange, _ = make_exchange(flow=False)
    assets: Any = Client(exchange).public("/api/v1/assets").json
    contracts = [token["contractAddress"] for asset in assets for token in asset["tokens"]]
    assert all(isinstance(contract, str) for contract in contracts)
    assert len(set(contracts)) == len(contracts) > 20


async def test_broken_requests_leave_no_trace_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    head = b"POST /api/v1/order HTTP/1.1\r\nHost: x\r\n"
    broken = (b"Content-Length: 10\r\n\r\nabc", b"Content-Length: -5\r\n\r\n", b"X: " + b"a" * 20_000 + b"\r\n\r\n")
    async with serving(real_exchange()) as (server, _):
        for rest in broken:
            _, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(head + rest)
            await writer.drain()
            writer.close()
            await writer.wait_closed()
    assert caplog.records == []


async def test_a_compressed_body_is_no_json() -> None:
    async with serving(real_exchange()) as (_, ready), aiohttp.ClientSession() as session:
        for body in (b"{}", gzip.compress(b"{}")):
            headers = {"Content-Encoding": "gzip"}
            async with session.post(f"{ready['rest_url']}/api/v1/order", data=body, headers=headers) as answer:
                assert answer.status == 400
