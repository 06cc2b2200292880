"""Every operation, in several situations, answers what openapi.yml says for its status; unknown keys fail."""

from __future__ import annotations

import re
from base64 import b64encode
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest

from bpx_tui.model.ids import Asset
from bpx_tui.simulator.options import AccountOption
from bpx_tui.simulator.rest.routing import Access
from bpx_tui.simulator.rest.table import ROUTES
from tests.simulator import spec
from tests.simulator.desk import Answer, Client, make_exchange, run

Params = dict[str, Any]
SAMPLES = Path(__file__).parents[1] / "data/backpack/samples"
BY_ID = {route.operation_id: route for route in ROUTES}
_UNDOCUMENTED_INSTRUCTIONS = {
    "get_borrow_lend_estimated_liquidation_price",
    "get_withdrawal_delay",
    "create_withdrawal_delay",
    "update_withdrawal_delay",
}


class Inspector:
    """Calls operations by id and judges every answer."""

    def __init__(self, *, traps: bool) -> None:
        accounts = (AccountOption("demo"), AccountOption("demo/1"), AccountOption("rival"))
        self.exchange, self.clock = make_exchange(accounts=accounts, speed=1000, traps=traps)
        self.demo, self.rival = Client(self.exchange), Client(self.exchange, "rival")
        self.vault = Client(self.exchange)
        self.vault.pair = self.exchange.desks.vault_key
        self.seen: dict[str, set[int]] = {}
        self.values: dict[str, list[object]] = {}
        """What every operation answered with 200."""
        self.pass_time(2)

    def pass_time(self, seconds: float) -> None:
        run(self.exchange, self.clock, seconds)

    def call(self, operation_id: str, *, by: Client | None = None, status: int = 200, **params: object) -> Answer:
        """The answer to one call, which must have this status and be as documented."""
        route, client = BY_ID[operation_id], by or self.demo
        if route.instruction is None:
            answer = client.public(route.path, **params)
        else:
            answer = client.signed(route.method, route.path, route.instruction, **params)
        accepted = status == 200 and answer.status == 202 and self.exchange.options.traps
        self.judge(operation_id, answer, 202 if accepted else status)
        return answer

    def judge(self, operation_id: str, answer: Answer, status: int) -> None:
        assert answer.status == status, (operation_id, answer.text)
        self.seen.setdefault(operation_id, set()).add(status)
        is_json = "json" in answer.reply.content_type and answer.reply.body
        value = answer.json if is_json else answer.text
        if status == 400 and not is_json:
            assert "failed to parse" in answer.text or "parse request payload error" in answer.text
            return
        assert spec.faults_of(operation_id, status, answer.reply.content_type, value) == [], operation_id
        if status == 200:
            self.values.setdefault(operation_id, []).append(value)
        if status == 200:
            names = {name.lower() for name in answer.reply.headers}
            wanted = {name for name in spec.headers_of(operation_id) if name.startswith("x-")}
            assert wanted <= names, (operation_id, wanted - names)


def test_the_table_is_the_specification() -> None:
    documented = spec.operations()
    assert BY_ID.keys() == documented.keys()
    assert len(ROUTES) == 81
    for route in ROUTES:
        method, path, operation = documented[route.operation_id]
        assert (route.method, route.path) == (method, path)
        named = re.search(r"\*\*Instruction:\*\* `(\w+)`", operation.get("description") or "")
        if named is not None:
            assert route.instruction == named.group(1)
        elif route.instruction is not None:
            assert route.operation_id in {*_UNDOCUMENTED_INSTRUCTIONS, "execute_order_batch"}
        headers = {p["name"].upper(): p["required"] for p in operation.get("parameters", []) if p["in"] == "header"}
        if route.instruction is not None:
            statuses = operation["responses"].keys()
            may_be_session = "401" in statuses and (not headers.get("X-API-KEY", False) or "400" not in statuses)
            assert (route.access is Access.SESSION) == may_be_session, route.operation_id


