"""The counter where orders are handed in: one call is one action, complete with all that follows from it.

What follows: exits attached to entries that filled, triggers whose price was reached, repaid borrows; and then one
depth event per book touched.
"""

from __future__ import annotations

from decimal import Decimal

from bpx_tui.model.enums import ExpiryReason, OrderKind, OrderStatus, Side, TimeInForce, TradingState, TriggerBy
from bpx_tui.model.ids import ClientId, OrderId, Symbol
from bpx_tui.simulator.domain.accounts import Account
from bpx_tui.simulator.domain.book import Book
from bpx_tui.simulator.domain.clearing import Clearing
from bpx_tui.simulator.domain.core import Core
from bpx_tui.simulator.domain.engine import Plan
from bpx_tui.simulator.domain.events import BookStateChanged
from bpx_tui.simulator.domain.markets import Market
from bpx_tui.simulator.domain.orders import ZERO, AccountId, CancelScope, ClientIdRule, NewOrder, Order, OrderRecord
from bpx_tui.simulator.domain.refusals import (
    VenueRefusal,
    account_liquidating,
    client_id_taken,
    invalid_market,
    invalid_request,
    order_not_found,
)
from bpx_tui.simulator.domain.reserves import Reserves
from bpx_tui.simulator.domain.standing import needed_in
from bpx_tui.simulator.domain.trading import Trading
from bpx_tui.simulator.domain.treasury import Treasury
from bpx_tui.simulator.domain.triggers import Triggers


