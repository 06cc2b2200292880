"""Histories, money in and out, lending and reference data through the client: what leaves, and what is never sent."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest

from bpx_tui.errors import InputError, NotSent, OutcomeUnknown, Refused
from bpx_tui.exchange.operations import OPERATIONS, READ_ONLY_INSTRUCTIONS, TRADING_INSTRUCTIONS
from bpx_tui.exchange.rest import RestClient
from bpx_tui.model.enums import (
    Blockchain,
    BorrowLendEvent,
    BorrowLendSide,
    BorrowLendSource,
    BorrowLendSpan,
    InterestSource,
    MarketKind,
    PositionState,
    SettlementFilter,
    SortDirection,
)
from bpx_tui.model.ids import Asset, DustConversionId, PositionId, Symbol, WithdrawalId
from tests.exchange.rest_samples import sample
from tests.exchange.rest_venue import Setup, answer

D = Decimal
SOL_PERP, USDC = Symbol("SOL_USDC_PERP"), Asset("USDC")
FIRST_PAGE = {"limit": "100", "offset": "0"}
NEXT_PAGE: dict[str, Any] = {"limit": 1000, "offset": 1000, "direction": SortDirection.ASC}
SENT_NEXT = {"limit": "1000", "offset": "1000", "sortDirection": "Asc"}

Call = Callable[[RestClient], Awaitable[Any]]


@pytest.fixture
async def setup() -> AsyncIterator[Setup]:
    async with Setup.running(TRADING_INSTRUCTIONS) as made:
        yield made


READS: list[tuple[Call, str, dict[str, str]]] = [
    (lambda c: c.markets(MarketKind.PREDICTION), "get_markets", {"marketType": "PREDICTION"}),
    (lambda c: c.market(SOL_PERP), "get_market", {"symbol": SOL_PERP}),
    (lambda c: c.historical_trades(SOL_PERP), "get_historical_trades", {"symbol": SOL_PERP, **FIRST_PAGE}),
    (lambda c: c.history.funding_payments(), "get_funding_payments", FIRST_PAGE),
    (
        lambda c: c.history.funding_payments(SOL_PERP, subaccount_id=0, **NEXT_PAGE),
        "get_funding_payments",
        {"symbol": SOL_PERP, "subaccountId": "0", **SENT_NEXT},
    ),
    (lambda c: c.history.interest(), "get_interest_history", FIRST_PAGE),
    (
        lambda c: c.history.interest(
            USDC, symbol=SOL_PERP, position_id=PositionId("7"), source=InterestSource.UNREALIZED_PNL, **NEXT_PAGE
        ),
        "get_interest_history",
        {"asset": "USDC", "symbol": SOL_PERP, "positionId": "7", "source": "UnrealizedPnl", **SENT_NEXT},
    ),
    (lambda c: c.history.settlements(), "get_settlement_history", FIRST_PAGE),
    (
        lambda c: c.history.settlements(SettlementFilter.CULLED_REALIZE_PNL_BOOK_UTILIZATION, **NEXT_PAGE),
        "get_settlement_history",
        {"source": "CulledRealizePnlBookUtilization", **SENT_NEXT},
    ),
    (lambda c: c.history.dust_conversions(), "get_dust_history", FIRST_PAGE),
    (
        lambda c: c.history.dust_conversions(USDC, conversion_id=DustConversionId(12), **NEXT_PAGE),
        "get_dust_history",
        {"symbol": "USDC", "id": "12", **SENT_NEXT},
    ),
    (lambda c: c.history.positions(), "get_position_history", FIRST_PAGE),
    (
        lambda c: c.history.positions(SOL_PERP, state=PositionState.CLOSED, kind=MarketKind.PERP, **NEXT_PAGE),
        "get_position_history",
        {"symbol": SOL_PERP, "state": "Closed", "marketType": "PERP", **SENT_NEXT},
    ),
    (lambda c: c.history.borrow_lend(), "get_borrow_lend_history", FIRST_PAGE),
    (
        lambda c: c.history.borrow_lend(
            USDC,
            event=BorrowLendEvent.BORROW_REPAY,
            source=BorrowLendSource.MANUAL,
            position_id=PositionId("7"),
            **NEXT_PAGE,
        ),
        "get_borrow_lend_history",
        {"symbol": "USDC", "type": "BorrowRepay", "sources": "Manual", "positionId": "7", **SENT_NEXT},
    ),
    (lambda c: c.history.borrow_lend_positions(), "get_borrow_lend_position_history", FIRST_PAGE),
    (
        lambda c: c.history.borrow_lend_positions(
            USDC, side=BorrowLendSide.BORROW, state=PositionState.OPEN, **NEXT_PAGE
        ),
        "get_borrow_lend_position_history",
        {"symbol": "USDC", "side": "Borrow", "state": "Open", **SENT_NEXT},
    ),
    (lambda c: c.capital.deposits(), "get_deposits", FIRST_PAGE),
    (
        lambda c: c.capital.deposits(from_ms=1, to_ms=2, exclude_platform=True, limit=5, offset=6),
        "get_deposits",
        {"from": "1", "to": "2", "excludePlatform": "true", "limit": "5", "offset": "6"},
    ),
    (
        lambda c: c.capital.deposit_address(Blockchain.BITCOIN_CASH),
        "get_deposit_address",
        {"blockchain": "BitcoinCash"},
    ),
    (lambda c: c.capital.withdrawals(), "get_withdrawals", FIRST_PAGE),
    (
        lambda c: c.capital.withdrawals(withdrawal_id=WithdrawalId(5), client_id="a b&c", from_ms=1, to_ms=2),
        "get_withdrawals",
        {"id": "5", "clientId": "a b&c", "from": "1", "to": "2", **FIRST_PAGE},
    ),
    (lambda c: c.capital.withdrawal_delay(), "get_withdrawal_delay", {}),
    (lambda c: c.capital.wallets(), "get_wallets", {}),
    (lambda c: c.capital.max_borrow_quantity(USDC), "get_max_borrow_quantity", {"symbol": "USDC"}),
    (lambda c: c.capital.max_withdrawal_quantity(USDC), "get_max_withdrawal_quantity", {"symbol": "USDC"}),
    (
        lambda c: c.capital.max_withdrawal_quantity(USDC, auto_borrow=False, auto_lend_redeem=True),
        "get_max_withdrawal_quantity",
        {"symbol": "USDC", "autoBorrow": "false", "autoLendRedeem": "true"},
    ),
    (lambda c: c.lending.markets(), "get_borrow_lend_markets", {}),
    (
        lambda c: c.lending.market_history(USDC, BorrowLendSpan.MONTH),
        "get_borrow_lend_markets_history",
        {"symbol": "USDC", "interval": "1month"},
    ),
    (lambda c: c.lending.apy(), "get_apy_rates", {}),
    (lambda c: c.lending.apy(3), "get_apy_rates", {"tierId": "3"}),
    (lambda c: c.lending.positions(), "get_borrow_lend_positions", {}),
    (lambda c: c.reference.assets(), "get_assets", {}),
    (lambda c: c.reference.assets("DE"), "get_assets", {"country": "DE"}),
    (lambda c: c.reference.collateral_parameters(), "get_collateral_parameters", {}),
]


@pytest.mark.parametrize(("call", "operation_id", "query"), READS)
async def test_a_read_goes_where_the_specification_says(
    setup: Setup, call: Call, operation_id: str, query: dict[str, str]
) -> None:
    setup.venue.respond = lambda _: answer(raw=sample(f"{operation_id}.json"))
    assert await call(setup.client) is not None
    (request,) = setup.venue.requests
    operation = OPERATIONS[operation_id]
    assert (request.method, request.path, request.query) == (operation.method, operation.path, query)
    assert request.body == b""
    if operation.instruction is None:
        assert not [name for name in request.headers if name.startswith("x-")]
    else:
        assert request.is_signed_for(operation.instruction)


async def test_the_borrow_that_is_asked_about_arrives_as_it_was_encoded(setup: Setup) -> None:
    name = "get_borrow_lend_estimated_liquidation_price"
    setup.venue.respond = lambda _: answer(raw=sample(f"{name}.json"))
    estimate = await setup.client.lending.estimated_liquidation_price(
        Asset("SOL"), BorrowLendSide.BORROW, D("12.5"), subaccount_id=2
    )
    assert (estimate.liquidation_price, estimate.mark) == (D("98.4"), D(150))
    (request,) = setup.venue.requests
    assert request.path == OPERATIONS[name].path
    encoded = b64encode(b'{"symbol":"SOL","side":"Borrow","quantity":"12.5"}').decode()
    assert request.query == {"borrow": encoded, "subaccountId": "2"}
    assert encoded.endswith("="), "or the query is not tried with what it has to encode"


async def test_a_page_tells_how_many_rows_there_are_in_all(setup: Setup) -> None:
    body = sample("get_funding_payments.json")
    for header, total in (("2345", 2345), ("0", 0), ("many", None), ("-1", None)):
        setup.venue.respond = lambda _, header=header: answer(raw=body, headers={"X-TOTAL": header})  # type: ignore[misc]
        assert (await setup.client.history.funding_payments()).total == total
    setup.venue.respond = lambda _: answer(raw=body)
    assert (await setup.client.history.funding_payments()).total is None


async def test_an_account_that_never_set_a_delay_has_none(setup: Setup) -> None:
    setup.venue.respond = lambda _: answer(204)
    assert await setup.client.capital.withdrawal_delay() is None


async def test_what_takes_a_web_session_is_refused_and_says_so(setup: Setup) -> None:
    setup.venue.respond = lambda _: answer(401, {"code": "UNAUTHORIZED", "message": "Unauthorized"})
    for call in (
        setup.client.capital.withdrawal_delay(),
        setup.client.lending.estimated_liquidation_price(USDC, BorrowLendSide.BORROW, D(1)),
    ):
        with pytest.raises(Refused, match="Unauthorized"):
            await call


CHANGES: list[tuple[Call, str, dict[str, object]]] = [
    (lambda c: c.capital.convert_dust(), "convert_dust", {}),
    (lambda c: c.capital.convert_dust(Asset("SOL")), "convert_dust", {"symbol": "SOL"}),
    (
        lambda c: c.capital.update_settings(auto_lend=True, auto_repay_borrows=False, leverage_limit=D("5.0")),
        "update_account_settings",
        {"autoLend": True, "autoRepayBorrows": False, "leverageLimit": "5.0"},
    ),
    (
        lambda c: c.lending.lend(USDC, D("500")),
        "execute_borrow_lend",
        {"symbol": "USDC", "side": "Lend", "quantity": "500"},
    ),
    (
        lambda c: c.lending.borrow(USDC, D("0.10")),
        "execute_borrow_lend",
        {"symbol": "USDC", "side": "Borrow", "quantity": "0.10"},
    ),
]


@pytest.mark.parametrize(("call", "operation_id", "body"), CHANGES)
async def test_a_change_is_signed_sent_once_and_done_when_answered_with_nothing(
    setup: Setup, call: Call, operation_id: str, body: dict[str, object]
) -> None:
    assert await call(setup.client) is None
    (request,) = setup.venue.requests
    operation = OPERATIONS[operation_id]
    assert (request.method, request.path, request.query) == (operation.method, operation.path, {})
    assert json.loads(request.body) == body
    assert operation.instruction is not None
    assert request.is_signed_for(operation.instruction)


@pytest.mark.parametrize("call", [call for call, _, _ in CHANGES])
async def test_a_change_without_a_clear_answer_is_unknown_and_not_sent_again(setup: Setup, call: Call) -> None:
    for reply in (answer(503), None, answer(raw=b"<html>sign in</html>", content_type="text/html")):
        setup.venue.respond = lambda _, reply=reply: reply  # type: ignore[misc]
        setup.venue.requests.clear()
        with pytest.raises(OutcomeUnknown):
            await call(setup.client)
        assert len(setup.venue.requests) == 1
    setup.venue.respond = lambda _: answer(400, {"code": "INSUFFICIENT_SUPPLY", "message": "Insufficient supply"})
    with pytest.raises(Refused, match="Insufficient supply"):
        await call(setup.client)


async def test_what_cannot_be_a_change_never_leaves(setup: Setup) -> None:
    for call in (
        setup.client.capital.update_settings(),
        setup.client.capital.update_settings(leverage_limit=D(0)),
        setup.client.lending.lend(USDC, D(0)),
        setup.client.lending.borrow(USDC, D(-1)),
        setup.client.lending.estimated_liquidation_price(USDC, BorrowLendSide.BORROW, D("NaN")),
    ):
        with pytest.raises(InputError):
            await call
    assert setup.venue.requests == []


async def test_a_session_that_may_only_look_changes_nothing() -> None:
    async with Setup.running(READ_ONLY_INSTRUCTIONS) as setup:
        for call, _, _ in CHANGES:
            with pytest.raises(NotSent, match="read-only"):
                await call(setup.client)
        assert setup.venue.requests == []


async def test_debts_can_be_paid_back_when_nothing_new_may_be_sent() -> None:
    async with Setup.running(TRADING_INSTRUCTIONS, per_minute=2, order_reserve=1, cancel_reserve=1) as setup:
        await setup.client.lending.borrow(USDC, D(1))
        for call in (setup.client.lending.borrow(USDC, D(1)), setup.client.capital.convert_dust()):
            with pytest.raises(NotSent, match="our own request limit is reached"):
                await call
        await setup.client.lending.lend(USDC, D(1))
        assert [json.loads(request.body)["side"] for request in setup.venue.requests] == ["Borrow", "Lend"]


async def test_a_withdrawal_is_read_and_never_asked_for(setup: Setup) -> None:
    named = {name for name in dir(setup.client.capital) if "withdraw" in name}
    assert named == {"withdrawals", "withdrawal_delay", "max_withdrawal_quantity"}
    setup.venue.respond = lambda _: answer(raw=sample("get_withdrawals.json"))
    await setup.client.capital.withdrawals()
    assert [request.method for request in setup.venue.requests] == ["GET"]
