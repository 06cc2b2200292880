"""Tokenised securities and the sessions they trade in, over REST. Source: openapi.yml."""

from __future__ import annotations

import re
from datetime import time

from bpx_tui.errors import UnreadableReply
from bpx_tui.exchange.fields import Record, asset, decimal, integer, optional_decimal, optional_text, text
from bpx_tui.exchange.wire_rest import all_of
from bpx_tui.model.securities import MarketSession, Security, SecuritySession

MAX_TEXT = 200

_NAIVE_TIME = re.compile(r"[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?", re.ASCII)


def market_session(record: Record) -> MarketSession:
    return MarketSession(
        name=text(record, "name"),
        opens=_time_of_day(record, "startTime"),
        closes=_time_of_day(record, "endTime"),
        timezone=text(record, "timezone"),
        first_weekday=_weekday(record, "startWeekday"),
        last_weekday=_weekday(record, "endWeekday"),
        description=optional_text(record, "description", MAX_TEXT),
    )


def _time_of_day(record: Record, key: str) -> time:
    value = record.get(key)
    try:
        if isinstance(value, str) and _NAIVE_TIME.fullmatch(value):
            return time.fromisoformat(value)
    except ValueError:
        pass
    raise UnreadableReply(f"{key} is not a time of day.")


def _weekday(record: Record, key: str) -> int:
    number = integer(record, key)
    if not 1 <= number <= 7:
        raise UnreadableReply(f"{key} is not a weekday.")
    return number


def security(record: Record) -> Security:
    """A security. All of its sessions must be readable: a missing one would look like a closed market."""
    return Security(
        asset=asset(record, "asset"),
        name=text(record, "name", MAX_TEXT),
        sessions=all_of(record, "sessions", _security_session),
        cusip=optional_text(record, "cusip"),
    )


def _security_session(record: Record) -> SecuritySession:
    return SecuritySession(
        name=text(record, "name"),
        min_quantity=decimal(record, "minQuantity"),
        step_size=decimal(record, "stepSize"),
        max_quantity=optional_decimal(record, "maxQuantity"),
    )
