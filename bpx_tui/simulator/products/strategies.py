"""Scheduled strategies (TWAP): the exchange slices a quantity over time and trades each slice as an order.

A strategy of duration D and interval I places one slice at its start and one each I until D is over. A slice is an
immediate market order, or a limit order where the strategy has a price. What a slice did not fill is carried into the
next one. Times in milliseconds where named, otherwise exchange time in microseconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from random import Random

from bpx_tui.model.enums import (
    MarketKind,
    OrderKind,
    SelfTradePrevention,
    Side,
    SlippageToleranceType,
    TimeInForce,
)
from bpx_tui.model.ids import Symbol
from bpx_tui.simulator.clock import Agenda
from bpx_tui.simulator.domain.events import OrderEvent, VenueEvent
from bpx_tui.simulator.domain.orders import AccountId, NewOrder, OrderEventKind, OrderRecord
from bpx_tui.simulator.domain.refusals import VenueRefusal, invalid_quantity, invalid_request, not_found
from bpx_tui.simulator.domain.venue import Venue

MIN_INTERVAL_MS = 1_000
MAX_DURATION_MS = 7 * 24 * 3_600_000
MAX_RUNNING = 20
"""Running strategies of one account at the same time."""


class StrategyStatus(StrEnum):
    RUNNING = "Running"
    COMPLETED = "Completed"
    CANCELLED = "Cancelled"
    TERMINATED = "Terminated"


@dataclass(frozen=True, slots=True)
class NewStrategy:
    """A strategy as asked for; fields mean what `StrategyCreatePayload` says."""

    symbol: Symbol
    side: Side
    quantity: Decimal
    duration_ms: int
    interval_ms: int
    randomized: bool = False
    price: Decimal | None = None
    client_strategy_id: int | None = None
    time_in_force: TimeInForce = TimeInForce.IOC
    post_only: bool = False
    reduce_only: bool | None = None
    self_trade_prevention: SelfTradePrevention = SelfTradePrevention.REJECT_TAKER
    slippage_tolerance: Decimal | None = None
    slippage_tolerance_type: SlippageToleranceType | None = None
    auto_lend: bool | None = None
    auto_lend_redeem: bool | None = None
    auto_borrow: bool | None = None
    auto_borrow_repay: bool | None = None
    broker_id: int | None = None


@dataclass(frozen=True, slots=True)
class StrategyRecord:
    """A strategy at one moment. `cancel_reason` is a word of `StrategyCrankCancelReason`."""

    id: str
    account: AccountId
    terms: NewStrategy
    status: StrategyStatus
    executed_quantity: Decimal
    executed_quote_quantity: Decimal
    created_us: int
    cancel_reason: str | None = None
    ended_us: int | None = None


class StrategyDesk:
    """All strategies of the exchange. Slices run on the agenda; fills are counted as the venue reports them."""

    def __init__(self, venue: Venue, agenda: Agenda, rng: Random) -> None:
        self._venue = venue
        self._agenda = agenda
        self._rng = rng
        self._next_id = rng.randrange(6_000_000_000, 7_000_000_000)
        self._running: dict[str, StrategyRecord] = {}
        self._ended: list[StrategyRecord] = []
        venue.listen(self._count_fill)

    def create(self, account: AccountId, terms: NewStrategy) -> StrategyRecord:
        """Start a strategy; its first slice trades at once.

        Raises:
            VenueRefusal: the terms cannot be run, or the account may not trade that market.
        """
        self._venue.check_may_trade(account, terms.symbol)
        self._check(account, terms)
        self._next_id += self._rng.randrange(1, 9)
        record = StrategyRecord(
            str(self._next_id), account, terms, StrategyStatus.RUNNING, Decimal(0), Decimal(0), self._venue.now_us
        )
        self._running[record.id] = record
        self._run_slice(record.id, 0)
        return self._running.get(record.id) or self._ended[-1]

    def open(
        self, account: AccountId, *, symbol: Symbol | None = None, market_kind: MarketKind | None = None
    ) -> tuple[StrategyRecord, ...]:
        """Running strategies, oldest first."""
        return tuple(
            record
            for record in self._running.values()
            if record.account == account
            and (symbol is None or record.terms.symbol == symbol)
            and (market_kind is None or self._venue.market(record.terms.symbol).kind is market_kind)
        )

    def find(
        self, account: AccountId, symbol: Symbol, *, strategy_id: str | None, client_strategy_id: int | None
    ) -> StrategyRecord:
        """A running strategy by exactly one of its ids.

        Raises:
            VenueRefusal: none or both ids given, or 404 where it does not run.
        """
        if (strategy_id is None) == (client_strategy_id is None):
            raise invalid_request("Must specify exactly one of `strategyId` or `clientStrategyId`")
        for record in self.open(account, symbol=symbol):
            if record.id == strategy_id or (
                client_strategy_id is not None and record.terms.client_strategy_id == client_strategy_id
            ):
                return record
        raise not_found("Strategy not found")

    def cancel(self, record: StrategyRecord) -> StrategyRecord:
        """Stop a running strategy and take its resting orders off the book."""
        return self._end(record.id, StrategyStatus.CANCELLED)

    def cancel_all(self, account: AccountId, symbol: Symbol) -> tuple[StrategyRecord, ...]:
        return tuple(self.cancel(record) for record in self.open(account, symbol=symbol))

    def history(self, account: AccountId) -> tuple[StrategyRecord, ...]:
        """Strategies that ended, oldest first."""
        return tuple(record for record in self._ended if record.account == account)

    def _check(self, account: AccountId, terms: NewStrategy) -> None:
        market = self._venue.market(terms.symbol)
        if not market.has_book:
            raise invalid_request("Strategies need a market with an order book")
        if terms.interval_ms < MIN_INTERVAL_MS or not terms.interval_ms <= terms.duration_ms <= MAX_DURATION_MS:
            raise invalid_request("Invalid strategy duration or interval")
        if terms.quantity < market.quantity.min_quantity * _slices(terms):
            raise invalid_quantity("Quantity is too small for the number of intervals")
        if terms.quantity % market.quantity.step_size:
            raise invalid_request("Quantity decimal too long")
        if terms.post_only and (terms.price is None or terms.time_in_force is not TimeInForce.GTC):
            raise invalid_request("Post only strategies need a price and time in force GTC")
        if len(self.open(account)) >= MAX_RUNNING:
            raise invalid_request("Too many open strategies")
        if terms.client_strategy_id is not None and any(
            record.terms.client_strategy_id == terms.client_strategy_id for record in self.open(account)
        ):
            raise invalid_request("Client strategy ID is in use")

    def _run_slice(self, strategy_id: str, index: int) -> None:
        record = self._running.get(strategy_id)
        if record is None:
            return
        total = _slices(record.terms)
        if index >= total:
            self._finish(record)
            return
        quantity = self._slice_quantity(record, index, total)
        if quantity > 0:
            try:
                self._venue.place(record.account, _slice_order(record, quantity))
            except VenueRefusal as refusal:
                self._end(strategy_id, StrategyStatus.TERMINATED, _REASONS.get(refusal.code, "Unknown"))
                return
        if (after := self._running.get(strategy_id)) is not None:
            if after.executed_quantity >= after.terms.quantity:
                self._end(strategy_id, StrategyStatus.COMPLETED)
                return
            due_us = record.created_us + (index + 1) * record.terms.interval_ms * 1000
            self._agenda.at(due_us, lambda _now_us: self._run_slice(strategy_id, index + 1))

    def _slice_quantity(self, record: StrategyRecord, index: int, total: int) -> Decimal:
        """What should have traded by the end of this slice, less what has and what still rests."""
        step = self._venue.market(record.terms.symbol).quantity.step_size
        resting = sum((order.quantity - order.executed_quantity for order in self._orders_of(record)), Decimal(0))
        open_quantity = record.terms.quantity - record.executed_quantity - resting
        if index == total - 1:
            return open_quantity
        target = record.terms.quantity * (index + 1) / total - record.executed_quantity - resting
        if record.terms.randomized:
            target *= Decimal(self._rng.randrange(50, 151)) / 100
        return max(Decimal(0), min(open_quantity, target // step * step))

    def _orders_of(self, record: StrategyRecord) -> Iterable[OrderRecord]:
        return (
            order
            for order in self._venue.open_orders(record.account, symbol=record.terms.symbol)
            if order.terms.strategy_id == record.id
        )

    def _finish(self, record: StrategyRecord) -> None:
        if record.executed_quantity >= record.terms.quantity:
            self._end(record.id, StrategyStatus.COMPLETED)
        else:
            self._end(record.id, StrategyStatus.TERMINATED, "Expired")

    def _end(self, strategy_id: str, status: StrategyStatus, reason: str | None = None) -> StrategyRecord:
        for order in tuple(self._orders_of(self._running[strategy_id])):
            self._venue.cancel(order.account, order.symbol, order_id=order.id)
        ended = replace(
            self._running.pop(strategy_id), status=status, cancel_reason=reason, ended_us=self._venue.now_us
        )
        self._ended.append(ended)
        return ended

    def _count_fill(self, event: VenueEvent) -> None:
        if not isinstance(event, OrderEvent) or event.kind is not OrderEventKind.FILL or event.fill is None:
            return
        record = self._running.get(event.order.terms.strategy_id or "")
        if record is not None:
            self._running[record.id] = replace(
                record,
                executed_quantity=record.executed_quantity + event.fill.quantity,
                executed_quote_quantity=record.executed_quote_quantity + event.fill.quantity * event.fill.price,
            )


_REASONS = {
    "INSUFFICIENT_FUNDS": "InsufficientFunds",
    "INSUFFICIENT_MARGIN": "InsufficientMargin",
    "INSUFFICIENT_SUPPLY": "InsufficientBorrowableQuantity",
    "BORROW_LIMIT": "InsufficientBorrowableQuantity",
    "INVALID_PRICE": "InvalidPrice",
    "INVALID_QUANTITY": "InvalidQuantity",
    "ACCOUNT_LIQUIDATING": "Liquidation",
    "FORBIDDEN": "UserPermissions",
}
"""Refusal codes of a slice in the words of `StrategyCrankCancelReason`."""


def _slices(terms: NewStrategy) -> int:
    return terms.duration_ms // terms.interval_ms


def _slice_order(record: StrategyRecord, quantity: Decimal) -> NewOrder:
    terms = record.terms
    is_limit = terms.price is not None
    return NewOrder(
        symbol=terms.symbol,
        side=terms.side,
        kind=OrderKind.LIMIT if is_limit else OrderKind.MARKET,
        quantity=quantity,
        price=terms.price,
        time_in_force=terms.time_in_force if is_limit else TimeInForce.IOC,
        post_only=terms.post_only,
        reduce_only=terms.reduce_only,
        self_trade_prevention=terms.self_trade_prevention,
        slippage_tolerance=None if is_limit else terms.slippage_tolerance,
        slippage_tolerance_type=None if is_limit else terms.slippage_tolerance_type,
        auto_lend=terms.auto_lend,
        auto_lend_redeem=terms.auto_lend_redeem,
        auto_borrow=terms.auto_borrow,
        auto_borrow_repay=terms.auto_borrow_repay,
        strategy_id=record.id,
        broker_id=terms.broker_id,
    )
