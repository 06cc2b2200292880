"""The newest mark and last price of every market that was heard of, for checks and not for the screen."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from bpx_tui.clock import Clock
from bpx_tui.model.ids import Symbol
from bpx_tui.model.quotes import MarkPrice, Ticker

BUDGET_SECONDS = 60.0
"""Good enough to tell a slip of the hand from a price; an older one counts as none."""


class PriceBoard:
    """Prices with the local monotonic second at which they were true at the latest."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._marks: dict[Symbol, tuple[Decimal, float]] = {}
        self._lasts: dict[Symbol, tuple[Decimal, float]] = {}

    def take_mark(self, mark: MarkPrice) -> None:
        self._marks[mark.symbol] = mark.mark, self._clock.monotonic()

    def take_tickers(self, tickers: Iterable[Ticker], age_seconds: float = 0.0) -> None:
        """Last prices that are that old already."""
        at = self._clock.monotonic() - age_seconds
        for ticker in tickers:
            if at >= self._lasts.get(ticker.symbol, (None, at))[1]:
                self._lasts[ticker.symbol] = ticker.last, at

    def mark(self, symbol: Symbol) -> Decimal | None:
        return self._fresh(self._marks.get(symbol))

    def last(self, symbol: Symbol) -> Decimal | None:
        return self._fresh(self._lasts.get(symbol))

    def _fresh(self, known: tuple[Decimal, float] | None) -> Decimal | None:
        if known is None or self._clock.monotonic() - known[1] > BUDGET_SECONDS:
            return None
        return known[0]
