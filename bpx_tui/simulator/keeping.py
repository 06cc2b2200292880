"""What of a running exchange outlives it, as values: paper accounts with their keys, and prices.

Kept: balances, lends and borrows, positions, settings, suspensions and permissions, open and waiting orders, vault
tokens and what they are worth, keys, and the newest orders, fills and closed positions. Not kept: running strategies,
RFQs, records of deposits, withdrawals, funding and interest. A withdrawal or redemption that was under way is taken
back; nothing accrues while the exchange is off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from bpx_tui.model.ids import Symbol
from bpx_tui.simulator.domain.markets import Catalogue, Market
from bpx_tui.simulator.domain.orders import AccountId
from bpx_tui.simulator.domain.saving import SavedAccount
from bpx_tui.simulator.options import DEFAULT_ACCOUNTS, AccountOption


@dataclass(frozen=True, slots=True)
class KeptAccount:
    """One account, its key pairs, and the vault tokens that its balances leave out."""

    account: SavedAccount
    vault_tokens: Decimal
    api_key: str
    api_secret: str | None
    read_only_key: str | None = None
    read_only_secret: str | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """Everything kept. `prices` are index prices, of prediction markets their marks, of the vault token its NAV."""

    accounts: tuple[KeptAccount, ...] = ()
    prices: Mapping[Symbol, Decimal] = field(default_factory=dict)

    def of(self, name: str) -> KeptAccount | None:
        return next((kept for kept in self.accounts if kept.account.id == AccountId(name)), None)

    def to_open(self, wanted: tuple[AccountOption, ...]) -> tuple[AccountOption, ...]:
        """The accounts of a run: those asked for, then the other kept ones. Nobody asked for the default one."""
        asked = () if self.accounts and wanted == DEFAULT_ACCOUNTS else wanted
        names = {option.name for option in asked}
        return asked + tuple(AccountOption(kept.account.id) for kept in self.accounts if kept.account.id not in names)


def continued(catalogue: Catalogue, prices: Mapping[Symbol, Decimal]) -> Catalogue:
    """The catalogue with start prices where they were left, to the tick."""
    return replace(
        catalogue, markets=tuple(_continued(market, prices.get(market.symbol)) for market in catalogue.markets)
    )


def _continued(market: Market, price: Decimal | None) -> Market:
    if price is None or price <= 0:
        return market
    tick = market.price.tick_size
    return replace(market, start_price=max(tick, (price / tick).to_integral_value() * tick))
