"""Laws of the chart's scale, slots and candles."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bpx_tui.model.quotes import Candle
from bpx_tui.ui.glyphs import ASCII, UNICODE
from bpx_tui.ui.widgets.chart_candles import candle_cells, volume_cells
from bpx_tui.ui.widgets.chart_geometry import Hole, fit_scale, label_step, make_layout, time_labels, visible_slots
from tests.ui.market_samples import SOL, START_S, candle, walk

TICK = Decimal("0.01")


def prices() -> st.SearchStrategy[Decimal]:
    return st.decimals(min_value=Decimal("0.01"), max_value=Decimal(200_000), places=2)


@given(prices(), prices(), st.integers(1, 60))
def test_a_scale_holds_its_prices_with_labels_on_round_ticks(one: Decimal, other: Decimal, rows: int) -> None:
    low, high = sorted((one, other))
    scale = fit_scale(low, high, rows, TICK, None)
    assert scale.low <= low
    assert high <= scale.high
    assert 0 <= scale.eighth(high) <= scale.eighth(low) <= rows * 8
    assert all(label % scale.step == 0 and scale.low <= label <= scale.high for label in scale.labels())


@given(prices(), prices())
def test_a_scale_stands_still_while_everything_fits(one: Decimal, other: Decimal) -> None:
    low, high = sorted((one, other))
    scale = fit_scale(low, high, 30, TICK, None)
    assert fit_scale(low, high, 30, TICK, scale) is scale


@given(st.decimals(min_value=Decimal("0.01"), max_value=10**6, places=2))
def test_label_steps_are_one_two_or_five(least: Decimal) -> None:
    step = label_step(least, TICK)
    assert step >= least
    assert (step / TICK).normalize().as_tuple().digits in {(1,), (2,), (5,)}


@st.composite
def candles(draw: st.DrawFn) -> Candle:
    low, high = sorted((draw(prices()), draw(prices())))
    inside = st.decimals(min_value=low, max_value=high, places=2)
    return candle(START_S, (str(draw(inside)), str(high), str(low), str(draw(inside))))


@given(candles(), st.sampled_from([1, 3, 5]), st.integers(1, 50), st.sampled_from([UNICODE, ASCII]), st.booleans())
def test_a_candle_is_always_visible_and_inside_its_column(
    one: Candle, width: int, rows: int, glyphs: object, textured: bool
) -> None:
    assert one.low is not None
    assert one.high is not None
    scale = fit_scale(one.low, one.high, rows, TICK, None)
    chosen = ASCII if glyphs is ASCII else UNICODE
    cells = candle_cells(one, scale, width, chosen, textured=textured)
    assert cells
    assert all(0 <= row < rows for row in cells)
    assert all(sum(len(text) for text, _ in pieces) == width for pieces in cells.values())
    wicks = {chosen.wick, chosen.wick_upper, chosen.wick_lower}
    bodies = [text for pieces in cells.values() for text, _ in pieces if text.strip() not in wicks or chosen is ASCII]
    assert bodies, "the body, or the line of a doji, is there"


@given(st.integers(0, 1000), st.integers(1, 1000), st.integers(1, 10))
def test_a_volume_bar_stays_in_its_pane_and_any_trade_shows(volume: int, full: int, rows: int) -> None:
    cells = volume_cells(Decimal(volume), Decimal(full), rows, 3, rising=True, glyphs=UNICODE)
    assert set(cells) <= set(range(rows))
    assert bool(cells) is (volume > 0)


def test_slots_end_at_the_anchor_and_count_a_hole_as_one() -> None:
    series = walk(30)
    broken = (*series[:10], *series[15:])
    slots = visible_slots(broken, series[20].start_s, 10)
    assert slots[-1] is series[20]
    assert [type(slot) for slot in slots].count(Hole) == 1
    assert len(slots) == 10


def test_time_labels_do_not_touch() -> None:
    layout = make_layout(120, 40, 9, 2)
    slots = visible_slots(walk(200), None, layout.slots)
    labels = time_labels(slots, layout)
    assert len(labels) >= 5
    for (x, text), (next_x, _) in pairwise(labels):
        assert x + len(text) < next_x


def test_the_newest_slot_is_next_to_the_axis() -> None:
    layout = make_layout(120, 40, 9, 2)
    count = layout.slots
    assert layout.slot_x(count - 1, count) + layout.pitch == layout.plot_width
    assert layout.slot_at(layout.plot_width - 1, count) == count - 1
    assert SOL.tick_size == TICK
