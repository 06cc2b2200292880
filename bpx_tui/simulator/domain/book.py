"""The resting orders of one market, in price-time priority, and its depth sequence."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice

from bpx_tui.model.enums import Side, TradingState
from bpx_tui.model.ids import OrderId
from bpx_tui.simulator.domain.events import BookChanged
from bpx_tui.simulator.domain.markets import Market
from bpx_tui.simulator.domain.orders import ZERO, Order
from bpx_tui.simulator.domain.views import DepthView


class Level:
    """One price: its total and its orders, first come first."""

    __slots__ = ("orders", "price", "quantity")

    def __init__(self, price: Decimal) -> None:
        self.price = price
        self.quantity = ZERO
        self.orders: dict[OrderId, Order] = {}


class BookSide:
    """The levels of one side. `prices` ascends on both sides: best bid last, best ask first."""

    __slots__ = ("changed", "levels", "prices", "side")

    def __init__(self, side: Side) -> None:
        self.side = side
        self.prices: list[Decimal] = []
        self.levels: dict[Decimal, Level] = {}
        self.changed: dict[Decimal, None] = {}

    def best(self) -> Decimal | None:
        if not self.prices:
            return None
        return self.prices[-1] if self.side is Side.BID else self.prices[0]

    def best_first(self) -> Iterator[Level]:
        """Levels from the touch outward; do not change the side meanwhile."""
        prices = reversed(self.prices) if self.side is Side.BID else iter(self.prices)
        levels = self.levels
        return (levels[price] for price in prices)

    def add(self, order: Order) -> None:
        """Queue an order behind all others at its price."""
        price = order.price
        assert price is not None
        level = self.levels.get(price)
        if level is None:
            level = self.levels[price] = Level(price)
            insort(self.prices, price)
        level.orders[order.id] = order
        level.quantity += order.remaining
        self.changed[price] = None

    def reduce(self, order: Order, quantity: Decimal) -> None:
        """Take `quantity` off the level of an order; the caller changes the order itself."""
        level = self.levels[order.price]  # type: ignore[index]  # resting orders have a price
        level.quantity -= quantity
        self.changed[level.price] = None

    def drop(self, order: Order) -> None:
        """Take an order that has nothing left on its level out of the queue."""
        level = self.levels[order.price]  # type: ignore[index]  # resting orders have a price
        del level.orders[order.id]
        if not level.orders:
            del self.levels[level.price]
            del self.prices[bisect_left(self.prices, level.price)]

    def take_changes(self) -> tuple[tuple[Decimal, Decimal], ...]:
        """Changed levels with their quantities now, ascending by price; forgets them."""
        changed = self.changed
        if not changed:
            return ()
        levels = self.levels
        prices = list(changed) if len(changed) == 1 else sorted(changed)
        changed.clear()
        return tuple([(price, levels[price].quantity if price in levels else ZERO) for price in prices])


OFF_BOOK_IDS = 1_000_000_000
"""Fills outside the book (backstop, deleveraging) are numbered from here on: the public tape has no holes."""


class Book:
    """One market's order book, trading state, last price and counters."""

    __slots__ = ("asks", "bids", "last_price", "market", "off_book_trade_id", "state", "trade_id", "update_id")

    def __init__(self, market: Market, *, first_trade_id: int, first_update_id: int) -> None:
        self.market = market
        self.state: TradingState = market.initial_state
        self.bids = BookSide(Side.BID)
        self.asks = BookSide(Side.ASK)
        self.trade_id = first_trade_id
        self.off_book_trade_id = OFF_BOOK_IDS + first_trade_id
        self.update_id = first_update_id
        self.last_price: Decimal | None = None

    def skip_trade_ids(self, trade_id: int) -> None:
        """Let the next trade ids of its kind come after this one."""
        if trade_id >= OFF_BOOK_IDS:
            self.off_book_trade_id = max(self.off_book_trade_id, trade_id)
        else:
            self.trade_id = max(self.trade_id, trade_id)

    def side(self, side: Side) -> BookSide:
        return self.bids if side is Side.BID else self.asks

    def middle(self) -> Decimal | None:
        """Halfway between the best prices; `None` where a side is empty."""
        bid, ask = self.bids.best(), self.asks.best()
        return None if bid is None or ask is None else (bid + ask) / 2

    def take_changes(self, time_us: int, *, even_if_empty: bool = False) -> BookChanged | None:
        """The event of everything that changed since the last call, with the next update id."""
        if not (self.bids.changed or self.asks.changed or even_if_empty):
            return None
        self.update_id += 1
        bids, asks = self.bids.take_changes(), self.asks.take_changes()
        return BookChanged(self.market.symbol, bids, asks, self.update_id, self.update_id, time_us)

    def depth(self, limit: int | None, time_us: int) -> DepthView:
        def levels(side: BookSide) -> tuple[tuple[Decimal, Decimal], ...]:
            return tuple((level.price, level.quantity) for level in islice(side.best_first(), limit))

        return DepthView(self.market.symbol, levels(self.bids), levels(self.asks), self.update_id, time_us)
