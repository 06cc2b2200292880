"""Numbers as people type them and as the exchange wants them: plain decimal digits, exact, never rounded in silence."""

from __future__ import annotations

import re
from decimal import Context, Decimal, localcontext

from bpx_tui.errors import InputError

_NUMBER = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,12})?", re.ASCII)
_OVERLONG = re.compile(r"[0-9]+(?:\.[0-9]+)?", re.ASCII)
_PERCENT = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,6})?%", re.ASCII)
_SIGNS = ("-", "+")
_EXACT = Context(prec=100)

STALE_BALANCE_SECONDS = 30.0
"""A percentage of a balance older than this is not computed."""


def parse_number(text: str, name: str) -> Decimal:
    """A positive number as typed. `name` is the field, as the message shall call it: `Price`, `Quantity`.

    The grammar is checked before `Decimal` sees the text: `Decimal` also takes other scripts' digits, underscores,
    exponents and `NaN`.

    Raises:
        InputError: with the text to show beside the field.
    """
    if not text.strip():
        raise InputError(f"{name} is empty.")
    if not text.isascii():
        raise InputError("ASCII digits only.")
    if text.startswith(_SIGNS):
        raise InputError("Use the side key, not a sign.")
    if "," in text:
        raise InputError("Comma is ambiguous. Write 1000 or 0.5.")
    if _NUMBER.fullmatch(text) is None:
        if _OVERLONG.fullmatch(text):
            raise InputError("At most 15 digits before the point and 12 after it.")
        raise InputError("Plain digits only, e.g. 0.0000001.")
    value = Decimal(text)
    if not value:
        raise InputError(f"{name} must be greater than 0.")
    return value


def parse_percent(text: str, of: Decimal | None, age_seconds: float | None) -> Decimal:
    """`50%` of an amount that was true `age_seconds` ago. The result is exact; fitting it to a step is the caller's.

    Raises:
        InputError: no percentage above 0 and up to 100, or an amount that is not known or too old to divide.
    """
    if _PERCENT.fullmatch(text) is None or not 0 < (percent := Decimal(text[:-1])) <= 100:
        raise InputError("Write a percentage from 1% to 100%.")
    if of is None or age_seconds is None:
        raise InputError("Balance is not known yet; press R.")
    if age_seconds > STALE_BALANCE_SECONDS:
        raise InputError(f"Balance is {age_seconds:.0f} s old; press R.")
    return of * percent / 100


def plain(value: Decimal) -> str:
    """A number in plain digits: no exponent, no negative zero. Trailing zeros stay as they are."""
    written = format(value, "f")
    return written.removeprefix("-") if value == 0 else written


def grouped(value: Decimal) -> str:
    """A number for reading: thousands separated, no trailing zeros."""
    written = format(value, ",f")
    if "." in written:
        written = written.rstrip("0").rstrip(".")
    return "0" if written == "-0" else written


def money(value: Decimal) -> str:
    """An amount for reading: thousands grouped, cents."""
    return grouped(round(value, 2))


def is_multiple(value: Decimal, step: Decimal) -> bool:
    """Whether `value` is a whole number of steps, exactly."""
    return value == floor_to(value, step)


def floor_to(value: Decimal, step: Decimal) -> Decimal:
    """The largest multiple of `step` that is not above `value`.

    Raises:
        ValueError: `step` is zero or negative.
    """
    if step <= 0:
        raise ValueError(f"step must be positive, was {step}")
    with localcontext(_EXACT):
        steps = value // step  # cut towards zero
        if steps * step > value:
            steps -= 1
        return steps * step


def ceil_to(value: Decimal, step: Decimal) -> Decimal:
    """The smallest multiple of `step` that is not below `value`.

    Raises:
        ValueError: `step` is zero or negative.
    """
    below = floor_to(value, step)
    return below if below == value else below + step


def nearest_steps(value: Decimal, step: Decimal) -> tuple[Decimal, Decimal]:
    """The multiples of `step` below and above `value`; both are `value` itself when it is one."""
    return floor_to(value, step), ceil_to(value, step)
