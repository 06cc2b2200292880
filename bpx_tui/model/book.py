"""The order book of one market: snapshot, deltas, gap and resync by the rule of PROTOCOL 3.8.

No I/O and no clock: whoever owns the book feeds it what arrives and fetches a snapshot when it asks for one. The
sequence is verified with every delta; the arithmetic is done when somebody reads. So read first and look at `state`
afterwards: a crossed book or an unreadable quantity is found by the read, which then gives nothing.
"""

from __future__ import annotations

from collections import deque
from enum import Enum, auto

from bpx_tui.model.book_side import BookSide, Level, UnreadableLevel
from bpx_tui.model.enums import Side
from bpx_tui.model.ids import Symbol
from bpx_tui.model.quotes import DepthDelta, DepthSnapshot
from bpx_tui.model.views import FeedState

MAX_LEVELS = 5_000
MAX_BUFFERED_DELTAS = 4_096
MAX_BUFFERED_CHANGES = 100_000

# An old update id is a repeat, or the exchange has begun to count again. It has when the id is further back than any
# delay explains (minutes of the busiest market), when its exchange time is well past the book's, or when nothing else
# comes any more.
FAR = 100_000
RESTART_MARGIN_US = 5_000_000
MAX_OLD_IN_A_ROW = 32


class Applied(Enum):
    """What became of a delta."""

    APPLIED = auto()
    DUPLICATE = auto()
    """Older than the book: dropped."""
    BUFFERED = auto()
    """Kept until a snapshot has come."""
    GAP = auto()
    """The book was lost with it: mark it and fetch a snapshot."""


class Seeded(Enum):
    """What became of a snapshot."""

    LIVE = auto()
    BEHIND = auto()
    """It does not reach the deltas that were heard: wait half a second, fetch again."""
    UNPROVEN = auto()
    """No delta was heard yet, so it may be old: a second one with the same id, or the first delta, proves it."""


