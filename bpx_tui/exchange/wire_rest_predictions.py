"""Prediction events and their tags over REST. Source: openapi.yml. Pictures are left out: a terminal shows none."""

from __future__ import annotations

from bpx_tui.errors import UnreadableReply
from bpx_tui.exchange.fields import (
    Record,
    as_record,
    decimal,
    integer,
    micros,
    needed_flag,
    optional_decimal,
    optional_flag,
    optional_micros,
    optional_text,
    optional_word,
    symbol,
    text,
    word,
)
from bpx_tui.exchange.wire_rest import all_of
from bpx_tui.model.enums import ConditionKind, SeriesRecurrence, StrikeCondition
from bpx_tui.model.predictions import (
    PredictionEvent,
    PredictionMarket,
    PredictionSeries,
    PredictionTag,
    Resolution,
    ResolutionCondition,
)

MAX_TITLE = 200
MAX_PROSE = 4_000


def event(record: Record) -> PredictionEvent:
    return PredictionEvent(
        slug=text(record, "slug", MAX_TITLE),
        title=text(record, "title", MAX_TITLE),
        description=_prose(record, "description"),
        markets=all_of(record, "predictionMarkets", _market),
        tags=all_of(record, "tags", tag),
        series=all_of(record, "series", _series),
        quote_volume=decimal(record, "quoteVolume"),
        resolution=_resolution(as_record(record.get("resolution"), "resolution")),
        is_resolved=needed_flag(record, "resolved"),
        resolution_delay_seconds=integer(record, "resolutionDelaySecs"),
    )


def tag(record: Record) -> PredictionTag:
    return PredictionTag(text(record, "slug", MAX_TITLE), text(record, "title", MAX_TITLE))


def _series(record: Record) -> PredictionSeries:
    return PredictionSeries(
        text(record, "slug", MAX_TITLE),
        text(record, "title", MAX_TITLE),
        optional_word(record, "recurrence", SeriesRecurrence),
    )


def _resolution(record: Record) -> Resolution:
    return Resolution(
        is_resolved=needed_flag(record, "resolved"),
        start_us=micros(record, "startDate"),
        end_us=optional_micros(record, "endDate"),
        strike_price=optional_decimal(record, "strikePrice"),
        close_price=optional_decimal(record, "closePrice"),
        source=optional_text(record, "resolutionSource"),
        source_id=optional_text(record, "resolutionSourceEventIdentifier"),
        outcome=optional_text(record, "outcome", MAX_TITLE),
    )


def _market(record: Record) -> PredictionMarket:
    condition = record.get("resolutionCondition")
    return PredictionMarket(
        symbol=symbol(record, "marketSymbol"),
        question=text(record, "question", MAX_PROSE),
        rules=_prose(record, "rules"),
        yes_label=text(record, "yesOutcomeLabel", MAX_TITLE),
        no_label=text(record, "noOutcomeLabel", MAX_TITLE),
        active_price=decimal(record, "activePrice"),
        quote_volume=decimal(record, "quoteVolume"),
        quote_volume_lifetime=decimal(record, "quoteVolumeLifetime"),
        resolution_delay_seconds=integer(record, "resolutionDelaySecs"),
        group_label=optional_text(record, "groupLabel", MAX_TITLE),
        condition=None if condition is None else _condition(as_record(condition, "resolutionCondition")),
        proposed_answer=optional_flag(record, "proposedResolution"),
        proposed_us=optional_micros(record, "proposedResolutionAt"),
        resolution_price=optional_decimal(record, "resolutionPrice"),
        resolved_us=optional_micros(record, "resolvedAt"),
    )


def _condition(record: Record) -> ResolutionCondition:
    """Three shapes told apart by `type`; of one that is not known only its name is kept."""
    kind = word(record, "type", ConditionKind)
    if kind is ConditionKind.OUTCOME:
        return ResolutionCondition(kind, outcome=text(record, "outcome", MAX_TITLE))
    if kind is ConditionKind.STRIKE_PRICE:
        return ResolutionCondition(kind, strike=word(record, "condition", StrikeCondition))
    if kind is ConditionKind.QUANTITY_RANGE:
        at_least, below = optional_decimal(record, "greaterThanOrEqual"), optional_decimal(record, "lessThan")
        return ResolutionCondition(kind, at_least=at_least, below=below)
    return ResolutionCondition(kind)


def _prose(record: Record, key: str) -> str:
    """Text that must be there, and may be empty."""
    found = optional_text(record, key, MAX_PROSE)
    if found is None:
        raise UnreadableReply(f"{key} is missing.")
    return found
