"""Mutations of every sample: nothing raises, nothing unsafe comes through, nothing becomes a different number."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Iterator
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bpx_tui.exchange.sanitise import clean
from bpx_tui.exchange.wire_stream import StreamError, Undecodable, Unrecognised, decode_frame, decode_named
from bpx_tui.model.book import OrderBook

SAMPLES = Path(__file__).parent.parent / "data" / "backpack" / "samples" / "ws"
FRAMES = [path.read_text() for path in sorted(SAMPLES.glob("*.json"))]

HOSTILE: list[Any] = [
    None, [], {}, "", 0, True, -1, 1.5, 1e-7, 2**64, -(2**70), 1e308, 10**400,
    "1e-7", "NaN", "-1", "0.000", "１", "9" * 400, "Infinity", "0." + "0" * 40 + "1", "1_000", " 1 ", "0x10",
    "\x1b]52;c;eA==\x07", "\x9b2J", "\u202eUSDC", "SOL\u200d_USDC", "[/red]", "[@click=app.quit]x", "\x00",
    "x" * 100_000,
    "2025-13-45T99:99:99", "0001-01-01T00:00:00", "9999-12-31T23:59:59", "2025-08-06T22:00:00+99:99",
    [["1", "2", "3"]], [["1"]], [[1, 2]], [[1.5, "2"]], [["1", "2"], ["1", 2.5]], [[None, None]], ["12"], [{}],
]  # fmt: skip
values = st.sampled_from(HOSTILE) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A sample with some of its fields, on either level, replaced, removed or added."""
    frame: dict[str, Any] = json.loads(draw(st.sampled_from(FRAMES)))
    for _ in range(draw(st.integers(1, 4))):
        inner = frame.get("data")
        target = inner if isinstance(inner, dict) and draw(st.booleans()) else frame
        key = draw(st.sampled_from([*sorted(target), "e", "s", "stream", "error", "new"]))
        if draw(st.booleans()):
            target[key] = copy.deepcopy(draw(values))  # a later round may change what is in it
        else:
            target.pop(key, None)
    return json.dumps(frame)


def texts(value: object) -> Iterator[str]:
    """Every text in a decoded event that could reach the screen; a delta's levels are read by the book alone."""
    if isinstance(value, tuple):
        yield value[0]
    elif isinstance(value, str):
        yield value
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from texts(getattr(value, field.name))


def numbers(value: object) -> Iterator[object]:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from numbers(getattr(value, field.name))
    elif not isinstance(value, str | Enum | bool | None | tuple):
        yield value


@settings(max_examples=600, deadline=None)
@given(mutated())
@example('{"stream":"ticker.SOL_USDC\\ud800","data":{}}')
@example('{"stream":"account.orderUpdate","data":{"e":"\\ud800"}}')
def test_mutations_never_raise_and_nothing_unsafe_comes_through(text: str) -> None:
    name, event = decode_named(text)
    for said in (name, *texts(event)):
        assert clean(said, 200) == said
    for number in numbers(event):
        assert isinstance(number, int | Decimal)
        assert not isinstance(number, Decimal) or (number.is_finite() and abs(number.adjusted()) <= 40)


@settings(max_examples=300, deadline=None)
@given(mutated())
def test_no_mutation_of_a_depth_frame_crashes_the_book(text: str) -> None:
    event = decode_frame(text)
    if isinstance(event, tuple):
        book = OrderBook(event[0])
        book.apply(event)
        book.top(10)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(FRAMES), st.integers(0, 400), st.integers(0, 400), st.binary(max_size=4))
def test_cut_and_torn_bytes_never_raise(text: str, start: int, end: int, noise: bytes) -> None:
    raw = text.encode()
    decode_frame(raw[:start] + noise + raw[end:])


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200, alphabet=st.characters(exclude_categories=())))
def test_noise_is_undecodable(raw: bytes | str) -> None:
    assert isinstance(decode_frame(raw), Undecodable | Unrecognised | StreamError)
