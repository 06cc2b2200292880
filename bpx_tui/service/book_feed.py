"""One market's book: stream in, REST snapshot when the sequence is lost, picture out.

The book itself decides what a delta or a snapshot does (`model.book`); here are the fetching, its pace, the proofs and
what is published. Only this market is ever re-seeded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from bpx_tui.clock import Clock
from bpx_tui.errors import ExchangeError
from bpx_tui.model.book import Applied, OrderBook, Seeded
from bpx_tui.model.enums import Side
from bpx_tui.model.ids import Symbol
from bpx_tui.model.quotes import BookTicker, DepthDelta, DepthSnapshot
from bpx_tui.model.views import BookView, FeedState, OwnLevel
from bpx_tui.service.ages import Proofs
from bpx_tui.service.book_view import book_rows, own_by_row
from bpx_tui.service.bus import Latest
from bpx_tui.service.ports import PublicReads
from bpx_tui.service.topics import book as book_topic

SEED_PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)
CALM_SECONDS = 10.0
"""A book that stayed whole for this long starts its pauses from the shortest again."""
SEEDS_BEFORE_RESUBSCRIBING = 4
MOST_SEEDS = 5
"""After so many snapshots in vain the book is called unavailable; it is still tried, at the longest pause."""
TOUCH_PATIENCE_US = 1_500_000
COMPARED_LEVELS = 20

_APPLIED = Applied.APPLIED
"""By its own name: reading a member off its enum for every delta takes longer than comparing it."""


class BookFeed:
    """Keeps one `OrderBook` whole and publishes it. `renew_stream` subscribes to the depth stream anew."""

    def __init__(
        self,
        symbol: Symbol,
        venue: PublicReads,
        latest: Latest,
        proofs: Proofs,
        clock: Clock,
        own_levels: Callable[[Symbol], tuple[OwnLevel, ...]],
        renew_stream: Callable[[], None],
    ) -> None:
        self.symbol = symbol
        self.book = OrderBook(symbol)
        self.grouping: Decimal | None = None
        self.tick_size: Decimal | None = None
        self._venue = venue
        self._latest = latest
        self._proofs = proofs
        self._clock = clock
        self._own_levels = own_levels
        self._renew_stream = renew_stream
        self.key = book_topic(symbol)
        self._waited_since: float | None = clock.monotonic()
        self._wanted = asyncio.Event()
        self._wanted.set()
        self._live_since = float("-inf")
        self._failures = self._in_vain = 0
        self._silence: asyncio.Task[None] | None = None
        """Ended by the first delta of a stream whose book was read before it said anything."""
        self._polled = False
        self._touch: BookTicker | None = None
        self._painted: tuple[object, ...] = ()
        self._trouble = ""
        self._view = BookView(symbol, FeedState.WAITING, reason="waiting for the book", waited_since=self._waited_since)
        self._shown = self._view
        latest.put(self.key, self._view)

    @property
    def state(self) -> FeedState:
        """How far the published picture can be trusted."""
        return self._view.state

    @property
    def view(self) -> BookView:
        return self._view

    def group(self, grouping: Decimal | None) -> None:
        """Collect prices in buckets of that size; `None`, or not more than the tick size, shows every price."""
        if grouping is not None and (grouping <= 0 or (self.tick_size is not None and grouping <= self.tick_size)):
            grouping = None
        self.grouping = grouping

    def on_delta(self, delta: DepthDelta) -> None:
        """The hot path: a delta in arrival order."""
        applied = self.book.apply(delta)
        if applied is not _APPLIED:
            self._not_applied(applied)
        self._proofs.beat(delta[-1])

    def _not_applied(self, applied: Applied) -> None:
        if applied is Applied.GAP:
            self._lost()
        elif applied is Applied.BUFFERED and self._silence is not None:
            self._silence.cancel()

    def on_touch(self, ticker: BookTicker) -> None:
        """The best prices by their own stream: a second opinion on a depth stream that has gone silent."""
        self._touch = ticker
        self._proofs.beat(ticker.engine_time_us)

    def reconnected(self, reason: str) -> None:
        """Deltas may have been missed: start over from a snapshot."""
        self.book.reset(reason)
        self._touch, self._trouble, self._in_vain = None, "", 0
        self._lost()

    def stream_down(self, reason: str) -> None:
        """Without a stream a snapshot cannot be kept whole: mark the book and wait for `reconnected`."""
        self.book.reset(reason)
        self._touch = None
        self._lost()
        self._wanted.clear()

    def load_polled(self, snapshot: DepthSnapshot, at_us: int) -> None:
        """Show a snapshot read while there is no stream; it is true for when it was asked for."""
        self.book.reset("polled while the stream is down")
        self.book.load(snapshot)
        if self.book.load(snapshot) is Seeded.LIVE:
            self._polled = True
            self._proofs.beat(at_us)

    async def run(self) -> None:
        """Until cancelled: seed whenever the book asks for it, at a bounded pace."""
        while True:
            await self._wanted.wait()
            if not self.book.needs_snapshot and not self._polled:
                self._wanted.clear()
                continue
            await self._seed()

    async def _seed(self) -> None:
        """Read a snapshot, and pause if it does not make the book whole.

        One that was read before the stream said anything is read again after the first delta: that one is the first
        that can be known to be new enough (PROTOCOL 3.8).
        """
        seeded = await self._read_snapshot()
        if seeded is Seeded.LIVE:
            return
        paused_until = self._clock.monotonic() + SEED_PAUSES[min(self._failures, len(SEED_PAUSES) - 1)]
        self._failures += 1
        self._in_vain += 1
        if seeded is Seeded.UNPROVEN and await self._first_delta(paused_until):
            seeded = await self._read_snapshot()
            if seeded is Seeded.LIVE:
                return
        await self._clock.sleep(paused_until - self._clock.monotonic())
        if seeded is not None and self._failures % SEEDS_BEFORE_RESUBSCRIBING == 0 and self.book.needs_snapshot:
            self.book.reset("no snapshot fits the stream: subscribing again")
            self._renew_stream()

    async def _read_snapshot(self) -> Seeded | None:
        """What became of the newest snapshot: `LIVE` also where it is no longer wanted, `None` where there is none."""
        try:
            snapshot = await self._venue.depth(self.symbol)
        except ExchangeError as error:
            self._trouble = f"no snapshot: {error}"
            return None
        self._trouble = ""
        if not self._wanted.is_set():
            return Seeded.LIVE
        seeded = self.book.load(snapshot)
        if seeded is Seeded.LIVE:
            self._polled, self._in_vain = False, 0
            self._waited_since, self._live_since = None, self._clock.monotonic()
            self._proofs.beat(snapshot.engine_time_us)
        return seeded

    async def _first_delta(self, until: float) -> bool:
        """Whether the stream says something before that monotonic second."""
        async with asyncio.TaskGroup() as group:
            self._silence = silence = group.create_task(self._clock.sleep(until - self._clock.monotonic()))
        self._silence = None
        return silence.cancelled()

    def _lost(self) -> None:
        """Mark before anything else is painted, then fetch."""
        now = self._clock.monotonic()
        if now - self._live_since > CALM_SECONDS:
            self._failures = 0
        self._live_since = now
        self._waited_since = now
        self._polled = False
        self._wanted.set()
        self.publish()

    def check_touch(self) -> None:
        """Notice a depth stream that died alone: the best prices moved on, the book did not."""
        touch, book = self._touch, self.book
        if touch is None or self._polled or book.state is not FeedState.LIVE:
            return
        if touch.engine_time_us < book.engine_time_us + TOUCH_PATIENCE_US:
            return
        bids, asks = book.top(1)
        best = (bids[0] if bids else (None, None)), (asks[0] if asks else (None, None))
        if best != ((touch.bid, touch.bid_quantity), (touch.ask, touch.ask_quantity)):
            self._renew_stream()
            self.reconnected("depth updates stopped while the best prices moved on")

    async def differences(self) -> frozenset[Difference]:
        """Compare the best levels with REST, leaving out levels of ours that moved while the answer was on its way.

        One answer proves little, as it may lag: what differs in the same way several times in a row is wrong.

        Raises:
            ExchangeError: REST could not be read.
        """
        before = _touch_levels(self.book)
        snapshot = await self._venue.depth(self.symbol, limit=COMPARED_LEVELS)
        after = _touch_levels(self.book)
        told_book = OrderBook(self.symbol)
        told_book.load(snapshot)
        if self._polled or self.book.state is not FeedState.LIVE or told_book.load(snapshot) is not Seeded.LIVE:
            return frozenset()
        told = _touch_levels(told_book)
        return frozenset(
            (side, price, after.get((side, price)), told.get((side, price)))
            for side, price in _nearest(after) | _nearest(told)
            if before.get((side, price)) == after.get((side, price)) != told.get((side, price))
        )

    def publish(self) -> None:
        """Build and publish the picture if anything in it would be different."""
        book = self.book
        own = self._own_levels(self.symbol)
        content = (book.revision, self.grouping, own)
        if book.state is FeedState.LIVE and content != self._painted:
            bids = book_rows(book, Side.BID, self.grouping, own_by_row(own, Side.BID, self.grouping))
            asks = book_rows(book, Side.ASK, self.grouping, own_by_row(own, Side.ASK, self.grouping))
            if book.needs_snapshot:  # found by reading: crossed, or a level that is no number
                self._lost()
                return
            self._painted = content
            grouping = self.grouping or self.tick_size
            self._view = replace(self._view, bids=bids, asks=asks, grouping=grouping, last_id=book.last_id)
        self._mark()

    def _mark(self) -> None:
        """Publish the rows with how far they can be trusted now."""
        book, state, reason = self.book, self.book.state, self._trouble or self.book.reason
        if state is not FeedState.LIVE and self._in_vain >= MOST_SEEDS:
            state = FeedState.UNAVAILABLE
            reason = self._trouble or f"{self._in_vain} snapshots did not fit the stream; trying on slowly"
        true_at_us = self._proofs.newest_us if state is FeedState.LIVE else self._view.true_at_us
        if state is FeedState.LIVE:
            reason = "polled while the stream is down" if self._polled else ""
            if self._proofs.is_stale:
                state, reason = FeedState.STALE, "no sign of life of this market for over 3 s"
        view = replace(
            self._view,
            state=state,
            reason=reason,
            true_at_us=true_at_us,
            waited_since=self._waited_since,
            resyncs=book.resyncs,
        )
        if view is not self._shown and view != self._shown:
            self._view = self._shown = view
            self._latest.put(self.key, view)


Difference = tuple[Side, Decimal, Decimal | None, Decimal | None]
"""Side, price, our quantity, the exchange's quantity."""


def _touch_levels(book: OrderBook) -> dict[tuple[Side, Decimal], Decimal]:
    """The best levels of both sides by side and price."""
    return {(side, price): quantity for side in Side for price, quantity in book.levels(side, COMPARED_LEVELS)}


def _nearest(levels: dict[tuple[Side, Decimal], Decimal]) -> set[tuple[Side, Decimal]]:
    """The better half of each side: what lies farther out may be cut off in the other book."""
    near: set[tuple[Side, Decimal]] = set()
    for side in Side:
        near.update([key for key in levels if key[0] is side][: COMPARED_LEVELS // 2])
    return near
