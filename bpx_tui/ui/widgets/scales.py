"""Scales that stay still, and decimals where the market's rules are not known yet."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

_SCALE_STEPS = (Decimal(1), Decimal("1.5"), Decimal(2), Decimal(3), Decimal(5), Decimal("7.5"), Decimal(10))


class StickyScale:
    """A round number above the largest in view that moves only when it has to, so that bars do not breathe."""

    def __init__(self) -> None:
        self._full = Decimal(0)

    def reset(self) -> None:
        self._full = Decimal(0)

    def adapt(self, largest: Decimal) -> Decimal:
        """Take in the largest quantity in view; the scale, 0 while there is none."""
        if largest > self._full or largest * 3 < self._full:
            self._full = round_scale(largest)
        return self._full


def round_scale(largest: Decimal) -> Decimal:
    """The least of 1, 1.5, 2, 3, 5, 7.5 times a power of ten that is not below `largest`."""
    if largest <= 0:
        return Decimal(0)
    unit = Decimal(1).scaleb(largest.adjusted())
    return next(step * unit for step in _SCALE_STEPS if step * unit >= largest)


def decimals_in(values: Iterable[Decimal]) -> int:
    """The most decimals any of the values has: what is shown until the market's rules are known."""
    exponents = (value.as_tuple().exponent for value in values)
    return max((-exponent for exponent in exponents if isinstance(exponent, int)), default=0)
