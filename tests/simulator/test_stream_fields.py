"""Every recorded frame could have come from here: the same keys, of the same types, for every kind of event."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest

from bpx_tui.model.ids import Asset, Symbol
from bpx_tui.simulator.clock import ManualClock
from bpx_tui.simulator.domain.catalogue import default_catalogue
from bpx_tui.simulator.domain.orders import SystemOrderType
from bpx_tui.simulator.exchange import Exchange
from bpx_tui.simulator.options import AccountOption, Options, Scenario
from tests.simulator.desk import Client, Listener, make_exchange, run

SAMPLES = Path(__file__).parents[1] / "data/backpack/samples/ws"
PERP = "SOL_USDC_PERP"
SOMETIMES = {
    "orderUpdate": {"c", "y", "Q", "B", "R", "I", "H"},
    "rfqUpdate": {"C", "Q", "q", "S", "p"},
    "positionUpdate": {"e"},
}
"""Fields that recordings of one kind have or have not; newer ones, and those that depend on the order."""


def sample(name: str) -> dict[str, Any]:
    frame: dict[str, Any] = orjson.loads((SAMPLES / f"{name}.json").read_bytes())
    return frame


def like(value: object) -> str:
    """What kind of value it is; numbers in text apart from words."""
    if isinstance(value, str):
        return "number text" if value.replace(".", "", 1).lstrip("-").isdigit() else "text"
    return type(value).__name__


class Recorder:
    """An exchange with one client that listens to everything and does a little of everything."""

    def __init__(self) -> None:
        accounts = (AccountOption("demo"), AccountOption("rival"))
        self.exchange, self.clock = make_exchange(accounts=accounts, scenario=Scenario.CRASH)
        self.demo, self.rival = Client(self.exchange), Client(self.exchange, "rival")
        self.mine, self.theirs = Listener(self.exchange), Listener(self.exchange)
        prediction = next(name for name in self.exchange.symbols if name.endswith("_PREDICTION"))
        names = (f"bookTicker.{PERP}", f"depth.{PERP}", f"depth.200ms.{PERP}", f"kline.1m.{PERP}", f"ticker.{PERP}")
        self.mine.subscribe(*names, f"markPrice.{PERP}", f"openInterest.{PERP}", f"trade.{PERP}", "liquidation")
        self.mine.subscribe(f"markPrice.{prediction}", f"kline.1s.{prediction}")
        private = ("account.orderUpdate", "account.positionUpdate", "account.rfqUpdate")
        self.mine.subscribe(*private, client=self.demo)
        self.theirs.subscribe(*private, client=self.rival)
        run(self.exchange, self.clock, 2)
        self.trade()
        self.ask_for_quotes()
        again = Listener(self.exchange)
        again.subscribe("account.positionUpdate", client=self.demo)
        self.snapshot = again.data("account.positionUpdate")
        self.demo.order(symbol=PERP, side="Ask", orderType="Market", quantity="5.00", reduceOnly=True)
        self.suffer()
        pass_time(self.exchange, self.clock, 75)

    def trade(self) -> None:
        limit = {"symbol": "SOL_USDC", "side": "Bid", "orderType": "Limit", "quantity": "0.50", "price": "150.00"}
        self.demo.order(**limit)
        exits = {"takeProfitTriggerPrice": "400", "takeProfitTriggerBy": "MarkPrice", "takeProfitLimitPrice": "399.5"}
        stops = {"stopLossTriggerPrice": "50", "stopLossTriggerBy": "LastPrice", "stopLossLimitPrice": "49.5"}
        self.demo.order(**{**limit, "symbol": PERP, "price": "170.00"}, **exits, **stops)
        self.demo.order(symbol="SOL_USDC", side="Bid", orderType="Market", quantity="1.00")
        self.demo.order(symbol=PERP, side="Bid", orderType="Market", quantity="1.00")
        self.demo.order(symbol=PERP, side="Bid", orderType="Market", quantity="1.00")
        trigger = {"triggerPrice": "250", "triggerQuantity": "1"}
        half = {**trigger, "triggerQuantity": "50%"}
        waiting = self.demo.order(
            symbol="SOL_USDC", side="Ask", orderType="Limit", price="260.00", triggerBy="LastPrice", **trigger
        )
        self.demo.order(symbol="SOL_USDC", side="Ask", orderType="Market", triggerBy="LastPrice", **half)
        cancel = {"symbol": "SOL_USDC", "orderId": waiting.object()["id"]}
        self.demo.signed("DELETE", "/api/v1/order", "orderCancel", **cancel)
        self.demo.signed("DELETE", "/api/v1/orders", "orderCancelAll", symbol="SOL_USDC")
        self.demo.order(**{**limit, "price": "100.00", "symbol": PERP, "timeInForce": "IOC"})

    def suffer(self) -> None:
        """What the exchange does by itself: a shrunken order, a failed trigger, a liquidation."""
        demo, interventions = self.demo.pair.account, self.exchange.venue.interventions
        self.demo.order(symbol=PERP, side="Bid", orderType="Market", quantity="2.00")
        mark = self.exchange.venue.mark(Symbol(PERP)).mark
        price = (mark * Decimal("1.04")).quantize(Decimal("0.01"))
        limit = {"symbol": PERP, "side": "Ask", "orderType": "Limit", "quantity": "2.00", "price": str(price)}
        self.demo.order(**limit, reduceOnly=True)
        interventions.reduce(demo, Symbol(PERP), Decimal(1))
        stop = {"triggerPrice": str(mark.quantize(Decimal("0.01")) - 1), "triggerBy": "MarkPrice"}
        self.rival.order(symbol=PERP, side="Ask", orderType="Market", triggerQuantity="100%", **stop)
        self.exchange.jump(Asset("SOL"), 0.9)
        run(self.exchange, self.clock, 3)
        if self.exchange.venue.positions(demo, Symbol(PERP)):
            interventions.liquidate(demo, Symbol(PERP), SystemOrderType.LIQUIDATE_ON_BOOK)

    def ask_for_quotes(self) -> None:
        ask: dict[str, Any] = {"symbol": "SOL_USDC_RFQ", "side": "Bid", "quantity": "1", "clientId": 123}
        rfq = self.demo.signed("POST", "/api/v1/rfq", "rfqSubmit", **ask).object()
        prices: dict[str, Any] = {"bidPrice": "170.00", "askPrice": "175.00", "clientId": 123}
        path = ("POST", "/api/v1/rfq/quote", "quoteSubmit")
        quote = self.rival.signed(*path, rfqId=rfq["rfqId"], **prices).object()
        accept: dict[str, Any] = {"rfqId": rfq["rfqId"], "quoteId": quote["quoteId"]}
        self.demo.signed("POST", "/api/v1/rfq/accept", "quoteAccept", **accept)
        other = self.demo.signed("POST", "/api/v1/rfq", "rfqSubmit", **ask).object()
        self.rival.signed(*path, rfqId=other["rfqId"], **prices)
        self.demo.signed("POST", "/api/v1/rfq/refresh", "rfqRefresh", rfqId=other["rfqId"])
        self.demo.signed("POST", "/api/v1/rfq/cancel", "rfqCancel", rfqId=other["rfqId"])

    def find(self, kind: str, event: str, stream: str | None = None) -> list[dict[str, Any]]:
        """Data of all frames of this event."""
        found: list[dict[str, Any]] = []
        for listener in (self.mine, self.theirs):
            for message in listener.messages():
                data: Any = message.get("data")
                if isinstance(data, dict) and kind in str(message["stream"]) and data.get("e", kind) == event:
                    found += [data] if stream in (None, message["stream"]) else []
        return found


def pass_time(exchange: Exchange, clock: ManualClock, seconds: int) -> None:
    for _ in range(seconds * 2):
        run(exchange, clock, 0.5)


@pytest.fixture(name="recorder", scope="module")
def a_recorder() -> Recorder:
    return Recorder()


FILES = sorted(path.stem for path in SAMPLES.glob("*.json") if not path.stem.startswith(("client_", "error_")))
CLIENT = sorted(path.stem for path in SAMPLES.glob("client_*.json"))
ERRORS = {"error_invalid_market": "depth.NOPE_USDC", "error_invalid_stream": "nothing"}
VECTOR_US = 1_614_550_000_000_000
"""When the signature of the recorded private subscription was made."""


@pytest.mark.parametrize("name", FILES)
def test_frames_have_the_recorded_fields(recorder: Recorder, name: str) -> None:
    recorded = sample(name)
    data, kind = recorded["data"], name.split("_")[0]
    event = data.get("e", kind)
    found: list[Any] = recorder.snapshot if name == "positionUpdate_snapshot" else recorder.find(kind, event)
    loose = SOMETIMES.get(kind, set())
    keys = data.keys() - loose
    fitting = [one for one in found if one.keys() - loose == keys and one.get("O") == data.get("O")]
    assert fitting, (sorted(keys), [sorted(one.keys() - loose) for one in found[:3]])
    shapes = [{key: like(one[key]) for key in keys} for one in fitting]
    assert {key: like(data[key]) for key in keys} in shapes
    assert all(list(one) == sorted(one) for one in fitting)


@pytest.mark.parametrize("name", ERRORS)
def test_errors_are_the_recorded_ones(name: str) -> None:
    exchange, _ = make_exchange(flow=False)
    listener = Listener(exchange)
    listener.subscribe(ERRORS[name])
    assert listener.messages() == [sample(name)]


@pytest.mark.parametrize("name", CLIENT)
def test_recorded_requests_are_understood(name: str) -> None:
    key = sample("client_subscribe_private")["signature"][0]
    options = Options(flow=False, traps=False, accounts=(AccountOption("demo", key),))
    exchange = Exchange(options, default_catalogue(), ManualClock(VECTOR_US), skip_when_late=False)
    listener, request = Listener(exchange), sample(name)
    if request["method"] == "UNSUBSCRIBE":
        listener.subscribe(*request["params"])
    listener.session.receive(orjson.dumps(request))
    assert listener.messages() == []
    account = exchange.credentials[0].account if "signature" in request else None
    heard = [exchange.hub.channel(stream, account) is not None for stream in request["params"]]
    assert heard == [request["method"] == "SUBSCRIBE"] * len(heard)


def test_every_recorded_file_is_looked_at() -> None:
    assert {path.stem for path in SAMPLES.iterdir()} == {*FILES, *CLIENT, *ERRORS}
