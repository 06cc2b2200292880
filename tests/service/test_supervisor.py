"""A task that ends is never a secret (P24)."""

from __future__ import annotations

import asyncio

from bpx_tui.errors import Unavailable
from bpx_tui.service.supervisor import Policy, Supervisor
from tests.fakes.clock import ManualClock


class Reports:
    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []

    def __call__(self, name: str, reason: str) -> None:
        self.heard.append((name, reason))


async def test_a_permanent_task_is_reported_and_started_again_ever_more_slowly() -> None:
    clock, reports, runs = ManualClock(), Reports(), 0

    async def breaks() -> None:
        nonlocal runs
        runs += 1
        raise ZeroDivisionError

    async with Supervisor(clock, reports) as supervisor:
        supervisor.spawn("book", breaks)
        await clock.advance(0.01)
        assert reports.heard == [("book", "internal fault (ZeroDivisionError), see the log; started again")]
        assert list(supervisor.trouble) == ["book"]
        await clock.advance(300)
        assert 10 <= runs <= 20


async def test_a_task_cancelled_from_inside_does_not_vanish() -> None:
    clock, reports, runs = ManualClock(), Reports(), 0

    async def gives_up() -> None:
        nonlocal runs
        runs += 1
        raise asyncio.CancelledError

    async with Supervisor(clock, reports) as supervisor:
        supervisor.spawn("book", gives_up)
        await clock.advance(1)
        assert runs >= 2
        assert "cancelled from inside" in reports.heard[0][1]


async def test_a_permanent_task_that_just_returns_is_reported_too() -> None:
    clock, reports = ManualClock(), Reports()

    async def returns() -> None:
        return

    async with Supervisor(clock, reports) as supervisor:
        supervisor.spawn("clock", returns)
        await clock.advance(0.01)
    assert "without being asked" in reports.heard[0][1]


async def test_trouble_is_forgotten_after_a_stable_minute() -> None:
    clock, reports, broken = ManualClock(), Reports(), True

    async def breaks_once() -> None:
        nonlocal broken
        if broken:
            broken = False
            raise Unavailable("502")
        await clock.sleep(1_000)

    async with Supervisor(clock, reports) as supervisor:
        supervisor.spawn("tape", breaks_once)
        await clock.advance(1)
        assert supervisor.trouble == {"tape": "502; started again"}
        await clock.advance(61)
        assert not supervisor.trouble


async def test_a_single_job_is_not_repeated() -> None:
    clock, reports, runs = ManualClock(), Reports(), 0

    async def breaks() -> None:
        nonlocal runs
        runs += 1
        raise Unavailable("no")

    async with Supervisor(clock, reports) as supervisor:
        supervisor.spawn("order 1", breaks, Policy.ONCE)
        await clock.advance(100)
    assert runs == 1


async def test_leaving_cancels_what_runs_and_cancelling_one_task_is_no_trouble() -> None:
    clock, reports, cancelled = ManualClock(), Reports(), 0

    async def waits() -> None:
        nonlocal cancelled
        try:
            await clock.sleep(1_000)
        except asyncio.CancelledError:
            cancelled += 1
            raise

    async with Supervisor(clock, reports) as supervisor:
        first = supervisor.spawn("a", waits)
        supervisor.spawn("b", waits)
        await clock.advance(0.1)
        first.cancel()
        await clock.advance(0.1)
        assert cancelled == 1
    assert cancelled == 2
    assert reports.heard == []
