"""Requests for quote: a requester asks, makers quote both sides, one quote is accepted and trades off the book.

An RFQ takes quotes until its expiry; by its submission time makers should have answered. It ends filled, cancelled or
expired. Simulated makers answer every request around the index; any account may quote as well. Prices are in quote per
base asset, times in exchange microseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, Decimal
from enum import StrEnum
from random import Random

from bpx_tui.model.enums import MarketKind, OrderStatus, Side
from bpx_tui.model.ids import Asset, Symbol
from bpx_tui.simulator.clock import Agenda
from bpx_tui.simulator.domain.orders import AccountId
from bpx_tui.simulator.domain.refusals import (
    VenueRefusal,
    invalid_market,
    invalid_order,
    invalid_price,
    invalid_quantity,
    invalid_request,
    not_found,
)
from bpx_tui.simulator.domain.venue import Venue

SUBMISSION_US = 60_000_000
EXPIRY_US = 120_000_000


class ExecutionMode(StrEnum):
    AWAIT_ACCEPT = "AwaitAccept"
    IMMEDIATE = "Immediate"


class RfqEventKind(StrEnum):
    """The stream's words (PROTOCOL 3.7)."""

    ACTIVE = "rfqActive"
    ACCEPTED = "rfqAccepted"
    REFRESHED = "rfqRefreshed"
    CANCELLED = "rfqCancelled"
    CANDIDATE = "rfqCandidate"
    FILLED = "rfqFilled"
    QUOTE_ACCEPTED = "quoteAccepted"
    QUOTE_CANCELLED = "quoteCancelled"


@dataclass(frozen=True, slots=True)
class NewRfq:
    """A request: exactly one of the two quantities, a price only with `Immediate`."""

    symbol: Symbol
    side: Side
    quantity: Decimal | None = None
    quote_quantity: Decimal | None = None
    price: Decimal | None = None
    mode: ExecutionMode = ExecutionMode.AWAIT_ACCEPT
    client_id: int | None = None


@dataclass(frozen=True, slots=True)
class Rfq:
    id: int
    account: AccountId
    terms: NewRfq
    status: OrderStatus
    submission_us: int
    expiry_us: int
    created_us: int
    ended_us: int | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """A maker's answer: buys at `bid`, sells at `ask`."""

    id: int
    rfq_id: int
    account: AccountId
    bid: Decimal
    ask: Decimal
    status: OrderStatus
    created_us: int
    client_id: int | None = None

    def price_for(self, side: Side) -> Decimal:
        """What a requester of that side trades at."""
        return self.ask if side is Side.BID else self.bid


@dataclass(frozen=True, slots=True)
class RfqFill:
    """A filled request with the quote that filled it. `fee` is the maker's, in `fee_asset`."""

    rfq: Rfq
    quote: Quote
    price: Decimal
    quantity: Decimal
    fee: Decimal
    fee_asset: Asset
    filled_us: int


@dataclass(frozen=True, slots=True)
class RfqEvent:
    """One stream event. `account` is who it is for; `None` broadcasts to everyone but the requester.

    Attributes:
        price: taker price on candidates and for the requester of a fill, quote price for its maker.
    """

    account: AccountId | None
    kind: RfqEventKind
    rfq: Rfq
    quote: Quote | None
    price: Decimal | None
    time_us: int


RfqListener = Callable[[RfqEvent], None]


