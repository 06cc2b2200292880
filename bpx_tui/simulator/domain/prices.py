"""Index, mark and funding rate of every market.

The index of an asset comes from outside (the order flow). A perpetual's mark is its index times one plus a slowly
moving average of the premium at which its book trades, clamped by the market's premium band. The funding rate of an
interval is the average premium plus a small interest term, clamped by the market's bounds.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from bpx_tui.model.enums import MarketKind
from bpx_tui.model.ids import Asset, Symbol
from bpx_tui.simulator.domain.markets import QUOTE, Catalogue, Market
from bpx_tui.simulator.domain.orders import ZERO
from bpx_tui.simulator.domain.views import MarkView

MARK_UNIT = Decimal("0.00000001")
RATE_UNIT = Decimal("0.00000001")
PREMIUM_UNIT = Decimal("0.000000000001")
PREMIUM_WEIGHT = Decimal(1) / 32
"""Share of one second's look in the moving averages: about half a minute of memory."""
MAX_PREMIUM = Decimal("0.05")
INTEREST_PER_8H = Decimal("0.0001")
CLAMP_PER_8H = Decimal("0.0005")
"""How far the interest term may pull the rate of eight hours away from the premium."""
EIGHT_HOURS_MS = 8 * 3_600_000
BASIS_POINT = Decimal("0.0001")


class MarketPrice:
    """Mark and funding state of one derivative market."""

    __slots__ = ("average_premium", "mark", "mean_mark", "next_funding_us", "premium_count", "premium_sum")

    def __init__(self, market: Market, now_us: int) -> None:
        self.mark = market.start_price
        self.mean_mark = market.start_price
        self.average_premium = ZERO
        self.premium_sum = ZERO
        self.premium_count = 0
        self.next_funding_us = next_boundary(market, now_us)


def next_boundary(market: Market, now_us: int) -> int:
    """The first funding time after `now_us`: intervals are counted from the epoch."""
    if market.funding_interval_ms is None:
        return 0
    interval_us = market.funding_interval_ms * 1000
    return (now_us // interval_us + 1) * interval_us


class Prices:
    """The price board of the exchange."""

    def __init__(self, catalogue: Catalogue, now_us: int) -> None:
        self._index: dict[Asset, Decimal] = {QUOTE: Decimal(1)}
        self.board: dict[Symbol, MarketPrice] = {}
        for market in catalogue.markets:
            if market.kind is not MarketKind.PREDICTION:
                self._index.setdefault(market.base, market.start_price)
            if market.is_derivative:
                self.board[market.symbol] = MarketPrice(market, now_us)

    def index(self, asset: Asset) -> Decimal:
        """Worth of one unit in USDC; zero where nobody knows."""
        return self._index.get(asset, ZERO)

    def set_index(self, asset: Asset, price: Decimal) -> None:
        self._index[asset] = price

    def mark(self, market: Market) -> Decimal:
        """Mark of a derivative; the index of the base asset elsewhere."""
        price = self.board.get(market.symbol)
        return self.index(market.base) if price is None else price.mark

    def sample(self, market: Market, middle: Decimal | None, seconds: int) -> None:
        """Look at a derivative's book `seconds` after the last look: move its mark and its funding average."""
        price = self.board[market.symbol]
        if market.kind is MarketKind.PREDICTION:
            if middle is not None:
                price.mark = middle.quantize(MARK_UNIT)
            return
        index, weight = self.index(market.base), min(Decimal(1), PREMIUM_WEIGHT * seconds)
        bound = market.price.mean_premium_tolerance or MAX_PREMIUM
        premium = ZERO if middle is None else max(-bound, min(bound, middle / index - 1))
        average = price.average_premium + (premium - price.average_premium) * weight
        price.average_premium = average.quantize(PREMIUM_UNIT)
        price.premium_sum += premium.quantize(PREMIUM_UNIT) * seconds
        price.premium_count += seconds
        fresh = (index * (1 + price.average_premium)).quantize(MARK_UNIT, ROUND_HALF_EVEN)
        price.mark = _limited(market, price.mark, fresh)
        price.mean_mark += ((price.mark - price.mean_mark) * weight).quantize(MARK_UNIT)

    def funding_rate(self, market: Market) -> Decimal:
        """The rate of the running interval as it looks now: a fraction of the notional."""
        price = self.board[market.symbol]
        assert market.funding_interval_ms is not None
        premium = price.premium_sum / price.premium_count if price.premium_count else ZERO
        share = Decimal(market.funding_interval_ms) / EIGHT_HOURS_MS
        interest, clamp = INTEREST_PER_8H * share, CLAMP_PER_8H * share
        rate = premium + max(-clamp, min(clamp, interest - premium))
        if market.funding_rate_upper_bps is not None:
            rate = min(rate, market.funding_rate_upper_bps * BASIS_POINT)
        if market.funding_rate_lower_bps is not None:
            rate = max(rate, market.funding_rate_lower_bps * BASIS_POINT)
        return rate.quantize(RATE_UNIT)

    def begin_interval(self, market: Market) -> None:
        """A funding interval ended: count premiums afresh."""
        price = self.board[market.symbol]
        price.premium_sum = ZERO
        price.premium_count = 0
        assert market.funding_interval_ms is not None
        price.next_funding_us += market.funding_interval_ms * 1000

    def view(self, market: Market) -> MarkView:
        mark = self.mark(market)
        if market.kind is MarketKind.PREDICTION:
            return MarkView(market.symbol, mark, None, None, None)
        index = self.index(market.base)
        if not market.has_funding:
            return MarkView(market.symbol, mark, index, None, None)
        next_funding_us = self.board[market.symbol].next_funding_us
        return MarkView(market.symbol, mark, index, self.funding_rate(market), next_funding_us)


def _limited(market: Market, previous: Decimal, fresh: Decimal) -> Decimal:
    """An update capped by the market's update multipliers."""
    highest, lowest = market.price.max_price_update_multiplier, market.price.min_price_update_multiplier
    if highest is not None:
        fresh = min(fresh, (previous * highest).quantize(MARK_UNIT))
    if lowest is not None:
        fresh = max(fresh, (previous * lowest).quantize(MARK_UNIT))
    return fresh
