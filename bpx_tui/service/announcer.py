"""The service's voice on the lossless lane."""

from __future__ import annotations

from collections.abc import Callable

from bpx_tui.clock import Clock
from bpx_tui.model.orders import Fill, TrackedOrder
from bpx_tui.service.bus import Channel
from bpx_tui.service.intents import CommandOutcome, Event, Filled, Notice, OrderChanged, Severity


class Announcer:
    """Puts events on the lossless lane, stamped with local time; an overflow is never silent.

    `on_overflow` is called once per overflow, when the lane stops taking events; `recovered` says when it takes them
    again.
    """

    def __init__(self, events: Channel[Event], clock: Clock, on_overflow: Callable[[], None] | None = None) -> None:
        self._events = events
        self._clock = clock
        self.on_overflow = on_overflow
        self._overflowing = False

    @property
    def overflowing(self) -> bool:
        """Whether the reader is so far behind that events were lost and it has not caught up since."""
        if self._overflowing and len(self._events) == 0:
            self._overflowing = False
        return self._overflowing

    def notice(self, severity: Severity, text: str, *, sticky: bool = False) -> None:
        self._put(Notice(severity, text, self._clock.wall_ms(), sticky))

    def order(self, order: TrackedOrder) -> None:
        self._put(OrderChanged(order, self._clock.wall_ms()))

    def fill(self, fill: Fill) -> None:
        self._put(Filled(fill, self._clock.wall_ms()))

    def outcome(self, outcome: CommandOutcome) -> None:
        self._put(outcome)

    def _put(self, event: Event) -> None:
        if self._events.put(event) or self._overflowing:
            return
        self._overflowing = True
        if self.on_overflow is not None:
            self.on_overflow()
