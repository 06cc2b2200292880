"""One market's public trades: the stream, with what it missed read from REST, and gaps shown where they stay."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from bpx_tui.clock import Clock
from bpx_tui.errors import ExchangeError
from bpx_tui.model.ids import Symbol
from bpx_tui.model.quotes import Trade
from bpx_tui.model.tape import Tape
from bpx_tui.model.views import FeedState, TapeView
from bpx_tui.service.ages import Proofs
from bpx_tui.service.bus import Latest
from bpx_tui.service.ports import PublicReads
from bpx_tui.service.topics import tape as tape_topic

ROWS = 200
TRADES_AT_START = 200
TRADES_FOR_GAP = 1_000
PAUSES = (1.0, 2.0, 5.0, 15.0, 60.0)


class TapeFeed:
    """Keeps one `Tape` and publishes it."""

    def __init__(self, symbol: Symbol, venue: PublicReads, latest: Latest, proofs: Proofs, clock: Clock) -> None:
        self.symbol = symbol
        self.tape = Tape()
        self._venue = venue
        self._latest = latest
        self._proofs = proofs
        self._clock = clock
        self.key = tape_topic(symbol)
        self._wanted = asyncio.Event()
        self._wanted.set()
        self._started = False
        self._changed = True
        self._reason = "waiting for trades"
        self._view = TapeView(symbol, FeedState.WAITING, reason=self._reason)
        latest.put(self.key, self._view)

    @property
    def last_trade(self) -> Trade | None:
        return self.tape.newest

    def on_trade(self, trade: Trade) -> None:
        """One trade of the stream."""
        gaps = len(self.tape.missing)
        if self.tape.add(trade):
            self._changed = True
        if len(self.tape.missing) > gaps:
            self._wanted.set()
        self._proofs.beat(trade.time_us)

    def merge_polled(self, trades: tuple[Trade, ...]) -> None:
        """Trades read while there is no stream."""
        if self.tape.merge(trades):
            self._changed = True

    def reconnected(self) -> None:
        """Trades may have been missed: read them."""
        self._wanted.set()

    async def run(self) -> None:
        """Until cancelled: read the newest trades at the start, and what is missing after every gap."""
        failures = 0
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            try:
                limit = TRADES_FOR_GAP if self._started else TRADES_AT_START
                self.tape.merge(await self._venue.trades(self.symbol, limit))
            except ExchangeError as error:
                self._reason = f"earlier trades cannot be read: {error}"
                self._wanted.set()
                failures += 1
            else:
                self._started, self._reason, failures = True, "", 0
            self._changed = True
            await self._clock.sleep(PAUSES[min(failures, len(PAUSES) - 1)])

    def publish(self) -> None:
        """Build and publish the picture if it changed."""
        state = FeedState.WAITING
        if self._started or len(self.tape):
            state = FeedState.STALE if self._proofs.is_stale else FeedState.LIVE
        if not self._changed and state is self._view.state:
            if state is FeedState.LIVE and self._proofs.renews(self._view.true_at_us):
                self._view = replace(self._view, true_at_us=self._proofs.newest_us)
                self._latest.put(self.key, self._view)
            return
        self._changed = False
        self._view = TapeView(
            self.symbol,
            state,
            entries=self.tape.entries(ROWS),
            bid_share=self.tape.bid_share(ROWS),
            true_at_us=self._proofs.newest_us,
            reason=self._reason,
        )
        self._latest.put(self.key, self._view)
