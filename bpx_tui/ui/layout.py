"""Which panel lies where, for every size of the screen. Pure: a size and a few choices in, regions out.

Three sizes are laid out on purpose (200x60, 120x35, 80x24); sizes between them give the chart what is left over. When
space shrinks the market's rules go first, then the events, the watchlist, the trades, rows of the chart; never the
mode, the feed's age, the positions or the ticket. Below 80x24 one compact panel remains.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual.geometry import Region

SMALLEST_WIDTH, SMALLEST_HEIGHT = 80, 24
_MEDIUM_WIDTH, WIDE_WIDTH = 112, 172
_MEDIUM_HEIGHT = 30
_TICKET_ROWS = 7

MARKET_PANELS = ("watchlist", "chart", "ladder", "tape", "facts", "events")
"""Panels of the upper part; the chart's place can be lent to any of them."""


@dataclass(frozen=True, slots=True)
class Arrangement:
    """What the user chose: which panel has the chart's place, which one fills the screen, and the ticket."""

    main: str = "chart"
    zoomed: str | None = None
    ticket_open: bool = False


def is_compact(width: int, height: int) -> bool:
    return width < SMALLEST_WIDTH or height < SMALLEST_HEIGHT


def ticket_has_own_place(width: int, height: int) -> bool:
    """Whether ticket and tables stand side by side; otherwise the open ticket replaces the tables."""
    return width >= _MEDIUM_WIDTH and height >= _MEDIUM_HEIGHT


def plan(width: int, height: int, chosen: Arrangement) -> dict[str, Region]:
    """Regions by panel name; a panel that is not in it is not shown."""
    if width <= 0 or height <= 0:
        return {}
    if is_compact(width, height):
        return _compact(width, height, chosen)
    frame = {
        "header": Region(0, 0, width, 2),
        "event": Region(0, height - 2, width, 1),
        "footer": Region(0, height - 1, width, 1),
    }
    body = Region(0, 2, width, height - 4)
    if chosen.zoomed is not None:
        return frame | {chosen.zoomed: body}
    bottom = _bottom_rows(height)
    upper = Region(0, 2, width, body.height - bottom)
    lower = Region(0, upper.bottom, width, bottom)
    return frame | _upper(upper, chosen, height) | _lower(lower, chosen, height)


def _compact(width: int, height: int, chosen: Arrangement) -> dict[str, Region]:
    header = 2 if height >= 8 else 1
    event = 1 if height >= 5 else 0
    footer = 1 if height >= 7 else 0
    regions = {"header": Region(0, 0, width, header)}
    body = Region(0, header, width, height - header - event - footer)
    ticket = min(body.height, _TICKET_ROWS) if chosen.ticket_open else 0
    if body.height > ticket:
        regions["compact"] = Region(0, header, width, body.height - ticket)
    if ticket > 0:
        regions["ticket"] = Region(0, body.bottom - ticket, width, ticket)
    if event:
        regions["event"] = Region(0, height - footer - 1, width, 1)
    if footer:
        regions["footer"] = Region(0, height - 1, width, 1)
    return regions


def _bottom_rows(height: int) -> int:
    """Rows of positions and ticket: 7 at 24, 10 at 35, 16 at 60."""
    if height < _MEDIUM_HEIGHT:
        return 7
    return min(10 + max(0, height - 35) * 6 // 25, 20)


def _upper(area: Region, chosen: Arrangement, height: int) -> dict[str, Region]:
    wide = area.width >= WIDE_WIDTH
    left = 34 if wide and height >= _MEDIUM_HEIGHT else 0
    tape = 26 if wide else 22 if area.width >= _MEDIUM_WIDTH else 0
    ladder = 40 if wide else 32 if area.width >= _MEDIUM_WIDTH else 30
    chart = area.width - left - ladder - tape
    regions = _left_column(Region(area.x, area.y, left, area.height)) if left else {}
    regions["ladder"] = Region(left + chart, area.y, ladder, area.height)
    if tape:
        regions["tape"] = Region(left + chart + ladder, area.y, tape, area.height)
    main = chosen.main if chosen.main not in regions else "chart"
    return regions | {main: Region(left, area.y, chart, area.height)}


def _left_column(column: Region) -> dict[str, Region]:
    facts = 13 if column.height >= 36 else 0
    events = 9 if column.height >= 24 else 0
    watch = column.height - facts - events
    regions = {"watchlist": Region(column.x, column.y, column.width, watch)}
    if facts:
        regions["facts"] = Region(column.x, column.y + watch, column.width, facts)
    if events:
        regions["events"] = Region(column.x, column.y + watch + facts, column.width, events)
    return regions


def _lower(area: Region, chosen: Arrangement, height: int) -> dict[str, Region]:
    if not ticket_has_own_place(area.width, height):
        return {"ticket" if chosen.ticket_open else "tables": area}
    ticket = 66 if area.width >= WIDE_WIDTH else 48
    return {
        "tables": Region(area.x, area.y, area.width - ticket, area.height),
        "ticket": Region(area.right - ticket, area.y, ticket, area.height),
    }
