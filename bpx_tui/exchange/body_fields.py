"""What request bodies are written with: money in plain digits, one id out of two, only what is set."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from bpx_tui.errors import InputError
from bpx_tui.exchange.signing import Scalar
from bpx_tui.model.numbers import plain

_PLAIN = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,20})?", re.ASCII)


def money(value: Decimal, name: str) -> str:
    """A positive price or quantity in plain digits.

    Raises:
        InputError: it is not positive, or has more digits than can be sent; `name` tells which.
    """
    sendable = value.is_finite() and value > 0 and abs(value.adjusted()) < 20
    written = plain(value) if sendable else ""
    if _PLAIN.fullmatch(written) is None:
        raise InputError(f"The {name} cannot be sent: it must be above 0 and fit 20 plain digits.")
    return written


def optional_money(value: Decimal | None, name: str) -> str | None:
    return None if value is None else money(value, name)


def one_id(thing: str, ids: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """The one id that is set, out of those that may name a thing.

    Raises:
        InputError: none is set, or more than one.
    """
    named: dict[str, Scalar] = {key: value for key, value in ids.items() if value is not None}
    if len(named) != 1:
        raise InputError(f"Name the {thing} by exactly one of its ids.")
    return named
