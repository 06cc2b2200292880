"""Every injector that the fault matrix gives to the simulated exchange can be switched on by name, and does something.

`MATRIX` is the list of the matrix's `S:` names with their rows, as data. Each has one sign by which its effect is seen;
what exactly each fault does is in test_faults and test_interventions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from itertools import pairwise
from typing import Any

import orjson
import pytest

from bpx_tui.model.ids import Asset
from bpx_tui.simulator.control import Control
from bpx_tui.simulator.domain.orders import ClientIdRule
from bpx_tui.simulator.faults import FAULTS
from bpx_tui.simulator.options import TlsOption
from bpx_tui.simulator.rest.api import Outcome, Request
from bpx_tui.simulator.tls import server_tls
from tests.simulator.desk import Answer, Client, Listener, make_exchange, run
from tests.simulator.tls_handshake import refusal

MATRIX = {
    "accept_then_drop": "N01",
    "clog": "N03 N04",
    "close_after_read": "N06",
    "mute_streams": "N08",
    "mute": "N09",
    "close": "N11",
    "html": "N18",
    "302": "N18",
    "bad_cert": "N19",
    "ignore_private": "N21",
    "429": "N22",
    "drop_frame": "D01",
    "dup": "D02",
    "swap": "D03",
    "aggregate": "D04",
    "rest_ahead": "D05",
    "rest_lag": "D06",
    "seq_reset": "D07",
    "format_mix": "D08",
    "empty_side": "D10",
    "unknown_enum": "D11",
    "drift": "D12",
    "strip_field": "D13",
    "garbage": "D15 R02",
    "ws_first": "D16",
    "lose": "D17",
    "dup_fill": "D18",
    "no_c": "D19",
    "error_frame": "D20",
    "raw_body": "D21",
    "age": "D23",
    "dupkey": "D24",
    "exec_and_5xx": "X01",
    "202": "X02",
    "fill_then_404": "X03",
    "partial": "X04",
    "expire": "X05",
    "modify": "X06",
    "liquidate": "X07",
    "maint": "X08",
    "book_state": "X09",
    "engine_stall": "X10",
    "mute_all_ws": "X11",
    "hist_lag": "X12",
    "no_dedup": "X14",
    "foreign_same_cid": "X15",
    "external": "X16",
    "null_trade": "X17",
    "filters": "X18",
    "batch_mixed": "X20",
    "strategy": "X21",
    "lend": "X22",
    "slow_time": "C05",
    "expired": "C06",
    "ts": "C08",
    "evil_strings": "T12",
    "names": "T14",
    "401": "K10",
    "403": "K10",
    "jump": "U03",
}
ELSEWHERE = {
    "default": "D09 D14 X13: facts of the wire that are never off; test_rest and test_streams",
}
PERP = "SOL_USDC_PERP"
LIMIT: dict[str, Any] = {
    "symbol": "SOL_USDC",
    "side": "Bid",
    "orderType": "Limit",
    "quantity": "1.00",
    "price": "165.00",
}
DEPTH, ORDERS = f"depth.{PERP}", "account.orderUpdate"


class Scene:
    """An exchange with one client who listens to a book and to its own orders."""

    def __init__(self) -> None:
        self.exchange, self.clock = make_exchange(tls=TlsOption())
        self.client, self.listener = Client(self.exchange), Listener(self.exchange)
        self.listener.subscribe(DEPTH)
        self.listener.subscribe(ORDERS, client=self.client)
        self.pass_time(1)

    def switch(self, name: str, **settings: object) -> None:
        body = orjson.dumps({"fault": name, **settings})
        reply, _ = Control(self.exchange).handle("POST", "/_sim/faults", body)
        assert reply.status == 200, reply.body

    def pass_time(self, seconds: float) -> None:
        for _ in range(int(seconds * 5)):
            run(self.exchange, self.clock, 0.2)

    def order(self, **changes: object) -> Answer:
        return self.client.order(**{**LIMIT, **changes})

    def raw_order(self) -> Outcome:
        request = Request("POST", "/api/v1/order", (), self.client.headers(""), orjson.dumps(LIMIT))
        return self.client.api.handle(request)

    def hold_ms(self) -> int:
        return self.client.api.hold_ms(Request("POST", "/api/v1/order", (), {}, b""))

    def buy(self, symbol: str = "SOL_USDC", quantity: str = "1.00") -> Answer:
        return self.client.order(symbol=symbol, side="Bid", orderType="Market", quantity=quantity)

    def cancel(self, order: Answer) -> Answer:
        body = {"symbol": "SOL_USDC", "orderId": order.object()["id"]}
        return self.client.signed("DELETE", "/api/v1/order", "orderCancel", **body)

    def history(self, what: str, instruction: str) -> list[dict[str, object]]:
        return self.client.signed("GET", f"/wapi/v1/history/{what}", instruction).rows()

    def depth(self, seconds: float = 2) -> list[dict[str, Any]]:
        """Depth events from now on."""
        self.listener.frames = []
        self.pass_time(seconds)
        return self.listener.data(DEPTH)

    def orders(self) -> list[dict[str, Any]]:
        return self.listener.data(ORDERS)

    def open_orders(self) -> int:
        return len(self.exchange.venue.open_orders(self.client.pair.account))


def gap(events: list[dict[str, Any]]) -> bool:
    return any(after["U"] != before["u"] + 1 for before, after in pairwise(events))


Sign = Callable[[Scene], object]


def on(name: str, sign: Sign, **settings: object) -> tuple[str, Sign]:
    """A fault, and the sign of it: true only while it is on."""

    def seen(scene: Scene) -> object:
        scene.switch(name, **settings)
        return sign(scene)

    return name, seen


def _after_order(name: str, sign: Sign, order: dict[str, object] | None = None, **settings: object) -> tuple[str, Sign]:
    """A fault that befalls a resting order, or a position with one that may only reduce it."""

    def seen(scene: Scene) -> object:
        scene.buy(PERP, "2.00")
        assert scene.order(**(order or {})).status == 200
        scene.switch(name, **settings)
        return sign(scene)

    return name, seen


def _fill_then_404(scene: Scene) -> object:
    order = scene.order()
    scene.switch("fill_then_404", count=1)
    refused = scene.cancel(order)
    assert (refused.status, refused.object()["message"]) == (400, "Order not found")
    return scene.history("fills", "fillHistoryQueryAll")[0]["orderId"] == order.object()["id"]


def _hist_lag(scene: Scene) -> object:
    scene.buy()
    assert scene.history("fills", "fillHistoryQueryAll")
    scene.switch("hist_lag")
    return scene.history("fills", "fillHistoryQueryAll") == []


def _close(scene: Scene) -> object:
    _, fault = Control(scene.exchange).handle("POST", "/_sim/faults", b'{"fault":"close"}')
    return fault is not None and fault.name == "close"  # what the server does with it: test_server


def _bad_cert(scene: Scene) -> object:
    tls = server_tls(scene.exchange)
    assert tls is not None
    scene.switch("bad_cert")
    return refusal(tls) == "certificate has expired"


def _rest_lag(scene: Scene) -> object:
    scene.switch("rest_lag")
    scene.pass_time(2)
    served = scene.client.public("/api/v1/depth", symbol=PERP).object()["lastUpdateId"]
    return int(str(served)) < scene.exchange.venue.depth(PERP).last_update_id  # type: ignore[arg-type]


def _jump(scene: Scene) -> object:
    before = scene.exchange.venue.index(Asset("SOL"))
    scene.switch("jump", percent=-10)
    return scene.exchange.venue.index(Asset("SOL")) < before * Decimal("0.92")


def _no_dedup(scene: Scene) -> object:
    scene.exchange.venue.set_client_id_rule(ClientIdRule.UNIQUE_WHILE_OPEN)
    assert [scene.order(clientId=5).status for _ in range(2)] == [200, 400]
    scene.switch("no_dedup")
    return scene.order(clientId=5).status == 200


def _ignored(scene: Scene) -> object:
    scene.listener.unsubscribe(ORDERS)
    scene.switch("ignore_private")
    scene.listener.subscribe(ORDERS, client=scene.client)
    scene.order()
    return scene.orders() == [] and scene.listener.errors() == []


def _error_frame(scene: Scene) -> object:
    scene.switch("error_frame", code=4008)
    scene.listener.subscribe("trade.SOL_USDC")
    return scene.listener.errors() == [4008]


def _garbage(scene: Scene) -> object:
    scene.pass_time(2)
    try:
        return any("data" not in message for message in scene.listener.messages())
    except orjson.JSONDecodeError:
        return True


def _fills(scene: Scene) -> list[dict[str, Any]]:
    scene.buy()
    return [event for event in scene.orders() if event["e"] == "orderFill"]


def _trade_ids(scene: Scene) -> list[int]:
    return [fill["t"] for fill in _fills(scene)]


def _share(these: Iterable[bool]) -> float:
    found = list(these)
    return sum(found) / len(found)


def _after_placing(scene: Scene, **order: object) -> dict[str, Any]:
    """The first event of a new order."""
    scene.order(**order)
    return scene.orders()[0]


RESTING: dict[str, object] = {"symbol": PERP, "side": "Ask", "price": "185.00", "quantity": "2.00", "reduceOnly": True}
SIGNS: dict[str, Sign] = dict(
    [
        on("accept_then_drop", lambda s: s.raw_order().reply is None),
        on("close_after_read", lambda s: s.raw_order().reply is None),
        on("clog", lambda s: s.hold_ms() == 900, delay_ms=900),
        on("engine_stall", lambda s: s.hold_ms() == 15_000),
        on("ws_first", lambda s: s.raw_order().delay_ms == 1_000),
        on("html", lambda s: "<html>" in s.order().text),
        on("302", lambda s: s.order().status == 302),
        on("429", lambda s: s.order().status == 429),
        on("401", lambda s: s.order().status == 401),
        on("403", lambda s: s.order().status == 403),
        on("maint", lambda s: s.client.public("/api/v1/status").object()["status"] == "Maintenance"),
        on("expired", lambda s: s.order().object()["message"] == "Request has expired"),
        on("raw_body", lambda s: s.order().text == "Bad Gateway"),
        on("exec_and_5xx", lambda s: s.order().status == 503 and s.open_orders() == 1),
        on("age", lambda s: s.client.public("/api/v1/tickers").reply.headers["Age"] == "3000"),
        on("202", lambda s: s.cancel(s.order()).status == 202),
        on("batch_mixed", lambda s: [r["operation"] for r in s.client.batch([LIMIT, LIMIT]).rows()] == ["Ok", "Err"]),
        on("slow_time", lambda s: s.client.api.handle(Request("GET", "/api/v1/time", (), {}, b"")).delay_ms == 1_000),
        on("expire", lambda s: s.order().object()["status"] == "Expired"),
        on("names", lambda s: "🦊_USDC" in [row["symbol"] for row in s.client.public("/api/v1/markets").rows()]),
        on("foreign_same_cid", lambda s: s.order(clientId=9).status == 200 and s.open_orders() == 2),
        on("book_state", lambda s: s.order().status == 400, state="CancelOnly"),
        on("external", lambda s: s.orders()[0]["c"] == 3, price="150", client_id=3),
        on("strategy", lambda s: len(s.client.signed("GET", "/api/v1/strategies", "strategyQueryAll").rows()) == 1),
        on("lend", lambda s: s.client.signed("GET", "/api/v1/borrowLend/positions", "borrowLendPositionQuery").rows()),
        on("filters", lambda s: "decimal too long" in s.order(price="165.03").text),
        on("mute_streams", lambda s: s.depth() == []),
        on("mute_all_ws", lambda s: s.depth() == []),
        on("mute", lambda s: s.depth() == [], stream=DEPTH),
        on("drop_frame", lambda s: gap(s.depth()), probability=0.5),
        on("dup", lambda s: gap(s.depth())),
        on("swap", lambda s: gap(s.depth()), count=1),
        on("aggregate", lambda s: _share(event["U"] < event["u"] for event in s.depth()) > 0.5),
        on("rest_ahead", lambda s: s.depth(1) == [], delay_ms=5_000),
        on("seq_reset", lambda s: all(event["u"] < 100_000 for event in s.depth())),
        on("format_mix", lambda s: any(len(p) < 6 for event in s.depth(6) for p, _ in event["b"] + event["a"])),
        on("empty_side", lambda s: all(event["b"] == [] for event in s.depth())),
        on("drift", lambda s: isinstance(s.depth()[0]["u"], str)),
        on("strip_field", lambda s: "u" not in s.depth()[0], field="u"),
        on("ts", lambda s: s.depth()[0]["E"] > s.exchange.now_us * 1.01),
        on("dupkey", lambda s: b'"u":1,' in s.listener.frames[-1] if s.depth() else False),
        on("garbage", _garbage),
        on("lose", lambda s: _fills(s) == [], event="orderFill"),
        on("dup_fill", lambda s: _trade_ids(s)[0] == _trade_ids(s)[1]),
        on("null_trade", lambda s: _fills(s)[0]["t"] is None),
        on("no_c", lambda s: "c" not in _after_placing(s, clientId=5)),
        on("unknown_enum", lambda s: _after_placing(s)["X"] == "PendingRelease"),
        on("evil_strings", lambda s: "\x1b" in _after_placing(s)["s"]),
        _after_order("partial", lambda s: [e["e"] for e in s.orders()][-2:] == ["orderFill", "orderCancelled"]),
        _after_order("modify", lambda s: "orderModified" in [event["e"] for event in s.orders()], RESTING),
        _after_order("liquidate", lambda s: s.orders()[-1]["O"] == "LIQUIDATION_AUTOCLOSE"),
        ("fill_then_404", _fill_then_404),
        ("hist_lag", _hist_lag),
        ("rest_lag", _rest_lag),
        ("jump", _jump),
        ("no_dedup", _no_dedup),
        ("ignore_private", _ignored),
        ("error_frame", _error_frame),
        ("close", _close),
        ("bad_cert", _bad_cert),
    ]
)


def test_every_injector_of_the_matrix_is_a_fault_with_a_sign() -> None:
    assert MATRIX.keys() <= FAULTS.keys()
    assert MATRIX.keys() == SIGNS.keys()
    assert not ELSEWHERE.keys() & FAULTS.keys()


@pytest.mark.parametrize("name", MATRIX)
def test_every_injector_does_something(name: str) -> None:
    scene = Scene()
    assert SIGNS[name](scene)
    state = scene.exchange.venue.state()
    assert dict(state.totals) == dict(state.deposited)


class CalmScene(Scene):
    """Where nothing is switched on."""

    def switch(self, name: str, **settings: object) -> None:
        assert name in FAULTS


@pytest.mark.parametrize("name", sorted(MATRIX.keys() - {"close"}))
def test_the_sign_is_not_there_without_the_fault(name: str) -> None:
    try:
        seen = SIGNS[name](CalmScene())
    except (AssertionError, LookupError):
        seen = False
    assert not seen
