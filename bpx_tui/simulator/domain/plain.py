"""Frozen dataclasses as plain JSON values and back, exactly.

Decimals become text, enums their value, tuples lists, dataclasses objects. Reading needs the type, and a document that
does not fit it raises `ValueError`, never builds half an object. A field with a default may be missing: documents that
are older than the field can still be read.
"""

from __future__ import annotations

import types
import typing
from dataclasses import MISSING, fields, is_dataclass
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import cache
from typing import TypeAlias, TypeVar, cast

Plain: TypeAlias = "None | bool | int | str | list[Plain] | dict[str, Plain]"  # noqa: RUF036
T = TypeVar("T")


def to_plain(value: object) -> Plain:
    """A JSON value that says everything `value` says."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Enum):
        return str(value.value)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, tuple):
        return [to_plain(item) for item in value]
    if is_dataclass(value):
        return {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}
    raise TypeError(f"cannot write a {type(value).__name__} down")


def from_plain(kind: type[T], plain: Plain) -> T:
    """The value of type `kind` that `to_plain` wrote down.

    Raises:
        ValueError: the document does not describe one.
    """
    try:
        return cast(T, _read(kind, plain))
    except (TypeError, KeyError, InvalidOperation) as error:
        raise ValueError(f"not a {kind.__name__}: {error}") from error


def _read(kind: object, plain: Plain) -> object:
    kind = getattr(kind, "__supertype__", kind)  # a NewType is what it is made of
    if isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union:
        wanted = [option for option in typing.get_args(kind) if option is not type(None)]
        return None if plain is None else _read(wanted[0], plain)
    if typing.get_origin(kind) is tuple:
        return _read_tuple(typing.get_args(kind), plain)
    if not isinstance(kind, type):
        raise TypeError(f"cannot read a {kind}")
    if kind is Decimal or issubclass(kind, Enum):
        if not isinstance(plain, str):
            raise TypeError(f"expected text, found {plain!r}")
        return kind(plain)
    if is_dataclass(kind):
        if not isinstance(plain, dict):
            raise TypeError(f"expected an object, found {plain!r}")
        given = {name: hint for name, hint in _hints(kind).items() if name in plain or name not in _optional(kind)}
        return kind(**{name: _read(hint, plain[name]) for name, hint in given.items()})
    if type(plain) is not kind:
        raise TypeError(f"expected {kind.__name__}, found {plain!r}")
    return plain


def _read_tuple(kinds: tuple[object, ...], plain: Plain) -> tuple[object, ...]:
    if not isinstance(plain, list):
        raise TypeError(f"expected a list, found {plain!r}")
    if kinds[-1] is Ellipsis:
        return tuple(_read(kinds[0], item) for item in plain)
    return tuple(_read(kind, item) for kind, item in zip(kinds, plain, strict=True))


@cache
def _hints(kind: type) -> dict[str, object]:
    return dict(typing.get_type_hints(kind))


@cache
def _optional(kind: type) -> frozenset[str]:
    """Fields that have a default."""
    return frozenset(field.name for field in fields(kind) if field.default is not MISSING)
