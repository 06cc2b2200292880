"""The service on a thread and loop of its own, seen from the screen: a bus, a start and a bounded stop.

This module is light on purpose: the network libraries are imported on the service thread, after the first paint.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bpx_tui.clock import SystemClock
from bpx_tui.errors import BpxError
from bpx_tui.model.enums import KlineInterval
from bpx_tui.model.ids import Symbol
from bpx_tui.model.limits import RiskLimits
from bpx_tui.model.views import FeedHealth, FeedWord, Gate
from bpx_tui.service.intents import CommandOutcome, DeskBus, Mode, Notice, OutcomeKind, Severity
from bpx_tui.service.topics import GATE, HEALTH

if TYPE_CHECKING:
    from bpx_tui.config.credentials import Credentials

log = logging.getLogger(__name__)

STOP_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class DeskConfig:
    """What the service needs to know to start.

    `order_window_ms` is the longest life of an order's signature (`X-Window`). Without credentials there is no account;
    in `Mode.READ` they are used for reading only. `limits` hold for every order, whatever way it comes.
    """

    mode: Mode
    rest_url: str
    ws_url: str
    symbol: Symbol
    interval: KlineInterval = KlineInterval.M1
    credentials: Credentials | None = None
    order_window_ms: int = 5_000
    limits: RiskLimits = field(default_factory=RiskLimits)


DeskSource = DeskConfig | Callable[[], DeskConfig]
"""The configuration, or what makes it on the service thread (the demo waits there for its exchange to be ready)."""


class Desk:
    """Owns the service thread. `start` returns at once; everything else is told through `bus`."""

    def __init__(self, source: DeskSource) -> None:
        self.bus = DeskBus()
        self._source = source
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._stopping = False

    @property
    def is_running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Start the service thread, once."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="service", daemon=True)
            self._thread.start()

    def stop(self, timeout: float = STOP_SECONDS) -> bool:
        """Ask the service to end and wait at most that long; whether it has ended.

        Orders in flight are waited for up to 3 s; what has no answer by then is noted as unknown.
        """
        with self._lock:
            self._stopping = True
            if self._loop is not None and self._stop is not None:
                self._loop.call_soon_threadsafe(self._stop.set)
        if self._thread is not None:
            self._thread.join(timeout)
        return not self.is_running

    def _run(self) -> None:
        reason = "the service has ended"
        try:
            config = self._source if isinstance(self._source, DeskConfig) else self._source()
            asyncio.run(self._serve(config))
        except BpxError as error:
            log.error("service ended: %s", error)
            reason = str(error)
        except Exception as error:
            log.exception("service ended")
            reason = f"internal fault ({type(error).__name__}), see the log"
        self._afterwards(reason)

    async def _serve(self, config: DeskConfig) -> None:
        stop = asyncio.Event()
        with self._lock:
            self._loop, self._stop = asyncio.get_running_loop(), stop
            if self._stopping:
                return
        try:
            from bpx_tui.service.connect import serve

            await serve(config, self.bus, stop)
        finally:
            with self._lock:
                self._loop = self._stop = None

    def _afterwards(self, reason: str) -> None:
        """Say that the service is gone, and answer what is still asked of it."""
        if not self._stopping:
            self.bus.latest.put(HEALTH, FeedHealth(FeedWord.OFFLINE, f"{reason}; restart the program"))
            self.bus.events.put(
                Notice(Severity.ERROR, f"Service stopped: {reason}.", SystemClock().wall_ms(), sticky=True)
            )
        self.bus.latest.put(GATE, Gate(is_open=False, reason=reason))
        self.bus.commands.attach(self._refuse_all)

    def _refuse_all(self) -> None:
        for intent in self.bus.commands.drain():
            text = "Not sent: the service has ended."
            self.bus.events.put(CommandOutcome(intent.input_id, OutcomeKind.REFUSED, text, reached_exchange=False))
