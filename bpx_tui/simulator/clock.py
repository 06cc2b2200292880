"""The exchange's own time, real or driven by hand, and the agenda of what happens when."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable
from typing import Protocol

US_PER_SECOND = 1_000_000

Happening = Callable[[int], None]
"""Something due: called with the exchange's time in microseconds."""


class ExchangeClock(Protocol):
    """Where the exchange takes its time from."""

    def now_us(self) -> int:
        """Exchange time in microseconds since the Unix epoch; never steps back."""
        ...

    def wall_ms(self) -> int:
        """The machine's own wall time in milliseconds, which a client may sign with at any `--speed`."""
        ...


class RealClock:
    """Exchange time that starts at the machine's wall time and runs `speed` times as fast, on a monotonic anchor."""

    def __init__(self, speed: float = 1.0) -> None:
        self._speed = speed
        self._started_us = time.time_ns() // 1000
        self._anchor = time.perf_counter_ns()

    def now_us(self) -> int:
        return self._started_us + int((time.perf_counter_ns() - self._anchor) // 1000 * self._speed)

    def wall_ms(self) -> int:
        return self._started_us // 1000 + (time.perf_counter_ns() - self._anchor) // 1_000_000


class ManualClock:
    """Exchange time that only moves when told: the virtual clock of tests and replays."""

    def __init__(self, start_us: int = 1_780_300_000_000_000) -> None:
        self._now_us = start_us

    def now_us(self) -> int:
        return self._now_us

    def wall_ms(self) -> int:
        return self._now_us // 1000

    def advance(self, seconds: float) -> int:
        """Move time on and answer the new time. The agenda still has to be run."""
        self._now_us += round(seconds * US_PER_SECOND)
        return self._now_us


class Agenda:
    """Everything that is due by itself, in order of time and then of registration: one trace per seed.

    `catch_up_us` bounds how far behind a real clock may leave it: a machine that slept for an hour does not replay that
    hour event by event, its repeating events just go on from now, and so do chains of events of which each puts the
    next one here. Those may be `speed` times as late, which is the same real time. Zero: nothing is ever skipped.
    """

    def __init__(
        self,
        catch_up_us: int = 0,
        *,
        speed: float = 1.0,
        before: Happening | None = None,
        after: Callable[[], None] | None = None,
    ) -> None:
        """`before` is called ahead of every happening with its time, `after` behind it."""
        self._before = before
        self._after = after
        self._due: list[tuple[int, int, Happening]] = []
        self._count = 0
        self._catch_up_us = catch_up_us
        self._replayed_us = int(catch_up_us * max(1.0, speed))
        self.now_us = 0

    def at(self, due_us: int, happening: Happening) -> None:
        """Do `happening` once at that time, or where that is long past already, with what is due now."""
        if self._replayed_us and due_us < self._target_us - self._replayed_us:
            due_us = self._target_us
        self._count += 1
        heapq.heappush(self._due, (due_us, self._count, happening))

    def every(self, period_us: int, happening: Happening, first_us: int) -> None:
        """Do `happening` at `first_us` and every `period_us` after it."""

        def again(due_us: int) -> None:
            happening(due_us)
            following = due_us + period_us
            if self._catch_up_us and following < self._target_us - self._catch_up_us:
                following = self._target_us
            self.at(following, again)

        self.at(first_us, again)

    def next_due_us(self) -> int | None:
        return self._due[0][0] if self._due else None

    def run_until(self, target_us: int) -> int:
        """Do all that is due up to and including `target_us`; answers how many things that were."""
        self._target_us = target_us
        done = 0
        while self._due and self._due[0][0] <= target_us:
            due_us, _, happening = heapq.heappop(self._due)
            self.now_us = max(self.now_us, due_us)
            if self._before is not None:
                self._before(self.now_us)
            happening(self.now_us)
            if self._after is not None:
                self._after()
            done += 1
        self.now_us = max(self.now_us, target_us)
        return done

    _target_us = 0
