"""A scripted session with everything in it - orders, products, faults, streams - as one long trace of bytes.

Run as a program it prints the SHA-256 of the trace and what it was made of: `python -m tests.simulator.rehearsal SEED`.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from decimal import Decimal
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson
from multidict import CIMultiDict

from bpx_tui.model.ids import Asset
from bpx_tui.simulator.control import Control
from bpx_tui.simulator.exchange import Exchange
from bpx_tui.simulator.options import AccountOption, Scenario
from bpx_tui.simulator.rest.api import Request
from tests.simulator.crowd import RandomTrader
from tests.simulator.desk import Answer, Client, Listener, make_exchange, run

STREAMS = (
    "depth.SOL_USDC",
    "depth.200ms.BTC_USDC_PERP",
    "depth.SOL_USDC_PERP",
    "bookTicker.SOL_USDC_PERP",
    "trade.SOL_USDC_PERP",
    "kline.1m.SOL_USDC",
    "ticker.SOL_USDC",
    "markPrice.SOL_USDC_PERP",
    "openInterest.SOL_USDC_PERP",
    "liquidation",
    "trade.NOT_A_MARKET",
)
PRIVATE = ("account.orderUpdate", "account.positionUpdate", "account.rfqUpdate")
PERP = "SOL_USDC_PERP"
READS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("/api/v1/markets", {}),
    ("/api/v1/tickers", {}),
    ("/api/v1/depth", {"symbol": PERP, "limit": 100}),
    ("/api/v1/klines", {"symbol": PERP, "interval": "1m", "startTime": 1_780_290_000}),
    ("/api/v1/trades", {"symbol": PERP, "limit": 100}),
    ("/api/v1/markPrices", {}),
    ("/api/v1/fundingRates", {"symbol": PERP}),
    ("/api/v1/borrowLend/markets", {}),
    ("/api/v1/vaults/history", {"interval": "1d"}),
)
SIGNED_READS = (
    ("/api/v1/capital", "balanceQuery"),
    ("/api/v1/capital/collateral", "collateralQuery"),
    ("/api/v1/position", "positionQuery"),
    ("/api/v1/orders", "orderQueryAll"),
    ("/api/v1/borrowLend/positions", "borrowLendPositionQuery"),
    ("/wapi/v1/history/orders", "orderHistoryQueryAll"),
    ("/wapi/v1/history/fills", "fillHistoryQueryAll"),
    ("/wapi/v1/history/strategies", "strategyHistoryQueryAll"),
    ("/wapi/v1/capital/withdrawals", "withdrawalQueryAll"),
)


class TracingClient(Client):
    """Keeps every answer, a cut connection too."""

    def __init__(self, exchange: Exchange, account: str, trace: list[bytes]) -> None:
        super().__init__(exchange, account)
        self._trace = trace

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
        reply = outcome.reply
        said = "cut" if reply is None else f"{reply.status} {sorted(reply.headers.items())}"
        self._trace.append(f"{method} {path} {said} {outcome.delay_ms}\n".encode())
        if reply is None:
            return Answer(self.api.handle(Request("GET", "/api/v1/ping", (), CIMultiDict(), b"")).reply or _nothing())
        self._trace.append(reply.body)
        return Answer(reply)


def _nothing() -> Any:
    raise AssertionError("not even a ping was answered")


class Rehearsal:
    """One session on a virtual clock."""

    def __init__(self, seed: int) -> None:
        self.trace: list[bytes] = []
        accounts = (AccountOption("demo"), AccountOption("rival"), AccountOption("wild"))
        self.exchange, self.clock = make_exchange(seed=seed, scenario=Scenario.CRASH, accounts=accounts, traps=True)
        self.demo = TracingClient(self.exchange, "demo", self.trace)
        self.rival = TracingClient(self.exchange, "rival", self.trace)
        self.listener = Listener(self.exchange)
        self.control = Control(self.exchange)
        self.wild = RandomTrader(self.exchange, self.exchange.credentials[2].account, Random("wild"))

    def play(self) -> None:
        """All of it."""
        self.listener.subscribe(*STREAMS, *PRIVATE, client=self.demo)
        self._pass(2)
        for part in (self._trade, self._use_products, self._ask_for_quotes, self._suffer, self._crash):
            part()
            self._pass(3)
            self._read()

    def _pass(self, seconds: float) -> None:
        for _ in range(int(seconds * 4)):
            run(self.exchange, self.clock, 0.25)
            self.wild.act()

    def _trade(self) -> None:
        order = {"symbol": PERP, "side": "Bid", "quantity": "2.00"}
        self.demo.order(**order, orderType="Market", stopLossTriggerPrice="150", stopLossTriggerBy="MarkPrice")
        self.demo.order(**order, orderType="Limit", price="160.00", clientId=9, postOnly=True)
        self.demo.batch(
            [
                {**order, "orderType": "Limit", "price": "161.00"},
                {**order, "orderType": "Limit", "price": "0.001"},
                {**order, "orderType": "Limit", "price": "162.00", "timeInForce": "FOK"},
            ]
        )
        self.demo.signed("DELETE", "/api/v1/order", "orderCancel", symbol=PERP, clientId=9)
        self.demo.signed("DELETE", "/api/v1/orders", "orderCancelAll", symbol=PERP)

    def _use_products(self) -> None:
        demo = self.demo
        lend = {"symbol": "USDC", "quantity": "500", "side": "Lend"}
        demo.signed("POST", "/api/v1/borrowLend", "borrowLendExecute", **lend)
        demo.signed("POST", "/api/v1/vault/mint", "vaultMint", vaultId=1, symbol="USDC", quantity="100")
        demo.signed("POST", "/api/v1/vault/redeem", "vaultRedeemRequest", vaultId=1, vaultTokenQuantity="10")
        demo.signed("GET", "/wapi/v1/capital/deposit/address", "depositAddressQuery", blockchain="Solana")
        paid = {"address": "7fUAJdStEuGbc3sM84cKRL6yYaaSstyLSU4ve5oovLS7", "blockchain": "Solana", "symbol": "USDC"}
        demo.signed("POST", "/wapi/v1/capital/withdrawals", "withdraw", **paid, quantity="25")
        plan: dict[str, Any] = {"strategyType": "Scheduled", "symbol": "SOL_USDC", "side": "Bid", "quantity": "2"}
        plan |= {"duration": 8_000, "interval": 1_000, "randomizedIntervalQuantity": True}
        demo.signed("POST", "/api/v1/strategy", "strategyCreate", **plan)
        self.exchange.venue.deposit(demo.pair.account, Asset("JTO"), Decimal("0.0019"))
        demo.signed("POST", "/api/v1/account/convertDust", "convertDust", symbol="JTO")

    def _ask_for_quotes(self) -> None:
        ask = {"symbol": "SOL_USDC_RFQ", "side": "Bid", "quantity": "1"}
        made = self.demo.signed("POST", "/api/v1/rfq", "rfqSubmit", **ask).object()
        prices = {"bidPrice": "150.00", "askPrice": "178.00"}
        path = ("POST", "/api/v1/rfq/quote", "quoteSubmit")
        quote = self.rival.signed(*path, rfqId=made["rfqId"], **prices).object()
        accepted = {"rfqId": made["rfqId"], "quoteId": quote["quoteId"]}
        self.demo.signed("POST", "/api/v1/rfq/accept", "quoteAccept", **accepted)
        self.demo.signed("POST", "/api/v1/rfq", "rfqSubmit", **ask)

    def _suffer(self) -> None:
        """Faults one at a time and as a mix, while orders go on."""
        wanted: list[dict[str, object]] = [
            {"fault": "exec_and_5xx", "count": 1},
            {"fault": "accept_then_drop", "count": 1},
            {"fault": "aggregate", "probability": 0.3, "seconds": 3},
            {"fault": "jump", "percent": -3, "asset": "SOL"},
            {"mix": 5},
        ]
        for fault in wanted:
            reply, _ = self.control.handle("POST", "/_sim/faults", orjson.dumps(fault))
            self.trace.append(reply.body)
            assert reply.status == 200, reply.body
            for price in ("151.00", "152.00"):
                order = {"symbol": PERP, "side": "Bid", "quantity": "1.00", "orderType": "Limit", "price": price}
                self.demo.order(**order)
                self._pass(0.5)
        self.control.handle("POST", "/_sim/faults", b'{"fault":"all","off":true}')

    def _crash(self) -> None:
        """The fall of this scenario begins after 25 seconds."""
        self._pass(45)

    def _read(self) -> None:
        for path, query in READS:
            self.demo.public(path, **query)
        for path, instruction in SIGNED_READS:
            self.demo.signed("GET", path, instruction)
        reply, _ = self.control.handle("GET", "/_sim/state", b"")
        self.trace.append(reply.body)

    def digest(self) -> str:
        """SHA-256 over every answer and every frame, in order."""
        whole = hashlib.sha256()
        for part in (*self.trace, *self.listener.frames):
            whole.update(len(part).to_bytes(8, "big") + part)
        return whole.hexdigest()


if __name__ == "__main__":
    rehearsal = Rehearsal(int(sys.argv[1]))
    rehearsal.play()
    every_frame = b"".join(rehearsal.listener.frames)
    report = {
        "digest": rehearsal.digest(),
        "answers": len(rehearsal.trace),
        "frames": len(rehearsal.listener.frames),
        "silent": [name for name in (*STREAMS, *PRIVATE) if f'"stream":"{name}"'.encode() not in every_frame],
        "conserved": orjson.loads(rehearsal.trace[-1])["conserved"],
    }
    sys.stdout.write(orjson.dumps(report).decode())
