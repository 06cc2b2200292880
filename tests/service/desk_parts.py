"""A session on a scripted venue and a manual clock, with short ways to press keys and read what came of it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import TypeVar

from bpx_tui.config.credentials import Credentials
from bpx_tui.exchange.server_clock import ServerClock
from bpx_tui.exchange.stream import StreamState, StreamStatus
from bpx_tui.model.enums import KlineInterval
from bpx_tui.model.ids import ClientId, OrderId, Symbol
from bpx_tui.model.limits import RiskLimits
from bpx_tui.model.orders import OrderRequest, OrderUpdate
from bpx_tui.model.situation import Override
from bpx_tui.model.views import AccountView, BookView, FeedHealth, Gate
from bpx_tui.service import topics
from bpx_tui.service.bus import Key
from bpx_tui.service.desk import DeskConfig
from bpx_tui.service.intents import (
    CancelAll,
    CancelOrder,
    CommandOutcome,
    DeskBus,
    Event,
    Intent,
    Mode,
    Notice,
    PlaceOrder,
    ReadStrategies,
    next_input_id,
)
from bpx_tui.service.session import Session
from tests.fakes import values
from tests.fakes.clock import ManualClock
from tests.fakes.venue import ScriptedSocket, ScriptedVenue

T = TypeVar("T")

SEED = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
API_KEY = "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="
"""The key pair of the bytes 0 to 31; it belongs to nobody."""


class Bench:
    """The session under test and everything around it."""

    def __init__(self, mode: Mode = Mode.DEMO, *, with_key: bool = True, limits: RiskLimits | None = None) -> None:
        self.mode = mode
        self.clock = ManualClock()
        self.time = ServerClock(self.clock)
        self.venue = ScriptedVenue(self.clock, self.time)
        self.socket = ScriptedSocket()
        self.bus = DeskBus()
        self.config = DeskConfig(
            mode,
            "http://venue",
            "ws://venue",
            values.SOL,
            KlineInterval.M1,
            Credentials(API_KEY, SEED) if with_key else None,
            limits=limits or RiskLimits(),
        )
        self.session = Session(self.config, self.bus, self.venue, self.socket, self.clock, self.time, random.Random(1))
        self.events: list[Event] = []

    @asynccontextmanager
    async def running(self, *, connected: bool = True) -> AsyncIterator[Bench]:
        """Run the session for the length of the block; entered with everything read once."""
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(self.session.run(stop))
            if connected:
                self.open_socket()
            await self.clock.advance(0.1)
            try:
                yield self
            finally:
                stop.set()
                await self.clock.advance(4)

    def open_socket(self, session: int = 1) -> None:
        self.socket.status = StreamStatus(StreamState.OPEN, session=session)
        self.session.socket_changed(self.socket.status)

    def lose_socket(self, reason: str = "gone") -> None:
        status = self.socket.status
        self.socket.status = StreamStatus(
            StreamState.WAITING, reason, self.clock.monotonic() + 1, session=status.session
        )
        self.session.socket_changed(self.socket.status)

    def delta(self, first: int, last: int, bids: list[list[str]] | None = None) -> None:
        self.session.take((values.SOL, first, last, bids or [], [], self.time.now_us()))

    async def live_book(self) -> None:
        """Let one delta and a snapshot make the book live."""
        self.delta(101, 101)
        await self.clock.advance(2)
        self.delta(102, 102)
        await self.clock.advance(0.1)
        assert self.book().state.value == "live", self.book()

    def press(
        self,
        request: OrderRequest,
        *,
        age: float = 0.0,
        despite_unknown: bool = False,
        overrides: frozenset[Override] = frozenset(),
    ) -> int:
        """Submit an order; its input id."""
        return self._submit(
            PlaceOrder(
                next_input_id(),
                self.clock.monotonic() - age,
                self.mode,
                request=request,
                despite_unknown=despite_unknown,
                overrides=overrides,
            )
        )

    def press_cancel(self, order_id: str | None = None, client_id: ClientId | None = None) -> int:
        return self._submit(
            CancelOrder(
                next_input_id(),
                self.clock.monotonic(),
                self.mode,
                symbol=values.SOL,
                order_id=None if order_id is None else OrderId(order_id),
                client_id=client_id,
            )
        )

    def press_quit(self) -> int:
        """As the question before leaving does: look at what runs."""
        return self._submit(ReadStrategies(next_input_id(), self.clock.monotonic(), self.mode))

    def press_cancel_all(self, symbol: Symbol | None = None) -> int:
        return self._submit(CancelAll(next_input_id(), self.clock.monotonic(), self.mode, symbol=symbol))

    def _submit(self, intent: Intent) -> int:
        assert self.bus.commands.submit(intent)
        return intent.input_id

    def take_update(self, update: OrderUpdate) -> None:
        self.session.take(update)

    async def outcome(self, input_id: int, *, within: float = 0.2) -> CommandOutcome:
        """The one outcome of an intent."""
        await self.clock.advance(within)
        found = self.outcomes(input_id)
        assert len(found) == 1, found
        return found[0]

    def outcomes(self, input_id: int) -> list[CommandOutcome]:
        return [each for each in self.drained() if isinstance(each, CommandOutcome) and each.input_id == input_id]

    def notices(self) -> list[str]:
        return [each.text for each in self.drained() if isinstance(each, Notice)]

    def drained(self) -> list[Event]:
        """Every event so far."""
        self.events += self.bus.events.drain()
        return self.events

    def _value(self, key: Key[T]) -> T:
        value = self.bus.latest.value(key)
        assert value is not None
        return value

    def book(self) -> BookView:
        return self._value(topics.book(values.SOL))

    def gate(self) -> Gate:
        return self._value(topics.GATE)

    def account(self) -> AccountView:
        return self._value(topics.ACCOUNT)

    def health(self) -> FeedHealth:
        return self._value(topics.HEALTH)

    def states(self) -> list[str]:
        """What the screen shows of the orders, newest first."""
        return [f"{tracked.state}" for tracked in self.account().orders or ()]

    def quantity(self) -> Decimal:
        return sum((each.net_quantity for each in self.account().positions or ()), Decimal(0))
