"""Other people with leverage: now and then the market moves against them and the exchange closes them out.

They are ordinary margin accounts, liquidated by the ordinary rules; that is what the public liquidation stream shows.
Nobody has a key of theirs, so nothing is remembered of them: they may trade for weeks.
"""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Protocol

from bpx_tui.model.enums import OrderKind, Side
from bpx_tui.model.ids import Symbol
from bpx_tui.simulator.clock import US_PER_SECOND, Happening
from bpx_tui.simulator.domain.markets import QUOTE
from bpx_tui.simulator.domain.orders import AccountId, NewOrder
from bpx_tui.simulator.domain.refusals import VenueRefusal
from bpx_tui.simulator.domain.venue import Venue
from bpx_tui.simulator.flow.moods import Mood

MARKETS = tuple(Symbol(f"{base}_USDC_PERP") for base in ("SOL", "BTC", "ETH", "XRP", "DOGE", "HYPE"))
_TRADERS = 12
_STAKES = (60, 900)
"""What a trader brings, in USDC."""
_PATIENCE_S = 90.0
_LEVERAGE_LIMIT = Decimal(50)


class _Timetable(Protocol):
    def at(self, due_us: int, happening: Happening) -> None: ...


_STANDING_SHARE = Decimal("0.03")
"""Part of a market's open interest limit that is held from the start."""

_HOLDERS_CHEST = Decimal(500_000_000)


def open_standing_interest(venue: Venue) -> None:
    """Let two holders stand against each other on every perpetual, as if they had traded long ago.

    Call it before anybody listens: what they once traded is on no tape.
    """
    buyer, seller = (venue.open_account(f"house:{name}", house=True).id for name in ("long", "short"))
    for holder in (buyer, seller):
        venue.deposit(holder, QUOTE, _HOLDERS_CHEST)
    for market in venue.markets():
        if market.has_funding:
            step = market.quantity.step_size
            quantity = market.open_interest_limit * _STANDING_SHARE // step * step
            venue.trade_off_book(buyer, seller, market.symbol, market.start_price, quantity)


class Crowd:
    """A dozen traders who come back after every loss."""

    def __init__(self, venue: Venue, rng: Random, mood: Mood, timetable: _Timetable) -> None:
        self._venue = venue
        self._rng = rng
        self._mood = mood
        self._timetable = timetable
        self._traders: list[tuple[AccountId, Symbol]] = []
        for index in range(_TRADERS):
            account = venue.open_account(f"crowd-{index + 1}", silent=True).id
            venue.update_settings(account, leverage_limit=_LEVERAGE_LIMIT)
            self._traders.append((account, MARKETS[index % len(MARKETS)]))

    def start(self, now_us: int) -> None:
        """Let them come in one by one."""
        for account, symbol in self._traders:
            self._later(now_us, account, symbol, self._rng.uniform(0.5, 12))

    def _later(self, now_us: int, account: AccountId, symbol: Symbol, seconds: float) -> None:
        self._timetable.at(
            now_us + int(seconds * US_PER_SECOND), lambda due_us: self._consider(due_us, account, symbol)
        )

    def _consider(self, now_us: int, account: AccountId, symbol: Symbol) -> None:
        """Open a position if flat; sometimes think better of one that is open."""
        held = self._venue.positions(account, symbol)
        if not held:
            self._enter(account, symbol)
        elif self._rng.random() < 0.15:
            side = Side.ASK if held[0].net_quantity > 0 else Side.BID
            self._order(account, symbol, side, abs(held[0].net_quantity), reduce_only=True)
        self._later(now_us, account, symbol, self._rng.expovariate(1 / _PATIENCE_S))

    def _enter(self, account: AccountId, symbol: Symbol) -> None:
        rng, venue = self._rng, self._venue
        venue.deposit(account, QUOTE, Decimal(rng.randrange(*_STAKES)))
        stake = venue.collateral(account).net_equity_available
        leverage = Decimal(rng.randrange(8, 32))
        market = venue.market(symbol)
        price = venue.mark(symbol).mark
        step = market.quantity.step_size
        quantity = (stake * leverage / price) // step * step
        bullish = 0.75 if self._mood.crash_after_s is not None else 0.5
        self._order(account, symbol, Side.BID if rng.random() < bullish else Side.ASK, quantity, reduce_only=False)

    def _order(self, account: AccountId, symbol: Symbol, side: Side, quantity: Decimal, *, reduce_only: bool) -> None:
        order = NewOrder(symbol, side, OrderKind.MARKET, quantity=quantity, reduce_only=reduce_only or None)
        try:
            self._venue.place(account, order)
        except VenueRefusal:
            return
