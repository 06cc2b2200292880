"""Candles merged by start: the later picture wins, nothing is invented."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from bpx_tui.model.candles import INTERVAL_SECONDS, CandleSeries, merged
from bpx_tui.model.enums import KlineInterval
from bpx_tui.model.quotes import Candle
from tests.fakes.values import candle


def test_every_interval_has_a_length() -> None:
    assert set(INTERVAL_SECONDS) == set(KlineInterval)


def test_history_and_stream_meet_by_start() -> None:
    series = CandleSeries()
    series.merge([candle(120, closed=False), candle(0), candle(60)])
    assert series.apply(candle(120, "101", trades=2, closed=False))
    assert [each.start_s for each in series.all()] == [0, 60, 120]
    assert series.all()[-1].close == Decimal(101)


def test_a_closed_candle_is_not_opened_again() -> None:
    series = CandleSeries()
    series.apply(candle(0, "100", trades=5))
    assert not series.apply(candle(0, "99", trades=9, closed=False))
    assert series.all()[0].close == Decimal(100)


def test_a_missing_bucket_stays_missing() -> None:
    series = CandleSeries()
    series.merge([candle(0), candle(180)])
    assert [each.start_s for each in series.all()] == [0, 180]


def test_quote_volume_is_kept_only_while_it_fits() -> None:
    told = replace(candle(0, trades=1, volume="1"), quote_volume=Decimal(100))
    assert merged(told, candle(0, trades=1, volume="1")).quote_volume == Decimal(100)
    assert merged(told, candle(0, trades=2, volume="2")).quote_volume is None


def test_reading_again_starts_at_the_last_closed_candle() -> None:
    series = CandleSeries()
    assert series.last_whole() is None
    series.merge([candle(0), candle(60), candle(120, closed=False)])
    assert series.last_whole() == 60
    assert [each.start_s for each in series.since(60)] == [60, 120]


def test_the_oldest_leave_first() -> None:
    series = CandleSeries(capacity=3)
    series.merge(candle(start * 60) for start in range(5))
    assert [each.start_s for each in series.all()] == [120, 180, 240]
    assert series.is_full
    oldest, newest = series.oldest, series.newest
    assert oldest is not None
    assert newest is not None
    assert (oldest.start_s, newest.start_s) == (120, 240)


candles = st.builds(
    candle,
    st.sampled_from([0, 60]),
    st.sampled_from(["99", "100", None]),
    trades=st.integers(0, 3),
    volume=st.sampled_from(["0", "1", "2"]),
    closed=st.booleans(),
)


@given(st.lists(candles, min_size=1, max_size=6), st.data())
def test_the_order_of_arrival_does_not_matter(pictures: list[Candle], data: st.DataObject) -> None:
    one, other = CandleSeries(), CandleSeries()
    one.merge(pictures)
    other.merge(data.draw(st.permutations(pictures + pictures)))
    assert one.all() == other.all()


@given(st.lists(candles.map(lambda each: replace(each, start_s=0)), min_size=1, max_size=4), st.data())
def test_merging_is_idempotent(pictures: list[Candle], data: st.DataObject) -> None:
    whole = reduce(merged, pictures)
    assert merged(whole, data.draw(st.sampled_from(pictures))) == whole
