"""The exchange's clock, seen from here: measured, never assumed.

Requests are signed with exchange time, carried forward by the monotonic clock. So a local wall clock that is wrong, or
that steps while the program runs, changes nothing (RELIABILITY C01, C02).
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from bpx_tui.clock import Clock

KEPT_SAMPLES = 5
DRIFT_PPM = 100
"""How fast a computer's clock may run wrong; the usual crystal stays below half of it."""


class ClockSample(NamedTuple):
    """One reading of the exchange's clock. Its error is at most half the round trip, at the monotonic second `at`."""

    offset_us: int
    round_trip_seconds: float
    at: float


class ServerClock:
    """Exchange time from the last five readings of `GET /api/v1/time`, trusting the one with the shortest round trip.

    Until the first reading it follows the local wall clock as it was at construction; `is_synced` says so.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._samples: deque[ClockSample] = deque(maxlen=KEPT_SAMPLES)
        self._offset_us = clock.wall_ms() * 1_000 - _micros(clock.monotonic())

    @property
    def is_synced(self) -> bool:
        return bool(self._samples)

    @property
    def _best(self) -> ClockSample | None:
        return min(self._samples, key=lambda kept: kept.round_trip_seconds, default=None)

    @property
    def offset_us(self) -> int:
        """Exchange clock minus local monotonic clock, in microseconds."""
        return self._offset_us

    @property
    def round_trip_seconds(self) -> float | None:
        """Round trip of the reading in use; half of it bounds the error of the clock."""
        best = self._best
        return None if best is None else best.round_trip_seconds

    @property
    def uncertainty_ms(self) -> float | None:
        """How far `now_ms` may be off: half the round trip of its reading, and drift since; `None` without one."""
        best = self._best
        if best is None:
            return None
        drift_ms = (self._clock.monotonic() - best.at) * DRIFT_PPM / 1_000
        return best.round_trip_seconds * 500 + drift_ms

    @property
    def local_error_ms(self) -> int:
        """Exchange clock minus local wall clock now, in milliseconds: positive when the local clock is slow."""
        return self.now_ms() - self._clock.wall_ms()

    def now_us(self) -> int:
        return _micros(self._clock.monotonic()) + self._offset_us

    def now_ms(self) -> int:
        return self.now_us() // 1_000

    def add_sample(self, server_ms: int, sent: float, received: float) -> ClockSample:
        """Take in a reading; `sent` and `received` are local monotonic seconds around the request.

        The exchange cuts its answer to whole milliseconds, so half of one is added back.
        """
        middle = _micros((sent + received) / 2)
        sample = ClockSample(server_ms * 1_000 + 500 - middle, max(0.0, received - sent), received)
        self._samples.append(sample)
        self._offset_us = (self._best or sample).offset_us
        return sample

    def distrust(self) -> None:
        """Forget all readings, as after a suspend during which the monotonic clock stood still.

        Exchange time is carried forward from the last reading until the next one arrives.
        """
        self._samples.clear()


def _micros(seconds: float) -> int:
    return int(seconds * 1_000_000)
