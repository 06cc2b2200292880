"""Orders as the exchange keeps them: what was asked for, the working order, and its immutable record."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import NewType

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
from bpx_tui.model.ids import Asset, ClientId, OrderId, Symbol

AccountId = NewType("AccountId", str)
"""One margin account: a user, or one of the user's sub-accounts (`demo`, `demo/1`)."""

ZERO = Decimal(0)


class OrderEventKind(StrEnum):
    """What happened to an order; values are the stream's words (PROTOCOL 3.5)."""

    ACCEPTED = "orderAccepted"
    CANCELLED = "orderCancelled"
    EXPIRED = "orderExpired"
    FILL = "orderFill"
    MODIFIED = "orderModified"
    TRIGGER_PLACED = "triggerPlaced"
    TRIGGER_FAILED = "triggerFailed"


class OrderOrigin(StrEnum):
    """Who made the order; values are the stream's words for `O`."""

    USER = "USER"
    LIQUIDATION = "LIQUIDATION_AUTOCLOSE"
    ADL = "ADL_AUTOCLOSE"
    CONVERSION = "COLLATERAL_CONVERSION"
    SETTLEMENT = "SETTLEMENT_AUTOCLOSE"
    BACKSTOP = "BACKSTOP_LIQUIDITY_PROVIDER"


class SystemOrderType(StrEnum):
    """Why the exchange itself made an order (REST history)."""

    COLLATERAL_CONVERSION = "CollateralConversion"
    FUTURE_EXPIRY = "FutureExpiry"
    LIQUIDATE_ON_ADL = "LiquidatePositionOnAdl"
    LIQUIDATE_ON_BOOK = "LiquidatePositionOnBook"
    LIQUIDATE_ON_BACKSTOP = "LiquidatePositionOnBackstop"
    BOOK_CLOSED = "OrderBookClosed"


class CancelScope(StrEnum):
    """What a cancel-all takes; values are the REST words. `None` in a call means everything."""

    RESTING = "RestingLimitOrder"
    CONDITIONAL = "ConditionalOrder"


class ClientIdRule(StrEnum):
    """Whether a client id may come twice: the real exchange documents nothing, so each reading can be chosen."""

    REPEATABLE = "none"
    UNIQUE_WHILE_OPEN = "open"
    UNIQUE_FOR_EVER = "ever"


@dataclass(frozen=True, slots=True)
class TriggerTerms:
    """A condition on a price: when, watched by which price.

    `by` is what the client said; `None` means it said nothing and the exchange watches the last price.
    """

    price: Decimal
    by: TriggerBy | None = None

    @property
    def watched(self) -> TriggerBy:
        return self.by or TriggerBy.LAST


