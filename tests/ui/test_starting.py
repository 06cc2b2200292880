"""The first frame: the desk's own frames at the desk's own places, and nothing of the desk read for it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from textual.strip import Strip

from bpx_tui.config.themes import load_themes
from bpx_tui.service.intents import DeskBus
from bpx_tui.service.mode import Mode
from bpx_tui.ui.app import TradingApp
from bpx_tui.ui.layout import Arrangement, plan
from bpx_tui.ui.screens.starting import StartingScreen
from tests.cli.pseudo_terminal import PseudoTerminal
from tests.ui.desks import HandDesk

SIZES = [(200, 60), (120, 35), (80, 24), (60, 15), (30, 4)]
FRAMED = {"watchlist", "chart", "ladder", "tape", "facts", "events", "tables", "ticket"}


def late(desk: HandDesk) -> TradingApp:
    """An app that gets its bus after the first frame, as the program's does."""
    return TradingApp(
        lambda: desk.bus,
        mode=Mode.DEMO,
        symbol=desk.desk.symbol,
        interval=desk.desk.interval,
        theme=load_themes()["dark"],
        clock=desk.clock,
    )


async def cells(app: TradingApp, size: tuple[int, int]) -> list[list[tuple[str, object]]]:
    """Character and style of every cell that the app's first screen comes to rest at."""
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        strips: list[Strip] = app.screen._compositor.render_strips()
        return [[(char, segment.style) for segment in strip for char in segment.text] for strip in strips]


@pytest.mark.parametrize("size", SIZES)
async def test_the_frames_are_where_the_desk_has_them(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    desk = HandDesk()
    desk.bus = DeskBus()
    full = await cells(late(desk), size)
    monkeypatch.setattr(TradingApp, "open_desk", stay)
    first = await cells(late(desk), size)
    assert "DEMO   starting" in "".join(char for char, _ in first[0])
    regions = plan(*size, Arrangement())
    for name in FRAMED & regions.keys():
        left, top, right, bottom = regions[name].corners
        border = {(left, top), (right - 1, top), (left, bottom - 1), (right - 1, bottom - 1)}
        border |= {(x, y) for x in (left, right - 1) for y in range(top, bottom)}
        assert {(x, y): first[y][x] for x, y in border} == {(x, y): full[y][x] for x, y in border}, name
    if "footer" in regions:
        assert first[-1] == full[-1]


async def stay(_app: TradingApp) -> None:
    """The desk never comes: what is seen is the first frame."""


async def test_the_desk_follows_by_itself_and_then_the_first_paint_is_told() -> None:
    desk = HandDesk()
    app = late(desk)
    shown: list[tuple[str | None, int]] = []
    app._on_first_paint = lambda: shown.append((app.screen.id, app._batch_count))
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        assert app.screen is app.main
        assert app.focused is app.main.ladder
        await pilot.press("ctrl+c")
    assert shown == [("desk-screen", 0)]


async def test_leaving_before_the_desk_is_there_asks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TradingApp, "open_desk", stay)
    desk = HandDesk()
    desk.bus = DeskBus()
    app = late(desk)
    async with app.run_test() as pilot:
        assert isinstance(app.screen, StartingScreen)
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert not app.is_running


@pytest.mark.slow
def test_the_first_frame_reads_nothing_that_it_does_not_show(tmp_path: Path) -> None:
    """Run on a terminal up to the moment when the desk would be opened, then look at what was imported."""
    seen = tmp_path / "modules"
    code = f"""
import os, sys
from pathlib import Path
from bpx_tui.__main__ import main
from bpx_tui.ui.app import TradingApp
async def stop(app):
    Path({str(seen)!r}).write_text(" ".join(sys.modules))
    app.exit()
TradingApp.open_desk = stop
sys.argv = ["bpx-tui", "demo"]
sys.exit(main())
"""
    with PseudoTerminal([sys.executable, "-c", code]) as terminal:
        terminal.wait_for_end()
        assert b"starting" in terminal.written
    read = set(seen.read_text().split())
    assert "bpx_tui.ui.screens.starting" in read
    late_rooms = ("bpx_tui.ui.screens.desk", "bpx_tui.service.intents", "bpx_tui.service.desk", "bpx_tui.model.orders")
    assert read & {"aiohttp", "orjson", "nacl", "argparse", "dotenv", *late_rooms} == set()
