"""Memory of the exchange: candles, tape, statistics, and the seeded past they begin with."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpx_tui.model.enums import KlineInterval
from bpx_tui.simulator.flow.profile import Profile
from bpx_tui.simulator.history.buckets import bucket_end, bucket_start
from bpx_tui.simulator.history.candles import BASES, Candle, CandleBook, rolled_up
from bpx_tui.simulator.history.seeded import CommonFactor, Past, PastMaker
from bpx_tui.simulator.history.units import Units, plain, shortest
from tests.simulator.desk import START_US, Client, make_exchange, run

NOW_S = START_US // 1_000_000
PROFILE = Profile(0.04, 0.8, 50, 25, 300, 8000, 0.7)
INTERVALS = list(KlineInterval)


def past(seed: int = 1, *, ceiling: int | None = None) -> Past:
    maker = PastMaker(
        CommonFactor(str(seed)), CommonFactor(f"{seed}/SOL"), Random(seed), PROFILE, anchor=17_850, lot=160
    )
    return maker.draw(NOW_S * 1000, ceiling=ceiling)


@given(st.sampled_from(INTERVALS), st.integers(0, 4_000_000_000))
def test_every_moment_is_in_exactly_one_bucket(interval: KlineInterval, time_s: int) -> None:
    start_s = bucket_start(interval, time_s)
    end_s = bucket_end(interval, start_s)
    assert start_s <= time_s < end_s
    assert bucket_start(interval, end_s) == end_s
    assert bucket_start(interval, end_s - 1) == start_s


def test_weeks_begin_on_monday_and_months_on_the_first() -> None:
    moment = int(datetime(2026, 5, 20, 13, tzinfo=UTC).timestamp())
    week = datetime.fromtimestamp(bucket_start(KlineInterval.W1, moment), UTC)
    month = datetime.fromtimestamp(bucket_start(KlineInterval.MONTH1, moment), UTC)
    assert (week.isoweekday(), week.hour) == (1, 0)
    assert (month.day, month.month, month.hour) == (1, 5, 0)


TRADES = st.lists(st.tuples(st.integers(0, 200_000), st.integers(1, 10**6), st.integers(1, 10**6)), min_size=1)


@given(TRADES, st.sampled_from(INTERVALS))
def test_candles_of_every_interval_hold_the_same_trades(
    trades: list[tuple[int, int, int]], interval: KlineInterval
) -> None:
    book, origin = CandleBook(), 1_700_000_000
    ordered = sorted(trades, key=lambda trade: trade[0])[-3000:]
    if interval is KlineInterval.S1:
        ordered = [trade for trade in ordered if trade[0] > ordered[-1][0] - 3000]
    for offset, price, quantity in ordered:
        book.record(origin + offset, price, quantity)
    last_s = origin + ordered[-1][0]
    first_s = bucket_start(interval, origin + ordered[0][0])
    rows = book.rows(interval, first_s, last_s + 1, last_s)
    full = [row for row in rows if row.trades]
    assert sum(row.trades for row in full) == len(ordered)
    assert sum(row.volume for row in full) == sum(quantity for _, _, quantity in ordered)
    assert sum(row.quote_volume for row in full) == sum(price * quantity for _, price, quantity in ordered)
    assert (full[0].open, full[-1].close) == (ordered[0][1], ordered[-1][1])
    assert max(row.high for row in full) == max(price for _, price, _ in ordered)
    assert min(row.low for row in full) == min(price for _, price, _ in ordered)
    starts = [row.start_s for row in rows]
    assert starts == sorted(set(starts))


def test_gaps_come_as_empty_candles() -> None:
    book = CandleBook()
    book.record(60, 10, 1)
    book.record(300, 12, 1)
    rows = book.rows(KlineInterval.M1, 60, 301, 300)
    assert [row.trades for row in rows] == [1, 0, 0, 0, 1]


def test_the_past_is_prepended_without_losing_what_was_recorded() -> None:
    book = CandleBook()
    book.record(NOW_S, 18_000, 5)
    before = past().series[KlineInterval.M1][-1]
    book.prepend(past().series)
    last = book.newest(KlineInterval.M1)
    assert last is not None
    assert last.trades == before.trades + 1
    assert last.close == 18_000
    assert last.open == before.open


@pytest.mark.parametrize("seed", range(5))
def test_the_seeded_past_is_a_plausible_day(seed: int) -> None:
    drawn = past(seed)
    minutes = drawn.series[KlineInterval.M1]
    assert len(minutes) >= 1440
    assert minutes[-1].close == 17_850
    for candle in minutes:
        assert candle.low <= min(candle.open, candle.close) <= max(candle.open, candle.close) <= candle.high
        assert candle.volume >= candle.trades >= 1
        assert candle.low >= 1
    assert all(after.open == before.close for before, after in pairwise(minutes))
    day = max(c.high for c in minutes) / min(c.low for c in minutes)
    assert 1.01 < day < 1.5
    for base in BASES:
        starts = [candle.start_s for candle in drawn.series[base]]
        assert starts == sorted(set(starts))
        assert all(start % {"1s": 1, "1m": 60, "1h": 3600, "1d": 86400}[base] == 0 for start in starts)


@pytest.mark.parametrize("seed", range(1, 41))
def test_no_seed_has_lost_its_mind(seed: int) -> None:
    lively = CommonFactor(str(seed)).liveliness
    assert sum(one * one for one in lively) / len(lively) <= 4.0001
    assert 0.05 < min(lively) < 1 < max(lively) < 8


def test_coarse_candles_of_the_past_agree_with_fine_ones() -> None:
    drawn = past()
    hours = {row.start_s: row for row in drawn.series[KlineInterval.H1]}
    for row in rolled_up(KlineInterval.H1, drawn.series[KlineInterval.M1]):
        assert hours[row.start_s] == row


def test_trades_of_the_past_make_its_newest_candles() -> None:
    drawn = past()
    assert len(drawn.trades) >= 1000
    newest = drawn.series[KlineInterval.M1][-2]
    inside = [t for t in drawn.trades if newest.start_s <= t.time_ms // 1000 < newest.start_s + 60]
    assert len(inside) == newest.trades
    assert sum(t.quantity for t in inside) == newest.volume
    assert [t.time_ms for t in drawn.trades] == sorted((t.time_ms for t in drawn.trades), reverse=True)
    assert all(newest.low <= t.price <= newest.high for t in inside)


def test_a_ceiling_is_kept() -> None:
    assert max(c.high for c in past(ceiling=17_900).series[KlineInterval.M1]) <= 17_900


def test_markets_of_one_asset_moved_together() -> None:
    exchange, _ = make_exchange(flow=False)
    client = Client(exchange)

    def closes(symbol: str) -> list[float]:
        rows = client.public("/api/v1/klines", symbol=symbol, interval="1h", startTime=NOW_S - 80_000).rows()
        return [float(str(row["close"])) for row in rows]

    spot, perp = closes("SOL_USDC"), closes("SOL_USDC_PERP")
    assert all(abs(one / other - 1) < 0.002 for one, other in zip(spot, perp, strict=True))


def test_klines_live_on_from_the_past_and_agree_with_the_ticker() -> None:
    exchange, clock = make_exchange()
    client = Client(exchange)
    run(exchange, clock, 90)
    rows = client.public("/api/v1/klines", symbol="SOL_USDC", interval="1m", startTime=NOW_S - 86_400).rows()
    assert len(rows) >= 1440
    starts = [str(row["start"]) for row in rows]
    assert starts == sorted(set(starts))
    ticker = client.public("/api/v1/ticker", symbol="SOL_USDC").object()
    assert rows[-1]["close"] == shortest(Decimal(str(ticker["lastPrice"])))
    newest = client.public("/api/v1/trades", symbol="SOL_USDC", limit=1).rows()[0]
    assert newest["price"] == ticker["lastPrice"]
    volume = sum(Decimal(str(row["volume"])) for row in rows)
    assert abs(volume / Decimal(str(ticker["volume"])) - 1) < Decimal("0.01")


def test_the_tape_is_numbered_without_a_gap_from_the_past_on() -> None:
    exchange, clock = make_exchange()
    client = Client(exchange)
    run(exchange, clock, 20)
    first = client.public("/api/v1/trades", symbol="BTC_USDC", limit=1000).rows()
    later = client.public("/api/v1/trades/history", symbol="BTC_USDC", limit=50, offset=990).rows()
    numbers = [int(str(row["id"])) for row in first]
    assert numbers == list(range(numbers[0], numbers[0] - 1000, -1))
    assert int(str(later[0]["id"])) == numbers[0] - 990
    times = [int(str(row["timestamp"])) for row in first]
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize(
    ("value", "short"), [("86700.0", "86700"), ("0.50", "0.5"), ("100", "100"), ("0.00", "0"), ("1E-8", "0.00000001")]
)
def test_numbers_are_written_plainly(value: str, short: str) -> None:
    assert shortest(Decimal(value)) == short
    assert "E" not in plain(Decimal(value))


@given(st.integers(0, 10**12), st.sampled_from(["0.01", "0.00000001", "0.1", "5"]))
def test_ticks_and_prices_are_the_same_thing(ticks: int, tick: str) -> None:
    units = Units(Decimal(tick), Decimal("0.001"))
    assert units.ticks(units.price(ticks)) == ticks


def test_an_empty_candle_takes_the_prices_of_what_comes() -> None:
    whole = Candle(0, 0, 0, 0, 0, filled=False)
    whole.add(Candle(1, 5, 9, 4, 6, 2, 12, 1))
    assert (whole.open, whole.high, whole.low, whole.close, whole.trades) == (5, 9, 4, 6, 1)
