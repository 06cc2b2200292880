"""What a market allows: ticks, steps, limits, bands and margin functions."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from bpx_tui.model.enums import MarketKind, TradingState
from bpx_tui.model.ids import Asset, Symbol


@dataclass(frozen=True, slots=True)
class MarginFunction:
    """Margin fraction by notional: `max(base, factor * sqrt(notional in quote))`."""

    base: Decimal
    factor: Decimal

    def fraction(self, notional: Decimal) -> Decimal:
        """Margin fraction (0.02 is 2 %) of a position or order of that absolute notional."""
        return max(self.base, self.factor * abs(notional).sqrt())


@dataclass(frozen=True, slots=True)
class Market:
    """A market and its filters. Prices are in quote per base, quantities in base.

    `None` means that the exchange sets no such limit. Multipliers refer to the last active price; impact multipliers
    to the best opposite price for market orders; the mean mark band to the mark price (futures). Source: PROTOCOL 6.1.
    """

    symbol: Symbol
    base: Asset
    quote: Asset
    kind: MarketKind | str
    tick_size: Decimal
    step_size: Decimal
    min_price: Decimal
    min_quantity: Decimal
    max_price: Decimal | None = None
    max_quantity: Decimal | None = None
    max_multiplier: Decimal | None = None
    min_multiplier: Decimal | None = None
    max_impact_multiplier: Decimal | None = None
    min_impact_multiplier: Decimal | None = None
    mark_band_max_multiplier: Decimal | None = None
    mark_band_min_multiplier: Decimal | None = None
    premium_tolerance: Decimal | None = None
    imf_function: MarginFunction | None = None
    mmf_function: MarginFunction | None = None
    funding_interval_ms: int | None = None
    funding_rate_upper_bps: Decimal | None = None
    funding_rate_lower_bps: Decimal | None = None
    open_interest_limit: Decimal | None = None
    trading_state: TradingState | str = TradingState.OPEN
    visible: bool = True

    @property
    def is_perp(self) -> bool:
        return self.kind == MarketKind.PERP

    @property
    def price_decimals(self) -> int:
        """Decimals that a price of this market is shown with: those of its tick size."""
        return _decimals(self.tick_size)

    @property
    def quantity_decimals(self) -> int:
        """Decimals that a quantity of this market is shown with: those of its step size."""
        return _decimals(self.step_size)


@dataclass(frozen=True, slots=True)
class ExchangeStatus:
    """What the exchange says of itself. `word` is `Ok`, `Maintenance`, or a word it added since."""

    word: str
    message: str = ""

    @property
    def is_ok(self) -> bool:
        return self.word == "Ok"


def _decimals(step: Decimal) -> int:
    exponent = step.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
