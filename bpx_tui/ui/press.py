"""When a key or button was pressed, and whether that press may still trade."""

from __future__ import annotations

from collections import deque
from typing import Protocol, runtime_checkable

from textual import events

OLDEST_SECONDS = 0.5
"""A key older than this when it is dispatched was meant for another picture of the market."""

BURST_KEYS, BURST_SECONDS = 4, 0.030
"""This many printable keys in so short a time were not typed by a person."""


@runtime_checkable
class HearsKeys(Protocol):
    """A panel that is told of each key before its binding runs."""

    def hear(self, event: events.Key) -> bool:
        """Take the key as text or swallow it; whether it was taken."""
        ...


class PressGate:
    """Remembers the press being handled. Times are monotonic seconds, stamped where the input arrived."""

    def __init__(self) -> None:
        self.pressed_at = 0.0
        self._printable: deque[float] = deque(maxlen=BURST_KEYS)
        self._burst = (0.0, -1.0)

    def arrived(self, at: float, *, printable: bool) -> None:
        """A key or button came in; it may be handled now or later."""
        self.pressed_at = at
        if not printable:
            return
        self._printable.append(at)
        if len(self._printable) == BURST_KEYS and at - self._printable[0] <= BURST_SECONDS:
            start = self._printable[0] if self._printable[0] > self._burst[1] else self._burst[0]
            self._burst = (start, at)

    def handling(self, at: float) -> None:
        """The press of that time is being handled from here on."""
        self.pressed_at = at

    def why_ignored(self, now: float) -> str:
        """Why the press being handled must not trade; empty when it may."""
        if now - self.pressed_at > OLDEST_SECONDS:
            return f"ignored: old key ({now - self.pressed_at:.1f} s)"
        first, last = self._burst
        return "ignored: typed too fast to be meant" if first <= self.pressed_at <= last else ""
