"""The REST client against a venue on loopback: what leaves, how it is signed, and what comes back."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bpx_tui.errors import ConfigError, InputError, NotFound, NotSent, Unavailable
from bpx_tui.exchange.limits import RequestBudget, Share
from bpx_tui.exchange.operations import OPERATIONS, READ_ONLY_INSTRUCTIONS, TRADING_INSTRUCTIONS
from bpx_tui.exchange.rest import RestClient
from bpx_tui.exchange.rest_transport import RestTransport
from bpx_tui.exchange.server_clock import ServerClock
from bpx_tui.exchange.signing import Params
from bpx_tui.model.enums import (
    KlineInterval,
    OrderKind,
    OrderStatus,
    Side,
)
from bpx_tui.model.ids import ClientId, OrderId, Symbol
from bpx_tui.model.orders import Order, OrderRequest
from tests.exchange.rest_venue import Request, Setup, answer
from tests.fakes.clock import ManualClock

SAMPLES = Path(__file__).parents[1] / "data" / "backpack" / "samples" / "rest"
SOL = Symbol("SOL_USDC")
D = Decimal
LIMIT = OrderRequest(SOL, Side.BID, OrderKind.LIMIT, D("0.50"), D("141.25"), client_id=ClientId(7))


@pytest.fixture
async def setup() -> AsyncIterator[Setup]:
    async with Setup.running(TRADING_INSTRUCTIONS) as made:
        yield made


def sample(name: str) -> bytes:
    return answer(raw=(SAMPLES / f"{name}.json").read_bytes())


Call = Callable[[RestClient], Awaitable[Any]]

READS: list[tuple[Call, str, str, dict[str, str]]] = [
    (lambda c: c.status(), "get_status", "get_status", {}),
    (lambda c: c.time_ms(), "get_time", "get_time", {}),
    (lambda c: c.markets(), "get_markets", "get_markets", {}),
    (lambda c: c.tickers(), "get_tickers", "get_tickers", {}),
    (lambda c: c.ticker(SOL), "get_ticker", "get_ticker", {"symbol": SOL}),
    (lambda c: c.depth(SOL), "get_depth", "get_depth", {"symbol": SOL, "limit": "1000"}),
    (
        lambda c: c.klines(SOL, KlineInterval.M1, 1_700_000_000, 1_700_060_000),
        "get_klines",
        "get_klines",
        {"symbol": SOL, "interval": "1m", "startTime": "1700000000", "endTime": "1700060000"},
    ),
    (
        lambda c: c.klines(SOL, KlineInterval.MONTH1, 5),
        "get_klines",
        "get_klines",
        {"symbol": SOL, "interval": "1month", "startTime": "5"},
    ),
    (lambda c: c.trades(SOL, 500), "get_recent_trades", "get_recent_trades", {"symbol": SOL, "limit": "500"}),
    (lambda c: c.mark_prices(), "get_mark_prices", "get_mark_prices", {}),
    (lambda c: c.open_interest(SOL), "get_open_interest", "get_open_interest", {"symbol": SOL}),
    (
        lambda c: c.funding_rates(SOL, 3),
        "get_funding_interval_rates",
        "get_funding_interval_rates",
        {"symbol": SOL, "limit": "3"},
    ),
    (lambda c: c.account(), "get_account", "get_account", {}),
    (lambda c: c.balances(), "get_balances", "get_balances", {}),
    (lambda c: c.collateral(), "get_collateral", "get_collateral", {}),
    (lambda c: c.positions(SOL), "get_positions", "get_positions__long", {"symbol": SOL}),
    (lambda c: c.positions(), "get_positions", "get_positions__short", {}),
    (lambda c: c.open_orders(), "get_open_orders", "get_open_orders", {}),
    (
        lambda c: c.order(SOL, client_id=ClientId(7)),
        "get_order",
        "get_order",
        {"symbol": SOL, "clientId": "7"},
    ),
    (
        lambda c: c.order(SOL, order_id=OrderId("99")),
        "get_order",
        "get_order",
        {"symbol": SOL, "orderId": "99"},
    ),
    (
        lambda c: c.order_history(SOL),
        "get_order_history",
        "get_order_history",
        {"symbol": SOL, "limit": "100", "offset": "0"},
    ),
    (
        lambda c: c.fills(SOL, from_ms=1, to_ms=2, limit=10),
        "get_fills",
        "get_fills",
        {"symbol": SOL, "from": "1", "to": "2", "limit": "10", "offset": "0"},
    ),
    (
        lambda c: c.max_order_quantity(SOL, Side.BID, D("150.10"), reduce_only=False),
        "get_max_order_quantity",
        "get_max_order_quantity",
        {"symbol": SOL, "side": "Bid", "price": "150.10", "reduceOnly": "false"},
    ),
]


@pytest.mark.parametrize(("call", "operation_id", "name", "query"), READS)
async def test_a_read_goes_where_the_specification_says(
    setup: Setup, call: Call, operation_id: str, name: str, query: dict[str, str]
) -> None:
    setup.venue.respond = lambda _: sample(name)
    assert await call(setup.client) is not None
    (request,) = setup.venue.requests
    operation = OPERATIONS[operation_id]
    assert (request.method, request.path, request.query) == (operation.method, operation.path, query)
    assert request.body == b""
    if operation.instruction is None:
        assert not [name for name in request.headers if name.startswith("x-")]
    else:
        assert request.is_signed_for(operation.instruction)


async def test_a_limit_order_is_sent_signed_and_read_back(setup: Setup) -> None:
    setup.venue.respond = lambda _: sample("execute_order__limit_resting_perp")
    placed = await setup.client.place(LIMIT)
    assert (placed.order_id, placed.status) == ("8284671277", OrderStatus.NEW)
    (request,) = setup.venue.requests
    assert (request.method, request.path) == ("POST", "/api/v1/order")
    assert request.headers["content-type"] == "application/json; charset=utf-8"
    assert json.loads(request.body) == {
        "symbol": "SOL_USDC",
        "side": "Bid",
        "orderType": "Limit",
        "quantity": "0.50",
        "price": "141.25",
        "timeInForce": "GTC",
        "clientId": 7,
    }
    assert request.is_signed_for("orderExecute")
    assert not request.is_signed_for("orderCancel")


async def test_requests_are_signed_with_the_exchanges_time(setup: Setup) -> None:
    setup.venue.respond = lambda request: (
        answer(raw=b"1800000000000", content_type="text/plain")
        if request.path.endswith("time")
        else sample("get_balances")
    )
    await setup.client.measure_clock()
    await setup.client.balances()
    assert abs(int(setup.venue.requests[1].headers["x-timestamp"]) - 1_800_000_000_000) <= 1
    assert setup.venue.requests[1].headers["x-window"] == "5000"


@pytest.mark.parametrize(
    ("way_seconds", "waited_seconds", "window"),
    [
        (None, 0, "5000"),
        (0.1, 0, "3000"),
        (0.1, 300, "3000"),
        (0.9, 300, "3000"),
        (1.1, 0, "5000"),
        (0.1, 6000, "5000"),
    ],
)
async def test_the_signature_of_what_changes_something_lives_three_seconds_on_a_good_clock(
    setup: Setup, way_seconds: float | None, waited_seconds: float, window: str
) -> None:
    def respond(request: Request) -> bytes:
        if request.path.endswith("time"):
            setup.clock.skip(way_seconds or 0)
            return answer(raw=b"1800000000000", content_type="text/plain")
        return (
            sample("get_balances") if request.path.endswith("capital") else sample("execute_order__limit_resting_perp")
        )

    setup.venue.respond = respond
    if way_seconds is not None:
        await setup.client.measure_clock()
    setup.clock.skip(waited_seconds)
    await setup.client.place(LIMIT)
    await setup.client.cancel(SOL, order_id=OrderId("1"))
    await setup.client.balances()
    *_, placed, cancelled, read = setup.venue.requests
    assert [request.headers["x-window"] for request in (placed, cancelled, read)] == [window, window, "5000"]
    assert placed.is_signed_for("orderExecute")


async def test_what_does_not_make_one_order_never_leaves(setup: Setup) -> None:
    with pytest.raises(InputError):
        await setup.client.place(replace(LIMIT, price=None))
    with pytest.raises(InputError):
        await setup.client.place_batch([LIMIT, replace(LIMIT, price=None)])
    assert setup.venue.requests == []


async def test_a_batch_is_signed_order_by_order(setup: Setup) -> None:
    setup.venue.respond = lambda _: sample("execute_order_batch")
    outcomes = await setup.client.place_batch([LIMIT, replace(LIMIT, post_only=True)])
    assert len(outcomes) == 2
    assert isinstance(outcomes[0], Order)
    (request,) = setup.venue.requests
    assert (request.method, request.path, len(json.loads(request.body))) == ("POST", "/api/v1/orders", 2)
    assert request.is_signed_for("orderExecute")
    with pytest.raises(InputError):
        await setup.client.place_batch([])


async def test_a_cancel_has_a_signed_body(setup: Setup) -> None:
    setup.venue.respond = lambda _: sample("cancel_order")
    cancelled = await setup.client.cancel(SOL, order_id=OrderId("28"))
    assert cancelled is not None
    assert cancelled.status is OrderStatus.CANCELLED
    await setup.client.cancel(SOL, client_id=ClientId(5))
    by_id, by_client = setup.venue.requests
    assert (by_id.method, by_id.path) == ("DELETE", "/api/v1/order")
    assert json.loads(by_id.body) == {"symbol": "SOL_USDC", "orderId": "28"}
    assert json.loads(by_client.body) == {"symbol": "SOL_USDC", "clientId": 5}
    assert by_id.is_signed_for("orderCancel")
    assert by_client.is_signed_for("orderCancel")


async def test_a_202_says_that_a_cancel_was_accepted_and_not_that_it_was_done(setup: Setup) -> None:
    setup.venue.respond = lambda _: answer(202)
    assert await setup.client.cancel(SOL, order_id=OrderId("28")) is None
    assert await setup.client.cancel_all(SOL) is None


@pytest.mark.parametrize(("conditional", "word"), [(False, "RestingLimitOrder"), (True, "ConditionalOrder")])
async def test_cancelling_all_names_the_market_and_the_kind(setup: Setup, conditional: bool, word: str) -> None:
    setup.venue.respond = lambda _: sample("cancel_open_orders")
    cancelled = await setup.client.cancel_all(SOL, conditional=conditional)
    assert cancelled is not None
    assert len(cancelled) == 1
    (request,) = setup.venue.requests
    assert (request.method, request.path) == ("DELETE", "/api/v1/orders")
    assert json.loads(request.body) == {"symbol": "SOL_USDC", "orderType": word}
    assert request.is_signed_for("orderCancelAll")


@pytest.mark.parametrize("ids", [{}, {"order_id": OrderId("1"), "client_id": ClientId(1)}])
async def test_an_order_is_named_by_exactly_one_id(setup: Setup, ids: dict[str, Any]) -> None:
    for call in (setup.client.cancel, setup.client.order):
        with pytest.raises(InputError):
            await call(SOL, **ids)
    assert setup.venue.requests == []


async def test_a_market_without_trades_has_no_ticker(setup: Setup) -> None:
    setup.venue.respond = lambda _: answer(204)
    assert await setup.client.ticker(SOL) is None


async def test_no_position_is_flat_however_the_exchange_says_it(setup: Setup) -> None:
    replies = [answer(404, {"code": "RESOURCE_NOT_FOUND", "message": "Position not found"}), answer(body=[])]
    setup.venue.respond = lambda _: replies.pop()
    assert await setup.client.positions(SOL) == ()
    assert await setup.client.positions(SOL) == ()


async def test_only_the_exchange_itself_can_say_flat(setup: Setup) -> None:
    setup.venue.respond = lambda _: answer(404, raw=b"<html>no such page</html>", content_type="text/html")
    with pytest.raises(NotFound):
        await setup.client.positions(SOL)
    setup.venue.respond = lambda _: answer(404, {"code": "RESOURCE_NOT_FOUND", "message": "Account not found"})
    with pytest.raises(NotFound):
        await setup.client.positions()


@pytest.mark.parametrize(
    "body",
    [
        {"symbol": "SOL_USDC", "price": None, "note": "50% é,&=", "postOnly": True, "clientId": 0},
        [{"symbol": "SOL_USDC", "price": None, "reduceOnly": False}, {"symbol": None, "clientId": 7}],
        [],
    ],
    ids=["one", "batch", "empty batch"],
)
async def test_what_is_not_set_is_neither_sent_nor_signed(setup: Setup, body: Params | list[Params]) -> None:
    await setup.transport.change(OPERATIONS["execute_order"], Share.ORDER, body)
    (sent,) = setup.venue.requests
    assert b"null" not in sent.body
    assert sent.is_signed_for("orderExecute")


async def test_an_order_that_does_not_rest_is_not_found(setup: Setup) -> None:
    setup.venue.respond = lambda _: answer(404, {"code": "RESOURCE_NOT_FOUND", "message": "Order not found"})
    with pytest.raises(NotFound, match="Order not found"):
        await setup.client.order(SOL, order_id=OrderId("1"))


@pytest.mark.parametrize(("age", "seconds"), [("3000", 3000), ("0", 0), (None, 0), ("abc", 0), ("-5", 0), ("٣", 0)])
async def test_the_age_of_a_cached_answer_is_told(setup: Setup, age: str | None, seconds: int) -> None:
    body = (SAMPLES / "get_mark_prices.json").read_bytes()
    headers = {} if age is None else {"Age": age}
    setup.venue.respond = lambda _: answer(
        raw=body, headers={k: v.encode().decode("latin-1") for k, v in headers.items()}
    )
    assert (await setup.client.mark_prices()).age_seconds == seconds


@pytest.mark.parametrize("limit", [0, 7, 5000])
async def test_a_depth_that_is_not_served_is_not_asked_for(setup: Setup, limit: int) -> None:
    with pytest.raises(InputError, match="Depth is served with"):
        await setup.client.depth(SOL, limit)


async def test_one_connection_serves_one_request_after_the_other(setup: Setup) -> None:
    setup.venue.respond = lambda request: sample("get_order") if request.method == "POST" else sample("get_balances")
    for _ in range(3):
        await setup.client.place(LIMIT)
        await setup.client.balances()
    assert setup.venue.connections == 1


async def test_a_session_that_may_only_look_sends_no_order() -> None:
    async with Setup.running(READ_ONLY_INSTRUCTIONS) as setup:
        for call in (
            setup.client.place(LIMIT),
            setup.client.place_batch([LIMIT]),
            setup.client.cancel(SOL, order_id=OrderId("1")),
            setup.client.cancel_all(SOL),
        ):
            with pytest.raises(NotSent, match="read-only"):
                await call
        setup.venue.respond = lambda _: sample("get_balances")
        await setup.client.balances()
        assert [request.method for request in setup.venue.requests] == ["GET"]


async def test_without_a_key_public_data_is_read_and_private_is_not_sent() -> None:
    async with Setup.running(None) as setup:
        with pytest.raises(NotSent, match="no API key"):
            await setup.client.balances()
        with pytest.raises(NotSent, match="no API key"):
            await setup.client.place(LIMIT)
        setup.venue.respond = lambda _: sample("get_tickers")
        assert len(await setup.client.tickers()) == 1
        assert len(setup.venue.requests) == 1


async def test_there_is_no_way_to_ask_for_a_withdrawal(setup: Setup) -> None:
    assert not [name for name in dir(setup.client) if "withdraw" in name]
    with pytest.raises(NotSent, match="does not request withdrawals"):
        await setup.transport.change(OPERATIONS["request_withdrawal"], Share.ORDER, {"symbol": "USDC"})
    assert setup.venue.requests == []


async def test_a_closed_client_sends_nothing_and_can_be_opened_again(setup: Setup) -> None:
    setup.venue.respond = lambda _: sample("get_tickers")
    await setup.client.close()
    await setup.client.close()
    with pytest.raises(NotSent, match="not open"):
        await setup.client.tickers()
    await setup.client.open()
    assert len(await setup.client.tickers()) == 1


async def test_the_budget_stops_reads_before_orders_and_orders_before_cancels() -> None:
    async with Setup.running(TRADING_INSTRUCTIONS, per_minute=6, order_reserve=2, cancel_reserve=2) as setup:
        setup.venue.respond = lambda request: sample("get_balances" if request.method == "GET" else "get_order")
        await setup.client.balances()
        await setup.client.balances()
        with pytest.raises(Unavailable, match="our own request limit is reached"):
            await setup.client.balances()
        await setup.client.place(LIMIT)
        await setup.client.place(LIMIT)
        with pytest.raises(NotSent, match="our own request limit is reached"):
            await setup.client.place(LIMIT)
        await setup.client.cancel(SOL, order_id=OrderId("1"))
        assert len(setup.venue.requests) == 5


@pytest.mark.parametrize(
    "url", ["", "api.backpack.exchange", "ftp://x", "http://", "http://x:99999", "http://[x", "https:///x"]
)
def test_what_is_no_address_is_refused_at_once(url: str) -> None:
    clock = ManualClock()
    with pytest.raises(ConfigError, match="must look like https://host"):
        RestTransport(url, None, ServerClock(clock), RequestBudget(clock))
