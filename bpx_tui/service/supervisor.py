"""Every task of the service, by name, with what happens when it ends.

This is the one place that catches `Exception`: a task that ends unexpectedly is reported at once, shown as trouble and,
by its policy, started again after a growing pause. Nothing else in the service creates tasks.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from enum import StrEnum
from types import TracebackType
from typing import Self

from bpx_tui.clock import Clock
from bpx_tui.errors import BpxError

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 30.0
STABLE_SECONDS = 60.0
"""A task that ran this long starts its pauses from the shortest again; trouble is forgotten this long after."""


class Policy(StrEnum):
    """What the end of a task means."""

    PERMANENT = "permanent"
    """It must never end: it is started again whatever ended it."""
    ONCE = "once"
    """It does one thing; only a failure is reported, and it is not repeated."""


Report = Callable[[str, str], None]
"""Told the task's name and, in words, why it ended."""


class Supervisor:
    """Owns a task group. `report` is called on the service's loop whenever a task ends that should not have."""

    def __init__(self, clock: Clock, report: Report) -> None:
        self._clock = clock
        self._report = report
        self._group = asyncio.TaskGroup()
        self._tasks: set[asyncio.Task[None]] = set()
        self._trouble: dict[str, tuple[str, float]] = {}

    @property
    def trouble(self) -> dict[str, str]:
        """Names of the tasks that failed in the last minute, each with its reason."""
        since = self._clock.monotonic() - STABLE_SECONDS
        return {name: reason for name, (reason, failed_at) in self._trouble.items() if failed_at > since}

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await self._group.__aexit__(kind, error, trace)

    def spawn(
        self, name: str, work: Callable[[], Coroutine[None, None, None]], policy: Policy = Policy.PERMANENT
    ) -> asyncio.Task[None]:
        """Run `work()` under that policy. Cancelling the returned task ends it for good."""
        runner = self._keep(name, work) if policy is Policy.PERMANENT else self._once(name, work)
        task = self._group.create_task(runner, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _keep(self, name: str, work: Callable[[], Coroutine[None, None, None]]) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            started = self._clock.monotonic()
            reason = await self._attempt(name, work) or "ended without being asked to"
            if self._clock.monotonic() - started >= STABLE_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            self._note(name, f"{reason}; started again")
            await self._clock.sleep(pause)
            pause = min(LONGEST_PAUSE_SECONDS, pause * 2)

    async def _once(self, name: str, work: Callable[[], Coroutine[None, None, None]]) -> None:
        if reason := await self._attempt(name, work):
            self._note(name, reason)

    async def _attempt(self, name: str, work: Callable[[], Coroutine[None, None, None]]) -> str | None:
        """Why the work failed, or `None` when it came to its end."""
        try:
            await work()
        except BpxError as error:
            log.warning("%s ended: %s", name, error)
            return str(error)
        except Exception as error:
            log.exception("%s failed", name)
            return f"internal fault ({type(error).__name__}), see the log"
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            log.exception("%s was cancelled by something inside it", name)
            return "internal fault (cancelled from inside), see the log"
        return None

    def _note(self, name: str, reason: str) -> None:
        self._trouble[name] = reason, self._clock.monotonic()
        self._report(name, reason)
