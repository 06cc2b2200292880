"""What the screen sees of a market while frames are lost, streams fall silent and REST lags."""

from __future__ import annotations

from decimal import Decimal

from bpx_tui.errors import Unavailable
from bpx_tui.model.enums import KlineInterval, Side
from bpx_tui.model.ids import Symbol
from bpx_tui.model.quotes import BookTicker, CandleUpdate, MarkPrice
from bpx_tui.model.views import FeedState, FeedWord, TapeGap
from bpx_tui.service import topics
from bpx_tui.service.intents import LoadOlderCandles, Mode, SetBookGrouping, WatchMarket, next_input_id
from tests.fakes import values
from tests.service.desk_parts import Bench


def beat(bench: Bench) -> None:
    """One second's sign of life of the market."""
    bench.session.take(values.ticker(time_us=bench.time.now_us()))


async def test_the_book_is_seeded_moved_and_grouped() -> None:
    async with Bench().running() as bench:
        await bench.live_book()
        bench.delta(103, 103, [["99.995", "1"]])
        await bench.clock.advance(0.1)
        assert (bench.book().best_bid, bench.book().best_ask) == (Decimal("99.995"), Decimal("100.01"))
        assert [row.cumulative for row in bench.book().bids] == [1, 6, 12]
        intent = SetBookGrouping(next_input_id(), 0, Mode.DEMO, symbol=values.SOL, grouping=Decimal(1))
        bench.bus.commands.submit(intent)
        await bench.clock.advance(0.1)
        assert [(row.price, row.quantity) for row in bench.book().bids] == [(Decimal(99), Decimal(12))]
        assert [(row.price, row.quantity) for row in bench.book().asks] == [(Decimal(101), Decimal(11))]


async def test_a_gap_is_marked_before_the_next_paint_and_only_this_book_is_read_again() -> None:
    async with Bench().running() as bench:
        await bench.live_book()
        reads = bench.venue.count("depth")
        bench.delta(104, 104)
        assert bench.book().state is FeedState.RESYNCING
        assert "104" in bench.book().reason
        assert bench.book().bids, "the last rows stay on screen, marked"
        bench.venue.book_id = 104
        await bench.clock.advance(1)
        assert bench.book().state is FeedState.LIVE
        assert bench.venue.count("depth") - reads <= 2
        assert bench.venue.count("markets") == 1


async def test_a_snapshot_read_before_the_stream_spoke_is_read_again_at_its_first_delta() -> None:
    async with Bench().running() as bench:
        reads = bench.venue.count("depth")
        bench.venue.book_id = 102
        bench.delta(102, 102)  # 101 came between the snapshot and the subscription
        await bench.clock.advance(0.1)
        assert bench.book().state is FeedState.LIVE
        assert bench.venue.count("depth") - reads == 1


async def test_a_snapshot_that_lags_the_first_delta_is_read_once_more_at_the_end_of_the_same_pause() -> None:
    async with Bench().running() as bench:
        reads = bench.venue.count("depth")
        bench.delta(105, 105)
        await bench.clock.advance(0.1)
        bench.delta(106, 106)
        await bench.clock.advance(0.1)
        assert (bench.book().state, bench.venue.count("depth") - reads) == (FeedState.WAITING, 1)
        bench.venue.book_id = 106
        await bench.clock.advance(0.3)
        assert (bench.book().state, bench.venue.count("depth") - reads) == (FeedState.LIVE, 2)


async def test_reseeding_is_paced_when_no_snapshot_fits() -> None:
    async with Bench().running() as bench:
        await bench.live_book()
        reads = bench.venue.count("depth")
        for number in range(60):
            bench.delta(200 + number, 200 + number)
            await bench.clock.advance(1)
        assert bench.book().state is FeedState.UNAVAILABLE
        assert "did not fit" in bench.book().reason
        assert 5 <= bench.venue.count("depth") - reads <= 14
        assert "depth.SOL_USDC" in bench.socket.renewed
        bench.venue.book_id = 259
        await bench.clock.advance(8.1)
        assert bench.book().state is not FeedState.UNAVAILABLE, "tried on, and found"


