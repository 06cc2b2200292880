"""Reading single fields out of decoded JSON, tolerant where the exchange is known to drift.

Numbers come as strings or bare, ids as numbers or strings, absent fields as `null` or not at all. Money never passes
through a float: `decode_json` parses with orjson, and where a reader meets a float it parses the same bytes again with
exact numbers. Whatever does not fit raises `UnreadableReply` naming the field, never the raw value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

import orjson

from bpx_tui.errors import UnreadableReply
from bpx_tui.exchange.sanitise import clean
from bpx_tui.model.enums import known
from bpx_tui.model.ids import Asset, Symbol, is_symbol

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)
Record = Mapping[str, object]

MAX_EXPONENT = 40
"""Digits before or after the point that a number from the wire may have."""

_DECIMAL = re.compile(r"-?[0-9]{1,40}(?:\.[0-9]{1,40})?", re.ASCII)
_INTEGER = re.compile(r"-?[0-9]{1,20}", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_IN_2001, _IN_2100 = 1_000_000_000_000_000, 4_102_444_800_000_000
"""Microseconds since the epoch."""


class InexactNumber(UnreadableReply):
    """A number reached us as a float. Inside `decode_json` the bytes are then parsed again with exact numbers."""

    def __init__(self, key: str) -> None:
        super().__init__(f"{key} is not an exact number.")


def decode_json(raw: bytes | str, build: Callable[[object], T]) -> T:
    """`build` applied to the parsed JSON, with exact numbers even where they arrive unquoted.

    Raises:
        UnreadableReply: not JSON, or not what `build` expects.
    """
    try:
        parsed: object = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise UnreadableReply("The answer is not readable JSON.") from None
    try:
        return build(parsed)
    except InexactNumber:
        return build(_parse_exactly(raw))


def _parse_exactly(raw: bytes | str) -> object:
    try:
        exact: object = json.loads(raw, parse_float=_exact)
    except (ValueError, RecursionError):
        raise UnreadableReply("The answer is not readable JSON.") from None
    return exact


def _exact(digits: str) -> Decimal:
    if len(digits) > 2 * MAX_EXPONENT + 2:
        raise UnreadableReply("A number in the answer is longer than any price or quantity.")
    return Decimal(digits)


def as_record(value: object, what: str = "an object") -> Record:
    if not isinstance(value, dict):
        raise UnreadableReply(f"Expected {what}.")
    return value


def as_list(value: object, what: str = "a list") -> list[object]:
    if not isinstance(value, list):
        raise UnreadableReply(f"Expected {what}.")
    return value


def to_decimal(value: object, key: str) -> Decimal:
    """A decimal from a plain decimal string or a bare JSON number."""
    if isinstance(value, str):
        if _DECIMAL.fullmatch(value) is None:
            raise UnreadableReply(f"{key} is not a decimal number.")
        return Decimal(value)
    if isinstance(value, bool) or value is None:
        raise UnreadableReply(f"{key} is not a decimal number.")
    if isinstance(value, float):
        raise InexactNumber(key)
    if isinstance(value, int):
        value = Decimal(value)
    if not isinstance(value, Decimal):
        raise UnreadableReply(f"{key} is not a decimal number.")
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -MAX_EXPONENT or value.adjusted() >= MAX_EXPONENT:
        raise UnreadableReply(f"{key} is beyond any price or quantity.")
    return value


def to_integer(value: object, key: str) -> int:
    """An integer from a bare JSON integer or a string of decimal digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        return int(value)
    raise UnreadableReply(f"{key} is not an integer.")


def decimal(record: Record, key: str) -> Decimal:
    return to_decimal(record.get(key), key)


def optional_decimal(record: Record, key: str) -> Decimal | None:
    value = record.get(key)
    return None if value is None else to_decimal(value, key)


def integer(record: Record, key: str) -> int:
    return to_integer(record.get(key), key)


def optional_integer(record: Record, key: str) -> int | None:
    value = record.get(key)
    return None if value is None else to_integer(value, key)


def flag(record: Record, key: str, default: bool = False) -> bool:
    """A boolean; `default` where it is absent or `null`."""
    return default if record.get(key) is None else needed_flag(record, key)


def optional_flag(record: Record, key: str) -> bool | None:
    """A boolean; `None` where nobody says."""
    return None if record.get(key) is None else needed_flag(record, key)


def needed_flag(record: Record, key: str) -> bool:
    """A boolean that must be there."""
    value = record.get(key)
    if not isinstance(value, bool):
        raise UnreadableReply(f"{key} is not true or false.")
    return value


def text(record: Record, key: str, limit: int = 64) -> str:
    """A sanitised, non-empty string."""
    found = optional_text(record, key, limit)
    if not found:
        raise UnreadableReply(f"{key} is missing.")
    return found


def optional_text(record: Record, key: str, limit: int = 64) -> str | None:
    value = record.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise UnreadableReply(f"{key} is not text.")
    return clean(value, limit)


def identifier(record: Record, key: str) -> str:
    """An id as text, whether it arrived as a number or as a string."""
    found = optional_identifier(record, key)
    if not found:
        raise UnreadableReply(f"{key} is missing.")
    return found


def optional_identifier(record: Record, key: str) -> str | None:
    value = record.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return optional_text(record, key)


def word(record: Record, key: str, kind: type[E]) -> E | str:
    """A member of `kind`, or the exchange's new word as it is, sanitised."""
    return known(kind, text(record, key))


def optional_word(record: Record, key: str, kind: type[E]) -> E | str | None:
    value = optional_text(record, key)
    return known(kind, value) if value else None


def symbol(record: Record, key: str = "symbol") -> Symbol:
    """A market symbol of plain ASCII words; anything else is not shown as a market."""
    value = record.get(key)
    if not isinstance(value, str) or not is_symbol(value):
        raise UnreadableReply(f"{key} is not a market symbol.")
    return Symbol(value)


def asset(record: Record, key: str = "symbol") -> Asset:
    """An asset: unlike a market's symbol it may be any word, sanitised."""
    return Asset(text(record, key, 32))


def micros(record: Record, key: str) -> int:
    """Microseconds since the epoch of an ISO time, as `to_micros` reads it."""
    return to_micros(record.get(key), key)


def optional_micros(record: Record, key: str) -> int | None:
    value = record.get(key)
    return None if value is None else to_micros(value, key)


def to_micros(value: object, key: str) -> int:
    """Microseconds since the epoch of an ISO time. One without a zone is UTC: that is how the exchange writes them."""
    if not isinstance(value, str) or not value.isascii() or not 19 <= len(value) <= 40:
        raise UnreadableReply(f"{key} is not a time.")
    try:
        when = datetime.fromisoformat(value)
    except ValueError:
        raise UnreadableReply(f"{key} is not a time.") from None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return (when - _EPOCH) // _MICROSECOND


def to_micros_of_any_unit(value: object, key: str) -> int:
    """As `to_micros`, and also from whole seconds, milliseconds or microseconds since the epoch, bare or as digits.

    The exchange counts in all three (PROTOCOL 1); from 2001 to 2100 no number is a time in more than one of them.
    """
    if isinstance(value, str) and not value.isdigit():
        return to_micros(value, key)
    count = to_integer(value, key)
    for unit in (1_000_000, 1_000, 1):
        if _IN_2001 <= count * unit < _IN_2100:
            return count * unit
    raise UnreadableReply(f"{key} is not a time.")
