"""The markets and assets that are listed, with terms like those of the real exchange.

Ticks, steps, bands and margin functions of SOL and ETH are those recorded in the samples; the others are chosen in
proportion. Start prices are where the order flow begins; nothing depends on them being current.
"""

from __future__ import annotations

from decimal import Decimal

from bpx_tui.model.enums import MarketKind
from bpx_tui.model.ids import Asset, Symbol
from bpx_tui.simulator.domain.markets import (
    QUOTE,
    AssetTerms,
    Catalogue,
    Haircut,
    LendingTerms,
    Market,
    PriceFilter,
    QuantityFilter,
)
from bpx_tui.simulator.domain.views import SqrtFunction

VAULT_TOKEN = Asset("BP")
"""Shares of the one vault: no market, no collateral value."""

CREATED_AT = "2025-01-21T06:34:54.691858"
HOUR_MS = 3_600_000

_SPOT = (
    # base, start price, tick, step
    ("SOL", "178.50", "0.01", "0.01"),
    ("BTC", "112000.0", "0.1", "0.00001"),
    ("ETH", "4230.00", "0.01", "0.0001"),
    ("USDT", "0.9998", "0.0001", "0.1"),
    ("JUP", "0.5120", "0.0001", "0.1"),
    ("JTO", "1.9430", "0.0001", "0.1"),
    ("PYTH", "0.1324", "0.0001", "1"),
    ("BONK", "0.00002410", "0.00000001", "1"),
    ("WIF", "0.8815", "0.0001", "0.1"),
    ("SPCX.US", "212.40", "0.01", "0.01"),
)

_PERP = (
    # base, start price, tick, step, (imf base, imf factor), (mmf base, mmf factor), open interest limit
    ("SOL", "178.50", "0.01", "0.01", ("0.02", "0.00006"), ("0.0135", "0.000036"), "4000000"),
    ("BTC", "112000.0", "0.1", "0.00001", ("0.02", "0.0000275"), ("0.0125", "0.0000165"), "12000"),
    ("ETH", "4230.00", "0.01", "0.0001", ("0.02", "0.0000935"), ("0.0125", "0.0000561"), "150000"),
    ("XRP", "2.9520", "0.0001", "0.1", ("0.02", "0.0001"), ("0.0135", "0.00006"), "40000000"),
    ("SUI", "3.4180", "0.0001", "0.1", ("0.02", "0.00015"), ("0.0135", "0.00009"), "20000000"),
    ("DOGE", "0.22410", "0.00001", "1", ("0.02", "0.00015"), ("0.0135", "0.00009"), "300000000"),
    ("BNB", "861.20", "0.1", "0.001", ("0.02", "0.0001"), ("0.0135", "0.00006"), "80000"),
    ("LINK", "23.740", "0.001", "0.01", ("0.02", "0.00015"), ("0.0135", "0.00009"), "3000000"),
    ("AVAX", "24.310", "0.001", "0.01", ("0.025", "0.0002"), ("0.015", "0.00012"), "3000000"),
    ("HYPE", "44.620", "0.001", "0.01", ("0.025", "0.0002"), ("0.015", "0.00012"), "2000000"),
    ("kPEPE", "0.010240", "0.000001", "10", ("0.04", "0.0003"), ("0.025", "0.00018"), "5000000000"),
    ("kBONK", "0.024100", "0.000001", "10", ("0.04", "0.0003"), ("0.025", "0.00018"), "5000000000"),
    ("WIF", "0.8815", "0.0001", "1", ("0.04", "0.0003"), ("0.025", "0.00018"), "50000000"),
    ("JUP", "0.5120", "0.0001", "1", ("0.04", "0.0003"), ("0.025", "0.00018"), "80000000"),
)

_PREDICTION = (
    # base, start price
    ("BTC150KDEC26", "0.31"),
    ("FEDCUTDEC26", "0.64"),
)

_COLLATERAL = {
    # asset: (weight, curve base, curve penalty, imf, mmf)
    "USDT": ("0.98", "1", "0.00001", "0.02", "0.0125"),
    "BTC": ("0.95", "1", "0.00001", "0.1", "0.06"),
    "ETH": ("0.92", "1", "0.00002", "0.12", "0.08"),
    "SOL": ("0.9", "1", "0.00003", "0.15", "0.1"),
    "JUP": ("0.6", "1", "0.0002", "0.4", "0.25"),
    "JTO": ("0.6", "1", "0.0002", "0.4", "0.25"),
}

_DECIMALS = {"USDC": 6, "USDT": 6, "BTC": 8, "ETH": 8, "SOL": 9}

_LENDING = {
    # asset: (step, base rate, optimal rate, full rate, limit, lent at start, borrowed at start)
    "USDC": ("0.000001", "0.01", "0.07", "0.6", "200000000", "52000000", "41000000"),
    "USDT": ("0.000001", "0.01", "0.07", "0.6", "50000000", "9000000", "5200000"),
    "SOL": ("0.000001", "0.005", "0.08", "0.5", "2000000", "640000", "310000"),
    "BTC": ("0.00000001", "0.002", "0.04", "0.4", "8000", "1900", "620"),
    "ETH": ("0.00000001", "0.003", "0.05", "0.4", "120000", "31000", "14000"),
}


