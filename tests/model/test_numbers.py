"""Numbers as typed: the grammar, the exact texts of its refusals, and the laws of steps."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpx_tui.errors import InputError
from bpx_tui.model.numbers import (
    ceil_to,
    floor_to,
    grouped,
    is_multiple,
    nearest_steps,
    parse_number,
    parse_percent,
    plain,
)

PLAIN_DIGITS = "Plain digits only, e.g. 0.0000001."
NO_SIGN = "Use the side key, not a sign."
COMMA = "Comma is ambiguous. Write 1000 or 0.5."
ASCII_ONLY = "ASCII digits only."
TOO_LONG = "At most 15 digits before the point and 12 after it."


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Quantity is empty."),
        ("   ", "Quantity is empty."),
        ("0", "Quantity must be greater than 0."),
        ("0.0", "Quantity must be greater than 0."),
        ("-1", NO_SIGN),
        ("+1", NO_SIGN),
        ("-0", NO_SIGN),
        ("-", NO_SIGN),
        ("1e5", PLAIN_DIGITS),
        ("1E-7", PLAIN_DIGITS),
        ("1e400000000", PLAIN_DIGITS),
        ("NaN", PLAIN_DIGITS),
        ("sNaN", PLAIN_DIGITS),
        ("inf", PLAIN_DIGITS),
        ("Infinity", PLAIN_DIGITS),
        ("0x10", PLAIN_DIGITS),
        ("1_000", PLAIN_DIGITS),
        (" 1 ", PLAIN_DIGITS),
        ("0.1\n", PLAIN_DIGITS),
        ("1\x00", PLAIN_DIGITS),
        (".5", PLAIN_DIGITS),
        ("5.", PLAIN_DIGITS),
        ("1.2.3", PLAIN_DIGITS),
        ("1 000", PLAIN_DIGITS),
        ("1,000", COMMA),
        ("0,5", COMMA),
        ("1,000.50", COMMA),
        ("１２", ASCII_ONLY),
        ("٣", ASCII_ONLY),
        ("½", ASCII_ONLY),
        ("²", ASCII_ONLY),
        ("1\u202e2", ASCII_ONLY),
        ("−1", ASCII_ONLY),
        ("1" * 16, TOO_LONG),
        ("0." + "1" * 13, TOO_LONG),
        ("9" * 10_000, TOO_LONG),
    ],
)
def test_what_is_not_a_plain_positive_number_is_refused_in_its_own_words(typed: str, said: str) -> None:
    with pytest.raises(InputError, match=f"^{re.escape(said)}$"):
        parse_number(typed, "Quantity")


def test_the_field_is_named() -> None:
    with pytest.raises(InputError, match=r"^Price is empty\.$"):
        parse_number("", "Price")


@given(st.from_regex(r"[0-9]{1,15}(\.[0-9]{1,12})?", fullmatch=True).filter(lambda text: Decimal(text) > 0))
def test_what_is_taken_is_taken_exactly_and_written_back_in_plain_digits(typed: str) -> None:
    value = parse_number(typed, "Price")
    assert Decimal(plain(value)) == Decimal(typed)
    assert re.fullmatch(r"[0-9]+(\.[0-9]+)?", plain(value))


@given(st.text(max_size=40))
def test_anything_typed_is_a_number_or_an_input_error(typed: str) -> None:
    try:
        value = parse_number(typed, "Price")
    except InputError:
        return
    assert value > 0
    assert re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,12})?", typed, re.ASCII)


@pytest.mark.parametrize(
    ("value", "written"),
    [("0.0000001", "0.0000001"), ("1E+2", "100"), ("-0", "0"), ("-0.00", "0.00"), ("0.50", "0.50"), ("-1.5", "-1.5")],
)
def test_numbers_are_written_without_exponent_or_negative_zero(value: str, written: str) -> None:
    assert plain(Decimal(value)) == written


@pytest.mark.parametrize(
    ("value", "shown"),
    [("86646.0", "86,646"), ("1234.50", "1,234.5"), ("1E+3", "1,000"), ("-0.0", "0"), ("100", "100"), ("0.10", "0.1")],
)
def test_numbers_for_reading_are_grouped_without_trailing_zeros(value: str, shown: str) -> None:
    assert grouped(Decimal(value)) == shown


values = st.decimals(min_value=0, max_value=10**15, places=12)
steps = st.sampled_from([Decimal(step) for step in ("0.000000000001", "0.00001", "0.01", "0.25", "1", "7", "1E+2")])


@given(values, steps)
def test_the_nearest_steps_enclose_the_value(value: Decimal, step: Decimal) -> None:
    below, above = nearest_steps(value, step)
    assert below <= value <= above
    assert above - below in (0, step)
    assert below % step == 0
    assert is_multiple(value, step) is (below == above == value)


@given(values, steps)
def test_steps_are_exact_for_negative_values_too(value: Decimal, step: Decimal) -> None:
    assert floor_to(-value, step) == -ceil_to(value, step)


def test_a_quotient_of_many_digits_is_not_rounded_up_to_the_next_step() -> None:
    value = Decimal("0.99999999999999999999999999999999")
    assert floor_to(value, Decimal(1)) == 0
    assert not is_multiple(value, Decimal(1))


@pytest.mark.parametrize("step", ["0", "-0.01"])
def test_a_step_that_is_not_positive_is_an_error(step: str) -> None:
    with pytest.raises(ValueError, match="step must be positive"):
        floor_to(Decimal(1), Decimal(step))


def test_a_percentage_of_a_fresh_balance_is_exact() -> None:
    assert parse_percent("50%", Decimal("0.3"), 2.0) == Decimal("0.15")
    assert parse_percent("100%", Decimal("0.3"), 0.0) == Decimal("0.3")


@pytest.mark.parametrize(
    ("typed", "of", "age", "said"),
    [
        ("50%", Decimal(1), 40.0, "Balance is 40 s old; press R."),
        ("50%", None, None, "Balance is not known yet; press R."),
        ("0%", Decimal(1), 0.0, "Write a percentage from 1% to 100%."),
        ("101%", Decimal(1), 0.0, "Write a percentage from 1% to 100%."),
        ("-5%", Decimal(1), 0.0, "Write a percentage from 1% to 100%."),
        ("٥%", Decimal(1), 0.0, "Write a percentage from 1% to 100%."),
        ("50", Decimal(1), 0.0, "Write a percentage from 1% to 100%."),
    ],
)
def test_a_percentage_that_cannot_be_computed_says_why(
    typed: str, of: Decimal | None, age: float | None, said: str
) -> None:
    with pytest.raises(InputError, match=f"^{re.escape(said)}$"):
        parse_percent(typed, of, age)
