"""The trade tape on the screen."""

from __future__ import annotations

import pytest

from bpx_tui.model.enums import Side
from bpx_tui.model.market import Market
from bpx_tui.model.quotes import Trade
from bpx_tui.model.views import TapeGap
from tests.fakes.clock import ManualClock
from tests.ui.market_samples import BTC, NOW_US, PEPE, SOL, desk_bus, put_tape, trade
from tests.ui.panel_app import PanelApp, Tape, body, repainted, shown


def prints(count: int, quantity: str = "10.00") -> list[Trade]:
    """Newest first, sides alternating."""
    return [trade("187.40", quantity, (Side.BID, Side.ASK)[number % 2], number) for number in range(count, 0, -1)]


async def test_newest_on_top_with_time_direction_price_and_quantity() -> None:
    bus = desk_bus()
    put_tape(bus, [trade("187.42", "15.00", Side.BID, 2), trade("187.41", "0.40", Side.ASK, 1)])
    panel = Tape(bus, SOL.symbol, clock=ManualClock())
    async with PanelApp(panel).run_test(size=(26, 12)):
        lines = body(panel)
        assert lines[0].split() == ["20:30:02", "▲", "187.42", "15.00"]
        assert lines[1].split() == ["20:30:01", "▼", "187.41", "0.40"]


async def test_the_bought_share_is_in_the_border() -> None:
    bus = desk_bus()
    put_tape(bus, prints(3), share="0.61")
    panel = Tape(bus, SOL.symbol, clock=ManualClock())
    async with PanelApp(panel).run_test(size=(26, 12)):
        assert "B 61% ▓▓▓▓▓▓░░░░" in shown(panel)[-1]


async def test_a_gap_is_shown_as_a_gap() -> None:
    bus = desk_bus()
    newest, oldest = prints(2)
    put_tape(bus, [newest, TapeGap(NOW_US, NOW_US + 2_100_000), oldest])
    panel = Tape(bus, SOL.symbol, clock=ManualClock())
    async with PanelApp(panel).run_test(size=(26, 12)):
        assert body(panel)[1].strip() == "┆ 2.1 s gap ┆"


async def test_big_prints_are_marked() -> None:
    bus = desk_bus()
    put_tape(bus, [trade("187.42", "500.00", Side.BID, 99), *prints(40)])
    panel = Tape(bus, SOL.symbol, clock=ManualClock())
    async with PanelApp(panel).run_test(size=(26, 12)):
        lines = body(panel)
        assert "◆" in lines[0]
        assert not any("◆" in line for line in lines[1:])


async def test_the_filter_hides_small_prints_and_says_so() -> None:
    bus = desk_bus()
    put_tape(bus, [trade("187.42", "500.00", Side.BID, 99), *prints(40, "0.10")])
    panel = Tape(bus, SOL.symbol, clock=ManualClock())
    async with PanelApp(panel).run_test(size=(30, 12)) as pilot:
        await pilot.press("f")
        lines = shown(panel)
        assert "≥1k" in lines[0].replace("1.00k", "1k")
        assert [line[1:-1].strip() for line in lines[2:-1]] == [""] * 9
        put_tape(bus, prints(40, "0.10"))
        assert any("no trade from" in line for line in body(panel))


async def test_scrolled_away_the_tape_stands_still() -> None:
    bus = desk_bus()
    put_tape(bus, prints(40))
    panel = Tape(bus, SOL.symbol, clock=ManualClock())
    async with PanelApp(panel).run_test(size=(26, 12)) as pilot:
        await pilot.press("j", "j")
        before = body(panel)
        put_tape(bus, prints(45))
        assert body(panel) == before
        await pilot.press("g")
        assert "20:30:45" in body(panel)[0]


@pytest.mark.parametrize("width", [22, 26, 40])
@pytest.mark.parametrize("rules", [SOL, BTC, PEPE], ids=["sol", "btc", "pepe"])
async def test_prices_are_whole_at_every_width(rules: Market, width: int) -> None:
    price, quantity, text = {
        SOL: ("187.42", "15.00", "187.42"),
        BTC: ("98214.0", "0.01234", "98,214.0"),
        PEPE: ("0.00002211", "600476", "0.00002211"),
    }[rules]
    bus = desk_bus(rules)
    put_tape(bus, [trade(price, quantity, rules=rules)], rules=rules)
    panel = Tape(bus, rules.symbol, clock=ManualClock())
    async with PanelApp(panel).run_test(size=(width, 8)):
        assert text in body(panel)[0]


async def test_an_idle_tape_repaints_nothing() -> None:
    bus = desk_bus()
    put_tape(bus, prints(40))
    panel = Tape(bus, SOL.symbol, clock=ManualClock())
    async with PanelApp(panel).run_test(size=(26, 12)):
        shown(panel)
        assert repainted(panel) == set()
