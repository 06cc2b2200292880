"""What every panel does: age, ribbons, skeleton, failure, focus, themes."""

from __future__ import annotations

import logging
from dataclasses import astuple, fields

import pytest
from rich.cells import cell_len

from bpx_tui.config.themes import load_themes
from bpx_tui.model.views import BookView, FeedState
from bpx_tui.service.intents import DeskBus
from bpx_tui.service.topics import CLOCK_OFFSET_US, book
from bpx_tui.ui.glyphs import ASCII, UNICODE, Frame, glyphs_for
from bpx_tui.ui.palette import Palette, Role, textual_theme
from bpx_tui.ui.widgets.condition import Feed, Trust, judge
from tests.fakes.clock import ManualClock
from tests.ui.market_samples import BTC, SOL, book_view, desk_bus, put_book
from tests.ui.panel_app import Ladder, PanelApp, body, shown

SIZE = (40, 12)


def ladder(bus: DeskBus, clock: ManualClock | None = None) -> Ladder:
    return Ladder(bus, SOL.symbol, clock=clock or ManualClock())


@pytest.mark.parametrize(
    ("state", "age_seconds", "trust"),
    [
        (FeedState.LIVE, 0.2, Trust.LIVE),
        (FeedState.LIVE, 1.5, Trust.LATE),
        (FeedState.LIVE, 3.1, Trust.STALE),
        (FeedState.STALE, 0.2, Trust.STALE),
        (FeedState.RESYNCING, 0.2, Trust.RESYNC),
        (FeedState.UNAVAILABLE, 9.0, Trust.UNAVAILABLE),
        (FeedState.WAITING, 9.0, Trust.WAITING),
    ],
)
def test_trust_is_judged_at_paint_time(state: FeedState, age_seconds: float, trust: Trust) -> None:
    now = 10_000_000
    feed = Feed(state, now - int(age_seconds * 1e6), "", has_rows=True)
    assert judge(feed, now, 3.0).trust is trust


def test_an_unknown_clock_leaves_the_state_and_an_unknown_age() -> None:
    condition = judge(Feed(FeedState.LIVE, 5, "", has_rows=True), None, 3.0)
    assert (condition.trust, condition.age_seconds) == (Trust.LIVE, None)


async def test_the_title_carries_number_subject_hints_and_age() -> None:
    bus = desk_bus()
    put_book(bus, book_view(age_seconds=0.3))
    panel = ladder(bus)
    async with PanelApp(panel).run_test(size=SIZE):
        title = shown(panel)[0]
        assert title.startswith("┏━ 3 Ladder grp 0.01 ━")
        assert title.endswith(" +/- m  0.3s ━┓")


async def test_a_book_that_nobody_renews_turns_stale_by_itself() -> None:
    bus, clock = desk_bus(), ManualClock()
    put_book(bus, book_view())
    panel = ladder(bus, clock)
    async with PanelApp(panel).run_test(size=SIZE):
        assert not any("STALE" in line for line in shown(panel))
        clock.skip(4.2)
        lines = shown(panel)
        assert "STALE 4.2s" in lines[1]
        assert "4.2s" in lines[0]
        assert "187.41" in "".join(lines), "the book is dimmed, not hidden"
        ground = panel.palette.colour(Role.BACKGROUND)
        inks = {
            segment.style.color.triplet.hex
            for y in range(2, 11)
            for segment in panel.render_line(y)
            if segment.style and segment.style.color and segment.style.color.triplet
        }
        assert panel.palette.colour(Role.UP) not in inks
        assert panel.palette.dimmed().colour(Role.UP) in inks
        assert ground not in inks


async def test_resync_is_marked_with_its_reason() -> None:
    bus = desk_bus()
    put_book(bus, book_view(state=FeedState.RESYNCING, reason="sequence gap"))
    panel = ladder(bus)
    async with PanelApp(panel).run_test(size=SIZE):
        assert "RESYNC sequence gap" in shown(panel)[1]


async def test_an_unknown_age_is_a_question_mark() -> None:
    bus = desk_bus()
    bus.latest.drop(CLOCK_OFFSET_US)
    put_book(bus, book_view())
    panel = ladder(bus)
    async with PanelApp(panel).run_test(size=SIZE):
        assert shown(panel)[0].endswith(" ? ━┓")


