"""Candles on the screen."""

from __future__ import annotations

from decimal import Decimal

import pytest
from textual.geometry import Region

from bpx_tui.model.account import Position
from bpx_tui.model.enums import KlineInterval, OrderKind, OrderStatus, Side
from bpx_tui.model.ids import OrderId
from bpx_tui.model.orders import LocalState, Order, TrackedOrder
from bpx_tui.model.quotes import Candle
from bpx_tui.model.views import AccountAccess, AccountView, FeedState
from bpx_tui.service.intents import DeskBus
from bpx_tui.service.topics import ACCOUNT
from bpx_tui.ui.glyphs import ASCII
from bpx_tui.ui.palette import Palette
from tests.fakes.clock import ManualClock
from tests.ui.market_samples import SOL, START_S, candle, desk_bus, put_candles, walk
from tests.ui.panel_app import Chart, PanelApp, body, repainted, shown

SIZE = (70, 24)
ZERO = Decimal(0)


def chart(bus: DeskBus, clock: ManualClock | None = None) -> Chart:
    return Chart(bus, SOL.symbol, KlineInterval.M5, clock=clock or ManualClock())


def newest(close: str, volume: str = "10") -> Candle:
    return candle(START_S, ("187.40", "187.60", "187.20", close), volume, closed=False)


async def test_title_axis_badge_countdown_and_times() -> None:
    bus = desk_bus()
    put_candles(bus, walk(100))
    panel = chart(bus)
    async with PanelApp(panel).run_test(size=SIZE):
        lines = shown(panel)
        assert lines[0].startswith("┏━ 2 Chart  1m  3m [5m] 15m  1h  4h  1d  ━")
        last = f"{walk(100)[-1].close:,f}"
        assert any(line[1:-1].rstrip().endswith(last) for line in lines)
        assert any("05:00" in line for line in lines), "time to the close of the open candle"
        assert lines[-2].count(":") >= 3


async def test_the_axis_counts_in_ones_twos_or_fives() -> None:
    bus = desk_bus()
    put_candles(bus, walk(100))
    panel = chart(bus)
    async with PanelApp(panel).run_test(size=SIZE):
        shown(panel)
        assert panel._scale is not None
        labels = panel._scale.labels()
        assert len(labels) >= 3
        ticks = (labels[0] - labels[1]) / SOL.tick_size
        assert str(ticks.normalize().as_tuple().digits[0]) in "125"
        assert all(label % SOL.tick_size == 0 for label in labels)


async def test_a_tick_repaints_a_few_rows_and_only_right_of_the_older_candles() -> None:
    bus = desk_bus()
    older = walk(60)[:-1]
    put_candles(bus, (*older, newest("187.30")))
    panel = chart(bus)
    async with PanelApp(panel).run_test(size=SIZE):
        shown(panel)
        before = panel._rows
        put_candles(bus, (*older, newest("187.45")))
        changed = repainted(panel)
        assert 1 <= len(changed) <= 6
        for y in changed:
            start, end = panel.changed_columns(before[y - 1], panel._rows[y - 1], 68)
            assert 68 - 8 - 3 <= start < end == 68


async def test_a_chart_that_recovers_is_repainted_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    bus = desk_bus()
    series = walk(60)
    put_candles(bus, series, age_seconds=30)
    panel = chart(bus)
    async with PanelApp(panel).run_test(size=SIZE):
        assert "STALE" in body(panel)[0]
        regions: list[Region] = []
        monkeypatch.setattr(panel, "refresh", lambda *dirty: regions.extend(dirty))
        put_candles(bus, series)
        panel.paint()
        assert sum(region.height for region in regions if region.width == SIZE[0]) >= SIZE[1] - 2


async def test_a_quiet_chart_repaints_nothing() -> None:
    bus = desk_bus()
    put_candles(bus, walk(60))
    panel = chart(bus)
    async with PanelApp(panel).run_test(size=SIZE):
        shown(panel)
        assert repainted(panel) == set()


