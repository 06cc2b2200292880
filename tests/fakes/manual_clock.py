"""A clock that stands still until it is moved."""

from __future__ import annotations


class ManualClock:
    """Wall and monotonic time move only by `advance`; `wall` may also be set apart, as a user can."""

    def __init__(self, wall_ms: int = 1_750_793_021_519, monotonic: float = 1_000.0) -> None:
        self.wall = wall_ms
        self.now = monotonic

    def wall_ms(self) -> int:
        return self.wall

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        self.now += seconds
        self.wall += int(seconds * 1_000)