def _look_around(see: Inspector) -> None:
    """Public operations."""
    second = see.exchange.now_us // 1_000_000
    for name in ("get_status", "ping", "get_time", "get_assets", "get_collateral_parameters", "get_wallets"):
        see.call(name)
    for name in ("get_markets", "get_tickers", "get_mark_prices", "get_open_interest", "get_borrow_lend_markets"):
        see.call(name)
    for name in ("get_apy_rates", "get_prediction_events", "get_prediction_tags", "get_market_sessions"):
        see.call(name)
    see.call("get_securities")
    see.call("get_vaults")
    see.call("get_markets", marketType="PREDICTION")
    for symbol in see.exchange.symbols:
        see.call("get_market", symbol=symbol)
        see.call("get_depth" if not symbol.endswith("_RFQ") else "get_market", symbol=symbol)
    see.call("get_ticker", symbol="SOL_USDC", interval="1w")
    see.call("get_ticker", symbol="SOL_USDC_RFQ", status=204)
    see.call("get_ticker", symbol="NOPE", status=400)
    see.call("get_depth", symbol="SOL_USDC", limit="5")
    see.call("get_depth", symbol="SOL_USDC", limit="7", status=400)
    for interval in ("1s", "1m", "1h", "1d", "1w", "1month"):
        see.call("get_klines", symbol="SOL_USDC", interval=interval, startTime=second - 90_000)
    for kind in ("Mark", "Index", "last"):
        see.call("get_klines", symbol="SOL_USDC_PERP", interval="1m", startTime=second - 600, priceType=kind)
    see.call("get_klines", symbol="SOL_USDC", interval="1m", status=400)
    see.call("get_recent_trades", symbol="BTC_USDC", limit=3)
    see.call("get_historical_trades", symbol="BTC_USDC", limit=3, offset=40)
    see.call("get_funding_interval_rates", symbol="BTC_USDC_PERP", limit=5, offset=1)
    for span in ("1d", "1w", "1month", "1year"):
        see.call("get_borrow_lend_markets_history", interval=span, symbol="USDC")
        see.call("get_vault_history", interval=span)


def _trade(see: Inspector) -> None:
    """Orders, positions and what they leave behind."""
    limit: Params = {"symbol": "SOL_USDC", "side": "Bid", "orderType": "Limit", "quantity": "0.50", "price": "160.00"}
    placed = see.call("execute_order", **limit, clientId=7, postOnly=True).object()
    see.call("execute_order", **{**limit, "price": "1"}, status=400)
    see.call("execute_order", **{**limit, "price": "999.00"}, postOnly=True, status=400)
    see.call("execute_order", **{**limit, "price": "190.00"}, timeInForce="IOC", selfTradePrevention="RejectMaker")
    see.call("execute_order", symbol="SOL_USDC", side="Ask", orderType="Market", quoteQuantity="20")
    see.call(
        "execute_order",
        symbol="SOL_USDC_PERP",
        side="Bid",
        orderType="Market",
        quantity="2",
        takeProfitTriggerPrice="400",
        stopLossTriggerPrice="50",
        slippageTolerance="1",
        slippageToleranceType="Percent",
    )
    trigger: Params = {"triggerPrice": "250", "triggerQuantity": "50%", "triggerBy": "MarkPrice"}
    see.call("execute_order", symbol="SOL_USDC_PERP", side="Ask", orderType="Market", **trigger)
    see.call("get_order", symbol="SOL_USDC", orderId=placed["id"])
    see.call("get_order", symbol="SOL_USDC", clientId=7)
    see.call("get_order", symbol="SOL_USDC", clientId=8, status=404)
    see.call("get_order", symbol="SOL_USDC", status=400)
    see.call("get_open_orders")
    see.call("get_open_orders", marketType="PERP")
    see.judge("execute_order_batch", see.demo.batch([{**limit}, {**limit, "quantity": "99999"}]), 200)
    see.call("get_positions")
    see.call("get_positions", symbol="SOL_USDC_PERP")
    see.call("get_positions", symbol="BTC_USDC_PERP", status=404)
    see.call("get_collateral")
    see.call("cancel_order", symbol="SOL_USDC", orderId=placed["id"])
    see.call("cancel_order", symbol="SOL_USDC", orderId=placed["id"], status=400)
    see.exchange.faults.switch({"fault": "202", "count": 1}, see.exchange.now_us)
    see.call("cancel_open_orders", symbol="SOL_USDC", orderType="RestingLimitOrder", status=202)
    see.call("cancel_open_orders", symbol="SOL_USDC_PERP", orderType="ConditionalOrder")
    see.call("execute_order", symbol="SOL_USDC_PERP", side="Ask", orderType="Market", quantity="2", reduceOnly=True)
    see.call("execute_order", symbol="ETH_USDC_PERP", side="Ask", orderType="Market", quantity="0.5")
    see.pass_time(3601)
    for name in ("get_order_history", "get_fills", "get_funding_payments", "get_position_history"):
        assert see.call(name).rows(), name
    see.call("get_settlement_history")
    see.call("get_fills", fillType="User", symbol="SOL_USDC", limit=1, offset=1, sortDirection="Asc")
    see.call("get_fills", fillType="Nobody", status=400)
    see.call("get_order_history", marketType="PERP")
    see.call("get_position_history", state="Closed")