@pytest.mark.parametrize("close", ["187.40", "187.41", "187.39"])
async def test_a_doji_is_visible(close: str) -> None:
    bus = desk_bus()
    put_candles(bus, (candle(START_S - 300, ("180.00", "195.00", "180.00", "195.00")), newest(close)))
    panel = chart(bus)
    async with PanelApp(panel).run_test(size=SIZE):
        newest_column = [line[58:60] for line in body(panel)[:18]]
        assert any(char in "━┿┷┯" for text in newest_column for char in text)


async def test_a_hole_is_marked_and_not_joined() -> None:
    bus = desk_bus()
    series = walk(60)
    put_candles(bus, (*series[:40], *series[50:]))
    panel = chart(bus)
    async with PanelApp(panel).run_test(size=SIZE):
        assert sum("┆" in line for line in body(panel)) >= 8


async def test_a_bucket_without_trades_is_a_dot_not_a_hole() -> None:
    bus = desk_bus()
    series = walk(20)
    empty = candle(series[10].start_s, None, "0")
    put_candles(bus, (*series[:10], empty, *series[11:]))
    panel = chart(bus)
    async with PanelApp(panel).run_test(size=SIZE):
        assert not any("┆" in line for line in body(panel))


async def test_scrolling_stands_still_while_new_candles_come_and_zero_goes_back() -> None:
    bus = desk_bus()
    series = walk(200)
    put_candles(bus, series[:-1])
    panel = chart(bus)
    async with PanelApp(panel).run_test(size=SIZE) as pilot:
        await pilot.press("H")
        lines = shown(panel)
        assert "history" in lines[0]
        put_candles(bus, series)
        after = [line[:-10] for line in shown(panel)]
        assert after == [line[:-10] for line in lines]
        await pilot.press("0")
        assert "history" not in shown(panel)[0]


async def test_the_left_end_asks_for_older_candles_once() -> None:
    bus = desk_bus()
    put_candles(bus, walk(60))
    panel = chart(bus)
    app = PanelApp(panel)
    async with app.run_test(size=SIZE) as pilot:
        for _ in range(6):
            await pilot.press("H")
        asked = [one for one in app.heard if isinstance(one, Chart.OlderCandlesWanted)]
        assert [(one.symbol, one.interval) for one in asked] == [(SOL.symbol, KlineInterval.M5)]


async def test_zoom_changes_how_many_candles_are_seen() -> None:
    bus = desk_bus()
    put_candles(bus, walk(200))
    panel = chart(bus)
    async with PanelApp(panel).run_test(size=SIZE) as pilot:
        counts = []
        for key in ("-", "-", "+", "+", "+", "+"):
            await pilot.press(key)
            shown(panel)
            assert panel._picture is not None
            counts.append(len(panel._picture.scene.slots))
        assert counts[0] == counts[1] == 60
        assert counts[1:] == sorted(counts[1:], reverse=True)
        assert counts[-1] == 10


async def test_the_crosshair_reads_a_candle_out() -> None:
    bus = desk_bus()
    series = (candle(START_S - 300, ("187.00", "188.00", "186.50", "187.50"), "12.5"), newest("187.45"))
    put_candles(bus, series)
    panel = chart(bus)
    async with PanelApp(panel).run_test(size=SIZE) as pilot:
        await pilot.press("v", "h")
        assert body(panel)[0].strip() == "20:25  O 187.00 H 188.00 L 186.50 C 187.50 +0.27% V 12.50"
        await pilot.press("v")
        assert "O 187.00" not in body(panel)[0]


async def test_timeframes_by_key_and_by_click() -> None:
    bus = desk_bus()
    put_candles(bus, walk(60))
    panel = chart(bus)
    app = PanelApp(panel)
    async with app.run_test(size=SIZE) as pilot:
        title = shown(panel)[0]
        await pilot.press("[", "]")
        await pilot.click(panel, offset=(title.index("1h"), 0))
        asked = [one.interval for one in app.heard if isinstance(one, Chart.IntervalWanted)]
        assert asked == [KlineInterval.M3, KlineInterval.M15, KlineInterval.H1]


