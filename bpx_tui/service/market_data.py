"""Public data: the market on screen, marks of held positions, the catalogue, and polling while there is no stream."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from bpx_tui.clock import Clock
from bpx_tui.errors import ExchangeError
from bpx_tui.exchange import stream_names
from bpx_tui.exchange.server_clock import ServerClock
from bpx_tui.model.ids import Symbol, is_symbol
from bpx_tui.model.market import Market
from bpx_tui.model.quotes import BookTicker, CandleUpdate, DepthDelta, MarkPrice, OpenInterest, Ticker, Trade
from bpx_tui.model.situation import MarketNow
from bpx_tui.model.views import Catalog, FeedState, MarketRow, OwnLevel
from bpx_tui.service.ages import cached_seconds
from bpx_tui.service.bus import Latest
from bpx_tui.service.health import Health
from bpx_tui.service.intents import LoadOlderCandles, SetBookGrouping, WatchMarket
from bpx_tui.service.market_feed import MarketFeed
from bpx_tui.service.ports import PublicReads, Streams
from bpx_tui.service.price_board import PriceBoard
from bpx_tui.service.supervisor import Supervisor
from bpx_tui.service.topics import CATALOG

log = logging.getLogger(__name__)

VIEW_SECONDS = 0.04
CHECK_SECONDS = 0.25
COMPARE_SECONDS = 60.0
COMPARE_AGAIN_SECONDS = 1.0
COMPARE_TIMES = 3
MARKETS_SECONDS = 300.0
TICKERS_SECONDS = 10.0
TICKERS_BUDGET_SECONDS = 60.0
CATALOG_RETRY_SECONDS = 3.0
POLL_AFTER_SECONDS = 3.0
POLL_SECONDS = 2.0
POLLED_LEVELS = 100
POLLED_TRADES = 100

PublicUpdate = DepthDelta | BookTicker | Trade | CandleUpdate | Ticker | MarkPrice | OpenInterest


class MarketData:
    """Owns the feed of the watched market. `on_mark` hears of every mark price."""

    def __init__(
        self,
        venue: PublicReads,
        streams: Streams,
        latest: Latest,
        supervisor: Supervisor,
        health: Health,
        clock: Clock,
        time: ServerClock,
        own_levels: Callable[[Symbol], tuple[OwnLevel, ...]],
        on_mark: Callable[[MarkPrice], None],
    ) -> None:
        self._venue = venue
        self._streams = streams
        self._latest = latest
        self._supervisor = supervisor
        self._health = health
        self._clock = clock
        self._time = time
        self._own_levels = own_levels
        self._on_mark = on_mark
        self._feed: MarketFeed | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._candle_task: asyncio.Task[None] | None = None
        self._marked: frozenset[Symbol] = frozenset()
        self._markets: dict[Symbol, Market] = {}
        self._tickers: dict[Symbol, Ticker] = {}
        self._tickers_read_at = float("-inf")
        self._prices = PriceBoard(clock)
        self._hidden = 0

    @property
    def feed(self) -> MarketFeed | None:
        """The market on screen."""
        return self._feed

    def book_state(self, symbol: Symbol) -> FeedState | None:
        """How far the book of a market can be trusted; `None` if it is not watched."""
        return self._feed.book.state if self._feed is not None and self._feed.symbol == symbol else None

    def market_state(self, symbol: Symbol) -> tuple[Market | None, MarketNow]:
        """The rules of a market and its prices now, as far as known: what an order in it is held against."""
        view = self._feed.book.view if self._feed is not None and self._feed.symbol == symbol else None
        trusted = view is not None and view.state is FeedState.LIVE
        return self._markets.get(symbol), MarketNow(
            best_bid=view.best_bid if view is not None and trusted else None,
            best_ask=view.best_ask if view is not None and trusted else None,
            book_is_trusted=trusted,
            mark=self._prices.mark(symbol),
            last=self._prices.last(symbol),
        )

    def watch(self, intent: WatchMarket) -> None:
        """Make this the market on screen."""
        feed = self._feed
        if feed is not None and feed.symbol == intent.symbol:
            if feed.candles.interval is not intent.interval:
                feed.switch_interval(intent.interval)
                self._run_candles(feed)
            return
        self.close()
        feed = self._feed = MarketFeed(
            intent.symbol,
            intent.interval,
            self._venue,
            self._streams,
            self._latest,
            self._clock,
            self._time,
            self._own_levels,
        )
        if (market := self._markets.get(intent.symbol)) is not None:
            feed.know_market(market)
        feed.open()
        for part, work in (("book", feed.book.run), ("tape", feed.tape.run), ("facts", feed.run_facts)):
            self._tasks.append(self._supervisor.spawn(f"{part} of {intent.symbol}", work))
        self._run_candles(feed)

    def close(self) -> None:
        """Let the market on screen go."""
        for task in (*self._tasks, *([self._candle_task] if self._candle_task else [])):
            task.cancel()
        self._tasks, self._candle_task = [], None
        if self._feed is not None:
            self._feed.close()
            self._feed = None

    def group(self, intent: SetBookGrouping) -> None:
        if self._feed is not None and self._feed.symbol == intent.symbol:
            self._feed.book.group(intent.grouping)

    def load_older(self, intent: LoadOlderCandles) -> None:
        feed = self._feed
        if feed is not None and (feed.symbol, feed.candles.interval) == (intent.symbol, intent.interval):
            feed.candles.load_older()

    def want_marks(self, symbols: frozenset[Symbol]) -> None:
        """Follow the mark prices of exactly these markets, beside the one on screen."""
        for symbol in symbols - self._marked:
            self._streams.want(stream_names.mark_price(symbol))
        for symbol in self._marked - symbols:
            self._streams.release(stream_names.mark_price(symbol))
        self._marked = symbols

    def stream_down(self, reason: str) -> None:
        """Nothing arrives any more."""
        if self._feed is not None:
            self._feed.book.stream_down(reason)

    def reconnected(self, reason: str) -> None:
        """Frames may have been lost."""
        if self._feed is not None:
            self._feed.reconnected(reason)

    def take(self, event: PublicUpdate) -> None:
        """One public event; nearly all of them are depth."""
        feed = self._feed
        if isinstance(event, tuple):
            if feed is not None and event[0] == feed.symbol:
                feed.book.on_delta(event)
            return
        if type(event) is MarkPrice:
            self._prices.take_mark(event)
            self._on_mark(event)
        if feed is None or event.symbol != feed.symbol:
            return
        if isinstance(event, Trade):
            feed.on_trade(event)
        elif isinstance(event, BookTicker):
            feed.book.on_touch(event)
        elif isinstance(event, Ticker):
            self._prices.take_tickers((event,))
            feed.on_ticker(event)
        elif isinstance(event, MarkPrice):
            feed.on_mark(event)
        elif isinstance(event, CandleUpdate):
            feed.on_candle(event)
        elif isinstance(event, OpenInterest):
            feed.on_open_interest(event)

    async def run_views(self) -> None:
        """Until cancelled: publish what changed, at most 25 times a second."""
        while True:
            if self._feed is not None:
                self._feed.publish()
            await self._clock.sleep(VIEW_SECONDS)

    async def run_checks(self) -> None:
        """Until cancelled: look for a depth stream that died alone, and compare with REST once a minute."""
        compare_due = self._clock.monotonic() + COMPARE_SECONDS
        while True:
            await self._clock.sleep(CHECK_SECONDS)
            if self._feed is None:
                continue
            self._feed.book.check_touch()
            if self._clock.monotonic() >= compare_due:
                compare_due = self._clock.monotonic() + COMPARE_SECONDS
                await self.compare(self._feed)

    async def compare(self, feed: MarketFeed) -> bool:
        """Whether the book agrees with REST; one that keeps differing in the same levels is thrown away."""
        wrong = None
        for _ in range(COMPARE_TIMES):
            try:
                differences = await feed.book.differences()
            except ExchangeError:
                return True
            wrong = differences if wrong is None else wrong & differences
            if not wrong:
                return True
            await self._clock.sleep(COMPARE_AGAIN_SECONDS)
        if feed is self._feed:
            feed.book.reconnected(f"{len(wrong or ())} of the best levels differed from REST")
        return False

    async def run_catalog(self) -> None:
        """Until cancelled: the list of markets now and then, their 24 h figures more often."""
        markets_due = self._clock.monotonic()
        while True:
            try:
                if self._clock.monotonic() >= markets_due:
                    self._take_markets(await self._venue.markets())
                    markets_due = self._clock.monotonic() + MARKETS_SECONDS
                self._take_tickers(await self._venue.tickers())
            except ExchangeError as error:
                log.info("catalogue cannot be read: %s", error)
                await self._clock.sleep(CATALOG_RETRY_SECONDS if not self._markets else TICKERS_SECONDS)
                continue
            finally:
                self._publish_catalog()
            await self._clock.sleep(TICKERS_SECONDS)

    async def run_polling(self) -> None:
        """Until cancelled: while the socket is down, read the market on screen by REST."""
        while True:
            await self._clock.sleep(POLL_SECONDS)
            if self._feed is not None and self._health.socket_down_for(POLL_AFTER_SECONDS):
                await self._poll(self._feed)

    async def _poll(self, feed: MarketFeed) -> None:
        asked_at, asked_us = self._clock.monotonic(), self._time.now_us()
        try:
            snapshot = await self._venue.depth(feed.symbol, limit=POLLED_LEVELS)
            ticker = await self._venue.ticker(feed.symbol)
            trades = await self._venue.trades(feed.symbol, POLLED_TRADES)
        except ExchangeError as error:
            self._health.rest_failed(str(error))
            return
        self._health.rest_answered((self._clock.monotonic() - asked_at) / 3)
        if feed is not self._feed or not self._health.socket_down_for(0):
            return
        self._health.polled()
        feed.book.load_polled(snapshot, asked_us)
        feed.candles.stream_down("not moved while the stream is down")
        feed.tape.merge_polled(tuple(trades))
        if ticker is not None:
            self._prices.take_tickers((ticker,))
            feed.on_ticker(ticker)

    def _run_candles(self, feed: MarketFeed) -> None:
        if self._candle_task is not None:
            self._candle_task.cancel()
        name = f"{feed.candles.interval} candles of {feed.symbol}"
        self._candle_task = self._supervisor.spawn(name, feed.candles.run)

    def _take_markets(self, markets: Sequence[Market]) -> None:
        shown = [market for market in markets if market.visible]
        self._markets = {market.symbol: market for market in shown if is_symbol(market.symbol)}
        self._hidden = len(shown) - len(self._markets)
        if self._feed is not None and (market := self._markets.get(self._feed.symbol)) is not None:
            self._feed.know_market(market)

    def _take_tickers(self, tickers: Sequence[Ticker]) -> None:
        """Figures that are too old are not shown at all: an empty column is honest."""
        cached = cached_seconds(tickers)
        self._tickers_read_at = self._clock.monotonic() - cached
        self._prices.take_tickers(tickers, cached)
        self._tickers = {ticker.symbol: ticker for ticker in tickers}

    def _publish_catalog(self) -> None:
        if self._clock.monotonic() - self._tickers_read_at > TICKERS_BUDGET_SECONDS:
            self._tickers = {}
        if self._markets:
            rows = tuple(MarketRow(market, self._tickers.get(symbol)) for symbol, market in self._markets.items())
            self._latest.put(CATALOG, Catalog(rows, self._hidden))
