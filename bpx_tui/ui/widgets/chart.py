"""Candles with volume, the account's lines, a price axis and a crosshair."""

from __future__ import annotations

from bisect import bisect_right
from decimal import Decimal

from rich.segment import Segment
from textual import events
from textual.message import Message

from bpx_tui.clock import Clock
from bpx_tui.config.keymap import Where
from bpx_tui.model.enums import KlineInterval
from bpx_tui.model.ids import Symbol
from bpx_tui.model.market import Market
from bpx_tui.model.quotes import Candle
from bpx_tui.model.views import AccountView, CandleView
from bpx_tui.service.intents import DeskBus
from bpx_tui.service.topics import ACCOUNT, candles
from bpx_tui.ui.bindings import bindings_for
from bpx_tui.ui.formatting import axis_time, clock_text, duration
from bpx_tui.ui.palette import Palette, Role
from bpx_tui.ui.widgets.chart_geometry import (
    ZOOMS,
    Layout,
    PriceScale,
    Slot,
    axis_width_for,
    default_zoom,
    fit_scale,
    make_layout,
    price_range,
    visible_slots,
)
from bpx_tui.ui.widgets.chart_lines import account_lines
from bpx_tui.ui.widgets.chart_painter import ChartRow, Crosshair, Line, Moment, Picture, Scene, readout
from bpx_tui.ui.widgets.condition import Feed
from bpx_tui.ui.widgets.line_panel import LinePanel
from bpx_tui.ui.widgets.panel_frame import TitlePart
from bpx_tui.ui.widgets.panel_rows import BLANK, Row, note
from bpx_tui.ui.widgets.scales import StickyScale, decimals_in

OFFERED: tuple[KlineInterval, ...] = (
    KlineInterval.M1,
    KlineInterval.M3,
    KlineInterval.M5,
    KlineInterval.M15,
    KlineInterval.H1,
    KlineInterval.H4,
    KlineInterval.D1,
)
"""Timeframes of the title and of the keys, shortest first."""

_ROOM_FOR_TIMEFRAMES = 62
_NEAR_START = 10
_LEAST_AXIS = 8
_TAG = "interval:"


