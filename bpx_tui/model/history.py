"""What the account was paid and charged, and what became of its positions. All money is Decimal, all times UTC.

Signs are the account's: what it received is positive, what it paid negative. Source: PROTOCOL 5.7.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from bpx_tui.model.enums import InterestKind, PositionState, SettlementSource
from bpx_tui.model.ids import Asset, DustConversionId, PositionId, Symbol


@dataclass(frozen=True, slots=True)
class FundingPayment:
    """Funding of one position at the end of one interval. `quantity` in USDC; `rate` is a fraction per interval."""

    symbol: Symbol
    quantity: Decimal
    rate: Decimal
    interval_end_us: int
    user_id: int
    subaccount_id: int | None


@dataclass(frozen=True, slots=True)
class InterestPayment:
    """Interest on a loan or on unrealised profit, in `asset`; `rate` is a fraction per year.

    `market` is the perpetual, or for a loan the spot market: the exchange writes the mere asset there too. The
    specification gives `quantity` no sign: `kind` tells who paid.
    """

    kind: InterestKind | str
    asset: Asset
    market: str
    position_id: PositionId
    quantity: Decimal
    rate: Decimal
    interval_ms: int
    time_us: int


@dataclass(frozen=True, slots=True)
class Settlement:
    """Profit, fees, funding or a liquidation's proceeds moved into the USDC balance, or out of it.

    `position_id` is there for funding and realised profit. `engine_sequence` orders settlements of the same time.
    """

    quantity: Decimal
    source: SettlementSource | str
    time_us: int
    user_id: int
    subaccount_id: int | None
    position_id: PositionId | None
    engine_sequence: int | None


@dataclass(frozen=True, slots=True)
class DustConversion:
    """A balance too small to trade, swapped for USDC. Both quantities are positive."""

    conversion_id: DustConversionId
    asset: Asset
    quantity: Decimal
    usdc_received: Decimal
    time_us: int


@dataclass(frozen=True, slots=True)
class PositionRecord:
    """One perpetual position from opening to closing, or so far. Prices and profits in quote, quantities in base.

    `funding_quantity` and `interest` are totals in USDC, with the account's sign; `fees` and `liquidation_fees` are
    positive totals paid. `liquidated` is the quantity that the exchange closed. `imf` is a fraction.
    """

    position_id: PositionId
    symbol: Symbol
    state: PositionState | str
    net_quantity: Decimal
    net_exposure_quantity: Decimal
    net_exposure_notional: Decimal
    net_cost: Decimal
    entry_price: Decimal
    mark_price: Decimal
    pnl_realized: Decimal
    pnl_unrealized: Decimal
    funding_quantity: Decimal
    interest: Decimal
    fees: Decimal
    liquidation_fees: Decimal
    liquidated: Decimal
    closed_volume: Decimal
    imf: Decimal
    closing_price: Decimal | None
    account_leverage: Decimal | None
    opened_us: int | None
    closed_us: int | None
