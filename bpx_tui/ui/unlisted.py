"""A market that the exchange does not list: said as such, where only its consequences would show."""

from __future__ import annotations

from functools import lru_cache

from bpx_tui.model.ids import Symbol
from bpx_tui.model.suggestions import unknown_symbol
from bpx_tui.model.views import Catalog


def why_unlisted(catalog: Catalog | None, symbol: Symbol) -> str:
    """Which markets may have been meant; empty while the list is unknown, or where it holds the market."""
    if catalog is None:
        return ""
    listed = tuple(row.market.symbol for row in catalog.rows)
    return "" if symbol in listed else _suggestion(symbol, listed)


@lru_cache(maxsize=4)
def _suggestion(symbol: Symbol, listed: tuple[Symbol, ...]) -> str:
    return f"{unknown_symbol(symbol, listed)} / finds a market."
