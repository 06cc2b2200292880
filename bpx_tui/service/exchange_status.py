"""Whether the exchange says that it is in maintenance: then new orders are not even tried."""

from __future__ import annotations

import random

from bpx_tui.clock import Clock
from bpx_tui.errors import ExchangeError
from bpx_tui.service.announcer import Announcer
from bpx_tui.service.gate import GateKeeper
from bpx_tui.service.intents import Severity
from bpx_tui.service.ports import PublicReads

CALM_SECONDS = 60.0
MAINTENANCE_SECONDS = 10.0
GATE_REASON = "maintenance"


class ExchangeStatusWatch:
    """Asks `GET /status` now and then. A failed question says nothing: other parts notice a dead network."""

    def __init__(
        self, venue: PublicReads, gate: GateKeeper, announcer: Announcer, clock: Clock, rng: random.Random
    ) -> None:
        self._venue = venue
        self._gate = gate
        self._announcer = announcer
        self._clock = clock
        self._rng = rng
        self._in_maintenance = False

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.ask()
            pause = MAINTENANCE_SECONDS if self._in_maintenance else CALM_SECONDS
            await self._clock.sleep(pause * self._rng.uniform(0.9, 1.1))

    async def ask(self) -> None:
        """Ask once and act on the answer."""
        try:
            status = await self._venue.status()
        except ExchangeError:
            return
        if status.is_ok:
            self._gate.lift(GATE_REASON)
            if self._in_maintenance:
                self._announcer.notice(Severity.GOOD, "The exchange is back from maintenance.")
        else:
            words = f"the exchange says {status.word}" + (f": {status.message}" if status.message else "")
            self._gate.close(GATE_REASON, words)
            if not self._in_maintenance:
                self._announcer.notice(Severity.WARNING, f"{words[:1].upper()}{words[1:]}. Cancels are still tried.")
        self._in_maintenance = not status.is_ok
