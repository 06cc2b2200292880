"""One side of an order book, kept as the exchange's own texts until somebody reads it.

Thousands of changes a second arrive and a few dozen levels are painted, so a change costs one dictionary entry:
quantity text by price text. Only a price not seen before is parsed, to find its place; quantities become Decimals when
they are read. A quantity of zero stays as a grave in its place, because the price usually comes back; graves are
cleared when a read has to step over too many of them.
"""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from itertools import islice

from bpx_tui.model.enums import Side

Level = tuple[Decimal, Decimal]
"""Price in quote per base, and base quantity."""

PRICE_DECIMALS = 18
MAX_GRAVES = 32
FEW = 8
"""Levels looked at beyond those wanted, because some will be graves."""

MAX_QUANTITY_DIGITS = 64

_PRICE = re.compile(r"([0-9]{1,20})(?:\.([0-9]{1,18})0*)?", re.ASCII)


class UnreadableLevel(ValueError):
    """A level that is not a pair of plain decimal texts. The side it was meant for can no longer be trusted."""


class BookSide:
    """Bids or asks by price. Two spellings of one price are one level; the newest change wins."""

    __slots__ = ("_best_is_highest", "_max_levels", "_order", "_quantities", "_spellings")

    def __init__(self, side: Side, max_levels: int) -> None:
        self._best_is_highest = side is Side.BID
        self._max_levels = max_levels
        self._quantities: dict[str, str] = {}
        self._spellings: dict[int, str] = {}
        self._order: list[int] = []
        """Prices in units of 10**-18, ascending: integers hash and compare several times faster than Decimals."""

    def replace(self, levels: Sequence[Sequence[str]]) -> None:
        """Forget everything and start from these levels, in any order.

        Raises:
            UnreadableLevel: one of them cannot be read; the side is then empty or incomplete.
        """
        self._quantities.clear()
        self._spellings.clear()
        self._order.clear()
        self.change(levels)

    def change(self, levels: Sequence[Sequence[str]]) -> None:
        """Set absolute quantities by price; zero removes, also where there was nothing.

        Raises:
            UnreadableLevel: a level is no pair, or a new price is no price; the side must be replaced.
        """
        quantities = self._quantities
        before = len(quantities)
        try:
            quantities.update(levels)  # type: ignore[arg-type]  # pairs as lists, which is how JSON has them
        except (TypeError, ValueError):
            raise UnreadableLevel("a level is not a pair of texts") from None
        if len(quantities) != before:
            self._place(list(islice(reversed(quantities), len(quantities) - before)), levels)

    def levels(self, count: int | None = None) -> list[Level]:
        """At most `count` levels, best first. Clears graves beyond the touch, and many between the levels.

        Raises:
            UnreadableLevel: one of the quantities met cannot be read.
        """
        wanted = self._max_levels if count is None else min(count, self._max_levels)
        quantities, spellings = self._quantities, self._spellings
        levels: list[Level] = []
        texts: list[str] = []
        graves: list[int] = []
        beyond_touch = 0
        nearest = reversed(self._order) if self._best_is_highest else iter(self._order)
        try:
            while len(levels) < wanted and (keys := list(islice(nearest, wanted - len(levels) + FEW))):
                prices = [spellings[key] for key in keys]
                found = [quantities[price] for price in prices]
                texts += found
                for key, price, quantity in zip(keys, prices, map(Decimal, found), strict=True):
                    if quantity:
                        levels.append((_price(price), quantity))
                    else:
                        graves.append(key)
                        beyond_touch += not levels
            _require_plain(texts)
        except (ArithmeticError, TypeError, ValueError):
            raise UnreadableLevel("a quantity is not a plain decimal number") from None
        if beyond_touch > FEW or len(graves) > MAX_GRAVES:
            self._forget(graves if len(graves) > MAX_GRAVES else graves[:beyond_touch])
        del levels[wanted:]
        return levels

    def _place(self, texts: list[str], levels: Sequence[Sequence[str]]) -> None:
        """Give prices seen for the first time their place; `levels` is the change that brought them."""
        respelled = {}
        for text in texts:
            key = _price_key(text)
            known = self._spellings.get(key)
            if known is None:
                insort(self._order, key)
            else:
                del self._quantities[known]
                respelled[key] = text
            self._spellings[key] = text
        if respelled:
            for price, quantity in levels:
                text = respelled.get(_price_key(price), "")
                if text:
                    self._quantities[text] = quantity
        if len(self._order) > self._max_levels + self._max_levels // 4:
            self._prune()

    def _prune(self) -> None:
        """Clear all graves, then the levels farthest from the touch beyond the limit."""
        quantities, spellings = self._quantities, self._spellings
        self._forget([key for key in self._order if not quantities[spellings[key]].strip("0.")])
        excess = len(self._order) - self._max_levels
        if excess > 0:
            self._forget(self._order[:excess] if self._best_is_highest else self._order[-excess:])

    def _forget(self, keys: list[int]) -> None:
        if not keys:
            return
        gone = set(keys)
        for key in gone:
            del self._quantities[self._spellings.pop(key)]
        first, last = bisect_left(self._order, min(gone)), bisect_left(self._order, max(gone)) + 1
        self._order[first:last] = [key for key in self._order[first:last] if key not in gone]


def _price_key(text: object) -> int:
    match = _PRICE.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise UnreadableLevel("a price is not a plain decimal number")
    whole, fraction = match.groups("")
    key = int(whole + fraction.ljust(PRICE_DECIMALS, "0"))
    if not key:
        raise UnreadableLevel("a price is zero")
    return key


@lru_cache(maxsize=4_096)
def _price(text: str) -> Decimal:
    return Decimal(text)


def _require_plain(texts: list[str]) -> None:
    """Decimal reads more than the exchange writes (exponents, NaN, other scripts' digits); all texts in one look."""
    joined = "".join(texts)
    digits = joined.replace(".", "")
    if texts and not (digits.isascii() and digits.isdecimal() and len(joined) <= MAX_QUANTITY_DIGITS * len(texts)):
        raise ValueError("not plain digits")
