"""Answers of the REST side: JSON with sorted keys, plain text, empty, and the two ways of saying no.

The exchange has two: errors of the exchange itself are JSON with a code (`VenueRefusal`), failures to read a request
are plain text (PROTOCOL 7).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from bpx_tui.simulator.domain.refusals import VenueRefusal

JSON_TYPE = "application/json; charset=utf-8"
TEXT_TYPE = "text/plain; charset=utf-8"


class ParseRefusal(Exception):
    """A request that cannot be read: answered in plain text, without a code."""

    def __init__(self, text: str, *, status: int = 400) -> None:
        super().__init__(text)
        self.text = text
        self.status = status


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer, whole."""

    status: int = 200
    body: bytes = b""
    content_type: str = JSON_TYPE
    headers: Mapping[str, str] = field(default_factory=dict)


def json_reply(value: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """`value` as JSON, keys in ASCII order as the exchange sends them."""
    return Reply(status, orjson.dumps(value, option=orjson.OPT_SORT_KEYS), JSON_TYPE, headers or {})


def text_reply(text: str, *, status: int = 200) -> Reply:
    return Reply(status, text.encode(), TEXT_TYPE)


def empty_reply(status: int = 200) -> Reply:
    """200 of commands that answer nothing, 202 of accepted cancels, 204 of what is not there."""
    return Reply(status, b"", JSON_TYPE)


def refusal_reply(refusal: VenueRefusal) -> Reply:
    return json_reply({"code": refusal.code, "message": refusal.message}, status=refusal.status)


def paged_reply(rows: Sequence[object], *, total: int, limit: int, offset: int) -> Reply:
    """One page of a history with the paging headers of the specification."""
    size = max(limit, 1)
    headers = {
        "Access-Control-Expose-Headers": "X-PAGE-COUNT, X-CURRENT-PAGE, X-PAGE-SIZE, X-TOTAL",
        "X-PAGE-COUNT": str(-(-total // size)),
        "X-CURRENT-PAGE": str(offset // size + 1),
        "X-PAGE-SIZE": str(limit),
        "X-TOTAL": str(total),
        "Cache-Control": "no-cache",
    }
    return json_reply(rows, headers=headers)
