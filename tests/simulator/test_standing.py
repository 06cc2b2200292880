"""Accounts that may not trade: suspended by the exchange, without a permission, or asking with a read-only key."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from bpx_tui.model.enums import OrderKind, OrderStatus, TriggerBy
from bpx_tui.model.ids import Symbol
from bpx_tui.simulator.control import Control
from bpx_tui.simulator.domain.catalogue import default_catalogue
from bpx_tui.simulator.domain.events import OrderEvent
from bpx_tui.simulator.domain.orders import AttachedExit, NewOrder, OrderRecord, SystemOrderType, TriggerTerms
from bpx_tui.simulator.domain.plain import from_plain, to_plain
from bpx_tui.simulator.domain.refusals import VenueRefusal
from bpx_tui.simulator.domain.saving import SavedAccount
from bpx_tui.simulator.domain.standing import GOOD, Permission, Standing
from bpx_tui.simulator.exchange import Exchange
from bpx_tui.simulator.options import AccountOption, Options
from bpx_tui.simulator.rest.routing import Access, Route
from bpx_tui.simulator.rest.table import ROUTES
from tests.simulator import spec
from tests.simulator.desk import DEMO, Client, Listener, make_exchange, run
from tests.simulator.floor import ASK, BID, PERP, SOL, SPOT, START_US, USDC, Floor, d

Params = dict[str, Any]
PREDICTION = Symbol("FEDCUTDEC26_USDC_PREDICTION")
OWN_KEY = "2fOIYi0FK6MRVQw/Y2dPrZZVlFsNRCCLgVp2WDFdaQo="
SUSPENDED = Standing(suspended=True)
ON = {SPOT: Permission.SPOT, PERP: Permission.PERP, PREDICTION: Permission.PREDICTION}
LOW = {SPOT: "170", PERP: "170", PREDICTION: "0.50"}


@pytest.fixture(name="floor")
def a_floor() -> Floor:
    floor = Floor()
    floor.quote("178.49", "178.51")
    floor.quote("178.49", "178.51", symbol=SPOT)
    return floor


def set_standing(floor: Floor, standing: Standing) -> None:
    floor.venue.interventions.set_standing(floor.alice, standing)


def refused(floor: Floor, symbol: Symbol = PERP, **terms: object) -> tuple[int, str]:
    with pytest.raises(VenueRefusal) as refusal:
        floor.limit(floor.alice, BID, "1", LOW[symbol], symbol, **terms)
    return refusal.value.status, refusal.value.code


def wait_at(floor: Floor, price: str, symbol: Symbol = PERP, **terms: object) -> OrderRecord:
    """A market sale that waits for the index."""
    trigger = TriggerTerms(d(price), TriggerBy.INDEX)
    order = NewOrder(symbol, ASK, OrderKind.MARKET, trigger=trigger, trigger_quantity="1", **terms)  # type: ignore[arg-type]
    return floor.venue.place(floor.alice, order)


def test_everything_open_expires_when_trading_is_suspended(floor: Floor) -> None:
    floor.market(floor.alice, BID, "10")
    floor.limit(floor.alice, ASK, "10", "185", reduce_only=True)
    floor.limit(floor.alice, BID, "3", "170", SPOT)
    floor.limit(floor.alice, BID, "1", "178.50", stop_loss=AttachedExit(TriggerTerms(d(150), TriggerBy.MARK)))
    floor.limit(floor.bob, ASK, "0.4", "178.50")
    wait_at(floor, "160")
    others = floor.venue.open_orders(floor.maker)
    floor.events.clear()
    set_standing(floor, SUSPENDED)
    assert floor.venue.open_orders(floor.alice) == ()
    assert floor.locked(floor.alice) == 0
    told = [event for event in floor.events if isinstance(event, OrderEvent)]
    assert [str(event.kind) for event in told] == ["orderExpired"] * 5
    assert {event.order.expiry_reason for event in told} == {"AccountTradingSuspended"}
    assert all(order.status is OrderStatus.EXPIRED for order in floor.venue.order_history(floor.alice)[-5:])
    assert floor.venue.open_orders(floor.maker) == others
    assert [str(p.net_quantity) for p in floor.venue.positions(floor.alice)] == ["10.4"]
    state = floor.venue.state()
    assert state.totals == state.deposited


def test_a_suspended_account_trades_nothing_and_takes_on_no_debt_but_keeps_its_money(floor: Floor) -> None:
    set_standing(floor, SUSPENDED)
    for symbol in (SPOT, PERP, PREDICTION):
        assert refused(floor, symbol) == (400, "TRADING_PAUSED")
        assert floor.venue.max_order_quantity(floor.alice, symbol, BID) == 0
    with pytest.raises(VenueRefusal, match="TRADING_PAUSED"):
        floor.venue.borrow_lend(floor.alice, SOL, "Borrow", d(1))
    assert floor.venue.max_borrow_quantity(floor.alice, SOL) == 0
    floor.venue.borrow_lend(floor.alice, USDC, "Lend", d(100))
    floor.venue.borrow_lend(floor.alice, USDC, "Borrow", d(100))
    assert floor.venue.borrow_lend_positions(floor.alice) == ()
    ticket = floor.venue.lock_withdrawal(floor.alice, USDC, d(1_000), auto_borrow=False, auto_lend_redeem=False)
    floor.venue.complete_withdrawal(ticket)
    assert floor.free(floor.alice) == d(99_000)
    assert floor.limit(floor.bob, BID, "1", "170").status is OrderStatus.NEW


def test_a_suspension_ends_by_itself_or_when_it_is_lifted(floor: Floor) -> None:
    set_standing(floor, Standing(suspended=True, until_us=floor.venue.now_us + 10_000_000))
    floor.seconds(9)
    assert refused(floor) == (400, "TRADING_PAUSED")
    assert floor.venue.standing(floor.alice).suspended
    floor.seconds(2)
    assert floor.limit(floor.alice, BID, "1", "170").status is OrderStatus.NEW
    assert floor.venue.standing(floor.alice) is GOOD
    set_standing(floor, SUSPENDED)
    set_standing(floor, GOOD)
    assert floor.limit(floor.alice, BID, "1", "170").status is OrderStatus.NEW


@pytest.mark.parametrize("symbol", ON)
def test_a_withdrawn_permission_ends_orders_of_its_markets_only(floor: Floor, symbol: Symbol) -> None:
    orders = {one: floor.limit(floor.alice, BID, "1", LOW[one], one) for one in ON}
    set_standing(floor, Standing(withdrawn=(ON[symbol],)))
    (ended,) = floor.venue.order_history(floor.alice)
    assert (ended.id, ended.status, ended.expiry_reason) == (orders[symbol].id, OrderStatus.EXPIRED, "UserPermissions")
    assert {order.symbol for order in floor.venue.open_orders(floor.alice)} == ON.keys() - {symbol}
    assert refused(floor, symbol) == (400, "FORBIDDEN")
    for other in ON.keys() - {symbol}:
        assert floor.limit(floor.alice, BID, "1", LOW[other], other).status is OrderStatus.NEW


def test_without_margin_nothing_is_borrowed_by_hand_for_an_order_or_by_a_trigger(floor: Floor) -> None:
    waiting = wait_at(floor, "160", SPOT, auto_borrow=True)
    floor.venue.cancel_all(floor.bob, SPOT)
    ticket = floor.venue.lock_withdrawal(floor.alice, SOL, d(500), auto_borrow=False, auto_lend_redeem=False)
    floor.venue.complete_withdrawal(ticket)
    set_standing(floor, Standing(withdrawn=(Permission.MARGIN,)))
    with pytest.raises(VenueRefusal, match="FORBIDDEN"):
        floor.venue.borrow_lend(floor.alice, SOL, "Borrow", d(1))
    with pytest.raises(VenueRefusal, match="FORBIDDEN"):
        floor.limit(floor.alice, ASK, "1", "190", SPOT, auto_borrow=True)
    assert floor.limit(floor.alice, BID, "1", "170", SPOT, auto_borrow=True).status is OrderStatus.NEW
    floor.venue.set_index(SOL, d(150))
    floor.seconds(60)
    (failed,) = [order for order in floor.venue.order_history(floor.alice) if order.id == waiting.id]
    assert (failed.status, failed.expiry_reason) == (OrderStatus.TRIGGER_FAILED, "UserPermissions")
    assert floor.told(floor.alice)[-1] == "triggerFailed"


def test_a_suspended_account_is_liquidated_like_any_other() -> None:
    floor = Floor()
    floor.quote("178.49", "178.51", "5000")
    floor.venue.transfer(floor.alice, floor.maker, USDC, d(80_000))
    floor.venue.transfer(floor.alice, floor.maker, SOL, d(500))
    floor.market(floor.alice, BID, "1000")
    set_standing(floor, SUSPENDED)
    (view,) = floor.venue.positions(floor.alice, PERP)
    price = view.est_liquidation_price - d("0.05")
    floor.quote(str(price - d("0.01")), str(price + d("0.01")), "5000")
    floor.venue.set_index(SOL, price)
    floor.seconds(1)
    (position,) = floor.venue.positions(floor.alice)
    assert position.net_quantity == d(750)
    assert floor.venue.fills(floor.alice)[-1].system_order_type == SystemOrderType.LIQUIDATE_ON_BOOK


def test_a_standing_is_kept_and_older_files_know_only_good_ones(floor: Floor) -> None:
    standing = Standing(True, (Permission.PERP, Permission.MARGIN), START_US + 60_000_000)
    set_standing(floor, standing)
    plain = to_plain(floor.venue.save_account(floor.alice))
    assert isinstance(plain, dict)
    other = Floor(seed=2)
    again = from_plain(SavedAccount, {**plain, "id": "back"})
    back = other.venue.restore_account(again).id
    assert other.venue.standing(back) == standing
    with pytest.raises(VenueRefusal, match="TRADING_PAUSED"):
        other.limit(back, BID, "1", "170")
    del plain["standing"]
    assert from_plain(SavedAccount, plain).standing == GOOD


# ---- keys


def looking(exchange: Exchange) -> Client:
    """The demo account by its read-only key."""
    client = Client(exchange)
    client.pair = exchange.read_only[DEMO]
    return client


def test_a_read_only_key_sees_everything_of_its_account() -> None:
    exchange, _ = make_exchange(flow=False)
    full, watcher = Client(exchange), looking(exchange)
    limit = {"orderType": "Limit", "side": "Bid", "symbol": "SOL_USDC", "quantity": "1.00", "price": "150.00"}
    assert full.order(**limit).status == 200
    for path, instruction in (("/api/v1/orders", "orderQueryAll"), ("/api/v1/capital", "balanceQuery")):
        assert watcher.signed("GET", path, instruction).json == full.signed("GET", path, instruction).json
    listener = Listener(exchange)
    listener.subscribe("account.orderUpdate", client=watcher)
    assert full.signed("DELETE", "/api/v1/orders", "orderCancelAll", symbol="SOL_USDC").status == 200
    exchange.run_due()
    assert [event["e"] for event in listener.data("account.orderUpdate")] == ["orderCancelled"]


@pytest.mark.parametrize("route", [route for route in ROUTES if route.method != "GET"], ids=lambda r: r.operation_id)
def test_a_read_only_key_changes_nothing_and_is_told_so_as_documented(route: Route) -> None:
    exchange, _ = make_exchange(flow=False)
    watcher, before = looking(exchange), exchange.venue.save_account(DEMO)
    assert route.instruction is not None
    if route.operation_id == "execute_order_batch":
        answer = watcher.batch([{"orderType": "Market", "side": "Bid", "symbol": "SOL_USDC", "quantity": "1.00"}])
    else:
        answer = watcher.signed(route.method, route.path, route.instruction, symbol="SOL_USDC")
    assert answer.object()["message"] == "API key is read only"
    assert spec.faults_of(route.operation_id, answer.status, answer.reply.content_type, answer.json) == []
    expected = {"request_withdrawal": (403, "FORBIDDEN")}.get(
        route.operation_id, (401, "UNAUTHORIZED") if route.access is Access.SESSION else (400, "FORBIDDEN")
    )
    assert (answer.status, answer.object()["code"]) == expected
    assert exchange.venue.save_account(DEMO) == before


def test_a_read_only_key_with_a_wrong_signature_is_a_wrong_signature() -> None:
    exchange, _ = make_exchange(flow=False)
    watcher = looking(exchange)
    answer = watcher.signed("POST", "/api/v1/order", "orderCancel", symbol="SOL_USDC")
    assert answer.object()["code"] == "INVALID_SIGNATURE"


def test_every_account_has_a_read_only_key_of_its_own_that_outlives_the_seed() -> None:
    accounts = (AccountOption("demo"), AccountOption("demo/1"), AccountOption("bob", api_key=OWN_KEY))
    first, clock = make_exchange(flow=False, accounts=accounts)
    pairs = first.read_only
    assert len({pair.api_key for pair in (*pairs.values(), *first.credentials)}) == 6
    options = Options(seed=99, flow=False, accounts=accounts)
    second = Exchange(options, default_catalogue(), clock, skip_when_late=False, kept=first.kept())
    assert second.read_only == pairs
    assert Exchange(options, default_catalogue(), clock, skip_when_late=False).read_only != pairs


# ---- the back door


def say(exchange: Exchange, **standing: object) -> tuple[int, Any]:
    reply, _ = Control(exchange).handle("POST", "/_sim/accounts", orjson.dumps(standing))
    return reply.status, orjson.loads(reply.body)


def test_a_suspension_is_felt_by_every_desk_and_told_on_the_stream() -> None:
    exchange, clock = make_exchange(speed=100)
    client, listener = Client(exchange), Listener(exchange)
    run(exchange, clock, 2)
    twap: Params = {"strategyType": "Scheduled", "symbol": "SOL_USDC", "side": "Bid", "quantity": "1.00"}
    twap |= {"duration": 60_000, "interval": 10_000}
    limit: Params = {"orderType": "Limit", "side": "Bid", "symbol": "SOL_USDC", "quantity": "1.00", "price": "150.00"}
    rfq: Params = {"symbol": "SOL_USDC_RFQ", "side": "Bid", "quantity": "1", "executionMode": "AwaitAccept"}
    strategy = client.signed("POST", "/api/v1/strategy", "strategyCreate", **twap).object()
    order = client.order(**limit).object()
    assert client.signed("POST", "/api/v1/rfq", "rfqSubmit", **rfq).status == 200
    listener.subscribe("account.orderUpdate", "account.rfqUpdate", client=client)
    status, said = say(exchange, account="demo", suspended=True, seconds=30)
    assert (status, said["suspended"], said["until_us"]) == (200, True, exchange.now_us + 30_000_000)
    (expired,) = listener.data("account.orderUpdate")
    assert (expired["e"], expired["i"], expired["R"]) == ("orderExpired", order["id"], "AccountTradingSuspended")
    assert listener.data("account.rfqUpdate")[-1]["e"] == "rfqCancelled"
    assert client.signed("GET", "/api/v1/rfqs", "rfqQuery").rows() == []
    for method, path, instruction, params in (
        ("POST", "/api/v1/order", "orderExecute", limit),
        ("POST", "/api/v1/strategy", "strategyCreate", twap),
        ("POST", "/api/v1/rfq", "rfqSubmit", rfq),
        ("POST", "/api/v1/account/convertDust", "convertDust", {}),
        ("POST", "/api/v1/borrowLend", "borrowLendExecute", {"symbol": "SOL", "side": "Borrow", "quantity": "1"}),
    ):
        refused = client.signed(method, path, instruction, **params)
        assert (refused.status, refused.object()["code"]) == (400, "TRADING_PAUSED"), path
    (outcome,) = client.batch([limit]).rows()
    assert (outcome["operation"], outcome["code"]) == ("Err", "TRADING_PAUSED")
    withdrawal: Params = {"address": "x", "blockchain": "Solana", "symbol": "USDC", "quantity": "100"}
    assert client.signed("POST", "/wapi/v1/capital/withdrawals", "withdraw", **withdrawal).status == 200
    assert client.signed("DELETE", "/api/v1/orders", "orderCancelAll", symbol="SOL_USDC").rows() == []
    run(exchange, clock, 31)
    (ended,) = exchange.desks.strategies.history(DEMO)
    assert (ended.id, ended.status) == (strategy["id"], "Terminated")
    assert client.order(**limit).status == 200
    state = orjson.loads(Control(exchange).handle("GET", "/_sim/state", b"")[0].body)
    assert state["conserved"]
    assert state["accounts"]["demo"]["suspended"] is False


def test_a_strategy_without_its_permission_ends_for_it() -> None:
    exchange, clock = make_exchange(speed=100)
    client = Client(exchange)
    run(exchange, clock, 2)
    twap = {"strategyType": "Scheduled", "symbol": "SOL_USDC", "side": "Bid", "quantity": "1.00"}
    client.signed("POST", "/api/v1/strategy", "strategyCreate", **twap, duration=60_000, interval=10_000)
    assert say(exchange, account="demo", withdrawn=["spot", "rfq"])[1]["withdrawn"] == ["spot", "rfq"]
    run(exchange, clock, 11)
    (ended,) = exchange.desks.strategies.history(DEMO)
    assert (ended.status, ended.cancel_reason) == ("Terminated", "UserPermissions")
    assert say(exchange, account="demo")[1]["withdrawn"] == []
    assert client.order(orderType="Market", side="Bid", symbol="SOL_USDC", quantity="1.00").status == 200


@pytest.mark.parametrize(
    "standing",
    [
        {},
        {"account": "nobody"},
        {"account": ["demo"]},
        {"account": "house:maker"},
        {"account": "demo", "suspended": "yes"},
        {"account": "demo", "suspend": True},
        {"account": "demo", "withdrawn": "perp"},
        {"account": "demo", "withdrawn": ["futures"]},
        {"account": "demo", "suspended": True, "seconds": 0},
    ],
)
def test_a_standing_that_makes_no_sense_changes_nothing_and_says_why(standing: dict[str, object]) -> None:
    exchange, _ = make_exchange(flow=False)
    status, answer = say(exchange, **standing)
    assert status == 400
    assert answer["error"]
    assert exchange.venue.standing(DEMO) is GOOD
