"""What happened in this session, newest last: outcomes, notices, fills, each as one line of plain text."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from bpx_tui.model.orders import LocalState, TrackedOrder
from bpx_tui.service.intents import CommandOutcome, Event, Filled, Notice, OrderChanged, OutcomeKind, Severity
from bpx_tui.ui.desk import Desk
from bpx_tui.ui.formatting import clock_text, fit_price, fit_quantity, market_name
from bpx_tui.ui.lines import Line, Run
from bpx_tui.ui.palette import Role
from bpx_tui.ui.tables.fills import role_word
from bpx_tui.ui.tables.orders import short_name, side_word

_GLYPHS = {
    Severity.INFO: ("·", Role.MUTED),
    Severity.GOOD: ("✓", Role.UP),
    Severity.WARNING: ("!", Role.WARNING),
    Severity.ERROR: ("✗", Role.ERROR),
}

_OUTCOMES = {
    OutcomeKind.ACCEPTED: Severity.GOOD,
    OutcomeKind.REFUSED: Severity.ERROR,
    OutcomeKind.UNKNOWN: Severity.WARNING,
}

_WORTH_TELLING = {
    LocalState.EXPIRED: Severity.WARNING,
    LocalState.REFUSED: Severity.ERROR,
    LocalState.TRIGGER_FAILED: Severity.ERROR,
    LocalState.UNKNOWN: Severity.WARNING,
    LocalState.CANCELLED: Severity.INFO,
}


class LogLine(NamedTuple):
    severity: Severity
    text: str
    wall_ms: int
    unknown: bool = False
    """An outcome that cannot be told: written with `?`."""

    @property
    def line(self) -> Line:
        glyph, ink = ("?", Role.WARNING) if self.unknown else _GLYPHS[self.severity]
        body = Role.TEXT if self.severity in {Severity.INFO, Severity.GOOD} else ink
        clock = clock_text(self.wall_ms * 1_000)
        return Run(f" {glyph} ", ink, bold=True), Run(f"{clock} ", Role.MUTED), Run(self.text, body)


class EventLog:
    """The last `capacity` lines."""

    def __init__(self, capacity: int = 1_000) -> None:
        self.lines: deque[LogLine] = deque(maxlen=capacity)
        self.revision = 0

    def add(self, line: LogLine) -> None:
        self.lines.append(line)
        self.revision += 1

    def say(self, severity: Severity, text: str, wall_ms: int) -> LogLine:
        line = LogLine(severity, text, wall_ms)
        self.add(line)
        return line


def line_for(event: Event, desk: Desk, wall_ms: int) -> LogLine | None:
    """How an event reads in the log; `None` for what needs no line because something else says it."""
    if isinstance(event, CommandOutcome):
        return LogLine(_OUTCOMES[event.kind], _outcome_text(event, desk), wall_ms, event.kind is OutcomeKind.UNKNOWN)
    if isinstance(event, Notice):
        return LogLine(event.severity, event.text, event.wall_ms)
    if isinstance(event, Filled):
        ours = event.fill.system_order_type is None
        return LogLine(Severity.GOOD if ours else Severity.WARNING, _fill_text(event, desk), event.wall_ms)
    return _order_line(event, desk)


def _outcome_text(outcome: CommandOutcome, desk: Desk) -> str:
    """The service's words, with the order they are about named as everywhere on the screen."""
    took = "" if outcome.round_trip_ms is None else f"  {outcome.round_trip_ms:.0f} ms"
    order, text = outcome.order, outcome.text
    if order is not None:
        words = text.replace(f"{order.symbol}: ", "", 1)
        first = words[:1].lower() if words[1:2].islower() else words[:1]
        text = f"{short_name(order, desk)}: {first}{words[1:]}"
    return f"{text}{took}"


def _fill_text(event: Filled, desk: Desk) -> str:
    fill = event.fill
    market = desk.market_of(fill.symbol)
    verb = "bought" if side_word(fill.side) == "buy" else "sold" if side_word(fill.side) == "sell" else str(fill.side)
    size = fit_quantity(fill.quantity, market.quantity_decimals if market else 4, 14)
    price = fit_price(fill.price, market.price_decimals if market else 4, 14)
    origin = f"  by the exchange: {fill.system_order_type}" if fill.system_order_type else ""
    role = f" ({role_word(fill)})" if fill.is_maker is not None else ""
    return f"{verb} {size} {market_name(fill.symbol)} @ {price}{role}{origin}"


def _order_line(event: OrderChanged, desk: Desk) -> LogLine | None:
    order: TrackedOrder = event.order
    severity = _WORTH_TELLING.get(order.state)
    if severity is None:
        return None
    note = f": {order.note}" if order.note else ""
    text = f"{short_name(order, desk)} {order.state}{note}"
    return LogLine(severity, text, event.wall_ms, order.state is LocalState.UNKNOWN)
