"""Every fault does what its name says, as often as it was told to, and nothing while it is off."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest

from bpx_tui.model.enums import ExpiryReason
from bpx_tui.model.ids import Symbol
from bpx_tui.simulator.control import Control, is_allowed
from bpx_tui.simulator.exchange import Exchange
from bpx_tui.simulator.faults import FAULTS, BadFault, Faults
from bpx_tui.simulator.rest.api import Request
from tests.simulator.desk import Client, Listener, make_exchange, run

PERP = "SOL_USDC_PERP"
LIMIT: dict[str, Any] = {
    "symbol": "SOL_USDC",
    "side": "Bid",
    "orderType": "Limit",
    "quantity": "1.00",
    "price": "150.00",
}


def switch(exchange: Exchange, name: str, **settings: object) -> None:
    reply, _ = Control(exchange).handle("POST", "/_sim/faults", orjson.dumps({"fault": name, **settings}))
    assert reply.status == 200, reply.body


def cut(client: Client, **order: Any) -> bool:
    """Whether placing this order ends in a cut connection."""
    headers = client.headers("")
    request = Request("POST", "/api/v1/order", (), headers, orjson.dumps(order))
    return client.api.handle(request).reply is None


# ---- switching


@pytest.mark.parametrize(
    "request_",
    [
        {"fault": "no such thing"},
        {"fault": "429", "count": 0},
        {"fault": "429", "count": True},
        {"fault": "429", "seconds": -1},
        {"fault": "429", "probability": 0},
        {"fault": "429", "probability": "often"},
        {},
    ],
)
def test_nonsense_is_refused(request_: dict[str, Any]) -> None:
    with pytest.raises(BadFault):
        Faults(Random(1)).switch(request_, 0)


def test_counts_durations_and_probabilities_end_a_fault() -> None:
    faults = Faults(Random(1))
    faults.switch({"fault": "429", "count": 2}, 0)
    assert [faults.hit("429", 1) is not None for _ in range(3)] == [True, True, False]
    faults.switch({"fault": "429", "seconds": 2}, 0)
    assert faults.hit("429", 1_999_999) is not None
    assert faults.hit("429", 2_000_000) is None
    assert not faults.any
    faults.switch({"fault": "429", "probability": 0.25}, 0)
    hits = sum(faults.hit("429", 1) is not None for _ in range(1000))
    assert 180 < hits < 320
    faults.switch({"fault": "all", "off": True}, 0)
    assert not faults.any


def test_a_fault_can_be_for_one_place_only() -> None:
    faults = Faults(Random(1))
    faults.switch({"fault": "drop_frame", "stream": "depth.SOL_USDC"}, 0)
    assert faults.hit("drop_frame", 1, stream="trade.SOL_USDC") is None
    assert faults.hit("drop_frame", 1, stream="depth.SOL_USDC") is not None


def test_what_is_on_and_what_there_is_can_be_read() -> None:
    exchange, _ = make_exchange(flow=False)
    switch(exchange, "429", count=3)
    reply, _ = Control(exchange).handle("GET", "/_sim/faults", b"")
    report = orjson.loads(reply.body)
    assert report["on"] == [{"fault": "429", "left": 3, "hits": 0, "settings": {"fault": "429", "count": 3}}]
    assert {row["fault"] for row in report["known"]} == set(FAULTS)


@pytest.mark.parametrize(
    ("peer", "headers", "allowed"),
    [
        ("127.0.0.1", {}, True),
        ("::1", {}, True),
        ("127.0.0.1", {"Origin": "http://127.0.0.1"}, False),
        ("10.0.0.7", {}, False),
        (None, {}, False),
        ("nonsense", {}, False),
    ],
)
def test_only_this_machine_may_use_the_back_door(peer: str | None, headers: dict[str, str], allowed: bool) -> None:
    assert is_allowed(peer, headers) is allowed


# ---- REST


@pytest.fixture(name="client")
def a_client() -> Client:
    exchange, clock = make_exchange()
    run(exchange, clock, 1)
    return Client(exchange)


def open_orders(client: Client) -> int:
    return len(client.exchange.venue.open_orders(client.pair.account))


@pytest.mark.parametrize(
    ("fault", "settings", "status", "code"),
    [
        ("429", {}, 429, "TOO_MANY_REQUESTS"),
        ("401", {}, 401, "UNAUTHORIZED"),
        ("403", {}, 403, "FORBIDDEN"),
        ("maint", {}, 503, "MAINTENANCE"),
        ("expired", {}, 400, "INVALID_CLIENT_REQUEST"),
    ],
)
def test_refusals_before_anything_is_done(
    client: Client, fault: str, settings: dict[str, object], status: int, code: str
) -> None:
    switch(client.exchange, fault, count=1, **settings)
    answer = client.order(**LIMIT)
    assert (answer.status, answer.object()["code"]) == (status, code)
    assert open_orders(client) == 0
    assert client.order(**LIMIT).status == 200


@pytest.mark.parametrize(
    ("fault", "status", "text"),
    [("html", 200, "<html>"), ("302", 302, ""), ("raw_body", 502, "Bad Gateway")],
)
def test_answers_that_are_not_the_exchanges_own(client: Client, fault: str, status: int, text: str) -> None:
    switch(client.exchange, fault, count=1)
    answer = client.order(**LIMIT)
    assert answer.status == status
    assert text in answer.text
    assert open_orders(client) == 0


@pytest.mark.parametrize("fault", ["accept_then_drop", "close_after_read"])
def test_cut_connections_say_nothing_and_one_of_them_executed(client: Client, fault: str) -> None:
    switch(client.exchange, fault, count=1)
    with pytest.raises(AssertionError):
        client.order(**LIMIT)
    assert open_orders(client) == (1 if fault == "accept_then_drop" else 0)


def test_executed_and_answered_by_an_error(client: Client) -> None:
    switch(client.exchange, "exec_and_5xx", count=1, status=503)
    assert client.order(**LIMIT).object()["code"] == "TIMEOUT"
    assert open_orders(client) == 1


def test_half_an_answer(client: Client) -> None:
    switch(client.exchange, "truncate", count=1)
    with pytest.raises(orjson.JSONDecodeError):
        _ = client.order(**LIMIT).json
    assert open_orders(client) == 1


def test_cancels_answered_with_202_are_executed(client: Client) -> None:
    order = client.order(**LIMIT).object()
    switch(client.exchange, "202", count=1)
    answer = client.signed("DELETE", "/api/v1/order", "orderCancel", symbol="SOL_USDC", orderId=order["id"])
    assert (answer.status, answer.text) == (202, "")
    assert open_orders(client) == 0


def test_old_answers_say_their_age(client: Client) -> None:
    switch(client.exchange, "age", count=1, seconds_old=3000)
    assert client.public("/api/v1/markPrices").reply.headers["Age"] == "3000"
    assert "Age" not in client.public("/api/v1/markPrices").reply.headers


def test_delays_are_told_to_the_server(client: Client) -> None:
    switch(client.exchange, "ws_first", delay_ms=700)
    headers = client.headers("")
    request = Request("POST", "/api/v1/order", (), headers, b"{}")
    assert client.api.handle(request).delay_ms == 700
    switch(client.exchange, "clog", delay_ms=900)
    assert client.api.hold_ms(request) == 900


def test_a_lagging_history_does_not_know_the_newest(client: Client) -> None:
    client.order(symbol="SOL_USDC", side="Bid", orderType="Market", quantity="1.00")
    fills = ("GET", "/wapi/v1/history/fills", "fillHistoryQueryAll")
    assert client.signed(*fills).rows()
    switch(client.exchange, "hist_lag", lag_ms=10_000)
    assert client.signed(*fills).rows() == []


def test_a_lagging_depth_is_older_than_the_stream(client: Client) -> None:
    switch(client.exchange, "rest_lag", updates=20)
    before = int(str(client.public("/api/v1/depth", symbol=PERP).object()["lastUpdateId"]))
    clock: Any = client.exchange.clock
    lags = []
    for _ in range(30):
        run(client.exchange, clock, 0.2)
        served = int(str(client.public("/api/v1/depth", symbol=PERP).object()["lastUpdateId"]))
        lags.append(client.exchange.venue.depth(Symbol(PERP)).last_update_id - served)
    assert min(lags) > 0
    assert max(lags) < 80
    assert served > before


def test_batches_with_mixed_outcomes(client: Client) -> None:
    switch(client.exchange, "batch_mixed", count=1)
    assert [row["operation"] for row in client.batch([LIMIT, LIMIT, LIMIT]).rows()] == ["Ok", "Err", "Ok"]


def test_orders_from_elsewhere_are_the_accounts_own(client: Client) -> None:
    listener = Listener(client.exchange)
    listener.subscribe("account.orderUpdate", client=client)
    switch(client.exchange, "external", symbol="SOL_USDC", side="Bid", quantity="1", price="140", client_id=77)
    assert [event["c"] for event in listener.data("account.orderUpdate")] == [77]
    switch(client.exchange, "cancel_external", symbol="SOL_USDC")
    assert listener.data("account.orderUpdate")[-1]["e"] == "orderCancelled"


def test_a_market_can_be_restricted_and_a_price_can_jump(client: Client) -> None:
    switch(client.exchange, "book_state", symbol="SOL_USDC", state="CancelOnly")
    assert client.public("/api/v1/market", symbol="SOL_USDC").object()["orderBookState"] == "CancelOnly"
    assert client.order(**LIMIT).status == 400
    before = client.exchange.venue.index(_asset("ETH"))
    switch(client.exchange, "jump", asset="ETH", percent=-10)
    assert client.exchange.venue.index(_asset("ETH")) < before * Decimal("0.92")


def _asset(name: str) -> Any:
    return name


# ---- streams


def frames(fault: str, stream: str = f"depth.{PERP}", seconds: float = 4, **settings: object) -> list[dict[str, Any]]:
    """Data of a stream while a fault is on."""
    exchange, clock = make_exchange()
    client, listener = Client(exchange), Listener(exchange)
    listener.subscribe(stream, client=client if stream.startswith("account") else None)
    before = []
    if "count" in settings:
        run(exchange, clock, 1)
        before, listener.frames = listener.data(stream), []
    switch(exchange, fault, **settings)
    for _ in range(int(seconds * 5)):
        run(exchange, clock, 0.2)
    return [*before, *listener.data(stream)]


def gaps(events: list[dict[str, Any]]) -> int:
    return sum(after["U"] != before["u"] + 1 for before, after in pairwise(events))


def test_without_a_fault_there_is_no_gap() -> None:
    assert gaps(frames("429")) == 0


@pytest.mark.parametrize(("fault", "expected"), [("drop_frame", 1), ("dup", 1), ("swap", 3)])
def test_one_frame_lost_doubled_or_swapped(fault: str, expected: int) -> None:
    assert gaps(frames(fault, count=1)) == expected


@pytest.mark.parametrize("fault", ["mute_streams", "mute_all_ws", "mute"])
def test_silence(fault: str) -> None:
    assert frames(fault) == []


def test_sequence_numbers_start_again() -> None:
    assert all(event["u"] < 100_000 for event in frames("seq_reset"))


def test_prices_come_without_their_zeros() -> None:
    prices = [level[0] for event in frames("format_mix", seconds=10) for level in event["b"]]
    assert any(len(price.partition(".")[2]) < 2 for price in prices)


def test_times_in_the_future() -> None:
    exchange, _ = make_exchange(flow=False)
    assert all(event["E"] > exchange.now_us + 10**13 for event in frames("ts"))


def test_one_side_is_empty() -> None:
    assert all(event["b"] == [] for event in frames("empty_side", side="bids"))


def test_fields_can_be_missing_and_numbers_can_be_text() -> None:
    assert all("s" not in event for event in frames("strip_field", field="s"))
    assert all(isinstance(event["u"], str) for event in frames("drift"))


def test_depth_can_come_later_than_rest_knows_it() -> None:
    exchange, clock = make_exchange()
    listener, client = Listener(exchange), Client(exchange)
    listener.subscribe(f"depth.{PERP}")
    switch(exchange, "rest_ahead", delay_ms=500)
    run(exchange, clock, 0.4)
    assert listener.frames == []
    known = int(str(client.public("/api/v1/depth", symbol=PERP).object()["lastUpdateId"]))
    run(exchange, clock, 3)
    events: list[dict[str, Any]] = listener.data(f"depth.{PERP}")
    assert events[0]["U"] <= known
    assert gaps(events) == 0


def private(fault: str, **settings: object) -> list[dict[str, Any]]:
    """Order events of one market order while a fault is on."""
    exchange, clock = make_exchange()
    client, listener = Client(exchange), Listener(exchange)
    run(exchange, clock, 1)
    listener.subscribe("account.orderUpdate", client=client)
    switch(exchange, fault, **settings)
    client.order(symbol="SOL_USDC", side="Bid", orderType="Market", quantity="1.00", clientId=5)
    return listener.data("account.orderUpdate")


def test_private_events_can_be_lost_doubled_or_without_their_client_id() -> None:
    whole = private("slow_time")
    fills = [event for event in whole if event["e"] == "orderFill"]
    assert fills
    assert [event["e"] for event in private("lose", event="orderFill")] == ["orderAccepted"]
    assert len(private("dup_fill")) == len(whole) + len(fills)
    assert all("c" not in event for event in private("no_c"))
    assert all(event["t"] is None for event in private("null_trade"))
    assert private("unknown_enum")[0]["X"] == "PendingRelease"
    assert "\x1b" in private("evil_strings")[0]["s"]


def test_subscriptions_can_fail_or_be_ignored() -> None:
    exchange, _ = make_exchange(flow=False)
    client, listener = Client(exchange), Listener(exchange)
    switch(exchange, "error_frame", count=1, code=4002)
    listener.subscribe("depth.SOL_USDC")
    assert listener.errors() == [4002]
    switch(exchange, "silent_symbols", count=1)
    listener.subscribe("depth.NOPE_USDC")
    assert listener.errors() == [4002]
    switch(exchange, "ignore_private", count=1)
    listener.subscribe("account.orderUpdate", client=client)
    client.order(**LIMIT)
    assert listener.data("account.orderUpdate") == []


def test_garbage_is_garbage() -> None:
    exchange, clock = make_exchange()
    listener = Listener(exchange)
    listener.subscribe(f"depth.{PERP}")
    switch(exchange, "garbage", count=3)
    run(exchange, clock, 2)
    readable = 0
    for frame in listener.frames:
        try:
            readable += isinstance(orjson.loads(frame[2:] if frame[1] < 126 else frame[4:]), dict)
        except orjson.JSONDecodeError:
            continue
    assert len(listener.frames) - readable >= 2


def test_frames_of_several_updates() -> None:
    events = frames("aggregate")
    assert gaps(events) == 0
    assert sum(event["u"] > event["U"] for event in events) > len(events) / 2


@pytest.mark.parametrize("reason", list(ExpiryReason))
def test_orders_can_expire_for_every_reason(reason: ExpiryReason) -> None:
    exchange, _ = make_exchange(flow=False)
    client, listener = Client(exchange), Listener(exchange)
    listener.subscribe("account.orderUpdate", client=client)
    switch(exchange, "expire", count=1, reason=reason)
    answer = client.order(**LIMIT)
    assert (answer.status, answer.object()["status"]) == (200, "Expired")
    accepted, expired = listener.data("account.orderUpdate")
    assert (accepted["e"], expired["e"], expired["R"]) == ("orderAccepted", "orderExpired", reason)
    assert accepted["i"] == expired["i"] == answer.object()["id"]
    (row,) = client.signed("GET", "/wapi/v1/history/orders", "orderHistoryQueryAll").rows()
    assert row["expiryReason"] == reason
    assert client.order(**LIMIT).object()["status"] == "New"


def test_every_fault_has_a_place_that_asks_for_it() -> None:
    root = Path(__file__).parents[2] / "bpx_tui/simulator"
    code = "".join(path.read_text() for path in root.rglob("*.py") if path.name != "faults.py")
    assert [name for name in FAULTS if f'"{name}"' not in code] == []
