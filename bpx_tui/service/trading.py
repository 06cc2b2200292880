"""Orders and cancels: each intent is sent at most once and gets exactly one outcome.

Accepted, refused or unknown; what cannot be told stays visible and goes to the resolver. Nothing here repeats a request
that may have reached the exchange.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace

from bpx_tui.clock import Clock
from bpx_tui.errors import BpxError, NotFound, NotSent, OutcomeUnknown, Refused, UsageError
from bpx_tui.exchange.rest_errors import is_clock_refusal
from bpx_tui.exchange.server_clock import ServerClock
from bpx_tui.model.enums import OrderKind
from bpx_tui.model.ids import ClientId, Symbol
from bpx_tui.model.orders import LocalState, Order, OrderRequest, TrackedOrder
from bpx_tui.model.views import FeedState
from bpx_tui.service.announcer import Announcer
from bpx_tui.service.evidence import Evidence
from bpx_tui.service.gate import GateKeeper
from bpx_tui.service.intents import CancelOrder, CommandOutcome, Intent, Mode, OutcomeKind, PlaceOrder
from bpx_tui.service.lookup import Lookup
from bpx_tui.service.order_board import OrderBoard, Source
from bpx_tui.service.orders_journal import JournalUnavailable, OrdersJournal
from bpx_tui.service.own_limits import OwnLimits
from bpx_tui.service.ports import OrderEntry

KEY_AGE_SECONDS = 0.5
INPUTS_REMEMBERED = 1_024

BookState = Callable[[Symbol], FeedState | None]
"""How far the book of a market can be trusted; `None` for a market that is not watched."""


class Trader:
    """Turns order intents into requests and their answers into outcomes.

    `closing` refuses everything new while the program ends. `on_clock_doubt` hears of refusals that blame the time.
    """

    def __init__(
        self,
        mode: Mode,
        venue: OrderEntry | None,
        lookup: Lookup | None,
        board: OrderBoard,
        evidence: Evidence,
        journal: OrdersJournal,
        gate: GateKeeper,
        announcer: Announcer,
        clock: Clock,
        time: ServerClock,
        book_state: BookState,
        own_limits: OwnLimits,
        on_clock_doubt: Callable[[], None],
    ) -> None:
        self._mode = mode
        self._venue = venue if mode is not Mode.READ else None
        self._lookup = lookup
        self._board = board
        self._evidence = evidence
        self._journal = journal
        self._gate = gate
        self._announcer = announcer
        self._clock = clock
        self._time = time
        self._book_state = book_state
        self._own_limits = own_limits
        self._on_clock_doubt = on_clock_doubt
        self._inputs: deque[int] = deque(maxlen=INPUTS_REMEMBERED)
        self.closing = False

    def refusal(self, intent: Intent) -> str:
        """Why the service will not even try this intent; empty when it will."""
        if intent.mode is not self._mode:
            return f"made in {intent.mode} mode, but this desk is in {self._mode} mode"
        if self._mode is Mode.READ:
            return "read-only: start with --live to trade"
        if self._venue is None:
            return "no API key configured: nothing can be sent"
        if intent.input_id in self._inputs:
            return "this key press was already carried out"
        return self._order_refusal(intent) if isinstance(intent, PlaceOrder) else ""

    def refuse(self, intent: Intent, reason: str) -> None:
        """Give a local no as the intent's outcome; nothing was sent."""
        self._outcome(intent, OutcomeKind.REFUSED, f"Not sent: {reason.rstrip('.')}.", reached=False)

    def _order_refusal(self, intent: PlaceOrder) -> str:
        age = self._clock.monotonic() - intent.pressed_at
        if age > KEY_AGE_SECONDS:
            return f"the key press was {age:.1f} s old when it arrived"
        if self.closing:
            return "the program is ending"
        reason = "" if self._own_limits.only_reduces(intent.request) else self._risk_refusal(intent)
        return reason or self._own_limits.refusal(intent)

    def _risk_refusal(self, intent: PlaceOrder) -> str:
        """Why nothing that adds risk may leave now."""
        request = intent.request
        if not self._gate.is_open:
            return self._gate.reason
        if request.kind is OrderKind.MARKET and self._book_state(request.symbol) is not FeedState.LIVE:
            return f"the book of {request.symbol} is not live: no market orders"
        if not intent.despite_unknown and any(
            other.request is not None and (other.symbol, other.request.side) == (request.symbol, request.side)
            for other in self._board.unknown()
        ):
            return "an order of this market and side is in doubt; it may already do what you want"
        return ""

    async def place(self, intent: PlaceOrder) -> None:
        """Send one order once, and say what came of it.

        Between the last check and the order's entry on the board nothing else runs: the next order's check counts it.
        """
        if reason := self.refusal(intent):
            self.refuse(intent, reason)
            return
        self._inputs.append(intent.input_id)
        client_id = self._journal.next_client_id()
        request = replace(intent.request, client_id=client_id)
        sent_ms = self._time.now_ms()
        self._announcer.order(self._board.begin(client_id, request, sent_ms))
        started = self._clock.monotonic()
        answered = False
        try:
            await self._journal.intend(client_id, request, sent_ms)
            started = self._clock.monotonic()
            answered = await self._send(intent, client_id, request, started)
        except JournalUnavailable as error:
            answered = True
            self._never_placed(intent, client_id, LocalState.NOT_SENT, f"Not sent: {error}", started)
        finally:
            if not answered:  # cancelled or failed inside after the request may have left
                self._doubt(intent, client_id, "no answer was waited for", started)

    async def _send(self, intent: PlaceOrder, client_id: ClientId, request: OrderRequest, started: float) -> bool:
        if self._venue is None:
            return False
        try:
            order = await self._venue.place(request)
        except (NotSent, UsageError) as error:
            self._never_placed(intent, client_id, LocalState.NOT_SENT, str(error), started)
        except Refused as error:
            self._blame_clock(error)
            self._never_placed(intent, client_id, LocalState.REFUSED, str(error), started)
        except BpxError as error:
            lapses_ms = error.lapses_ms if isinstance(error, OutcomeUnknown) else None
            self._doubt(intent, client_id, str(error), started, lapses_ms)
        else:
            self._placed(intent, request, order, started)
        return True

    def _placed(self, intent: PlaceOrder, request: OrderRequest, order: Order, started: float) -> None:
        if order.client_id is None:
            order = replace(order, client_id=request.client_id)
        tracked = self._evidence.order(order, Source.REPLY)
        state = tracked.state
        nothing_done = tracked.order is None or tracked.order.executed_quantity == 0
        if state in (LocalState.EXPIRED, LocalState.TRIGGER_FAILED) and nothing_done:
            text = f"The exchange ended it at once: {tracked.note or state}."
            self._outcome(intent, OutcomeKind.REFUSED, text, tracked, since=started)
        else:
            self._outcome(intent, OutcomeKind.ACCEPTED, _described(tracked), tracked, since=started)

    def _never_placed(
        self, intent: PlaceOrder, client_id: ClientId, state: LocalState, text: str, started: float
    ) -> None:
        tracked = self._evidence.settle(client_id, state, text)
        if tracked is None:  # the stream has shown it all the same
            tracked = self._board.get(None, client_id)
            self._outcome(intent, OutcomeKind.ACCEPTED, "On the exchange, whatever its answer said.", tracked)
            return
        reached = state is LocalState.REFUSED
        self._outcome(intent, OutcomeKind.REFUSED, text, tracked, reached=reached, since=started if reached else None)

    def _doubt(
        self, intent: PlaceOrder, client_id: ClientId, text: str, started: float, lapses_ms: int | None = None
    ) -> None:
        tracked = self._evidence.settle(client_id, LocalState.UNKNOWN, f"outcome unknown: {text}", lapses_ms)
        if tracked is None:
            tracked = self._board.get(None, client_id)
            self._outcome(intent, OutcomeKind.ACCEPTED, "Its answer was lost, but the exchange shows it.", tracked)
            return
        words = f"Outcome unknown ({text}). Being looked up; do not place it again before that is done."
        self._outcome(intent, OutcomeKind.UNKNOWN, words, tracked, since=started)

    async def cancel(self, intent: CancelOrder) -> None:
        """Ask for one cancel once; what is shown as cancelled has evidence."""
        if reason := self.refusal(intent):
            self.refuse(intent, reason)
            return
        self._inputs.append(intent.input_id)
        venue, tracked = self._venue, self._board.get(intent.order_id, intent.client_id)
        if venue is None:
            return
        order_id = intent.order_id
        if order_id is None and tracked is not None and tracked.order is not None:
            order_id = tracked.order.order_id
        if tracked is not None:
            tracked = self._evidence.cancel_pending(tracked, True)
        started = self._clock.monotonic()
        client_id = intent.client_id if order_id is None else None
        answered = False
        try:
            order = await venue.cancel(intent.symbol, order_id=order_id, client_id=client_id)
            answered = True
        except BpxError as error:
            answered = True
            await self._cancel_failed(intent, tracked, error, started)
            return
        finally:
            if not answered:
                self._outcome(intent, OutcomeKind.UNKNOWN, "Cancel sent, no answer was waited for.", tracked)
        if order is None:
            self._outcome(
                intent, OutcomeKind.ACCEPTED, "Cancel accepted, not yet executed.", self._now(tracked), since=started
            )
        else:
            tracked = self._evidence.order(order, Source.REPLY)
            self._outcome(intent, OutcomeKind.ACCEPTED, _described(tracked), tracked, since=started)

    async def _cancel_failed(
        self, intent: CancelOrder, tracked: TrackedOrder | None, error: BpxError, started: float
    ) -> None:
        if isinstance(error, NotFound):
            await self._show_the_truth(intent, tracked, started)
        elif isinstance(error, (NotSent, Refused, UsageError)):
            self._blame_clock(error)
            if tracked is not None:
                tracked = self._evidence.cancel_pending(tracked, False, f"cancel refused: {error}")
            reached = isinstance(error, Refused)
            self._outcome(intent, OutcomeKind.REFUSED, f"Not cancelled: {error}", tracked, reached=reached)
        else:
            if tracked is not None:
                tracked = self._evidence.cancel_pending(tracked, True, "cancel sent, answer lost; checking")
            self._outcome(intent, OutcomeKind.UNKNOWN, f"Cancel outcome unknown: {error}", tracked, since=started)

    async def _show_the_truth(self, intent: CancelOrder, tracked: TrackedOrder | None, started: float) -> None:
        """The order does not rest: whether it was filled, cancelled or expired is in history and fills."""
        text = "Not resting any more (filled?); checking history and fills."
        if tracked is not None and tracked.order is not None and self._lookup is not None:
            try:
                tracked = await self._lookup.known_order(tracked)
                if tracked.is_live and await self._lookup.rests(tracked):
                    text = "the exchange found no such order, but shows it open; cancel it again"
                    tracked = self._evidence.cancel_pending(tracked, False, text)
                    self._outcome(intent, OutcomeKind.REFUSED, f"Not cancelled: {text}.", tracked, since=started)
                    return
            except BpxError as error:
                tracked = self._evidence.annotate(tracked, f"not resting; history cannot be read: {error}")
        if tracked is not None and not tracked.is_live:
            kind = OutcomeKind.ACCEPTED if tracked.state is LocalState.CANCELLED else OutcomeKind.REFUSED
            self._outcome(intent, kind, f"It no longer rested: {_described(tracked)}", tracked, since=started)
            return
        if tracked is not None and tracked.state is not LocalState.UNKNOWN:
            tracked = self._evidence.annotate(tracked, "not resting (filled?); checking")
        self._outcome(intent, OutcomeKind.UNKNOWN, text, tracked, since=started)

    def _now(self, tracked: TrackedOrder | None) -> TrackedOrder | None:
        """The same order after what the stream told meanwhile."""
        if tracked is None:
            return None
        return self._board.get(tracked.order.order_id if tracked.order else None, tracked.client_id) or tracked

    def _blame_clock(self, error: BpxError) -> None:
        if isinstance(error, Refused) and (error.status == 401 or is_clock_refusal(error)):
            self._on_clock_doubt()

    def _outcome(
        self,
        intent: Intent,
        kind: OutcomeKind,
        text: str,
        order: TrackedOrder | None = None,
        *,
        reached: bool = True,
        since: float | None = None,
    ) -> None:
        round_trip = None if since is None else (self._clock.monotonic() - since) * 1_000
        self._announcer.outcome(CommandOutcome(intent.input_id, kind, text, order, reached, round_trip))


def _described(tracked: TrackedOrder) -> str:
    order = tracked.order
    if order is None:
        return f"{tracked.symbol}: {tracked.state}."
    size = "" if order.quantity is None else f" of {order.quantity:f}"
    done = f", {order.executed_quantity:f}{size} executed" if order.executed_quantity else ""
    note = f" ({tracked.note})" if tracked.note else ""
    return f"{tracked.symbol}: {tracked.state}{done}{note}."
