"""The account's half of a session: what moves, reads and publishes it, and what acts for it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import replace
from functools import partial

from bpx_tui.clock import Clock
from bpx_tui.exchange import stream_names
from bpx_tui.exchange.server_clock import ServerClock
from bpx_tui.model.account import PositionUpdate
from bpx_tui.model.ids import Symbol
from bpx_tui.model.orders import LocalState, OrderUpdate, TrackedOrder
from bpx_tui.model.quotes import MarkPrice
from bpx_tui.model.strategies import Strategy
from bpx_tui.model.views import AccountAccess, FeedState, OwnLevel
from bpx_tui.service.account import Account
from bpx_tui.service.ages import FUTURE_TOLERANCE_US
from bpx_tui.service.announcer import Announcer
from bpx_tui.service.bus import Latest
from bpx_tui.service.cancel_all import CancelEverything
from bpx_tui.service.desk import DeskConfig
from bpx_tui.service.evidence import Evidence
from bpx_tui.service.fill_log import FillLog
from bpx_tui.service.gate import GateKeeper
from bpx_tui.service.intents import CancelAll, CancelOrder, Mode, PlaceOrder, Severity
from bpx_tui.service.lookup import Lookup
from bpx_tui.service.order_board import OrderBoard
from bpx_tui.service.orders_journal import MemoryJournal
from bpx_tui.service.own_limits import MarketState, OwnLimits
from bpx_tui.service.ports import Streams, Venue
from bpx_tui.service.reconcile import Reconciler
from bpx_tui.service.resolver import Resolver
from bpx_tui.service.strategies import StrategyWatch
from bpx_tui.service.supervisor import Policy, Supervisor
from bpx_tui.service.topics import ACCOUNT
from bpx_tui.service.trading import Trader

PUBLISH_SECONDS = 0.05
WIND_DOWN_SECONDS = 3.0
WIND_DOWN_STEP_SECONDS = 0.02
LAST_LOOK_SECONDS = 1.0


class PrivateLane:
    """Orders, positions, balances and fills of the account, and the trader. Without a key it says so and rests."""

    _published: object = None

    def __init__(
        self,
        config: DeskConfig,
        venue: Venue,
        streams: Streams,
        latest: Latest,
        gate: GateKeeper,
        announcer: Announcer,
        clock: Clock,
        time: ServerClock,
        rng: random.Random,
        book_state: Callable[[Symbol], FeedState | None],
        market_state: Callable[[Symbol], MarketState],
        want_marks: Callable[[frozenset[Symbol]], None],
        on_clock_doubt: Callable[[], None],
    ) -> None:
        self._has_key = config.credentials is not None
        self._streams, self._latest = streams, latest
        self._announcer, self._gate = announcer, gate
        self._clock, self._time, self._want_marks = clock, time, want_marks
        self._under_way: set[asyncio.Task[None]] = set()
        self._own: dict[Symbol, tuple[int, tuple[OwnLevel, ...]]] = {}
        journal = MemoryJournal(rng)
        self.board = OrderBoard(clock, time)
        self.account = Account(_access(config), self.board, FillLog())
        self._evidence = Evidence(self.board, self.account.fills, announcer, journal)
        lookup = Lookup(venue, self.board, self._evidence)
        self._resolver = Resolver(lookup, self.board, self._evidence, announcer, clock, time, config.order_window_ms)
        self._strategies = StrategyWatch(venue.strategies, self.account)
        self.reconciler = Reconciler(
            venue, self.account, self._strategies, self._evidence, gate, announcer, clock, time, self._resolver.missing
        )
        self._trader = Trader(
            config.mode,
            venue if self._has_key else None,
            lookup,
            self.board,
            self._evidence,
            journal,
            gate,
            announcer,
            clock,
            time,
            book_state,
            OwnLimits(config.limits, self.account, market_state),
            on_clock_doubt,
        )
        self._cancel_all = CancelEverything(venue, self.account, self._strategies, self._evidence, announcer, clock)
        self._listen_to_each_other()
        _close_for_good(gate, config)

    def _listen_to_each_other(self) -> None:
        self._evidence.on_money_moved = self.reconciler.money_moved
        self._evidence.on_contradiction = lambda: self.reconciler.demand("an order exists that was said not to")
        self.reconciler.drifted = lambda: self._streams.renew(stream_names.ORDER_UPDATE)
        self._resolver.on_unseen_end = lambda order: self.reconciler.stream_missed(
            f"it did not tell that an order on {order.symbol} is {order.state}"
        )

    def start(self, supervisor: Supervisor) -> None:
        """Subscribe first, then read: what happens meanwhile is merged by the engine's clock."""
        supervisor.spawn("account view", self.run_views)
        if self._has_key:
            self._streams.want(stream_names.ORDER_UPDATE)
            self._streams.want(stream_names.POSITION_UPDATE)
            supervisor.spawn("reconciliation", self.reconciler.run)
            supervisor.spawn("order look-up", self._resolver.run)

    def place(self, intent: PlaceOrder, supervisor: Supervisor) -> None:
        self._carry_out(f"order {intent.input_id}", partial(self._trader.place, intent), supervisor)

    def cancel(self, intent: CancelOrder, supervisor: Supervisor) -> None:
        self._carry_out(f"cancel {intent.input_id}", partial(self._trader.cancel, intent), supervisor)

    def cancel_all(self, intent: CancelAll, supervisor: Supervisor) -> None:
        if reason := self._trader.refusal(intent):
            self._trader.refuse(intent, reason)
            return
        self._carry_out(f"cancel all {intent.input_id}", partial(self._cancel_all.run, intent), supervisor)

    def read_strategies(self, supervisor: Supervisor) -> None:
        """Look now at what the exchange trades by itself; the account's next picture tells."""
        if self._has_key:
            supervisor.spawn("strategies", self._read_strategies, Policy.ONCE)

    async def _read_strategies(self) -> None:
        await self._strategies.read()

    def _carry_out(self, name: str, work: Callable[[], Coroutine[None, None, None]], supervisor: Supervisor) -> None:
        task = supervisor.spawn(name, work, Policy.ONCE)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    def take_order(self, update: OrderUpdate) -> None:
        """One event of the private order stream."""
        self.reconciler.private_proven = True
        self._evidence.update(update)

    def take_position(self, update: PositionUpdate) -> None:
        """One event of the private position stream. One from the future must not outrank what is read later."""
        told_us, now_us = update.position.engine_time_us or update.event_time_us, self._time.now_us()
        if told_us > now_us + FUTURE_TOLERANCE_US:
            update = replace(update, position=replace(update.position, engine_time_us=now_us))
        self.account.take_position(update)

    def take_mark(self, mark: MarkPrice) -> None:
        self.account.take_mark(mark)
        if self.account.is_margin_outdated:
            self.reconciler.money_moved()

    def interrupted(self, reason: str) -> None:
        """Private events may have been lost: read everything before new risk is taken."""
        if self._has_key:
            self.reconciler.private_proven = False
            self.reconciler.demand(reason)

    def stream_down(self) -> None:
        """A private event may have been lost, or none can come any more."""
        if self._has_key:
            self.reconciler.stream_lost()

    def own_levels(self, symbol: Symbol) -> tuple[OwnLevel, ...]:
        """Own resting quantity of one market, computed again only when an order changed."""
        revision, levels = self._own.get(symbol, (-1, ()))
        if revision != self.board.revision:
            levels = self.board.own_levels(symbol)
            self._own = {symbol: (self.board.revision, levels)}
        return levels

    async def run_views(self) -> None:
        """Until cancelled: publish the account when it changed, at most 20 times a second."""
        while True:
            self.publish()
            await self._clock.sleep(PUBLISH_SECONDS)

    def publish(self) -> None:
        """Publish the account if it changed, and follow the marks of what is held."""
        revision = self.account.revision
        if revision != self._published:
            self._published = revision
            self._latest.put(ACCOUNT, self.account.view())
            self._want_marks(self.account.position_symbols)

    async def wind_down(self) -> None:
        """Take no new order, wait for orders and cancels under way, and note what has no answer and what stays."""
        self._trader.closing = True
        self._gate.close("closing", "the program is ending")
        until = self._clock.monotonic() + WIND_DOWN_SECONDS
        while self._under_way and self._clock.monotonic() < until:
            await self._clock.sleep(WIND_DOWN_STEP_SECONDS)
        for tracked in self.board.in_flight():
            if tracked.client_id is not None:
                note = "outcome unknown: no answer before the program ended"
                self._evidence.settle(tracked.client_id, LocalState.UNKNOWN, note)
        if self._has_key:
            await self._look_at_strategies_once_more()
        if live := self.board.live():
            self._warn(f"{len(live)} order(s) stay at the exchange: {_markets(live)}.")
        if running := self.account.strategies:
            self._warn(f"Strategies go on trading at the exchange: {_markets(running)}.")
        if unknown := self.account.strategies_unknown:
            self._warn(f"Whether strategies run at the exchange is not known: {unknown.rstrip('.')}.")
        self.publish()

    async def _look_at_strategies_once_more(self) -> None:
        try:
            async with asyncio.timeout(LAST_LOOK_SECONDS):
                await self._strategies.read()
        except TimeoutError:
            self._strategies.doubt("no answer before the program ended")

    def _warn(self, text: str) -> None:
        self._announcer.notice(Severity.WARNING, text, sticky=True)


def _markets(shown: Iterable[TrackedOrder | Strategy]) -> str:
    return ", ".join(sorted({each.symbol for each in shown}))


def _access(config: DeskConfig) -> AccountAccess:
    if config.credentials is None:
        return AccountAccess.NO_KEY
    return AccountAccess.READ_ONLY if config.mode is Mode.READ else AccountAccess.TRADING


def _close_for_good(gate: GateKeeper, config: DeskConfig) -> None:
    """Where this desk can never trade, the gate says so from the start."""
    if config.credentials is None:
        gate.close("key", "no API key configured")
    elif config.mode is Mode.READ:
        gate.close("mode", "read-only: start with --live to trade")
