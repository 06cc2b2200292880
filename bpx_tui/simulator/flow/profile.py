"""What kind of market each asset is: how far it moves in a day, how busy it is, how its book is built."""

from __future__ import annotations

from dataclasses import dataclass

from bpx_tui.model.enums import MarketKind
from bpx_tui.model.ids import Asset
from bpx_tui.simulator.domain.markets import Market


@dataclass(frozen=True, slots=True)
class Profile:
    """Character of a market. All of it is taste, none of it is money: floats are fine here.

    Attributes:
        daily_volatility: standard deviation of a day's log return.
        beta: share of the common market move in its own, 0 to 1.
        events_per_second: actions of the order flow at normal activity.
        trades_per_minute: takers that arrive at normal activity; each leads to several trades.
        trade_notional: median notional that a taker wants, in USDC.
        level_notional: notional resting at the touch in USDC.
        half_spread_bps: half the natural spread; at least half a tick.
    """

    daily_volatility: float
    beta: float
    events_per_second: float
    trades_per_minute: float
    trade_notional: float
    level_notional: float
    half_spread_bps: float


_MAJOR = Profile(0.032, 0.85, 48, 26, 420, 9_000, 0.4)
_BY_ASSET = {
    Asset("BTC"): Profile(0.026, 0.92, 52, 30, 900, 26_000, 0.25),
    Asset("ETH"): Profile(0.034, 0.88, 48, 26, 600, 16_000, 0.35),
    Asset("SOL"): Profile(0.042, 0.82, 56, 28, 320, 8_000, 0.7),
    Asset("USDT"): Profile(0.0003, 0.0, 4, 3, 500, 60_000, 0.5),
    Asset("XRP"): Profile(0.04, 0.75, 14, 9, 260, 5_000, 0.9),
    Asset("DOGE"): Profile(0.05, 0.75, 12, 8, 200, 4_000, 1.2),
    Asset("kPEPE"): Profile(0.07, 0.7, 10, 7, 160, 2_500, 2.0),
    Asset("kBONK"): Profile(0.07, 0.7, 8, 6, 140, 2_200, 2.2),
}
_OTHER = Profile(0.055, 0.6, 7, 4, 150, 2_600, 2.0)
_PREDICTION = Profile(0.08, 0.0, 2, 1, 25, 400, 60)
_EQUITY = Profile(0.018, 0.35, 4, 2.5, 300, 4_000, 2.0)


def profile_of(market: Market) -> Profile:
    """The character of a market, by its base asset."""
    if market.kind is MarketKind.PREDICTION:
        return _PREDICTION
    if "." in market.base:
        return _EQUITY
    return _BY_ASSET.get(market.base, _OTHER)
