"""What the screen asks of the service, and what the service tells it without loss."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from bpx_tui.model.enums import KlineInterval
from bpx_tui.model.ids import ClientId, OrderId, Symbol
from bpx_tui.model.orders import Fill, OrderRequest, TrackedOrder
from bpx_tui.model.situation import Override
from bpx_tui.service.bus import Channel, CommandLane, Latest
from bpx_tui.service.mode import Mode as Mode
from bpx_tui.service.topics import CLOCK_OFFSET_US

_input_ids = itertools.count(1)


def next_input_id() -> int:
    """A number for one key press or click; one press never becomes two orders."""
    return next(_input_ids)


@dataclass(frozen=True, slots=True)
class Intent:
    """Base of all intents. `pressed_at` is the monotonic second of the key press, `mode` the mode it was made in."""

    input_id: int
    pressed_at: float
    mode: Mode


@dataclass(frozen=True, slots=True)
class PlaceOrder(Intent):
    """Send one order, once. `client_id` in the request is allocated by the service, whatever it holds here."""

    request: OrderRequest = field(kw_only=True)
    book_last_id: int | None = field(default=None, kw_only=True)
    """Update id of the book that the user confirmed against."""
    despite_unknown: bool = field(default=False, kw_only=True)
    """The user accepts that an order in doubt on the same market and side may do the same a second time."""
    overrides: frozenset[Override] = field(default=frozenset(), kw_only=True)
    """The own limits that the user has been told of for this very order and has overridden by typing again."""


@dataclass(frozen=True, slots=True)
class CancelOrder(Intent):
    symbol: Symbol = field(kw_only=True)
    order_id: OrderId | None = field(default=None, kw_only=True)
    client_id: ClientId | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class CancelAll(Intent):
    """Cancel orders, conditional ones too, and stop strategies: of one market, or of all with `symbol=None`."""

    symbol: Symbol | None = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class WatchMarket(Intent):
    """Make this the market on screen: book, tape, candles and facts follow. Idempotent."""

    symbol: Symbol = field(kw_only=True)
    interval: KlineInterval = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class SetBookGrouping(Intent):
    """Price bucket of the book view; `None` for the tick size."""

    symbol: Symbol = field(kw_only=True)
    grouping: Decimal | None = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class LoadOlderCandles(Intent):
    symbol: Symbol = field(kw_only=True)
    interval: KlineInterval = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class Resync(Intent):
    """Read everything again from REST and re-seed the books."""


@dataclass(frozen=True, slots=True)
class ReadStrategies(Intent):
    """Read the running strategies now: somebody is about to leave them behind."""


class OutcomeKind(StrEnum):
    ACCEPTED = "accepted"
    """The exchange did it (for a cancel: evidence that it is cancelled, or 202 with `note` saying so)."""
    REFUSED = "refused"
    """The exchange or a local rule said no; nothing was changed."""
    UNKNOWN = "unknown"
    """Sent, and cannot be told. Shown until resolved, never re-sent."""


@dataclass(frozen=True, slots=True)
class CommandOutcome:
    """The one answer to an intent. `reached_exchange` is False where the service itself refused."""

    input_id: int
    kind: OutcomeKind
    text: str
    order: TrackedOrder | None = None
    reached_exchange: bool = True
    round_trip_ms: float | None = None


class Severity(StrEnum):
    INFO = "info"
    GOOD = "good"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Notice:
    """One line for the event log. `wall_ms` is local time for display; text is sanitised plain text."""

    severity: Severity
    text: str
    wall_ms: int
    sticky: bool = False


@dataclass(frozen=True, slots=True)
class OrderChanged:
    order: TrackedOrder
    wall_ms: int


@dataclass(frozen=True, slots=True)
class Filled:
    fill: Fill
    wall_ms: int


Event = CommandOutcome | Notice | OrderChanged | Filled


class DeskBus:
    """The bus of one desk: what is published, what happened, what is asked for, and how old "now" is."""

    def __init__(self) -> None:
        self.latest = Latest()
        self.events: Channel[Event] = Channel()
        self.commands: CommandLane[Intent] = CommandLane()

    def exchange_now_us(self, monotonic: float) -> int | None:
        """The exchange's clock in microseconds at that local monotonic second; `None` until it was measured."""
        offset = self.latest.value(CLOCK_OFFSET_US)
        return None if offset is None else int(monotonic * 1_000_000) + offset
