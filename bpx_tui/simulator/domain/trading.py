"""The life of an order: taken in, matched, rested, cut, ended."""

from __future__ import annotations

from decimal import Decimal

from bpx_tui.model.enums import ExpiryReason, OrderKind, OrderStatus, Side, TimeInForce
from bpx_tui.simulator.domain.accounts import Account
from bpx_tui.simulator.domain.book import Book
from bpx_tui.simulator.domain.checks import HALTED, check_band, check_form, check_numbers, check_quantity, check_state
from bpx_tui.simulator.domain.clearing import Clearing
from bpx_tui.simulator.domain.core import Core
from bpx_tui.simulator.domain.engine import Plan, estimate_quote, plan_match
from bpx_tui.simulator.domain.events import OrderEvent
from bpx_tui.simulator.domain.markets import Market
from bpx_tui.simulator.domain.orders import ZERO, AccountId, NewOrder, Order, OrderEventKind
from bpx_tui.simulator.domain.positions import Position
from bpx_tui.simulator.domain.refusals import invalid_market, invalid_order, order_limit, trading_paused, would_take
from bpx_tui.simulator.domain.reserves import Reserves

MAX_OPEN_ORDERS = 1_000
"""Resting orders a margin account may have; the house has no limit."""


class Trading:
    """Orders in and out of the books. A public call is one action: the facade publishes book and balances after it."""

    def __init__(self, core: Core, reserves: Reserves, clearing: Clearing) -> None:
        self._core = core
        self._reserves = reserves
        self._clearing = clearing
        self.filled: list[Order] = []
        """Orders that filled during this action and ask for something more: exits, lending, repaying."""
        self.next_expires: ExpiryReason | None = None
        """Why the next order ends before it trades; only interventions set it."""

    # ---- taking in

    def check(self, terms: NewOrder, *, house: bool = False) -> tuple[Market, Book]:
        """Everything that can be refused from the order and the market alone; a trigger's price band waits for it.

        The house keeps the grid that a market was opened with, whatever its filters have become.

        Raises:
            VenueRefusal: the order cannot be taken.
        """
        book = self._core.books.get(terms.symbol)
        if book is None or not book.market.has_book:
            raise invalid_market()
        market = book.market
        check_form(market, terms)
        if not house:
            check_numbers(market, terms)
        if terms.trigger is None:
            check_state(book.state, terms)
            check_band(book, self._core.prices, terms)
        elif book.state in HALTED:
            raise trading_paused()
        return market, book

    def recheck(self, terms: NewOrder, quantity: Decimal) -> None:
        """The checks that may turn out differently when a trigger fires.

        Raises:
            VenueRefusal: the market no longer takes the order.
        """
        book = self._core.books[terms.symbol]
        check_state(book.state, terms)
        check_band(book, self._core.prices, terms)
        check_quantity(book.market, quantity)

    def place(self, account: Account, terms: NewOrder) -> Order:
        """Take in an order that is live at once."""
        market, book = self.check(terms, house=account.house)
        if not account.house and len(account.orders) >= MAX_OPEN_ORDERS:
            raise order_limit()
        order = Order(self._core.next_order_id(), account.id, terms, self._core.now_us)
        self.submit(account, market, book, order)
        return order

    def submit(self, account: Account, market: Market, book: Book, order: Order) -> None:
        """Match an order and rest or end what remains.

        Raises:
            VenueRefusal: it may not take, or cannot be paid for; nothing changed.
        """
        terms = order.terms
        reducible = self._cut_to_position(account, order) if terms.reduce_only else None
        by_quote = terms.kind is OrderKind.MARKET and not order.quantity
        wanted = None if by_quote else order.quantity

        def position_size(account_id: AccountId) -> Decimal:
            return abs(self._core.account(account_id).positions[market.symbol].quantity)

        plan = plan_match(book, terms, account.id, wanted, position_size, reducible)
        if terms.post_only and plan.takes:
            raise would_take()
        killed = terms.time_in_force is TimeInForce.FOK and plan.quantity < plan.wanted
        if killed:
            plan = Plan(wanted=plan.wanted, stop=ExpiryReason.FILL_OR_KILL)
        if self.next_expires is not None:
            plan = Plan(wanted=plan.wanted, stop=self.next_expires)
        resting = self._resting_quantity(terms, plan)
        self._reserves.reserve(account, market, order, plan, resting)
        if by_quote:
            order.quantity = order.remaining = plan.quantity
        elif terms.kind is OrderKind.MARKET:
            order.quote_quantity = estimate_quote(plan, market)
        else:
            assert order.price is not None
            order.quote_quantity = order.price * order.quantity
        self._tell(account, order, OrderEventKind.ACCEPTED)
        self._carry_out(book, order, plan)
        self._settle_remainder(account, market, book, order, plan, resting)

    @staticmethod
    def _resting_quantity(terms: NewOrder, plan: Plan) -> Decimal:
        if terms.kind is OrderKind.LIMIT and terms.time_in_force is TimeInForce.GTC and plan.stop is None:
            return plan.wanted - plan.quantity
        return ZERO

    def _cut_to_position(self, account: Account, order: Order) -> Decimal:
        """A reduce-only order is never larger than the position it reduces, whose size is answered."""
        position = account.positions.get(order.terms.symbol)
        if position is None or not position.reduces(order.side):
            raise invalid_order("Reduce only order not reduced")
        size = abs(position.quantity)
        if order.quantity > size:
            order.quantity = order.remaining = size
        return size

    def _carry_out(self, book: Book, order: Order, plan: Plan) -> None:
        prevented = plan.prevented
        turn = 0
        for done, (maker, price, quantity) in enumerate(plan.matches):
            while turn < len(prevented) and prevented[turn][0] <= done:
                self.finish(prevented[turn][1], OrderStatus.EXPIRED, ExpiryReason.SELF_TRADE_PREVENTION)
                turn += 1
            side = book.side(maker.side)
            side.reduce(maker, quantity)
            self._clearing.fill(book, maker, order, price, quantity)
            self._after_maker_fill(book, maker)
        for _, maker in prevented[turn:]:
            self.finish(maker, OrderStatus.EXPIRED, ExpiryReason.SELF_TRADE_PREVENTION)
        if plan.matches and _wants_more(order.terms):
            self.filled.append(order)

    def _after_maker_fill(self, book: Book, maker: Order) -> None:
        owner = self._core.account(maker.account)
        if not maker.remaining:
            self._leave_book(owner, book, maker)
            self._end(owner, maker, OrderStatus.FILLED, None)
        if _wants_more(maker.terms):
            self.filled.append(maker)
        self.follow_position(owner, book)
        self._core.flush_balances(owner)

    def _settle_remainder(
        self, account: Account, market: Market, book: Book, order: Order, plan: Plan, resting: Decimal
    ) -> None:
        if resting:
            self._rest(account, market, book, order)
        elif order.status is not OrderStatus.FILLED:
            reason = plan.stop or ExpiryReason.IMMEDIATE_OR_CANCEL
            self._end(account, order, OrderStatus.EXPIRED, reason)
            self._tell(account, order, OrderEventKind.EXPIRED)
        else:
            self._end(account, order, OrderStatus.FILLED, None)
        if plan.matches:
            self.follow_position(account, book)

    def _rest(self, account: Account, market: Market, book: Book, order: Order) -> None:
        book.side(order.side).add(order)
        account.orders[order.id] = order
        if market.is_derivative:
            position = self._core.position(account, market.symbol)
            position.add_open(order.side, order.remaining)
            if order.terms.reduce_only:
                position.reduce_only_orders += 1
                self._trim_reduce_only(account, position, book)

    def fill_resting(self, book: Book, maker: Order, taker: Order, quantity: Decimal) -> None:
        """Trade a resting order against an order that never was in the book, at the resting price."""
        assert maker.price is not None
        book.side(maker.side).reduce(maker, quantity)
        self._clearing.fill(book, maker, taker, maker.price, quantity)
        self._after_maker_fill(book, maker)

    # ---- ending

    def finish(self, order: Order, status: OrderStatus, reason: ExpiryReason | None = None) -> None:
        """End a resting order: cancelled by its owner, or expired for a reason."""
        account, book = self._core.account(order.account), self._core.books[order.terms.symbol]
        book.side(order.side).reduce(order, order.remaining)
        self._leave_book(account, book, order)
        if book.market.is_derivative:
            account.positions[book.market.symbol].add_open(order.side, -order.remaining)
        self._end(account, order, status, reason)
        kind = OrderEventKind.CANCELLED if status is OrderStatus.CANCELLED else OrderEventKind.EXPIRED
        self._tell(account, order, kind)

    def _leave_book(self, account: Account, book: Book, order: Order) -> None:
        book.side(order.side).drop(order)
        del account.orders[order.id]
        if order.terms.reduce_only:
            account.positions[book.market.symbol].reduce_only_orders -= 1

    def _end(self, account: Account, order: Order, status: OrderStatus, reason: ExpiryReason | None) -> None:
        order.status = status
        order.expiry_reason = reason
        order.ended_us = self._core.now_us
        if order.locked:
            market = self._core.markets[order.terms.symbol]
            asset = market.quote if order.side is Side.BID else market.base
            self._core.ledger.unlock(account, asset, order.locked)
            order.locked = ZERO
        if not account.silent:
            account.history.append(order.record())

    # ---- reduce-only orders follow the position

    def follow_position(self, account: Account, book: Book) -> None:
        """Cut reduce-only orders after a position changed outside the book."""
        position = account.positions.get(book.market.symbol)
        if position is not None and position.reduce_only_orders:
            self._trim_reduce_only(account, position, book)

    def _trim_reduce_only(self, account: Account, position: Position, book: Book) -> None:
        """Cut resting reduce-only orders so that together they cannot flip the position, best price kept first."""
        resting = [
            order
            for order in account.orders.values()
            if order.terms.reduce_only and order.terms.symbol == position.symbol
        ]
        resting.sort(key=_price_rank)
        budget = abs(position.quantity)
        for order in resting:
            keep = min(order.remaining, budget) if position.reduces(order.side) else ZERO
            budget -= keep
            if not keep:
                self.finish(order, OrderStatus.EXPIRED, ExpiryReason.REDUCE_ONLY_NOT_REDUCED)
            elif keep < order.remaining:
                self._shrink(account, position, book, order, keep)

    def _shrink(self, account: Account, position: Position, book: Book, order: Order, keep: Decimal) -> None:
        cut = order.remaining - keep
        book.side(order.side).reduce(order, cut)
        position.add_open(order.side, -cut)
        order.remaining = keep
        order.quantity -= cut
        assert order.price is not None
        order.quote_quantity = order.price * order.quantity
        self._tell(account, order, OrderEventKind.MODIFIED)

    # ---- telling

    def _tell(self, account: Account, order: Order, kind: OrderEventKind) -> None:
        if not account.silent:
            self._core.emit(OrderEvent(account.id, kind, order.record(), None, self._core.now_us))


def _wants_more(terms: NewOrder) -> bool:
    return bool(terms.take_profit or terms.stop_loss or terms.auto_lend or terms.auto_borrow_repay)


def _price_rank(order: Order) -> Decimal:
    assert order.price is not None
    return -order.price if order.side is Side.BID else order.price
