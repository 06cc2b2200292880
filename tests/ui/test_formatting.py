"""Numbers as text: exact, of bounded width, never zero for what is not."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpx_tui.model.ids import Symbol
from bpx_tui.ui.formatting import (
    age_text,
    axis_time,
    clock_text,
    compact,
    duration,
    fit_price,
    fit_quantity,
    fixed,
    market_name,
    percent,
    signed,
)

UNITS = {"k": 3, "M": 6, "B": 9, "T": 12}


def amounts() -> st.SearchStrategy[Decimal]:
    return st.decimals(min_value=0, max_value=Decimal("1e14"), places=8, allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        ("98214", 1, "98,214.0"),
        ("0.00002211", 8, "0.00002211"),
        ("1E-8", 8, "0.00000001"),
        ("1E+3", 0, "1,000"),
        ("-0.001", 2, "0.00"),
        ("-0", 2, "0.00"),
        ("-12345.678", 2, "-12,345.68"),
        ("NaN", 2, "?"),
        ("Infinity", 2, "?"),
        ("1e400000", 2, "1.000e+400000"),
    ],
)
def test_fixed(value: str, decimals: int, text: str) -> None:
    assert fixed(Decimal(value), decimals) == text


@pytest.mark.parametrize(("value", "text"), [("4.4", "+4.40"), ("-0.04", "-0.04"), ("0", "0.00"), ("0.001", "0.00")])
def test_signed(value: str, text: str) -> None:
    assert signed(Decimal(value), 2) == text


def test_percent() -> None:
    assert percent(Decimal("0.0231")) == "+2.31%"
    assert percent(Decimal("-0.0022")) == "-0.22%"
    assert percent(Decimal("0.18"), 0, sign=False) == "18%"


@pytest.mark.parametrize(
    ("value", "decimals", "width", "text"),
    [
        ("61", 2, 7, "61.00"),
        ("1234.56", 2, 8, "1,234.56"),
        ("1234.56", 2, 7, "1234.56"),
        ("8190075", 0, 7, "8.190M"),
        ("999999.99", 2, 7, "999.99k"),
        ("12345678901", 0, 7, "12.345B"),
        ("12.34567891", 8, 7, "12.345…"),
        ("0.00000001", 8, 7, "<0.0001"),
        ("0", 8, 7, "0"),
        ("5", 5, 7, "5.00000"),
    ],
)
def test_fit_quantity(value: str, decimals: int, width: int, text: str) -> None:
    assert fit_quantity(Decimal(value), decimals, width) == text


@given(amounts(), st.integers(0, 8), st.integers(5, 14))
def test_a_shortened_quantity_fits_and_never_grows(value: Decimal, decimals: int, width: int) -> None:
    text = fit_quantity(value, decimals, width)
    assert len(text) <= width
    if text[0] in "#<":
        return
    exponent = UNITS.get(text[-1], 0)
    shown = Decimal(text.rstrip("kMBT…").replace(",", "")).scaleb(exponent)
    assert shown <= value


@given(amounts(), st.integers(7, 14))
def test_a_figure_without_a_mark_is_exact_at_the_markets_decimals(value: Decimal, width: int) -> None:
    text = fit_quantity(value, 8, width)
    if text[-1].isdigit() and text[0] not in "#<":
        assert Decimal(text.replace(",", "")) == value


@given(st.decimals(min_value=Decimal("1e-8"), max_value=1, places=8), st.integers(6, 12))
def test_what_is_not_zero_does_not_read_as_zero(value: Decimal, width: int) -> None:
    assert any(digit in fit_quantity(value, 8, width) for digit in "123456789")


def test_prices_lose_their_commas_before_they_are_cut() -> None:
    assert fit_price(Decimal("98214"), 1, 8) == "98,214.0"
    assert fit_price(Decimal("98214"), 1, 7) == "98214.0"
    assert fit_price(Decimal("98214"), 1, 6) == "98214…"
    assert fit_price(Decimal("98214"), 1, 4) == "####"


@pytest.mark.parametrize(
    ("value", "text"),
    [("412300000", "$412M"), ("96149999", "$96.1M"), ("999999", "$999k"), ("950.5", "$950"), ("0.5234", "$0.523")],
)
def test_compact(value: str, text: str) -> None:
    assert compact(Decimal(value), "$") == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "?"),
        (0.14, "0.1s"),
        (-0.4, "0.0s"),
        (-60.0, "?"),
        (9.96, "9s"),
        (42.9, "42s"),
        (185.0, "3m05s"),
        (7380.0, "2h03m"),
        (385_200.0, "4d11h"),
    ],
)
def test_age(seconds: float | None, text: str) -> None:
    assert age_text(seconds) == text


def test_countdowns_and_clocks() -> None:
    assert duration(2531) == "42:11"
    assert duration(-3) == "00:00"
    assert duration(3723) == "1:02:03"
    assert duration(273_600) == "3d 04h"
    assert clock_text(1_750_793_021_519_000) == "19:23:41"
    assert axis_time(1_750_793_021, 300) == "19:23"
    assert axis_time(1_750_723_200, 300) == "24 Jun"
    assert axis_time(1_750_793_021, 15) == "19:23:41"


def test_market_names() -> None:
    assert market_name(Symbol("SOL_USDC_PERP")) == "SOL-PERP"
    assert market_name(Symbol("SOL_USDC")) == "SOL/USDC"
    assert market_name(Symbol("BTC_USDT_PERP")) == "BTC-USDT-PERP"
