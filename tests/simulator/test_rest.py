"""REST as recorded: plain-text refusals, units, ascending bids, explicit nulls, and what orders really do."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpx_tui.simulator.rest.answers import ParseRefusal
from bpx_tui.simulator.rest.raw_json import RawNumber, parse_body
from bpx_tui.simulator.rest.times import naive_iso, spaced, zoned_iso
from tests.simulator.desk import Client, make_exchange, run

ERRORS = orjson.loads((Path(__file__).parents[1] / "data/backpack/samples/rest/errors.json").read_bytes())
LIMIT: dict[str, Any] = {
    "symbol": "SOL_USDC",
    "side": "Bid",
    "orderType": "Limit",
    "quantity": "1.00",
    "price": "150.00",
}


@pytest.fixture(name="client", scope="module")
def a_client() -> Client:
    exchange, clock = make_exchange()
    run(exchange, clock, 2)
    return Client(exchange)


def recorded(text: str) -> dict[str, Any]:
    """The recorded error with this message or text."""
    return next(row for row in ERRORS if text in (row.get("text") or row["body"]["message"]))


# ---- refusals, letter by letter


@pytest.mark.parametrize("digits", [18, 19, 28, 400])
@pytest.mark.parametrize(
    ("method", "path", "instruction", "name", "rest"),
    [
        ("POST", "/api/v1/order", "orderExecute", "quantity", LIMIT),
        ("POST", "/api/v1/order", "orderExecute", "price", LIMIT),
        ("POST", "/api/v1/vault/mint", "vaultMint", "quantity", {"vaultId": 1, "symbol": "USDC"}),
        ("POST", "/api/v1/borrowLend", "borrowLendExecute", "quantity", {"symbol": "SOL", "side": "Borrow"}),
        (
            "GET",
            "/api/v1/account/limits/order",
            "maxOrderQuantity",
            "price",
            {"symbol": "SOL_USDC_PERP", "side": "Bid"},
        ),
    ],
)
def test_no_number_is_too_large_to_be_answered(
    client: Client, method: str, path: str, instruction: str, name: str, rest: dict[str, Any], digits: int
) -> None:
    answer = client.signed(method, path, instruction, **{**rest, name: "9" * digits + ".55"})
    assert answer.status == (400 if method == "POST" or digits > 18 else 200)
    assert ("Invalid decimal" in answer.text) == (digits > 18)


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ({"price": "190.00", "postOnly": True}, "Order would immediately match and take"),
        ({"triggerPrice": "180"}, "Must specify both"),
        ({"price": "5.00"}, "Price is too far from the last active price"),
        ({"quantity": "1.001"}, "Quantity decimal too long"),
        ({"price": "150.001"}, "Price decimal too long"),
        ({"quantity": "900.00"}, "Insufficient funds"),
    ],
)
def test_recorded_refusals(client: Client, order: dict[str, Any], message: str) -> None:
    expected = recorded(message)
    answer = client.order(**{**LIMIT, **order})
    assert (answer.status, answer.object()) == (expected["status"], expected["body"])


def test_recorded_plain_texts(client: Client) -> None:
    for answer, text in (
        (client.order(**{**LIMIT, "symbol": "NOPE_USDC"}), "MarketSymbol"),
        (client.public("/api/v1/klines", symbol="SOL_USDC", interval="2m", startTime=1), "KlineInterval"),
        (client.public("/api/v1/klines", symbol="SOL_USDC", interval="1m"), "startTime"),
    ):
        expected = recorded(text)
        assert (answer.status, answer.text) == (400, expected["text"])
        assert answer.reply.content_type.startswith("text/plain")


def test_cancels_and_queries_of_what_is_not_open_differ(client: Client) -> None:
    gone = {"symbol": "SOL_USDC", "orderId": "1"}
    cancel = client.signed("DELETE", "/api/v1/order", "orderCancel", **gone)
    assert (cancel.status, cancel.object()) == (400, recorded("Order not found")["body"])
    query = client.signed("GET", "/api/v1/order", "orderQuery", **gone)
    assert (query.status, query.object()["code"]) == (404, "RESOURCE_NOT_FOUND")


@pytest.mark.parametrize(
    "order",
    [
        {"side": "Buy"},
        {"orderType": "StopLimit"},
        {"price": 150},
        {"price": "1e2"},
        {"price": "NaN"},
        {"price": "１５０"},
        {"price": ""},
        {"quantity": "-"},
        {"clientId": "7"},
        {"clientId": -1},
        {"clientId": 2**32},
        {"clientId": 1.5},
        {"postOnly": "true"},
        {"timeInForce": "GTD"},
        {"stopLossPrice": "140"},
        {"triggerBy": "Moon"},
        {"symbol": None},
    ],
)
def test_what_cannot_be_read_is_plain_text_and_places_nothing(client: Client, order: dict[str, Any]) -> None:
    before = len(client.exchange.venue.open_orders(client.pair.account))
    params = {name: value for name, value in {**LIMIT, **order}.items() if value is not None}
    answer = client.order(**params)
    assert answer.status == 400
    assert answer.text.startswith("parse request payload error: ")
    assert answer.text.endswith('(occurred while parsing "OrderExecutePayload")')
    assert len(client.exchange.venue.open_orders(client.pair.account)) == before


@pytest.mark.parametrize("ids", [{}, {"orderId": "1", "clientId": 1}])
def test_exactly_one_id(client: Client, ids: dict[str, Any]) -> None:
    assert client.signed("DELETE", "/api/v1/order", "orderCancel", symbol="SOL_USDC", **ids).status == 400
    assert client.signed("GET", "/api/v1/order", "orderQuery", symbol="SOL_USDC", **ids).status == 400


# ---- shapes and units


def test_bids_ascend_ids_are_text_and_prices_have_no_trailing_zeros(client: Client) -> None:
    depth: dict[str, Any] = client.public("/api/v1/depth", symbol="BTC_USDC").object()
    bids, asks = ([Decimal(price) for price, _ in depth[side]] for side in ("bids", "asks"))
    assert bids == sorted(bids)
    assert asks == sorted(asks)
    assert bids[-1] < asks[0]
    assert isinstance(depth["lastUpdateId"], str)
    assert len(str(depth["timestamp"])) == 16
    prices = [price for side in ("bids", "asks") for price, _ in depth[side]]
    assert not any("." in price and price.endswith("0") for price in prices)


def test_depth_limits_are_a_closed_set(client: Client) -> None:
    assert len(client.public("/api/v1/depth", symbol="SOL_USDC", limit=5).object()["bids"]) == 5  # type: ignore[arg-type]
    assert client.public("/api/v1/depth", symbol="SOL_USDC", limit=6).status == 400


def test_every_place_has_its_own_unit_of_time(client: Client) -> None:
    assert len(client.public("/api/v1/time").text) == 13
    assert len(str(client.public("/api/v1/trades", symbol="SOL_USDC", limit=1).rows()[0]["timestamp"])) == 13
    mark = client.public("/api/v1/markPrices", symbol="SOL_USDC_PERP").rows()[0]
    assert len(str(mark["nextFundingTimestamp"])) == 13
    start = client.exchange.now_us // 1_000_000 - 300
    kline = client.public("/api/v1/klines", symbol="SOL_USDC", interval="1m", startTime=start).rows()[0]
    assert kline["start"] == spaced(start - start % 60 + 60)
    funding = client.public("/api/v1/fundingRates", symbol="SOL_USDC_PERP").rows()
    assert funding[0]["intervalEndTimestamp"] > funding[1]["intervalEndTimestamp"]  # type: ignore[operator]


@pytest.mark.parametrize(
    ("time_us", "text"),
    [(1_755_106_021_197_000, "2025-08-13T17:27:01.197"), (1_755_106_021_000_000, "2025-08-13T17:27:01")],
)
def test_naive_times(time_us: int, text: str) -> None:
    assert naive_iso(time_us) == text
    assert zoned_iso(time_us) == f"{text}Z"


def test_keys_are_in_ascii_order_and_unused_fields_are_null(client: Client) -> None:
    body = client.order(**LIMIT, clientId=3).reply.body
    order = orjson.loads(body)
    assert list(order) == sorted(order)
    assert {"takeProfitLimitPrice", "triggeredAt", "strategyId", "reduceOnly"} <= {
        key for key, value in order.items() if value is None
    }
    assert (order["clientId"], order["timeInForce"], order["status"]) == (3, "GTC", "New")
    client.signed("DELETE", "/api/v1/orders", "orderCancelAll", symbol="SOL_USDC")


def test_pages_say_how_many_there_are(client: Client) -> None:
    first = client.public("/api/v1/fundingRates", symbol="SOL_USDC_PERP", limit=100)
    last = client.public("/api/v1/fundingRates", symbol="SOL_USDC_PERP", limit=100, offset=200)
    total = int(first.reply.headers["X-TOTAL"])
    assert len(last.rows()) == total - 200
    assert [first.reply.headers[f"X-{name}"] for name in ("PAGE-COUNT", "CURRENT-PAGE", "PAGE-SIZE")] == [
        "3",
        "1",
        "100",
    ]
    assert last.reply.headers["X-CURRENT-PAGE"] == "3"


def test_fills_carry_the_client_id_as_text_and_sort_both_ways() -> None:
    exchange, clock = make_exchange()
    client = Client(exchange)
    for number in (1, 2, 3):
        run(exchange, clock, 1)
        client.order(symbol="SOL_USDC", side="Bid", orderType="Market", quantity="0.10", clientId=number)
    path = ("GET", "/wapi/v1/history/fills", "fillHistoryQueryAll")
    newest, oldest = client.signed(*path).rows(), client.signed(*path, sortDirection="Asc").rows()
    assert newest[0]["clientId"] == "3"
    assert newest == oldest[::-1]
    window: dict[str, Any] = {"from": client.now_ms - 1500}
    assert {row["clientId"] for row in client.signed(*path, **window).rows()} == {"2", "3"}


def test_an_order_is_only_found_while_it_rests() -> None:
    exchange, clock = make_exchange()
    client = Client(exchange)
    run(exchange, clock, 1)
    filled = client.order(symbol="SOL_USDC", side="Bid", orderType="Market", quantity="1.00").object()
    assert filled["status"] == "Filled"
    assert Decimal(str(filled["executedQuantity"])) == 1
    found = client.signed("GET", "/api/v1/order", "orderQuery", symbol="SOL_USDC", orderId=filled["id"])
    assert found.status == 404
    history = client.signed("GET", "/wapi/v1/history/orders", "orderHistoryQueryAll", orderId=filled["id"]).rows()
    assert [row["status"] for row in history] == ["Filled"]
    assert "T" in str(history[0]["createdAt"])


def test_orders_by_number_are_found_as_the_specifications_example_signs_them(client: Client) -> None:
    order = client.order(**LIMIT).object()
    gone = client.signed("DELETE", "/api/v1/order", "orderCancel", symbol="SOL_USDC", orderId=int(str(order["id"])))
    assert gone.object()["status"] == "Cancelled"


def test_a_perpetual_is_opened_shown_and_closed() -> None:
    exchange, clock = make_exchange()
    client = Client(exchange)
    run(exchange, clock, 1)
    perp = {"symbol": "SOL_USDC_PERP", "orderType": "Market", "quantity": "2.00"}
    client.order(**perp, side="Ask")
    (position,) = client.signed("GET", "/api/v1/position", "positionQuery", symbol="SOL_USDC_PERP").rows()
    assert (position["netQuantity"], position["netExposureQuantity"]) == ("-2.00", "2.00")
    assert Decimal(str(position["estLiquidationPrice"])) > Decimal(str(position["entryPrice"]))
    assert client.signed("GET", "/api/v1/position", "positionQuery").rows()[0]["estLiquidationPrice"] == "0"
    client.order(**perp, side="Bid", reduceOnly=True)
    assert client.signed("GET", "/api/v1/position", "positionQuery").rows() == []
    assert client.signed("GET", "/api/v1/position", "positionQuery", symbol="SOL_USDC_PERP").status == 404


# ---- bodies


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(max_size=5) | st.integers(-(2**63), 2**63 - 1),
        lambda inner: st.lists(inner, max_size=3),
    )
)
def test_bodies_are_read_like_json(value: object) -> None:
    def plain(read: object) -> object:
        if isinstance(read, RawNumber):
            return int(read)
        return [plain(item) for item in read] if isinstance(read, list) else read

    raw = orjson.dumps({"value": value})
    read = parse_body(raw)
    assert isinstance(read, dict)
    assert plain(read["value"]) == orjson.loads(raw)["value"]


@pytest.mark.parametrize("number", ["1", "1.0", "1.50", "-0", "1e3", "12345678901234567890.123"])
def test_numbers_keep_their_source_text(number: str) -> None:
    assert parse_body(f'{{"n": {number}}}'.encode()) == {"n": number}


@pytest.mark.parametrize("raw", [b"{", b"[1,]", b'{"a":NaN}', b'{"a":1,"a":2}', b"\xff", b"[" * 5000, b" " * 300_000])
def test_bodies_that_are_no_json_are_refused(raw: bytes) -> None:
    with pytest.raises(ParseRefusal):
        parse_body(raw)


@pytest.mark.parametrize("raw", [b"", b"  \n"])
def test_no_body_is_an_empty_object(raw: bytes) -> None:
    assert parse_body(raw) == {}
