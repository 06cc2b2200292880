"""REST depth as a cache would give it: exact by default, behind the stream while the fault `rest_lag` is on."""

from __future__ import annotations

from dataclasses import replace

from bpx_tui.model.ids import Symbol
from bpx_tui.simulator.domain.venue import Venue
from bpx_tui.simulator.domain.views import DepthView
from bpx_tui.simulator.faults import Faults

DEFAULT_UPDATES = 20


class LaggingDepth:
    """Depth snapshots. While lagging, a snapshot is kept until the book is twice the wanted number of updates ahead."""

    def __init__(self, venue: Venue, faults: Faults) -> None:
        self._venue = venue
        self._faults = faults
        self._kept: dict[Symbol, tuple[DepthView, DepthView]] = {}

    def remember(self) -> None:
        """The fault was switched on: what is now will be served as the past."""
        for market in self._venue.markets():
            if market.has_book:
                view = self._venue.depth(market.symbol)
                self._kept[market.symbol] = (view, view)

    def depth(self, symbol: Symbol, limit: int) -> DepthView:
        """At most `limit` levels a side, best first."""
        fault = self._faults.hit("rest_lag", self._venue.now_us, symbol=symbol)
        if fault is None or symbol not in self._kept:
            return self._venue.depth(symbol, limit)
        served, following = self._kept[symbol]
        current = self._venue.depth(symbol)
        if current.last_update_id - following.last_update_id >= fault.number("updates", DEFAULT_UPDATES):
            served, following = following, current
            self._kept[symbol] = (served, following)
        return replace(served, bids=served.bids[:limit], asks=served.asks[:limit])
