"""How old is what we show? Exchange times of the newest proof that a market's data is still arriving."""

from __future__ import annotations

from collections.abc import Sequence

from bpx_tui.exchange.server_clock import ServerClock
from bpx_tui.exchange.wire_rest import Rows

BUDGET_US = 3_000_000
"""A watched market beats once a second (ticker, mark price); three seconds without any proof is stale."""
FUTURE_TOLERANCE_US = 1_000_000
RENEWAL_US = 500_000
"""How much younger a proof must be before an otherwise unchanged picture is published again for its age."""


def cached_seconds(rows: Sequence[object]) -> int:
    """How long a cache on the way had held that answer: its rows were true that long ago, whatever they say."""
    return rows.age_seconds if isinstance(rows, Rows) else 0


class Proofs:
    """The newest proof of life of one market.

    A beat proves only what was whole when it came: whoever rebuilds a part asks for beats since then.
    """

    def __init__(self, time: ServerClock) -> None:
        self._time = time
        self.newest_us: int | None = None

    def beat(self, exchange_us: int | None) -> None:
        """An event of this market that the exchange made at that time."""
        if exchange_us is None:
            return
        if exchange_us > (self.newest_us or 0):
            self.newest_us = min(exchange_us, self._time.now_us() + FUTURE_TOLERANCE_US)

    def age_us(self) -> int | None:
        """Exchange microseconds since the newest proof, never negative; `None` before the first."""
        return None if self.newest_us is None else max(0, self._time.now_us() - self.newest_us)

    @property
    def is_stale(self) -> bool:
        """Whether the budget is used up (also true while nothing has ever arrived)."""
        age = self.age_us()
        return age is None or age > BUDGET_US

    def renews(self, shown_us: int | None) -> bool:
        """Whether a picture true at `shown_us` is now known to be true for long enough to say so."""
        return self.newest_us is not None and (shown_us is None or self.newest_us - shown_us >= RENEWAL_US)
