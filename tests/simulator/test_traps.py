"""Traps of the wire that spring now and then, and readings of what nobody documents: on, off, seeded, chosen."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

import orjson
import pytest

from bpx_tui.simulator.domain.orders import ClientIdRule
from bpx_tui.simulator.flags import read_account
from bpx_tui.simulator.main import read_options
from bpx_tui.simulator.options import AccountOption, Options, WindowAt
from bpx_tui.simulator.rest.api import Request
from bpx_tui.simulator.traps import LAG_RATE, LAG_US, Traps
from tests.simulator.desk import Client, Listener, make_exchange, run, text_to_sign

LIMIT: dict[str, Any] = {
    "symbol": "SOL_USDC",
    "side": "Bid",
    "orderType": "Limit",
    "quantity": "0.10",
    "price": "150.00",
}
ORDERS = "account.orderUpdate"


def life(*, traps: bool, seed: int = 7) -> dict[str, Any]:
    """What one client met while it placed, filled and cancelled two hundred orders."""
    exchange, clock = make_exchange(traps=traps, seed=seed)
    client, listener = Client(exchange), Listener(exchange)
    listener.subscribe(ORDERS, client=client)
    run(exchange, clock, 1)
    statuses, lagging = [], 0
    for number in range(1, 201):
        order = client.order(**LIMIT, clientId=number).object()
        body = {"symbol": "SOL_USDC", "orderId": order["id"]}
        statuses.append(client.signed("DELETE", "/api/v1/order", "orderCancel", **body).status)
        bought = client.order(
            symbol="SOL_USDC", side="Bid", orderType="Market", quantity="0.01", clientId=1000 + number
        )
        rows = client.signed("GET", "/wapi/v1/history/orders", "orderHistoryQueryAll", limit=5).rows()
        lagging += bought.object()["id"] not in [row["id"] for row in rows]
        run(exchange, clock, 0.05)
    run(exchange, clock, 3)
    rows = []
    while len(rows) < 200:
        rows = client.signed("GET", "/wapi/v1/history/fills", "fillHistoryQueryAll", limit=1000).rows()
    events: list[dict[str, Any]] = listener.data(ORDERS)
    return {
        "statuses": statuses,
        "lagging": lagging,
        "nameless": {event["i"] for event in events if "c" not in event},
        "named": {event["i"] for event in events if "c" in event},
        "told": {(e["i"], e["l"], e["L"]): e["t"] for e in events if e["e"] == "orderFill"},
        "kept": {row["orderId"]: row["tradeId"] for row in rows},
        "open": len(exchange.venue.open_orders(client.pair.account)),
    }


@pytest.fixture(name="met", scope="module")
def what_was_met() -> dict[str, Any]:
    return life(traps=True)


def test_cancels_are_sometimes_only_accepted_and_always_executed(met: dict[str, Any]) -> None:
    assert 2 <= met["statuses"].count(202) <= 25
    assert set(met["statuses"]) == {200, 202}
    assert met["open"] == 0


def test_some_orders_are_told_without_their_client_id_all_their_life(met: dict[str, Any]) -> None:
    assert 2 <= len(met["nameless"]) <= 30
    assert not met["nameless"] & met["named"]


def test_some_fills_have_no_trade_id_in_stream_and_history_alike(met: dict[str, Any]) -> None:
    told = {order: trade for (order, _, _), trade in met["told"].items()}
    assert 1 <= sum(trade is None for trade in told.values()) <= 20
    assert {order: met["kept"][order] for order in told} == told


def test_histories_sometimes_lag_and_then_catch_up(met: dict[str, Any]) -> None:
    assert 5 <= met["lagging"] <= 45
    assert len(met["kept"]) == 200


def test_the_same_seed_springs_the_same_traps(met: dict[str, Any]) -> None:
    assert life(traps=True) == met


def test_without_traps_nothing_of_it_happens() -> None:
    calm = life(traps=False)
    assert (set(calm["statuses"]), calm["lagging"], calm["nameless"]) == ({200}, 0, set())
    assert None not in calm["kept"].values()


def test_lags_are_short_and_rare() -> None:
    lags = [lag for lag in (Traps(n, on=True).lag_us() for n in range(2000)) if lag]
    assert len(lags) / 2000 == pytest.approx(LAG_RATE, abs=0.03)
    assert max(lags) <= LAG_US


def test_unknown_markets_are_met_by_an_error_or_by_silence() -> None:
    exchange, _ = make_exchange(flow=False, traps=True)
    listener = Listener(exchange)
    for _ in range(100):
        listener.subscribe("depth.NOPE_USDC")
    assert 20 < len(listener.errors()) < 80
    assert set(listener.errors()) == {4005}


def test_cached_answers_have_an_age_and_others_have_none() -> None:
    exchange, clock = make_exchange(flow=False, traps=True)
    client = Client(exchange)
    ages = []
    for _ in range(3):
        ages.append(int(client.public("/api/v1/markets").reply.headers["Age"]))
        run(exchange, clock, 1)
    assert all(0 <= age < 300 for age in ages)
    assert [(after - before) % 300 for before, after in pairwise(ages)] == [1, 1]
    assert "Age" not in client.public("/api/v1/depth", symbol="SOL_USDC").reply.headers
    calm, _ = make_exchange(flow=False)
    assert "Age" not in Client(calm).public("/api/v1/markets").reply.headers


# ---- readings


@pytest.mark.parametrize(("rule", "second"), [("none", 200), ("open", 400), ("ever", 400)])
def test_client_ids_by_flag(rule: str, second: int) -> None:
    exchange, _ = make_exchange(flow=False, client_ids=ClientIdRule(rule))
    client = Client(exchange)
    assert client.order(**LIMIT, clientId=5).status == 200
    assert client.order(**LIMIT, clientId=5).status == second


@pytest.mark.parametrize(("window_at", "status"), [(WindowAt.INGRESS, 200), (WindowAt.ENGINE, 400)])
def test_a_request_that_waited_beyond_its_window(window_at: WindowAt, status: int) -> None:
    exchange, clock = make_exchange(flow=False, window_at=window_at)
    client = Client(exchange)
    headers = client.headers(text_to_sign("orderExecute", LIMIT, client.now_ms, 5000))
    received = exchange.auth_clocks_ms()
    run(exchange, clock, 6)
    reply = client.api.handle(Request("POST", "/api/v1/order", (), headers, orjson.dumps(LIMIT), received)).reply
    assert reply is not None
    assert reply.status == status


def test_a_share_of_orders_is_executed_and_answered_as_failed() -> None:
    exchange, _ = make_exchange(flow=False, executed_5xx=0.3)
    client = Client(exchange)
    statuses = [client.order(**LIMIT).status for _ in range(100)]
    assert 15 < statuses.count(503) < 45
    assert len(exchange.venue.open_orders(client.pair.account)) == 100
    assert client.order(**{**LIMIT, "price": "1"}).status == 400


# ---- flags


def test_flags_choose_readings_and_traps() -> None:
    assert read_options([]) == Options()
    flags = ["--no-traps", "--client-ids", "open", "--window-at", "ingress", "--executed-5xx", "0.25"]
    options = read_options(flags)
    assert (options.traps, options.client_ids) == (False, ClientIdRule.UNIQUE_WHILE_OPEN)
    assert (options.window_at, options.executed_5xx) == (WindowAt.INGRESS, 0.25)
    assert read_options(["--fee-tier", "2"]) == Options(fee_tier=2)


def test_subaccounts_are_named_after_their_user() -> None:
    option = read_account("alice/7:USDC=500")
    assert (option.name, option.user, option.subaccount_id) == ("alice/7", "alice", 7)
    assert (AccountOption("alice").user, AccountOption("alice").subaccount_id) == ("alice", None)


@pytest.mark.parametrize(
    "flags",
    [
        ["--account", "alice/1"],
        ["--account", "alice", "--account", "alice"],
        ["--account", "alice", "--account", "alice/0"],
        ["--account", "alice", "--account", "alice/x"],
        ["--account", "alice", "--account", "alice/65536"],
        ["--account", "alice", "--account", "alice/"],
        ["--client-ids", "sometimes"],
        ["--window-at", "noon"],
        ["--executed-5xx", "2"],
        ["--fee-tier", "0"],
        ["--fee-tier", "3"],
    ],
)
def test_flags_that_make_no_sense_are_refused(flags: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        read_options(flags)
    assert ended.value.code == 2
    assert capsys.readouterr().err


def test_subaccounts_have_a_key_and_money_of_their_own_and_share_the_user() -> None:
    accounts = (AccountOption("demo"), AccountOption("demo/1", None, read_account("x:USDC=500").balances))
    exchange, _ = make_exchange(flow=False, accounts=accounts)
    main, sub = Client(exchange), Client(exchange, "demo/1")
    assert main.pair.api_key != sub.pair.api_key
    infos = {info.id: info for info in exchange.venue.accounts()}
    assert infos[main.pair.account].user_id == infos[sub.pair.account].user_id
    assert (infos[main.pair.account].subaccount_id, infos[sub.pair.account].subaccount_id) == (None, 1)
    assert sub.order(**LIMIT).status == 200
    assert main.signed("GET", "/api/v1/orders", "orderQueryAll").rows() == []
    held = sub.signed("GET", "/api/v1/capital", "balanceQuery").object()
    assert held == {"USDC": {"available": "485", "locked": "15", "staked": "0"}}
    others = main.signed("GET", "/wapi/v1/history/funding", "fundingHistoryQueryAll", subaccountId=1)
    assert (others.status, others.rows()) == (200, [])
    assert main.signed("GET", "/api/v1/capital/collateral", "collateralQuery", subaccountId=70_000).status == 400


@pytest.mark.parametrize(("tier", "rates"), [(1, ("8", "10", "2", "5")), (2, ("7", "9", "1.9", "4.5"))])
def test_fees_follow_the_tier(tier: int, rates: tuple[str, ...]) -> None:
    exchange, clock = make_exchange(fee_tier=tier)
    run(exchange, clock, 1)
    client = Client(exchange)
    shown = client.signed("GET", "/api/v1/account", "accountQuery").object()
    names = ("spotMakerFee", "spotTakerFee", "futuresMakerFee", "futuresTakerFee")
    assert tuple(shown[name] for name in names) == rates
    for symbol, rate in (("SOL_USDC", rates[1]), ("SOL_USDC_PERP", rates[3])):
        client.order(symbol=symbol, side="Ask", orderType="Market", quantity="0.10")
        path = "/wapi/v1/history/fills"
        (fill,) = client.signed("GET", path, "fillHistoryQueryAll", symbol=symbol).rows()
        price, quantity, fee = (Decimal(str(fill[name])) for name in ("price", "quantity", "fee"))
        exact = price * quantity * Decimal(rate) / 10_000
        assert exact <= fee < exact + Decimal("0.000001")


def test_a_users_key_sees_the_subaccount_it_asks_for_and_a_subaccounts_key_only_itself() -> None:
    accounts = (AccountOption("demo"), AccountOption("demo/1", None, read_account("x:USDC=500").balances))
    exchange, _ = make_exchange(flow=False, accounts=(*accounts, AccountOption("bob")))
    main, sub = Client(exchange), Client(exchange, "demo/1")

    def collateral(client: Client, **query: object) -> object:
        answer = client.signed("GET", "/api/v1/capital/collateral", "collateralQuery", **query)
        return answer.object()["assetsValue"] if answer.status == 200 else answer.object()["message"]

    assert collateral(main, subaccountId=1) == collateral(sub) == collateral(sub, subaccountId=1) == "500"
    assert collateral(main, subaccountId=0) == collateral(main) != "500"
    for client, number in ((main, 2), (sub, 0), (sub, 2), (Client(exchange, "bob"), 1)):
        assert collateral(client, subaccountId=number) == "Subaccount not found"


def test_funding_of_a_subaccount_is_shown_to_its_user() -> None:
    accounts = (AccountOption("demo"), AccountOption("demo/1"))
    exchange, clock = make_exchange(accounts=accounts, speed=100)
    main, sub = Client(exchange), Client(exchange, "demo/1")
    assert sub.order(symbol="SOL_USDC_PERP", side="Bid", orderType="Market", quantity="1.00").status == 200
    run(exchange, clock, 3700)

    def payments(client: Client, **query: object) -> list[dict[str, object]]:
        return client.signed("GET", "/wapi/v1/history/funding", "fundingHistoryQueryAll", **query).rows()

    assert [row["subaccountId"] for row in payments(main, subaccountId=1)] == [1]
    assert payments(sub) == payments(main, subaccountId=1)
    assert payments(main) == payments(main, subaccountId=0) == []