async def test_waiting_is_a_skeleton_that_says_for_what_and_how_long() -> None:
    bus, clock = desk_bus(), ManualClock()
    panel = ladder(bus, clock)
    async with PanelApp(panel).run_test(size=(50, 12)):
        clock.skip(2.5)
        lines = body(panel)
        assert any("waiting for the book of SOL-PERP  2.5s" in line for line in lines)
        assert sum("····" in line for line in lines) >= 8


async def test_unavailable_says_why() -> None:
    bus = desk_bus()
    bus.latest.put(book(SOL.symbol), BookView(SOL.symbol, FeedState.UNAVAILABLE, reason="the exchange is closed"))
    panel = ladder(bus)
    async with PanelApp(panel).run_test(size=SIZE):
        assert any("the exchange is closed" in line for line in body(panel))


async def test_a_long_reason_is_shown_whole_on_several_lines() -> None:
    bus, words = desk_bus(), "candles cannot be read: cannot resolve host api.backpack.exchange, and nobody knows when"
    bus.latest.put(book(SOL.symbol), BookView(SOL.symbol, FeedState.UNAVAILABLE, reason=words))
    panel = ladder(bus)
    async with PanelApp(panel).run_test(size=(40, 12)):
        lines = [line.strip("│┃ ") for line in body(panel)]
        assert words in " ".join(line for line in lines if line)


class Broken(Ladder):
    """Fails whenever it looks at the bus."""

    def look(self) -> Feed | None:
        raise RuntimeError("no [/such] thing")


async def test_a_failing_panel_says_so_is_logged_once_and_takes_nothing_down(caplog: pytest.LogCaptureFixture) -> None:
    panel = Broken(desk_bus(), SOL.symbol, clock=ManualClock())
    with caplog.at_level(logging.ERROR):
        async with PanelApp(panel).run_test(size=(60, 12)):
            lines = shown(panel)
            panel.paint()
            assert "FAILED" in lines[0]
            assert any("this panel failed: RuntimeError: no [/such] thing" in line for line in lines)
    assert len([record for record in caplog.records if "cannot be painted" in record.message]) == 1


async def test_another_market_drops_what_was_shown() -> None:
    bus = desk_bus()
    put_book(bus, book_view())
    panel = ladder(bus)
    async with PanelApp(panel).run_test(size=SIZE) as pilot:
        await pilot.press("j")
        panel.set_market(BTC.symbol)
        assert panel.cursor_price is None
        assert not any("187.41" in line for line in body(panel))


async def test_every_theme_recolours_the_panel() -> None:
    bus = desk_bus()
    put_book(bus, book_view())
    panel = ladder(bus)
    app = PanelApp(panel)
    async with app.run_test(size=SIZE) as pilot:
        seen = set()
        for theme in load_themes().values():
            app.register_theme(textual_theme(theme))
            app.theme = theme.name
            await pilot.pause()
            shown(panel)
            assert Palette.of(app).colour(Role.UP) == theme.colours.up
            styles = {str(segment.style) for segment in panel.render_line(2)}
            assert any(theme.colours.down in style for style in styles)
            seen.add(frozenset(styles))
        assert len(seen) == len(load_themes())


@pytest.mark.parametrize("size", [(8, 3), (1, 1), (16, 3), (17, 5), (21, 6), (300, 90)])
async def test_no_size_breaks_a_panel(size: tuple[int, int]) -> None:
    bus = desk_bus()
    put_book(bus, book_view())
    panel = ladder(bus)
    async with PanelApp(panel).run_test(size=size):
        shown(panel)
        assert panel._failure == ""


def test_glyphs_follow_the_terminal() -> None:
    assert glyphs_for({"TERM": "linux"}, no_color=False) is ASCII
    assert glyphs_for({"TERM": "xterm-256color"}, no_color=False) is UNICODE
    assert not glyphs_for({"TERM": "xterm-256color"}, no_color=True).inverse


def test_every_glyph_is_one_cell_wide_and_ascii_is_ascii() -> None:
    for glyphs in (UNICODE, ASCII):
        for field in fields(glyphs):
            value = getattr(glyphs, field.name)
            texts = [value] if isinstance(value, str) else list(astuple(value)) if isinstance(value, Frame) else []
            assert all(cell_len(char) == 1 for text in texts for char in text), field.name
            assert glyphs is UNICODE or all(text.isascii() for text in texts), field.name
