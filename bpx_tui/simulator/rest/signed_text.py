"""The text that a client must have signed, rebuilt from what it sent (PROTOCOL 2.3 and 2.4)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from bpx_tui.simulator.rest.answers import ParseRefusal
from bpx_tui.simulator.rest.raw_json import JsonValue, RawNumber

Pairs = Sequence[tuple[str, str]]


def signed_texts(instruction: str, query: Pairs, body: JsonValue, timestamp: str, window: str) -> tuple[str, ...]:
    """Every text that counts as signed for this request; almost always exactly one.

    Values are raw: strings as sent, numbers by their source text, booleans in lower case, nothing percent-encoded.
    A JSON null is left out; clients that sign it as the word `null` are known, so that form is the second one.
    """
    if isinstance(body, list):
        orders = [_fields(order) for order in body]
        forms = [_batch(instruction, orders, with_nulls=False)]
        if any(None in order.values() for order in orders):
            forms.append(_batch(instruction, orders, with_nulls=True))
    else:
        fields = _fields(body)
        forms = [_single(instruction, query, fields, with_nulls=False)]
        if None in fields.values():
            forms.append(_single(instruction, query, fields, with_nulls=True))
    return tuple(f"{form}&timestamp={timestamp}&window={window}" for form in forms)


def subscribe_text(timestamp: str, window: str) -> str:
    """What signs a private WebSocket subscription; the stream names are not part of it."""
    return f"instruction=subscribe&timestamp={timestamp}&window={window}"


def _fields(body: JsonValue) -> dict[str, JsonValue]:
    if not isinstance(body, dict):
        raise ParseRefusal('parse request payload error: Expected input type "object"')
    return body


def _single(instruction: str, query: Pairs, fields: dict[str, JsonValue], *, with_nulls: bool) -> str:
    pairs = sorted(query, key=lambda pair: pair[0].encode())
    return "&".join((f"instruction={instruction}", *_joined(pairs), *_joined(_body_pairs(fields, with_nulls))))


def _batch(instruction: str, orders: list[dict[str, JsonValue]], *, with_nulls: bool) -> str:
    parts: list[str] = []
    for order in orders:
        parts += (f"instruction={instruction}", *_joined(_body_pairs(order, with_nulls)))
    return "&".join(parts)


def _body_pairs(fields: dict[str, JsonValue], with_nulls: bool) -> Pairs:
    present = ((name, value) for name, value in fields.items() if value is not None or with_nulls)
    return sorted(((name, _text(value)) for name, value in present), key=lambda pair: pair[0].encode())


def _joined(pairs: Iterable[tuple[str, str]]) -> Iterable[str]:
    return (f"{name}={value}" for name, value in pairs)


def _text(value: JsonValue) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return _compact(value)


def _compact(value: JsonValue) -> str:
    """A nested value as compact JSON with sorted keys; no known client signs one."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{_compact(v)}" for k, v in sorted(value.items())) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_compact(item) for item in value) + "]"
    if isinstance(value, RawNumber):
        return str(value)
    return json.dumps(value, ensure_ascii=False)
