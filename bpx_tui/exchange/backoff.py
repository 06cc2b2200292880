"""How long to wait before the next connection, so that nobody is ever flooded by reconnects."""

from __future__ import annotations

import random
from collections import deque

BASE_SECONDS = 0.5
FIRST_SECONDS = 0.25
"""What worked for a minute is tried again within this."""
CAP_SECONDS = 30.0
STABLE_SECONDS = 60.0
CONNECTS_A_MINUTE = 12


class Backoff:
    """Full jitter: uniform between 0 and a ceiling that doubles up to 30 s, and never more than 12 connects a minute.

    The ceiling starts at 0.5 s, and at 0.25 s again after a connection that lived for a minute: a connect alone proves
    nothing.
    """

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._ceiling = BASE_SECONDS
        self._is_first = True
        self._connects: deque[float] = deque(maxlen=CONNECTS_A_MINUTE)

    def connecting(self, now: float) -> None:
        """A connection is being tried at that monotonic second."""
        self._connects.append(now)

    def ended(self, lived_seconds: float) -> None:
        """A connection ended that had lived for so long."""
        if lived_seconds >= STABLE_SECONDS:
            self._ceiling, self._is_first = FIRST_SECONDS, True

    def next_delay(self, now: float, *, eager: bool = False) -> float:
        """Seconds to wait before connecting again. `eager` makes the first wait after a stable connection none."""
        jitter = 0.0 if eager and self._is_first else self._rng.uniform(0.0, self._ceiling)
        self._ceiling, self._is_first = min(CAP_SECONDS, self._ceiling * 2), False
        return max(jitter, self._until_allowed(now))

    def _until_allowed(self, now: float) -> float:
        if len(self._connects) < CONNECTS_A_MINUTE:
            return 0.0
        return self._connects[0] + 60.0 - now