class RfqDesk:
    """All requests and quotes of the exchange.

    Args:
        makers: house accounts that answer every request.
    """

    def __init__(self, venue: Venue, agenda: Agenda, rng: Random, makers: Sequence[AccountId]) -> None:
        self._venue = venue
        self._agenda = agenda
        self._rng = rng
        self._makers = tuple(makers)
        self._next_id = rng.randrange(113_000_000_000_000_000, 114_000_000_000_000_000)
        self._open: dict[int, Rfq] = {}
        self._quotes: dict[int, dict[int, Quote]] = {}
        self._ended: list[Rfq] = []
        self._ended_quotes: list[tuple[Quote, Symbol]] = []
        self._fills: list[RfqFill] = []
        self._listeners: list[RfqListener] = []

    def listen(self, listener: RfqListener) -> None:
        self._listeners.append(listener)

    # ---- requester

    def submit(self, account: AccountId, terms: NewRfq) -> Rfq:
        """Open a request; makers are told and start to answer.

        Raises:
            VenueRefusal: not an RFQ market, terms that cannot trade, or the account may not.
        """
        self._venue.check_may_trade(account, terms.symbol)
        self._check(account, terms)
        now = self._venue.now_us
        rfq = Rfq(self._new_id(), account, terms, OrderStatus.NEW, now + SUBMISSION_US, now + EXPIRY_US, now)
        self._open[rfq.id] = rfq
        self._quotes[rfq.id] = {}
        self._emit(account, RfqEventKind.ACCEPTED, rfq)
        self._invite(rfq)
        return rfq

    def refresh(self, account: AccountId, rfq_id: int) -> Rfq:
        """Give an open request its full time again; its quotes end and makers are asked anew."""
        rfq = self.find(account, rfq_id=rfq_id)
        now = self._venue.now_us
        self._end_quotes(rfq)
        rfq = replace(rfq, submission_us=now + SUBMISSION_US, expiry_us=now + EXPIRY_US)
        self._open[rfq.id] = rfq
        self._emit(account, RfqEventKind.REFRESHED, rfq)
        self._invite(rfq)
        return rfq

    def cancel(self, account: AccountId, *, rfq_id: int | None = None, client_id: int | None = None) -> Rfq:
        return self._end(self.find(account, rfq_id=rfq_id, client_id=client_id), OrderStatus.CANCELLED)

    def accept(
        self, account: AccountId, quote_id: int, *, rfq_id: int | None = None, client_id: int | None = None
    ) -> Rfq:
        """Trade with one quote.

        Raises:
            VenueRefusal: no such open request or quote, or one side cannot pay or may not trade.
        """
        if rfq_id is None and client_id is None:
            rfq_id = next((key for key, quotes in self._quotes.items() if quote_id in quotes), -1)
        rfq = self.find(account, rfq_id=rfq_id, client_id=client_id)
        quote = self._quotes[rfq.id].get(quote_id)
        if quote is None:
            raise not_found("Quote not found")
        return self._fill(rfq, quote)

    def end_all_of(self, account: AccountId) -> None:
        """Cancel every request and every quote of an account."""
        for rfq in tuple(self._open.values()):
            if rfq.account == account:
                self._end(rfq, OrderStatus.CANCELLED)
            else:
                self._end_quotes(rfq, account)

    def find(self, account: AccountId, *, rfq_id: int | None = None, client_id: int | None = None) -> Rfq:
        """An open request of the account by one of its ids.

        Raises:
            VenueRefusal: no id given, or it is not open.
        """
        if rfq_id is None and client_id is None:
            raise invalid_request("Must specify either `rfqId` or `clientId`")
        for rfq in self._open.values():
            if rfq.account == account and (rfq.id == rfq_id or (rfq_id is None and rfq.terms.client_id == client_id)):
                return rfq
        raise invalid_request("RFQ not found")

    # ---- maker

    def quote(self, account: AccountId, rfq_id: int, bid: Decimal, ask: Decimal, client_id: int | None = None) -> Quote:
        """Answer an open request of somebody else; replaces one's earlier quote.

        Raises:
            VenueRefusal: the request is not open, is one's own, the prices are not a market, or the account may not.
        """
        rfq = self._open.get(rfq_id)
        if rfq is None:
            raise invalid_request("RFQ not found")
        self._venue.check_may_trade(account, rfq.terms.symbol)
        if rfq.account == account:
            raise invalid_order("Cannot quote own RFQ")
        tick = self._venue.market(rfq.terms.symbol).price.tick_size
        if bid <= 0 or ask < bid:
            raise invalid_price("Invalid quote price")
        if bid % tick or ask % tick:
            raise invalid_request("Price decimal too long")
        quotes = self._quotes[rfq_id]
        self._end_quotes(rfq, account)
        best = min((_cost(rfq, one) for one in quotes.values()), default=None)
        quote = Quote(self._new_id(), rfq_id, account, bid, ask, OrderStatus.NEW, self._venue.now_us, client_id)
        quotes[quote.id] = quote
        self._emit(account, RfqEventKind.QUOTE_ACCEPTED, rfq, quote)
        price = quote.price_for(rfq.terms.side)
        if best is None or _cost(rfq, quote) < best:
            self._emit(rfq.account, RfqEventKind.CANDIDATE, rfq, quote, price)
        if rfq.terms.mode is ExecutionMode.IMMEDIATE and _within(rfq, price):
            self._try_fill(rfq, quote)
            return next((one for one, _ in reversed(self._ended_quotes) if one.id == quote.id), quote)
        return quote

    # ---- reading

    def open(self, account: AccountId) -> tuple[tuple[Rfq, tuple[Quote, ...]], ...]:
        """The account's open requests with their quotes, oldest first."""
        return tuple(
            (rfq, tuple(self._quotes[rfq.id].values())) for rfq in self._open.values() if rfq.account == account
        )

    def history(self, account: AccountId) -> tuple[Rfq, ...]:
        return tuple(rfq for rfq in self._ended if rfq.account == account)

    def quote_history(self, account: AccountId) -> tuple[tuple[Quote, Symbol], ...]:
        return tuple(row for row in self._ended_quotes if row[0].account == account)

    def fills(self, account: AccountId) -> tuple[RfqFill, ...]:
        """Fills of the account's requests."""
        return tuple(fill for fill in self._fills if fill.rfq.account == account)

    def quote_fills(self, account: AccountId) -> tuple[RfqFill, ...]:
        """Fills of the account's quotes."""
        return tuple(fill for fill in self._fills if fill.quote.account == account)

    # ---- inside

    def _new_id(self) -> int:
        self._next_id += self._rng.randrange(1_000, 1_000_000)
        return self._next_id

    def _check(self, account: AccountId, terms: NewRfq) -> None:
        market = self._venue.market(terms.symbol)
        if market.kind is not MarketKind.RFQ:
            raise invalid_market("Market does not support RFQs")
        if (terms.quantity is None) == (terms.quote_quantity is None):
            raise invalid_request("Must specify either `quantity` or `quoteQuantity`")
        if terms.quantity is not None:
            if terms.quantity < market.quantity.min_quantity:
                raise invalid_quantity("Quantity is below the minimum")
            if terms.quantity % market.quantity.step_size:
                raise invalid_request("Quantity decimal too long")
        elif terms.quote_quantity is not None and terms.quote_quantity <= 0:
            raise invalid_quantity("Quantity is below the minimum")
        if (terms.price is None) is (terms.mode is ExecutionMode.IMMEDIATE):
            raise invalid_request("Price must be given if and only if the execution mode is `Immediate`")
        if terms.price is not None and terms.price % market.price.tick_size:
            raise invalid_request("Price decimal too long")
        if terms.client_id is not None and any(rfq.terms.client_id == terms.client_id for rfq, _ in self.open(account)):
            raise invalid_request("Client ID is in use")

    def _invite(self, rfq: Rfq) -> None:
        self._emit(None, RfqEventKind.ACTIVE, rfq)
        now, expiry_us = self._venue.now_us, rfq.expiry_us
        for maker in self._makers:
            delay_us = self._rng.randrange(200_000, 1_500_000)
            self._agenda.at(now + delay_us, lambda _now, maker=maker: self._answer(rfq.id, expiry_us, maker))  # type: ignore[misc]
        self._agenda.at(expiry_us, lambda _now: self._expire(rfq.id, expiry_us))

    def _answer(self, rfq_id: int, round_expiry_us: int, maker: AccountId) -> None:
        rfq = self._open.get(rfq_id)
        if rfq is None or rfq.expiry_us != round_expiry_us:
            return
        market = self._venue.market(rfq.terms.symbol)
        fair = self._venue.index(market.base)
        half_spread = fair * self._rng.randrange(2, 16) / 10_000
        tick = market.price.tick_size
        bid = ((fair - half_spread) / tick).to_integral_value(ROUND_FLOOR) * tick
        ask = ((fair + half_spread) / tick).to_integral_value(ROUND_CEILING) * tick
        self.quote(maker, rfq_id, max(tick, bid), ask)

    def _expire(self, rfq_id: int, round_expiry_us: int) -> None:
        rfq = self._open.get(rfq_id)
        if rfq is not None and rfq.expiry_us == round_expiry_us:
            self._end(rfq, OrderStatus.EXPIRED)

    def _try_fill(self, rfq: Rfq, quote: Quote) -> None:
        with suppress(VenueRefusal):  # one side cannot pay: an immediate request waits for the next quote
            self._fill(rfq, quote)

    def _fill(self, rfq: Rfq, quote: Quote) -> Rfq:
        market = self._venue.market(rfq.terms.symbol)
        price = quote.price_for(rfq.terms.side)
        quantity = rfq.terms.quantity
        if quantity is None:
            wanted = (rfq.terms.quote_quantity or Decimal(0)) / price / market.quantity.step_size
            quantity = wanted.to_integral_value(ROUND_DOWN) * market.quantity.step_size
            if quantity < market.quantity.min_quantity:
                raise invalid_quantity("Quantity is below the minimum")
        pair = (rfq.account, quote.account) if rfq.terms.side is Side.BID else (quote.account, rfq.account)
        trade_id = self._venue.trade_off_book(*pair, rfq.terms.symbol, price, quantity)
        self._quotes[rfq.id].pop(quote.id)
        filled_quote = replace(quote, status=OrderStatus.FILLED)
        self._ended_quotes.append((filled_quote, rfq.terms.symbol))
        filled = replace(rfq, status=OrderStatus.FILLED, ended_us=self._venue.now_us)
        fee, fee_asset = self._maker_fee(quote.account, rfq.terms.symbol, trade_id)
        self._fills.append(RfqFill(filled, filled_quote, price, quantity, fee, fee_asset, self._venue.now_us))
        self._close(filled)
        self._emit(rfq.account, RfqEventKind.FILLED, filled, filled_quote, price)
        self._emit(quote.account, RfqEventKind.FILLED, filled, filled_quote, price)
        return filled

    def _maker_fee(self, maker: AccountId, symbol: Symbol, trade_id: int) -> tuple[Decimal, Asset]:
        for fill in reversed(self._venue.fills(maker)):
            if fill.symbol == symbol and fill.trade_id == trade_id:
                return fill.fee, fill.fee_asset
        return Decimal(0), self._venue.market(symbol).quote

    def _end(self, rfq: Rfq, status: OrderStatus) -> Rfq:
        ended = replace(rfq, status=status, ended_us=self._venue.now_us)
        self._close(ended)
        self._emit(rfq.account, RfqEventKind.CANCELLED, ended)
        return ended

    def _close(self, rfq: Rfq) -> None:
        self._end_quotes(rfq)
        del self._open[rfq.id], self._quotes[rfq.id]
        self._ended.append(rfq)

    def _end_quotes(self, rfq: Rfq, account: AccountId | None = None) -> None:
        """Cancel the quotes of one maker, or of all."""
        for quote in tuple(self._quotes[rfq.id].values()):
            if account in (None, quote.account):
                ended = replace(self._quotes[rfq.id].pop(quote.id), status=OrderStatus.CANCELLED)
                self._ended_quotes.append((ended, rfq.terms.symbol))
                self._emit(quote.account, RfqEventKind.QUOTE_CANCELLED, rfq, ended)

    def _emit(
        self,
        account: AccountId | None,
        kind: RfqEventKind,
        rfq: Rfq,
        quote: Quote | None = None,
        price: Decimal | None = None,
    ) -> None:
        event = RfqEvent(account, kind, rfq, quote, price, self._venue.now_us)
        for listener in self._listeners:
            listener(event)


def _cost(rfq: Rfq, quote: Quote) -> Decimal:
    """The requester's price, lower is better on both sides."""
    price = quote.price_for(rfq.terms.side)
    return price if rfq.terms.side is Side.BID else -price


def _within(rfq: Rfq, price: Decimal) -> bool:
    limit = rfq.terms.price
    return limit is not None and (price <= limit if rfq.terms.side is Side.BID else price >= limit)