@dataclass(frozen=True, slots=True)
class AttachedExit:
    """A take profit or stop loss that comes with an entry order; a limit order where `limit_price` is set."""

    trigger: TriggerTerms
    limit_price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order as asked for. Fields mean what `OrderExecutePayload` of the specification says.

    Attributes:
        trigger_quantity: absolute quantity, or percent text such as `"80%"`; goes with `trigger`.
    """

    symbol: Symbol
    side: Side
    kind: OrderKind
    quantity: Decimal | None = None
    price: Decimal | None = None
    quote_quantity: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = False
    reduce_only: bool | None = None
    self_trade_prevention: SelfTradePrevention = SelfTradePrevention.REJECT_TAKER
    client_id: ClientId | None = None
    trigger: TriggerTerms | None = None
    trigger_quantity: str | None = None
    take_profit: AttachedExit | None = None
    stop_loss: AttachedExit | None = None
    slippage_tolerance: Decimal | None = None
    slippage_tolerance_type: SlippageToleranceType | None = None
    auto_lend: bool | None = None
    auto_lend_redeem: bool | None = None
    auto_borrow: bool | None = None
    auto_borrow_repay: bool | None = None
    strategy_id: str | None = None
    broker_id: int | None = None


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """An order at one moment. What never changes is in `terms`.

    Attributes:
        quantity: base quantity; zero while a trigger is pending; the amount that did fill on a market order by quote.
        quote_quantity: quantity times price on limit orders; on market orders the quote asked for, or the estimate
            rounded up to the tick.
        created_us, triggered_us, ended_us: exchange time in microseconds.
    """

    id: OrderId
    account: AccountId
    terms: NewOrder
    status: OrderStatus
    quantity: Decimal
    quote_quantity: Decimal | None
    executed_quantity: Decimal
    executed_quote_quantity: Decimal
    created_us: int
    triggered_us: int | None = None
    ended_us: int | None = None
    expiry_reason: ExpiryReason | None = None
    origin: OrderOrigin = OrderOrigin.USER
    system_order_type: SystemOrderType | None = None
    related_order_id: OrderId | None = None

    @property
    def symbol(self) -> Symbol:
        return self.terms.symbol

    @property
    def side(self) -> Side:
        return self.terms.side

    @property
    def kind(self) -> OrderKind:
        return self.terms.kind

    @property
    def price(self) -> Decimal | None:
        return self.terms.price

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES


OPEN_STATUSES = frozenset({OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED, OrderStatus.TRIGGER_PENDING})


@dataclass(frozen=True, slots=True)
class FillRecord:
    """One fill of one order, as its owner sees it.

    Attributes:
        trade_id: sequential per symbol, shared with the public tape and the counterparty.
        fee: in `fee_asset`; negative is a rebate.
    """

    trade_id: int
    order_id: OrderId
    account: AccountId
    symbol: Symbol
    side: Side
    price: Decimal
    quantity: Decimal
    fee: Decimal
    fee_asset: Asset
    is_maker: bool
    time_us: int
    client_id: ClientId | None = None
    strategy_id: str | None = None
    system_order_type: SystemOrderType | None = None


class Order:
    """A working order inside the engine: the only mutable form, never handed out."""

    __slots__ = (
        "account",
        "created_us",
        "ended_us",
        "executed_quantity",
        "executed_quote_quantity",
        "expiry_reason",
        "id",
        "locked",
        "origin",
        "price",
        "quantity",
        "quote_quantity",
        "related_order_id",
        "remaining",
        "side",
        "status",
        "system_order_type",
        "terms",
        "triggered_us",
    )

    def __init__(self, order_id: OrderId, account: AccountId, terms: NewOrder, created_us: int) -> None:
        self.id = order_id
        self.account = account
        self.terms = terms
        self.side = terms.side
        self.price = terms.price
        self.status = OrderStatus.NEW
        self.quantity = terms.quantity if terms.quantity is not None else ZERO
        self.quote_quantity = terms.quote_quantity
        self.remaining = self.quantity
        self.executed_quantity = ZERO
        self.executed_quote_quantity = ZERO
        self.locked = ZERO
        self.created_us = created_us
        self.triggered_us: int | None = None
        self.ended_us: int | None = None
        self.expiry_reason: ExpiryReason | None = None
        self.origin = OrderOrigin.USER
        self.system_order_type: SystemOrderType | None = None
        self.related_order_id: OrderId | None = None

    def remaining_terms(self) -> NewOrder:
        """The terms of an open order for what has not filled yet."""
        return self.terms if self.terms.trigger is not None else replace(self.terms, quantity=self.remaining)

    def record(self) -> OrderRecord:
        """The order as it is now, for answers, events and history."""
        return OrderRecord(
            self.id,
            self.account,
            self.terms,
            self.status,
            self.quantity,
            self.quote_quantity,
            self.executed_quantity,
            self.executed_quote_quantity,
            self.created_us,
            self.triggered_us,
            self.ended_us,
            self.expiry_reason,
            self.origin,
            self.system_order_type,
            self.related_order_id,
        )
