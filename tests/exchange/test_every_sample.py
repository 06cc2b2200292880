"""Every recorded REST answer has a decoder, and every one of these bears what the exchange may do to its answers.

What may happen to a sample is derived from its schema: a field that is required goes missing, an optional one is null,
a word or a key is new, a number comes bare, a text is hostile. Nothing of it may crash, mislead or reach the screen.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpx_tui.errors import UnreadableReply
from bpx_tui.exchange.operations import OPERATIONS
from bpx_tui.exchange.wire_rest import Rows
from tests.exchange.rest_samples import SAMPLES, Decoder, sample
from tests.exchange.rest_venue import Setup, answer
from tests.simulator import spec

TABLES: list[dict[str, Decoder]] = [
    import_module(f"tests.exchange.{path.stem}").DECODERS
    for path in sorted(Path(__file__).parent.glob("test_wire_rest*.py"))
]
DECODERS: dict[str, Decoder] = {name: decode for table in TABLES for name, decode in table.items()}
NOT_JSON = {"ping.txt", "get_time.json"}
ERRORS = "errors.json"
"""Every recorded refusal, which has a table of its own in test_rest_errors."""
JSON_SAMPLES = sorted(DECODERS.keys() - NOT_JSON)
SPECIFIED = sorted(set(JSON_SAMPLES) - {"execute_order_batch.json"})
"""Without the batch: of that, each order has an outcome of its own, an unknown one where it is not readable."""

HOSTILE = "\x1b]0;owned\x07\u202e"
NEW_WORD = "BrandNewWord"
JSON = "application/json; charset=utf-8"


def test_every_sample_has_exactly_one_decoder() -> None:
    on_disk = {path.name for path in SAMPLES.iterdir()}
    assert on_disk - {ERRORS, "ping.txt"} == DECODERS.keys()
    assert sum(map(len, TABLES)) == len(DECODERS)
    assert {name.removesuffix(".json").split("__")[0] for name in DECODERS} <= OPERATIONS.keys()


async def test_a_ping_is_answered_with_pong_and_with_nothing_else() -> None:
    async with Setup.running(None) as setup:
        setup.venue.respond = lambda _: answer(raw=sample("ping.txt"), content_type="text/plain; charset=utf-8")
        await setup.client.ping()
        setup.venue.respond = lambda _: answer(raw=b"<html>sign in</html>", content_type="text/html")
        with pytest.raises(UnreadableReply):
            await setup.client.ping()


class Place(NamedTuple):
    """One member of an object or element of a list within a sample, and what the specification says of it."""

    path: tuple[str | int, ...]
    value: Any
    schema: dict[str, Any]
    is_member: bool
    is_required: bool

    @property
    def key(self) -> str | int:
        return self.path[-1]


def operation_of(name: str) -> str:
    return name.removesuffix(".json").split("__")[0]


@cache
def places(name: str) -> tuple[Place, ...]:
    """All that is specified within a sample, outermost first."""
    content = spec.operations()[operation_of(name)][2]["responses"]["200"]["content"]
    return tuple(_within(content[JSON]["schema"], json.loads(sample(name)), ()))


def _within(schema: dict[str, Any], value: Any, path: tuple[str | int, ...]) -> Iterator[Place]:
    schema = spec.resolved(schema, value)
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield Place((*path, index), item, spec.resolved(schema["items"], item), False, True)
            yield from _within(schema["items"], item, (*path, index))
    elif isinstance(value, dict):
        others = schema.get("additionalProperties")
        for key, item in value.items():
            inner = schema["properties"][key] if not isinstance(others, dict) else others
            needed, at = key in schema.get("required", ()), (*path, key)
            yield Place(at, item, {} if item is None else spec.resolved(inner, item), not others, needed)
            if item is not None:
                yield from _within(inner, item, at)


def changed(name: str, change: Callable[[Any, Any], None], path: tuple[str | int, ...]) -> bytes:
    """The sample with `change(holder, key)` done at a place."""
    document = json.loads(sample(name))
    holder = document
    for step in path[:-1]:
        holder = holder[step]
    change(holder, path[-1])
    return json.dumps(document).encode()


def put(value: Any) -> Callable[[Any, Any], None]:
    def change(holder: Any, key: Any) -> None:
        holder[key] = value

    return change


def remove(holder: Any, key: Any) -> None:
    del holder[key]


def whole(name: str, raw: bytes) -> Any:
    """What it decodes to, and nothing of it left out."""
    decoded = DECODERS[name](raw)
    assert not isinstance(decoded, Rows) or decoded.unreadable == ()
    return decoded


def complaint(name: str, raw: bytes) -> str:
    """Why it, or a row of it, is not readable; empty where it is."""
    try:
        decoded = DECODERS[name](raw)
    except UnreadableReply as error:
        return str(error)
    return decoded.unreadable[0] if isinstance(decoded, Rows) and decoded.unreadable else ""


@pytest.mark.parametrize("name", sorted(DECODERS))
def test_it_decodes_whole(name: str) -> None:
    decoded = whole(name, sample(name))
    if isinstance(decoded, Rows):
        assert len(decoded) == len(json.loads(sample(name)))


LIVE_ORDER = "createdAt executedQuantity executedQuoteQuantity postOnly price quantity selfTradePrevention timeInForce"
NOT_INSISTED_ON: dict[str, set[str]] = {
    operation: set(keys.split())
    for operations, keys in {
        "cancel_order cancel_open_orders execute_order get_order get_open_orders": LIVE_ORDER,
        "get_order_history": "createdAt selfTradePrevention timeInForce",
        "get_fills": "feeSymbol isMaker",
        "get_account": "autoBorrowSettlements autoLend autoRealizePnl autoRepayBorrows liquidating",
        "get_positions": "base cumulativeFundingPayment cumulativeInterest estLiquidationPrice factor imfFunction "
        "mmfFunction netCost userId",
        "get_market get_markets": "createdAt maxMultiplier minMultiplier tolerancePct visible",
        "get_ticker get_tickers": "priceChange priceChangePercent",
        "get_recent_trades get_historical_trades": "quoteQuantity",
        "get_klines": "quoteVolume",
        "get_max_borrow_quantity get_max_withdrawal_quantity": "symbol",
        "get_max_order_quantity": "symbol side",
    }.items()
    for operation in operations.split()
}
"""Required by the specification, and yet not needed to make a value: it is not read, or has a safe default."""


def is_shape(place: Place) -> bool:
    """The shape of a margin or haircut function. A missing or new one makes no function, as a guess would be wrong."""
    return place.key == "type" and place.path[-2] in ("imfFunction", "mmfFunction", "kind")


@pytest.mark.parametrize("name", SPECIFIED)
def test_without_what_is_required_it_is_unreadable_and_says_why(name: str) -> None:
    tolerated = NOT_INSISTED_ON.get(operation_of(name), set())
    for place in places(name):
        if place.is_member and place.is_required:
            why = complaint(name, changed(name, remove, place.path))
            needed = place.key not in tolerated and not is_shape(place)
            assert (str(place.key) in why) is needed, (place.path, why)


@pytest.mark.parametrize("name", SPECIFIED)
def test_what_is_optional_may_be_null_or_missing(name: str) -> None:
    for place in places(name):
        if place.is_member and not place.is_required:
            null, missing = changed(name, put(None), place.path), changed(name, remove, place.path)
            assert whole(name, null) == whole(name, missing), place.path


@pytest.mark.parametrize("name", SPECIFIED)
def test_new_keys_change_nothing(name: str) -> None:
    for place in places(name):
        if place.is_member:
            raw = changed(name, lambda holder, _: holder.update({NEW_WORD: {"deep": [1, None]}}), place.path)
            assert whole(name, raw) == whole(name, sample(name)), place.path


@pytest.mark.parametrize("name", SPECIFIED)
def test_new_words_are_kept_as_they_are_or_make_no_difference(name: str) -> None:
    for place in places(name):
        if "enum" in place.schema and not is_shape(place):
            decoded = whole(name, changed(name, put(NEW_WORD), place.path))
            assert decoded == whole(name, sample(name)) or NEW_WORD in repr(decoded), place.path


@pytest.mark.parametrize("name", SPECIFIED)
def test_bare_numbers_are_exact(name: str) -> None:
    for place in places(name):
        if place.schema.get("format") == "decimal":
            raw = changed(name, put("@"), place.path).replace(b'"@"', place.value.encode())
            assert whole(name, raw) == whole(name, sample(name)), place.path


@pytest.mark.parametrize("name", JSON_SAMPLES)
def test_hostile_text_is_unreadable_or_harmless(name: str) -> None:
    for place in places(name):
        if isinstance(place.value, str):
            assert_harmless(name, changed(name, put(HOSTILE + place.value), place.path))


def assert_harmless(name: str, raw: bytes) -> None:
    try:
        shown = repr(DECODERS[name](raw))
    except UnreadableReply as error:
        shown = repr(str(error))
    assert not [each for each in ("\\x1b", "\\x07", "\\u202e") if each in shown]


def is_needed(name: str) -> bool:
    """Whether an empty object is no answer: it is a list, or something in it is required."""
    outermost = [place for place in places(name) if len(place.path) == 1]
    return any(isinstance(place.key, int) or (place.is_member and place.is_required) for place in outermost)


GARBAGE = [b"", b"null", b"pong", b"<html>", b"[", b"{}", b"[[]]", b"[{}]", b"\xff\xfe", b"1", b'"x"', b"{" * 2000]


@pytest.mark.parametrize("name", JSON_SAMPLES)
def test_garbage_is_unreadable_and_nothing_else(name: str) -> None:
    for raw in GARBAGE:
        is_readable = raw == b"{}" and not is_needed(name)
        assert (complaint(name, raw) == "") is is_readable, raw[:20]
        if not is_readable:
            with pytest.raises(UnreadableReply):
                DECODERS[name](raw)


JUNK: list[object] = [
    None,
    [],
    {},
    "",
    "0",
    0,
    -1,
    1.5,
    True,
    "NaN",
    "1e-7",
    "x" * 100,
    "\x1b[31m",
    2**64,
    10**400,
    "2025-13-45T99",
]


@settings(max_examples=500)
@given(st.data())
def test_any_one_mutation_is_decoded_or_unreadable_and_never_anything_else(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(JSON_SAMPLES))
    place = data.draw(st.sampled_from(places(name)))
    change = remove if data.draw(st.booleans()) else put(copy.copy(data.draw(st.sampled_from(JUNK))))
    assert_harmless(name, changed(name, change, place.path))
