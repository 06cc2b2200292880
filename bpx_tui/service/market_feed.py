"""Everything about the one market on screen: its streams, its parts and their proofs of life."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

from bpx_tui.clock import Clock
from bpx_tui.errors import ExchangeError
from bpx_tui.exchange import stream_names
from bpx_tui.exchange.server_clock import ServerClock
from bpx_tui.model.enums import KlineInterval
from bpx_tui.model.ids import Symbol
from bpx_tui.model.market import Market
from bpx_tui.model.quotes import CandleUpdate, MarkPrice, OpenInterest, Ticker, Trade
from bpx_tui.model.views import MarketFacts, OwnLevel
from bpx_tui.service.ages import Proofs, cached_seconds
from bpx_tui.service.book_feed import BookFeed
from bpx_tui.service.bus import Latest
from bpx_tui.service.candle_feed import CandleFeed
from bpx_tui.service.ports import PublicReads, Streams
from bpx_tui.service.tape_feed import TapeFeed
from bpx_tui.service.topics import facts as facts_topic

log = logging.getLogger(__name__)

FACTS_SECONDS = 600.0
MARK_CACHED_SECONDS = 3
INTEREST_CACHED_SECONDS = 120
"""What a cache has held for longer is not shown: the streams bring a mark every second, open interest every minute."""
RETRY_SECONDS = 5.0


class MarketFeed:
    """Book, tape, candles and facts of one market. `open` subscribes, `close` lets go and forgets its topics."""

    def __init__(
        self,
        symbol: Symbol,
        interval: KlineInterval,
        venue: PublicReads,
        streams: Streams,
        latest: Latest,
        clock: Clock,
        time: ServerClock,
        own_levels: Callable[[Symbol], tuple[OwnLevel, ...]],
    ) -> None:
        self.symbol = symbol
        self.proofs = Proofs(time)
        self._venue = venue
        self._streams = streams
        self._latest = latest
        self._clock = clock
        self._time = time
        self._facts_key = facts_topic(symbol)
        self.book = BookFeed(
            symbol,
            venue,
            latest,
            self.proofs,
            clock,
            own_levels,
            lambda: streams.renew(stream_names.depth(symbol)),
        )
        self.tape = TapeFeed(symbol, venue, latest, self.proofs, clock)
        self.candles = CandleFeed(symbol, interval, venue, latest, self.proofs, clock, time)
        self._facts = MarketFacts(symbol)
        self._known = asyncio.Event()
        self._subscribed: tuple[str, ...] = ()
        latest.put(self._facts_key, self._facts)

    def stream_names(self) -> tuple[str, ...]:
        """All streams of this market. Only perpetuals have a mark price and open interest."""
        symbol, market = self.symbol, self._facts.market
        perpetual = (stream_names.mark_price(symbol), stream_names.open_interest(symbol))
        return (
            stream_names.depth(symbol),
            stream_names.ticker(symbol),
            stream_names.trades(symbol),
            stream_names.book_ticker(symbol),
            self._candle_stream(),
            *(perpetual if market is not None and market.is_perp else ()),
        )

    def _candle_stream(self) -> str:
        return stream_names.kline(self.symbol, self.candles.interval)

    def open(self) -> None:
        """Subscribe to everything that this market is known to have; again, when more is known."""
        before, self._subscribed = self._subscribed, self.stream_names()
        for name in self._subscribed:
            self._streams.want(name)
        for name in before:
            self._streams.release(name)

    def close(self) -> None:
        """Let the streams go and forget what was published."""
        for name in self._subscribed:
            self._streams.release(name)
        self._subscribed = ()
        self._latest.drop(self._facts_key)
        self._latest.drop(self.book.key)
        self._latest.drop(self.tape.key)
        self._latest.drop(self.candles.key)

    def switch_interval(self, interval: KlineInterval) -> None:
        """Show candles of another interval; the rest of the market stays as it is."""
        self._latest.drop(self.candles.key)
        self.candles = CandleFeed(
            self.symbol, interval, self._venue, self._latest, self.proofs, self._clock, self._time
        )
        self.open()

    def reconnected(self, reason: str) -> None:
        """The stream was interrupted: nothing is whole until read again."""
        self.book.reconnected(reason)
        self.tape.reconnected()
        self.candles.reconnected()

    def know_market(self, market: Market) -> None:
        """What the catalogue says of this market."""
        self.book.tick_size = market.tick_size
        self._facts = replace(self._facts, market=market)
        self._known.set()
        if self._subscribed:
            self.open()

    def on_ticker(self, ticker: Ticker) -> None:
        self._facts = replace(self._facts, ticker=ticker)
        self.proofs.beat(ticker.event_time_us)

    def on_mark(self, mark: MarkPrice) -> None:
        self._facts = replace(self._facts, mark=mark)
        self.proofs.beat(mark.engine_time_us)

    def on_open_interest(self, interest: OpenInterest) -> None:
        self._facts = replace(self._facts, open_interest=interest)

    def on_trade(self, trade: Trade) -> None:
        self.tape.on_trade(trade)

    def on_candle(self, update: CandleUpdate) -> None:
        if update.interval is self.candles.interval:
            self.candles.on_candle(update)

    def publish(self) -> None:
        """Publish what changed since the last time."""
        self.book.publish()
        self.tape.publish()
        self.candles.publish()
        last = self.tape.last_trade
        if last is not self._facts.last_trade:
            self._facts = replace(self._facts, last_trade=last)
        if self._latest.value(self._facts_key) is not self._facts:
            self._latest.put(self._facts_key, self._facts)

    async def run_facts(self) -> None:
        """Until cancelled: read what the streams take long to tell, and the last funding now and then."""
        while True:
            try:
                await self._read_facts()
            except ExchangeError as error:
                log.info("facts of %s cannot be read: %s", self.symbol, error)
                await self._clock.sleep(RETRY_SECONDS)
            else:
                await self._clock.sleep(FACTS_SECONDS)

    async def _read_facts(self) -> None:
        if self._facts.ticker is None and (ticker := await self._venue.ticker(self.symbol)) is not None:
            self._facts = replace(self._facts, ticker=ticker)
        await self._known.wait()
        if self._facts.market is None or not self._facts.market.is_perp:
            return
        marks = await self._venue.mark_prices(self.symbol)
        if marks and self._facts.mark is None and cached_seconds(marks) <= MARK_CACHED_SECONDS:
            self._facts = replace(self._facts, mark=marks[0])
        interest = await self._venue.open_interest(self.symbol)
        if interest and self._facts.open_interest is None and cached_seconds(interest) <= INTEREST_CACHED_SECONDS:
            self._facts = replace(self._facts, open_interest=interest[0])
        rates = await self._venue.funding_rates(self.symbol, limit=1)
        if rates:
            self._facts = replace(self._facts, last_funding=rates[0])
