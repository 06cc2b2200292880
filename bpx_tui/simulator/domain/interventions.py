"""What the exchange, or the same user elsewhere, does to an account that did not ask for it.

Bad days on demand need real ones: an order that fills while its cancel is on the way, a position that is liquidated, a
market whose tick changes. Each of these goes through the same book, ledger and events as everything else; only the
occasion is made up. Counterparties are a house account that is funded as it goes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from bpx_tui.model.enums import ExpiryReason, OrderKind, Side, TimeInForce
from bpx_tui.model.ids import Symbol
from bpx_tui.simulator.domain.accounts import NO_FEES, Account
from bpx_tui.simulator.domain.core import Core
from bpx_tui.simulator.domain.engine import round_down
from bpx_tui.simulator.domain.liquidation import Liquidation
from bpx_tui.simulator.domain.markets import QUOTE, Market
from bpx_tui.simulator.domain.orderdesk import OrderDesk
from bpx_tui.simulator.domain.orders import ZERO, AccountId, NewOrder, Order, OrderRecord, SystemOrderType
from bpx_tui.simulator.domain.positions import Position
from bpx_tui.simulator.domain.refusals import not_found
from bpx_tui.simulator.domain.standing import Standing, needed_in
from bpx_tui.simulator.domain.trading import Trading

ELSEWHERE = AccountId("house:elsewhere")


@dataclass(frozen=True, slots=True)
class FilterChange:
    """New terms of a market; `None` leaves one as it is."""

    tick_size: Decimal | None = None
    step_size: Decimal | None = None
    min_quantity: Decimal | None = None
    max_quantity: Decimal | None = None
    visible: bool | None = None


class Interventions:
    """One action per call, published like any other."""

    def __init__(self, core: Core, orders: OrderDesk, trading: Trading, liquidation: Liquidation) -> None:
        self._core = core
        self._orders = orders
        self._trading = trading
        self._liquidation = liquidation

    # ---- orders

    def place_to_expire(self, account: AccountId, terms: NewOrder, reason: ExpiryReason) -> OrderRecord:
        """Place an order that the engine takes in and ends at once for `reason`, without a fill.

        Raises:
            VenueRefusal: it would not have been taken in.
        """
        self._trading.next_expires = reason
        try:
            record = self._orders.place(self._core.account(account), terms)
        finally:
            self._trading.next_expires = None
        if terms.trigger is not None:
            return self._orders.expire(self._core.account(account), terms.symbol, record.id, reason)
        return record

    def fill(self, account: AccountId, order: OrderRecord, quantity: Decimal | None = None) -> None:
        """Somebody takes a resting order at its price: `quantity` of it, or all.

        Raises:
            VenueRefusal: 404, it does not rest.
        """
        core, owner = self._core, self._core.account(account)
        resting = owner.orders.get(order.id)
        if resting is None:
            raise not_found("Order is not resting")
        book = core.books[order.symbol]
        core.step()
        size = resting.remaining if quantity is None else min(quantity, resting.remaining)
        assert resting.price is not None
        taker = self._counterparty(book.market, resting.side.opposite, resting.price, size)
        self._trading.fill_resting(book, resting, taker, size)
        core.flush_balances(owner)
        core.flush_book(book)
        self._orders.settle(book)

    def expire(self, account: AccountId, order: OrderRecord, reason: ExpiryReason) -> None:
        """End an open order for `reason`.

        Raises:
            VenueRefusal: it is not open.
        """
        self._orders.expire(self._core.account(account), order.symbol, order.id, reason)

    # ---- accounts

    def set_standing(self, account: AccountId, standing: Standing) -> None:
        """Suspend an account or withdraw permissions: what it may no longer have open expires, and it is told why.

        Loans and positions stay, and so do their interest, funding and liquidation.
        """
        core, holder = self._core, self._core.account(account)
        holder.standing = standing
        for order in [*holder.orders.values(), *holder.pending.values()]:
            symbol = order.terms.symbol
            reason = standing.bars(needed_in(core.markets[symbol].kind), core.now_us)
            if reason is not None:
                self._orders.expire(holder, symbol, order.id, reason)

    # ---- positions

    def reduce(self, account: AccountId, symbol: Symbol, quantity: Decimal) -> None:
        """Trade a part of a position away elsewhere; resting reduce-only orders shrink with it (`orderModified`).

        Raises:
            VenueRefusal: 404, there is no position.
        """
        position = self._position(account, symbol)
        market = self._core.markets[symbol]
        price = self._core.prices.mark(market).quantize(market.price.tick_size)
        side = Side.ASK if position.quantity > 0 else Side.BID
        size = min(quantity, abs(position.quantity))
        other = self._purse(market, side.opposite, price, size).id
        buyer, seller = (account, other) if side is Side.BID else (other, account)
        self._orders.trade_off_book(buyer, seller, market, price, size)

    def liquidate(self, account: AccountId, symbol: Symbol, how: SystemOrderType) -> None:
        """Take a position away by one of the exchange's own ways, whatever the account's margin.

        Raises:
            VenueRefusal: 404, there is no position.
        """
        position = self._position(account, symbol)
        core, holder = self._core, self._core.account(account)
        core.step()
        self._liquidation.force(holder, position, how)
        core.flush_balances(holder)
        for book in core.books.values():
            core.flush_book(book)
        self._orders.settle(core.books[symbol])

    def half_of(self, account: AccountId, symbol: Symbol) -> Decimal:
        """Half of a position, in whole steps and at least one.

        Raises:
            VenueRefusal: 404, there is no position.
        """
        step = self._core.markets[symbol].quantity.step_size
        return max(step, round_down(abs(self._position(account, symbol).quantity) / 2, step))

    def _position(self, account: AccountId, symbol: Symbol) -> Position:
        position = self._core.account(account).positions.get(symbol)
        if position is None or not position.quantity:
            raise not_found("Position not found")
        return position

    # ---- markets

    def change_filters(self, symbol: Symbol, change: FilterChange) -> Market:
        """Change a market's terms for orders from now on; what rests stays. House accounts keep the old grid."""
        core, before = self._core, self._core.markets[symbol]
        price, quantity = before.price, before.quantity
        after = replace(
            before,
            price=replace(price, tick_size=change.tick_size or price.tick_size),
            quantity=replace(
                quantity,
                step_size=change.step_size or quantity.step_size,
                min_quantity=change.min_quantity or quantity.min_quantity,
                max_quantity=change.max_quantity or quantity.max_quantity,
            ),
            visible=before.visible if change.visible is None else change.visible,
        )
        core.relist(after)
        return after

    # ---- the other side

    def _counterparty(self, market: Market, side: Side, price: Decimal, quantity: Decimal) -> Order:
        """A taker's order of the house, able to pay."""
        account = self._purse(market, side, price, quantity)
        terms = NewOrder(market.symbol, side, OrderKind.LIMIT, quantity, price, time_in_force=TimeInForce.IOC)
        order = Order(self._core.next_order_id(), account.id, terms, self._core.now_us)
        if not market.is_derivative:
            asset, amount = (QUOTE, price * quantity) if side is Side.BID else (market.base, quantity)
            self._core.ledger.lock(account, asset, amount)
            order.locked = amount
        return order

    def _purse(self, market: Market, side: Side, price: Decimal, quantity: Decimal) -> Account:
        """The house account elsewhere, with enough for this trade: a deposit, so that nothing comes from nowhere."""
        ledger = self._core.ledger
        account = ledger.accounts.get(ELSEWHERE)
        if account is None:
            account = ledger.accounts[ELSEWHERE] = Account(ELSEWHERE, 0, None, house=True, fees=NO_FEES)
        asset, amount = (
            (QUOTE, price * quantity) if side is Side.BID or market.is_derivative else (market.base, quantity)
        )
        short = amount - account.purse(asset).available
        if short > ZERO:
            ledger.deposit(account, asset, short)
        return account