async def test_figures_that_a_cache_held_too_long_are_not_shown() -> None:
    bench = Bench()
    bench.venue.cached_seconds = 3_000
    async with bench.running():
        watch = WatchMarket(next_input_id(), 0, Mode.DEMO, symbol=values.SOL_PERP, interval=KlineInterval.M1)
        assert bench.bus.commands.submit(watch)
        await bench.clock.advance(15)
        facts, catalog = bench.bus.latest.value(topics.facts(values.SOL_PERP)), bench.bus.latest.value(topics.CATALOG)
        assert facts is not None
        assert catalog is not None
        assert facts.mark is None
        assert [row.ticker for row in catalog.rows] == [None, None]
        bench.venue.cached_seconds = 0
        await bench.clock.advance(10)
        catalog = bench.bus.latest.value(topics.CATALOG)
        assert catalog is not None
        assert all(row.ticker for row in catalog.rows)


async def test_candles_do_not_look_alive_while_only_book_and_trades_are_polled() -> None:
    async with Bench().running() as bench:
        await bench.live_book()
        bench.lose_socket()
        await bench.clock.advance(6)
        candles = bench.bus.latest.value(topics.candles(values.SOL, KlineInterval.M1))
        assert candles is not None
        assert (bench.book().state, candles.state) == (FeedState.LIVE, FeedState.STALE)
        bench.open_socket(session=2)
        await bench.clock.advance(0.1)
        beat(bench)
        await bench.clock.advance(0.1)
        candles = bench.bus.latest.value(topics.candles(values.SOL, KlineInterval.M1))
        assert candles is not None
        assert candles.state is FeedState.LIVE


async def test_silence_is_stale_within_a_second_of_the_budget_and_beats_are_life() -> None:
    async with Bench().running() as bench:
        await bench.live_book()
        for _ in range(5):
            await bench.clock.advance(1)
            beat(bench)
            await bench.clock.advance(0.1)
        assert bench.book().state is FeedState.LIVE
        await bench.clock.advance(2.8)
        assert bench.book().state is FeedState.LIVE
        await bench.clock.advance(0.5)
        assert bench.book().state is FeedState.STALE
        assert bench.health().word is FeedWord.STALE
        beat(bench)
        await bench.clock.advance(0.5)
        assert bench.book().state is FeedState.LIVE
        assert bench.health().word is FeedWord.STREAMING


async def test_the_age_is_the_exchanges_not_ours() -> None:
    bench = Bench()
    bench.venue.offset_ms = 5_000
    async with bench.running():
        await bench.live_book()
        true_at = bench.book().true_at_us
        now = bench.bus.exchange_now_us(bench.clock.monotonic())
        assert true_at is not None
        assert now is not None
        assert 0 <= now - true_at <= 200_000
        assert bench.health().clock_offset_ms == 5_000


async def test_a_depth_stream_that_dies_alone_is_noticed_by_the_best_prices() -> None:
    async with Bench().running() as bench:
        await bench.live_book()
        await bench.clock.advance(2)
        moved = BookTicker(values.SOL, Decimal("99.5"), Decimal(1), Decimal("100.5"), Decimal(1), bench.time.now_us())
        bench.session.take(moved)
        await bench.clock.advance(0.3)
        assert bench.book().state is FeedState.RESYNCING
        assert bench.socket.renewed == ["depth.SOL_USDC"]


async def test_a_book_that_silently_differs_from_rest_is_thrown_away() -> None:
    async with Bench().running() as bench:
        await bench.live_book()
        bench.venue.bids["99.99"] = "4"
        for number in range(70):
            await bench.clock.advance(1)
            bench.venue.book_id = 103 + number
            bench.delta(103 + number, 103 + number)
        await bench.clock.advance(1)
        assert bench.book().bids[0].quantity == 4
        assert bench.book().resyncs >= 1


async def test_without_a_socket_rest_is_polled_and_said_so() -> None:
    async with Bench().running() as bench:
        await bench.live_book()
        bench.lose_socket("reset by peer")
        assert bench.book().state is FeedState.RESYNCING
        bench.venue.bids["99.99"] = "8"
        await bench.clock.advance(6)
        assert (bench.health().word, bench.book().state) == (FeedWord.POLLING, FeedState.LIVE)
        assert "reset by peer" in bench.health().reason
        assert bench.book().bids[0].quantity == 8
        bench.open_socket(session=2)
        assert bench.book().state is FeedState.RESYNCING


async def test_without_any_network_it_says_why_and_names_the_demo() -> None:
    bench = Bench(with_key=False)
    for call in ("measure_clock", "depth", "ticker", "trades", "klines", "markets", "status"):
        bench.venue.always[call] = Unavailable("cannot resolve api.backpack.exchange")
    async with bench.running(connected=False):
        bench.lose_socket("cannot resolve ws.backpack.exchange")
        await bench.clock.advance(8)
        assert bench.health().word is FeedWord.OFFLINE
        assert "cannot resolve" in bench.health().reason
        assert "bpx-tui demo" in bench.health().reason
        assert bench.health().retry_at is not None


