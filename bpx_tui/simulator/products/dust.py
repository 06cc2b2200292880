"""Dust: balances too small for their spot market, swapped for USDC at the index price with the exchange's insurance."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from random import Random

from bpx_tui.model.enums import MarketKind
from bpx_tui.model.ids import Asset
from bpx_tui.simulator.domain.markets import QUOTE
from bpx_tui.simulator.domain.orders import AccountId
from bpx_tui.simulator.domain.refusals import insufficient_supply, invalid_asset, invalid_quantity
from bpx_tui.simulator.domain.venue import INSURANCE, Venue

USDC_STEP = Decimal("0.000001")


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
        """Turn the dust of one asset, or of all, into USDC.

        Raises:
            VenueRefusal: the named asset has no spot market, or is held in a tradable quantity or not at all,
                or the insurance fund cannot pay.
        """
        if asset is None:
            return tuple(
                self._convert(account, one) for one in self._venue.capital(account) if self._dust(account, one)
            )
        if asset not in self._minimums():
            raise invalid_asset()
        if not self._dust(account, asset):
            raise invalid_quantity("Balance is not dust")
        return (self._convert(account, asset),)

    def history(self, account: AccountId) -> tuple[DustConversion, ...]:
        """Oldest first."""
        return tuple(row for row in self._conversions if row.account == account)

    def _minimums(self) -> dict[Asset, Decimal]:
        return {
            market.base: market.quantity.min_quantity
            for market in self._venue.markets()
            if market.kind is MarketKind.SPOT
        }

    def _dust(self, account: AccountId, asset: Asset) -> Decimal:
        """The convertible quantity: everything available, if all that is held is below the market's minimum."""
        minimum = self._minimums().get(asset)
        balance = self._venue.capital(account).get(asset)
        if minimum is None or balance is None:
            return Decimal(0)
        lent = sum(
            (row.net_quantity for row in self._venue.borrow_lend_positions(account) if row.asset == asset), Decimal(0)
        )
        held = balance.available + balance.locked + balance.staked + lent
        return balance.available if 0 < held < minimum else Decimal(0)

    def _convert(self, account: AccountId, asset: Asset) -> DustConversion:
        quantity = self._dust(account, asset)
        received = (quantity * self._venue.index(asset)).quantize(USDC_STEP, ROUND_DOWN)
        insured = self._venue.capital(INSURANCE).get(QUOTE)
        if insured is None or received > insured.available:
            raise insufficient_supply("Dust cannot be converted now")
        self._venue.transfer(account, INSURANCE, asset, quantity)
        if received:
            self._venue.transfer(INSURANCE, account, QUOTE, received)
        self._next_id += 1
        row = DustConversion(self._next_id, account, asset, quantity, received, self._venue.now_us)
        self._conversions.append(row)
        return row
