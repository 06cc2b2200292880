"""Rows of whole numbers in memory that is taken once: what an exchange remembers of its markets does not grow."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence

LARGEST = 2**63 - 1
"""Larger numbers are kept as this one: the quote volume of 90 billion USDC in one candle of the cheapest coin."""
_MOVED_AT_ONCE = 60


class Columns:
    """The newest `kept` rows of `width` whole numbers each, counted from the oldest. Takes all its memory at once."""

    __slots__ = ("_columns", "_end", "kept")

    def __init__(self, width: int, kept: int) -> None:
        self.kept = kept
        self._columns = tuple(array("q", bytes(8 * (kept + _MOVED_AT_ONCE))) for _ in range(width))
        self._end = 0

    def __len__(self) -> int:
        return min(self._end, self.kept)

    @property
    def width(self) -> int:
        return len(self._columns)

    @property
    def _first(self) -> int:
        return max(0, self._end - self.kept)

    def append(self, row: Sequence[int]) -> None:
        """Add a row after all others; beyond `kept` the oldest is forgotten."""
        if self._end == self.kept + _MOVED_AT_ONCE:
            self._move_to_front()
        for column, number in zip(self._columns, row, strict=True):
            column[self._end] = number if number <= LARGEST else LARGEST
        self._end += 1

    def _move_to_front(self) -> None:
        for column in self._columns:
            column[: self.kept] = column[_MOVED_AT_ONCE:]
        self._end = self.kept

    def clear(self) -> None:
        self._end = 0

    def row(self, index: int) -> tuple[int, ...]:
        """One row."""
        at = self._first + index
        return tuple([column[at] for column in self._columns])

    def rows(self, first: int, last: int) -> Iterator[tuple[int, ...]]:
        """Rows from `first` to just before `last`."""
        return zip(*[self.column(number, first, last) for number in range(self.width)], strict=True)

    def column(self, number: int, first: int, last: int) -> array[int]:
        """One column of these rows."""
        return self._columns[number][self._first + first : self._first + last]

    def find(self, number: int) -> int:
        """Index of the first row whose first number is at least this; for rows that ascend by it."""
        return bisect_left(self._columns[0], number, self._first, self._end) - self._first
