"""Pages of histories: newest first unless asked otherwise, `limit` 100 of at most 1000, `offset`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from bpx_tui.simulator.rest.answers import Reply, json_reply, paged_reply
from bpx_tui.simulator.rest.fields import UINT64, QueryFields
from bpx_tui.simulator.rest.routing import Call

T = TypeVar("T")
DEFAULT_LIMIT, MAX_LIMIT = 100, 1_000


class SortDirection(StrEnum):
    ASC = "Asc"
    DESC = "Desc"


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a history is asked for."""

    limit: int
    offset: int
    direction: SortDirection

    @classmethod
    def read(cls, query: QueryFields) -> Page:
        limit = query.integer("limit", UINT64)
        return cls(
            min(DEFAULT_LIMIT if limit is None else limit, MAX_LIMIT),
            query.integer("offset", UINT64) or 0,
            query.word("sortDirection", SortDirection, "SortDirection") or SortDirection.DESC,
        )

    def of(self, oldest_first: Sequence[T]) -> Sequence[T]:
        rows = oldest_first if self.direction is SortDirection.ASC else oldest_first[::-1]
        return rows[self.offset : self.offset + self.limit]


def page_reply(
    call: Call, oldest_first: Sequence[T], render: Callable[[T], object], *, with_headers: bool = True
) -> Reply:
    """The page that the query asks for, with paging headers where the operation has them."""
    page = Page.read(call.query)
    rows = [render(row) for row in page.of(oldest_first)]
    if not with_headers:
        return json_reply(rows, headers={"Cache-Control": "no-cache"})
    return paged_reply(rows, total=len(oldest_first), limit=page.limit, offset=page.offset)


def visible(call: Call, rows: Sequence[T], time_us: Callable[[T], int]) -> Sequence[T]:
    """Rows without those that a lagging history does not show yet (fault `hist_lag`, and now and then a trap)."""
    exchange = call.exchange
    fault = exchange.faults.hit("hist_lag", exchange.now_us)
    lag_us = exchange.traps.lag_us() if fault is None else fault.number("lag_ms", 10_000) * 1000
    if not lag_us:
        return rows
    newest_us = exchange.now_us - lag_us
    return [row for row in rows if time_us(row) <= newest_us]
