"""An exchange for tests, and a client that signs for itself: nothing here uses the program's own signing."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson
from multidict import CIMultiDict
from nacl.signing import SigningKey

from bpx_tui.simulator.clock import ManualClock
from bpx_tui.simulator.credentials import KeyPair
from bpx_tui.simulator.domain.catalogue import default_catalogue
from bpx_tui.simulator.domain.orders import AccountId
from bpx_tui.simulator.exchange import Exchange
from bpx_tui.simulator.options import AccountOption, Options, Scenario
from bpx_tui.simulator.rest.answers import Reply
from bpx_tui.simulator.rest.api import Api, Request
from bpx_tui.simulator.streams.session import Session

START_US = 1_780_300_000_000_000
DEMO = AccountId("demo")

Json = "dict[str, object] | list[object] | str | int | bool | None"


def make_exchange(
    *,
    flow: bool = True,
    seed: int = 7,
    scenario: Scenario = Scenario.NORMAL,
    speed: float = 1.0,
    accounts: tuple[AccountOption, ...] = (AccountOption("demo"),),
    traps: bool = False,
    **readings: Any,
) -> tuple[Exchange, ManualClock]:
    """An exchange on a clock of its own. A high `speed` thins its order flow out, for tests that let hours pass.

    Without traps, unless the test is about them. `readings` are the further fields of `Options`.
    """
    clock = ManualClock(START_US)
    options = Options(seed=seed, scenario=scenario, speed=speed, flow=flow, accounts=accounts, traps=traps, **readings)
    return Exchange(options, default_catalogue(), clock, skip_when_late=False), clock


def text_to_sign(instruction: str, params: Mapping[str, object], timestamp: int, window: int) -> str:
    """The canonical text, written down once more and independently."""
    parts = [f"instruction={instruction}"]
    for name in sorted(params):
        value = params[name]
        parts.append(f"{name}={str(value).lower() if isinstance(value, bool) else value}")
    return "&".join([*parts, f"timestamp={timestamp}", f"window={window}"])


def sign(pair: KeyPair, text: str) -> str:
    assert pair.api_secret is not None
    key = SigningKey(base64.b64decode(pair.api_secret))
    return base64.b64encode(key.sign(text.encode()).signature).decode()


@dataclass
class Answer:
    """A reply with its JSON read."""

    reply: Reply

    @property
    def status(self) -> int:
        return self.reply.status

    @property
    def json(self) -> object:
        return orjson.loads(self.reply.body)

    @property
    def text(self) -> str:
        return self.reply.body.decode()

    def rows(self) -> list[dict[str, object]]:
        value = self.json
        assert isinstance(value, list)
        return value

    def object(self) -> dict[str, object]:
        value = self.json
        assert isinstance(value, dict), value
        return value


class Client:
    """Speaks REST to an exchange in-process, signing as an account."""

    def __init__(self, exchange: Exchange, account: str = "demo") -> None:
        self.exchange = exchange
        self.api = Api(exchange)
        self.pair = next(pair for pair in exchange.credentials if pair.account == account)

    def public(self, path: str, **query: object) -> Answer:
        return self.send("GET", path, query=query)

    def signed(self, method: str, path: str, instruction: str, **params: object) -> Answer:
        """A signed request: query parameters for GET, a JSON body otherwise."""
        headers = self.headers(text_to_sign(instruction, params, self.now_ms, 5000))
        if method == "GET":
            return self.send(method, path, query=params, headers=headers)
        return self.send(method, path, headers=headers, body=orjson.dumps(params))

    def order(self, **params: object) -> Answer:
        return self.signed("POST", "/api/v1/order", "orderExecute", **params)

    def batch(self, orders: list[dict[str, object]]) -> Answer:
        parts = [text_to_sign("orderExecute", order, 0, 0).rsplit("&timestamp", 1)[0] for order in orders]
        text = "&".join([*parts, f"timestamp={self.now_ms}", "window=5000"])
        return self.send("POST", "/api/v1/orders", headers=self.headers(text), body=orjson.dumps(orders))

    @property
    def now_ms(self) -> int:
        return self.exchange.clock.now_us() // 1000

    def headers(self, text: str, *, window: int = 5000) -> CIMultiDict[str]:
        return CIMultiDict(
            {
                "X-API-Key": self.pair.api_key,
                "X-Signature": sign(self.pair, text),
                "X-Timestamp": str(self.now_ms),
                "X-Window": str(window),
            }
        )

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        headers: CIMultiDict[str] | None = None,
        body: bytes = b"",
    ) -> Answer:
        shown = {k: str(v).lower() if isinstance(v, bool) else v for k, v in (query or {}).items()}
        pairs = tuple(parse_qsl(urlencode(shown, doseq=True), keep_blank_values=True))
        outcome = self.api.handle(Request(method, path, pairs, headers or CIMultiDict(), body))
        assert outcome.reply is not None
        return Answer(outcome.reply)


@dataclass(eq=False)
class Listener:
    """A WebSocket client without a socket: keeps every frame."""

    exchange: Exchange
    frames: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.session = Session(self.exchange, self)

    def push(self, frame: bytes) -> None:
        self.frames.append(frame)

    def subscribe(self, *streams: str, client: Client | None = None) -> None:
        request: dict[str, object] = {"method": "SUBSCRIBE", "params": list(streams)}
        if client is not None:
            text = f"instruction=subscribe&timestamp={client.now_ms}&window=5000"
            signature = sign(client.pair, text)
            request["signature"] = [client.pair.api_key, signature, str(client.now_ms), "5000"]
        self.exchange.run_due()
        self.session.receive(orjson.dumps(request))

    def unsubscribe(self, *streams: str) -> None:
        self.session.receive(orjson.dumps({"method": "UNSUBSCRIBE", "params": list(streams)}))

    def messages(self) -> list[dict[str, object]]:
        """Everything received, in order."""
        return [orjson.loads(payload_of(frame)) for frame in self.frames]

    def data(self, stream: str) -> list[dict[str, object]]:
        """The data of one stream."""
        found = []
        for message in self.messages():
            if message.get("stream") == stream:
                data = message["data"]
                assert isinstance(data, dict)
                found.append(data)
        return found

    def errors(self) -> list[object]:
        found = []
        for message in self.messages():
            error = message.get("error")
            if isinstance(error, dict):
                found.append(error["code"])
        return found


def payload_of(frame: bytes) -> bytes:
    """The payload of one unmasked server text frame."""
    assert frame[0] == 0x81
    size = frame[1]
    if size < 126:
        return frame[2:]
    return frame[4:] if size == 126 else frame[10:]


def run(exchange: Exchange, clock: ManualClock, seconds: float) -> None:
    """Let exchange time pass."""
    clock.advance(seconds)
    exchange.run_due()
