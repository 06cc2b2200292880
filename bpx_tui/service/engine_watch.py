"""Whether the exchange's matching engine still answers, judged by the answers to orders and cancels alone.

Its REST interface and its data may be well while the engine is down (RELIABILITY X10). Two orders or cancels within ten
seconds without a clear answer mean that nobody can say what another one would do: no new risk until there is evidence
again. Cancels and reduce-only orders are sent as ever.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from typing import TypeVar, cast

from bpx_tui.clock import Clock
from bpx_tui.errors import BpxError, NotSent, OutcomeUnknown, Refused, UsageError
from bpx_tui.exchange.server_clock import ServerClock
from bpx_tui.exchange.signing import DEFAULT_WINDOW_MS
from bpx_tui.model.ids import ClientId, OrderId, Symbol
from bpx_tui.model.orders import LocalState, Order, OrderRequest, OrderUpdate, TrackedOrder
from bpx_tui.service.announcer import Announcer
from bpx_tui.service.exchange_status import CODES
from bpx_tui.service.gate import GateKeeper
from bpx_tui.service.intents import Severity
from bpx_tui.service.order_board import OrderBoard
from bpx_tui.service.ports import Venue
from bpx_tui.service.resolver import GRACE_MS, MARGIN_MS

T = TypeVar("T")

WITHIN_SECONDS = 10.0
TOO_MANY = 2
DISTRUST_SECONDS = 60.0
"""This long after it was back, a single answer that is not clear is too many."""
LOOK_SECONDS = 0.5
GATE_REASON = "engine"

_IN_DOUBT = frozenset({LocalState.UNKNOWN, LocalState.IN_FLIGHT})


class EngineWatch:
    """Closes the gate while the engine is silent. `on_pause` hears of answers that name maintenance instead.

    What opens it again is an acknowledgement: a reply that shows the order that was placed or cancelled, or an order
    event of the private stream that the engine made since. Where none can come, because what had no answer has been
    found or proven never to have arrived, the end of all doubt opens it too. A cancel that did not reach the order it
    was for is in doubt for as long as it may still be executed, which its signature bounds.
    """

    def __init__(
        self,
        gate: GateKeeper,
        announcer: Announcer,
        clock: Clock,
        time: ServerClock,
        data_flows: Callable[[], bool],
        on_pause: Callable[[str], None],
    ) -> None:
        self._gate = gate
        self._announcer = announcer
        self._clock = clock
        self._time = time
        self._data_flows = data_flows
        self._on_pause = on_pause
        self._silences: deque[float] = deque(maxlen=TOO_MANY)
        self._silent_us = 0
        self._swept: set[Symbol] = set()
        self._cancels_lapse_ms = 0
        self._is_down = False
        self._back_at = float("-inf")

    def listening(self, venue: Venue) -> Venue:
        """The same venue, whose answers to orders and cancels are heard here, whoever sends them."""
        return cast(Venue, _Heard(venue, self))

    async def run(self, board: OrderBoard) -> None:
        """Until cancelled."""
        while True:
            if self._is_down and not any(self._is_in_doubt(order) for order in board.live()):
                self._back("no order or cancel is in doubt any more")
            await self._clock.sleep(LOOK_SECONDS)

    def acknowledged(self) -> None:
        """The engine did what it was asked for."""
        self._silences.clear()
        if self._is_down:
            self._back("the matching engine answers")

    def shown(self, update: OrderUpdate) -> None:
        """The private stream told of an order; what the engine did before it fell silent proves nothing."""
        if self._is_down and update.order.engine_time_us > self._silent_us:
            self._back("the matching engine answers")

    def unclear(self, error: BpxError, swept: Symbol | None = None) -> None:
        """An order or a cancel, or a sweep of a market, was sent, and what became of it is not known."""
        if isinstance(error, OutcomeUnknown) and error.code in CODES:
            self._on_pause(error.code)
            return
        now = self._clock.monotonic()
        self._silences.append(now)
        self._silent_us = self._time.now_us()
        lapses_ms = error.lapses_ms if isinstance(error, OutcomeUnknown) else None
        lapses_ms = self._time.now_ms() + DEFAULT_WINDOW_MS if lapses_ms is None else lapses_ms
        self._cancels_lapse_ms = max(self._cancels_lapse_ms, lapses_ms + GRACE_MS + MARGIN_MS)
        if swept is not None:
            self._swept.add(swept)
        recent = sum(now - at <= WITHIN_SECONDS for at in self._silences)
        if not self._is_down and (recent >= TOO_MANY or now - self._back_at < DISTRUST_SECONDS):
            self._down(recent)

    def _down(self, count: int) -> None:
        self._is_down = True
        who = "matching engine" if self._data_flows() else "exchange"
        what = f"{count} orders or cancels in {WITHIN_SECONDS:.0f} s" if count > 1 else "an order or cancel, again"
        reason = f"the {who} does not answer ({what})"
        self._gate.close(GATE_REASON, reason, alarm="ENGINE DOWN" if who == "matching engine" else "NO ANSWER")
        text = f"{reason[:1].upper()}{reason[1:]}. No new orders; cancels and reduce-only orders are still sent."
        self._announcer.notice(Severity.ERROR, text, sticky=True)

    def _back(self, why: str) -> None:
        self._is_down = False
        self._back_at = self._clock.monotonic()
        self._silences.clear()
        self._swept.clear()
        self._gate.lift(GATE_REASON)
        self._announcer.notice(Severity.GOOD, f"New orders are taken again: {why}.")

    def _is_in_doubt(self, order: TrackedOrder) -> bool:
        may_be_cancelled = order.cancel_pending or order.symbol in self._swept
        return order.state in _IN_DOUBT or (may_be_cancelled and self._time.now_ms() < self._cancels_lapse_ms)


class _Heard:
    """Passes everything on to the venue, and what came of orders and cancels to the watch."""

    def __init__(self, venue: Venue, watch: EngineWatch) -> None:
        self._venue = venue
        self._watch = watch

    def __getattr__(self, name: str) -> object:
        return getattr(self._venue, name)

    async def place(self, request: OrderRequest) -> Order:
        return await self._hear(self._venue.place(request))

    async def cancel(
        self, symbol: Symbol, *, order_id: OrderId | None = None, client_id: ClientId | None = None
    ) -> Order | None:
        return await self._hear(self._venue.cancel(symbol, order_id=order_id, client_id=client_id))

    async def cancel_all(self, symbol: Symbol, *, conditional: bool = False) -> Sequence[Order] | None:
        return await self._hear(self._venue.cancel_all(symbol, conditional=conditional), symbol)

    async def _hear(self, call: Coroutine[None, None, T], swept: Symbol | None = None) -> T:
        try:
            answer = await call
        except (NotSent, UsageError, Refused):
            raise
        except BpxError as error:
            self._watch.unclear(error, swept)
            raise
        if answer is not None:  # a 202 is the interface's word, not the engine's
            self._watch.acknowledged()
        return answer
