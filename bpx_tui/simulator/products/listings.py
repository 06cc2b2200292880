"""What is listed about markets beside their trading terms: prediction events, securities and their sessions.

Values only; volumes and prices of a prediction market come from its book.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from bpx_tui.model.ids import Asset, Symbol


@dataclass(frozen=True, slots=True)
class Label:
    """A slug with its title: a tag or a series."""

    slug: str
    title: str


@dataclass(frozen=True, slots=True)
class PredictionTerms:
    """One yes-or-no question. It pays 1 USDC per contract if the answer is yes, nothing otherwise.

    `above` is the price over which a question about a price answers yes; `outcome` names what must happen otherwise.
    """

    symbol: Symbol
    question: str
    group: str
    rules: str
    above: Decimal | None = None
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class EventTerms:
    """An event with its questions. Dates are naive UTC, as on the wire."""

    slug: str
    title: str
    description: str
    markets: tuple[PredictionTerms, ...]
    tags: tuple[Label, ...]
    series: tuple[Label, ...]
    starts: str
    ends: str
    resolution_delay_seconds: int = 3_600


@dataclass(frozen=True, slots=True)
class SessionTerms:
    """Weekly hours, local to `timezone`. Weekdays are ISO (Monday is 1); an end before the start wraps the week."""

    name: str
    description: str
    opens: str
    closes: str
    timezone: str
    first_weekday: int
    last_weekday: int


@dataclass(frozen=True, slots=True)
class SecuritySessionTerms:
    """Quantities of a security in one session; `maximum` is `None` without a limit."""

    session: str
    minimum: Decimal
    step: Decimal
    maximum: Decimal | None = None


@dataclass(frozen=True, slots=True)
class SecurityTerms:
    asset: Asset
    name: str
    sessions: tuple[SecuritySessionTerms, ...]
    cusip: str | None = None


CRYPTO = Label("crypto", "Crypto")
ECONOMICS = Label("economics", "Economics")
TAGS = (CRYPTO, ECONOMICS)

EVENTS = (
    EventTerms(
        slug="bitcoin-above-150k-december-2026",
        title="Bitcoin above $150,000 at the end of 2026",
        description="Whether one bitcoin is worth more than 150,000 USDC when the year ends.",
        markets=(
            PredictionTerms(
                symbol=Symbol("BTC150KDEC26_USDC_PREDICTION"),
                question="Will BTC be above $150,000 on December 31, 2026?",
                group="Above $150,000",
                rules="Resolves to Yes if the BTC index is above 150,000 at 23:59 UTC on December 31, 2026.",
                above=Decimal(150_000),
            ),
        ),
        tags=(CRYPTO,),
        series=(Label("bitcoin-year-end", "Bitcoin at year end"),),
        starts="2026-01-01T00:00:00",
        ends="2026-12-31T23:59:00",
    ),
    EventTerms(
        slug="fed-decision-december-2026",
        title="Fed decision in December 2026",
        description="What the Federal Open Market Committee decides at its last meeting of the year.",
        markets=(
            PredictionTerms(
                symbol=Symbol("FEDCUTDEC26_USDC_PREDICTION"),
                question="Will the Fed cut rates in December 2026?",
                group="Cut",
                rules="Resolves to Yes if the upper bound of the target rate is lowered at the December 2026 meeting.",
                outcome="Cut",
            ),
        ),
        tags=(ECONOMICS,),
        series=(Label("fed-decisions", "Fed decisions"),),
        starts="2026-10-29T00:00:00",
        ends="2026-12-09T19:00:00",
    ),
)

SESSIONS = (
    SessionTerms(
        "US_MARKET_HOURS", "Regular session of the US exchanges", "09:30:00", "16:00:00", "America/New_York", 1, 5
    ),
    SessionTerms("US_OVERNIGHT", "Overnight session", "20:00:00", "04:00:00", "America/New_York", 7, 4),
)

SECURITIES = (
    SecurityTerms(
        Asset("SPCX.US"),
        "Space Exploration Technologies (simulated)",
        (
            SecuritySessionTerms("US_MARKET_HOURS", Decimal("0.01"), Decimal("0.01")),
            SecuritySessionTerms("US_OVERNIGHT", Decimal("0.01"), Decimal("0.01"), Decimal(500)),
        ),
    ),
)
