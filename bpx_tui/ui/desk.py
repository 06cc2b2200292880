"""What the panels ask for: the newest published values of the market on screen, and how old they are."""

from __future__ import annotations

from decimal import Decimal

from bpx_tui.clock import Clock
from bpx_tui.model.enums import KlineInterval
from bpx_tui.model.ids import Symbol
from bpx_tui.model.limits import RiskLimits
from bpx_tui.model.market import Market
from bpx_tui.model.views import AccountView, BookView, Catalog, FeedHealth, Gate, MarketFacts
from bpx_tui.service import topics
from bpx_tui.service.intents import DeskBus, Mode


class Desk:
    """A reader of the bus bound to the market on screen. The screen's only mutable market state lives here."""

    def __init__(
        self,
        bus: DeskBus,
        mode: Mode,
        symbol: Symbol,
        interval: KlineInterval,
        clock: Clock,
        limits: RiskLimits | None = None,
    ) -> None:
        self.bus = bus
        self.mode = mode
        self.symbol = symbol
        self.interval = interval
        self.clock = clock
        self.limits = limits or RiskLimits()

    @property
    def facts(self) -> MarketFacts | None:
        return self.bus.latest.value(topics.facts(self.symbol))

    @property
    def book(self) -> BookView | None:
        return self.bus.latest.value(topics.book(self.symbol))

    @property
    def account(self) -> AccountView | None:
        return self.bus.latest.value(topics.ACCOUNT)

    @property
    def health(self) -> FeedHealth | None:
        return self.bus.latest.value(topics.HEALTH)

    @property
    def catalog(self) -> Catalog | None:
        return self.bus.latest.value(topics.CATALOG)

    @property
    def gate(self) -> Gate | None:
        return self.bus.latest.value(topics.GATE)

    @property
    def market(self) -> Market | None:
        return self.market_of(self.symbol)

    def market_of(self, symbol: Symbol) -> Market | None:
        """The market's rules, from its facts or from the catalog."""
        facts = self.bus.latest.value(topics.facts(symbol))
        if facts is not None and facts.market is not None:
            return facts.market
        catalog = self.catalog
        rows = catalog.rows if catalog is not None else ()
        return next((row.market for row in rows if row.market.symbol == symbol), None)

    def mark_of(self, symbol: Symbol) -> Decimal | None:
        """The newest streamed mark price, `None` where that market is not watched."""
        facts = self.bus.latest.value(topics.facts(symbol))
        return facts.mark.mark if facts is not None and facts.mark is not None else None

    def age(self, true_at_us: int | None) -> float | None:
        """Seconds since that exchange time, `None` while either clock is unknown."""
        now = self.bus.exchange_now_us(self.clock.monotonic())
        return None if now is None or true_at_us is None else (now - true_at_us) / 1_000_000

    @property
    def now_us(self) -> int:
        """The exchange's time, or the local wall clock's while that is unknown."""
        return self.bus.exchange_now_us(self.clock.monotonic()) or self.clock.wall_ms() * 1_000
