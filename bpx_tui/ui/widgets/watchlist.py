"""All markets of the catalog with last price and change, those looked at lately first."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from textual import events
from textual.message import Message

from bpx_tui.config.keymap import Where
from bpx_tui.model.ids import Symbol
from bpx_tui.model.views import FeedState, MarketRow
from bpx_tui.service import topics
from bpx_tui.ui.bindings import bindings_for
from bpx_tui.ui.desk import Desk
from bpx_tui.ui.formatting import compact, fit_price, market_name, percent
from bpx_tui.ui.lines import Line, Run, fitted
from bpx_tui.ui.palette import Role
from bpx_tui.ui.widgets.condition import Feed
from bpx_tui.ui.widgets.desk_panel import DeskPanel, text_row
from bpx_tui.ui.widgets.line_panel import Row
from bpx_tui.ui.widgets.panel_frame import TitlePart


class Watchlist(DeskPanel):
    """Markets by 24 h volume; enter or a click shows one."""

    BINDINGS = bindings_for(Where.WATCHLIST)
    subject = "Markets"
    awaited = "the markets"
    of_market = False
    frames_per_second = 2

    class MarketWanted(Message):
        def __init__(self, symbol: Symbol) -> None:
            super().__init__()
            self.symbol = symbol

    def __init__(self, desk: Desk, *, id: str = "watchlist") -> None:
        super().__init__(desk, number=1, id=id)
        self.cursor = 0
        self._first = 0

    def markets(self) -> tuple[MarketRow, ...]:
        catalog = self.desk.catalog
        rows = [row for row in catalog.rows if row.market.visible] if catalog else []
        return tuple(sorted(rows, key=lambda row: (-_volume(row), row.market.symbol)))

    def look(self) -> Feed | None:
        catalog = self.desk.catalog
        return None if catalog is None else Feed(FeedState.LIVE, None, "", bool(catalog.rows))

    def title_parts(self) -> tuple[TitlePart, ...]:
        catalog = self.desk.catalog
        return () if catalog is None else (TitlePart(f"{len(catalog.rows)} "),)

    def hints(self) -> str:
        return "/ find"

    def rows(self, width: int, height: int) -> Sequence[Row]:
        markets = self.markets()
        self.cursor = max(0, min(self.cursor, len(markets) - 1))
        self._first = max(min(self._first, self.cursor), self.cursor - height + 1, 0)
        shown = []
        for index in range(self._first, min(len(markets), self._first + height)):
            row = markets[index]
            here = self.has_focus and index == self.cursor
            line = market_row_line(row, self.desk, width, current=row.market.symbol == self.desk.symbol)
            shown.append(text_row(line, Role.CURSOR_ROW if here else None))
        return shown

    def action_cursor_move(self, rows: int) -> None:
        self.cursor = max(0, min(self.cursor + rows, len(self.markets()) - 1))
        self.paint()

    def action_pick(self) -> None:
        markets = self.markets()
        if self.cursor < len(markets):
            self.post_message(self.MarketWanted(markets[self.cursor].market.symbol))

    def on_click(self, event: events.Click) -> None:
        index = self._first + event.y - 1
        if event.y >= 1 and index < len(self.markets()):
            self.cursor = index
            self.action_pick()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_cursor_move(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_cursor_move(-3)


_CHANGE_CELLS = 9


def market_row_line(row: MarketRow, desk: Desk, width: int, *, current: bool) -> Line:
    """`▸SOL-PERP      187.42  +2.31%  $412M`, with the streamed ticker where there is one.

    A long name takes what its price leaves.
    """
    market = row.market
    facts = desk.bus.latest.value(topics.facts(market.symbol))
    ticker = facts.ticker if facts is not None and facts.ticker is not None else row.ticker
    name = market_name(market.symbol)
    price = "—" if ticker is None else fit_price(ticker.last, market.price_decimals, 10)
    change = ticker.change_fraction if ticker else None
    ink = Role.MUTED if change is None or not change else Role.UP if change > 0 else Role.DOWN
    volume = f"{compact(ticker.quote_volume, '$'):>7}" if ticker and width >= 40 else ""
    moved = f" {'—' if change is None else percent(change)}".rjust(_CHANGE_CELLS)
    room = max(5, width - 1 - len(moved) - len(volume))
    return (
        Run("▸" if current else " ", Role.ACCENT, bold=True),
        Run(fitted(name, max(4, room - len(price) - 1)), Role.TEXT, bold=current),
        Run(f" {price}"),
        Run(moved, ink),
        Run(volume, Role.MUTED),
    )


def _volume(row: MarketRow) -> Decimal:
    return row.ticker.quote_volume if row.ticker else Decimal(0)
