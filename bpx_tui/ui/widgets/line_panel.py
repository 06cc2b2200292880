"""A panel that draws itself line by line: border, title with age, ribbons, skeleton, and only the rows that changed.

A subclass says what it knows (`look`), what each row holds (`rows`) and how a row is drawn (`draw`). Rows are values:
two that compare equal are drawn the same, so a frame repaints the difference and nothing else. Strips are handed to the
compositor whole, past Textual's per-line style cache, because everything that cache would add is already in them.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from textwrap import wrap
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.filter import ANSIToTruecolor
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from bpx_tui.clock import Clock, SystemClock
from bpx_tui.model.ids import Symbol
from bpx_tui.model.market import Market
from bpx_tui.service.intents import DeskBus
from bpx_tui.service.topics import CATALOG, HEALTH, facts
from bpx_tui.ui.direct_paint import paint_directly
from bpx_tui.ui.formatting import age_text, market_name
from bpx_tui.ui.glyphs import UNICODE, Glyphs, glyphs_for
from bpx_tui.ui.palette import Palette, Role
from bpx_tui.ui.unlisted import why_unlisted
from bpx_tui.ui.widgets.condition import LATE_SECONDS, Condition, Feed, Trust, judge
from bpx_tui.ui.widgets.panel_frame import Title, TitlePart, TitleSpan, bottom_segments, title_segments
from bpx_tui.ui.widgets.panel_rows import BLANK, Row, common_row_segments, middled, note, ribbon

__all__ = ["LinePanel", "Row"]

log = logging.getLogger(__name__)


_SMALLEST = Size(16, 3)


class LinePanel(Widget, can_focus=True):
    """Base of the market panels. Times in seconds; `budget_seconds` is the age at which data stops being trusted."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "LinePanel { height: 1fr; width: 1fr; }"

    subject: ClassVar[str] = ""
    short_subject: ClassVar[str] = ""
    awaited: ClassVar[str] = "data"
    of_market: ClassVar[bool] = True
    age_word: ClassVar[str] = ""
    has_age: bool = True
    frames_per_second: ClassVar[float] = 20
    budget_seconds: ClassVar[float] = 20.0
    late_seconds: ClassVar[float] = LATE_SECONDS

    def __init__(
        self,
        bus: DeskBus,
        symbol: Symbol,
        *,
        number: int,
        market: Market | None = None,
        clock: Clock | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.bus = bus
        self.symbol = symbol
        self.number = number
        self.clock = clock or SystemClock()
        self.glyphs: Glyphs = UNICODE
        self.condition = Condition(Trust.WAITING, None, "")
        self._market = market
        self._palette: Palette | None = None
        self._frame: Timer | None = None
        self._waiting_since = self.clock.monotonic()
        self._failure = ""
        self._title: Title | None = None
        self._footer: tuple[TitlePart, ...] = ()
        self._title_spans: list[TitleSpan] = []
        self._rows: tuple[Row, ...] = ()
        self._strips: list[Strip | None] = []
        self._painted_size = Size(0, 0)

    # ---- what a subclass says

    def look(self) -> Feed | None:
        """Read the bus; `None` when nothing was published yet. Called once a frame."""
        raise NotImplementedError

    def rows(self, width: int, height: int) -> Sequence[Row]:
        """The body, top to bottom. Called only while there is something to show; the same tuple again costs nothing."""
        raise NotImplementedError

    def draw(self, row: Row, width: int, palette: Palette) -> list[Segment]:
        """The segments of a row of the subclass's own kinds, exactly `width` cells."""
        raise NotImplementedError

    def skeleton(self, y: int, width: int, height: int) -> str:
        """One line of the body before any data; shorter than `width` is fine."""
        return " " + " ".join([self.glyphs.skeleton * 4] * (width // 9))

    def title_parts(self) -> tuple[TitlePart, ...]:
        """What follows number and subject in the title."""
        return ()

    def footer_parts(self) -> tuple[TitlePart, ...]:
        """Text in the bottom border; left out as a whole where it does not fit."""
        return ()

    def hints(self) -> str:
        """Keys, at the right of the title."""
        return ""

    def empty_text(self) -> str:
        """One sentence for a live view with nothing in it."""
        return "nothing yet"

    def changed_columns(self, before: Row, after: Row, width: int) -> tuple[int, int]:
        """The columns of the body, start and end, in which two different rows differ."""
        return 0, width

    # ---- market and size

    @property
    def market(self) -> Market | None:
        """The market's rules: as given, else as published."""
        if self._market is None:
            known = self.bus.latest.value(facts(self.symbol))
            self._market = known.market if known is not None else None
        return self._market

    def set_market(self, symbol: Symbol, market: Market | None = None) -> None:
        """Show another market; what was shown is gone at once."""
        self.symbol, self._market = symbol, market
        self._waiting_since = self.clock.monotonic()
        self.forget()
        self.repaint()

    def forget(self) -> None:
        """Drop what belonged to the market before."""

    @property
    def palette(self) -> Palette:
        if self._palette is None:
            self._palette = Palette.of(self.app)
            self.glyphs = glyphs_for(os.environ, no_color=self.app.no_color)
        return self._palette

    @property
    def body_size(self) -> Size:
        width, height = self.size
        return Size(max(0, width - 2), max(0, height - 2))

    # ---- life

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self._restyle())
        self._frame = self.set_interval(1 / self.frames_per_second, self.paint)

    def on_show(self) -> None:
        if self._frame is not None:
            self._frame.resume()

    def on_hide(self) -> None:
        if self._frame is not None:
            self._frame.pause()

    def on_resize(self) -> None:
        self.paint()

    def hear(self, event: events.Key) -> bool:
        """Take a key before its binding runs (`HearsKeys`); a panel without fields takes none."""
        return False

    def on_focus(self) -> None:
        self.repaint()

    def on_blur(self) -> None:
        self.repaint()

    def _restyle(self) -> None:
        self._palette = None
        self.repaint()

    def repaint(self) -> None:
        """Forget what is on the screen and paint everything."""
        self._title, self._rows, self._strips = None, (), []
        if self.is_attached:
            self.paint()

    # ---- the frame

    def paint(self) -> None:
        """Look at the bus and repaint what differs. Never raises: a panel that fails says so and is logged once."""
        try:
            self._paint_frame()
        except Exception as error:
            self._fail(error)

    def _paint_frame(self) -> None:
        size = self.size
        if size.width < _SMALLEST.width or size.height < _SMALLEST.height:
            return
        now = self.clock.monotonic()
        resized, self._painted_size = size != self._painted_size, size
        feed = self.look()
        self.condition = judge(feed, self.bus.exchange_now_us(now), self.budget_seconds, self.late_seconds)
        body = Size(size.width - 2, size.height - 2)
        rows = self._body(feed, body, now)
        title = self._make_title(size.width)
        if resized or len(rows) != len(self._rows) or len(self._strips) != size.height:
            self._title, self._rows = title, rows
            self._footer = self.footer_parts()
            self._strips = [None] * size.height
            self.refresh()
            return
        dirty = self._take_changes(title, rows, body.width)
        if dirty and not paint_directly(self, dirty):
            self.refresh(*dirty)

    def _take_changes(self, title: Title, rows: tuple[Row, ...], width: int) -> list[Region]:
        dirty: list[Region] = []
        if title != self._title:
            self._title, self._strips[0] = title, None
            dirty.append(Region(0, 0, width + 2, 1))
        footer = self.footer_parts()
        if footer != self._footer:
            self._footer, self._strips[-1] = footer, None
            dirty.append(Region(0, len(rows) + 1, width + 2, 1))
        before = self._rows
        if rows is not before:
            dirty += self._changed_regions(before, rows, width)
            self._rows = rows
        return dirty

    def _changed_regions(self, before: tuple[Row, ...], after: tuple[Row, ...], width: int) -> list[Region]:
        """Where two bodies of one height differ; neighbouring rows with the same columns are one region."""
        regions: list[Region] = []
        for y, (old, row) in enumerate(zip(before, after, strict=True), 1):
            if row is old or row == old:
                continue
            self._strips[y] = None
            alike = old.dimmed is row.dimmed
            start, end = self.changed_columns(old, row, width) if alike else (0, width)
            x, cells = (0, width + 2) if end - start == width else (start + 1, end - start)
            last = regions[-1] if regions else None
            if last is not None and last.bottom == y and (last.x, last.width) == (x, cells):
                regions[-1] = Region(x, last.y, cells, last.height + 1)
            else:
                regions.append(Region(x, y, cells, 1))
        return regions

    def _body(self, feed: Feed | None, body: Size, now: float) -> tuple[Row, ...]:
        condition = self.condition
        if feed is None or (condition.trust is Trust.WAITING and not feed.has_rows):
            return self._waiting_rows(body, now)
        if not feed.has_rows:
            return self._message_rows(body, now)
        rows = tuple(self.rows(body.width, body.height))
        if len(rows) != body.height:
            rows = (*rows[: body.height], *[BLANK] * (body.height - len(rows)))
        if condition.trust.is_dimmed:
            rows = (ribbon(condition.ribbon), *(row._replace(dimmed=True) for row in rows[1:]))
        return rows

    def _waiting_rows(self, body: Size, now: float) -> tuple[Row, ...]:
        if now - self._waiting_since > _PATIENCE_SECONDS and (reason := self._why_unlisted()):
            return middled(_notes(reason, body.width), body.height)
        rows = [Row("skeleton", self.skeleton(y, body.width, body.height)) for y in range(body.height)]
        waited = age_text(now - self._waiting_since)
        of = f" of {market_name(self.symbol)}" if self.of_market else ""
        text = f"waiting for {self.awaited}{of}  {waited}"
        if len(text) > body.width:
            text = f"waiting  {waited}"
        rows[body.height // 2] = note(text)
        return tuple(rows)

    def _message_rows(self, body: Size, now: float) -> tuple[Row, ...]:
        if self.condition.trust is Trust.UNAVAILABLE:
            unlisted, retry = self._why_unlisted(), self._retry_text(now)
            notes = _notes(unlisted or self.condition.reason or "not available", body.width)
            return middled((*notes, note(retry)) if retry and not unlisted else notes, body.height)
        rows = middled(_notes(self.empty_text(), body.width, Role.MUTED), body.height)
        return (ribbon(self.condition.ribbon), *rows[1:]) if self.condition.ribbon else rows

    def _why_unlisted(self) -> str:
        return why_unlisted(self.bus.latest.value(CATALOG), self.symbol) if self.of_market else ""

    def _retry_text(self, now: float) -> str:
        health = self.bus.latest.value(HEALTH)
        if health is None or health.retry_at is None:
            return ""
        return f"R retry in {max(0, round(health.retry_at - now))}s"

    def _make_title(self, width: int) -> Title:
        condition = self.condition
        age, role = "", Role.MUTED
        if self.has_age and condition.trust is not Trust.WAITING:
            word = f"{self.age_word} " if self.age_word and width >= _WIDE else ""
            age = word + age_text(condition.age_seconds)
            if condition.trust is not Trust.LIVE or condition.age_seconds is None:
                role = Role.WARNING
        subject = self.subject if width >= _WIDE else self.short_subject or self.subject
        focused = self.has_focus
        head = TitlePart(f" {self.number} {subject} ", Role.TEXT, bold=focused)
        return Title((head, *self.title_parts()), self.hints(), age, role, focused)

    def _fail(self, error: Exception) -> None:
        text = f"{type(error).__name__}: {error}"
        if text != self._failure:
            self._failure = text
            log.exception("panel %s cannot be painted", self.subject)
        size = self.size
        if size.width < _SMALLEST.width or size.height < _SMALLEST.height:
            return
        rows = [BLANK] * self.body_size.height
        rows[len(rows) // 2] = note(f"this panel failed: {text}", Role.ERROR)
        age = Title(
            (TitlePart(f" {self.number} {self.subject} ", Role.ERROR),), "", "FAILED", Role.ERROR, self.has_focus
        )
        self._title, self._rows = age, tuple(rows)
        self._painted_size, self._strips = size, [None] * size.height
        self.refresh()

    # ---- strips

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines of `crop`, as strips that need no further styling."""
        width, height = size = self.size
        if size != self._painted_size or len(self._strips) != height:
            strips = [Strip.blank(width, self.palette.style(Role.TEXT))] * crop.height
        else:
            strips = [self._strips[y] or self._fresh_strip(y, width) for y in crop.line_range]
        for one in self.get_line_filters():
            if not isinstance(one, ANSIToTruecolor):
                ground = self.background_colors[1]
                strips = [strip.apply_filter(one, ground) for strip in strips]
        x1, x2 = crop.column_span
        return strips if x1 == 0 and x2 == width else [strip.crop(x1, x2) for strip in strips]

    def render_line(self, y: int) -> Strip:
        """Line `y` of the whole panel, border included."""
        width = self.size.width
        return self.render_lines(Region(0, y, width, 1))[0]

    def _fresh_strip(self, y: int, width: int) -> Strip:
        try:
            strip = Strip(self._line(y, width), width)
        except Exception as error:
            self._log_draw_failure(error)
            strip = Strip.blank(width, self.palette.style(Role.ERROR))
        self._strips[y] = strip
        return strip

    def _log_draw_failure(self, error: Exception) -> None:
        text = f"{type(error).__name__}: {error}"
        if text != self._failure:
            self._failure = text
            log.exception("panel %s cannot draw a row", self.subject)

    def _line(self, y: int, width: int) -> list[Segment]:
        palette, focused = self.palette, self.has_focus
        frame = self.glyphs.focused if focused else self.glyphs.calm
        if y == 0:
            assert self._title is not None
            segments, self._title_spans = title_segments(self._title, width, frame, palette)
            return segments
        if y == len(self._strips) - 1:
            return bottom_segments(self._footer, width, frame, palette, focused=focused)
        edge = Segment(frame.vertical, palette.style(Role.RULE_FOCUS if focused else Role.RULE))
        return [edge, *self._body_segments(self._rows[y - 1], width - 2, palette), edge]

    def _body_segments(self, row: Row, width: int, palette: Palette) -> list[Segment]:
        common = common_row_segments(row, width, palette, self.glyphs)
        if common is not None:
            return common
        return self.draw(row, width, palette.dimmed() if row.dimmed else palette)

    def tag_at(self, x: int, y: int) -> str:
        """The tag of the title part under a click, or an empty string."""
        if y != 0:
            return ""
        return next((span.tag for span in self._title_spans if span.start <= x < span.end), "")


_WIDE = 36
_PATIENCE_SECONDS = 5.0


def _notes(text: str, width: int, role: Role = Role.ERROR) -> list[Row]:
    return [note(line, role) for line in wrap(text, width - 2)]
