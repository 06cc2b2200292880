"""A desk for the screen's tests: a bus filled by hand, with a clock that the test moves."""

from __future__ import annotations

from dataclasses import replace

from bpx_tui.clock import SystemClock
from bpx_tui.config.themes import load_themes
from bpx_tui.model.enums import KlineInterval, Side
from bpx_tui.model.ids import Symbol
from bpx_tui.model.quotes import MarkPrice, OpenInterest, Trade
from bpx_tui.model.views import AccountView, BookView, Catalog, FeedHealth, FeedWord, Gate, MarketFacts, MarketRow
from bpx_tui.service import topics
from bpx_tui.service.intents import DeskBus, Intent, Mode
from bpx_tui.ui.app import TradingApp
from bpx_tui.ui.desk import Desk
from tests.fakes.views import MARKETS, NOW_US, PRICES, SOL_PERP, account, book, d, ticker


class HandClock:
    """Time that stands where the real monotonic clock stood, plus what the test adds: a slow machine ages no key."""

    def __init__(self) -> None:
        self._start = SystemClock().monotonic()
        self.ahead = 0.0

    def wall_ms(self) -> int:
        return NOW_US // 1_000 + int(self.ahead * 1_000)

    def monotonic(self) -> float:
        return self._start + self.ahead

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("the screen does not sleep")


class HandDesk:
    """A bus with one market on screen, and the intents that were handed over."""

    def __init__(self, symbol: Symbol = SOL_PERP, mode: Mode = Mode.DEMO) -> None:
        self.clock = HandClock()
        self.bus = DeskBus()
        self.desk = Desk(self.bus, mode, symbol, KlineInterval.M5, self.clock)
        latest = self.bus.latest
        latest.put(topics.CLOCK_OFFSET_US, NOW_US - int(self.clock.monotonic() * 1_000_000))
        latest.put(topics.GATE, Gate(True))
        latest.put(topics.HEALTH, FeedHealth(FeedWord.STREAMING, socket_rtt_ms=38, clock_offset_ms=2))
        latest.put(topics.CATALOG, Catalog(tuple(MarketRow(each, ticker(each.symbol)) for each in MARKETS.values())))
        for each in MARKETS:
            self.put_facts(each)
        self.put_book(book(symbol))
        self.put_account(account())

    def put_facts(self, symbol: Symbol) -> None:
        rules, last = MARKETS[symbol], PRICES[symbol]
        mark = MarkPrice(symbol, last, last, d("0.000042"), NOW_US // 1_000 + 600_000) if rules.is_perp else None
        interest = OpenInterest(symbol, d("512000"), NOW_US) if rules.is_perp else None
        trade = Trade(symbol, last, d("1"), Side.BID, NOW_US, 1)
        self.bus.latest.put(topics.facts(symbol), MarketFacts(symbol, rules, ticker(symbol), mark, interest, trade))

    def put_book(self, view: BookView) -> None:
        self.bus.latest.put(topics.book(view.symbol), view)

    def put_account(self, view: AccountView) -> None:
        self.bus.latest.put(topics.ACCOUNT, view)

    def keep_fresh(self) -> None:
        """Make the book and the account true now, after the clock was moved."""
        now = self.desk.now_us
        view = self.bus.latest.value(topics.book(self.desk.symbol))
        if view is not None:
            self.put_book(replace(view, true_at_us=now))
        known = self.bus.latest.value(topics.ACCOUNT)
        if known is not None:
            self.put_account(replace(known, true_at_us=now))

    def app(self) -> TradingApp:
        return TradingApp(
            self.bus,
            mode=self.desk.mode,
            symbol=self.desk.symbol,
            interval=self.desk.interval,
            theme=load_themes()["dark"],
            clock=self.clock,
        )

    def intents(self) -> list[Intent]:
        """Everything handed over since the last call."""
        return self.bus.commands.drain()
