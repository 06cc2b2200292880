"""Orders: what the user asks for, what the exchange shows, and how the two become one state."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from bpx_tui.model.enums import (
    ExpiryReason,
    OrderKind,
    OrderStatus,
    SelfTradePrevention,
    Side,
    SlippageToleranceType,
    TimeInForce,
    TriggerBy,
)
from bpx_tui.model.ids import Asset, ClientId, OrderId, StrategyId, Symbol


@dataclass(frozen=True, slots=True)
class Trigger:
    """A conditional part. `quantity` is a base amount or a percentage text such as `50%`."""

    price: Decimal
    quantity: str
    by: TriggerBy | None = None


@dataclass(frozen=True, slots=True)
class Bracket:
    """An attached take profit or stop loss. Without `limit_price` it fires as a market order."""

    trigger_price: Decimal
    limit_price: Decimal | None = None
    by: TriggerBy | None = None


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """One order exactly as the user confirmed it; what is sent is built from this and nothing else.

    A limit order carries price and quantity; a market order exactly one of quantity (base) and quote_quantity, and a
    slippage tolerance. With `trigger`, quantity stays `None`.
    """

    symbol: Symbol
    side: Side
    kind: OrderKind
    quantity: Decimal | None = None
    price: Decimal | None = None
    quote_quantity: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = False
    reduce_only: bool = False
    client_id: ClientId | None = None
    self_trade_prevention: SelfTradePrevention | None = None
    slippage_tolerance: Decimal | None = None
    slippage_tolerance_type: SlippageToleranceType | None = None
    trigger: Trigger | None = None
    take_profit: Bracket | None = None
    stop_loss: Bracket | None = None
    auto_borrow: bool | None = None
    auto_borrow_repay: bool | None = None
    auto_lend: bool | None = None
    auto_lend_redeem: bool | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """An order as the exchange shows it, from REST or from `account.orderUpdate`.

    `executed_quantity` is cumulative (the stream's `z`, never the sum of fills). `engine_time_us` is 0 where the answer
    carried none. `quantity` is 0 on a pending trigger order (its size is in `trigger`), `None` where history omits it.
    """

    order_id: OrderId
    symbol: Symbol
    side: Side | str
    kind: OrderKind | str
    status: OrderStatus | str
    executed_quantity: Decimal
    executed_quote_quantity: Decimal
    quantity: Decimal | None = None
    quote_quantity: Decimal | None = None
    price: Decimal | None = None
    client_id: ClientId | None = None
    time_in_force: TimeInForce | str = TimeInForce.GTC
    post_only: bool = False
    reduce_only: bool = False
    self_trade_prevention: SelfTradePrevention | str | None = None
    trigger: Trigger | None = None
    take_profit: Bracket | None = None
    stop_loss: Bracket | None = None
    expiry_reason: ExpiryReason | str | None = None
    origin: str = "USER"
    related_order_id: OrderId | None = None
    strategy_id: StrategyId | None = None
    created_ms: int | None = None
    engine_time_us: int = 0

    @property
    def average_price(self) -> Decimal | None:
        """Executed quote over executed base, `None` before the first fill."""
        return self.executed_quote_quantity / self.executed_quantity if self.executed_quantity else None

    @property
    def remaining_quantity(self) -> Decimal | None:
        return None if self.quantity is None else max(self.quantity - self.executed_quantity, Decimal(0))


class OrderEventKind(StrEnum):
    """`e` of `account.orderUpdate`."""

    ACCEPTED = "orderAccepted"
    CANCELLED = "orderCancelled"
    EXPIRED = "orderExpired"
    FILL = "orderFill"
    MODIFIED = "orderModified"
    TRIGGER_PLACED = "triggerPlaced"
    TRIGGER_FAILED = "triggerFailed"


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution of an own order. `fee` in `fee_asset`, negative is a rebate; never recomputed by us.

    `is_maker` is `None` where the exchange does not say.
    """

    symbol: Symbol
    order_id: OrderId
    trade_id: int | None
    side: Side | str
    price: Decimal
    quantity: Decimal
    fee: Decimal
    fee_asset: Asset | None
    is_maker: bool | None
    time_us: int
    client_id: ClientId | None = None
    system_order_type: str | None = None


@dataclass(frozen=True, slots=True)
class Execution:
    """What the executed quantity (base) of an order has grown by, at that exchange time or before it."""

    symbol: Symbol
    side: Side | str
    quantity: Decimal
    by_us: int


@dataclass(frozen=True, slots=True)
class OrderUpdate:
    """One private order event: the order after it, and the fill where it was one."""

    event: OrderEventKind | str
    order: Order
    fill: Fill | None
    event_time_us: int


class LocalState(StrEnum):
    """Where an order of ours stands, in the words the screen shows."""

    IN_FLIGHT = "in flight"
    OPEN = "open"
    PARTIAL = "partial"
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    TRIGGER_PENDING = "trigger pending"
    TRIGGER_FAILED = "trigger failed"
    REFUSED = "refused"
    NOT_SENT = "not sent"
    UNKNOWN = "unknown"
    UNRECOGNISED = "open?"


@dataclass(frozen=True, slots=True)
class TrackedOrder:
    """One order as the desk knows it: the request if it was ours, the exchange's view once there is one.

    `note` says in words why it stands where it stands (a refusal's text, an expiry reason, what is being checked).
    `cancel_pending` is set between a cancel and its evidence. `is_external` marks orders made elsewhere. `sent_ms` is
    the exchange time at which it was about to leave, `lapses_ms` the one at which the signature of what left ends.
    """

    state: LocalState
    symbol: Symbol
    request: OrderRequest | None = None
    order: Order | None = None
    client_id: ClientId | None = None
    cancel_pending: bool = False
    is_external: bool = False
    note: str = ""
    sent_ms: int | None = None
    lapses_ms: int | None = None
    evidence: frozenset[str] = field(default_factory=frozenset)

    @property
    def is_live(self) -> bool:
        """Whether it rests, may rest, or may still come to rest on the exchange."""
        return self.state in _LIVE


_LIVE = frozenset(
    {
        LocalState.IN_FLIGHT,
        LocalState.OPEN,
        LocalState.PARTIAL,
        LocalState.TRIGGER_PENDING,
        LocalState.UNKNOWN,
        LocalState.UNRECOGNISED,
    }
)
