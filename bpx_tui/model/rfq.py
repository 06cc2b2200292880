"""Requests for quote: one account asks, makers quote both sides, one quote is taken and trades off the book.

Prices are in quote per base. A request is for either a base quantity or a quote quantity. Whoever buys trades at the
ask of a quote, whoever sells at its bid.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from bpx_tui.model.enums import OrderStatus, RfqExecutionMode, Side
from bpx_tui.model.ids import Asset, ClientId, QuoteId, RfqId, Symbol


@dataclass(frozen=True, slots=True)
class RfqRequest:
    """A request as the user confirmed it; exactly one of the quantities, and a `price` with `IMMEDIATE` only."""

    symbol: Symbol
    side: Side
    quantity: Decimal | None = None
    quote_quantity: Decimal | None = None
    mode: RfqExecutionMode = RfqExecutionMode.AWAIT_ACCEPT
    price: Decimal | None = None
    client_id: ClientId | None = None
    auto_borrow: bool | None = None
    auto_borrow_repay: bool | None = None
    auto_lend: bool | None = None
    auto_lend_redeem: bool | None = None


@dataclass(frozen=True, slots=True)
class QuoteRequest:
    """A maker's quote to somebody's request: buys at `bid`, sells at `ask`."""

    rfq_id: RfqId
    bid: Decimal
    ask: Decimal
    client_id: ClientId | None = None
    auto_borrow: bool | None = None
    auto_borrow_repay: bool | None = None
    auto_lend: bool | None = None
    auto_lend_redeem: bool | None = None


@dataclass(frozen=True, slots=True)
class Rfq:
    """A request as the exchange shows it. `submit_until_ms` ends the time for quotes, `expires_ms` the request.

    `system_order_type` is set where the exchange itself asked, and told of open requests only;
    `deferred_quote_id`, the accepted quote of deferred settlement, of past ones only.
    """

    rfq_id: RfqId
    symbol: Symbol
    side: Side | str
    status: OrderStatus | str
    mode: RfqExecutionMode | str
    submit_until_ms: int
    expires_ms: int
    created_ms: int
    quantity: Decimal | None = None
    quote_quantity: Decimal | None = None
    price: Decimal | None = None
    client_id: ClientId | None = None
    system_order_type: str | None = None
    deferred_quote_id: QuoteId | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """A quote as the exchange shows it. `client_id` is the maker's. Whether it settles deferred, only history tells."""

    quote_id: QuoteId
    rfq_id: RfqId
    bid: Decimal
    ask: Decimal
    status: OrderStatus | str
    created_ms: int
    client_id: ClientId | None = None
    is_deferred: bool | None = None


@dataclass(frozen=True, slots=True)
class OpenRfq:
    """An open request of one's own, with the quotes made to it."""

    rfq: Rfq
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True)
class RfqFill:
    """A request of one's own that traded, with the quote it traded with."""

    rfq_id: RfqId
    quote_id: QuoteId
    symbol: Symbol
    side: Side | str
    price: Decimal
    created_us: int
    filled_us: int
    quantity: Decimal | None = None
    quote_quantity: Decimal | None = None
    client_id: ClientId | None = None
    system_order_type: str | None = None


@dataclass(frozen=True, slots=True)
class QuoteFill:
    """A quote of one's own that traded; `side` is the maker's. `fee` is in `fee_asset`, negative is a rebate."""

    quote_id: QuoteId
    rfq_id: RfqId
    symbol: Symbol
    side: Side | str
    price: Decimal
    quantity: Decimal
    fee: Decimal
    fee_asset: Asset
    created_us: int
    filled_us: int
    client_id: ClientId | None = None


@dataclass(frozen=True, slots=True)
class RfqUpdate:
    """One event of a request or of a quote to it, as `account.rfqUpdate` tells; what it does not carry is `None`.

    A request is for `quantity` (base) or `quote_quantity`. `submit_until_ms` ends the time for quotes, `expires_ms` the
    time to accept one; both in milliseconds.
    """

    event: str
    symbol: Symbol
    rfq_id: RfqId
    status: str
    event_time_us: int
    engine_time_us: int
    quote_id: QuoteId | None = None
    client_id: ClientId | None = None
    side: Side | str | None = None
    price: Decimal | None = None
    quantity: Decimal | None = None
    quote_quantity: Decimal | None = None
    submit_until_ms: int | None = None
    expires_ms: int | None = None
    origin: str | None = None
