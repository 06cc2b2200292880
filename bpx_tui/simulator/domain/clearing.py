"""Carrying out a match: money, positions and fees of both sides, and the events that tell of it.

Spot moves the assets; the fee is taken from what each side receives. Derivatives change positions; profit and fee are
USDC, the fee rounded up to 6 decimals (PROTOCOL 6.2).
"""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_CEILING, ROUND_UP, Decimal

from bpx_tui.model.enums import OrderStatus, Side
from bpx_tui.model.ids import Asset
from bpx_tui.simulator.domain.accounts import Account
from bpx_tui.simulator.domain.book import Book
from bpx_tui.simulator.domain.core import Core
from bpx_tui.simulator.domain.events import OrderEvent, PositionChanged, TradePrinted
from bpx_tui.simulator.domain.margin import MarginDesk
from bpx_tui.simulator.domain.markets import QUOTE, Market
from bpx_tui.simulator.domain.orders import ZERO, FillRecord, Order, OrderEventKind, SystemOrderType
from bpx_tui.simulator.domain.positions import DUST, Position
from bpx_tui.simulator.domain.settlement import Settlement
from bpx_tui.simulator.domain.views import PositionEventKind

BASIS_POINTS = Decimal(10_000)
FEE_UNIT = Decimal("0.000001")
LIQUIDATION_FEE_BPS = Decimal(100)
"""What a liquidation on the book costs the liquidated, paid to the insurance fund."""


