"""Tokenised equities and their sessions: when they trade, and in what quantities.

The asset of a security has a dot in its name. Outside regular hours its step is ten times as coarse; between Friday
evening and Sunday evening no session is open and its market takes cancels only. Times of day are New York's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from bpx_tui.model.enums import TradingState
from bpx_tui.simulator.clock import US_PER_SECOND, Agenda
from bpx_tui.simulator.domain.interventions import FilterChange
from bpx_tui.simulator.domain.markets import Market, QuantityFilter
from bpx_tui.simulator.domain.venue import Venue

TIMEZONE = "America/New_York"
_LOOK_US = 1_800 * US_PER_SECOND
"""Sessions begin and end at whole half hours."""


@dataclass(frozen=True, slots=True)
class MarketSession:
    """A part of the week. `first_day` and `last_day` are the ISO weekdays on which it opens; the range may wrap.

    Attributes:
        coarseness: factor on the smallest quantity and the step of regular hours.
    """

    name: str
    description: str | None
    starts: time
    ends: time
    first_day: int
    last_day: int
    coarseness: int

    def is_open(self, local: datetime) -> bool:
        """Whether it is on at this time of New York. A session that passes midnight belongs to its first day."""
        now, day = local.time(), local.isoweekday()
        if self.starts < self.ends:
            return self.starts <= now < self.ends and self._opens_on(day)
        return self._opens_on(day) if now >= self.starts else now < self.ends and self._opens_on((day - 2) % 7 + 1)

    def _opens_on(self, day: int) -> bool:
        if self.first_day <= self.last_day:
            return self.first_day <= day <= self.last_day
        return day >= self.first_day or day <= self.last_day

    def filter_of(self, regular: QuantityFilter) -> FilterChange:
        """Quantities of a market in this session."""
        return FilterChange(
            step_size=regular.step_size * self.coarseness, min_quantity=regular.min_quantity * self.coarseness
        )


SESSIONS = (
    MarketSession("US_MARKET_HOURS", "Regular US session", time(9, 30), time(16), 1, 5, 1),
    MarketSession("US_PRE_MARKET", "US session before the open", time(4), time(9, 30), 1, 5, 10),
    MarketSession("US_AFTER_HOURS", "US session after the close", time(16), time(20), 1, 5, 10),
    MarketSession("US_OVERNIGHT", None, time(20), time(4), 7, 4, 10),
)


def session_at(now_us: int) -> MarketSession | None:
    """The session that is on; `None` at weekends."""
    local = _new_york(now_us)
    return next((session for session in SESSIONS if session.is_open(local)), None)


class SecurityDesk:
    """All securities of one exchange: gives their markets the terms of the session."""

    def __init__(self, venue: Venue, agenda: Agenda) -> None:
        self._venue = venue
        self._listed = {market.symbol: market for market in venue.markets() if "." in market.base}
        self._session: MarketSession | None = SESSIONS[0]
        self._look(venue.now_us)
        agenda.every(_LOOK_US, self._look, (venue.now_us // _LOOK_US + 1) * _LOOK_US)

    def listed(self) -> tuple[Market, ...]:
        """Their markets with the terms of regular hours."""
        return tuple(self._listed.values())

    def _look(self, now_us: int) -> None:
        session, before = session_at(now_us), self._session
        if session is before:
            return
        self._session = session
        for symbol, market in self._listed.items():
            if session is None:
                self._venue.set_book_state(symbol, TradingState.CANCEL_ONLY)
                continue
            self._venue.interventions.change_filters(symbol, session.filter_of(market.quantity))
            if before is None and self._venue.market(symbol).visible:
                self._venue.set_book_state(symbol, TradingState.OPEN)


def _new_york(now_us: int) -> datetime:
    """Local time there, by the law of 2007: summer time from the second Sunday of March to the first of November."""
    utc = datetime.fromtimestamp(now_us / US_PER_SECOND, UTC).replace(tzinfo=None)
    begins = _sunday(utc.year, 3, 8) + timedelta(hours=7)
    ends = _sunday(utc.year, 11, 1) + timedelta(hours=6)
    return utc - timedelta(hours=4 if begins <= utc < ends else 5)


def _sunday(year: int, month: int, day: int) -> datetime:
    """The first Sunday from this day on."""
    first = datetime(year, month, day)  # noqa: DTZ001
    return first + timedelta(days=7 - first.isoweekday())
