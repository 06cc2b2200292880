"""JSON request bodies read so that a signature can be checked against what was really sent.

Numbers keep their source text (`1`, `1.0` and `1e0` sign differently), duplicate keys are refused.
"""

from __future__ import annotations

import json
from typing import TypeAlias

from bpx_tui.simulator.rest.answers import ParseRefusal


class RawNumber(str):
    """A JSON number by its source text."""

    __slots__ = ()


JsonValue: TypeAlias = "bool | str | RawNumber | list[JsonValue] | dict[str, JsonValue] | None"

MAX_BODY_BYTES = 256 * 1024


def parse_body(raw: bytes) -> JsonValue:
    """Read a request body; an empty one is an empty object, as clients send for calls without parameters.

    Raises:
        ParseRefusal: not UTF-8, not JSON, a duplicate key, nested too deep or too large.
    """
    if len(raw) > MAX_BODY_BYTES:
        raise ParseRefusal("payload too large", status=413)
    if not raw.strip():
        return {}
    try:
        value: JsonValue = json.loads(
            raw.decode("utf-8"),
            parse_float=RawNumber,
            parse_int=RawNumber,
            parse_constant=_no_constants,
            object_pairs_hook=_unique_keys,
        )
    except (ValueError, RecursionError) as error:
        raise ParseRefusal(f"parse request payload error: {error}") from error
    return value


def _no_constants(word: str) -> JsonValue:
    raise ValueError(f"expected value: {word}")


def _unique_keys(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    keys = dict(pairs)
    if len(keys) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"duplicate field `{twice}`")
    return keys
