"""Prediction markets: what they ask, and how they are resolved.

When an event ends, its answer is proposed; after a delay the market is resolved: its book closes, and every position
is settled at 1 USDC for yes or 0 for no. A question about a price is answered by the index, any other by chance, as
likely as its market believed. A question whose date has passed before the exchange opened is asked for a later year.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from random import Random

from bpx_tui.model.enums import MarketKind
from bpx_tui.model.ids import Asset, Symbol
from bpx_tui.simulator.clock import US_PER_SECOND, Agenda
from bpx_tui.simulator.domain.refusals import VenueRefusal, invalid_market
from bpx_tui.simulator.domain.venue import Venue

DELAY_S = 3_600
"""Seconds from a proposed answer to its resolution, time for objections."""
MAX_DELAY_S = 604_800


@dataclass(frozen=True, slots=True)
class Story:
    """What a prediction market is about. Dates are naive UTC; `strike` is the price that `asset` must be above."""

    slug: str
    title: str
    question: str
    rules: str
    tag: str
    series: tuple[str, str, str]
    label: str
    condition: dict[str, str]
    starts: str
    ends: str
    strike: str | None = None
    asset: Asset | None = None


STORIES = {
    "BTC150KDEC26": Story(
        "bitcoin-above-150k-december-2026",
        "Bitcoin above 150,000 at the end of 2026",
        "Will Bitcoin close above 150,000 USDC on 31 December 2026?",
        "Resolves to Yes if the daily close of BTC is above 150,000.",
        "crypto",
        ("bitcoin-year-end", "Bitcoin at year end", "monthly"),
        "Above 150,000",
        {"type": "StrikePrice", "condition": "above"},
        "2026-01-01T00:00:00",
        "2026-12-31T23:59:59",
        "150000",
        Asset("BTC"),
    ),
    "FEDCUTDEC26": Story(
        "fed-rate-cut-december-2026",
        "Fed decision in December 2026",
        "Will the Fed cut its rate at the December 2026 meeting?",
        "Resolves to Yes if the upper bound of the target range is lowered.",
        "economy",
        ("fed-decisions", "Fed decisions", "monthly"),
        "Cut",
        {"type": "Outcome", "outcome": "Cut"},
        "2026-01-01T00:00:00",
        "2026-12-09T19:00:00",
    ),
}
TAGS = {"crypto": "Crypto", "economy": "Economy"}


@dataclass(frozen=True, slots=True)
class Prediction:
    """One market and how far its resolution is. Times are exchange time in microseconds.

    Attributes:
        answer: the proposed answer, `None` before there is one.
        close_price: the index that decided a question about a price.
        resolved_us: `None` until the market is settled.
        delay_s: seconds from a proposed answer to the resolution.
    """

    symbol: Symbol
    story: Story
    ends_us: int
    answer: bool | None = None
    proposed_us: int | None = None
    close_price: Decimal | None = None
    resolved_us: int | None = None
    delay_s: int = DELAY_S

    @property
    def price(self) -> Decimal | None:
        """What a contract paid: 1 for yes, 0 for no."""
        return None if self.resolved_us is None else Decimal(int(bool(self.answer)))


class PredictionDesk:
    """All prediction markets of one exchange."""

    def __init__(self, venue: Venue, agenda: Agenda, rng: Random) -> None:
        self._venue = venue
        self._agenda = agenda
        self._rng = rng
        self._predictions = {
            market.symbol: Prediction(market.symbol, story, _next_end(story.ends, venue.now_us))
            for market in venue.markets()
            if market.kind is MarketKind.PREDICTION and (story := STORIES.get(market.base)) is not None
        }
        for prediction in self._predictions.values():
            agenda.at(prediction.ends_us, lambda _now_us, symbol=prediction.symbol: self._end(symbol))  # type: ignore[misc]

    def all(self) -> tuple[Prediction, ...]:
        return tuple(self._predictions.values())

    def propose(self, symbol: Symbol, answer: bool | None = None, *, delay_s: float = DELAY_S) -> None:
        """Propose an answer, by the market's own rule where none is given; it is resolved `delay_s` later.

        Raises:
            VenueRefusal: no such prediction market, or it has been answered already.
        """
        before = self._predictions.get(symbol)
        if before is None:
            raise invalid_market()
        if before.answer is not None:
            raise VenueRefusal(400, "PRECONDITION_FAILED", "Market has a proposed resolution already")
        close = None if before.story.asset is None else self._venue.index(before.story.asset)
        if answer is None:
            answer = self._answered(before, close)
        now_us = self._venue.now_us
        self._predictions[symbol] = replace(
            before, answer=answer, proposed_us=now_us, close_price=close, delay_s=int(delay_s)
        )
        if delay_s <= 0:
            self._resolve(symbol)
        else:
            self._agenda.at(now_us + int(delay_s * US_PER_SECOND), lambda _now_us: self._resolve(symbol))

    def _end(self, symbol: Symbol) -> None:
        if self._predictions[symbol].answer is None:
            self.propose(symbol)

    def _answered(self, prediction: Prediction, close: Decimal | None) -> bool:
        if prediction.story.strike is not None and close is not None:
            return close > Decimal(prediction.story.strike)
        return self._rng.random() < float(self._venue.mark(prediction.symbol).mark)

    def _resolve(self, symbol: Symbol) -> None:
        before = self._predictions[symbol]
        self._venue.settle_market(symbol, Decimal(int(bool(before.answer))))
        self._predictions[symbol] = replace(before, resolved_us=self._venue.now_us)


def _next_end(text: str, now_us: int) -> int:
    """The date of a story, in the first year in which it is still ahead."""
    end = datetime.fromisoformat(text).replace(tzinfo=UTC)
    while (ends_us := int(end.timestamp()) * US_PER_SECOND) <= now_us:
        end = end.replace(year=end.year + 1)
    return ends_us
