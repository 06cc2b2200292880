"""What the account was paid and charged, from the recorded answers to values."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from bpx_tui.errors import UnreadableReply
from bpx_tui.exchange import wire_rest_history as wire
from bpx_tui.exchange.wire_rest import decode_rows
from bpx_tui.model.enums import InterestKind, PositionState, SettlementSource
from bpx_tui.model.history import DustConversion, FundingPayment, InterestPayment, Settlement
from bpx_tui.model.ids import Asset, DustConversionId, PositionId, Symbol
from tests.exchange.rest_samples import Decoder, rows, sample

D = Decimal
DECODERS: dict[str, Decoder] = {
    "get_funding_payments.json": rows(wire.funding_payment),
    "get_interest_history.json": rows(wire.interest_payment),
    "get_settlement_history.json": rows(wire.settlement),
    "get_dust_history.json": rows(wire.dust_conversion),
    "get_position_history.json": rows(wire.position_record),
}


def test_a_long_pays_funding_when_the_rate_is_positive() -> None:
    (paid,) = decode_rows(sample("get_funding_payments.json"), wire.funding_payment)
    ended_us = 1_754_064_000_000_000  # 2025-08-01 16:00 UTC
    assert paid == FundingPayment(Symbol("ETH_USDC_PERP"), D("-0.001301"), D("0.0001"), ended_us, 1813870, 0)


def test_interest_names_the_asset_where_a_market_is_specified() -> None:
    (earned,) = decode_rows(sample("get_interest_history.json"), wire.interest_payment)
    assert earned == InterestPayment(
        InterestKind.LEND,
        Asset("USDC"),
        "USDC",
        PositionId("7730012345"),
        D("0.00247"),
        D("0.0433"),
        3_600_000,
        1_780_311_600_000_000,
    )
    raw = sample("get_interest_history.json").replace(b'"marketSymbol": "USDC"', b'"marketSymbol": "SOL_USDC_PERP"')
    assert decode_rows(raw, wire.interest_payment)[0].market == "SOL_USDC_PERP"


def test_a_settlement_may_belong_to_a_position() -> None:
    fee, profit = decode_rows(sample("get_settlement_history.json"), wire.settlement)
    assert fee == Settlement(
        D("-0.006325"), SettlementSource.TRADING_FEES, 1_780_315_200_000_000, 1813870, None, None, 99887766
    )
    assert (profit.source, profit.quantity) == (SettlementSource.REALIZE_PNL, D("0.051"))
    assert (profit.position_id, profit.engine_sequence) == ("28563667732", 99887001)


def test_dust_and_what_it_brought() -> None:
    (swapped,) = decode_rows(sample("get_dust_history.json"), wire.dust_conversion)
    assert swapped == DustConversion(DustConversionId(12), Asset("SOL"), D("0.0004"), D("0.06"), 1_780_315_200_000_000)


def test_a_closed_position_tells_how_it_went() -> None:
    (closed,) = decode_rows(sample("get_position_history.json"), wire.position_record)
    assert (closed.position_id, closed.symbol, closed.state) == ("4238420454", "ETH_USDC_PERP", PositionState.CLOSED)
    assert (closed.entry_price, closed.closing_price) == (D("3826.8888888888888888888888889"), D("3787.5"))
    assert (closed.pnl_realized, closed.funding_quantity, closed.fees) == (D("-0.141914"), D("-0.009218"), D("0.0138"))
    assert (closed.closed_volume, closed.account_leverage) == (D("13.634885"), D(10))
    assert (closed.opened_us, closed.closed_us) == (1_753_637_940_092_000, 1_753_664_400_500_000)


def test_a_position_that_is_open_has_neither_an_end_nor_a_closing_price() -> None:
    (record,) = json.loads(sample("get_position_history.json"))
    still_open = {**record, "state": "Open", "closingPrice": None, "closedAt": None, "accountLeverage": None}
    (decoded,) = decode_rows(json.dumps([still_open]).encode(), wire.position_record)
    assert (decoded.state, decoded.closed_us, decoded.closing_price) == (PositionState.OPEN, None, None)


@pytest.mark.parametrize("when", ["", "yesterday", "2025-13-01T00:00:00", 1754064000, None])
def test_a_payment_without_its_time_is_unreadable(when: object) -> None:
    (record,) = json.loads(sample("get_funding_payments.json"))
    raw = json.dumps([{**record, "intervalEndTimestamp": when}]).encode()
    with pytest.raises(UnreadableReply, match="intervalEndTimestamp is not a time"):
        decode_rows(raw, wire.funding_payment)
