"""The trade tape: public trades, newest on top, with what was not seen shown as a gap."""

from __future__ import annotations

from decimal import Decimal

from rich.segment import Segment
from textual import events

from bpx_tui.clock import Clock
from bpx_tui.config.keymap import Where
from bpx_tui.model.ids import Symbol
from bpx_tui.model.market import Market
from bpx_tui.model.quotes import Trade
from bpx_tui.model.views import TapeGap, TapeView
from bpx_tui.service.intents import DeskBus
from bpx_tui.service.topics import tape
from bpx_tui.ui.bindings import bindings_for
from bpx_tui.ui.formatting import compact, fixed
from bpx_tui.ui.palette import Palette, Role
from bpx_tui.ui.widgets.condition import Feed
from bpx_tui.ui.widgets.line_panel import LinePanel
from bpx_tui.ui.widgets.panel_frame import TitlePart
from bpx_tui.ui.widgets.panel_rows import BLANK, Row, note
from bpx_tui.ui.widgets.scales import StickyScale, decimals_in
from bpx_tui.ui.widgets.tape_layout import Columns, PrintRow, draw_print, plan_columns

_FILTERS = (Decimal(0), Decimal(1_000), Decimal(10_000), Decimal(100_000))
_BIG_FACTOR = 8
_BIG_SAMPLE = 200
_BIG_LEAST_SAMPLE = 20
_METER_CELLS = 5

Entry = Trade | TapeGap


class Tape(LinePanel):
    """Public trades of one market.

    A print is marked big from about eight times the median quantity of the last 200 (rounded, and held still).
    The filter hides trades below a notional, in quote; gaps are always shown.
    """

    subject = "Tape"
    awaited = "trades"

    BINDINGS = bindings_for(Where.TAPE)

    def __init__(
        self,
        bus: DeskBus,
        symbol: Symbol,
        *,
        market: Market | None = None,
        number: int = 4,
        clock: Clock | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(bus, symbol, number=number, market=market, clock=clock, id=id, classes=classes)
        self._filter = 0
        self.forget()

    def forget(self) -> None:
        self._view: TapeView | None = None
        self._revision = 0
        self._entries: tuple[Entry, ...] = ()
        self._anchor: Entry | None = None
        self._price_width = 6
        self._big = StickyScale()
        self._big_from = Decimal(0)
        self._made_from: object = None
        self._made: tuple[Row, ...] = ()

    def look(self) -> Feed | None:
        published = self.bus.latest.get(tape(self.symbol))
        if published is None:
            return None
        view = published.value
        if published.revision != self._revision:
            self._revision, self._view = published.revision, view
            self._take(view)
        return Feed(view.state, view.true_at_us, view.reason, bool(view.entries))

    def _take(self, view: TapeView) -> None:
        sample = sorted(entry.quantity for entry in view.entries[:_BIG_SAMPLE] if isinstance(entry, Trade))
        if len(sample) >= _BIG_LEAST_SAMPLE:
            self._big_from = self._big.adapt(sample[len(sample) // 2] * _BIG_FACTOR)
        least = _FILTERS[self._filter]
        self._entries = tuple(
            entry
            for entry in view.entries
            if isinstance(entry, TapeGap) or not least or entry.price * entry.quantity >= least
        )

    def rows(self, width: int, height: int) -> tuple[Row, ...]:
        made_from = (self._revision, width, height, self._filter, self._anchor, self.market, self._price_width)
        if made_from != self._made_from:
            self._made_from = made_from
            self._made = self._make_rows(width, height)
        return self._made

    def _make_rows(self, width: int, height: int) -> tuple[Row, ...]:
        start = self._start()
        shown = self._entries[start : start + height]
        if not shown:
            return (*[BLANK] * (height // 2), note(f"no trade from {compact(_FILTERS[self._filter])}; f shows more"))
        columns = self._columns(width, [entry for entry in shown if isinstance(entry, Trade)])
        return tuple(self._row(entry, columns) for entry in shown)

    def _start(self) -> int:
        """Index of the first entry shown: the newest, or where the user scrolled to."""
        if self._anchor is not None and self._anchor in self._entries:
            return self._entries.index(self._anchor)
        self._anchor = None
        return 0

    def _columns(self, width: int, trades: list[Trade]) -> Columns:
        market = self.market
        price_decimals = market.price_decimals if market else decimals_in(trade.price for trade in trades)
        quantity_decimals = market.quantity_decimals if market else decimals_in(trade.quantity for trade in trades)
        longest = max((fixed(trade.price, price_decimals) for trade in trades), key=len, default="")
        self._price_width = max(self._price_width, len(longest))
        return plan_columns(width, self._price_width, longest.count(","), price_decimals, quantity_decimals)

    def _row(self, entry: Entry, columns: Columns) -> Row:
        if isinstance(entry, TapeGap):
            mark = self.glyphs.gap
            seconds = Decimal(max(0, entry.to_us - entry.from_us)).scaleb(-6)
            return note(f"{mark} {fixed(seconds, 1)} s gap {mark}", Role.WARNING)
        big = bool(self._big_from) and entry.quantity >= self._big_from
        return Row("print", PrintRow(entry.time_us, entry.aggressor, entry.price, entry.quantity, big, columns))

    def draw(self, row: Row, width: int, palette: Palette) -> list[Segment]:
        assert isinstance(row.data, PrintRow)
        return draw_print(row.data, width, palette, self.glyphs)

    def skeleton(self, y: int, width: int, height: int) -> str:
        mark = self.glyphs.skeleton
        return f"{mark * 2}:{mark * 2} {mark * 6}  {mark * 4}"

    def title_parts(self) -> tuple[TitlePart, ...]:
        parts: list[TitlePart] = []
        if self._filter:
            parts.append(TitlePart(f"≥{compact(_FILTERS[self._filter])} ", Role.ACCENT))
        if self._anchor is not None:
            parts.append(TitlePart("older ", Role.WARNING))
        return tuple(parts)

    def footer_parts(self) -> tuple[TitlePart, ...]:
        """The bought share of what is in the tape."""
        share = self._view.bid_share if self._view is not None else None
        if share is None:
            return ()
        cells = max(_METER_CELLS, min(2 * _METER_CELLS, self._painted_size.width - 16))
        full = max(0, min(cells, round(share * cells)))
        return (
            TitlePart(f" B {fixed(share * 100, 0)}% ", Role.MUTED),
            TitlePart(self.glyphs.meter_full * full, Role.UP),
            TitlePart(self.glyphs.meter_empty * (cells - full) + " ", Role.DOWN_BAR),
        )

    def hints(self) -> str:
        return "f" if self._painted_size.width >= _ROOM_FOR_HINTS else ""

    def empty_text(self) -> str:
        return "no trades yet"

    # ---- what the user does

    def action_filter(self) -> None:
        """The next smallest notional, in quote: all, 1k, 10k, 100k."""
        self._filter = (self._filter + 1) % len(_FILTERS)
        self._anchor = None
        if self._view is not None:
            self._take(self._view)
        self.paint()

    def action_down(self) -> None:
        self._move(1)

    def action_up(self) -> None:
        self._move(-1)

    def _move(self, rows: int) -> None:
        """Scroll; away from the newest, what is shown stays where it is."""
        at = max(0, min(len(self._entries) - 1, self._start() + rows))
        self._anchor = self._entries[at] if at > 0 else None
        self.paint()

    def action_top(self) -> None:
        self._anchor = None
        self.paint()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self._move(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self._move(-3)


_ROOM_FOR_HINTS = 34
