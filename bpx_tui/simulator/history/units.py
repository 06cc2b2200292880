"""From whole numbers of ticks and steps to the exact decimals and texts of one market, and back."""

from __future__ import annotations

from decimal import Decimal

from bpx_tui.simulator.domain.markets import Market


def plain(value: Decimal) -> str:
    """Decimal text without an exponent, digits as they are."""
    return format(value, "f")


def shortest(value: Decimal) -> str:
    """Decimal text without trailing zeros: `86700`, `0.5`."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


class Units:
    """Tick and step of one market."""

    def __init__(self, tick: Decimal, step: Decimal) -> None:
        self.tick = tick
        self.step = step
        self._quote = tick * step

    @classmethod
    def of(cls, market: Market) -> Units:
        return cls(market.price.tick_size, market.quantity.step_size)

    def ticks(self, price: Decimal) -> int:
        """Whole ticks, rounded to the nearest."""
        return int((price / self.tick).to_integral_value())

    def steps(self, quantity: Decimal) -> int:
        return int(quantity / self.step)

    def price(self, ticks: int) -> Decimal:
        """Exact price, with the decimals of the tick."""
        return self.tick * ticks

    def quantity(self, steps: int) -> Decimal:
        return self.step * steps

    def quote(self, tick_steps: int) -> Decimal:
        """Quote volume from ticks times steps."""
        return self._quote * tick_steps
