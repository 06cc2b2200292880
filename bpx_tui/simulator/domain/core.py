"""What every part of the exchange shares: time, listeners, ids, the ledger, books and prices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import TypeAlias

from bpx_tui.model.ids import OrderId, Symbol
from bpx_tui.simulator.domain.accounts import Account
from bpx_tui.simulator.domain.book import Book
from bpx_tui.simulator.domain.events import BalanceChanged, VenueEvent
from bpx_tui.simulator.domain.ledger import Ledger
from bpx_tui.simulator.domain.markets import Catalogue, Market
from bpx_tui.simulator.domain.orders import ZERO, AccountId
from bpx_tui.simulator.domain.positions import Position
from bpx_tui.simulator.domain.prices import Prices

Listener: TypeAlias = Callable[[VenueEvent], None]


class Core:
    """Shared state of one exchange. Parts reach each other's data here, never each other's internals."""

    def __init__(self, catalogue: Catalogue, *, now_us: int, rng: Random) -> None:
        self.catalogue = catalogue
        self.markets = {market.symbol: market for market in catalogue.markets}
        self.assets = {terms.asset: terms for terms in catalogue.assets}
        self.now_us = now_us
        self.listeners: list[Listener] = []
        self.ledger = Ledger()
        self.prices = Prices(catalogue, now_us)
        self.books: dict[Symbol, Book] = {
            market.symbol: Book(
                market,
                first_trade_id=rng.randrange(1_000_000, 9_000_000),
                first_update_id=rng.randrange(10**9, 2 * 10**9),
            )
            for market in catalogue.markets
        }
        """Of every market; those without an order book (RFQ) use it for trade ids only."""
        self.holders: dict[Symbol, dict[AccountId, Position]] = {
            market.symbol: {} for market in catalogue.markets if market.is_derivative
        }
        self.ended_positions: list[tuple[AccountId, Symbol]] = []
        """Positions that closed during this action while conditional orders were waiting."""
        self._order_id = rng.randrange(28_000_000_000, 29_000_000_000)
        self._position_id = rng.randrange(28_000_000_000, 29_000_000_000)

    def account(self, account_id: AccountId) -> Account:
        return self.ledger.accounts[account_id]

    def position(self, account: Account, symbol: Symbol) -> Position:
        """The account's position in a derivative, flat where it never had one."""
        position = account.positions.get(symbol)
        if position is None:
            position = account.positions[symbol] = Position(account.id, symbol)
        return position

    def open_interest(self, symbol: Symbol) -> Decimal:
        """Sum of all long positions, base units."""
        return sum((held.quantity for held in self.holders[symbol].values() if held.quantity > 0), ZERO)

    def relist(self, market: Market) -> None:
        """Replace the terms of a listed market."""
        listed = tuple(market if other.symbol == market.symbol else other for other in self.catalogue.markets)
        self.catalogue = replace(self.catalogue, markets=listed)
        self.markets[market.symbol] = market
        self.books[market.symbol].market = market

    def emit(self, event: VenueEvent) -> None:
        for listener in self.listeners:
            listener(event)

    def step(self) -> int:
        """Begin an action: exchange time moves on by at least a microsecond."""
        self.now_us += 1
        return self.now_us

    def next_order_id(self) -> OrderId:
        """Ids grow by one and carry no time."""
        self._order_id += 1
        return OrderId(str(self._order_id))

    def next_position_id(self) -> int:
        self._position_id += 1
        return self._position_id

    def skip_ids(self, *, order_id: int, position_id: int) -> None:
        """Let the next ids come after these."""
        self._order_id = max(self._order_id, order_id)
        self._position_id = max(self._position_id, position_id)

    def flush_book(self, book: Book) -> None:
        """Publish what the action changed on a book, as one event."""
        event = book.take_changes(self.now_us)
        if event is not None:
            self.emit(event)

    def flush_balances(self, account: Account) -> None:
        """Publish the balances an action changed; nobody follows those of silent accounts."""
        if account.dirty:
            if not account.silent:
                for asset in account.dirty:
                    purse = account.purses[asset]
                    self.emit(BalanceChanged(account.id, asset, purse.available, purse.locked, self.now_us))
            account.dirty.clear()