def _settle_the_account(see: Inspector) -> None:
    see.call("get_account")
    see.call("update_account_settings", autoLend=False, leverageLimit="5")
    see.call("update_account_settings", leverageLimit="1000", status=400)
    see.call("get_balances")
    see.call("get_max_order_quantity", symbol="SOL_USDC", side="Bid", price="150", reduceOnly=False)
    see.call("get_max_order_quantity", symbol="SOL_USDC_PERP", side="Ask")
    see.call("get_max_borrow_quantity", symbol="USDC")
    see.call("get_max_withdrawal_quantity", symbol="USDC", autoBorrow=False)
    see.call("get_max_withdrawal_quantity", symbol="GOLD", status=400)


def _borrow_and_lend(see: Inspector) -> None:
    see.call("execute_borrow_lend", symbol="USDC", side="Lend", quantity="1000")
    see.call("execute_borrow_lend", symbol="BTC", side="Borrow", quantity="0.001")
    see.call("execute_borrow_lend", symbol="BTC", side="Borrow", quantity="1000000", status=400)
    see.call("get_borrow_lend_positions")
    idea = b64encode(orjson.dumps({"symbol": "BTC", "side": "Borrow", "quantity": "0.001"})).decode()
    see.call("get_borrow_lend_estimated_liquidation_price", borrow=idea)
    see.call("get_borrow_lend_estimated_liquidation_price", borrow="BTC", status=400)
    see.pass_time(3601)
    see.call("execute_borrow_lend", symbol="USDC", side="Borrow", quantity="500")
    for name in ("get_borrow_lend_history", "get_interest_history", "get_borrow_lend_position_history"):
        assert see.call(name).rows(), name
    see.call("get_borrow_lend_history", type="Lend", symbol="USDC")
    see.call("get_borrow_lend_position_history", side="Borrow", state="Open")


def _move_money(see: Inspector) -> None:
    see.exchange.desks.custody.deposit(see.demo.pair.account, Asset("USDC"), Decimal(500), "Solana")
    see.call("get_deposits")
    see.call("get_deposit_address", blockchain="Solana")
    see.call("get_deposit_address", blockchain="Moon", status=400)
    ask: Params = {"address": "7fUAJdStEuGbc3sM84cKRL6yYaaSstyLSU4ve5oovLS7", "blockchain": "Solana", "symbol": "USDC"}
    see.call("request_withdrawal", **ask, quantity="25", clientId="rent")
    see.call("request_withdrawal", **ask, quantity="0.0001", status=400)
    see.pass_time(60)
    assert see.call("get_withdrawals", clientId="rent").rows()[0]["status"] == "confirmed"
    see.call("get_withdrawal_delay", status=204)
    see.call("update_withdrawal_delay", withdrawalDelayHours=2, twoFactorToken="000000", status=404)
    see.call("create_withdrawal_delay", withdrawalDelayHours=2, twoFactorToken="111111", status=400)
    see.call("create_withdrawal_delay", withdrawalDelayHours=2, twoFactorToken="000000")
    see.call("create_withdrawal_delay", withdrawalDelayHours=2, twoFactorToken="000000", status=409)
    see.call("update_withdrawal_delay", withdrawalDelayHours=4, twoFactorToken="000000")
    see.call("get_withdrawal_delay")
    see.exchange.venue.deposit(see.demo.pair.account, Asset("JTO"), Decimal("0.0019"))
    see.call("convert_dust", symbol="JTO")
    see.call("convert_dust", symbol="SOL", status=400)
    assert see.call("get_dust_history").rows()


def _run_strategies(see: Inspector) -> None:
    plan: Params = {"strategyType": "Scheduled", "symbol": "SOL_USDC", "side": "Bid", "quantity": "2"}
    made = see.call("strategy_create", **plan, duration=60_000, interval=10_000, clientStrategyId=3).object()
    see.call("strategy_create", **plan, duration=1, interval=10_000, status=400)
    see.call("get_strategy", symbol="SOL_USDC", strategyId=made["id"])
    see.call("get_strategy", symbol="SOL_USDC", strategyId="1", status=404)
    see.pass_time(15)
    see.call("get_open_strategies", marketType="SPOT")
    see.call("cancel_strategy", symbol="SOL_USDC", clientStrategyId=3)
    see.call("cancel_strategy", symbol="SOL_USDC", clientStrategyId=3, status=400)
    see.call("strategy_create", **plan, duration=60_000, interval=10_000, randomizedIntervalQuantity=True)
    see.call("cancel_open_strategies", symbol="SOL_USDC")
    assert see.call("get_strategies_history").rows()


