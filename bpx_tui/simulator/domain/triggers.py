"""Conditional orders: waiting for a price, attached exits and their life.

A trigger fires when the watched price reaches it, from whichever side it lay on when the order was placed. Take
profits and stop losses that come with an entry are placed at its first fill, grow with it, cancel each other when one
fires, and expire with the position they protect.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from heapq import heapify, heappop, heappush

from bpx_tui.model.enums import ExpiryReason, OrderKind, OrderStatus, Side, TradingState, TriggerBy
from bpx_tui.model.ids import OrderId, Symbol
from bpx_tui.simulator.domain.accounts import Account
from bpx_tui.simulator.domain.book import Book
from bpx_tui.simulator.domain.checks import parse_trigger_quantity
from bpx_tui.simulator.domain.core import Core
from bpx_tui.simulator.domain.engine import round_down
from bpx_tui.simulator.domain.events import OrderEvent
from bpx_tui.simulator.domain.markets import Market
from bpx_tui.simulator.domain.orders import ZERO, AttachedExit, NewOrder, Order, OrderEventKind
from bpx_tui.simulator.domain.refusals import VenueRefusal, order_limit
from bpx_tui.simulator.domain.trading import Trading

MAX_PENDING = 200
"""Trigger orders an account may have waiting."""
MAX_STOPS_PER_POSITION = 20
"""Reduce-only trigger orders waiting in one market; one more fails when it is placed by the exchange itself."""

_REASONS = {
    "INSUFFICIENT_FUNDS": ExpiryReason.INSUFFICIENT_FUNDS,
    "INSUFFICIENT_MARGIN": ExpiryReason.INSUFFICIENT_MARGIN,
    "INSUFFICIENT_SUPPLY": ExpiryReason.INSUFFICIENT_BORROWABLE_QUANTITY,
    "POSITION_LIMIT": ExpiryReason.POSITION_LIMIT,
    "INVALID_PRICE": ExpiryReason.INVALID_PRICE,
    "INVALID_QUANTITY": ExpiryReason.INVALID_QUANTITY,
    "BORROW_LIMIT": ExpiryReason.INSUFFICIENT_BORROWABLE_QUANTITY,
    "BORROW_REQUIRES_LEND_REDEEM": ExpiryReason.BORROW_REQUIRES_LEND_REDEEM,
    "FORBIDDEN": ExpiryReason.USER_PERMISSIONS,
}
_MESSAGES = {
    "Order would immediately match and take": ExpiryReason.POST_ONLY_TAKER,
    "Reduce only order not reduced": ExpiryReason.REDUCE_ONLY_NOT_REDUCED,
    "Price is too far from the last active price": ExpiryReason.PRICE_OUT_OF_BOUNDS,
}


_SWEEP_FROM = 256
"""Orders in a watch from which on those that have ended are swept out, as soon as they may be half of them."""


class _Watch:
    """Waiting orders of one market and price source: two heaps, nearest trigger on top. Ended ones stay for a while."""

    __slots__ = ("_sweep_at", "above", "below")

    def __init__(self) -> None:
        self.above: list[tuple[Decimal, int, Order]] = []
        self.below: list[tuple[Decimal, int, Order]] = []
        self._sweep_at = _SWEEP_FROM

    def add(self, order: Order, price: Decimal, number: int, *, rises: bool) -> None:
        """Let an order wait for the price to rise or fall to its trigger; of two with the same, the lower number."""
        if len(self.above) + len(self.below) >= self._sweep_at:
            self._sweep()
        if rises:
            heappush(self.above, (price, number, order))
        else:
            heappush(self.below, (-price, number, order))

    def _sweep(self) -> None:
        for heap in (self.above, self.below):
            heap[:] = [entry for entry in heap if entry[2].status is OrderStatus.TRIGGER_PENDING]
            heapify(heap)
        self._sweep_at = max(_SWEEP_FROM, 2 * (len(self.above) + len(self.below)))

    def reached(self, price: Decimal) -> Order | None:
        """Take out one order whose trigger `price` has reached."""
        while self.above and self.above[0][0] <= price:
            order = heappop(self.above)[2]
            if order.status is OrderStatus.TRIGGER_PENDING:
                return order
        while self.below and -self.below[0][0] >= price:
            order = heappop(self.below)[2]
            if order.status is OrderStatus.TRIGGER_PENDING:
                return order
        return None


class Triggers:
    """All conditional orders of the exchange."""

    def __init__(self, core: Core, trading: Trading) -> None:
        self._core = core
        self._trading = trading
        self._watches: dict[tuple[Symbol, TriggerBy], _Watch] = {}
        self._family: dict[OrderId, list[Order]] = {}
        self._count = 0

    # ---- placing

    def place(self, account: Account, terms: NewOrder) -> Order:
        """Take in an order that waits for its trigger.

        Raises:
            VenueRefusal: it cannot be taken.
        """
        market, book = self._trading.check(terms)
        if len(account.pending) >= MAX_PENDING or (terms.reduce_only and self._is_crowded(account, terms.symbol)):
            raise order_limit()
        assert terms.trigger is not None
        now = self.watched_price(market, book, terms.trigger.watched)
        return self._wait(account, terms, rises=terms.trigger.price > now, related=None)

    def _is_crowded(self, account: Account, symbol: Symbol) -> bool:
        stops = sum(
            order.terms.symbol == symbol and bool(order.terms.reduce_only) for order in account.pending.values()
        )
        return stops >= MAX_STOPS_PER_POSITION

    def _wait(self, account: Account, terms: NewOrder, *, rises: bool, related: OrderId | None) -> Order:
        trigger = terms.trigger
        assert trigger is not None
        order = Order(self._core.next_order_id(), account.id, terms, self._core.now_us)
        order.status = OrderStatus.TRIGGER_PENDING
        order.quantity = order.remaining = ZERO
        order.related_order_id = related
        account.pending[order.id] = order
        watch = self._watches.setdefault((terms.symbol, trigger.watched), _Watch())
        self._count += 1
        watch.add(order, trigger.price, self._count, rises=rises)
        self._tell(account, order, OrderEventKind.TRIGGER_PLACED)
        return order

    def watched_price(self, market: Market, book: Book, by: TriggerBy) -> Decimal:
        prices = self._core.prices
        if by is TriggerBy.MARK:
            return prices.mark(market)
        if by is TriggerBy.INDEX:
            return prices.index(market.base)
        return book.last_price or prices.mark(market)

    # ---- attached exits

    def attach(self, parent: Order) -> None:
        """Place or grow the exits of an entry that has filled some more."""
        account = self._core.account(parent.account)
        family = self._family.get(parent.id)
        if family is None:
            self._place_exit(account, parent, parent.terms.take_profit, takes_profit=True)
            self._place_exit(account, parent, parent.terms.stop_loss, takes_profit=False)
            return
        for order in family:
            if order.status is OrderStatus.TRIGGER_PENDING:
                order.terms = replace(order.terms, trigger_quantity=str(parent.executed_quantity))

    def _place_exit(
        self, account: Account, parent: Order, attached: AttachedExit | None, *, takes_profit: bool
    ) -> None:
        if attached is None:
            return
        market = self._core.markets[parent.terms.symbol]
        terms = NewOrder(
            symbol=parent.terms.symbol,
            side=parent.side.opposite,
            kind=OrderKind.MARKET if attached.limit_price is None else OrderKind.LIMIT,
            price=attached.limit_price,
            reduce_only=True if market.is_derivative else None,
            self_trade_prevention=parent.terms.self_trade_prevention,
            trigger=attached.trigger,
            trigger_quantity=str(parent.executed_quantity),
        )
        crowded = market.is_derivative and self._is_crowded(account, terms.symbol)
        rises = takes_profit == (parent.side is Side.BID)
        order = self._wait(account, terms, rises=rises, related=parent.id)
        self._family.setdefault(parent.id, []).append(order)
        if crowded:
            self._drop(account, order, OrderStatus.TRIGGER_FAILED, ExpiryReason.MAX_STOP_ORDERS_PER_POSITION)

    def position_ended(self, account: Account, symbol: Symbol) -> None:
        """The position closed or turned: exits that protected it have nothing left to do."""
        for order in [*account.pending.values()]:
            if order.terms.symbol == symbol and order.related_order_id is not None and order.terms.reduce_only:
                self._drop(account, order, OrderStatus.EXPIRED, ExpiryReason.STOP_WITHOUT_POSITION)

    # ---- ending

    def cancel(self, account: Account, order: Order) -> None:
        self._drop(account, order, OrderStatus.CANCELLED, None)

    def expire(self, account: Account, order: Order, reason: ExpiryReason) -> None:
        self._drop(account, order, OrderStatus.EXPIRED, reason)

    def expire_market(self, symbol: Symbol, reason: ExpiryReason) -> None:
        """End everything that waits in one market."""
        for account in self._core.ledger.accounts.values():
            for order in [*account.pending.values()]:
                if order.terms.symbol == symbol:
                    self._drop(account, order, OrderStatus.EXPIRED, reason)

    def _drop(self, account: Account, order: Order, status: OrderStatus, reason: ExpiryReason | None) -> None:
        del account.pending[order.id]
        order.status = status
        order.expiry_reason = reason
        order.ended_us = self._core.now_us
        self._forget(order)
        account.history.append(order.record())
        self._tell(account, order, _EVENT_OF_STATUS[status])

    def _forget(self, order: Order) -> None:
        """Unlink an exit from its family once it is over; the family goes with its last member."""
        parent = order.related_order_id
        family = None if parent is None else self._family.get(parent)
        if parent is not None and family is not None:
            family.remove(order)
            if not family:
                del self._family[parent]

    # ---- firing

    def next_due(self, symbol: Symbol, by: TriggerBy) -> Order | None:
        """One order of a market whose trigger its price has reached; the caller fires it."""
        watch = self._watches.get((symbol, by))
        if watch is None or not (watch.above or watch.below):
            return None
        book = self._core.books[symbol]
        return watch.reached(self.watched_price(book.market, book, by))

    def fire(self, order: Order) -> None:
        """Make a waiting order live and cancel its siblings; where that is impossible it fails and they stay."""
        account = self._core.account(order.account)
        book = self._core.books[order.terms.symbol]
        order.triggered_us = self._core.now_us
        siblings = [] if order.related_order_id is None else list(self._family.get(order.related_order_id, ()))
        reason = self._go_live(account, book, order)
        if reason is not None:
            self._drop(account, order, OrderStatus.TRIGGER_FAILED, reason)
            return
        for sibling in siblings:
            if sibling is not order and sibling.status is OrderStatus.TRIGGER_PENDING:
                self._drop(account, sibling, OrderStatus.CANCELLED, None)

    def _go_live(self, account: Account, book: Book, order: Order) -> ExpiryReason | None:
        if account.liquidating:
            return ExpiryReason.LIQUIDATION
        quantity, reason = self._live_quantity(account, book.market, order)
        if reason is not None:
            return reason
        del account.pending[order.id]
        order.status = OrderStatus.NEW
        order.quantity = order.remaining = quantity
        try:
            self._trading.recheck(order.terms, quantity)
            self._trading.submit(account, book.market, book, order)
        except VenueRefusal as refusal:
            account.pending[order.id] = order
            order.quantity = order.remaining = ZERO
            order.status = OrderStatus.TRIGGER_PENDING
            return _reason(refusal, book)
        self._forget(order)
        return None

    def _live_quantity(self, account: Account, market: Market, order: Order) -> tuple[Decimal, ExpiryReason | None]:
        """Base quantity of a trigger order now: percent is of the position, or on spot of what can be spent."""
        terms = order.terms
        assert terms.trigger_quantity is not None
        amount, is_percent = parse_trigger_quantity(terms.trigger_quantity)
        if market.is_derivative:
            position = account.positions.get(market.symbol)
            held = ZERO if position is None else abs(position.quantity)
            if not held and (is_percent or terms.reduce_only):
                return ZERO, ExpiryReason.STOP_WITHOUT_POSITION
        else:
            held = self._spendable(account, market, order)
        if is_percent:
            amount = held * amount / 100
        elif order.related_order_id is not None:
            amount = min(amount, held)
        quantity = round_down(amount, market.quantity.step_size)
        if quantity < market.quantity.min_quantity:
            return ZERO, ExpiryReason.INVALID_QUANTITY if held else ExpiryReason.INSUFFICIENT_FUNDS
        return quantity, None

    def _spendable(self, account: Account, market: Market, order: Order) -> Decimal:
        if order.side is Side.ASK:
            return account.purse(market.base).available
        price = order.price or self.watched_price(market, self._core.books[market.symbol], TriggerBy.LAST)
        return account.purse(market.quote).available / price if price else ZERO

    def _tell(self, account: Account, order: Order, kind: OrderEventKind) -> None:
        self._core.emit(OrderEvent(account.id, kind, order.record(), None, self._core.now_us))


def _reason(refusal: VenueRefusal, book: Book) -> ExpiryReason:
    """The expiry reason that says what a refusal would have said."""
    if refusal.code == "TRADING_PAUSED" and book.state is TradingState.POST_ONLY:
        return ExpiryReason.POST_ONLY_MODE
    return _MESSAGES.get(refusal.message) or _REASONS.get(refusal.code, ExpiryReason.UNKNOWN)


_EVENT_OF_STATUS = {
    OrderStatus.CANCELLED: OrderEventKind.CANCELLED,
    OrderStatus.EXPIRED: OrderEventKind.EXPIRED,
    OrderStatus.TRIGGER_FAILED: OrderEventKind.TRIGGER_FAILED,
}