async def test_missed_trades_are_read_and_what_stays_missing_is_a_gap() -> None:
    bench = Bench()
    bench.venue.trade_rows = [values.trade(number) for number in (1, 2, 3)]
    async with bench.running():
        bench.session.take(values.trade(6))
        await bench.clock.advance(0.1)
        view = bench.bus.latest.value(topics.tape(values.SOL))
        assert view is not None
        assert any(isinstance(entry, TapeGap) for entry in view.entries)
        bench.venue.trade_rows += [values.trade(number) for number in (4, 5, 6)]
        await bench.clock.advance(3)
        view = bench.bus.latest.value(topics.tape(values.SOL))
        assert view is not None
        assert [getattr(entry, "trade_id", "gap") for entry in view.entries] == [6, 5, 4, 3, 2, 1]


async def test_candles_come_from_rest_then_stream_and_older_on_demand() -> None:
    bench = Bench()
    start = bench.clock.wall_ms() // 60_000 * 60
    bench.venue.candle_rows = [values.candle(start - 60 * number) for number in range(900, 0, -1)]
    async with bench.running():
        key = topics.candles(values.SOL, KlineInterval.M1)
        open_one = values.candle(start, closed=False)
        bench.session.take(CandleUpdate(values.SOL, KlineInterval.M1, open_one, bench.time.now_us()))
        await bench.clock.advance(0.1)
        view = bench.bus.latest.value(key)
        assert view is not None
        held = len(view.candles)
        assert (view.candles[-1], held >= 500) == (open_one, True)
        for reached_start in (False, True):
            older = LoadOlderCandles(next_input_id(), 0, Mode.DEMO, symbol=values.SOL, interval=KlineInterval.M1)
            bench.bus.commands.submit(older)
            await bench.clock.advance(5)
            view = bench.bus.latest.value(key)
            assert view is not None
            assert (len(view.candles), view.reached_start) == (901, reached_start)


async def test_switching_market_lets_the_old_one_go() -> None:
    async with Bench().running() as bench:
        bench.bus.commands.submit(
            WatchMarket(next_input_id(), 0, Mode.DEMO, symbol=values.SOL_PERP, interval=KlineInterval.M5)
        )
        await bench.clock.advance(0.2)
        public = {name for name in bench.socket.wanted if not name.startswith("account.")}
        assert public == {
            f"{kind}.SOL_USDC_PERP"
            for kind in ("depth", "trade", "bookTicker", "ticker", "kline.5m", "markPrice", "openInterest")
        }
        assert bench.bus.latest.value(topics.book(values.SOL)) is None
        assert bench.bus.latest.value(topics.book(values.SOL_PERP)) is not None


async def test_own_orders_are_marked_in_the_book() -> None:
    async with Bench().running() as bench:
        await bench.live_book()
        await bench.outcome(bench.press(values.request(Side.BID, "2", "99.99")))
        assert [row.own for row in bench.book().bids] == [2, 0]


async def test_the_catalogue_hides_what_is_no_plain_symbol() -> None:
    bench = Bench()
    bench.venue.market_rows.append(values.market(Symbol("SОL_USDC")))
    async with bench.running():
        catalog = bench.bus.latest.value(topics.CATALOG)
        assert catalog is not None
        assert (len(catalog.rows), catalog.hidden) == (2, 1)


async def test_marks_of_held_positions_move_their_profit() -> None:
    bench = Bench()
    bench.venue.position_rows = [values.position("2", mark="100")]
    async with bench.running():
        assert bench.socket.wanted["markPrice.SOL_USDC_PERP"] == 1
        bench.session.take(MarkPrice(values.SOL_PERP, Decimal(103), None, None, None, bench.time.now_us()))
        await bench.clock.advance(0.1)
        (position,) = bench.account().positions or ()
        assert (position.mark_price, position.pnl_unrealized) == (Decimal(103), Decimal(26))


async def test_a_quiet_market_that_beats_keeps_its_trades_young() -> None:
    bench = Bench()
    bench.venue.trade_rows = [values.trade(1)]
    async with bench.running():
        for _ in range(6):
            bench.session.take(values.ticker(time_us=bench.time.now_us()))
            await bench.clock.advance(1)
        view = bench.bus.latest.value(topics.tape(values.SOL))
        assert view is not None
        assert view.true_at_us is not None
        assert bench.time.now_us() - view.true_at_us < 2_000_000
