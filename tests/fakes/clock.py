"""A clock that moves only when a test says so."""

from __future__ import annotations

import asyncio
import heapq
import itertools

START_WALL_MS = 1_750_000_000_000
TURNS = 40
"""Turns of the loop that settle everything that is ready: chains of awaits in this program are shorter."""


class ManualClock:
    """Wall and monotonic time that start apart and are moved by `advance`; sleepers wake in order of their time."""

    def __init__(self) -> None:
        self._monotonic = 1_000.0
        self._wall_ms = START_WALL_MS
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()

    def wall_ms(self) -> int:
        return self._wall_ms

    def monotonic(self) -> float:
        return self._monotonic

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._monotonic + seconds, next(self._numbers), future))
        await future

    async def advance(self, seconds: float) -> None:
        """Move on, waking every sleeper at its own moment."""
        until = self._monotonic + seconds
        await settled()
        while self._sleepers and self._sleepers[0][0] <= until:
            due, _, future = heapq.heappop(self._sleepers)
            self._move_to(due)
            if not future.done():
                future.set_result(None)
            await settled()
        self._move_to(until)
        await settled()

    def jump(self, seconds: float) -> None:
        """Move the wall clock alone, as a suspend or a hand does."""
        self._wall_ms += int(seconds * 1_000)

    def skip(self, seconds: float) -> None:
        """Move both clocks without waking anybody, as in synchronous tests."""
        self._move_to(self._monotonic + seconds)

    def _move_to(self, moment: float) -> None:
        moved = max(0.0, moment - self._monotonic)
        self._wall_ms += round(moved * 1_000)
        self._monotonic = max(self._monotonic, moment)


async def settled() -> None:
    """Let everything that is ready run."""
    for _ in range(TURNS):
        await asyncio.sleep(0)
