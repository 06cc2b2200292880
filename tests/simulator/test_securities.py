"""Sessions of tokenised equities: what is published about them is what holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bpx_tui.model.enums import TradingState
from bpx_tui.model.ids import Symbol
from bpx_tui.simulator.clock import ManualClock
from bpx_tui.simulator.domain.catalogue import default_catalogue
from bpx_tui.simulator.exchange import Exchange
from bpx_tui.simulator.occasions import happen
from bpx_tui.simulator.options import AccountOption, Options
from bpx_tui.simulator.products.securities import SESSIONS, session_at
from tests.simulator.desk import Client, run
from tests.simulator.floor import USDC, d

SHARE = Symbol("SPCX.US_USDC")
RICH = (AccountOption("demo", balances=((USDC, d(100_000)),)),)


def us(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


def opened_at(text: str, *, flow: bool = False) -> tuple[Exchange, ManualClock]:
    clock = ManualClock(us(text))
    options = Options(seed=7, flow=flow, traps=False, accounts=RICH, speed=200)
    return Exchange(options, default_catalogue(), clock, skip_when_late=False), clock


@pytest.mark.parametrize(
    ("utc", "name"),
    [
        ("2026-06-01T13:30:00", "US_MARKET_HOURS"),
        ("2026-06-01T13:29:59", "US_PRE_MARKET"),
        ("2026-06-01T19:59:59", "US_MARKET_HOURS"),
        ("2026-06-01T20:00:00", "US_AFTER_HOURS"),
        ("2026-06-02T00:00:00", "US_OVERNIGHT"),
        ("2026-06-01T07:59:59", "US_OVERNIGHT"),
        ("2026-06-01T08:00:00", "US_PRE_MARKET"),
        ("2026-06-05T23:59:59", "US_AFTER_HOURS"),
        ("2026-06-06T00:00:00", None),
        ("2026-06-07T23:59:59", None),
        ("2026-06-08T00:00:00", "US_OVERNIGHT"),
        ("2026-03-06T14:30:00", "US_MARKET_HOURS"),
        ("2026-03-09T13:30:00", "US_MARKET_HOURS"),
        ("2026-03-06T14:29:59", "US_PRE_MARKET"),
        ("2026-10-30T13:30:00", "US_MARKET_HOURS"),
        ("2026-11-02T13:30:00", "US_PRE_MARKET"),
        ("2026-11-02T14:30:00", "US_MARKET_HOURS"),
    ],
)
def test_the_session_of_a_moment(utc: str, name: str | None) -> None:
    session = session_at(us(utc))
    assert (None if session is None else session.name) == name


def test_sessions_never_overlap_and_leave_only_the_weekend() -> None:
    start = datetime(2026, 5, 31)  # noqa: DTZ001
    halves = [start + timedelta(minutes=30 * index) for index in range(7 * 48)]
    open_at = [sum(session.is_open(half) for session in SESSIONS) for half in halves]
    assert set(open_at) == {0, 1}
    assert open_at.count(0) == 96


def test_the_market_has_the_quantities_of_the_session_and_refuses_others() -> None:
    exchange, clock = opened_at("2026-06-01T19:59:00")
    client = Client(exchange)
    order: dict[str, Any] = {"orderType": "Limit", "side": "Bid", "symbol": SHARE, "price": "200.00"}
    (published,) = client.public("/api/v1/securities").rows()
    by_name = {row["name"]: row for row in published["sessions"]}  # type: ignore[attr-defined]

    def quantities() -> list[str]:
        rules: Any = client.public("/api/v1/market", symbol=SHARE).object()["filters"]
        return [rules["quantity"][name] for name in ("minQuantity", "stepSize")]

    def wanted(session: str) -> list[str]:
        return [by_name[session][name] for name in ("minQuantity", "stepSize")]

    assert quantities() == wanted("US_MARKET_HOURS") == ["0.01", "0.01"]
    small = client.order(**order, quantity="0.01").object()
    run(exchange, clock, 60)
    assert quantities() == wanted("US_AFTER_HOURS") == ["0.10", "0.10"]
    assert client.order(**order, quantity="0.01").object()["message"] == "Quantity decimal too long"
    assert client.order(**order, quantity="0.10").status == 200
    assert client.signed("GET", "/api/v1/order", "orderQuery", symbol=SHARE, orderId=small["id"]).status == 200
    assert client.public("/api/v1/securities").rows() == [published]


def test_at_weekends_a_security_takes_cancels_only() -> None:
    exchange, clock = opened_at("2026-06-05T23:59:00")
    client = Client(exchange)
    order: dict[str, Any] = {"orderType": "Limit", "side": "Bid", "symbol": SHARE, "price": "200.00", "quantity": "1"}
    resting = client.order(**order).object()
    run(exchange, clock, 60)
    assert exchange.venue.book_state(SHARE) is TradingState.CANCEL_ONLY
    refused = client.order(**order)
    assert (refused.status, refused.object()["code"]) == (400, "TRADING_PAUSED")
    cancelled = client.signed("DELETE", "/api/v1/order", "orderCancel", symbol=SHARE, orderId=resting["id"])
    assert cancelled.object()["status"] == "Cancelled"
    assert client.order(**{**order, "symbol": "SOL_USDC", "price": "150.00"}).status == 200


def test_a_delisted_security_stays_so() -> None:
    exchange, clock = opened_at("2026-06-07T23:59:00")
    assert exchange.venue.book_state(SHARE) is TradingState.CANCEL_ONLY
    fault = exchange.faults.switch({"fault": "filters", "symbol": SHARE, "delisted": True}, exchange.now_us)
    assert fault is not None
    happen(exchange, fault)
    run(exchange, clock, 120)
    assert exchange.venue.book_state(SHARE) is TradingState.CLOSED


def test_its_book_is_back_soon_after_the_weekend() -> None:
    exchange, clock = opened_at("2026-06-07T23:59:30", flow=True)
    run(exchange, clock, 20)
    assert exchange.venue.best(SHARE) == (None, None)
    run(exchange, clock, 300)
    bid, ask = exchange.venue.best(SHARE)
    assert bid is not None
    assert ask is not None
    assert abs(bid / exchange.venue.index(exchange.venue.market(SHARE).base) - 1) < d("0.01")
    assert len(exchange.venue.depth(SHARE).bids) > 2
