"""The request budget: we stay well below the exchange's limit, and cancels go through when nothing else does.

The exchange allows 2,000 requests a minute per subaccount and 30 a minute of historical market data (PROTOCOL 8). We
use at most 60 % of the first and 80 % of the second in any 60 seconds. Reads are the first to be held back, then
orders; the last share is for what takes risk away, cancels and reduce-only orders, alone.
"""

from __future__ import annotations

import math
from collections import deque
from enum import IntEnum

from bpx_tui.clock import Clock
from bpx_tui.errors import NotSent
from bpx_tui.exchange.operations import Operation

WINDOW_SECONDS = 60.0
FIRST_COOL_DOWN_SECONDS = 10.0
LONGEST_COOL_DOWN_SECONDS = 60.0
LONGEST_ASKED_SECONDS = 3_600.0


class Share(IntEnum):
    """What a request is for, in the order in which they are held back."""

    READ = 0
    ORDER = 1
    CANCEL = 2
    """What can only take risk away: cancels and reduce-only orders."""


class BudgetSpent(NotSent):
    """The request must not leave now. `wait_seconds` is how long until it may, as far as known."""

    def __init__(self, wait_seconds: float, after_refusal: bool) -> None:
        reason = "the exchange asked us to slow down" if after_refusal else "our own request limit is reached"
        super().__init__(f"Not sent: {reason}; free again in {math.ceil(wait_seconds)} s.")
        self.wait_seconds = wait_seconds


class _Window:
    """Counts what was spent in the last minute."""

    def __init__(self) -> None:
        self._spent: deque[tuple[float, int]] = deque()
        self.total = 0

    def spend(self, now: float, cost: int) -> None:
        self._spent.append((now, cost))
        self.total += cost

    def forget_before(self, start: float) -> None:
        while self._spent and self._spent[0][0] <= start:
            self.total -= self._spent.popleft()[1]

    def seconds_until(self, allowed: int, now: float) -> float:
        """Until the total has fallen to `allowed`."""
        excess = self.total - allowed
        for moment, cost in self._spent:
            excess -= cost
            if excess <= 0:
                return max(0.0, moment + WINDOW_SECONDS - now)
        return 0.0 if excess <= 0 else WINDOW_SECONDS


class RequestBudget:
    """Decides which requests may leave. Never waits: the caller knows what is worth waiting for."""

    def __init__(
        self,
        clock: Clock,
        *,
        per_minute: int = 1_200,
        historical_per_minute: int = 24,
        order_reserve: int = 150,
        cancel_reserve: int = 150,
    ) -> None:
        """`per_minute` is for everything; the last `order_reserve + cancel_reserve` of it are closed to reads, the last
        `cancel_reserve` to orders too. During a cool-down cancels may use `cancel_reserve` a minute, nothing else runs.
        """
        self._clock = clock
        self._historical_limit = historical_per_minute
        self._limits = {
            Share.READ: per_minute - order_reserve - cancel_reserve,
            Share.ORDER: per_minute - cancel_reserve,
            Share.CANCEL: per_minute,
        }
        self._cancel_reserve = cancel_reserve
        self._all = _Window()
        self._historical = _Window()
        self._cancels = _Window()
        self._cool_until = -math.inf
        self._last_refusal = -math.inf
        self._cool_down = FIRST_COOL_DOWN_SECONDS

    @property
    def used(self) -> int:
        """Requests of the last minute."""
        self._slide(self._clock.monotonic())
        return self._all.total

    @property
    def cooling_seconds(self) -> float:
        """How long reads and orders are still held back after a 429; 0 when they are not."""
        return max(0.0, self._cool_until - self._clock.monotonic())

    def spend(self, operation: Operation, share: Share) -> None:
        """Count one call of `operation`.

        Raises:
            BudgetSpent: it must not be sent now.
        """
        now = self._clock.monotonic()
        self._slide(now)
        if now < self._cool_until and (share is not Share.CANCEL or self._cancels.total >= self._cancel_reserve):
            raise BudgetSpent(self._cool_until - now, after_refusal=True)
        room = self._limits[share] - operation.cost
        if self._all.total > room:
            raise BudgetSpent(self._all.seconds_until(room, now), after_refusal=False)
        if operation.historical:
            room = self._historical_limit - operation.cost
            if self._historical.total > room:
                raise BudgetSpent(self._historical.seconds_until(room, now), after_refusal=False)
            self._historical.spend(now, operation.cost)
        self._all.spend(now, operation.cost)
        if share is Share.CANCEL:
            self._cancels.spend(now, operation.cost)

    def refused(self, retry_after_seconds: float | None) -> None:
        """The exchange answered 429: hold back as long as it asks, or 10 s, doubled up to 60 s on repetition."""
        now = self._clock.monotonic()
        if now < self._cool_until:  # answers to requests that were already under way
            self._cool_until = max(self._cool_until, now + _bounded(retry_after_seconds))
            return
        repeated = now - self._last_refusal < 2 * LONGEST_COOL_DOWN_SECONDS
        self._cool_down = min(self._cool_down * 2, LONGEST_COOL_DOWN_SECONDS) if repeated else FIRST_COOL_DOWN_SECONDS
        self._last_refusal = now
        self._cool_until = now + (_bounded(retry_after_seconds) or self._cool_down)

    def _slide(self, now: float) -> None:
        start = now - WINDOW_SECONDS
        for window in (self._all, self._historical, self._cancels):
            window.forget_before(start)


def _bounded(seconds: float | None) -> float:
    return 0.0 if seconds is None or math.isnan(seconds) else min(max(0.0, seconds), LONGEST_ASKED_SECONDS)
