"""One market's candles of one interval: history from REST, then the stream, merged by start."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from bpx_tui.clock import Clock
from bpx_tui.errors import ExchangeError
from bpx_tui.exchange.server_clock import ServerClock
from bpx_tui.model.candles import INTERVAL_SECONDS, CandleSeries
from bpx_tui.model.enums import KlineInterval
from bpx_tui.model.ids import Symbol
from bpx_tui.model.quotes import CandleUpdate
from bpx_tui.model.views import CandleView, FeedState
from bpx_tui.service.ages import Proofs
from bpx_tui.service.bus import Latest
from bpx_tui.service.ports import PublicReads
from bpx_tui.service.topics import candles as candles_topic

CANDLES_PER_READ = 500
PAUSES = (0.0, 3.0, 6.0, 15.0, 60.0)
"""Candle history has a small request budget of its own: 24 reads a minute for everything."""


class CandleFeed:
    """Keeps one `CandleSeries` and publishes it."""

    def __init__(
        self,
        symbol: Symbol,
        interval: KlineInterval,
        venue: PublicReads,
        latest: Latest,
        proofs: Proofs,
        clock: Clock,
        time: ServerClock,
    ) -> None:
        self.symbol = symbol
        self.interval = interval
        self.series = CandleSeries()
        self._venue = venue
        self._latest = latest
        self._proofs = proofs
        self._clock = clock
        self._time = time
        self.key = candles_topic(symbol, interval)
        self._wanted = asyncio.Event()
        self._newest_wanted, self._older_wanted = True, False
        self._wanted.set()
        self._reached_start = False
        self._read = False
        self._changed = True
        self._reason, self._down = "waiting for candles", ""
        self._view = CandleView(symbol, interval, FeedState.WAITING, reason=self._reason)
        latest.put(self.key, self._view)

    def on_candle(self, update: CandleUpdate) -> None:
        """One candle of the stream."""
        if self.series.apply(update.candle):
            self._changed = True
        self._proofs.beat(update.event_time_us)

    def stream_down(self, reason: str) -> None:
        """Nothing moves the open candle until `reconnected`, whatever else of this market is being polled."""
        self._down = reason

    def reconnected(self) -> None:
        """Candles may have been missed: read from the last whole one."""
        self._down, self._newest_wanted = "", True
        self._wanted.set()

    def load_older(self) -> None:
        """Read one more stretch before the oldest candle held."""
        if not self._reached_start and not self.series.is_full:
            self._older_wanted = True
            self._wanted.set()

    async def run(self) -> None:
        """Until cancelled: read what is asked for, at a bounded pace."""
        failures = 0
        while True:
            await self._wanted.wait()
            try:
                if self._newest_wanted:
                    await self._read_newest()
                    self._newest_wanted = False
                if self._older_wanted:
                    await self._read_older()
                    self._older_wanted = False
            except ExchangeError as error:
                failures += 1
                self._reason = f"candles cannot be read: {error}"
            else:
                failures, self._reason = 0, ""
                self._wanted.clear()
            self._changed = True
            await self._clock.sleep(PAUSES[min(failures, len(PAUSES) - 1)])

    async def _read_newest(self) -> None:
        now_s = self._time.now_ms() // 1_000
        start = self.series.last_whole() if self._read else None
        length = INTERVAL_SECONDS[self.interval]
        if start is None or now_s - start > CANDLES_PER_READ * length:
            start = now_s - CANDLES_PER_READ * length
        self.series.merge(await self._venue.klines(self.symbol, self.interval, max(0, start)))
        self._read = True

    async def _read_older(self) -> None:
        oldest = self.series.oldest
        if oldest is None:
            return
        start = max(0, oldest.start_s - CANDLES_PER_READ * INTERVAL_SECONDS[self.interval])
        held = len(self.series)
        self.series.merge(await self._venue.klines(self.symbol, self.interval, start, oldest.start_s))
        self._reached_start = len(self.series) == held or start == 0 or self.series.is_full

    def publish(self) -> None:
        """Build and publish the picture if it changed."""
        if self._read:
            state = FeedState.STALE if self._down or self._proofs.is_stale else FeedState.LIVE
        else:
            state = FeedState.UNAVAILABLE if self._reason.startswith("candles cannot") else FeedState.WAITING
        if not self._changed and state is self._view.state:
            if state is FeedState.LIVE and self._proofs.renews(self._view.true_at_us):
                self._view = replace(self._view, true_at_us=self._proofs.newest_us)
                self._latest.put(self.key, self._view)
            return
        self._changed = False
        self._view = CandleView(
            self.symbol,
            self.interval,
            state,
            candles=self.series.all(),
            true_at_us=self._proofs.newest_us,
            reason=self._reason or self._down,
            reached_start=self._reached_start,
        )
        self._latest.put(self.key, self._view)
