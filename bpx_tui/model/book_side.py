"""One side of an order book, kept as the exchange's own texts until somebody reads it.

Thousands of changes a second arrive and a few dozen levels are painted, so a change costs one dictionary entry:
quantity text by price text. Only a price not seen before is parsed, to find its place; quantities become Decimals when
they are read. A quantity of zero stays as a grave in its place, because the price usually comes back; graves are
cleared when a read has to step over too many of them.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from itertools import compress, islice

from bpx_tui.model.enums import Side

Level = tuple[Decimal, Decimal]
"""Price in quote per base, and base quantity."""

PRICE_DECIMALS = 18
MAX_GRAVES = 32
FEW = 12
"""Levels looked at beyond those wanted, because some will be graves; so many beyond the touch are cleared."""
NO_PAIR = "a level is not a pair of texts"

MAX_QUANTITY_DIGITS = 64

_exact = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN).create_decimal
"""As exact as `Decimal` itself, and an eighth quicker."""

_PRICE = re.compile(r"([0-9]{1,20})(?:\.([0-9]{1,18})0*)?", re.ASCII)


class UnreadableLevel(ValueError):
    """A level that is not a pair of plain decimal texts. The side it was meant for can no longer be trusted."""


class BookSide:
    """Bids or asks by price. Two spellings of one price are one level; the newest change wins.

    Attributes:
        quantities: quantity by price, both as told. Whoever writes into it calls `settle` with what was written.
    """

    __slots__ = ("_max_levels", "_order", "_prices", "_texts", "_unit", "quantities")

    def __init__(self, side: Side, max_levels: int) -> None:
        self._max_levels = max_levels
        self._unit = -1 if side is Side.BID else 1
        self.quantities: dict[str, str] = {}
        self._order: list[int] = []
        """Prices in units of 10**-18, those of bids negative: the best comes first on both sides.

        Integers compare several times faster than Decimals.
        """
        self._texts: list[str] = []
        self._prices: list[Decimal] = []
        """The same prices as told and as numbers, place by place."""

    def replace(self, levels: Sequence[Sequence[str]]) -> None:
        """Forget everything and start from these levels, in any order.

        Raises:
            UnreadableLevel: one of them cannot be read; the side is then empty or incomplete.
        """
        self.quantities.clear()
        self._order.clear()
        self._texts.clear()
        self._prices.clear()
        self.change(levels)

    def change(self, levels: Sequence[Sequence[str]]) -> None:
        """Set absolute quantities by price; zero removes, also where there was nothing.

        Raises:
            UnreadableLevel: a level is no pair, or a new price is no price; the side must be replaced.
        """
        quantities = self.quantities
        try:
            for price, quantity in levels:
                quantities[price] = quantity
        except (TypeError, ValueError):
            raise UnreadableLevel(NO_PAIR) from None
        self.settle(levels)

    def settle(self, levels: Sequence[Sequence[str]]) -> None:
        """Give prices seen for the first time their place, after these levels were written into `quantities`.

        Raises:
            UnreadableLevel: a new price is no price; the side must be replaced.
        """
        order, quantities = self._order, self.quantities
        respelled: dict[int, str] = {}
        for text in list(islice(reversed(quantities), len(quantities) - len(order))):
            key = _price_key(text) * self._unit
            place = bisect_left(order, key)
            if place == len(order) or order[place] != key:
                order.insert(place, key)
                self._texts.insert(place, text)
                self._prices.insert(place, Decimal(text))
            else:
                del quantities[self._texts[place]]
                self._texts[place], self._prices[place] = text, Decimal(text)
                respelled[key] = text
        if respelled:
            for price, quantity in levels:
                known = respelled.get(_price_key(price) * self._unit)
                if known is not None:
                    quantities[known] = quantity
        if len(order) > self._max_levels + self._max_levels // 4:
            self._prune()

    def levels(self, count: int | None = None) -> list[Level]:
        """At most `count` levels, best first. Clears graves beyond the touch, and many between the levels.

        Raises:
            UnreadableLevel: one of the quantities met cannot be read.
        """
        wanted = self._max_levels if count is None else min(count, self._max_levels)
        levels: list[Level] = []
        met: list[Decimal] = []
        try:
            while len(levels) < wanted and len(met) < len(self._order):
                first, last = len(met), len(met) + wanted - len(levels) + FEW
                texts = [*map(self.quantities.__getitem__, self._texts[first:last])]
                quantities = [*map(_exact, texts)]
                _require_plain(texts)
                rows = zip(self._prices[first:last], quantities, strict=True)
                levels += compress(rows, quantities)  # without the graves: zero is false
                met += quantities
        except (ArithmeticError, TypeError, ValueError):
            raise UnreadableLevel("a quantity is not a plain decimal number") from None
        graves = len(met) - len(levels)
        if graves > MAX_GRAVES or (graves > FEW and not met[0]):
            self._clear_graves(met)
        del levels[wanted:]
        return levels

    def _prune(self) -> None:
        """Clear all graves, then the levels farthest from the touch beyond the limit."""
        told: list[object] = [self.quantities[text] for text in self._texts]
        self._forget([place for place, quantity in enumerate(told) if isinstance(quantity, str) and _is_zero(quantity)])
        self._forget(range(self._max_levels, len(self._order)))

    def _clear_graves(self, quantities: list[Decimal]) -> None:
        """Clear the zeros among the best levels' quantities: all if they are many, else those beyond the touch."""
        graves = [place for place, quantity in enumerate(quantities) if not quantity]
        beyond_touch = next((place for place, quantity in enumerate(quantities) if quantity), len(quantities))
        if len(graves) > MAX_GRAVES:
            self._forget(graves)
        elif beyond_touch > FEW:
            self._forget(range(beyond_touch))

    def _forget(self, places: Sequence[int]) -> None:
        """Remove what is there, prices and quantities; `places` ascend."""
        for place in reversed(places):
            del self.quantities[self._texts[place]]
            del self._order[place], self._texts[place], self._prices[place]


def _is_zero(quantity: str) -> bool:
    return not quantity.strip("0.")


def _price_key(text: object) -> int:
    match = _PRICE.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise UnreadableLevel("a price is not a plain decimal number")
    whole, fraction = match.groups("")
    key = int(whole + fraction.ljust(PRICE_DECIMALS, "0"))
    if not key:
        raise UnreadableLevel("a price is zero")
    return key


def _require_plain(texts: list[str]) -> None:
    """Decimal reads more than the exchange writes (exponents, NaN, other scripts' digits); all texts in one look."""
    joined = "".join(texts).encode()
    if joined.translate(None, b"0123456789.") or len(joined) > MAX_QUANTITY_DIGITS * len(texts):
        raise ValueError("not plain digits")
