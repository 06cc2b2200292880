"""Foreign text can neither drive the terminal nor grow without bound."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpx_tui.exchange.sanitise import ELLIPSIS, REPLACEMENT, clean

NAMED_BY_THE_RULE = [
    *range(0x20),
    0x7F,
    *range(0x80, 0xA0),
    *range(0x200B, 0x2010),
    *range(0x2028, 0x202F),
    *range(0x2060, 0x206A),
    0xFEFF,
    *range(0xD800, 0xE000, 97),
]


@pytest.mark.parametrize("code", NAMED_BY_THE_RULE, ids=hex)
def test_every_character_that_acts_is_replaced(code: int) -> None:
    assert clean(f"a{chr(code)}b") == f"a{REPLACEMENT}b"


@pytest.mark.parametrize(
    "attack",
    [
        "\x1b]52;c;ZXZpbA==\x07",
        "\x1b]0;owned",
        "\x9b31mred",
        "BTC\u202eCDSU",
        "price\r0.01",
        "two\nlines",
        "z\u200dw\u2066j",
    ],
)
def test_attacks_come_out_inert(attack: str) -> None:
    assert not re.search("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]", clean(attack))


@pytest.mark.parametrize("text", ["", "SOL_USDC", "Order would immediately match and take", "日本語 ½ é [/red]"])
def test_harmless_text_is_left_alone(text: str) -> None:
    assert clean(text) == text


@given(st.text(st.characters(), max_size=400), st.integers(1, 300))
def test_the_result_is_bounded_a_fixed_point_and_free_of_control_characters(text: str, limit: int) -> None:
    cleaned = clean(text, limit)
    assert len(cleaned) <= limit
    assert clean(cleaned, limit) == cleaned
    assert not any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in cleaned)


def test_ten_megabytes_are_cut_and_marked() -> None:
    assert clean("x" * 10_000_000, 200) == "x" * 199 + ELLIPSIS
