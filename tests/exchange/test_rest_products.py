"""The client's calls for strategies, requests for quote, vaults and listings: what leaves, and how it is signed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest

from bpx_tui.errors import InputError, NotSent, OutcomeUnknown, Refused
from bpx_tui.exchange import wire_rest_rfq as rfq_wire
from bpx_tui.exchange import wire_rest_strategies as strategy_wire
from bpx_tui.exchange.operations import OPERATIONS, READ_ONLY_INSTRUCTIONS, TRADING_INSTRUCTIONS
from bpx_tui.exchange.rest import RestClient
from bpx_tui.model.enums import (
    MarketKind,
    OrderStatus,
    RfqExecutionMode,
    RfqFillType,
    SelfTradePrevention,
    Side,
    SlippageToleranceType,
    SortDirection,
    StrategyStatus,
    TimeInForce,
    VaultHistoryInterval,
)
from bpx_tui.model.ids import Asset, ClientId, QuoteId, RfqId, StrategyId, Symbol, VaultId
from bpx_tui.model.rfq import QuoteRequest, RfqRequest
from bpx_tui.model.strategies import StrategyRequest
from tests.exchange.rest_samples import sample
from tests.exchange.rest_venue import Setup, answer

D = Decimal
SOL = Symbol("SOL_USDC")
SOL_RFQ = Symbol("SOL_USDC_RFQ")
RFQ, QUOTE, STRATEGY_ID, VAULT = RfqId("11"), QuoteId("12"), StrategyId("6"), VaultId(1)
STRATEGY = StrategyRequest(SOL, Side.BID, D("3.0"), 3_600_000, 30_000)
STRATEGY_BODY = {
    "strategyType": "Scheduled",
    "symbol": "SOL_USDC",
    "side": "Bid",
    "quantity": "3.0",
    "duration": 3_600_000,
    "interval": 30_000,
}
PAGE = {"limit": "100", "offset": "0"}

Call = Callable[[RestClient], Awaitable[Any]]


@pytest.fixture
async def setup() -> AsyncIterator[Setup]:
    async with Setup.running(TRADING_INSTRUCTIONS) as made:
        yield made


READS: list[tuple[Call, str, dict[str, str]]] = [
    (lambda c: c.strategies.running(), "get_open_strategies", {}),
    (
        lambda c: c.strategies.running(SOL, kind=MarketKind.SPOT),
        "get_open_strategies",
        {"symbol": SOL, "marketType": "SPOT"},
    ),
    (
        lambda c: c.strategies.history(SOL, strategy_id=STRATEGY_ID, limit=5, direction=SortDirection.ASC),
        "get_strategies_history",
        {"symbol": SOL, "strategyId": "6", "limit": "5", "offset": "0", "sortDirection": "Asc"},
    ),
    (
        lambda c: c.rfqs.open(SOL_RFQ, rfq_id=RFQ, deferred=False),
        "get_open_rfqs",
        {"symbol": SOL_RFQ, "rfqId": "11", "deferredSettlement": "false"},
    ),
    (
        lambda c: c.rfqs.history(SOL_RFQ, rfq_id=RFQ, status=OrderStatus.FILLED, side=Side.BID, deferred=True),
        "get_rfq_history",
        {"symbol": SOL_RFQ, "rfqId": "11", "status": "Filled", "side": "Bid", "deferredSettlement": "true", **PAGE},
    ),
    (
        lambda c: c.rfqs.fills(SOL_RFQ, quote_id=QUOTE, side=Side.ASK, fill_type=RfqFillType.USER),
        "get_rfq_fill_history",
        {"symbol": SOL_RFQ, "quoteId": "12", "side": "Ask", "fillType": "User", **PAGE},
    ),
    (
        lambda c: c.rfqs.quotes(SOL_RFQ, quote_id=QUOTE, status=OrderStatus.CANCELLED),
        "get_quote_history",
        {"symbol": SOL_RFQ, "quoteId": "12", "status": "Cancelled", **PAGE},
    ),
    (
        lambda c: c.rfqs.quote_fills(SOL_RFQ, quote_id=QUOTE, side=Side.BID, offset=100),
        "get_quote_fill_history",
        {"symbol": SOL_RFQ, "quoteId": "12", "side": "Bid", "limit": "100", "offset": "100"},
    ),
    (lambda c: c.vaults.all(), "get_vaults", {}),
    (
        lambda c: c.vaults.history(VaultHistoryInterval.MONTH1, VAULT),
        "get_vault_history",
        {"interval": "1month", "vaultId": "1"},
    ),
    (lambda c: c.vaults.nav(), "get_vault_nav", {}),
    (lambda c: c.vaults.pending_redeems(VAULT), "get_vault_pending_redeems", {"vaultId": "1"}),
    (
        lambda c: c.listings.prediction_events(
            SOL, tag="sports", event="final", series="cup", resolved=False, limit=7, offset=14
        ),
        "get_prediction_events",
        {
            "symbol": SOL,
            "tagSlug": "sports",
            "eventSlug": "final",
            "seriesSlug": "cup",
            "resolved": "false",
            "limit": "7",
            "offset": "14",
        },
    ),
    (lambda c: c.listings.prediction_tags(), "get_prediction_tags", {}),
    (lambda c: c.listings.securities(), "get_securities", {}),
    (lambda c: c.listings.market_sessions(), "get_market_sessions", {}),
]

CHANGES: list[tuple[Call, str, dict[str, object]]] = [
    (lambda c: c.strategies.create(STRATEGY), "strategy_create", STRATEGY_BODY),
    (
        lambda c: c.strategies.cancel(SOL, strategy_id=STRATEGY_ID),
        "cancel_strategy",
        {"symbol": "SOL_USDC", "strategyId": "6"},
    ),
    (
        lambda c: c.strategies.cancel(SOL, client_strategy_id=ClientId(0)),
        "cancel_strategy",
        {"symbol": "SOL_USDC", "clientStrategyId": 0},
    ),
    (lambda c: c.strategies.cancel_all(SOL), "cancel_open_strategies", {"symbol": "SOL_USDC"}),
    (
        lambda c: c.rfqs.submit(RfqRequest(SOL_RFQ, Side.BID, D("10"), client_id=ClientId(1), auto_lend=True)),
        "submit_rfq",
        {
            "symbol": "SOL_USDC_RFQ",
            "side": "Bid",
            "quantity": "10",
            "executionMode": "AwaitAccept",
            "clientId": 1,
            "autoLend": True,
        },
    ),
    (lambda c: c.rfqs.accept(QUOTE), "accept_quote", {"quoteId": "12"}),
    (lambda c: c.rfqs.accept(QUOTE, rfq_id=RFQ), "accept_quote", {"quoteId": "12", "rfqId": "11"}),
    (lambda c: c.rfqs.cancel(rfq_id=RFQ), "cancel_rfq", {"rfqId": "11"}),
    (lambda c: c.rfqs.cancel(client_id=ClientId(3)), "cancel_rfq", {"clientId": 3}),
    (lambda c: c.rfqs.refresh(RFQ), "refresh_rfq", {"rfqId": "11"}),
    (
        lambda c: c.rfqs.quote(QuoteRequest(RFQ, D("99.5"), D("100.5"), ClientId(9), auto_borrow_repay=False)),
        "submit_quote",
        {"rfqId": "11", "bidPrice": "99.5", "askPrice": "100.5", "clientId": 9, "autoBorrowRepay": False},
    ),
    (
        lambda c: c.vaults.mint(VAULT, Asset("USDC"), D("25.50"), auto_borrow=False),
        "vault_mint",
        {"vaultId": 1, "symbol": "USDC", "quantity": "25.50", "autoBorrow": False},
    ),
    (lambda c: c.vaults.redeem(VAULT, D("3")), "vault_redeem", {"vaultId": 1, "vaultTokenQuantity": "3"}),
    (lambda c: c.vaults.redeem(VAULT), "vault_redeem", {"vaultId": 1}),
    (lambda c: c.vaults.cancel_redeem(VAULT), "vault_redeem_cancel", {"vaultId": 1}),
]
EMPTY = ("vault_mint", "vault_redeem", "vault_redeem_cancel")
SAMPLE_OF = {"refresh_rfq": "submit_rfq.json", "cancel_open_strategies": "get_open_strategies.json"}


def reply_to(operation_id: str) -> bytes:
    if operation_id in EMPTY:
        return answer()
    return answer(raw=sample(SAMPLE_OF.get(operation_id, f"{operation_id}.json")))


@pytest.mark.parametrize(("call", "operation_id", "query"), READS)
async def test_a_read_goes_where_the_specification_says(
    setup: Setup, call: Call, operation_id: str, query: dict[str, str]
) -> None:
    setup.venue.respond = lambda _: reply_to(operation_id)
    assert await call(setup.client)
    (request,) = setup.venue.requests
    operation = OPERATIONS[operation_id]
    assert (request.method, request.path, request.query) == (operation.method, operation.path, query)
    if operation.instruction is None:
        assert not [name for name in request.headers if name.startswith("x-")]
    else:
        assert request.is_signed_for(operation.instruction)


@pytest.mark.parametrize(("call", "operation_id", "body"), CHANGES)
async def test_a_change_is_sent_once_signed_with_what_is_set(
    setup: Setup, call: Call, operation_id: str, body: dict[str, object]
) -> None:
    setup.venue.respond = lambda _: reply_to(operation_id)
    await call(setup.client)
    (request,) = setup.venue.requests
    operation = OPERATIONS[operation_id]
    assert (request.method, request.path) == (operation.method, operation.path)
    assert json.loads(request.body) == body
    assert operation.instruction is not None
    assert request.is_signed_for(operation.instruction)


@pytest.mark.parametrize(("call", "operation_id", "body"), CHANGES)
async def test_what_became_of_a_change_is_never_guessed(
    setup: Setup, call: Call, operation_id: str, body: dict[str, object]
) -> None:
    login = answer(raw=b"<html>Please log in</html>", content_type="text/html")
    for lost in (answer(503, {"code": "MAINTENANCE", "message": "x"}), login, None):
        setup.venue.requests.clear()
        setup.venue.respond = lambda _, lost=lost: lost  # type: ignore[misc]
        with pytest.raises(OutcomeUnknown):
            await call(setup.client)
        assert [json.loads(request.body) for request in setup.venue.requests] == [body]
    setup.venue.respond = lambda _: answer(400, {"code": "INVALID_CLIENT_REQUEST", "message": "No"})
    with pytest.raises(Refused, match="No"):
        await call(setup.client)


async def test_a_session_that_may_only_look_changes_nothing() -> None:
    async with Setup.running(READ_ONLY_INSTRUCTIONS) as setup:
        for call, _, _ in CHANGES:
            with pytest.raises(NotSent, match="read-only"):
                await call(setup.client)
        assert setup.venue.requests == []


async def test_stopping_what_takes_risk_goes_through_when_starting_it_does_not() -> None:
    async with Setup.running(TRADING_INSTRUCTIONS, per_minute=2, order_reserve=1, cancel_reserve=1) as setup:
        setup.venue.respond = lambda _: answer(raw=sample("strategy_create.json"))
        await setup.client.strategies.create(STRATEGY)
        with pytest.raises(NotSent, match="our own request limit is reached"):
            await setup.client.strategies.create(STRATEGY)
        stopped = await setup.client.strategies.cancel(SOL, strategy_id=STRATEGY_ID)
        assert stopped is not None
        assert len(setup.venue.requests) == 2


async def test_a_202_says_that_a_stop_was_accepted_and_not_that_it_was_done(setup: Setup) -> None:
    setup.venue.respond = lambda _: answer(202)
    assert await setup.client.strategies.cancel(SOL, strategy_id=STRATEGY_ID) is None
    assert await setup.client.strategies.cancel_all(SOL) is None


async def test_a_strategy_is_found_by_exactly_one_id(setup: Setup) -> None:
    setup.venue.respond = lambda _: answer(raw=sample("strategy_create.json"))
    found = await setup.client.strategies.get(SOL, client_strategy_id=ClientId(7))
    assert found.status is StrategyStatus.RUNNING
    (request,) = setup.venue.requests
    assert request.query == {"symbol": SOL, "clientStrategyId": "7"}
    assert request.is_signed_for("strategyQuery")
    for ids in ({}, {"strategy_id": STRATEGY_ID, "client_strategy_id": ClientId(7)}):
        with pytest.raises(InputError):
            await setup.client.strategies.get(SOL, **ids)  # type: ignore[arg-type]
        with pytest.raises(InputError):
            await setup.client.strategies.cancel(SOL, **ids)  # type: ignore[arg-type]
    with pytest.raises(InputError):
        await setup.client.rfqs.cancel()
    assert len(setup.venue.requests) == 1


def test_a_strategy_is_sent_with_what_is_set_and_nothing_else() -> None:
    assert strategy_wire.encode_strategy(STRATEGY) == STRATEGY_BODY
    whole = StrategyRequest(
        SOL,
        Side.ASK,
        D("0.00000001"),
        60_000,
        1_000,
        price=D("1E+2"),
        randomized=True,
        reduce_only=True,
        post_only=True,
        time_in_force=TimeInForce.GTC,
        client_strategy_id=ClientId(0),
        self_trade_prevention=SelfTradePrevention.REJECT_BOTH,
        slippage_tolerance=D("0.5"),
        slippage_tolerance_type=SlippageToleranceType.PERCENT,
        auto_borrow=False,
        auto_lend_redeem=True,
    )
    assert strategy_wire.encode_strategy(whole) == {
        "strategyType": "Scheduled",
        "symbol": "SOL_USDC",
        "side": "Ask",
        "quantity": "0.00000001",
        "duration": 60_000,
        "interval": 1_000,
        "price": "100",
        "randomizedIntervalQuantity": True,
        "reduceOnly": True,
        "postOnly": True,
        "timeInForce": "GTC",
        "clientStrategyId": 0,
        "selfTradePrevention": "RejectBoth",
        "slippageTolerance": "0.5",
        "slippageToleranceType": "Percent",
        "autoBorrow": False,
        "autoLendRedeem": True,
    }


@pytest.mark.parametrize("quantity", ["0", "-1", "NaN", "Infinity", "1e-30", "1e30"])
def test_what_cannot_be_written_in_plain_digits_is_not_sent(quantity: str) -> None:
    amount = D(quantity)
    with pytest.raises(InputError, match="quantity cannot be sent"):
        strategy_wire.encode_strategy(StrategyRequest(SOL, Side.BID, amount, 60_000, 1_000))
    with pytest.raises(InputError, match="quantity cannot be sent"):
        rfq_wire.encode_rfq(RfqRequest(SOL_RFQ, Side.BID, amount))
    with pytest.raises(InputError, match="ask price cannot be sent"):
        rfq_wire.encode_quote(QuoteRequest(RFQ, D(1), amount))


@pytest.mark.parametrize(
    "request_",
    [
        RfqRequest(SOL_RFQ, Side.BID),
        RfqRequest(SOL_RFQ, Side.BID, D(1), D(1)),
        RfqRequest(SOL_RFQ, Side.BID, D(1), price=D(100)),
        RfqRequest(SOL_RFQ, Side.BID, D(1), mode=RfqExecutionMode.IMMEDIATE),
    ],
)
def test_what_does_not_make_one_request_for_quote_is_not_sent(request_: RfqRequest) -> None:
    with pytest.raises(InputError):
        rfq_wire.encode_rfq(request_)


async def test_what_takes_risk_away_uses_the_last_share_of_the_budget_and_nothing_else_does() -> None:
    async with Setup.running(TRADING_INSTRUCTIONS, per_minute=2, order_reserve=0, cancel_reserve=2) as setup:
        setup.venue.respond = lambda _: answer(raw=b"")
        await setup.client.vaults.redeem(VAULT)
        with pytest.raises(NotSent, match="request limit"):
            await setup.client.vaults.cancel_redeem(VAULT)
        with pytest.raises(NotSent, match="request limit"):
            await setup.client.vaults.mint(VAULT, Asset("USDC"), D(1))
        assert len(setup.venue.requests) == 1
