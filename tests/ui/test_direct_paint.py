"""The road past the compositor: taken on an open panel in a real terminal, never under an overlay or without one."""

from __future__ import annotations

import re

import pytest
from textual.geometry import Region

from bpx_tui.ui.direct_paint import paint_directly
from tests.cli.pseudo_terminal import PseudoTerminal, python
from tests.fakes.clock import ManualClock
from tests.ui.market_samples import SOL, book_view, desk_bus, put_book
from tests.ui.panel_app import Ladder, PanelApp


async def test_a_headless_app_is_left_to_textual() -> None:
    bus = desk_bus()
    put_book(bus, book_view())
    panel = Ladder(bus, SOL.symbol, clock=ManualClock())
    async with PanelApp(panel).run_test(size=(40, 12)):
        panel.paint()
        assert paint_directly(panel, [Region(0, 1, 40, 1)]) is False


_TOKEN = re.compile(r"\x1b\[(\d+);(\d+)H|\x1b\[[0-9;?<>=$]*[ -/]*[@-~]|\x1b[^\[]|\r|\n|[^\x1b\r\n]+")


def screen_of(written: bytes) -> list[str]:
    """What a terminal of 80x24 shows at the end of the full-screen part of that output."""
    cells = [[" "] * 80 for _ in range(24)]
    x = y = 0
    for token in _TOKEN.finditer(written.decode(errors="replace").partition("\x1b[?1049l")[0]):
        if token[1]:
            y, x = int(token[1]) - 1, int(token[2]) - 1
        elif token[0] == "\r":
            x = 0
        elif token[0] == "\n":
            y += 1
        elif token[0][0] != "\x1b":
            text = token[0]
            cells[y][x : x + len(text)] = text
            x += len(text)
    return ["".join(line) for line in cells]


@pytest.mark.parametrize("how", ["open", "covered"])
def test_a_change_reaches_the_terminal_and_an_overlay_stays_on_top(how: str) -> None:
    command = python(f"from tests.ui.direct_paint_app import main; main({how!r})")
    with PseudoTerminal(command, environ={"COLORTERM": "truecolor"}, size=(80, 24)) as terminal:
        assert terminal.wait_for_end() == 0
    lines = screen_of(terminal.written)
    best_ask = next(line for line in lines if " 187.42" in line)
    assert best_ask.split()[1:4] == ["187.42", "7.77", "7.77"]
    assert next(line for line in lines if " 187.43" in line).split()[3] == "18.27"
    assert lines[0].startswith("OVERLAY" if how == "covered" else "┏━ 3 Ladder")
    assert ("187.45" in lines[1]) is (how == "open")
