"""Prediction events, securities and their sessions: the calendar side of the exchange."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from bpx_tui.model.ids import Symbol
from bpx_tui.simulator.exchange import Exchange
from bpx_tui.simulator.history.units import plain
from bpx_tui.simulator.markets import Market
from bpx_tui.simulator.rest.answers import Reply, json_reply, paged_reply
from bpx_tui.simulator.rest.fields import UINT64
from bpx_tui.simulator.rest.paging import DEFAULT_LIMIT, MAX_LIMIT
from bpx_tui.simulator.rest.routing import Call, Route, public

_DELAY_S = 3600
_YEAR_S = 365 * 86_400


@dataclass(frozen=True, slots=True)
class Story:
    """What a prediction market is about."""

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
_TAGS = {"crypto": "Crypto", "economy": "Economy"}
_SESSIONS = (
    ("US_MARKET_HOURS", "Regular US session", "09:30:00", "16:00:00", 1, 5),
    ("US_PRE_MARKET", "US session before the open", "04:00:00", "09:30:00", 1, 5),
    ("US_AFTER_HOURS", "US session after the close", "16:00:00", "20:00:00", 1, 5),
    ("US_OVERNIGHT", None, "20:00:00", "04:00:00", 7, 4),
)


def events(call: Call) -> Reply:
    query = call.query
    symbol, tag, event = query.text("symbol"), query.text("tagSlug"), query.text("eventSlug")
    series, resolved = query.text("seriesSlug"), query.boolean("resolved")
    limit, offset = query.integer("limit", UINT64), query.integer("offset", UINT64) or 0
    limit = min(DEFAULT_LIMIT if limit is None else limit, MAX_LIMIT)
    found = [
        (market, story)
        for market in call.exchange.venue.markets()
        if (story := STORIES.get(market.base)) is not None
        and symbol in (None, market.symbol)
        and tag in (None, story.tag)
        and event in (None, story.slug)
        and series in (None, story.series[0])
        and not resolved
    ]
    rows = [_event(call.exchange, market, story) for market, story in found[offset : offset + limit]]
    return paged_reply(rows, total=len(found), limit=limit, offset=offset)


def _event(exchange: Exchange, market: Market, story: Story) -> dict[str, object]:
    volume = _volume(exchange, market.symbol, 86_400)
    return {
        "description": story.title,
        "imgUrl": None,
        "predictionMarkets": [_market(exchange, market, story, volume)],
        "quoteVolume": plain(volume),
        "resolution": {
            "closePrice": None,
            "endDate": story.ends,
            "outcome": None,
            "resolutionSource": None,
            "resolutionSourceEventIdentifier": None,
            "resolved": False,
            "startDate": story.starts,
            "strikePrice": story.strike,
        },
        "resolutionDelaySecs": _DELAY_S,
        "resolved": False,
        "series": [{"slug": story.series[0], "title": story.series[1], "recurrence": story.series[2]}],
        "slug": story.slug,
        "tags": [{"slug": story.tag, "title": _TAGS[story.tag]}],
        "title": story.title,
    }


def _market(exchange: Exchange, market: Market, story: Story, volume: Decimal) -> dict[str, object]:
    active = exchange.venue.last_price(market.symbol) or exchange.venue.mark(market.symbol).mark
    return {
        "activePrice": plain(active),
        "groupLabel": story.label,
        "imgUrl": None,
        "marketSymbol": market.symbol,
        "noOutcomeLabel": "No",
        "proposedResolution": None,
        "proposedResolutionAt": None,
        "question": story.question,
        "quoteVolume": plain(volume),
        "quoteVolumeLifetime": plain(max(volume, _volume(exchange, market.symbol, _YEAR_S))),
        "resolutionCondition": story.condition,
        "resolutionDelaySecs": _DELAY_S,
        "resolutionPrice": None,
        "resolvedAt": None,
        "rules": story.rules,
        "yesOutcomeLabel": "Yes",
    }


def _volume(exchange: Exchange, symbol: Symbol, span_s: int) -> Decimal:
    day = exchange.memories[symbol].statistics(exchange.now_us // 1_000_000, span_s)
    return Decimal(0) if day is None else day.quote_volume


def tags(_call: Call) -> Reply:
    return json_reply([{"slug": slug, "title": title} for slug, title in _TAGS.items()])


def sessions(_call: Call) -> Reply:
    return json_reply(
        [
            {
                "description": description,
                "endTime": end,
                "endWeekday": last_day,
                "name": name,
                "startTime": start,
                "startWeekday": first_day,
                "timezone": "America/New_York",
            }
            for name, description, start, end, first_day, last_day in _SESSIONS
        ]
    )


def securities(call: Call) -> Reply:
    """Tokenised equities: assets whose name has a dot. Outside regular hours the step is ten times as coarse."""
    rows = []
    for market in call.exchange.venue.markets():
        if "." not in market.base:
            continue
        name = next(terms.display_name for terms in call.exchange.venue.assets() if terms.asset == market.base)
        rows.append(
            {"asset": market.base, "cusip": None, "name": name, "sessions": [_session(market, s[0]) for s in _SESSIONS]}
        )
    return json_reply(rows)


def _session(market: Market, name: str) -> dict[str, object]:
    factor = 1 if name == "US_MARKET_HOURS" else 10
    quantity = market.quantity
    return {
        "maxQuantity": None if quantity.max_quantity is None else plain(quantity.max_quantity),
        "minQuantity": plain(quantity.min_quantity * factor),
        "name": name,
        "stepSize": plain(quantity.step_size * factor),
    }


ROUTES: tuple[Route, ...] = (
    public("get_prediction_events", "/api/v1/prediction", events),
    public("get_prediction_tags", "/api/v1/prediction/tags", tags),
    public("get_market_sessions", "/api/v1/market-sessions", sessions),
    public("get_securities", "/api/v1/securities", securities),
)
