"""Where things stand in the chart: sizes of its parts, which candles are visible, prices to rows, ticks of both axes.

Rows are counted from the top in eighths of a cell. Positions are floats (they end on a pixel grid anyway); every price
that is printed stays Decimal.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from bpx_tui.model.quotes import Candle
from bpx_tui.ui.formatting import axis_time, fixed

ZOOMS: tuple[tuple[int, int], ...] = ((1, 0), (1, 1), (3, 1), (5, 1))
"""Candle width and gap in cells, from far to near."""

_VERY_WIDE_PLOT = 150


def default_zoom(plot_width: int) -> int:
    """Index into `ZOOMS` that shows some 20 to 75 candles in a plot of that width."""
    return 2 if plot_width >= _VERY_WIDE_PLOT else 1


@dataclass(frozen=True, slots=True)
class Hole:
    """Buckets that the exchange did not deliver, between two that it did; takes one slot, however many they are."""

    from_s: int
    to_s: int


Slot = Candle | Hole


@dataclass(frozen=True, slots=True)
class Layout:
    """Sizes in cells: the price plot, the volume pane below it, the price axis at the right, one row of time."""

    width: int
    height: int
    axis_width: int
    price_height: int
    volume_height: int
    candle_width: int
    gap: int

    @property
    def plot_width(self) -> int:
        return self.width - self.axis_width

    @property
    def pitch(self) -> int:
        return self.candle_width + self.gap

    @property
    def slots(self) -> int:
        """How many candles fit."""
        return max(1, self.plot_width // self.pitch)

    def slot_x(self, index: int, count: int) -> int:
        """First column of slot `index` of `count` visible ones; the newest is next to the axis."""
        return self.plot_width - (count - index) * self.pitch

    def slot_at(self, x: int, count: int) -> int:
        """The visible slot under a column, clamped to those there are."""
        return max(0, min(count - 1, count - 1 - (self.plot_width - 1 - x) // self.pitch))


def make_layout(width: int, height: int, axis_width: int, zoom: int) -> Layout:
    """Sizes for a body of `width` by `height`; the volume pane goes first when rows are few."""
    volume = max(2, height // 6) if height >= 10 else 0
    time_axis = 1 if height >= 4 else 0
    candle, gap = ZOOMS[zoom]
    return Layout(width, height, axis_width, max(1, height - volume - time_axis), volume, candle, gap)


def visible_slots(candles: Sequence[Candle], last_start_s: int | None, count: int) -> tuple[Slot, ...]:
    """The `count` newest slots up to the candle that starts at `last_start_s` (or the newest), holes included."""
    end = len(candles)
    if last_start_s is not None:
        end = bisect_right(candles, last_start_s, key=lambda candle: candle.start_s)
    slots: list[Slot] = []
    at = end - 1
    while at >= 0 and len(slots) < count:
        candle = candles[at]
        slots.append(candle)
        if at and candles[at - 1].end_s < candle.start_s and len(slots) < count:
            slots.append(Hole(candles[at - 1].end_s, candle.start_s))
        at -= 1
    slots.reverse()
    return tuple(slots)


@dataclass(frozen=True, slots=True)
class PriceScale:
    """Prices `low` to `high` over `rows` rows of eight steps each. `step` is the distance of axis labels."""

    low: Decimal
    high: Decimal
    rows: int
    step: Decimal

    def eighth(self, price: Decimal) -> float:
        """Eighths from the top, clamped to the plot."""
        share = float((self.high - price) / (self.high - self.low))
        return max(0.0, min(1.0, share)) * self.rows * 8

    def row(self, price: Decimal) -> int | None:
        """The row of a price, `None` outside the plot."""
        if not self.low <= price <= self.high:
            return None
        return min(self.rows - 1, round(self.eighth(price)) // 8)

    def price_at(self, row: int) -> Decimal:
        """The price in the middle of a row."""
        share = (Decimal(row) + Decimal("0.5")) / self.rows
        return self.high - (self.high - self.low) * share

    def labels(self) -> list[Decimal]:
        """Multiples of `step` inside the plot, highest first."""
        first = self.high // self.step * self.step
        count = int((first - self.low) / self.step) + 1
        return [price for price in (first - self.step * i for i in range(count)) if self.low <= price <= self.high]


_ROWS_PER_LABEL = 5
_LEAST_TICKS = 4


def fit_scale(low: Decimal, high: Decimal, rows: int, tick: Decimal, before: PriceScale | None) -> PriceScale:
    """A scale that holds `low` to `high`.

    The scale of `before` stays as long as everything fits and fills at least half of it: a chart must not breathe with
    every tick. A new one ends on fifths of its label step, which is 1, 2 or 5 times a power of ten of ticks.
    """
    if before is not None and before.rows == rows and before.low <= low and high <= before.high:
        used = high - low
        if used * 2 >= before.high - before.low or used <= tick * _LEAST_TICKS:
            return before
    span = max(high - low, tick * _LEAST_TICKS)
    step = label_step(span * _ROWS_PER_LABEL / rows, tick)
    grain = step / 5
    new_low = (low - span / 40) // grain * grain
    new_high = ((high + span / 40) // grain + 1) * grain
    return PriceScale(max(new_low, Decimal(0)), new_high, rows, step)


def label_step(least: Decimal, tick: Decimal) -> Decimal:
    """The smallest of 1, 2, 5 times a power of ten ticks that is not below `least`."""
    ticks = max(least / tick, Decimal(1))
    unit = Decimal(1).scaleb(ticks.adjusted())
    return tick * next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= ticks)


def price_range(slots: Sequence[Slot]) -> tuple[Decimal, Decimal] | None:
    """Lowest and highest price of the visible candles, `None` when nothing traded in them."""
    lows = [slot.low for slot in slots if isinstance(slot, Candle) and slot.low is not None]
    highs = [slot.high for slot in slots if isinstance(slot, Candle) and slot.high is not None]
    return (min(lows), max(highs)) if lows and highs else None


def axis_width_for(low: Decimal, high: Decimal, decimals: int) -> int:
    """Cells of the price axis: the longest label with a space at both ends."""
    return max(len(fixed(low, decimals)), len(fixed(high, decimals))) + 2


_TIME_STEPS = (
    *(1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 14_400, 21_600, 28_800, 43_200),
    *(86_400 * days for days in (1, 2, 3, 7, 14, 28, 56, 112, 364, 728)),
)
_LEAST_TIME_CELLS = 9


def time_labels(slots: Sequence[Slot], layout: Layout) -> list[tuple[int, str]]:
    """Column and text of the time axis' ticks, left to right, not touching each other."""
    candles = [slot for slot in slots if isinstance(slot, Candle)]
    if not candles:
        return []
    bucket = max(1, candles[-1].end_s - candles[-1].start_s)
    least = bucket * _LEAST_TIME_CELLS / layout.pitch
    step = next((step for step in _TIME_STEPS if step >= least), _TIME_STEPS[-1])
    labels: list[tuple[int, str]] = []
    free_from = 0
    for index, slot in enumerate(slots):
        if not isinstance(slot, Candle) or slot.start_s % step >= bucket:
            continue
        text = axis_time(slot.start_s - slot.start_s % step if bucket < 86_400 else slot.start_s, step)
        x = layout.slot_x(index, len(slots)) + layout.candle_width // 2 - len(text) // 2
        if free_from <= x and x + len(text) <= layout.plot_width:
            labels.append((x, text))
            free_from = x + len(text) + 2
    return labels
