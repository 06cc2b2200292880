"""Prediction markets: contracts that pay 1 for yes and 0 for no, grouped by the event they ask about."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from bpx_tui.model.enums import ConditionKind, SeriesRecurrence, StrikeCondition
from bpx_tui.model.ids import Symbol


@dataclass(frozen=True, slots=True)
class PredictionTag:
    slug: str
    title: str


@dataclass(frozen=True, slots=True)
class PredictionSeries:
    """Events of one kind that come again and again."""

    slug: str
    title: str
    recurrence: SeriesRecurrence | str | None = None


@dataclass(frozen=True, slots=True)
class ResolutionCondition:
    """What makes the answer yes: an `outcome`, a price on one side of the strike, or a quantity within a range.

    The range includes `at_least` and excludes `below`; either may be open. Only the parts of its `kind` are set.
    """

    kind: ConditionKind | str
    outcome: str | None = None
    strike: StrikeCondition | str | None = None
    at_least: Decimal | None = None
    below: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Resolution:
    """When an event runs and how it ended. Prices are those of `source`, named there by `source_id`."""

    is_resolved: bool
    start_us: int
    end_us: int | None = None
    strike_price: Decimal | None = None
    close_price: Decimal | None = None
    source: str | None = None
    source_id: str | None = None
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class PredictionMarket:
    """One question of an event. Volumes are in quote, `quote_volume` over 24 hours.

    A proposed answer (`True` is yes) resolves the market `resolution_delay_seconds` later; then `resolution_price` is
    what a contract paid.
    """

    symbol: Symbol
    question: str
    rules: str
    yes_label: str
    no_label: str
    active_price: Decimal
    quote_volume: Decimal
    quote_volume_lifetime: Decimal
    resolution_delay_seconds: int
    group_label: str | None = None
    condition: ResolutionCondition | None = None
    proposed_answer: bool | None = None
    proposed_us: int | None = None
    resolution_price: Decimal | None = None
    resolved_us: int | None = None


@dataclass(frozen=True, slots=True)
class PredictionEvent:
    """What is asked about, with its markets. `quote_volume` is theirs together over 24 hours, in quote."""

    slug: str
    title: str
    description: str
    markets: tuple[PredictionMarket, ...]
    tags: tuple[PredictionTag, ...]
    series: tuple[PredictionSeries, ...]
    quote_volume: Decimal
    resolution: Resolution
    is_resolved: bool
    resolution_delay_seconds: int
