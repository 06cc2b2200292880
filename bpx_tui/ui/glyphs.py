"""The characters that panels are drawn with, by what the terminal can show. Every one of them is one cell wide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace


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


def glyphs_for(environ: Mapping[str, str], *, no_color: bool) -> Glyphs:
    """The set this terminal can show: ASCII on the Linux console and with `BPX_ASCII`, no inverse without colours."""
    if environ.get("TERM") in {"linux", "dumb"} or environ.get("BPX_ASCII"):
        return ASCII
    return replace(UNICODE, inverse=False) if no_color else UNICODE
