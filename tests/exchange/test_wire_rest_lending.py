"""Borrowing and lending: recorded answers to values, and what is sent."""

from __future__ import annotations

import json
from base64 import b64decode
from decimal import Decimal

import pytest

from bpx_tui.errors import InputError, UnreadableReply
from bpx_tui.exchange import wire_rest_lending as wire
from bpx_tui.exchange.wire_rest import decode_one, decode_rows
from bpx_tui.model.enums import BorrowLendEvent, BorrowLendSide, BorrowLendSource, BorrowLendState
from bpx_tui.model.ids import Asset, PositionId
from bpx_tui.model.lending import (
    ApyRates,
    BorrowLendMovement,
    BorrowLendPoint,
    BorrowLendRate,
    BorrowLendRecord,
    LiquidationEstimate,
    StakingRate,
)
from bpx_tui.model.market import MarginFunction
from tests.exchange.rest_samples import Decoder, one, rows, sample

D = Decimal
USDC = Asset("USDC")
MIDNIGHT_US = 1_780_272_000_000_000  # 2026-06-01 UTC
BEGAN_US = 1_780_308_000_123_000
LOAN = PositionId("7730012345")
DECODERS: dict[str, Decoder] = {
    "get_borrow_lend_markets.json": rows(wire.market),
    "get_borrow_lend_markets_history.json": rows(wire.point),
    "get_apy_rates.json": one(wire.apy_rates),
    "get_borrow_lend_positions.json": rows(wire.position),
    "get_borrow_lend_positions__borrow.json": rows(wire.position),
    "get_borrow_lend_estimated_liquidation_price.json": one(wire.liquidation_estimate),
    "get_borrow_lend_history.json": rows(wire.movement),
    "get_borrow_lend_position_history.json": rows(wire.position_record),
}


def test_a_pool_and_its_bounds() -> None:
    (pool,) = decode_rows(sample("get_borrow_lend_markets.json"), wire.market)
    assert (pool.asset, pool.state, pool.mark) == (USDC, BorrowLendState.OPEN, D(1))
    assert (pool.borrow_rate, pool.lend_rate, pool.fee) == (D("0.0612"), D("0.0433"), D("0.15"))
    assert (pool.borrowed, pool.lent, pool.utilization) == (D("41234567.12"), D("52123456.9"), D("0.791"))
    assert (pool.limit, pool.max_utilization, pool.optimal_utilization) == (D(200_000_000), D("0.95"), D("0.85"))
    throttle = (pool.throttle_threshold, pool.throttle_bound, pool.throttle_fraction)
    assert throttle == (D("0.9"), D("0.93"), D("0.01"))
    assert (pool.step_size, pool.time_us) == (D("0.000001"), MIDNIGHT_US)


@pytest.mark.parametrize(
    ("text", "time_us"),
    [
        ("2026-06-01T00:00:00Z", MIDNIGHT_US),
        ("2026-06-01T02:00:00+02:00", MIDNIGHT_US),
        ("2026-06-01T00:00:00.000001Z", MIDNIGHT_US + 1),
        ("2026-06-01T00:00:00", MIDNIGHT_US),
    ],
)
def test_the_time_of_a_pool_has_a_zone(text: str, time_us: int) -> None:
    raw = sample("get_borrow_lend_markets.json").replace(b"2026-06-01T00:00:00Z", text.encode())
    assert decode_rows(raw, wire.market)[0].time_us == time_us


def test_a_pool_as_it_was() -> None:
    (past,) = decode_rows(sample("get_borrow_lend_markets_history.json"), wire.point)
    assert past == BorrowLendPoint(D("0.0612"), D("0.0433"), D("41234567.12"), D("52123456.9"), D("0.791"), MIDNIGHT_US)


def test_rates_of_lending_and_of_staking() -> None:
    assert decode_one(sample("get_apy_rates.json"), wire.apy_rates) == ApyRates(
        borrow_lend=(BorrowLendRate(USDC, D("0.0612"), D("0.0433")),),
        staking=(StakingRate(Asset("SOL"), D("0.071"), D(1)),),
    )


