"""Whether the exchange says that it is in maintenance or that trading is paused: then new orders are not even tried."""

from __future__ import annotations

import random
from collections.abc import Callable

from bpx_tui.clock import Clock
from bpx_tui.errors import ExchangeError, Unavailable
from bpx_tui.service.announcer import Announcer
from bpx_tui.service.gate import GateKeeper
from bpx_tui.service.intents import Severity
from bpx_tui.service.ports import PublicReads

CALM_SECONDS = 60.0
TROUBLE_SECONDS = 10.0
"""Never asked again sooner, so at most six times a minute."""
JITTER = 0.2
LOOK_SECONDS = 0.5
LONGEST_ALARM = 20
GATE_REASON = "maintenance"
CODES = frozenset({"MAINTENANCE", "TRADING_PAUSED"})
"""The words of an answer that mean the same as a status that is not `Ok`."""


class ExchangeStatusWatch:
    """Asks `GET /status` now and then, and every ten seconds from when something else than `Ok` was heard.

    An order's answer can be the first to tell; an answered question whose status is `Ok` is what ends it. A question
    that fails says nothing: other parts notice a dead network. `on_end` is called at the end of the trouble.
    """

    def __init__(
        self,
        venue: PublicReads,
        gate: GateKeeper,
        announcer: Announcer,
        clock: Clock,
        rng: random.Random,
        on_end: Callable[[], None],
    ) -> None:
        self._venue = venue
        self._gate = gate
        self._announcer = announcer
        self._clock = clock
        self._rng = rng
        self._on_end = on_end
        self._in_trouble = False
        self._heard_at = float("-inf")
        self._due = float("-inf")

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            if self._clock.monotonic() >= self._due:
                await self.ask()
                self._plan()
            await self._clock.sleep(min(LOOK_SECONDS, max(0.0, self._due - self._clock.monotonic())))

    async def ask(self) -> None:
        """Ask once and act on the answer."""
        asked_at = self._clock.monotonic()
        try:
            status = await self._venue.status()
        except Unavailable as error:
            if error.code in CODES:
                self.heard(error.code)
        except ExchangeError:
            pass
        else:
            if not status.is_ok:
                about = f": {status.message}" if status.message else ""
                self._trouble(status.word, f"the exchange says {status.word}{about}")
            elif asked_at > self._heard_at:
                self._end()

    def heard(self, code: str) -> None:
        """A request was answered with one of `CODES`: so it is, until an answered question says otherwise."""
        self._heard_at = self._clock.monotonic()
        self._trouble(code, f"the exchange answers {code}")
        self._plan()

    def _plan(self) -> None:
        pause = TROUBLE_SECONDS if self._in_trouble else CALM_SECONDS
        self._due = self._clock.monotonic() + pause * self._rng.uniform(1.0, 1.0 + JITTER)

    def _trouble(self, word: str, reason: str) -> None:
        self._gate.close(GATE_REASON, reason, alarm=word.replace("_", " ").upper()[:LONGEST_ALARM])
        if not self._in_trouble:
            self._in_trouble = True
            text = f"{reason[:1].upper()}{reason[1:]}. No new orders; cancels are still tried."
            self._announcer.notice(Severity.ERROR, text, sticky=True)

    def _end(self) -> None:
        if self._in_trouble:
            self._in_trouble = False
            self._announcer.notice(Severity.GOOD, "The exchange says that it works again.")
            self._on_end()  # before the gate opens for a moment: this may have a reason of its own to keep it closed
        self._gate.lift(GATE_REASON)