class Chart(LinePanel):
    """Candles of one market and timeframe.

    Scrolled away from the live edge, what is shown stays where it is while new candles come. The crosshair is moved
    with the scroll keys or the mouse while it is on.
    """

    subject = "Chart"
    awaited = "candles"
    frames_per_second = 10.0

    BINDINGS = bindings_for(Where.CHART)

    class IntervalWanted(Message):
        """Another timeframe is wanted."""

        def __init__(self, chart: Chart, interval: KlineInterval) -> None:
            super().__init__()
            self.chart, self.interval = chart, interval

    class OlderCandlesWanted(Message):
        """The left end of what is loaded comes into view. Posted once per size of the series."""

        def __init__(self, chart: Chart, symbol: Symbol, interval: KlineInterval) -> None:
            super().__init__()
            self.chart, self.symbol, self.interval = chart, symbol, interval

    def __init__(
        self,
        bus: DeskBus,
        symbol: Symbol,
        interval: KlineInterval,
        *,
        market: Market | None = None,
        number: int = 2,
        clock: Clock | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(bus, symbol, number=number, market=market, clock=clock, id=id, classes=classes)
        self.interval = interval
        self._zoom: int | None = None
        self.forget()

    def forget(self) -> None:
        self._view: CandleView | None = None
        self._revision = 0
        self._anchor_s: int | None = None
        self._cross: Crosshair | None = None
        self._scale: PriceScale | None = None
        self._axis = _LEAST_AXIS
        self._volume = StickyScale()
        self._asked_at: int | None = None
        self._picture: Picture | None = None
        self._moment: Moment | None = None
        self._made: tuple[Row, ...] = ()
        self._lines_from: object = None
        self._lines: tuple[Line, ...] = ()

    def show_interval(self, interval: KlineInterval) -> None:
        """Show another timeframe of the same market."""
        if interval is not self.interval:
            self.interval = interval
            self.set_market(self.symbol, self._market)

    # ---- what the panel shows

    def look(self) -> Feed | None:
        published = self.bus.latest.get(candles(self.symbol, self.interval))
        if published is None:
            return None
        view = published.value
        self._revision, self._view = published.revision, view
        return Feed(view.state, view.true_at_us, view.reason, bool(view.candles))

    def rows(self, width: int, height: int) -> tuple[Row, ...]:
        view = self._view
        if view is None or not view.candles:
            return ()
        layout, slots = self._arrange(view, width, height)
        if layout.plot_width < 4:
            return (note("too narrow for a chart"),)
        scene = self._scene(layout, slots)
        axis = axis_width_for(scene.scale.low, scene.scale.high, scene.price_decimals)
        if axis > self._axis:  # it takes what the prices in view need, and never shrinks for a market
            self._axis = axis
            return self.rows(width, height)
        picture = self._picture
        if picture is None or not _same_but_newest(picture.scene, scene):
            picture = self._picture = Picture(scene)
            self._moment = None
        moment = self._now(view, slots)
        if moment != self._moment:
            self._moment = moment
            self._made = self._wrap(picture.rows(moment), slots)
        self._ask_for_older(view, slots)
        return self._made

    def _wrap(self, drawn: tuple[ChartRow, ...], slots: tuple[Slot, ...]) -> tuple[Row, ...]:
        """The panel's rows; those of the frame before where the drawing is the same object."""
        before = self._made if len(self._made) == len(drawn) else (BLANK,) * len(drawn)
        rows = [old if old.data is row else Row("chart", row) for old, row in zip(before, drawn, strict=True)]
        if self._cross is not None:
            rows[0] = Row("readout", self._readout(slots))
        return tuple(rows)

    def _arrange(self, view: CandleView, width: int, height: int) -> tuple[Layout, tuple[Slot, ...]]:
        layout = make_layout(width, height, self._axis, self.zoom)
        return layout, visible_slots(view.candles, self._anchor_s, layout.slots)

    def _scene(self, layout: Layout, slots: tuple[Slot, ...]) -> Scene:
        view = self._view
        assert view is not None
        decimals = self._price_decimals(view)
        tick = self.market.tick_size if self.market else Decimal(1).scaleb(-decimals)
        low, high = price_range(slots) or (Decimal(0), tick)
        self._scale = fit_scale(low, high, layout.price_height, tick, self._scale)
        volumes = (slot.volume for slot in slots if isinstance(slot, Candle))
        full = self._volume.adapt(max(volumes, default=Decimal(0)))
        cross = self._cross
        if cross is not None:
            cross = Crosshair(min(cross.slot, len(slots) - 1), cross.row)
        lines = self._account_lines(decimals)
        textured = self.palette.textured_down or not self.glyphs.eighths
        return Scene(layout, self._scale, full, slots, lines, cross, decimals, textured, self.glyphs)

    def _account_lines(self, price_decimals: int) -> tuple[Line, ...]:
        account: AccountView | None = self.bus.latest.value(ACCOUNT)
        made_from = (id(account), self.symbol, price_decimals, id(self.glyphs))
        if made_from != self._lines_from:
            self._lines_from = made_from
            quantity_decimals = self.market.quantity_decimals if self.market else 2
            self._lines = account_lines(account, self.symbol, price_decimals, quantity_decimals, self.glyphs)
        return self._lines

    def _now(self, view: CandleView, slots: tuple[Slot, ...]) -> Moment:
        newest = view.candles[-1]
        countdown = ""
        now_us = self.bus.exchange_now_us(self.clock.monotonic())
        if now_us is not None and not newest.closed:
            countdown = duration(newest.end_s - now_us / 1_000_000)
        priced = next((c for c in reversed(view.candles) if c.close is not None), None)
        last = priced.close if priced is not None else None
        rising = priced is None or priced.open is None or last is None or last >= priced.open
        return Moment(slots[-1] if slots else None, last, rising, countdown)

    def _price_decimals(self, view: CandleView) -> int:
        if self.market is not None:
            return self.market.price_decimals
        return decimals_in(c.close for c in view.candles[-50:] if c.close is not None)

    def _ask_for_older(self, view: CandleView, slots: tuple[Slot, ...]) -> None:
        first = next((slot.start_s for slot in slots if isinstance(slot, Candle)), None)
        if self._anchor_s is None or view.reached_start or first is None or len(view.candles) == self._asked_at:
            return
        near = view.candles[min(_NEAR_START, len(view.candles) - 1)].start_s
        if first <= near:
            self._asked_at = len(view.candles)
            self.post_message(self.OlderCandlesWanted(self, self.symbol, self.interval))

    def _readout(self, slots: tuple[Slot, ...]) -> str:
        assert self._cross is not None
        slot = slots[min(self._cross.slot, len(slots) - 1)]
        if not isinstance(slot, Candle):
            return f"{self.glyphs.gap} no candles from the exchange for this time"
        view = self._view
        assert view is not None
        day = slot.end_s - slot.start_s >= 86_400
        stamp = axis_time(slot.start_s, 86_400) if day else clock_text(slot.start_s * 1_000_000)[:5]
        quantity_decimals = self.market.quantity_decimals if self.market else 2
        return f"{stamp}  {readout(slot, self._price_decimals(view), quantity_decimals)}"

    def draw(self, row: Row, width: int, palette: Palette) -> list[Segment]:
        if row.kind == "readout":
            return [Segment(f" {row.data}"[:width].ljust(width), palette.style(Role.TEXT, Role.SURFACE))]
        data = row.data
        assert isinstance(data, ChartRow)
        return [
            Segment(text, palette.style(ink.role, ink.paper, bold=ink.bold)) for text, ink in (*data.before, *data.tail)
        ]

    def changed_columns(self, before: Row, after: Row, width: int) -> tuple[int, int]:
        old, new = before.data, after.data
        if isinstance(old, ChartRow) and isinstance(new, ChartRow) and old.before is new.before:
            return new.split, width
        return 0, width

    def skeleton(self, y: int, width: int, height: int) -> str:
        return " " + self.glyphs.skeleton * 4 if y % 6 == 3 else ""

    def title_parts(self) -> tuple[TitlePart, ...]:
        parts: list[TitlePart] = []
        offered = OFFERED if self.interval in OFFERED else (self.interval, *OFFERED)
        for interval in offered if self._painted_size.width >= _ROOM_FOR_TIMEFRAMES else (self.interval,):
            chosen = interval is self.interval
            text = f"[{interval}]" if chosen else f" {interval} "
            parts.append(TitlePart(text, Role.TEXT if chosen else Role.MUTED, chosen, _TAG + interval))
        parts.append(TitlePart(" "))
        if self._anchor_s is not None:
            parts.append(TitlePart("history ", Role.WARNING))
        return tuple(parts)

    def hints(self) -> str:
        return "z zoom  [ ] tf  0 live  v cross" if self._painted_size.width >= _ROOM_FOR_TIMEFRAMES + 30 else "z"

    def empty_text(self) -> str:
        return f"no {self.interval} candles yet"

    @property
    def zoom(self) -> int:
        """Index into `ZOOMS`; by the panel's width until the user chose."""
        return default_zoom(self.body_size.width) if self._zoom is None else self._zoom

    # ---- what the user does

    def action_older(self) -> None:
        self._step(-1)

    def action_newer(self) -> None:
        self._step(1)

    def action_page_older(self) -> None:
        self._scroll(-self._page())

    def action_page_newer(self) -> None:
        self._scroll(self._page())

    def action_live(self) -> None:
        """Back to the newest candle."""
        self._anchor_s = None
        self.paint()

    def action_zoom_in(self) -> None:
        self._set_zoom(self.zoom + 1)

    def action_zoom_out(self) -> None:
        self._set_zoom(self.zoom - 1)

    def action_autoscale(self) -> None:
        """Fit the price axis to exactly what is visible."""
        self._scale = None
        self.paint()

    def action_crosshair(self) -> None:
        """Crosshair on (at the newest candle in view) or off."""
        slots = self._picture.scene.slots if self._picture is not None else ()
        self._cross = None if self._cross is not None or not slots else Crosshair(len(slots) - 1, None)
        self.paint()

    def action_prev_interval(self) -> None:
        self._ask_for_interval(-1)

    def action_next_interval(self) -> None:
        self._ask_for_interval(1)

    def _ask_for_interval(self, step: int) -> None:
        every = list(KlineInterval)
        at = every.index(self.interval)
        wanted = [i for i in OFFERED if (every.index(i) - at) * step > 0]
        if wanted:
            self.post_message(self.IntervalWanted(self, wanted[0] if step > 0 else wanted[-1]))

    def _set_zoom(self, zoom: int) -> None:
        self._zoom = max(0, min(len(ZOOMS) - 1, zoom))
        self.paint()

    def _page(self) -> int:
        return max(1, self._picture.scene.layout.slots * 3 // 4) if self._picture is not None else 1

    def _step(self, step: int) -> None:
        """The crosshair one slot on while it is on and has room, else the chart."""
        cross, picture = self._cross, self._picture
        if cross is not None and picture is not None and 0 <= cross.slot + step < len(picture.scene.slots):
            self._cross = Crosshair(cross.slot + step, cross.row)
            self.paint()
        else:
            self._scroll(step)

    def _scroll(self, candles_on: int) -> None:
        view = self._view
        if view is None or not view.candles:
            return
        series = view.candles
        at = len(series) - 1
        if self._anchor_s is not None:
            at = bisect_right(series, self._anchor_s, key=lambda candle: candle.start_s) - 1
        least = min(len(series) - 1, self._picture.scene.layout.slots // 2) if self._picture is not None else 0
        at = max(least, at + candles_on)
        self._anchor_s = None if at >= len(series) - 1 else series[at].start_s
        self.paint()

    def on_click(self, event: events.Click) -> None:
        tag = self.tag_at(int(event.x), int(event.y))
        if tag.startswith(_TAG):
            self.post_message(self.IntervalWanted(self, KlineInterval(tag.removeprefix(_TAG))))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        picture = self._picture
        if self._cross is None or picture is None or not picture.scene.slots:
            return
        layout, count = picture.scene.layout, len(picture.scene.slots)
        x, y = int(event.x) - 1, int(event.y) - 1
        if 0 <= x < layout.plot_width and 0 <= y < layout.price_height:
            self._cross = Crosshair(layout.slot_at(x, count), y)
            self.paint()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self._scroll(-3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self._scroll(3)


def _same_but_newest(old: Scene, new: Scene) -> bool:
    """Whether the pictures differ in nothing but the newest slot."""
    return (
        old.layout == new.layout
        and old.scale is new.scale
        and old.volume_full == new.volume_full
        and len(old.slots) == len(new.slots)
        and old.slots[:-1] == new.slots[:-1]
        and _start(old.slots) == _start(new.slots)
        and old.lines == new.lines
        and old.crosshair == new.crosshair
        and (old.price_decimals, old.textured, old.glyphs) == (new.price_decimals, new.textured, new.glyphs)
    )


def _start(slots: tuple[Slot, ...]) -> int | None:
    newest = slots[-1] if slots else None
    return newest.start_s if isinstance(newest, Candle) else None
