"""Prediction events, securities and their sessions: the calendar side of the exchange."""

from __future__ import annotations

from decimal import Decimal

from bpx_tui.model.ids import Symbol
from bpx_tui.simulator.domain.markets import Market
from bpx_tui.simulator.exchange import Exchange
from bpx_tui.simulator.history.units import plain
from bpx_tui.simulator.products.predictions import DELAY_S, TAGS, Prediction
from bpx_tui.simulator.rest.answers import Reply, json_reply, paged_reply
from bpx_tui.simulator.rest.fields import UINT64
from bpx_tui.simulator.rest.paging import DEFAULT_LIMIT, MAX_LIMIT
from bpx_tui.simulator.rest.rendering import text
from bpx_tui.simulator.rest.routing import Call, Route, public
from bpx_tui.simulator.rest.times import naive_iso

_YEAR_S = 365 * 86_400
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
        one
        for one in call.exchange.desks.predictions.all()
        if symbol in (None, one.symbol)
        and tag in (None, one.story.tag)
        and event in (None, one.story.slug)
        and series in (None, one.story.series[0])
        and resolved in (None, one.resolved_us is not None)
    ]
    rows = [_event(call.exchange, one) for one in found[offset : offset + limit]]
    return paged_reply(rows, total=len(found), limit=limit, offset=offset)


def _event(exchange: Exchange, prediction: Prediction) -> dict[str, object]:
    story, volume = prediction.story, _volume(exchange, prediction.symbol, 86_400)
    is_resolved = prediction.resolved_us is not None
    return {
        "description": story.title,
        "imgUrl": None,
        "predictionMarkets": [_market(exchange, prediction, volume)],
        "quoteVolume": plain(volume),
        "resolution": {
            "closePrice": text(prediction.close_price) if is_resolved else None,
            "endDate": naive_iso(prediction.ends_us),
            "outcome": _outcome(prediction) if is_resolved else None,
            "resolutionSource": None,
            "resolutionSourceEventIdentifier": None,
            "resolved": is_resolved,
            "startDate": story.starts,
            "strikePrice": story.strike,
        },
        "resolutionDelaySecs": DELAY_S,
        "resolved": is_resolved,
        "series": [{"slug": story.series[0], "title": story.series[1], "recurrence": story.series[2]}],
        "slug": story.slug,
        "tags": [{"slug": story.tag, "title": TAGS[story.tag]}],
        "title": story.title,
    }


def _outcome(prediction: Prediction) -> str | None:
    """What happened, in the words of a question about an outcome."""
    outcome = prediction.story.condition.get("outcome")
    return outcome if prediction.answer or outcome is None else f"Not {outcome}"


def _market(exchange: Exchange, prediction: Prediction, volume: Decimal) -> dict[str, object]:
    story, symbol = prediction.story, prediction.symbol
    active = exchange.venue.last_price(symbol) or exchange.venue.mark(symbol).mark
    proposed_us, resolved_us = prediction.proposed_us, prediction.resolved_us
    return {
        "activePrice": plain(active),
        "groupLabel": story.label,
        "imgUrl": None,
        "marketSymbol": symbol,
        "noOutcomeLabel": "No",
        "proposedResolution": prediction.answer,
        "proposedResolutionAt": None if proposed_us is None else naive_iso(proposed_us),
        "question": story.question,
        "quoteVolume": plain(volume),
        "quoteVolumeLifetime": plain(max(volume, _volume(exchange, symbol, _YEAR_S))),
        "resolutionCondition": story.condition,
        "resolutionDelaySecs": DELAY_S,
        "resolutionPrice": text(prediction.price),
        "resolvedAt": None if resolved_us is None else naive_iso(resolved_us),
        "rules": story.rules,
        "yesOutcomeLabel": "Yes",
    }


def _volume(exchange: Exchange, symbol: Symbol, span_s: int) -> Decimal:
    day = exchange.memories[symbol].statistics(exchange.now_us // 1_000_000, span_s)
    return Decimal(0) if day is None else day.quote_volume


def tags(_call: Call) -> Reply:
    return json_reply([{"slug": slug, "title": title} for slug, title in TAGS.items()])


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
