"""The order book: asks above, bids below, the spread line between them, best prices next to it."""

from __future__ import annotations

from decimal import Decimal

from rich.segment import Segment
from textual import events
from textual.message import Message

from bpx_tui.clock import Clock
from bpx_tui.config.keymap import Where
from bpx_tui.model.enums import Side
from bpx_tui.model.ids import Symbol
from bpx_tui.model.market import Market
from bpx_tui.model.quotes import Trade
from bpx_tui.model.views import BookLevel, BookView
from bpx_tui.service.intents import DeskBus
from bpx_tui.service.topics import book, facts, tape
from bpx_tui.ui.bindings import bindings_for
from bpx_tui.ui.formatting import age_text, fixed
from bpx_tui.ui.palette import Palette, Role
from bpx_tui.ui.widgets.condition import Feed
from bpx_tui.ui.widgets.ladder_layout import (
    Columns,
    LevelRow,
    SpreadRow,
    bar_cells,
    draw_level,
    draw_spread,
    full_bar,
    plan_columns,
)
from bpx_tui.ui.widgets.line_panel import LinePanel
from bpx_tui.ui.widgets.panel_frame import TitlePart
from bpx_tui.ui.widgets.panel_rows import BLANK, Row, ribbon
from bpx_tui.ui.widgets.scales import StickyScale, decimals_in

_FRESH_FRAMES = 4
_MOST_KEPT = 500
_GROUP_STEPS = tuple(Decimal(base).scaleb(power) for power in range(5) for base in (1, 2, 5))


