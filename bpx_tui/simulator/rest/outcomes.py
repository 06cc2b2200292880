"""Prediction events, securities and their sessions: the calendar side of the exchange."""

from __future__ import annotations

from decimal import Decimal

from bpx_tui.model.ids import Symbol
from bpx_tui.simulator.domain.markets import Market
from bpx_tui.simulator.exchange import Exchange
from bpx_tui.simulator.history.units import plain
from bpx_tui.simulator.products.predictions import TAGS, Prediction
from bpx_tui.simulator.products.securities import SESSIONS, TIMEZONE, MarketSession
from bpx_tui.simulator.rest.answers import Reply, json_reply, paged_reply
from bpx_tui.simulator.rest.fields import UINT64
from bpx_tui.simulator.rest.paging import DEFAULT_LIMIT, MAX_LIMIT
from bpx_tui.simulator.rest.rendering import text
from bpx_tui.simulator.rest.routing import Call, Route, public
from bpx_tui.simulator.rest.times import naive_iso

_YEAR_S = 365 * 86_400


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
        "resolutionDelaySecs": prediction.delay_s,
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
        "resolutionDelaySecs": prediction.delay_s,
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
                "description": session.description,
                "endTime": session.ends.isoformat(),
                "endWeekday": session.last_day,
                "name": session.name,
                "startTime": session.starts.isoformat(),
                "startWeekday": session.first_day,
                "timezone": TIMEZONE,
            }
            for session in SESSIONS
        ]
    )


def securities(call: Call) -> Reply:
    names = {terms.asset: terms.display_name for terms in call.exchange.venue.assets()}
    return json_reply(
        [
            {
                "asset": market.base,
                "cusip": None,
                "name": names[market.base],
                "sessions": [_session(market, session) for session in SESSIONS],
            }
            for market in call.exchange.desks.securities.listed()
        ]
    )


def _session(market: Market, session: MarketSession) -> dict[str, object]:
    terms, largest = session.filter_of(market.quantity), market.quantity.max_quantity
    return {
        "maxQuantity": text(largest),
        "minQuantity": text(terms.min_quantity),
        "name": session.name,
        "stepSize": text(terms.step_size),
    }


ROUTES: tuple[Route, ...] = (
    public("get_prediction_events", "/api/v1/prediction", events),
    public("get_prediction_tags", "/api/v1/prediction/tags", tags),
    public("get_market_sessions", "/api/v1/market-sessions", sessions),
    public("get_securities", "/api/v1/securities", securities),
)