def default_catalogue() -> Catalogue:
    """All markets and assets of the simulated exchange."""
    spot = [_spot(*row) for row in _SPOT]
    perps = [_perp(*row) for row in _PERP]
    predictions = [_prediction(*row) for row in _PREDICTION]
    markets = (*spot, *perps, _rfq("SOL", "178.50"), *predictions)
    bases = {QUOTE, VAULT_TOKEN, *(market.base for market in markets if market.kind is not MarketKind.PREDICTION)}
    return Catalogue(markets, tuple(_asset(asset) for asset in sorted(bases)))


def _spot(base: str, start: str, tick: str, step: str) -> Market:
    return Market(
        symbol=Symbol(f"{base}_USDC"),
        base=Asset(base),
        quote=QUOTE,
        kind=MarketKind.SPOT,
        price=PriceFilter(Decimal(tick), Decimal(tick), mean_mark_band=(Decimal("0.9"), Decimal("1.15"))),
        quantity=QuantityFilter(Decimal(step), Decimal(step)),
        created_at=CREATED_AT,
        start_price=Decimal(start),
        fee_free=base == "USDT",
    )


def _perp(
    base: str, start: str, tick: str, step: str, imf: tuple[str, str], mmf: tuple[str, str], limit: str
) -> Market:
    price = PriceFilter(
        tick_size=Decimal(tick),
        min_price=Decimal(tick),
        max_price=_far_above(Decimal(start)),
        min_multiplier=Decimal("0.25"),
        max_multiplier=Decimal(2),
        min_impact_multiplier=Decimal("0.99"),
        max_impact_multiplier=Decimal("1.01"),
        mean_mark_band=(Decimal("0.9"), Decimal("1.1")),
        mean_premium_tolerance=Decimal("0.05"),
    )
    return Market(
        symbol=Symbol(f"{base}_USDC_PERP"),
        base=Asset(base),
        quote=QUOTE,
        kind=MarketKind.PERP,
        price=price,
        quantity=QuantityFilter(Decimal(step), Decimal(step)),
        created_at=CREATED_AT,
        start_price=Decimal(start),
        imf=SqrtFunction(Decimal(imf[0]), Decimal(imf[1])),
        mmf=SqrtFunction(Decimal(mmf[0]), Decimal(mmf[1])),
        funding_interval_ms=HOUR_MS,
        funding_rate_upper_bps=Decimal(100),
        funding_rate_lower_bps=Decimal(-100),
        open_interest_limit=Decimal(limit),
        position_limit_weight=Decimal(1),
    )


def _far_above(start: Decimal) -> Decimal | None:
    """Highest price of a perpetual: a power of ten with room above the start; none for prices below 1."""
    return None if start < 1 else Decimal(10 ** ((4 * start).adjusted() + 1))


def _rfq(base: str, start: str) -> Market:
    return Market(
        symbol=Symbol(f"{base}_USDC_RFQ"),
        base=Asset(base),
        quote=QUOTE,
        kind=MarketKind.RFQ,
        price=PriceFilter(Decimal("0.01"), Decimal("0.01")),
        quantity=QuantityFilter(Decimal("0.01"), Decimal("0.01")),
        created_at=CREATED_AT,
        start_price=Decimal(start),
    )


def _prediction(base: str, start: str) -> Market:
    """Pays 1 USDC if it comes true; priced between 0.01 and 0.99 and fully paid, so margin is the whole risk."""
    cent, whole = Decimal("0.01"), SqrtFunction(Decimal(1), Decimal(0))
    price = PriceFilter(
        tick_size=cent,
        min_price=cent,
        max_price=Decimal("0.99"),
        min_multiplier=None,
        max_multiplier=None,
        min_impact_multiplier=None,
        max_impact_multiplier=None,
    )
    return Market(
        symbol=Symbol(f"{base}_USDC_PREDICTION"),
        base=Asset(base),
        quote=QUOTE,
        kind=MarketKind.PREDICTION,
        price=price,
        quantity=QuantityFilter(Decimal(1), Decimal(1)),
        created_at=CREATED_AT,
        start_price=Decimal(start),
        imf=whole,
        mmf=whole,
    )


def _asset(asset: str) -> AssetTerms:
    haircut, imf, mmf = None, "0", "0"
    if asset == QUOTE:
        haircut = Haircut(Decimal(1))
    elif asset in _COLLATERAL:
        weight, base, penalty, imf, mmf = _COLLATERAL[asset]
        haircut = Haircut(Decimal(weight), Decimal(base), Decimal(penalty))
    factor = "0" if asset == QUOTE else "0.00004"
    lending = None
    if asset in _LENDING:
        numbers = [Decimal(text) for text in _LENDING[asset]]
        lending = LendingTerms(*numbers)
    return AssetTerms(
        asset=Asset(asset),
        display_name=asset,
        decimals=_DECIMALS.get(asset, 6),
        haircut=haircut,
        imf=SqrtFunction(Decimal(imf), Decimal(factor)),
        mmf=SqrtFunction(Decimal(mmf), Decimal(factor) / 2),
        lending=lending,
    )
