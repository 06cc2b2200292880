"""What a market and an asset are: filters, margin functions, states. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from bpx_tui.model.enums import MarketKind, TradingState
from bpx_tui.model.ids import Asset, Symbol
from bpx_tui.simulator.domain.views import SqrtFunction

QUOTE = Asset("USDC")
"""The one quote and settlement asset."""

NO_MARGIN = SqrtFunction(Decimal(0), Decimal(0))


@dataclass(frozen=True, slots=True)
class PriceFilter:
    """Price rules of a market; field meanings: PROTOCOL 6.1. `None` switches a rule off.

    Attributes:
        mean_mark_band: (minimum, maximum) multiplier of the mean mark price a futures limit price may have; spot
            markets carry one too, without effect.
        mean_premium_tolerance: largest premium over the index that the mark may carry, as a fraction.
    """

    tick_size: Decimal
    min_price: Decimal
    max_price: Decimal | None = None
    min_multiplier: Decimal | None = Decimal("0.75")
    max_multiplier: Decimal | None = Decimal("1.25")
    min_impact_multiplier: Decimal | None = Decimal("0.97")
    max_impact_multiplier: Decimal | None = Decimal("1.03")
    mean_mark_band: tuple[Decimal, Decimal] | None = None
    mean_premium_tolerance: Decimal | None = None
    borrow_entry_fee_max_multiplier: Decimal | None = None
    borrow_entry_fee_min_multiplier: Decimal | None = None
    max_price_update_multiplier: Decimal | None = None
    min_price_update_multiplier: Decimal | None = None


@dataclass(frozen=True, slots=True)
class QuantityFilter:
    step_size: Decimal
    min_quantity: Decimal
    max_quantity: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Market:
    """One market's fixed terms. Funding bounds are in basis points, the interval in milliseconds.

    Attributes:
        initial_state: state at start; the engine holds the current one.
        open_interest_limit: in base units; zero where it does not apply.
        start_price: where its index begins, in USDC; the order flow takes it from there.
    """

    symbol: Symbol
    base: Asset
    quote: Asset
    kind: MarketKind
    price: PriceFilter
    quantity: QuantityFilter
    created_at: str
    start_price: Decimal
    imf: SqrtFunction | None = None
    mmf: SqrtFunction | None = None
    funding_interval_ms: int | None = None
    funding_rate_upper_bps: Decimal | None = None
    funding_rate_lower_bps: Decimal | None = None
    open_interest_limit: Decimal = Decimal(0)
    position_limit_weight: Decimal | None = None
    initial_state: TradingState = TradingState.OPEN
    visible: bool = True
    fee_free: bool = False

    @property
    def is_derivative(self) -> bool:
        """Whether trading it makes a position settled in the quote asset instead of moving the base asset."""
        return self.kind in _DERIVATIVES

    @property
    def has_book(self) -> bool:
        """RFQ markets have no order book: they trade by request for quote only."""
        return self.kind is not MarketKind.RFQ

    @property
    def has_funding(self) -> bool:
        return self.kind in (MarketKind.PERP, MarketKind.IPERP)


_DERIVATIVES = frozenset({MarketKind.PERP, MarketKind.IPERP, MarketKind.DATED, MarketKind.PREDICTION})


@dataclass(frozen=True, slots=True)
class Haircut:
    """How much of an asset's value counts as collateral.

    weight * 1 for `identity`; for `inverseSqrt` (penalty set) min(weight, (1 + base) / (1 + penalty * sqrt(notional))).
    """

    weight: Decimal
    base: Decimal | None = None
    positive_curve_penalty: Decimal | None = None

    def effective_weight(self, notional: Decimal) -> Decimal:
        """Weight for a holding worth `notional` USDC (non-negative)."""
        if self.base is None or self.positive_curve_penalty is None or notional <= 0:
            return self.weight
        curve = (1 + self.base) / (1 + self.positive_curve_penalty * notional.sqrt())
        return min(self.weight, curve)


@dataclass(frozen=True, slots=True)
class LendingTerms:
    """The lending pool of an asset. Rates are yearly fractions at zero, optimal and full utilisation."""

    step_size: Decimal
    base_rate: Decimal
    optimal_rate: Decimal
    full_rate: Decimal
    limit: Decimal
    seed_lent: Decimal
    seed_borrowed: Decimal
    fee: Decimal = Decimal("0.15")
    optimal_utilization: Decimal = Decimal("0.85")
    max_utilization: Decimal = Decimal("0.95")
    throttle_threshold: Decimal = Decimal("0.9")
    throttle_bound: Decimal = Decimal("0.93")
    throttle_fraction: Decimal = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class AssetTerms:
    """An asset: its collateral rules (none: it does not count) and its lending pool (none: it has no pool)."""

    asset: Asset
    display_name: str
    decimals: int
    haircut: Haircut | None = None
    imf: SqrtFunction = NO_MARGIN
    mmf: SqrtFunction = NO_MARGIN
    lending: LendingTerms | None = None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything that is listed."""

    markets: tuple[Market, ...]
    assets: tuple[AssetTerms, ...]
