"""Exchange time: measured at the start, every five minutes, and whenever something casts doubt on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bpx_tui.clock import Clock
from bpx_tui.errors import ExchangeError
from bpx_tui.exchange.server_clock import KEPT_SAMPLES, ServerClock
from bpx_tui.service.announcer import Announcer
from bpx_tui.service.bus import Latest
from bpx_tui.service.gate import GateKeeper
from bpx_tui.service.health import Health
from bpx_tui.service.intents import Severity
from bpx_tui.service.ports import PublicReads
from bpx_tui.service.topics import CLOCK_OFFSET_US

PERIOD_SECONDS = 300.0
RETRY_SECONDS = (1.0, 2.0, 5.0, 10.0)
DOUBT_PAUSE_SECONDS = 5.0
JUMP_MS = 2_000
STANDSTILL_SECONDS = 2.0
WATCH_SECONDS = 0.5
WORTH_SAYING_MS = 1_000
GATE_REASON = "clock"


class ClockSync:
    """Keeps `ServerClock` measured and published. `on_jump` is told when local time jumped or stood still."""

    def __init__(
        self,
        venue: PublicReads,
        latest: Latest,
        gate: GateKeeper,
        announcer: Announcer,
        health: Health,
        clock: Clock,
        time: ServerClock,
        on_jump: Callable[[str], None],
    ) -> None:
        self._venue = venue
        self._latest = latest
        self._gate = gate
        self._announcer = announcer
        self._health = health
        self._clock = clock
        self._time = time
        self._on_jump = on_jump
        self._wanted = asyncio.Event()
        self._said_wrong = False
        self._measured_at = float("-inf")
        self.synced = asyncio.Event()
        """Set once the exchange's clock has been measured."""
        gate.close(GATE_REASON, "the exchange's clock has not been measured yet")

    def doubt(self) -> None:
        """A request was refused for its time: measure again, unless that was just done."""
        if self._clock.monotonic() - self._measured_at >= DOUBT_PAUSE_SECONDS:
            self._wanted.set()

    async def run(self) -> None:
        """Until cancelled: measure now, every five minutes, and when in doubt."""
        failures = 0
        while True:
            self._wanted.clear()
            try:
                await self.measure()
            except ExchangeError as error:
                self._health.rest_failed(str(error))
                pause = RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)]
                failures += 1
                await self._clock.sleep(pause)
                continue
            failures = 0
            await self._sleep_until_wanted(PERIOD_SECONDS)

    async def measure(self) -> None:
        """Take five readings; the one with the shortest way counts.

        Raises:
            ExchangeError: not even one could be taken.
        """
        for taken in range(KEPT_SAMPLES):
            try:
                sample = await self._venue.measure_clock()
            except ExchangeError:
                if taken == 0:
                    raise
                break
            self._health.rest_answered(sample.round_trip_seconds)
        self._measured_at = self._clock.monotonic()
        self._latest.put(CLOCK_OFFSET_US, self._time.offset_us)
        self._gate.lift(GATE_REASON)
        self.synced.set()
        self._say_if_wrong()

    async def watch_jumps(self) -> None:
        """Until cancelled: notice that wall and monotonic clock have drifted apart, as after a suspend, and that this
        program stood still, as when it was stopped or its machine paused.
        """
        apart = self._apart_ms()
        while True:
            slept_at = self._clock.monotonic()
            await self._clock.sleep(WATCH_SECONDS)
            moved, late = self._apart_ms() - apart, self._clock.monotonic() - slept_at - WATCH_SECONDS
            if abs(moved) > JUMP_MS:
                apart += moved
                self._distrust(f"the local clock jumped by {moved / 1_000:+.1f} s (sleep, or set by hand)")
            elif late > STANDSTILL_SECONDS:
                self._distrust(f"the program stood still for {late:.0f} s")

    def _distrust(self, text: str) -> None:
        self._gate.close(GATE_REASON, f"{text}; measuring the exchange's clock")
        self._announcer.notice(Severity.WARNING, f"{text.capitalize()}: everything is read again.")
        self._time.distrust()
        self._wanted.set()
        self._on_jump(text)

    def _apart_ms(self) -> int:
        return self._clock.wall_ms() - int(self._clock.monotonic() * 1_000)

    def _say_if_wrong(self) -> None:
        wrong = abs(self._time.local_error_ms) > WORTH_SAYING_MS
        if wrong and not self._said_wrong:
            off = self._time.local_error_ms / 1_000
            self._announcer.notice(
                Severity.WARNING,
                f"Local clock is {abs(off):.1f} s {'slow' if off > 0 else 'fast'}; exchange time is used instead.",
            )
        self._said_wrong = wrong

    async def _sleep_until_wanted(self, seconds: float) -> None:
        due = self._clock.monotonic() + seconds
        while not self._wanted.is_set() and self._clock.monotonic() < due:
            await self._clock.sleep(min(WATCH_SECONDS, seconds))
