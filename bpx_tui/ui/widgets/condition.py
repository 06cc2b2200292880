"""How far a panel's data can be trusted at the moment of painting, and in what words that is said."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from bpx_tui.model.views import FeedState
from bpx_tui.ui.formatting import age_text


class Trust(Enum):
    WAITING = auto()
    LIVE = auto()
    LATE = auto()
    RESYNC = auto()
    STALE = auto()
    UNAVAILABLE = auto()

    @property
    def is_dimmed(self) -> bool:
        """Whether the body must not look like something to trade on."""
        return self in {Trust.RESYNC, Trust.STALE, Trust.UNAVAILABLE}


@dataclass(frozen=True, slots=True)
class Feed:
    """What a panel found on the bus. `true_at_us` is exchange time, `None` while unknown; `has_rows` is false when the
    view carries nothing to draw.
    """

    state: FeedState
    true_at_us: int | None
    reason: str
    has_rows: bool


@dataclass(frozen=True, slots=True)
class Condition:
    """Trust and age (seconds, `None` when unknown) at one moment."""

    trust: Trust
    age_seconds: float | None
    reason: str

    @property
    def ribbon(self) -> str:
        """The text over the body, empty while it is to be trusted."""
        if self.trust is Trust.STALE:
            return " ".join(("STALE", age_text(self.age_seconds), self.reason)).rstrip()
        if self.trust is Trust.RESYNC:
            return f"RESYNC {self.reason}".rstrip()
        if self.trust is Trust.UNAVAILABLE:
            return f"UNAVAILABLE {self.reason}".rstrip()
        return ""


LATE_SECONDS = 1.0
"""From this age on a panel says in its title that it is late."""

_BY_STATE = {
    FeedState.WAITING: Trust.WAITING,
    FeedState.RESYNCING: Trust.RESYNC,
    FeedState.STALE: Trust.STALE,
    FeedState.UNAVAILABLE: Trust.UNAVAILABLE,
}


def judge(
    feed: Feed | None, exchange_now_us: int | None, budget_seconds: float, late_seconds: float = LATE_SECONDS
) -> Condition:
    """The condition at this moment.

    A view that still calls itself live is stale once its age passes the budget: the service that should have said so
    may be the part that stopped.
    """
    if feed is None:
        return Condition(Trust.WAITING, None, "")
    age = None
    if exchange_now_us is not None and feed.true_at_us is not None:
        age = (exchange_now_us - feed.true_at_us) / 1_000_000
    trust = _BY_STATE.get(feed.state, Trust.LIVE)
    if trust is Trust.LIVE and age is not None:
        trust = Trust.STALE if age > budget_seconds else Trust.LATE if age > late_seconds else Trust.LIVE
    return Condition(trust, age, feed.reason)