class Clearing:
    """Turns matches into movements."""

    def __init__(self, core: Core, settlement: Settlement, margin: MarginDesk) -> None:
        self._core = core
        self._ledger = core.ledger
        self._settlement = settlement
        self._margin = margin

    def fill(self, book: Book, maker: Order, taker: Order, price: Decimal, quantity: Decimal) -> None:
        """Trade `quantity` at `price` between a resting order and an incoming one."""
        core = self._core
        book.trade_id += 1
        book.last_price = price
        cost = price * quantity
        for order in (maker, taker):
            order.remaining -= quantity
            order.executed_quantity += quantity
            order.executed_quote_quantity += cost
            order.status = OrderStatus.PARTIALLY_FILLED if order.remaining else OrderStatus.FILLED
        self._settle_side(book, maker, price, quantity, cost, is_maker=True)
        self._settle_side(book, taker, price, quantity, cost, is_maker=False)
        buyer, seller = (maker, taker) if maker.side is Side.BID else (taker, maker)
        core.emit(
            TradePrinted(
                book.market.symbol, book.trade_id, price, quantity, buyer.id, seller.id, buyer is maker, core.now_us
            )
        )

    def take_over(self, book: Book, order: Order, taker: Account, price: Decimal) -> None:
        """Fill a system order in full against `taker` outside the book, without fees (backstop, deleveraging)."""
        self.close_out(book, order, price)
        self._core.account(order.account).positions[book.market.symbol].liquidated += price * order.quantity
        for event in self.trade_position(taker, book.market, order.side.opposite, order.quantity, price, ZERO):
            self._core.emit(event)
        self._core.flush_balances(taker)

    def close_out(self, book: Book, order: Order, price: Decimal) -> None:
        """Fill a system order in full at `price`; the caller sees to the other side."""
        account = self._core.account(order.account)
        events = self.trade_position(account, book.market, order.side, order.quantity, price, ZERO)
        self.tell_closed(book, account, order, price)
        for event in events:
            self._core.emit(event)

    def tell_closed(self, book: Book, account: Account, order: Order, price: Decimal) -> None:
        """Record a system order as filled in full at `price`."""
        order.remaining = ZERO
        order.executed_quantity = order.quantity
        order.executed_quote_quantity = order.quote_quantity = price * order.quantity
        order.status = OrderStatus.FILLED
        order.ended_us = self._core.now_us
        self.tell_system_fill(book, account, order, price, order.quantity)

    def tell_system_fill(self, book: Book, account: Account, order: Order, price: Decimal, quantity: Decimal) -> None:
        """Tell the owner of a system order that it filled outside the book, without a fee."""
        book.off_book_trade_id += 1
        if account.silent:
            return
        self._tell_fill(account, order, book, price, quantity, ZERO, QUOTE, is_maker=False, on_book=False)
        account.history.append(order.record())

    def _settle_side(
        self, book: Book, order: Order, price: Decimal, quantity: Decimal, cost: Decimal, *, is_maker: bool
    ) -> None:
        account = self._core.account(order.account)
        market = book.market
        position_events: list[PositionChanged] = []
        fee_asset = QUOTE
        if market.is_derivative:
            liquidation = order.system_order_type is SystemOrderType.LIQUIDATE_ON_BOOK
            fee = self._perp_fee(account, order, cost, is_maker=is_maker)
            if is_maker:
                account.positions[market.symbol].add_open(order.side, -quantity)
            position_events = self.trade_position(
                account, market, order.side, quantity, price, fee, liquidation=liquidation
            )
        else:
            rate = _spot_rate(account, market, is_maker=is_maker)
            fee, fee_asset = self._swap(account, order, market, quantity, cost, rate)
        if not account.silent:
            self._tell_fill(account, order, book, price, quantity, fee, fee_asset, is_maker=is_maker)
            for event in position_events:
                self._core.emit(event)

    def _perp_fee(self, account: Account, order: Order, cost: Decimal, *, is_maker: bool) -> Decimal:
        if order.system_order_type is not None:
            return perp_fee(cost, LIQUIDATION_FEE_BPS)
        fee = perp_fee(cost, account.fees.futures_maker if is_maker else account.fees.futures_taker)
        return max(fee, -self._ledger.fees.purse(QUOTE).available)

    # ---- spot

    def _swap(
        self, account: Account, order: Order, market: Market, quantity: Decimal, cost: Decimal, rate: Decimal
    ) -> tuple[Decimal, Asset]:
        """One side of a spot trade: give what was locked, receive the other asset less the fee.

        What is given goes through the clearing fund to the other side within the same match.
        """
        ledger = self._ledger
        if order.side is Side.BID:
            given, paid, received, amount = market.quote, cost, market.base, quantity
        else:
            given, paid, received, amount = market.base, quantity, market.quote, cost
        order.locked -= paid
        ledger.move_locked(account, ledger.clearing, given, paid)
        ledger.move(ledger.clearing, account, received, amount)
        fee = ZERO
        if rate:
            fee = spot_fee(amount, rate)
            if fee > 0:
                ledger.move(account, ledger.fees, received, fee)
            else:
                fee = -min(-fee, ledger.fees.purse(received).available)
                ledger.move(ledger.fees, account, received, -fee)
        return fee, received

    # ---- derivatives

    def trade_position(
        self,
        account: Account,
        market: Market,
        side: Side,
        quantity: Decimal,
        price: Decimal,
        fee: Decimal,
        *,
        liquidation: bool = False,
    ) -> list[PositionChanged]:
        """Change a position by a trade, pay its profit and its fee; answers the events to tell, none if it is silent.

        A trade through flat closes one position and opens another. Liquidation fees go to the insurance fund.
        """
        position = self._core.position(account, market.symbol)
        events: list[PositionChanged] = []
        closing = min(quantity, max(ZERO, -position.signed(side)))
        opening = quantity - closing
        closing_fee = fee if not opening else (fee * closing / quantity).quantize(FEE_UNIT)
        if closing:
            events += self._close(account, position, closing, price, closing_fee, liquidation=liquidation)
        if opening:
            events += self._open(account, position, side, opening, price, fee - closing_fee)
        if fee:
            fund = self._ledger.insurance if liquidation else self._ledger.fees
            source = "TradingFeesSystem" if liquidation else "TradingFees"
            self._settlement.pay(account, fund, -fee, source, position.id)
        return events

    def _close(
        self,
        account: Account,
        position: Position,
        quantity: Decimal,
        price: Decimal,
        fee: Decimal,
        *,
        liquidation: bool,
    ) -> list[PositionChanged]:
        core = self._core
        entry, break_even = position.entry_price, position.break_even_price
        due = position.decrease(quantity, price, fee)
        if liquidation:
            position.liquidated += quantity * price
            position.liquidation_fees += fee
        self._settlement.pay(account, self._ledger.clearing, due, "RealizePnl", position.id)
        if not position.quantity:
            del core.holders[position.symbol][account.id]
            if account.pending:
                core.ended_positions.append((account.id, position.symbol))
        if account.silent:
            return []
        view = self._margin.position_view(account, position)
        if position.quantity:
            return [PositionChanged(account.id, PositionEventKind.ADJUSTED, view, core.now_us)]
        view = replace(view, entry_price=entry, break_even_price=break_even, closed_us=core.now_us, closing_price=price)
        account.closed_positions.append(view)
        return [PositionChanged(account.id, PositionEventKind.CLOSED, view, core.now_us)]

    def _open(
        self, account: Account, position: Position, side: Side, quantity: Decimal, price: Decimal, fee: Decimal
    ) -> list[PositionChanged]:
        core = self._core
        kind = PositionEventKind.ADJUSTED
        if not position.quantity:
            kind = PositionEventKind.OPENED
            position.start(core.next_position_id(), core.now_us)
            core.holders[position.symbol][account.id] = position
        position.increase(quantity if side is Side.BID else -quantity, price, fee)
        if account.silent:
            return []
        return [PositionChanged(account.id, kind, self._margin.position_view(account, position), core.now_us)]

    # ---- telling

    def _tell_fill(
        self,
        account: Account,
        order: Order,
        book: Book,
        price: Decimal,
        quantity: Decimal,
        fee: Decimal,
        fee_asset: Asset,
        *,
        is_maker: bool,
        on_book: bool = True,
    ) -> None:
        fill = FillRecord(
            trade_id=book.trade_id if on_book else book.off_book_trade_id,
            order_id=order.id,
            account=account.id,
            symbol=book.market.symbol,
            side=order.side,
            price=price,
            quantity=quantity,
            fee=fee,
            fee_asset=fee_asset,
            is_maker=is_maker,
            time_us=self._core.now_us,
            client_id=order.terms.client_id,
            strategy_id=order.terms.strategy_id,
            system_order_type=order.system_order_type,
        )
        account.fills.append(fill)
        event = OrderEvent(account.id, OrderEventKind.FILL, order.record(), fill, self._core.now_us)
        self._core.emit(event)


def _spot_rate(account: Account, market: Market, *, is_maker: bool) -> Decimal:
    if market.fee_free:
        return ZERO
    return account.fees.spot_maker if is_maker else account.fees.spot_taker


def spot_fee(received: Decimal, rate: Decimal) -> Decimal:
    """Fee on what a spot trade brings in: exact, or rounded up at 12 decimals where it would be longer."""
    fee = received * rate / BASIS_POINTS
    rounded = fee.quantize(DUST, ROUND_UP)
    return fee if fee == rounded else rounded


def perp_fee(notional: Decimal, rate: Decimal) -> Decimal:
    """Fee on a derivative trade: rounded up to 6 decimals, a rebate (negative rate) towards zero."""
    if not rate:
        return ZERO
    return (notional * rate / BASIS_POINTS).quantize(FEE_UNIT, ROUND_CEILING)
