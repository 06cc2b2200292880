"""What breaks between us and the exchange: nothing is sent twice, and nothing unknown is called a no.

Rows of the fault matrix: N01, N02, N05, N06, N16, N18, N19, N22, D21, D22, D23, X01, X02, C06.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any, NoReturn

import pytest

from bpx_tui.errors import (
    NotFound,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    Refused,
    Unavailable,
    UnreadableReply,
)
from bpx_tui.exchange.operations import TRADING_INSTRUCTIONS
from bpx_tui.exchange.rest import RestClient
from bpx_tui.model.enums import OrderKind, Side
from bpx_tui.model.ids import ClientId, OrderId, Symbol
from bpx_tui.model.orders import OrderRequest
from tests.exchange.rest_venue import Request, Setup, answer
from tests.fakes.clock import settled

SOL = Symbol("SOL_USDC")
LIMIT = OrderRequest(SOL, Side.BID, OrderKind.LIMIT, Decimal("0.50"), Decimal("141.25"), client_id=ClientId(7))
ORDER = {
    "id": "1",
    "symbol": "SOL_USDC",
    "side": "Bid",
    "orderType": "Limit",
    "status": "New",
    "quantity": "0.50",
    "price": "141.25",
    "executedQuantity": "0",
    "executedQuoteQuantity": "0",
    "createdAt": 1750793021600,
}
Call = Callable[[RestClient], Awaitable[Any]]
CHANGES: list[tuple[str, Call]] = [
    ("place", lambda client: client.place(LIMIT)),
    ("batch", lambda client: client.place_batch([LIMIT])),
    ("cancel", lambda client: client.cancel(SOL, order_id=OrderId("1"))),
    ("cancel all", lambda client: client.cancel_all(SOL)),
]
EACH_CHANGE = pytest.mark.parametrize("call", [call for _, call in CHANGES], ids=[name for name, _ in CHANGES])

READS: list[Call] = [lambda client: client.balances(), lambda client: client.tickers()]
EACH_READ = pytest.mark.parametrize("call", READS, ids=["signed", "public"])
EMPTY = {"/api/v1/capital": answer(body={}), "/api/v1/tickers": answer(body=[])}


@pytest.fixture
async def setup() -> AsyncIterator[Setup]:
    async with Setup.running(TRADING_INSTRUCTIONS) as made:
        yield made


def balances_then(then: Callable[[Request], bytes | None]) -> Callable[[Request], bytes | None]:
    return lambda request: answer(body={}) if request.method == "GET" else then(request)


def changing(setup: Setup) -> list[Request]:
    return [request for request in setup.venue.requests if request.method != "GET"]


@EACH_CHANGE
async def test_an_answer_that_never_comes_leaves_it_unknown_and_sent_once(call: Call) -> None:
    async with Setup.running(TRADING_INSTRUCTIONS, order_seconds=0.2) as setup:
        setup.venue.stall = asyncio.Event()
        with pytest.raises(OutcomeUnknown, match="no answer in time"):
            await call(setup.client)
        assert len(setup.venue.requests) == 1


@EACH_CHANGE
async def test_a_connection_dropped_after_the_request_leaves_it_unknown_and_sent_once(setup: Setup, call: Call) -> None:
    setup.venue.respond = lambda _: None
    with pytest.raises(OutcomeUnknown, match="connection broke"):
        await call(setup.client)
    assert len(setup.venue.requests) == 1


@EACH_CHANGE
async def test_a_kept_alive_connection_that_dies_as_it_is_reused_does_not_double_the_request(
    setup: Setup, call: Call
) -> None:
    setup.venue.respond = balances_then(lambda _: None)
    await setup.client.balances()
    with pytest.raises(OutcomeUnknown):
        await call(setup.client)
    assert len(changing(setup)) == 1
    assert setup.venue.connections == 1


@EACH_READ
async def test_a_read_is_not_sent_again_behind_our_back_either(setup: Setup, call: Call) -> None:
    setup.venue.respond = lambda request: EMPTY[request.path] if len(setup.venue.requests) == 1 else None
    await call(setup.client)
    with pytest.raises(Unavailable, match="connection broke"):
        await call(setup.client)
    assert len(setup.venue.requests) == 2
    assert setup.venue.connections == 1


@EACH_CHANGE
async def test_an_answer_cut_at_any_byte_leaves_it_unknown(setup: Setup, call: Call) -> None:
    whole = answer(body=ORDER)
    setup.venue.close_after_answer = True
    for kept in range(0, len(whole), 7):
        setup.venue.respond = lambda _, kept=kept: whole[:kept]  # type: ignore[misc]
        with pytest.raises(OutcomeUnknown):
            await call(setup.client)
    assert len(setup.venue.requests) == len(range(0, len(whole), 7))


async def test_an_answer_that_arrives_byte_by_byte_is_the_same_answer(setup: Setup) -> None:
    setup.venue.slice_bytes = 1
    setup.venue.respond = lambda _: answer(body=ORDER)
    assert (await setup.client.place(LIMIT)).order_id == "1"


@pytest.mark.parametrize(
    "reply",
    [
        answer(body=None),
        answer(204),
        answer(202),
        answer(raw=b"pong", content_type="text/plain"),
        answer(raw=b'{"id": "1"', content_type="application/json"),
        answer(body=[]),
        answer(body={**ORDER, "symbol": None}),
        answer(raw=b"<html>Please log in</html>", content_type="text/html"),
        answer(body={}, headers={"Content-Encoding": "gzip"}),
        b"HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 100_000 + b"\r\n\r\n",
    ],
)
async def test_an_answer_to_an_order_that_cannot_be_read_leaves_it_unknown(setup: Setup, reply: bytes) -> None:
    setup.venue.close_after_answer = True
    setup.venue.respond = lambda _: reply
    with pytest.raises(OutcomeUnknown):
        await setup.client.place(LIMIT)
    assert len(setup.venue.requests) == 1


@EACH_CHANGE
@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_never_followed(setup: Setup, call: Call, status: int) -> None:
    setup.venue.respond = lambda _: answer(status, headers={"Location": f"{setup.venue.url}/elsewhere"})
    with pytest.raises(OutcomeUnknown, match="never followed"):
        await call(setup.client)
    assert len(setup.venue.requests) == 1
    with pytest.raises(Unavailable, match="network login page"):
        await setup.client.balances()
    assert len(setup.venue.requests) == 2


@EACH_CHANGE
@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_an_error_of_the_server_leaves_it_unknown_even_if_it_names_a_refusal(
    setup: Setup, call: Call, status: int
) -> None:
    setup.venue.respond = lambda _: answer(status, {"code": "INVALID_ORDER", "message": "No"})
    with pytest.raises(OutcomeUnknown):
        await call(setup.client)
    assert len(setup.venue.requests) == 1


async def test_a_refused_order_says_why(setup: Setup) -> None:
    setup.venue.respond = lambda _: answer(400, {"code": "INVALID_ORDER", "message": "Order would \x1b[31mtake"})
    with pytest.raises(Refused) as refused:
        await setup.client.place(LIMIT)
    assert (refused.value.code, refused.value.message) == ("INVALID_ORDER", "Order would \ufffd[31mtake")


async def test_cancelling_what_is_not_open_is_not_found(setup: Setup) -> None:
    setup.venue.respond = lambda _: answer(400, {"code": "INVALID_CLIENT_REQUEST", "message": "Order not found"})
    with pytest.raises(NotFound):
        await setup.client.cancel(SOL, order_id=OrderId("1"))


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@EACH_CHANGE
async def test_a_refused_connection_means_that_nothing_was_sent(call: Call) -> None:
    async with Setup.running(TRADING_INSTRUCTIONS, url=f"http://127.0.0.1:{closed_port()}") as setup:
        with pytest.raises(NotSent, match="cannot connect to 127"):
            await call(setup.client)
        for read in READS:
            with pytest.raises(Unavailable, match="cannot connect to 127"):
                await read(setup.client)


@EACH_CHANGE
async def test_a_name_that_does_not_resolve_means_that_nothing_was_sent(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_such_name(*_: object, **__: object) -> NoReturn:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", no_such_name)
    async with Setup.running(TRADING_INSTRUCTIONS, url="https://api.nowhere.invalid") as setup:
        with pytest.raises(NotSent, match=r"cannot resolve host api\.nowhere\.invalid"):
            await call(setup.client)
        for read in READS:
            with pytest.raises(Unavailable, match="cannot resolve host"):
                await read(setup.client)


@EACH_READ
async def test_the_environment_sets_no_proxy(setup: Setup, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    setup.venue.respond = lambda request: EMPTY[request.path]
    assert await call(setup.client) == ()


@EACH_READ
async def test_cookies_are_not_kept(setup: Setup, call: Call) -> None:
    setup.venue.respond = lambda _: answer(500, headers={"Set-Cookie": "track=me"})
    for _ in range(2):
        with pytest.raises(Unavailable):
            await call(setup.client)
    assert "cookie" not in setup.venue.requests[1].headers


async def test_a_connection_that_was_closed_while_idle_is_not_used_again(setup: Setup) -> None:
    setup.venue.close_after_answer = True
    setup.venue.respond = lambda request: EMPTY.get(request.path) or answer(body=ORDER)
    for _ in range(3):
        await setup.client.balances()
        await settled()
        await setup.client.place(LIMIT)
        await settled()
    assert setup.venue.connections == 6


async def test_an_answer_that_ends_its_connection_is_an_answer(setup: Setup) -> None:
    setup.venue.close_after_answer = True
    setup.venue.respond = lambda _: answer(body=ORDER, keep_alive=False)
    assert (await setup.client.place(LIMIT)).order_id == "1"
    assert (await setup.client.place(LIMIT)).order_id == "1"
    assert setup.venue.connections == 2


async def test_bytes_that_nobody_asked_for_are_never_the_next_answer(setup: Setup) -> None:
    forged = answer(body={**ORDER, "id": "forged"})
    setup.venue.respond = lambda _: answer(body=ORDER) + forged
    for _ in range(3):
        assert (await setup.client.place(LIMIT)).order_id == "1"
    assert setup.venue.connections == 3


async def test_orders_side_by_side_each_get_their_own_answer(setup: Setup) -> None:
    setup.venue.respond = lambda request: answer(body={**ORDER, "id": str(json.loads(request.body)["clientId"])})
    orders = [setup.client.place(replace(LIMIT, client_id=ClientId(number))) for number in range(20)]
    assert [order.order_id for order in await asyncio.gather(*orders)] == [str(number) for number in range(20)]


@EACH_CHANGE
async def test_closing_while_one_is_under_way_leaves_it_unknown(setup: Setup, call: Call) -> None:
    setup.venue.stall = asyncio.Event()
    task = asyncio.ensure_future(call(setup.client))
    async with asyncio.timeout(5):
        await setup.venue.arrived.wait()
    await setup.client.close()
    with pytest.raises(OutcomeUnknown):
        await task


async def test_after_a_429_nothing_leaves_but_what_takes_risk_away(setup: Setup) -> None:
    limited = answer(429, raw=b"slow", headers={"Retry-After": "20"})
    setup.venue.respond = lambda request: {"DELETE": answer(202), "POST": answer(body=ORDER)}.get(
        request.method, limited
    )
    with pytest.raises(RateLimited) as refused:
        await setup.client.balances()
    assert refused.value.retry_after_seconds == 20
    for call in (setup.client.balances(), setup.client.markets()):
        with pytest.raises(Unavailable, match="slow down"):
            await call
    closing = replace(LIMIT, side=Side.ASK, reduce_only=True)
    for opening in (setup.client.place(LIMIT), setup.client.place_batch([closing, LIMIT])):
        with pytest.raises(NotSent, match="slow down"):
            await opening
    assert len(setup.venue.requests) == 1
    await setup.client.cancel(SOL, order_id=OrderId("1"))
    await setup.client.cancel_all(SOL)
    await setup.client.place(closing)
    assert len(setup.venue.requests) == 4
    setup.clock.skip(20)
    with pytest.raises(RateLimited):
        await setup.client.balances()


async def test_a_web_page_instead_of_data_is_named(setup: Setup) -> None:
    setup.venue.respond = lambda _: answer(raw=b"<html>Log in to Hotel WiFi</html>", content_type="text/html")
    with pytest.raises(UnreadableReply, match="network login page"):
        await setup.client.markets()


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, b""), (502, b"<html>bad gateway</html>"), (503, b'{"code":"MAINTENANCE","message":"back soon"}')],
)
async def test_a_read_that_fails_on_their_side_may_be_tried_later(setup: Setup, status: int, body: bytes) -> None:
    setup.venue.respond = lambda _: answer(status, raw=body, content_type="")
    with pytest.raises(Unavailable):
        await setup.client.markets()


async def test_a_read_has_its_own_shorter_patience() -> None:
    async with Setup.running(TRADING_INSTRUCTIONS, read_seconds=0.2) as setup:
        setup.venue.stall = asyncio.Event()
        with pytest.raises(Unavailable, match="no answer in time"):
            await setup.client.balances()


async def test_an_answer_without_end_is_cut_off() -> None:
    async with Setup.running(TRADING_INSTRUCTIONS, max_body_bytes=10_000) as setup:
        setup.venue.respond = lambda _: answer(raw=b"[" + b"1," * 20_000)
        with pytest.raises(UnreadableReply, match="larger than any of the exchange"):
            await setup.client.markets()
        with pytest.raises(OutcomeUnknown, match="larger than any of the exchange"):
            await setup.client.place(LIMIT)


async def test_a_cancelled_call_passes_the_cancellation_on(setup: Setup) -> None:
    setup.venue.stall = asyncio.Event()
    task = asyncio.ensure_future(setup.client.place(LIMIT))
    async with asyncio.timeout(5):
        await setup.venue.arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(setup.venue.requests) == 1
