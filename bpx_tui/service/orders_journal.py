"""Where an order intent is written down before it goes on the wire.

This is the seam for the durable journal (RELIABILITY 6.4, 6.9): trading calls nothing else to allocate client ids and
to record what it does. `MemoryJournal` forgets everything at exit; a durable one takes its place without a change here.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Protocol

from bpx_tui.errors import BpxError
from bpx_tui.model.ids import ClientId
from bpx_tui.model.orders import LocalState, OrderRequest

COUNTER_BITS = 24


class JournalUnavailable(BpxError):
    """An intent could not be made durable: the order must not be sent."""


@dataclass(frozen=True, slots=True)
class RecordedIntent:
    """One order of ours as written down. `sent_ms` is exchange time; `state` the last one recorded."""

    client_id: ClientId
    request: OrderRequest
    sent_ms: int
    state: LocalState


class OrdersJournal(Protocol):
    """Client ids and what became of them. One writer: the service."""

    def next_client_id(self) -> ClientId:
        """A number never given out before by this journal; never 0."""
        ...

    async def intend(self, client_id: ClientId, request: OrderRequest, sent_ms: int) -> None:
        """Write the intent down; durable when this returns.

        Raises:
            JournalUnavailable: it is not; the order must not be sent.
        """
        ...

    def record(self, client_id: ClientId, state: LocalState, note: str = "") -> None:
        """Note what became of an intent. May be written later, in order."""
        ...

    def unresolved(self) -> tuple[RecordedIntent, ...]:
        """Intents whose end is not recorded, oldest first: what a start has to look up."""
        ...


class MemoryJournal:
    """Keeps unresolved intents for the life of the process.

    Client ids are an 8-bit install number and a 24-bit counter. Without a file both are drawn at random at start, so
    that ids of an earlier run are not met again in practice.
    """

    def __init__(self, rng: random.Random) -> None:
        self._install = rng.randrange(1, 256)
        self._counter = rng.randrange(2**COUNTER_BITS)
        self._open: dict[ClientId, RecordedIntent] = {}

    def next_client_id(self) -> ClientId:
        self._counter = (self._counter + 1) % 2**COUNTER_BITS
        return ClientId(self._install << COUNTER_BITS | self._counter)

    async def intend(self, client_id: ClientId, request: OrderRequest, sent_ms: int) -> None:
        self._open[client_id] = RecordedIntent(client_id, request, sent_ms, LocalState.IN_FLIGHT)

    def record(self, client_id: ClientId, state: LocalState, note: str = "") -> None:
        del note
        intent = self._open.pop(client_id, None)
        if intent is not None and state in (LocalState.IN_FLIGHT, LocalState.UNKNOWN):
            self._open[client_id] = RecordedIntent(client_id, intent.request, intent.sent_ms, state)

    def unresolved(self) -> tuple[RecordedIntent, ...]:
        return tuple(self._open.values())
