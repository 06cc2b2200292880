"""The public trades of one market: a bounded, ordered, gap-aware ring.

Trade ids run without holes within a market (PROTOCOL 3.4), so a jump means that trades were missed. A jump is shown as
a gap until the missing trades were read from the exchange; trades on both sides of a gap are never joined.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from bpx_tui.model.enums import Side
from bpx_tui.model.quotes import Trade
from bpx_tui.model.views import TapeGap


class MissingTrades(NamedTuple):
    """Trade ids strictly between `after` and `before` were not seen."""

    after: int
    before: int


class Tape:
    """Trades of one market, oldest first, at most `capacity`; duplicates are dropped, gaps are remembered."""

    def __init__(self, capacity: int = 1_000) -> None:
        self._capacity = capacity
        self._trades: list[Trade] = []
        self._known: set[int] = set()
        self._missing: list[MissingTrades] = []
        self._anonymous: set[Trade] = set()

    def __len__(self) -> int:
        return len(self._trades)

    @property
    def newest(self) -> Trade | None:
        return self._trades[-1] if self._trades else None

    @property
    def missing(self) -> tuple[MissingTrades, ...]:
        """The stretches not seen, oldest first."""
        return tuple(self._missing)

    def add(self, trade: Trade) -> bool:
        """Take one trade of the stream; whether it was new. A jump of the id opens a gap."""
        last = self._newest_id()
        if trade.trade_id is None or last is None or trade.trade_id <= last:
            return self.merge((trade,)) > 0
        if trade.trade_id > last + 1:
            self._missing.append(MissingTrades(last, trade.trade_id))
        self._known.add(trade.trade_id)
        self._trades.append(trade)
        self._trim()
        return True

    def merge(self, history: Iterable[Trade]) -> int:
        """Take an unbroken stretch of trades as REST sends it, in any order; how many of them were new.

        Gaps are narrowed or closed by what the stretch covers. A stretch that does not reach the trades held so far
        opens a gap of its own.
        """
        stretch = sorted((trade for trade in history if trade.trade_id is not None), key=_id)
        anonymous = [trade for trade in history if trade.trade_id is None]
        if stretch:
            first, last = _id(stretch[0]), _id(stretch[-1])
            self._open_gaps_around(first, last)
            self._missing = [piece for gap in self._missing for piece in _without(gap, first, last)]
        added = self._insert((*stretch, *anonymous))
        self._trim()
        return added

    def entries(self, limit: int) -> tuple[Trade | TapeGap, ...]:
        """The newest `limit` trades, newest first, with gaps where they belong."""
        gaps = {gap.before: gap for gap in self._missing}
        shown: list[Trade | TapeGap] = []
        later: Trade | None = None
        for trade in reversed(self._trades[-limit:]):
            if later is not None and later.trade_id in gaps:
                shown.append(TapeGap(trade.time_us, later.time_us))
            shown.append(trade)
            later = trade
        return tuple(shown)

    def bid_share(self, limit: int) -> Decimal | None:
        """Part of the quantity of the newest `limit` trades that was bought (0 to 1); `None` without trades."""
        bought = total = Decimal(0)
        for trade in self._trades[-limit:]:
            total += trade.quantity
            if trade.aggressor is Side.BID:
                bought += trade.quantity
        return bought / total if total else None

    def _newest_id(self) -> int | None:
        for trade in reversed(self._trades):
            if trade.trade_id is not None:
                return trade.trade_id
        return None

    def _oldest_id(self) -> int | None:
        for trade in self._trades:
            if trade.trade_id is not None:
                return trade.trade_id
        return None

    def _open_gaps_around(self, first: int, last: int) -> None:
        oldest, newest = self._oldest_id(), self._newest_id()
        if oldest is None or newest is None:
            return
        if first > newest + 1:
            self._missing.append(MissingTrades(newest, first))
        elif last + 1 < oldest:
            self._missing.insert(0, MissingTrades(last, oldest))

    def _insert(self, trades: Iterable[Trade]) -> int:
        fresh = [trade for trade in trades if self._is_new(trade)]
        for trade in fresh:
            if trade.trade_id is None:
                self._anonymous.add(trade)
            else:
                self._known.add(trade.trade_id)
        if fresh:
            with_id = [trade for trade in (*self._trades, *fresh) if trade.trade_id is not None]
            with_id.sort(key=_id)
            self._trades = _woven(with_id, [t for t in (*self._trades, *fresh) if t.trade_id is None])
            self._trim()
        return len(fresh)

    def _is_new(self, trade: Trade) -> bool:
        return trade not in self._anonymous if trade.trade_id is None else trade.trade_id not in self._known

    def _trim(self) -> None:
        if len(self._trades) <= self._capacity + self._capacity // 4:
            return
        for trade in self._trades[: -self._capacity]:
            self._known.discard(-1 if trade.trade_id is None else trade.trade_id)
            self._anonymous.discard(trade)
        del self._trades[: -self._capacity]
        oldest = self._oldest_id()
        self._missing = [gap for gap in self._missing if oldest is None or gap.before > oldest]


def _id(trade: Trade) -> int:
    return -1 if trade.trade_id is None else trade.trade_id


def _without(gap: MissingTrades, first: int, last: int) -> Iterable[MissingTrades]:
    """What stays missing of `gap` once the trades `first` to `last` are held."""
    if last <= gap.after or first >= gap.before:
        return (gap,)
    pieces = (MissingTrades(gap.after, first), MissingTrades(last, gap.before))
    return tuple(piece for piece in pieces if piece.before - piece.after > 1)


def _woven(ordered: list[Trade], anonymous: list[Trade]) -> list[Trade]:
    """Trades with ids keep their order; those without are put where their time says."""
    times = [trade.time_us for trade in ordered]
    for trade in sorted(anonymous, key=lambda each: each.time_us, reverse=True):
        place = bisect_left(times, trade.time_us + 1)
        ordered.insert(place, trade)
        times.insert(place, trade.time_us)
    return ordered