class Ladder(LinePanel):
    """Order book of one market. A cursor exists only once the user moved it, and stays at its price."""

    subject = "Ladder"
    short_subject = "Book"
    awaited = "the book"
    budget_seconds = 3.0

    BINDINGS = bindings_for(Where.LADDER)

    class GroupingWanted(Message):
        """Another price bucket is wanted; `None` is the tick size."""

        def __init__(self, ladder: Ladder, symbol: Symbol, grouping: Decimal | None) -> None:
            super().__init__()
            self.ladder, self.symbol, self.grouping = ladder, symbol, grouping

    class LevelPicked(Message):
        """A price was clicked or chosen; `side` is the side that rests there."""

        def __init__(self, ladder: Ladder, symbol: Symbol, price: Decimal, side: Side) -> None:
            super().__init__()
            self.ladder, self.symbol, self.price, self.side = ladder, symbol, price, side

    def __init__(
        self,
        bus: DeskBus,
        symbol: Symbol,
        *,
        market: Market | None = None,
        number: int = 3,
        clock: Clock | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(bus, symbol, number=number, market=market, clock=clock, id=id, classes=classes)
        self.forget()

    def forget(self) -> None:
        self._view: BookView | None = None
        self._revision = 0
        self._frozen_at: float | None = None
        self._cursor: Decimal | None = None
        self._scroll = 0
        self._frame_number = 0
        self._seen: dict[Decimal, Decimal] = {}
        self._fresh_until: dict[Decimal, int] = {}
        self._price_width = 6
        self._scale = StickyScale()
        self._last: Decimal | None = None
        self._direction = 0
        self._kept: dict[Decimal, tuple[LevelRow, Row]] = {}
        self._measures = (Decimal(0), plan_columns(30, 6, 2, 2))
        self._made_from: object = None
        self._made: tuple[Row, ...] = ()

    @property
    def cursor_price(self) -> Decimal | None:
        """The price under the cursor; `None` unless the user moved it there and the market is still around it."""
        shown = [row.data.level.price for row in self._rows if isinstance(row.data, LevelRow)]
        in_sight = self._cursor is not None and bool(shown) and min(shown) <= self._cursor <= max(shown)
        return self._cursor if in_sight else None

    @property
    def is_frozen(self) -> bool:
        return self._frozen_at is not None

    # ---- what the panel shows

    def look(self) -> Feed | None:
        self._frame_number += 1
        published = self.bus.latest.get(book(self.symbol))
        if published is None:
            return None
        view = published.value
        if not self.is_frozen and published.revision != self._revision:
            self._revision, self._view = published.revision, view
            self._note_changes(view)
        self._note_last()
        if view.waited_since is not None:
            self._waiting_since = view.waited_since
        return Feed(view.state, view.true_at_us, view.reason, bool(view.bids or view.asks))

    def _note_changes(self, view: BookView) -> None:
        """Remember which quantities differ from the view before, for the highlight."""
        height = self._painted_size.height
        shown = {level.price: level.quantity for level in (*view.bids[:height], *view.asks[:height])}
        if self._seen:
            until = self._frame_number + _FRESH_FRAMES
            before = self._seen
            for price, quantity in shown.items():
                if before.get(price) != quantity:
                    self._fresh_until[price] = until
        self._seen = shown

    def _note_last(self) -> None:
        trade = self._last_trade()
        price = trade.price if trade is not None else None
        if price is not None and price != self._last:
            if self._last is not None:
                self._direction = 1 if price > self._last else -1
            elif trade is not None:
                self._direction = 1 if trade.aggressor is Side.BID else -1
            self._last = price

    def _last_trade(self) -> Trade | None:
        known = self.bus.latest.value(facts(self.symbol))
        if known is not None and known.last_trade is not None:
            return known.last_trade
        seen = self.bus.latest.value(tape(self.symbol))
        return next((entry for entry in seen.entries if isinstance(entry, Trade)), None) if seen is not None else None

    def rows(self, width: int, height: int) -> tuple[Row, ...]:
        view = self._view
        if view is None:
            return ()
        fresh = self._still_fresh()
        made_from = (
            self._revision, width, height, fresh, self._cursor, self._scroll, self._last, self._direction,
            self.is_frozen, round(self._frozen_for(), 1), self.market,
        )  # fmt: skip
        if made_from != self._made_from:
            self._made_from = made_from
            self._made = self._make_rows(view, width, height, fresh)
        return self._made

    def _still_fresh(self) -> frozenset[Decimal]:
        if self._fresh_until:
            now = self._frame_number
            self._fresh_until = {price: until for price, until in self._fresh_until.items() if until > now}
        return frozenset(self._fresh_until)

    def _make_rows(self, view: BookView, width: int, height: int, fresh: frozenset[Decimal]) -> tuple[Row, ...]:
        asks, bids = view.asks, view.bids
        middle = (height - 1) // 2
        first = len(asks) - middle - self._scroll
        span = range(first, first + height)
        visible_asks = [asks[len(asks) - 1 - i] for i in span if 0 <= i < len(asks)]
        visible_bids = [bids[i - len(asks) - 1] for i in span if 0 <= i - len(asks) - 1 < len(bids)]
        columns = self._columns(width, visible_asks + visible_bids)
        full = self._scale.adapt(full_bar([level.quantity for level in (*visible_asks, *visible_bids)]))
        if (full, columns) != self._measures or len(self._kept) > _MOST_KEPT:
            self._measures, self._kept = (full, columns), {}
        rows = [BLANK] * max(0, -first)
        rows += [self._level_row(Side.ASK, level, fresh=level.price in fresh) for level in visible_asks]
        if len(asks) in span:
            rows.append(Row("spread", self._spread_row(view, columns)))
        rows += [self._level_row(Side.BID, level, fresh=level.price in fresh) for level in visible_bids]
        rows += [BLANK] * (height - len(rows))
        if self.is_frozen:
            frozen_for = self._frozen_for()
            late = frozen_for > self.budget_seconds
            rows = [row._replace(dimmed=late) for row in rows]
            rows[0] = ribbon(f"FROZEN {age_text(frozen_for)}  space resumes")
        return tuple(rows)

    def _columns(self, width: int, levels: list[BookLevel]) -> Columns:
        market = self.market
        price_decimals = market.price_decimals if market else decimals_in(level.price for level in levels)
        quantity_decimals = market.quantity_decimals if market else decimals_in(level.quantity for level in levels)
        if levels:
            ends = (levels[0].price, levels[-1].price, *((self._last,) if self._last is not None else ()))
            self._price_width = max(self._price_width, *(len(fixed(price, price_decimals)) for price in ends))
        return plan_columns(width, self._price_width, price_decimals, quantity_decimals)

    def _level_row(self, side: Side, level: BookLevel, *, fresh: bool) -> Row:
        """The row of a level; the very row of the frame before where nothing in it differs."""
        price = level.price
        cursor = price == self._cursor
        kept = self._kept.get(price)
        if kept is not None:
            before = kept[0]
            if before.level == level and before.fresh is fresh and before.cursor is cursor and before.side is side:
                return kept[1]
        full, columns = self._measures
        data = LevelRow(side, level, bar_cells(level.quantity, full, columns.bar), fresh, cursor, columns)
        row = Row("level", data)
        self._kept[price] = (data, row)
        return row

    def _spread_row(self, view: BookView, columns: Columns) -> SpreadRow:
        bid, ask = view.best_bid, view.best_ask
        both = bid is not None and ask is not None
        spread = ask - bid if both and ask is not None and bid is not None else None
        mid = (ask + bid) / 2 if both and ask is not None and bid is not None else None
        tick = self.market.tick_size if self.market else None
        return SpreadRow(self._last, self._direction, spread, tick, mid, columns)

    def draw(self, row: Row, width: int, palette: Palette) -> list[Segment]:
        data = row.data
        if isinstance(data, LevelRow):
            return draw_level(data, width, palette, self.glyphs)
        assert isinstance(data, SpreadRow)
        return draw_spread(data, width, palette, self.glyphs)

    def skeleton(self, y: int, width: int, height: int) -> str:
        mark = self.glyphs.skeleton
        columns = plan_columns(width, 6, 2, 2)
        gap = " " * columns.gap
        return gap.join((" " * columns.margin + mark * 6, (mark * 4).rjust(columns.quantity), (mark * 4).rjust(8)))

    def title_parts(self) -> tuple[TitlePart, ...]:
        view = self._view
        grouping = view.grouping if view is not None else None
        parts: list[TitlePart] = []
        if grouping is not None:
            word = "grp " if self._painted_size.width >= 36 else ""
            market = self.market
            coarse = market is not None and grouping != market.tick_size
            parts.append(TitlePart(f"{word}{grouping:f} ", Role.ACCENT if coarse else Role.MUTED))
        if self._cursor is not None:
            parts.append(TitlePart(f"@{self._cursor:,f} ", Role.TEXT))
        return tuple(parts)

    def hints(self) -> str:
        return "+/- m" if self._painted_size.width >= 36 else "+/-"

    def empty_text(self) -> str:
        return "the book is empty"

    # ---- what the user does

    def action_cursor_move(self, steps: int) -> None:
        """Move the cursor down (towards lower prices) by levels; the first move starts at the touch."""
        prices = [price for price, _ in self._levels()]
        if not prices:
            return
        if self._cursor is None:
            asks = len(self._view.asks) if self._view else 0
            at = min(len(prices) - 1, asks) if steps > 0 else max(0, asks - 1)
        else:
            at = self._nearest(prices) + steps
        self._put_cursor(prices, at)

    def action_top(self) -> None:
        """The cursor to the highest price known."""
        self._put_cursor([price for price, _ in self._levels()], 0)

    def action_bottom(self) -> None:
        """The cursor to the lowest price known."""
        prices = [price for price, _ in self._levels()]
        self._put_cursor(prices, len(prices) - 1)

    def action_mid(self) -> None:
        """Back to the spread; the cursor is gone, so that it is never mistaken for a chosen price."""
        self._scroll = 0
        self.drop_cursor()

    def drop_cursor(self) -> None:
        """What was chosen has been used."""
        self._cursor = None
        self.paint()

    def action_freeze(self) -> None:
        """Hold the picture, or let it go on."""
        self._frozen_at = None if self.is_frozen else self.clock.monotonic()
        self.paint()

    def action_coarser(self) -> None:
        self._ask_for_grouping(1)

    def action_finer(self) -> None:
        self._ask_for_grouping(-1)

    def _ask_for_grouping(self, direction: int) -> None:
        market, view = self.market, self._view
        if market is None or view is None:
            return
        steps = [market.tick_size * step for step in _GROUP_STEPS]
        now = view.grouping or market.tick_size
        at = min(range(len(steps)), key=lambda i: abs(steps[i] - now))
        wanted = steps[max(0, min(len(steps) - 1, at + direction))]
        if wanted != now:
            grouping = None if wanted == market.tick_size else wanted
            self.post_message(self.GroupingWanted(self, self.symbol, grouping))

    def action_pick(self) -> None:
        """Hand the cursor's price over."""
        side = next((side for price, side in self._levels() if price == self._cursor), None)
        if self._cursor is not None and side is not None:
            self.post_message(self.LevelPicked(self, self.symbol, self._cursor, side))

    def on_click(self, event: events.Click) -> None:
        y = int(event.y) - 1
        if not 0 <= y < len(self._rows):
            return
        data = self._rows[y].data
        if isinstance(data, LevelRow):
            self.post_message(self.LevelPicked(self, self.symbol, data.level.price, data.side))
            self.drop_cursor()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._scroll_by(-3, event)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._scroll_by(3, event)

    def _scroll_by(self, rows: int, event: events.MouseEvent) -> None:
        event.stop()
        view = self._view
        if view is not None:
            self._scroll = max(-len(view.bids), min(len(view.asks), self._scroll + rows))
            self.paint()

    def _levels(self) -> list[tuple[Decimal, Side]]:
        """All prices of the view, highest first, with the side that rests there."""
        view = self._view
        if view is None:
            return []
        asks = [(level.price, Side.ASK) for level in reversed(view.asks)]
        return asks + [(level.price, Side.BID) for level in view.bids]

    def _nearest(self, prices: list[Decimal]) -> int:
        cursor = self._cursor if self._cursor is not None else prices[0]
        return min(range(len(prices)), key=lambda i: abs(prices[i] - cursor))

    def _put_cursor(self, prices: list[Decimal], at: int) -> None:
        if not prices:
            return
        at = max(0, min(len(prices) - 1, at))
        self._cursor = prices[at]
        asks = len(self._view.asks) if self._view else 0
        line = at if at < asks else at + 1
        height = self.body_size.height
        middle = (height - 1) // 2
        y = line - (asks - middle - self._scroll)
        if y < 0:
            self._scroll -= y
        elif y >= height:
            self._scroll -= y - height + 1
        self.paint()

    def _frozen_for(self) -> float:
        return self.clock.monotonic() - self._frozen_at if self._frozen_at is not None else 0.0
