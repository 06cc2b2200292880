"""One session with the exchange: joins the parts of the service, routes events and intents, and ends in order."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from functools import partial

from bpx_tui.clock import Clock
from bpx_tui.exchange.server_clock import ServerClock
from bpx_tui.exchange.stream import StreamState, StreamStatus
from bpx_tui.exchange.stream_names import is_private
from bpx_tui.exchange.wire_stream import StreamError, StreamEvent, Undecodable, Unrecognised
from bpx_tui.model.account import PositionUpdate
from bpx_tui.model.ids import Symbol
from bpx_tui.model.orders import OrderUpdate
from bpx_tui.model.quotes import Liquidation, MarkPrice
from bpx_tui.model.rfq import RfqUpdate
from bpx_tui.model.views import OwnLevel
from bpx_tui.service.announcer import Announcer
from bpx_tui.service.clock_sync import ClockSync
from bpx_tui.service.desk import DeskConfig
from bpx_tui.service.engine_watch import EngineWatch
from bpx_tui.service.exchange_status import ExchangeStatusWatch
from bpx_tui.service.gate import GateKeeper
from bpx_tui.service.health import PUBLISH_SECONDS, Health
from bpx_tui.service.intents import (
    CancelAll,
    CancelOrder,
    CommandOutcome,
    DeskBus,
    Intent,
    LoadOlderCandles,
    OutcomeKind,
    PlaceOrder,
    ReadStrategies,
    Resync,
    SetBookGrouping,
    Severity,
    WatchMarket,
    next_input_id,
)
from bpx_tui.service.market_data import MarketData
from bpx_tui.service.ports import Socket, Venue
from bpx_tui.service.private_lane import PrivateLane
from bpx_tui.service.supervisor import Policy, Supervisor

log = logging.getLogger(__name__)

UNREADABLE_NOTICE_SECONDS = 60.0
FRAME_BUDGET_SECONDS = 3.0
"""The socket brings something every second; longer silence is no longer that of single streams."""


class Session:
    """The service at work. Everything runs on the loop that runs `run`; only the bus is touched from elsewhere."""

    def __init__(
        self,
        config: DeskConfig,
        bus: DeskBus,
        venue: Venue,
        socket: Socket,
        clock: Clock,
        time: ServerClock,
        rng: random.Random,
    ) -> None:
        self._config = config
        self._bus = bus
        self._socket = socket
        self._clock = clock
        self.announcer = Announcer(bus.events, clock, self._overflowed)
        self.gate = GateKeeper(bus.latest)
        self.health = Health(bus.latest, clock, time)
        self.supervisor = Supervisor(clock, self._task_ended)
        self.clock_sync = ClockSync(
            venue, bus.latest, self.gate, self.announcer, self.health, clock, time, self._time_jumped
        )
        self.market_data = MarketData(
            venue,
            socket,
            bus.latest,
            self.supervisor,
            self.health,
            clock,
            time,
            self._own_levels,
            self._take_mark,
        )
        self._status = ExchangeStatusWatch(venue, self.gate, self.announcer, clock, rng, self._back_in_business)
        self.engine = EngineWatch(self.gate, self.announcer, clock, time, self._data_flows, self._status.heard)
        self.private = PrivateLane(
            config,
            self.engine.listening(venue),
            socket,
            bus.latest,
            self.gate,
            self.announcer,
            clock,
            time,
            rng,
            self.market_data.book_state,
            self.market_data.market_state,
            self.market_data.want_marks,
            self.clock_sync.doubt,
        )
        self._submitted = asyncio.Event()
        self._pending: deque[Intent] = deque()
        self._unreadable_said = float("-inf")
        self._stream_lost_at: float | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set. Orders under way are waited for, everything else ends at once."""
        loop = asyncio.get_running_loop()
        self._bus.commands.attach(lambda: _wake(loop, self._submitted))
        try:
            async with self.supervisor as supervisor:
                supervisor.spawn("clock", self.clock_sync.run)
                supervisor.spawn("clock watch", self.clock_sync.watch_jumps)
                supervisor.spawn("intents", self._run_intents)
                supervisor.spawn("health", self._run_health)
                supervisor.spawn("views", self.market_data.run_views)
                supervisor.spawn("book checks", self.market_data.run_checks)
                supervisor.spawn("catalogue", self.market_data.run_catalog)
                supervisor.spawn("polling", self.market_data.run_polling)
                supervisor.spawn("exchange status", self._status.run)
                supervisor.spawn("engine watch", partial(self.engine.run, self.private.board))
                self._watch_first_market()
                self.private.start(supervisor)
                supervisor.spawn("socket", self._run_socket)
                await stop.wait()
                await self.private.wind_down()
        finally:
            self.market_data.close()

    def take(self, event: StreamEvent) -> None:
        """One event of the socket, in order of arrival. Depth is nearly all of them.

        Liquidations and RFQs have no panel to go to yet; they are dropped here, as is what this version does not know.
        """
        if type(event) is tuple:
            self.market_data.take(event)
        elif isinstance(event, OrderUpdate):
            self.engine.shown(event)
            self.private.take_order(event)
        elif isinstance(event, PositionUpdate):
            self.private.take_position(event)
        elif isinstance(event, StreamError):
            self.announcer.notice(Severity.WARNING, f"Stream: {event.message} ({event.code}).")
        elif isinstance(event, Undecodable):
            self._unreadable(event)
        elif not isinstance(event, (Liquidation, RfqUpdate, Unrecognised)):
            self.market_data.take(event)

    def socket_changed(self, status: StreamStatus) -> None:
        """The socket opened or closed. With every new one frames may have been missed: nothing is whole until read."""
        was_open = self.health.is_open
        self.health.socket(status)
        if status.state is StreamState.OPEN and status.session > 1:
            if self._stream_lost_at is not None:
                away = self._clock.monotonic() - self._stream_lost_at
                self.announcer.notice(Severity.INFO, f"The stream is back after {away:.1f} s.")
                self._stream_lost_at = None
            self.interrupted("the stream was interrupted")
        elif was_open and status.state is not StreamState.OPEN:
            self._stream_lost_at = self._clock.monotonic()
            self.announcer.notice(Severity.WARNING, f"The stream is down: {status.reason.rstrip('.')}.")
            self.market_data.stream_down(f"stream down: {status.reason}")
            self.private.stream_down()

    def interrupted(self, reason: str) -> None:
        """Read everything again."""
        self.market_data.reconnected(reason)
        self.private.interrupted(reason)

    def dispatch(self, intent: Intent) -> None:
        """Carry out one intent; each gets exactly one outcome."""
        if isinstance(intent, PlaceOrder):
            self.private.place(intent, self.supervisor)
        elif isinstance(intent, CancelOrder):
            self.private.cancel(intent, self.supervisor)
        elif isinstance(intent, CancelAll):
            self.private.cancel_all(intent, self.supervisor)
        elif isinstance(intent, WatchMarket):
            self.market_data.watch(intent)
            self._done(intent, f"Watching {intent.symbol}.")
        elif isinstance(intent, SetBookGrouping):
            self.market_data.group(intent)
            self._done(intent, "Book grouping set.")
        elif isinstance(intent, LoadOlderCandles):
            self.market_data.load_older(intent)
            self._done(intent, "Reading older candles.")
        elif isinstance(intent, ReadStrategies):
            self.private.read_strategies(self.supervisor)
            self._done(intent, "Reading running strategies.")
        elif isinstance(intent, Resync):
            self.interrupted("asked for")
            self._done(intent, "Reading everything again.")
        else:
            self._refuse(intent, f"The service does not know {type(intent).__name__}.")

    def _data_flows(self) -> bool:
        last = self._socket.last_frame_at
        return last is not None and self._clock.monotonic() - last <= FRAME_BUDGET_SECONDS

    def _back_in_business(self) -> None:
        """What the exchange did with orders and positions during maintenance is read before new risk is taken."""
        self.private.interrupted("the exchange was in maintenance")

    def _own_levels(self, symbol: Symbol) -> tuple[OwnLevel, ...]:
        return self.private.own_levels(symbol)

    def _take_mark(self, mark: MarkPrice) -> None:
        self.private.take_mark(mark)

    def _done(self, intent: Intent, text: str) -> None:
        self.announcer.outcome(CommandOutcome(intent.input_id, OutcomeKind.ACCEPTED, text, reached_exchange=False))

    def _refuse(self, intent: Intent, text: str) -> None:
        self.announcer.outcome(CommandOutcome(intent.input_id, OutcomeKind.REFUSED, text, reached_exchange=False))

    def _watch_first_market(self) -> None:
        config = self._config
        self.market_data.watch(
            WatchMarket(
                next_input_id(),
                self._clock.monotonic(),
                config.mode,
                symbol=config.symbol,
                interval=config.interval,
            )
        )

    async def _run_socket(self) -> None:
        while True:
            await self._socket.run()

    async def _run_intents(self) -> None:
        while True:
            self._pending.extend(self._bus.commands.drain())
            while self._pending:
                self._dispatch_surely(self._pending.popleft())
            await self._submitted.wait()
            self._submitted.clear()

    def _dispatch_surely(self, intent: Intent) -> None:
        """An intent that a fault of ours keeps from being carried out has an outcome as well."""
        done = False
        try:
            self.dispatch(intent)
            done = True
        finally:
            if not done:
                self._refuse(intent, "Not done: internal fault, see the log.")

    async def _run_health(self) -> None:
        while True:
            feed = self.market_data.feed
            trouble = self.supervisor.trouble
            self.health.trouble = next((f"{name}: {reason}" for name, reason in trouble.items()), "")
            if feed is not None:
                self.health.publish(feed.proofs.age_us(), self._socket, feed.stream_names())
            if not self.announcer.overflowing:
                self.gate.lift("events")
            await self._clock.sleep(PUBLISH_SECONDS)

    def _overflowed(self) -> None:
        self.gate.close("events", "the screen is so far behind that events were lost")
        self.private.interrupted("events were lost")

    def _task_ended(self, name: str, reason: str) -> None:
        self.announcer.notice(Severity.ERROR, f"Service part `{name}`: {reason}.")

    def _time_jumped(self, reason: str) -> None:
        self.supervisor.spawn("socket renewal", self._socket.close, Policy.ONCE)
        self.interrupted(reason)

    def _unreadable(self, event: Undecodable) -> None:
        now = self._clock.monotonic()
        log.warning("unreadable frame of %s: %s", event.stream or "?", event.reason)
        if not event.stream or is_private(event.stream):
            self.private.stream_down()
        if now - self._unreadable_said >= UNREADABLE_NOTICE_SECONDS:
            self._unreadable_said = now
            self.announcer.notice(Severity.WARNING, f"Unreadable frame of {event.stream or 'a stream'}: {event.reason}")


def _wake(loop: asyncio.AbstractEventLoop, submitted: asyncio.Event) -> None:
    """Called from the screen's thread; after the loop has closed there is nobody to wake."""
    try:
        loop.call_soon_threadsafe(submitted.set)
    except RuntimeError:
        log.info("an intent came after the service had ended")
