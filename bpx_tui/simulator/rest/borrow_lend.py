"""Borrowing and lending: markets, rates, positions, histories."""

from __future__ import annotations

import base64
import math
from dataclasses import replace
from decimal import Decimal

from bpx_tui.model.ids import Asset
from bpx_tui.simulator.clock import US_PER_SECOND
from bpx_tui.simulator.domain.views import BorrowLendMarketView, BorrowLendView
from bpx_tui.simulator.history.loans import Interest, LoanPosition, Movement
from bpx_tui.simulator.history.units import plain, shortest
from bpx_tui.simulator.rest.accounts import asked_for, need_asset
from bpx_tui.simulator.rest.answers import ParseRefusal, Reply, empty_reply, json_reply
from bpx_tui.simulator.rest.fields import INT32
from bpx_tui.simulator.rest.paging import page_reply
from bpx_tui.simulator.rest.raw_json import parse_body
from bpx_tui.simulator.rest.rendering import sqrt_function
from bpx_tui.simulator.rest.routing import Call, Route, public, session, signed
from bpx_tui.simulator.rest.times import naive_iso, zoned_iso

_SIDES = ("Borrow", "Lend")
_EVENTS = ("Borrow", "BorrowRepay", "Lend", "LendRedeem")
_HOUR_US = 3600 * US_PER_SECOND
_SPANS = {
    "1d": (24, _HOUR_US),
    "1w": (7 * 24, _HOUR_US),
    "1month": (30, 24 * _HOUR_US),
    "1year": (365, 24 * _HOUR_US),
}
_STAKING = {"SOL": "0.071"}


def markets(call: Call) -> Reply:
    now = zoned_iso(call.exchange.now_us)
    return json_reply([_market(view, now) for view in call.exchange.venue.borrow_lend_markets()])


def _market(view: BorrowLendMarketView, now: str) -> dict[str, object]:
    return {
        "assetMarkPrice": plain(view.mark_price),
        "borrowInterestRate": shortest(view.borrow_rate),
        "borrowedQuantity": plain(view.borrowed),
        "fee": plain(view.fee),
        "lendInterestRate": shortest(view.lend_rate),
        "lentQuantity": plain(view.lent),
        "maxUtilization": plain(view.max_utilization),
        "openBorrowLendLimit": plain(view.limit),
        "optimalUtilization": plain(view.optimal_utilization),
        "state": view.state,
        "stepSize": plain(view.step_size),
        "symbol": view.asset,
        "throttleUpdateFraction": plain(view.throttle_fraction),
        "throttleUtilizationBound": plain(view.throttle_bound),
        "throttleUtilizationThreshold": plain(view.throttle_threshold),
        "timestamp": now,
        "utilization": shortest(view.utilization),
    }


