"""The listed markets as anybody sees them: terms, books, prices."""

from __future__ import annotations

from decimal import Decimal

from bpx_tui.model.enums import TradingState
from bpx_tui.model.ids import Asset, Symbol
from bpx_tui.simulator.domain.core import Core
from bpx_tui.simulator.domain.lending import LendingDesk
from bpx_tui.simulator.domain.markets import AssetTerms, Market
from bpx_tui.simulator.domain.orders import ZERO
from bpx_tui.simulator.domain.views import BorrowLendMarketView, DepthView, MarkView


class MarketDesk:
    """The public half of the exchange's facade."""

    def __init__(self, core: Core, lending: LendingDesk) -> None:
        self._core = core
        self._lending = lending

    def markets(self) -> tuple[Market, ...]:
        return self._core.catalogue.markets

    def market(self, symbol: Symbol) -> Market:
        """Raises: KeyError, there is no such market."""
        return self._core.markets[symbol]

    def assets(self) -> tuple[AssetTerms, ...]:
        return self._core.catalogue.assets

    def book_state(self, symbol: Symbol) -> TradingState:
        book = self._core.books.get(symbol)
        return self.market(symbol).initial_state if book is None else book.state

    def depth(self, symbol: Symbol, limit: int | None = None) -> DepthView:
        """The book, best first, at most `limit` levels a side."""
        return self._core.books[symbol].depth(limit, self._core.now_us)

    def best(self, symbol: Symbol) -> tuple[Decimal | None, Decimal | None]:
        """Best bid and best ask."""
        book = self._core.books[symbol]
        return book.bids.best(), book.asks.best()

    def last_price(self, symbol: Symbol) -> Decimal | None:
        """Price of the last trade."""
        book = self._core.books.get(symbol)
        return None if book is None else book.last_price

    def mark(self, symbol: Symbol) -> MarkView:
        return self._core.prices.view(self.market(symbol))

    def index(self, asset: Asset) -> Decimal:
        """Reference price of an asset in USDC."""
        return self._core.prices.index(asset)

    def set_index(self, asset: Asset, price: Decimal) -> None:
        """The order flow's word on what an asset is worth; marks follow at the next second."""
        if price <= 0:
            raise ValueError(f"an index must be positive, was {price}")
        self._core.prices.set_index(asset, price)

    def open_interest(self, symbol: Symbol) -> Decimal:
        """Sum of all long positions, base units; zero for spot."""
        return self._core.open_interest(symbol) if symbol in self._core.holders else ZERO

    def touch(self, symbol: Symbol) -> None:
        """Advance the depth sequence without a change (`BookChanged` with no levels)."""
        self._core.step()
        event = self._core.books[symbol].take_changes(self._core.now_us, even_if_empty=True)
        if event is not None:
            self._core.emit(event)

    def borrow_lend_markets(self) -> tuple[BorrowLendMarketView, ...]:
        return tuple(self._lending.view(pool) for pool in self._lending.pools.values())
