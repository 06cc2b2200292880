"""The message bus between the service thread and everyone who watches it.

Three lanes, three rules (DESIGN, "The bus"):

* `Latest`: newest value per key with a revision; nothing queues, readers look on their own timer.
* `Channel`: every event in order, bounded; overflow is remembered, so that the reader forces a reconciliation.
* `CommandLane`: intents towards the service, bounded; each gets exactly one outcome.

What crosses a lane is immutable. All three may be used from any thread.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Key(Generic[T]):
    """Name of one conflated value of type `T`; `part` narrows it to a market, an interval and so on."""

    name: str
    part: str = ""


class Published(NamedTuple, Generic[T]):
    """A value with the number of times its key has been replaced (from 1)."""

    revision: int
    value: T


class Latest:
    """Conflated values: the writer replaces, the reader looks. Never queues, never blocks."""

    def __init__(self) -> None:
        self._slots: dict[Key[Any], Published[Any]] = {}

    def put(self, key: Key[T], value: T) -> None:
        """Replace the value of `key`. One writer per key."""
        before = self._slots.get(key)
        self._slots[key] = Published(1 if before is None else before.revision + 1, value)

    def get(self, key: Key[T]) -> Published[T] | None:
        """The newest value, or `None` if nothing was ever published."""
        return self._slots.get(key)

    def value(self, key: Key[T]) -> T | None:
        slot = self._slots.get(key)
        return None if slot is None else slot.value

    def drop(self, key: Key[T]) -> None:
        """Forget a key whose subject is no longer watched."""
        self._slots.pop(key, None)


class Channel(Generic[T]):
    """Lossless and ordered up to `capacity`; what does not fit is refused and `overflowed` stays set until taken."""

    def __init__(self, capacity: int = 10_000) -> None:
        self._capacity = capacity
        self._queue: deque[T] = deque()
        self._overflowed = False
        self._lock = threading.Lock()

    def put(self, event: T) -> bool:
        """Append; `False` (and the overflow mark) when full."""
        with self._lock:
            if len(self._queue) >= self._capacity:
                self._overflowed = True
                return False
            self._queue.append(event)
            return True

    def drain(self) -> list[T]:
        """All waiting events, oldest first."""
        if not self._queue:
            return []
        with self._lock:
            events = list(self._queue)
            self._queue.clear()
            return events

    def take_overflow(self) -> bool:
        """Whether anything was refused since the last call."""
        with self._lock:
            overflowed, self._overflowed = self._overflowed, False
            return overflowed

    def __len__(self) -> int:
        return len(self._queue)


class CommandLane(Generic[T]):
    """Intents towards the service. `submit` never blocks; the service is woken through `on_submit`."""

    def __init__(self, capacity: int = 64) -> None:
        self._channel: Channel[T] = Channel(capacity)
        self._wake: Callable[[], None] | None = None

    def attach(self, wake: Callable[[], None] | None) -> None:
        """Set what wakes the service; called from the submitting thread, so it must be thread-safe."""
        self._wake = wake
        if wake is not None and len(self._channel):
            wake()

    def submit(self, intent: T) -> bool:
        """Hand over one intent; `False` when the service is so far behind that it must not take more."""
        accepted = self._channel.put(intent)
        if accepted and self._wake is not None:
            self._wake()
        return accepted

    def drain(self) -> list[T]:
        return self._channel.drain()
