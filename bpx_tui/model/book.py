"""The order book of one market: snapshot, deltas, gap and resync by the rule of PROTOCOL 3.8.

No I/O and no clock: whoever owns the book feeds it what arrives and fetches a snapshot when it asks for one. The
sequence is verified with every delta; the arithmetic is done when somebody reads. So read first and look at `state`
afterwards: a crossed book or an unreadable quantity is found by the read, which then gives nothing.
"""

from __future__ import annotations

from collections import deque
from enum import Enum, auto

from bpx_tui.model.book_side import NO_PAIR, BookSide, Level, UnreadableLevel
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


_APPLIED = Applied.APPLIED
"""By its own name, because reading a member off its enum takes as long as the rest of the sequence check."""


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
        duplicates, gaps, resyncs: how often since it was made.
    """

    def __init__(self, symbol: Symbol, *, max_levels: int = MAX_LEVELS) -> None:
        self.symbol = symbol
        self.state = FeedState.WAITING
        self.reason = "waiting for the book"
        self.last_id: int | None = None
        self.engine_time_us = 0
        self.duplicates = 0
        self.gaps = 0
        self.resyncs = 0
        self._bids = BookSide(Side.BID, max_levels)
        self._asks = BookSide(Side.ASK, max_levels)
        self._settled = 0
        """Prices on both sides that have their place; counted anew wherever that changes."""
        self._buffer: deque[DepthDelta] = deque()
        self._buffered_changes = 0
        self._heard_id: int | None = None
        self._old_in_a_row = 0
        self._seeded_id: int | None = None
        """Where the snapshot left the book, if nothing followed it yet: the next delta may straddle it, once."""
        self._forgotten = 0
        self._unproven: DepthSnapshot | None = None

    @property
    def needs_snapshot(self) -> bool:
        return self.last_id is None

    @property
    def revision(self) -> tuple[int, int | None]:
        """Another one after everything that can change what a read gives."""
        return self._forgotten, self.last_id

    def apply(self, delta: DepthDelta) -> Applied:
        """Take the next delta of the stream, in the order of arrival."""
        reached = self.last_id
        if reached is None:
            return self._keep_for_later(delta)
        _, first_id, last_id, new_bids, new_asks, engine_time_us = delta
        if first_id != reached + 1 or last_id < first_id:
            if first_id <= last_id <= reached:
                return self._drop_old(delta)
            straddles = reached == self._seeded_id and first_id <= reached < last_id
            if not straddles:
                return self._lose(f"expected update {reached + 1}, got {first_id} to {last_id}", delta)
        bids, asks = self._bids.quantities, self._asks.quantities
        try:  # as `BookSide.change` does, but without a call a side: most of a frame's time goes into these two loops
            for price, quantity in new_bids:
                bids[price] = quantity
            for price, quantity in new_asks:
                asks[price] = quantity
            if len(bids) + len(asks) != self._settled:
                self._bids.settle(new_bids)
                self._asks.settle(new_asks)
                self._settled = len(bids) + len(asks)
        except (TypeError, ValueError) as error:
            self._heard_id = last_id
            return self._lose(str(error) if isinstance(error, UnreadableLevel) else NO_PAIR)
        self.last_id = self._heard_id = last_id
        self.engine_time_us = engine_time_us
        self._old_in_a_row = 0
        return _APPLIED

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
        self._settled = len(self._bids.quantities) + len(self._asks.quantities)  # reading clears graves
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
        _, _, last_id, _, _, engine_time_us = delta
        heard = self._heard_id
        if heard is None or last_id > heard:
            self._heard_id = last_id
            self._old_in_a_row = 0
        else:
            self._old_in_a_row += 1
            if heard - last_id > FAR or self._old_in_a_row >= MAX_OLD_IN_A_ROW:
                return True
        return engine_time_us > self.engine_time_us + RESTART_MARGIN_US

    def _keep_for_later(self, delta: DepthDelta) -> Applied:
        _, _, last_id, _, _, engine_time_us = delta
        heard = self._heard_id
        if heard is not None and last_id <= heard:
            if self._counts_anew(delta):
                self._forget(self.reason)
                self._heard_id = last_id
        else:
            self._heard_id = last_id
            self.engine_time_us = engine_time_us
        self._buffer.append(delta)
        self._buffered_changes += _changes(delta)
        while len(self._buffer) > MAX_BUFFERED_DELTAS or self._buffered_changes > MAX_BUFFERED_CHANGES:
            self._buffered_changes -= _changes(self._buffer.popleft())
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
        self.last_id, self.engine_time_us = snapshot.last_id, snapshot.engine_time_us
        self._seeded_id = None if following else snapshot.last_id
        try:
            self._bids.replace(snapshot.bids)
            self._asks.replace(snapshot.asks)
            for _, _, last_id, bids, asks, engine_time_us in following:
                self._bids.change(bids)
                self._asks.change(asks)
                self.last_id, self.engine_time_us = last_id, engine_time_us
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
        for delta in sorted(self._buffer, key=_last_id):
            _, first_id, last_id, *_ = delta
            if last_id <= reached:
                continue
            follows = first_id == reached + 1 or (not following and first_id <= reached)
            if not follows:
                return None
            following.append(delta)
            reached = last_id
        return following if self._heard_id is None or reached >= self._heard_id else None

    def _lose(self, reason: str, delta: DepthDelta | None = None) -> Applied:
        """The levels can no longer be trusted; `delta` is the one that showed it and begins the new buffer."""
        self.gaps += 1
        self._forget(reason)
        self.state = FeedState.RESYNCING
        if delta is not None:
            _, first_id, last_id, *_ = delta
            if first_id <= last_id:
                self._heard_id = last_id
                self._keep_for_later(delta)
        return Applied.GAP

    def _forget(self, reason: str) -> None:
        """Drop the levels and the buffer."""
        if self.state is FeedState.LIVE:
            self.state = FeedState.RESYNCING
        self.reason = reason
        self.last_id = None
        self._forgotten += 1
        self._unproven = None
        self._buffer.clear()
        self._buffered_changes = 0
        self._old_in_a_row = 0
        self._bids.replace(())
        self._asks.replace(())


def _last_id(delta: DepthDelta) -> int:
    return delta[2]


def _changes(delta: DepthDelta) -> int:
    _, _, _, bids, asks, _ = delta
    return len(bids) + len(asks)
