"""What happens inside the simulated exchange, as immutable facts in the order they happened.

Times are exchange time in microseconds since the Unix epoch, strictly increasing from one action to the next. One
action on a book (place, cancel, expiry, liquidation) gives at most one `BookChanged`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from bpx_tui.model.enums import Side, TradingState
from bpx_tui.model.ids import Asset, OrderId, Symbol
from bpx_tui.simulator.domain.orders import AccountId, FillRecord, OrderEventKind, OrderRecord
from bpx_tui.simulator.domain.views import PositionEventKind, PositionView

LevelChange: TypeAlias = tuple[Decimal, Decimal]
"""Price and the new absolute quantity there; zero removes the level."""


@dataclass(frozen=True, slots=True)
class BookChanged:
    """Levels of one market after one action; both sides may be empty (the sequence still advances).

    Attributes:
        first_id, last_id: update ids on the market's own counter; the previous event's `last_id` + 1 is `first_id`.
    """

    symbol: Symbol
    bids: tuple[LevelChange, ...]
    asks: tuple[LevelChange, ...]
    first_id: int
    last_id: int
    time_us: int


@dataclass(frozen=True, slots=True)
class TradePrinted:
    """A public trade. `buyer_is_maker` means the seller aggressed."""

    symbol: Symbol
    trade_id: int
    price: Decimal
    quantity: Decimal
    buyer_order_id: OrderId
    seller_order_id: OrderId
    buyer_is_maker: bool
    time_us: int


@dataclass(frozen=True, slots=True)
class OrderEvent:
    """Something happened to an order of `account`; `fill` is set for `orderFill` only."""

    account: AccountId
    kind: OrderEventKind
    order: OrderRecord
    fill: FillRecord | None
    time_us: int


@dataclass(frozen=True, slots=True)
class PositionChanged:
    """A perpetual position opened, changed or closed (then with quantity zero)."""

    account: AccountId
    kind: PositionEventKind
    position: PositionView
    time_us: int


@dataclass(frozen=True, slots=True)
class BalanceChanged:
    """An asset balance moved. No stream carries this; servers and state files may want it."""

    account: AccountId
    asset: Asset
    available: Decimal
    locked: Decimal
    time_us: int


@dataclass(frozen=True, slots=True)
class MarkChanged:
    """New mark of a market, once a second at most.

    Attributes:
        index, funding_rate, next_funding_us: `None` on prediction markets; the rate is a fraction per interval.
    """

    symbol: Symbol
    mark: Decimal
    index: Decimal | None
    funding_rate: Decimal | None
    next_funding_us: int | None
    time_us: int


@dataclass(frozen=True, slots=True)
class FundingSettled:
    """A funding interval of a market ended with this rate (public)."""

    symbol: Symbol
    rate: Decimal
    mark: Decimal
    time_us: int


@dataclass(frozen=True, slots=True)
class FundingPaid:
    """One account's part of a funding interval; `quantity` is positive when received."""

    account: AccountId
    symbol: Symbol
    rate: Decimal
    quantity: Decimal
    time_us: int


@dataclass(frozen=True, slots=True)
class InterestPaid:
    """One account's interest on an asset; negative for a borrower.

    Attributes:
        rate: yearly fraction in force.
        interval_us: how long it accrued.
    """

    account: AccountId
    asset: Asset
    rate: Decimal
    quantity: Decimal
    interval_us: int
    time_us: int


@dataclass(frozen=True, slots=True)
class BorrowLendMoved:
    """A lend or borrow grew or shrank. `event_type` and `source` are the REST words.

    Attributes:
        position_quantity: net afterwards, lend positive, borrow negative.
        order_id: the spot margin order that caused it, if one did.
    """

    account: AccountId
    asset: Asset
    event_type: str
    source: str
    quantity: Decimal
    position_quantity: Decimal
    order_id: OrderId | None
    time_us: int


@dataclass(frozen=True, slots=True)
class SettlementMade:
    """A USDC movement of a margin account outside of spot trades; `source` is a REST `SettlementSource` word."""

    account: AccountId
    source: str
    quantity: Decimal
    position_id: str | None
    time_us: int


@dataclass(frozen=True, slots=True)
class LiquidationPrinted:
    """A position was liquidated, on the book or by the backstop (public)."""

    symbol: Symbol
    side: Side
    price: Decimal
    quantity: Decimal
    time_us: int


@dataclass(frozen=True, slots=True)
class BookStateChanged:
    """A market opened, closed or was restricted."""

    symbol: Symbol
    state: TradingState
    time_us: int


@dataclass(frozen=True, slots=True)
class TransferMade:
    """Money came into or left the exchange; negative leaves."""

    account: AccountId
    asset: Asset
    quantity: Decimal
    time_us: int


VenueEvent: TypeAlias = (
    BookChanged
    | TradePrinted
    | OrderEvent
    | PositionChanged
    | BalanceChanged
    | MarkChanged
    | FundingSettled
    | FundingPaid
    | InterestPaid
    | BorrowLendMoved
    | SettlementMade
    | LiquidationPrinted
    | BookStateChanged
    | TransferMade
)
