"""A series as a line of blocks."""

from __future__ import annotations

from decimal import Decimal

from bpx_tui.ui.widgets.sparkline import sparkline


def series(*values: int) -> list[Decimal]:
    return [Decimal(value) for value in values]


def test_lowest_and_highest_are_the_ends_of_the_scale() -> None:
    assert sparkline(series(1, 2, 3, 8), 4) == "▁▂▃█"


def test_only_the_newest_values_are_shown() -> None:
    assert sparkline(series(100, 1, 8), 2) == "▁█"


def test_a_flat_series_lies_in_the_middle_and_none_is_nothing() -> None:
    assert sparkline(series(5, 5, 5), 6) == "▄▄▄"
    assert sparkline([], 6) == ""
    assert sparkline(series(1, 2), 0) == ""