def account() -> AccountView:
    order = Order(
        OrderId("1"), SOL.symbol, Side.BID, OrderKind.LIMIT, OrderStatus.NEW, ZERO, ZERO,
        quantity=Decimal(8), price=Decimal("186.90"),
    )  # fmt: skip
    position = Position(
        SOL.symbol, "1", Decimal(8), Decimal("187.10"), ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO,
        est_liquidation_price=Decimal("186.60"),
    )  # fmt: skip
    tracked = TrackedOrder(LocalState.OPEN, SOL.symbol, order=order)
    return AccountView(AccountAccess.TRADING, FeedState.LIVE, positions=(position,), orders=(tracked,))


async def test_own_orders_position_and_liquidation_are_lines_with_labels() -> None:
    bus = desk_bus()
    put_candles(bus, (candle(START_S - 300, ("187.00", "188.00", "186.50", "187.50")), newest("187.45")))
    bus.latest.put(ACCOUNT, account())
    panel = chart(bus)
    async with PanelApp(panel).run_test(size=SIZE):
        text = "\n".join(body(panel))
        assert "B 8.00 @186.90  186.90" in text
        assert "LONG 8.00 @187.10  187.10" in text
        assert "LIQ @186.60  186.60" in text
        assert all(glyph in text for glyph in "╌┄═")


async def test_the_linux_console_gets_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    bus = desk_bus()
    put_candles(bus, walk(60))
    panel = chart(bus)
    async with PanelApp(panel).run_test(size=SIZE):
        monkeypatch.setenv("TERM", "linux")
        panel._palette = None
        panel.forget()
        assert isinstance(panel.palette, Palette)
        assert panel.glyphs is ASCII
        panel.repaint()
        assert all(line.isascii() for line in shown(panel))


@pytest.mark.parametrize("size", [(16, 5), (24, 6), (40, 12), (50, 14), (130, 42), (200, 60)])
async def test_no_size_breaks_the_chart(size: tuple[int, int]) -> None:
    bus = desk_bus()
    put_candles(bus, walk(300))
    bus.latest.put(ACCOUNT, account())
    panel = chart(bus)
    async with PanelApp(panel).run_test(size=size):
        shown(panel)
        assert panel._failure == ""


async def test_wrong_candles_from_the_exchange_do_not_break_it() -> None:
    bus = desk_bus()
    odd = (
        candle(START_S - 900, ("187.00", "186.00", "188.00", "187.50")),
        candle(START_S - 600, ("0.00", "0.00", "0.00", "0.00"), "0"),
        candle(START_S - 300, None),
        newest("187.45"),
    )
    put_candles(bus, odd)
    panel = chart(bus)
    async with PanelApp(panel).run_test(size=SIZE):
        shown(panel)
        assert panel._failure == ""


async def test_what_lies_outside_the_prices_in_view_leaves_its_label_at_that_edge() -> None:
    bus = desk_bus()
    put_candles(bus, (candle(START_S, ("1187.00", "1188.00", "1186.50", "1187.50")),))
    bus.latest.put(ACCOUNT, account())
    panel = chart(bus)
    async with PanelApp(panel).run_test(size=SIZE):
        lines = body(panel)
        assert panel._picture is not None
        assert "▼ LONG 8.00 @187.10 +2" in lines[panel._picture.scene.layout.price_height - 1]
        assert "LIQ" not in "".join(lines)


async def test_the_axis_has_room_for_prices_longer_than_the_newest() -> None:
    bus = desk_bus()
    put_candles(bus, (candle(START_S - 300, ("1187.00", "1188.00", "1186.50", "1187.50")), newest("187.45")))
    panel = chart(bus)
    async with PanelApp(panel).run_test(size=SIZE):
        assert any("1,000.00 " in line for line in body(panel))
