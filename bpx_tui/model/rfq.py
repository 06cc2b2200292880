"""Requests for quote, as `account.rfqUpdate` reports them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from bpx_tui.model.enums import Side
from bpx_tui.model.ids import ClientId, Symbol


@dataclass(frozen=True, slots=True)
class RfqUpdate:
    """One event of a request for quote or of a quote to it; what an event does not carry is `None`.

    A request is for `quantity` (base) or `quote_quantity`. `submit_until_ms` ends the time for quotes, `expires_ms` the
    time to accept one; both in milliseconds.
    """

    event: str
    symbol: Symbol
    rfq_id: str
    status: str
    event_time_us: int
    engine_time_us: int
    quote_id: str | None = None
    client_id: ClientId | None = None
    side: Side | str | None = None
    price: Decimal | None = None
    quantity: Decimal | None = None
    quote_quantity: Decimal | None = None
    submit_until_ms: int | None = None
    expires_ms: int | None = None
    origin: str | None = None