def markets_history(call: Call) -> Reply:
    """How a pool got where it is: a wave that ends at its present numbers, oldest first."""
    count, step_us = _SPANS[call.query.need_one_of("interval", _SPANS, "BorrowLendMarketHistoryInterval")]
    asset = need_asset(call, call.query) if "symbol" in call.query else None
    now_us = call.exchange.now_us
    rows = []
    for view in call.exchange.venue.borrow_lend_markets():
        if asset not in (None, view.asset):
            continue
        for age in range(count - 1, -1, -1):
            time_us = (now_us // step_us - age) * step_us
            rows.append(_past_market(view, time_us, age))
    return json_reply(rows)


def _past_market(view: BorrowLendMarketView, time_us: int, age: int) -> dict[str, str]:
    phase = time_us / _HOUR_US / 24 * 2 * math.pi
    swing = Decimal(repr(round(0.06 * math.sin(phase + len(view.asset)) * min(age, 6) / 6, 6)))
    factor = 1 + swing
    rates = {"borrowInterestRate": view.borrow_rate * factor, "lendInterestRate": view.lend_rate * factor * factor}
    return {
        **{name: shortest(rate.quantize(Decimal("0.00000001"))) for name, rate in rates.items()},
        "borrowedQuantity": plain((view.borrowed * factor).quantize(view.step_size)),
        "lentQuantity": plain(view.lent),
        "timestamp": zoned_iso(time_us),
        "utilization": shortest((view.utilization * factor).quantize(Decimal("0.00000001"))),
    }


def apy(call: Call) -> Reply:
    call.query.integer("tierId", INT32)
    pools = call.exchange.venue.borrow_lend_markets()
    return json_reply(
        {
            "borrowLend": [
                {"symbol": p.asset, "borrowRate": shortest(p.borrow_rate), "lendRate": shortest(p.lend_rate)}
                for p in pools
            ],
            "staking": [
                {"symbol": symbol, "dilutionFactor": "1", "stakingRate": rate} for symbol, rate in _STAKING.items()
            ],
        }
    )


def execute(call: Call) -> Reply:
    asset, side, quantity = _payload(call)
    call.exchange.venue.borrow_lend(call.account, asset, side, quantity)
    return empty_reply()


def _payload(call: Call) -> tuple[Asset, str, Decimal]:
    """The asset, side and quantity of a `BorrowLendExecutePayload`."""
    fields = call.body("BorrowLendExecutePayload", frozenset({"quantity", "side", "symbol"}))
    asset, side = need_asset(call, fields), fields.need_one_of("side", _SIDES, "BorrowLendSide")
    return asset, side, fields.need_decimal("quantity")


def positions(call: Call) -> Reply:
    return json_reply([_position(view) for view in call.exchange.venue.borrow_lend_positions(call.account)])


def _position(view: BorrowLendView) -> dict[str, object]:
    return {
        "cumulativeInterest": plain(view.cumulative_interest),
        "estLiquidationPrice": "0",
        "id": str(view.position_id),
        "imf": plain(view.imf),
        "imfFunction": sqrt_function(view.imf_function),
        "markPrice": plain(view.mark_price),
        "mmf": plain(view.mmf),
        "mmfFunction": sqrt_function(view.mmf_function),
        "netExposureNotional": plain(view.net_exposure_notional),
        "netExposureQuantity": plain(view.net_exposure_quantity),
        "netQuantity": plain(view.net_quantity),
        "symbol": view.asset,
    }


def liquidation_price(call: Call) -> Reply:
    """Where the account would be liquidated after the borrow or loan that `borrow` describes."""
    account = asked_for(call).id
    try:
        raw = base64.b64decode(call.query.need_text("borrow"), validate=True)
    except ValueError:
        raise ParseRefusal('failed to parse parameter `borrow`: failed to parse "string": Invalid base64') from None
    asset, side, quantity = _payload(replace(call, json=parse_body(raw)))
    venue = call.exchange.venue
    more_owed = quantity if side == "Borrow" else -quantity
    price = venue.borrow_liquidation_price(account, asset, more_owed)
    mark = next(market.mark_price for market in venue.borrow_lend_markets() if market.asset == asset)
    return json_reply({"liquidationPrice": plain(price), "markPrice": plain(mark)})


# ---- histories


def movements(call: Call) -> Reply:
    query = call.query
    kind, sources = query.one_of("type", _EVENTS, "BorrowLendEventType"), query.text("sources")
    position_id, symbol = query.text("positionId"), query.text("symbol")
    found = [
        row
        for row in call.exchange.accounts.of(call.account).loans.movements
        if kind in (None, row.event.event_type)
        and (sources is None or row.event.source in sources.split(","))
        and position_id in (None, row.position_id)
        and symbol in (None, row.event.asset)
    ]
    return page_reply(call, found, _movement)


def _movement(row: Movement) -> dict[str, object]:
    event = row.event
    return {
        "eventType": event.event_type,
        "positionId": row.position_id,
        "positionQuantity": plain(abs(event.position_quantity)),
        "quantity": plain(event.quantity),
        "source": event.source,
        "spotMarginOrderId": event.order_id,
        "symbol": event.asset,
        "timestamp": naive_iso(event.time_us),
    }


def interest(call: Call) -> Reply:
    query = call.query
    asset, symbol, position_id = query.text("asset"), query.text("symbol"), query.text("positionId")
    source = query.one_of("source", ("UnrealizedPnl", "BorrowLend"), "InterestPaymentSource")
    found = [
        row
        for row in call.exchange.accounts.of(call.account).loans.interest
        if source in (None, "BorrowLend")
        and asset in (None, row.event.asset)
        and symbol in (None, row.event.asset)
        and position_id in (None, row.position_id)
    ]
    return page_reply(call, found, _interest)


def _interest(row: Interest) -> dict[str, object]:
    event = row.event
    return {
        "interestRate": plain(event.rate),
        "interval": event.interval_us // 1000,
        "marketSymbol": event.asset,
        "paymentType": "Lend" if event.quantity >= 0 else "Borrow",
        "positionId": row.position_id,
        "quantity": plain(event.quantity),
        "symbol": event.asset,
        "timestamp": naive_iso(event.time_us),
    }


def position_history(call: Call) -> Reply:
    query = call.query
    symbol, side = query.text("symbol"), query.one_of("side", _SIDES, "BorrowLendSide")
    state = query.one_of("state", ("Open", "Closed"), "BorrowLendPositionState")
    found = [
        row
        for row in call.exchange.accounts.of(call.account).loans.positions
        if symbol in (None, row.asset)
        and side in (None, row.side)
        and state in (None, "Open" if row.quantity else "Closed")
    ]
    return page_reply(call, found, _past_position)


def _past_position(row: LoanPosition) -> dict[str, object]:
    return {
        "avgInterestRate": plain(row.average_rate.quantize(Decimal("0.00000001"))),
        "createdAt": naive_iso(row.created_us),
        "cumulativeInterest": plain(row.interest),
        "positionId": row.position_id,
        "quantity": plain(abs(row.quantity)),
        "side": row.side,
        "source": row.source,
        "symbol": row.asset,
    }


_PAST = "/wapi/v1/history"
ROUTES: tuple[Route, ...] = (
    public("get_borrow_lend_markets", "/api/v1/borrowLend/markets", markets),
    public("get_borrow_lend_markets_history", "/api/v1/borrowLend/markets/history", markets_history),
    public("get_apy_rates", "/api/v1/borrowLend/apy", apy),
    signed("execute_borrow_lend", "POST", "/api/v1/borrowLend", "borrowLendExecute", execute),
    signed("get_borrow_lend_positions", "GET", "/api/v1/borrowLend/positions", "borrowLendPositionQuery", positions),
    session(
        "get_borrow_lend_estimated_liquidation_price",
        "GET",
        "/api/v1/borrowLend/position/liquidationPrice",
        "borrowLendPositionLiquidationPrice",
        liquidation_price,
    ),
    session("get_borrow_lend_history", "GET", f"{_PAST}/borrowLend", "borrowHistoryQueryAll", movements),
    session("get_interest_history", "GET", f"{_PAST}/interest", "interestHistoryQueryAll", interest),
    session(
        "get_borrow_lend_position_history",
        "GET",
        f"{_PAST}/borrowLend/positions",
        "borrowPositionHistoryQueryAll",
        position_history,
    ),
)
