"""Dust: balances too small for their spot market, swapped for USDC at the index price with the exchange's insurance."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from random import Random

from bpx_tui.model.enums import MarketKind
from bpx_tui.model.ids import Asset
from bpx_tui.simulator.domain.funds import Means
from bpx_tui.simulator.domain.markets import QUOTE, Market
from bpx_tui.simulator.domain.orders import AccountId
from bpx_tui.simulator.domain.refusals import VenueRefusal, insufficient_supply, invalid_asset, invalid_quantity
from bpx_tui.simulator.domain.venue import INSURANCE, Venue
from bpx_tui.simulator.domain.views import BalanceView

USDC_STEP = Decimal("0.000001")
_OUT_OF_LENDS = Means(redeem=True, borrow=False, source="DustConversion")
_NOTHING = BalanceView(Decimal(0), Decimal(0), Decimal(0))


@dataclass(frozen=True, slots=True)
class DustConversion:
    id: int
    account: AccountId
    asset: Asset
    quantity: Decimal
    received: Decimal
    time_us: int


class DustDesk:
    """Conversions of all accounts."""

    def __init__(self, venue: Venue, rng: Random) -> None:
        self._venue = venue
        self._next_id = rng.randrange(1_000, 9_000)
        self._conversions: list[DustConversion] = []

    def convert(self, account: AccountId, asset: Asset | None = None) -> tuple[DustConversion, ...]:
        """Turn the dust of one asset, or all that can be had, into USDC.

        Raises:
            VenueRefusal: the account may not trade on spot markets, or the named asset has none, is held in a tradable
                quantity or not at all, or cannot be given away or paid for now.
        """
        markets = {market.base: market for market in self._venue.markets() if market.kind is MarketKind.SPOT}
        for market in markets.values():
            self._venue.check_may_trade(account, market.symbol)
        if asset is not None:
            if asset not in markets:
                raise invalid_asset()
            return (self._convert(account, markets[asset]),)
        rows = []
        for market in markets.values():
            if self._dust(account, market):
                with suppress(VenueRefusal):
                    rows.append(self._convert(account, market))
        return tuple(rows)

    def history(self, account: AccountId) -> tuple[DustConversion, ...]:
        """Oldest first."""
        return tuple(row for row in self._conversions if row.account == account)

    def _dust(self, account: AccountId, market: Market) -> Decimal:
        """What is free or lent, where that and all else that is held is below the market's minimum."""
        held = self._venue.capital(account).get(market.base, _NOTHING)
        loans = self._venue.borrow_lend_positions(account)
        lent = sum((row.net_quantity for row in loans if row.asset == market.base and row.net_quantity > 0), Decimal(0))
        whole = held.available + held.locked + held.staked + lent
        return held.available + lent if whole < market.quantity.min_quantity else Decimal(0)

    def _convert(self, account: AccountId, market: Market) -> DustConversion:
        asset, quantity = market.base, self._dust(account, market)
        if not quantity:
            raise invalid_quantity("Balance is not dust")
        received = (quantity * self._venue.index(asset)).quantize(USDC_STEP, ROUND_DOWN)
        if received > self._venue.capital(INSURANCE).get(QUOTE, _NOTHING).available:
            raise insufficient_supply("Dust cannot be converted now")
        self._venue.transfer(account, INSURANCE, asset, quantity, _OUT_OF_LENDS)
        if received:
            self._venue.transfer(INSURANCE, account, QUOTE, received)
        self._next_id += 1
        row = DustConversion(self._next_id, account, asset, quantity, received, self._venue.now_us)
        self._conversions.append(row)
        return row