class OrderBook:
    """Bids and asks of one market, exact, never shown crossed, trusted only while `state` is `FeedState.LIVE`.

    Attributes:
        state: `WAITING` before the first snapshot, `RESYNCING` after the sequence was lost, `LIVE` while whole.
        reason: why it is not live, in words for the screen.
        last_id: update id that the levels are true for; `None` unless live.
        engine_time_us: exchange time of the newest delta or snapshot, in microseconds; 0 before.
        revision: grows with everything that can change what a read gives.
        duplicates, gaps, resyncs: how often since it was made.
    """

    def __init__(self, symbol: Symbol, *, max_levels: int = MAX_LEVELS) -> None:
        self.symbol = symbol
        self.state = FeedState.WAITING
        self.reason = "waiting for the book"
        self.last_id: int | None = None
        self.engine_time_us = 0
        self.revision = 0
        self.duplicates = 0
        self.gaps = 0
        self.resyncs = 0
        self._bids = BookSide(Side.BID, max_levels)
        self._asks = BookSide(Side.ASK, max_levels)
        self._buffer: deque[DepthDelta] = deque()
        self._buffered_changes = 0
        self._heard_id: int | None = None
        self._old_in_a_row = 0
        self._nothing_applied = True
        self._unproven: DepthSnapshot | None = None

    @property
    def needs_snapshot(self) -> bool:
        return self.last_id is None

    def apply(self, delta: DepthDelta) -> Applied:
        """Take the next delta of the stream, in the order of arrival."""
        _, first_id, last_id, bids, asks, engine_time_us = delta
        expected = self.last_id
        if expected is None:
            return self._keep_for_later(delta)
        expected += 1
        if first_id != expected or last_id < first_id:
            if first_id <= last_id < expected:
                return self._drop_old(delta)
            straddles = self._nothing_applied and first_id <= expected <= last_id
            if not straddles:
                return self._lose(f"expected update {expected}, got {first_id} to {last_id}", delta)
        try:
            if bids:
                self._bids.change(bids)
            if asks:
                self._asks.change(asks)
        except UnreadableLevel as unreadable:
            self._heard_id = last_id
            return self._lose(str(unreadable))
        self.last_id = self._heard_id = last_id
        self.engine_time_us = engine_time_us
        self._nothing_applied = False
        self._old_in_a_row = 0
        self.revision += 1
        return Applied.APPLIED

    def load(self, snapshot: DepthSnapshot) -> Seeded:
        """Replace the book by a snapshot and the deltas that follow it. One that is no newer changes nothing."""
        if self.last_id is not None and snapshot.last_id <= self.last_id:
            return Seeded.LIVE
        if self._heard_id is None:
            before, self._unproven = self._unproven, snapshot
            if before is None or before.last_id != snapshot.last_id:
                return Seeded.UNPROVEN
        return self._seed(snapshot)

    def reset(self, reason: str) -> None:
        """Forget everything: a new connection or subscription delivers the deltas from here on."""
        self._forget(reason)
        self._heard_id = None
        self.engine_time_us = 0

    def top(self, count: int) -> tuple[list[Level], list[Level]]:
        """At most `count` bids and asks, best first; two empty lists unless the book is live after the read."""
        return self._read(count, count)

    def levels(self, side: Side, count: int | None = None) -> list[Level]:
        """At most `count` levels of one side, all by default, best first; empty unless live after the read."""
        return self._read(count, 1)[0] if side is Side.BID else self._read(1, count)[1]

    def _read(self, bid_count: int | None, ask_count: int | None) -> tuple[list[Level], list[Level]]:
        if self.last_id is None:
            return [], []
        try:
            bids, asks = self._bids.levels(bid_count), self._asks.levels(ask_count)
        except UnreadableLevel as unreadable:
            self._lose(str(unreadable))
            return [], []
        if bids and asks and bids[0][0] >= asks[0][0]:
            self._lose("bids and asks crossed")
            return [], []
        return bids, asks

    def _drop_old(self, delta: DepthDelta) -> Applied:
        if self._counts_anew(delta):
            return self._lose("the exchange's update ids started over", delta)
        self.duplicates += 1
        return Applied.DUPLICATE

    def _counts_anew(self, delta: DepthDelta) -> bool:
        """Judge a delta with an old id: a repeat, or a stream that has yet to reach its snapshot, or a new count."""
        heard = self._heard_id
        if heard is None or delta.last_id > heard:
            self._heard_id = delta.last_id
            self._old_in_a_row = 0
        else:
            self._old_in_a_row += 1
            if heard - delta.last_id > FAR or self._old_in_a_row >= MAX_OLD_IN_A_ROW:
                return True
        return delta.engine_time_us > self.engine_time_us + RESTART_MARGIN_US

    def _keep_for_later(self, delta: DepthDelta) -> Applied:
        heard = self._heard_id
        if heard is not None and delta.last_id <= heard:
            if self._counts_anew(delta):
                self._forget(self.reason)
                self._heard_id = delta.last_id
        else:
            self._heard_id = delta.last_id
            self.engine_time_us = delta.engine_time_us
        self._buffer.append(delta)
        self._buffered_changes += len(delta.bids) + len(delta.asks)
        while len(self._buffer) > MAX_BUFFERED_DELTAS or self._buffered_changes > MAX_BUFFERED_CHANGES:
            oldest = self._buffer.popleft()
            self._buffered_changes -= len(oldest.bids) + len(oldest.asks)
        if self._unproven is not None and self._seed(self._unproven) is Seeded.LIVE:
            return Applied.APPLIED
        return Applied.BUFFERED

    def _seed(self, snapshot: DepthSnapshot) -> Seeded:
        self._unproven = None
        following = self._following(snapshot.last_id)
        if following is None:
            return Seeded.BEHIND
        was_shown = self.state is not FeedState.WAITING
        self._forget("")
        newest = following[-1] if following else snapshot
        self.last_id, self.engine_time_us = newest.last_id, newest.engine_time_us
        self._nothing_applied = not following
        try:
            self._bids.replace(snapshot.bids)
            self._asks.replace(snapshot.asks)
            for delta in following:
                self._bids.change(delta.bids)
                self._asks.change(delta.asks)
        except UnreadableLevel as unreadable:
            self._lose(str(unreadable))
        self._read(None, None)
        if self.needs_snapshot:
            return Seeded.BEHIND
        self.state, self.reason = FeedState.LIVE, ""
        self.resyncs += was_shown
        return Seeded.LIVE

    def _following(self, snapshot_id: int) -> list[DepthDelta] | None:
        """The buffered deltas after that id, without repeats; `None` where one is missing or the count is another."""
        if self._heard_id is not None and snapshot_id - self._heard_id > FAR:
            return None
        following: list[DepthDelta] = []
        reached = snapshot_id
        for delta in sorted(self._buffer, key=lambda delta: delta.last_id):
            if delta.last_id <= reached:
                continue
            follows = delta.first_id == reached + 1 or (not following and delta.first_id <= reached)
            if not follows:
                return None
            following.append(delta)
            reached = delta.last_id
        return following if self._heard_id is None or reached >= self._heard_id else None

    def _lose(self, reason: str, delta: DepthDelta | None = None) -> Applied:
        """The levels can no longer be trusted; `delta` is the one that showed it and begins the new buffer."""
        self.gaps += 1
        self._forget(reason)
        self.state = FeedState.RESYNCING
        if delta is not None and delta.first_id <= delta.last_id:
            self._heard_id = delta.last_id
            self._keep_for_later(delta)
        return Applied.GAP

    def _forget(self, reason: str) -> None:
        """Drop the levels and the buffer."""
        if self.state is FeedState.LIVE:
            self.state = FeedState.RESYNCING
        self.reason = reason
        self.last_id = None
        self.revision += 1
        self._unproven = None
        self._buffer.clear()
        self._buffered_changes = 0
        self._old_in_a_row = 0
        self._bids.replace(())
        self._asks.replace(())
