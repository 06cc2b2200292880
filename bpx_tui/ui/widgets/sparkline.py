"""A series of prices as one line of blocks."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from bpx_tui.ui.glyphs import UNICODE, Glyphs


def sparkline(values: Sequence[Decimal], width: int, glyphs: Glyphs = UNICODE) -> str:
    """The newest `width` values between their own lowest and highest; a flat series lies in the middle."""
    shown = values[-width:] if width > 0 else ()
    if not shown:
        return ""
    low, high = min(shown), max(shown)
    steps = len(glyphs.sparks) - 1
    if low == high:
        return glyphs.sparks[steps // 2] * len(shown)
    return "".join(glyphs.sparks[round((value - low) * steps / (high - low))] for value in shown)