def _ask_for_quotes(see: Inspector) -> None:
    ask: Params = {"symbol": "SOL_USDC_RFQ", "side": "Bid"}
    made = see.call("submit_rfq", **ask, quantity="2", clientId=11).object()
    quote = see.call("submit_quote", by=see.rival, rfqId=made["rfqId"], bidPrice="150.00", askPrice="178.00").object()
    see.pass_time(5)
    (open_rfq,) = see.call("get_open_rfqs", symbol="SOL_USDC_RFQ").rows()
    assert len(open_rfq["quotes"]) >= 2  # type: ignore[arg-type]
    see.call("accept_quote", rfqId=made["rfqId"], quoteId=quote["quoteId"])
    see.call("accept_quote", rfqId=made["rfqId"], quoteId=quote["quoteId"], status=400)
    made = see.call("submit_rfq", **ask, quoteQuantity="100").object()
    see.call("refresh_rfq", rfqId=made["rfqId"])
    see.call("cancel_rfq", rfqId=made["rfqId"])
    see.call("submit_rfq", symbol="SOL_USDC", side="Bid", quantity="1", status=400)
    assert see.call("get_rfq_history", side="Bid").rows()
    assert see.call("get_rfq_fill_history").rows()
    assert see.call("get_quote_history", by=see.rival).rows()
    assert see.call("get_quote_fill_history", by=see.rival, side="Ask").rows()


def _invest(see: Inspector) -> None:
    see.call("vault_mint", vaultId=1, symbol="USDC", quantity="100")
    see.call("vault_mint", vaultId=1, symbol="USDC", quantity="1", status=400)
    see.call("vault_redeem", vaultId=1, vaultTokenQuantity="10")
    assert see.call("get_vault_pending_redeems", by=see.vault, vaultId=1).rows()
    see.call("vault_redeem_cancel", vaultId=1)
    see.call("vault_redeem_cancel", vaultId=1, status=400)
    see.call("get_vault_nav", by=see.vault)
    see.call("get_vault_nav", status=401)
    see.call("get_vault_pending_redeems", vaultId=1, status=403)


def _meet_no_stranger(see: Inspector) -> None:
    """Without a signature: 400 where headers are required, 401 where a session would do."""
    for route in ROUTES:
        if route.instruction is None:
            continue
        status = 400 if route.access is Access.SIGNED else 401
        see.judge(route.operation_id, see.demo.send(route.method, route.path), status)


def see_everything(see: Inspector) -> None:
    _look_around(see)
    _settle_the_account(see)
    _trade(see)
    _borrow_and_lend(see)
    _move_money(see)
    _run_strategies(see)
    _ask_for_quotes(see)
    _invest(see)


@pytest.mark.parametrize("traps", [False, True])
def test_every_operation_conforms(capsys: pytest.CaptureFixture[str], traps: bool) -> None:
    see = Inspector(traps=traps)
    see_everything(see)
    working = {name for name, statuses in see.seen.items() if 200 in statuses}
    _meet_no_stranger(see)
    with capsys.disabled():
        print(f"\noperations answered as documented: {len(working)} of {len(spec.operations())}")  # noqa: T201
    assert working == spec.operations().keys()
    state = see.exchange.venue.state()
    assert dict(state.totals) == dict(state.deposited)


RECORDED = sorted(path for path in (SAMPLES / "rest").glob("*.json") if path.stem.split("__")[0] in BY_ID)


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_the_judge_accepts_every_recorded_answer(path: Path) -> None:
    operation_id = path.stem.split("__")[0]
    kind = "text/plain" if operation_id == "get_time" else "application/json"
    assert spec.faults_of(operation_id, 200, kind, orjson.loads(path.read_bytes())) == []


@pytest.mark.parametrize(
    ("operation_id", "value"),
    [
        ("get_status", {"status": "Ok", "mood": "good"}),
        ("get_status", {"message": None}),
        ("get_status", {"status": "Fine"}),
        ("get_depth", {"asks": [], "bids": [], "lastUpdateId": 7, "timestamp": 1}),
        ("get_recent_trades", [{"id": "7"}]),
        ("get_balances", {"USDC": {"available": "1e3", "locked": "0", "staked": "0"}}),
    ],
)
def test_the_judge_sees_what_is_wrong(operation_id: str, value: object) -> None:
    assert spec.faults_of(operation_id, 200, "application/json", value)


def test_in_maintenance_whatever_changes_something_is_refused_as_documented() -> None:
    exchange, _ = make_exchange(flow=False)
    exchange.faults.switch({"fault": "maint"}, exchange.now_us)
    client = Client(exchange)
    changing = [route for route in ROUTES if route.method != "GET"]
    refused = [route for route in changing if "503" in spec.operations()[route.operation_id][2]["responses"]]
    assert {route.operation_id for route in changing} - {route.operation_id for route in refused} == {
        "create_withdrawal_delay",
        "update_withdrawal_delay",
    }
    for route in refused:
        answer = client.send(route.method, route.path)
        assert (answer.status, answer.object()["code"]) == (503, "MAINTENANCE"), route.operation_id
    assert client.signed("GET", "/api/v1/capital", "balanceQuery").status == 200