def test_one_unreadable_rate_is_not_left_out_in_silence() -> None:
    record = json.loads(sample("get_apy_rates.json"))
    record["staking"].append({"symbol": "ETH"})
    with pytest.raises(UnreadableReply, match="stakingRate"):
        decode_one(json.dumps(record).encode(), wire.apy_rates)


def test_what_is_lent_and_what_is_owed() -> None:
    (lend,) = decode_rows(sample("get_borrow_lend_positions.json"), wire.position)
    assert (lend.position_id, lend.asset, lend.net_quantity, lend.owed) == (LOAN, USDC, D(500), D(0))
    assert (lend.net_exposure_quantity, lend.cumulative_interest) == (D(0), D("0.0421"))
    (borrow,) = decode_rows(sample("get_borrow_lend_positions__borrow.json"), wire.position)
    assert (borrow.asset, borrow.net_quantity, borrow.owed) == ("SOL", D("-2.5"), D("2.5"))
    assert (borrow.net_exposure_notional, borrow.mark, borrow.cumulative_interest) == (D(375), D(150), D("-0.0011"))
    assert (borrow.imf, borrow.imf_function) == (D("0.15"), MarginFunction(D("0.15"), D("0.00004")))
    assert borrow.est_liquidation_price is None


def test_a_borrow_has_its_liquidation_price_where_one_is_told() -> None:
    raw = sample("get_borrow_lend_positions__borrow.json").replace(
        b'"estLiquidationPrice": "0"', b'"estLiquidationPrice": "211.5"'
    )
    assert decode_rows(raw, wire.position)[0].est_liquidation_price == D("211.5")
    estimate = sample("get_borrow_lend_estimated_liquidation_price.json")
    assert decode_one(estimate, wire.liquidation_estimate) == LiquidationEstimate(D("98.4"), D(150))
    nowhere = estimate.replace(b"98.4", b"0.00")
    assert decode_one(nowhere, wire.liquidation_estimate) == LiquidationEstimate(None, D(150))


def test_a_margin_function_of_another_shape_is_not_guessed() -> None:
    raw = sample("get_borrow_lend_positions__borrow.json").replace(b'"type": "sqrt"', b'"type": "cubic"')
    (borrow,) = decode_rows(raw, wire.position)
    assert (borrow.imf_function, borrow.mmf_function, borrow.imf) == (None, None, D("0.15"))


def test_how_a_position_came_to_be() -> None:
    (movement,) = decode_rows(sample("get_borrow_lend_history.json"), wire.movement)
    assert movement == BorrowLendMovement(
        BorrowLendEvent.LEND, LOAN, USDC, D(500), BorrowLendSource.AUTO_LEND, BEGAN_US, D(500), None
    )
    raw = sample("get_borrow_lend_history.json").replace(b'"spotMarginOrderId": null', b'"spotMarginOrderId": "77"')
    assert decode_rows(raw, wire.movement)[0].order_id == "77"
    (record,) = decode_rows(sample("get_borrow_lend_position_history.json"), wire.position_record)
    assert record == BorrowLendRecord(
        LOAN, USDC, BorrowLendSide.LEND, D(500), BorrowLendSource.AUTO_LEND, D("0.0421"), D("0.0433"), BEGAN_US
    )


def test_what_is_sent_to_borrow_and_what_to_ask_before() -> None:
    body = wire.encode_execution(USDC, BorrowLendSide.BORROW, D("1E+3"))
    assert body == {"symbol": "USDC", "side": "Borrow", "quantity": "1000"}
    asked = wire.encode_asked_about(USDC, BorrowLendSide.BORROW, D("1E+3"))
    assert json.loads(b64decode(asked, validate=True)) == body


@pytest.mark.parametrize("quantity", [D(0), D(-1), D("NaN"), D("Infinity"), D("1E+25")])
def test_what_is_no_quantity_is_not_sent(quantity: Decimal) -> None:
    for encode in (wire.encode_execution, wire.encode_asked_about):
        with pytest.raises(InputError, match="quantity"):
            encode(USDC, BorrowLendSide.LEND, quantity)