class OrderDesk:
    """Placing, cancelling, finding."""

    def __init__(
        self,
        core: Core,
        trading: Trading,
        triggers: Triggers,
        treasury: Treasury,
        reserves: Reserves,
        clearing: Clearing,
    ) -> None:
        self._core = core
        self._trading = trading
        self._triggers = triggers
        self._treasury = treasury
        self._reserves = reserves
        self._clearing = clearing
        self.client_id_rule = ClientIdRule.REPEATABLE

    # ---- placing

    def place(self, account: Account, terms: NewOrder, client_id_rule: ClientIdRule | None = None) -> OrderRecord:
        if account.liquidating:
            raise account_liquidating()
        if (market := self._core.markets.get(terms.symbol)) is not None:
            account.check_permission(needed_in(market.kind), self._core.now_us)
        rule = client_id_rule or self.client_id_rule
        if terms.client_id is not None and rule is not ClientIdRule.REPEATABLE:
            self._check_client_id(account, terms.client_id, rule)
        core = self._core
        core.step()
        if terms.trigger is not None:
            order = self._triggers.place(account, terms)
            record = order.record()
            self.settle(core.books[terms.symbol])
            return record
        order = self._trading.place(account, terms)
        record = order.record()
        self._finish_action(account, core.books[terms.symbol], traded=bool(order.executed_quantity))
        return record

    @staticmethod
    def _check_client_id(account: Account, client_id: ClientId, rule: ClientIdRule) -> None:
        known = [order.terms.client_id for order in (*account.orders.values(), *account.pending.values())]
        if rule is ClientIdRule.UNIQUE_FOR_EVER:
            known += [order.terms.client_id for order in account.history]
        if client_id in known:
            raise client_id_taken()

    def _finish_action(self, account: Account, book: Book, *, traded: bool) -> None:
        if traded and account.loans:
            self._treasury.repay(account)
        self._core.flush_balances(account)
        self._core.flush_book(book)
        if traded:
            self.settle(book)

    def settle(self, book: Book) -> None:
        """Everything that follows from trades and price moves on a book, until nothing more does."""
        while True:
            self._follow_up()
            order = self._triggers.next_due(book.market.symbol, TriggerBy.LAST)
            if order is None:
                return
            self.fire(order)

    def fire(self, order: Order) -> None:
        """Let one triggered order go live, as an action of its own."""
        core, account = self._core, self._core.account(order.account)
        core.step()
        self._triggers.fire(order)
        core.flush_balances(account)
        core.flush_book(core.books[order.terms.symbol])

    def fire_due(self, symbol: Symbol, by: TriggerBy) -> None:
        """Fire everything on a market that a mark or index has reached."""
        while (order := self._triggers.next_due(symbol, by)) is not None:
            self.fire(order)
            self.settle(self._core.books[symbol])

    def _follow_up(self) -> None:
        """Exits of positions that ended expire; filled orders get their exits, repay and lend as they asked."""
        core, trading = self._core, self._trading
        while core.ended_positions:
            account_id, symbol = core.ended_positions.pop(0)
            self._triggers.position_ended(core.account(account_id), symbol)
        while trading.filled:
            order = trading.filled.pop(0)
            if order.terms.take_profit or order.terms.stop_loss:
                self._triggers.attach(order)
            if order.terms.auto_lend or order.terms.auto_borrow_repay:
                account = core.account(order.account)
                self._treasury.after_fill(account, core.markets[order.terms.symbol], order.terms)
                core.flush_balances(account)

    # ---- cancelling and finding

    def find(
        self, account: Account, symbol: Symbol, order_id: OrderId | None, client_id: ClientId | None
    ) -> Order | None:
        """An open or waiting order by exactly one id; the newest where a client id repeats."""
        if (order_id is None) == (client_id is None):
            raise invalid_request("Must specify either `orderId` or `clientId`")
        if order_id is not None:
            order = account.orders.get(order_id) or account.pending.get(order_id)
            return order if order is not None and order.terms.symbol == symbol else None
        candidates = [
            order
            for order in (*account.orders.values(), *account.pending.values())
            if order.terms.client_id == client_id and order.terms.symbol == symbol
        ]
        return max(candidates, key=lambda order: int(order.id), default=None)

    def cancel(
        self, account: Account, symbol: Symbol, order_id: OrderId | None, client_id: ClientId | None
    ) -> OrderRecord:
        order = self.find(account, symbol, order_id, client_id)
        if order is None:
            raise order_not_found()
        self._core.step()
        self._cancel(account, order)
        self._core.flush_balances(account)
        self._core.flush_book(self._core.books[symbol])
        return order.record()

    def expire(self, account: Account, symbol: Symbol, order_id: OrderId, reason: ExpiryReason) -> OrderRecord:
        """End an open or waiting order although its owner did not ask.

        Raises:
            VenueRefusal: it is not open.
        """
        order = self.find(account, symbol, order_id, None)
        if order is None:
            raise order_not_found()
        self._core.step()
        if order.status is OrderStatus.TRIGGER_PENDING:
            self._triggers.expire(account, order, reason)
        else:
            self._trading.finish(order, OrderStatus.EXPIRED, reason)
        self._core.flush_balances(account)
        self._core.flush_book(self._core.books[symbol])
        return order.record()

    def _cancel(self, account: Account, order: Order) -> None:
        if order.status is OrderStatus.TRIGGER_PENDING:
            self._triggers.cancel(account, order)
        else:
            self._trading.finish(order, OrderStatus.CANCELLED)

    def cancel_all(self, account: Account, symbol: Symbol, scope: CancelScope | None) -> tuple[OrderRecord, ...]:
        book = self._core.books.get(symbol)
        if book is None:
            raise invalid_market()
        wanted: list[Order] = []
        if scope is not CancelScope.CONDITIONAL:
            wanted += account.orders.values()
        if scope is not CancelScope.RESTING:
            wanted += account.pending.values()
        wanted = [order for order in wanted if order.terms.symbol == symbol]
        if not wanted:
            return ()
        self._core.step()
        for order in wanted:
            self._cancel(account, order)
        self._core.flush_balances(account)
        self._core.flush_book(book)
        return tuple(order.record() for order in wanted)

    # ---- markets

    def set_book_state(self, book: Book, state: TradingState) -> None:
        """Change a book's state; closing it expires every resting order."""
        core = self._core
        core.step()
        book.state = state
        core.emit(BookStateChanged(book.market.symbol, state, core.now_us))
        if state is TradingState.CLOSED:
            resting = [
                order
                for side in (book.bids, book.asks)
                for level in side.best_first()
                for order in level.orders.values()
            ]
            for order in resting:
                self._trading.finish(order, OrderStatus.EXPIRED, ExpiryReason.UNKNOWN)
            for owner in dict.fromkeys(order.account for order in resting):
                core.flush_balances(core.account(owner))
            core.flush_book(book)

    def trade_off_book(
        self, buyer: AccountId, seller: AccountId, market: Market, price: Decimal, quantity: Decimal
    ) -> int:
        """Cross two accounts at an agreed price; both sides must be able to pay."""
        core, book = self._core, self._core.books[market.symbol]
        core.step()
        parties = []
        for owner, side in ((buyer, Side.BID), (seller, Side.ASK)):
            terms = NewOrder(market.symbol, side, OrderKind.LIMIT, quantity, price, time_in_force=TimeInForce.FOK)
            parties.append((core.account(owner), Order(core.next_order_id(), owner, terms, core.now_us)))
        plan = Plan(quantity=quantity, quote=price * quantity, wanted=quantity)
        self._reserve_both(market, parties, plan)
        (_, bid), (giver, ask) = parties
        if market.is_derivative:
            core.position(giver, market.symbol).add_open(Side.ASK, quantity)
        self._clearing.fill(book, ask, bid, price, quantity)
        for account, _ in parties:
            self._trading.follow_position(account, book)
            self._finish_action(account, book, traded=True)
        return book.trade_id

    def _reserve_both(self, market: Market, parties: list[tuple[Account, Order]], plan: Plan) -> None:
        """Lock what both sides give, or nothing."""
        (taker, bid), (giver, ask) = parties
        self._reserves.reserve(taker, market, bid, plan, ZERO)
        try:
            self._reserves.reserve(giver, market, ask, plan, ZERO)
        except VenueRefusal:
            if bid.locked:
                self._core.ledger.unlock(taker, market.quote, bid.locked)
            raise
