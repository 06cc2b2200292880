"""The recorded REST answers, and short ways to decode them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bpx_tui.exchange.wire_rest import decode_one, decode_rows

SAMPLES = Path(__file__).parents[1] / "data" / "backpack" / "samples" / "rest"

Decoder = Callable[[bytes], Any]


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def rows(build: Callable[[Any], Any]) -> Decoder:
    """A decoder of a list of what `build` makes."""
    return lambda raw: decode_rows(raw, build)


def one(build: Callable[[Any], Any]) -> Decoder:
    return lambda raw: decode_one(raw, build)
