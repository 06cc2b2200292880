"""Typed reading of request parameters, refusing in the exchange's own plain text (samples/rest/errors.json)."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Container, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from bpx_tui.model.ids import Symbol
from bpx_tui.simulator.rest.answers import ParseRefusal
from bpx_tui.simulator.rest.raw_json import JsonValue, RawNumber

E = TypeVar("E", bound=StrEnum)

_DECIMAL = re.compile(r"-?\d{1,18}(?:\.\d{1,28})?", re.ASCII)
_INTEGER = re.compile(r"-?\d{1,20}", re.ASCII)

UINT16 = ("integer_uint16", 0, 2**16 - 1)
UINT32 = ("integer_uint32", 0, 2**32 - 1)
UINT64 = ("integer_uint64", 0, 2**64 - 1)
INT32 = ("integer_int32", -(2**31), 2**31 - 1)
INT64 = ("integer_int64", -(2**63), 2**63 - 1)
IntegerKind = tuple[str, int, int]


class Fields(ABC):
    """Named values of one request. Readers answer `None` for what was not given; `need_` readers refuse then."""

    def __init__(self, values: Mapping[str, JsonValue], symbols: Container[str]) -> None:
        self._values = values
        self._symbols = symbols

    def __contains__(self, name: str) -> bool:
        return self._values.get(name) is not None

    @abstractmethod
    def _refuse(self, name: str, reason: str) -> ParseRefusal: ...

    @abstractmethod
    def integer(self, name: str, kind: IntegerKind) -> int | None: ...

    @abstractmethod
    def boolean(self, name: str) -> bool | None: ...

    def text(self, name: str, kind: str = "string") -> str | None:
        """Characters as sent."""
        value = self._values.get(name)
        if value is None:
            return None
        if not isinstance(value, str) or isinstance(value, RawNumber):
            raise self._refuse(name, f'Expected input type "{kind}", found {_json_type(value)}.')
        return value

    def identifier(self, name: str) -> str | None:
        """An id: text, or a number as the specification's own signing example writes it."""
        value = self._values.get(name)
        return str(value) if isinstance(value, RawNumber) else self.text(name)

    def need_text(self, name: str, kind: str = "string") -> str:
        return self._needed(name, kind, self.text(name, kind))

    def symbol(self, name: str = "symbol") -> Symbol | None:
        """A market that exists."""
        value = self.text(name, "MarketSymbol")
        if value is not None and value not in self._symbols:
            raise self._refuse(name, 'failed to parse "MarketSymbol": Invalid market symbol')
        return None if value is None else Symbol(value)

    def need_symbol(self, name: str = "symbol") -> Symbol:
        return self._needed(name, "MarketSymbol", self.symbol(name))

    def decimal(self, name: str) -> Decimal | None:
        """A decimal number given as text; no exponent, 18 digits before the point and 28 after it at most."""
        value = self.text(name, "string_decimal")
        if value is None:
            return None
        if _DECIMAL.fullmatch(value) is None:
            raise self._refuse(name, 'failed to parse "string_decimal": Invalid decimal')
        return Decimal(value)

    def need_decimal(self, name: str) -> Decimal:
        return self._needed(name, "string_decimal", self.decimal(name))

    def word(self, name: str, kind: type[E], label: str) -> E | None:
        """A member of a closed set; `label` is its name in the specification."""
        value = self.text(name, label)
        if value is None:
            return None
        try:
            return kind(value)
        except ValueError:
            raise self._bad_word(name, label) from None

    def need_word(self, name: str, kind: type[E], label: str) -> E:
        return self._needed(name, label, self.word(name, kind, label))

    def one_of(self, name: str, words: Container[str], label: str) -> str | None:
        """Like `word`, for sets that need no enum here."""
        value = self.text(name, label)
        if value is not None and value not in words:
            raise self._bad_word(name, label)
        return value

    def need_one_of(self, name: str, words: Container[str], label: str) -> str:
        return self._needed(name, label, self.one_of(name, words, label))

    def need_integer(self, name: str, kind: IntegerKind) -> int:
        return self._needed(name, kind[0], self.integer(name, kind))

    def _needed(self, name: str, kind: str, value: T | None) -> T:
        if value is None:
            raise self._refuse(name, f'Type "{kind}" expects an input value.')
        return value

    def _bad_word(self, name: str, label: str) -> ParseRefusal:
        return self._refuse(name, f'failed to parse "{label}": Expect a valid enumeration value.')

    def _parsed_integer(self, name: str, text: str, kind: IntegerKind) -> int:
        label, low, high = kind
        if _INTEGER.fullmatch(text) is None:
            raise self._refuse(name, f'failed to parse "{label}": invalid digit found in string')
        value = int(text)
        if not low <= value <= high:
            raise self._refuse(name, f'failed to parse "{label}": number too large or too small to fit in target type')
        return value


T = TypeVar("T")


class QueryFields(Fields):
    """Parameters of the URL: everything is text. Unknown names are ignored, as the exchange does."""

    def __init__(self, pairs: tuple[tuple[str, str], ...], symbols: Container[str]) -> None:
        super().__init__(dict(pairs), symbols)
        self._pairs = pairs

    def words(self, name: str, kind: type[E], label: str) -> tuple[E, ...]:
        """A repeatable parameter."""
        try:
            return tuple(kind(value) for key, value in self._pairs if key == name)
        except ValueError:
            raise self._bad_word(name, label) from None

    def integer(self, name: str, kind: IntegerKind) -> int | None:
        value = self.text(name, kind[0])
        return None if value is None else self._parsed_integer(name, value, kind)

    def boolean(self, name: str) -> bool | None:
        value = self.text(name, "boolean")
        if value not in (None, "true", "false"):
            raise self._refuse(name, 'failed to parse "boolean": provided string was not `true` or `false`')
        return None if value is None else value == "true"

    def _refuse(self, name: str, reason: str) -> ParseRefusal:
        return ParseRefusal(f"failed to parse parameter `{name}`: {reason}")


class BodyFields(Fields):
    """Fields of a JSON body. Unknown names are refused: a misspelt field must not silently do nothing."""

    def __init__(self, body: JsonValue, payload: str, known: frozenset[str], symbols: Container[str]) -> None:
        self._payload = payload
        if not isinstance(body, dict):
            raise self._refuse("", f'Expected input type "object", found {_json_type(body)}.')
        super().__init__(body, symbols)
        for name in body:
            if name not in known:
                raise self._refuse(name, f"unknown field `{name}`")

    def integer(self, name: str, kind: IntegerKind) -> int | None:
        value = self._values.get(name)
        if value is None:
            return None
        if not isinstance(value, RawNumber):
            raise self._refuse(name, f'Expected input type "{kind[0]}", found {_json_type(value)}.')
        return self._parsed_integer(name, value, kind)

    def boolean(self, name: str) -> bool | None:
        value = self._values.get(name)
        if value is not None and not isinstance(value, bool):
            raise self._refuse(name, f'Expected input type "boolean", found {_json_type(value)}.')
        return value

    def _refuse(self, name: str, reason: str) -> ParseRefusal:
        return ParseRefusal(f'parse request payload error: {reason} (occurred while parsing "{self._payload}")')


def _json_type(value: JsonValue) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, RawNumber):
        return "number"
    return {str: "string", list: "array", dict: "object"}[type(value)]
