"""The characters that panels are drawn with, by what the terminal can show. Every one of them is one cell wide."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace

from rich.cells import cell_len

from bpx_tui.config.keymap import key_label


@dataclass(frozen=True, slots=True)
class Frame:
    """A panel's border: four corners, top and side edges."""

    top_left: str
    top_right: str
    bottom_left: str
    bottom_right: str
    horizontal: str
    vertical: str


@dataclass(frozen=True, slots=True)
class Glyphs:
    """One set. `eighths` are the partial blocks from 1/8 to 8/8; empty where the terminal has none.

    `inverse` says whether a cell may swap foreground and background to draw the upper part of itself, which gives
    nothing where colours are off. `doji_crossed` is the line of a doji with wicks at both ends, above, below. `solid`
    and `texture` tell the two directions apart without colour.
    """

    calm: Frame
    focused: Frame
    eighths: str
    inverse: bool
    solid: str
    texture: str
    upper_half: str
    upper_edge: str
    doji: str
    doji_crossed: tuple[str, str, str]
    wick: str
    wick_upper: str
    wick_lower: str
    up: str
    down: str
    level: str
    own: str
    big: str
    gap: str
    order_line: str
    position_line: str
    liquidation_line: str
    grid: str
    skeleton: str
    meter_full: str
    meter_empty: str
    ellipsis: str
    dash: str
    cross_vertical: str
    cross_horizontal: str
    sparks: str
    badge_left: str


_EIGHTHS = "▁▂▃▄▅▆▇█"

UNICODE = Glyphs(
    calm=Frame("╭", "╮", "╰", "╯", "─", "│"),
    focused=Frame("┏", "┓", "┗", "┛", "━", "┃"),
    eighths=_EIGHTHS,
    inverse=True,
    solid="█",
    texture="▒",
    upper_half="▀",
    upper_edge="▔",
    doji="━",
    doji_crossed=("┿", "┷", "┯"),
    wick="│",
    wick_upper="╵",
    wick_lower="╷",
    up="▲",
    down="▼",
    level="■",
    own="▸",
    big="◆",
    gap="┆",
    order_line="╌",
    position_line="┄",
    liquidation_line="═",
    grid="·",
    skeleton="·",
    meter_full="▓",
    meter_empty="░",
    ellipsis="…",
    dash="─",
    cross_vertical="┊",
    cross_horizontal="┈",
    sparks=_EIGHTHS,
    badge_left="▐",
)

ASCII = Glyphs(
    calm=Frame("+", "+", "+", "+", "-", "|"),
    focused=Frame("#", "#", "#", "#", "=", "#"),
    eighths="",
    inverse=False,
    solid="#",
    texture="o",
    upper_half="#",
    upper_edge="#",
    doji="-",
    doji_crossed=("+", "+", "+"),
    wick="|",
    wick_upper="|",
    wick_lower="|",
    up="^",
    down="v",
    level="=",
    own=">",
    big="*",
    gap=":",
    order_line="-",
    position_line="-",
    liquidation_line="=",
    grid=".",
    skeleton=".",
    meter_full="#",
    meter_empty=".",
    ellipsis="~",
    dash="-",
    cross_vertical=":",
    cross_horizontal="-",
    sparks="_.-=+*#@",
    badge_left="[",
)


class _AsciiTable(dict[int, str]):
    """For `str.translate`: what is not ASCII becomes ASCII of the same width: its own form, or a letter's base."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        plain = unicodedata.normalize("NFKD", character)[:1]
        fallback = plain if plain.isascii() else "?"
        self[code] = character if code < _ASCII_END else fallback * cell_len(character)
        return self[code]


_ASCII_END = 128
_PAIRS = """
─- ━- │| ┃| ╭+ ╮+ ╰+ ╯+ ┏# ┓# ┗# ┛# ┿+ ┷+ ┯+ ╵| ╷| ╌- ┄- ┈- ┊: ┆: ═= ▁_ ▂_ ▃. ▄- ▅= ▆+ ▇* █# ▀# ▔- ▏| ▐[ ░. ▒o ▓#
·. •* …~ —- –- ▲^ △^ ▼v ▽v ▾v ▸> ▶> ◀< ◆* ■# □_ ○o ●* ✓+ ✗x ≈~ ≤< ≥> ±~ ×x →> ←< ↑^ ↓v ⇧^ ΣS
"""
_ASCII_TEXT = _AsciiTable((ord(pair[0]), pair[1]) for pair in _PAIRS.split())


def to_ascii(text: str) -> str:
    """`text` in ASCII alone, in the same number of cells."""
    return text if text.isascii() else text.translate(_ASCII_TEXT)


def is_ascii_only(environ: Mapping[str, str]) -> bool:
    """Whether the terminal is the Linux console, a dumb one, or said to be no better by `BPX_ASCII`."""
    return environ.get("TERM") in {"linux", "dumb"} or bool(environ.get("BPX_ASCII"))


def glyphs_for(environ: Mapping[str, str], *, no_color: bool) -> Glyphs:
    """The set this terminal can show: ASCII where nothing else is safe, no inverse where there are no colours."""
    if is_ascii_only(environ):
        return ASCII
    return replace(UNICODE, inverse=False) if no_color else UNICODE


def key_text(key: str) -> str:
    """A key as this terminal can write it."""
    return key_label(key, symbols=not is_ascii_only(os.environ))
