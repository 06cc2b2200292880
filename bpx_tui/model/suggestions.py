"""What may have been meant by a symbol that does not exist."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from bpx_tui.model.ids import Symbol


def unknown_symbol(typed: str, known: Iterable[Symbol]) -> str:
    """No such market, with those that may have been meant. Never picks one: spot and perpetual are not the same."""
    if not typed.strip():
        return "Symbol is empty."
    shown = "".join(character if character.isprintable() else "?" for character in typed)[:32]
    meant = _similar(typed, sorted(known, key=lambda symbol: (len(symbol), symbol)))
    if not meant:
        return f"No market {shown}."
    *most, final = meant
    choice = f"{', '.join(most)} or {final}" if most else final
    return f"No market {shown}. Did you mean {choice}?"


def _similar(typed: str, known: list[Symbol]) -> list[Symbol]:
    folded = typed.strip().casefold()
    for separator in "-/ :":
        folded = folded.replace(separator, "_")
    starting = [symbol for symbol in known if symbol.casefold() == folded or symbol.casefold().startswith(f"{folded}_")]
    if starting:
        return starting[:3]
    by_folded = {symbol.casefold(): symbol for symbol in known}
    return [by_folded[name] for name in difflib.get_close_matches(folded, by_folded, n=3, cutoff=0.75)]
