"""A small trading floor for tests of the exchange's domain: a venue, a market maker, two traders, short-hands."""

from __future__ import annotations

from decimal import Decimal
from random import Random

from bpx_tui.model.enums import OrderKind, Side
from bpx_tui.model.ids import Asset, Symbol
from bpx_tui.simulator.domain.catalogue import default_catalogue
from bpx_tui.simulator.domain.events import OrderEvent, VenueEvent
from bpx_tui.simulator.domain.orders import AccountId, NewOrder, OrderRecord
from bpx_tui.simulator.domain.venue import Venue

START_US = 1_760_000_000_000_000
SPOT = Symbol("SOL_USDC")
PERP = Symbol("SOL_USDC_PERP")
USDC = Asset("USDC")
SOL = Asset("SOL")
BID, ASK = Side.BID, Side.ASK


def d(text: str | int) -> Decimal:
    return Decimal(text)


class Floor:
    """A venue with `maker` (house), `alice` and `bob`, each with 100,000 USDC and 500 SOL."""

    def __init__(self, seed: int = 1) -> None:
        self.venue = Venue(default_catalogue(), now_us=START_US, rng=Random(seed))
        self.events: list[VenueEvent] = []
        self.venue.listen(self.events.append)
        self.maker = self.venue.open_account("maker", house=True).id
        self.alice = self.venue.open_account("alice", api_keys=["alice-key"]).id
        self.bob = self.venue.open_account("bob").id
        self.venue.deposit(self.maker, USDC, d(50_000_000))
        self.venue.deposit(self.maker, SOL, d(500_000))
        for trader in (self.alice, self.bob):
            self.venue.deposit(trader, USDC, d(100_000))
            self.venue.deposit(trader, SOL, d(500))

    def limit(
        self,
        account: AccountId,
        side: Side,
        quantity: str,
        price: str,
        symbol: Symbol = PERP,
        **terms: object,
    ) -> OrderRecord:
        order = NewOrder(symbol, side, OrderKind.LIMIT, d(quantity), d(price), **terms)  # type: ignore[arg-type]
        return self.venue.place(account, order)

    def market(
        self, account: AccountId, side: Side, quantity: str, symbol: Symbol = PERP, **terms: object
    ) -> OrderRecord:
        return self.venue.place(account, NewOrder(symbol, side, OrderKind.MARKET, d(quantity), **terms))  # type: ignore[arg-type]

    def quote(self, bid: str, ask: str, quantity: str = "100", symbol: Symbol = PERP) -> None:
        """The maker replaces its quotes by one level each side."""
        self.venue.cancel_all(self.maker, symbol)
        self.limit(self.maker, BID, quantity, bid, symbol)
        self.limit(self.maker, ASK, quantity, ask, symbol)

    def seconds(self, count: int) -> None:
        self.venue.advance(self.venue.now_us + count * 1_000_000)

    def told(self, account: AccountId) -> list[str]:
        """Kinds of the order events of an account so far, oldest first."""
        return [str(e.kind) for e in self.events if isinstance(e, OrderEvent) and e.account == account]

    def free(self, account: AccountId, asset: Asset = USDC) -> Decimal:
        return self.venue.capital(account)[asset].available

    def locked(self, account: AccountId, asset: Asset = USDC) -> Decimal:
        return self.venue.capital(account)[asset].locked
