"""The order book on the screen."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpx_tui.model.enums import Side
from bpx_tui.model.market import Market
from bpx_tui.model.views import BookView, FeedState, MarketFacts
from bpx_tui.service.intents import DeskBus
from bpx_tui.service.topics import facts
from bpx_tui.ui.widgets.ladder_layout import bar_cells, plan_columns
from bpx_tui.ui.widgets.scales import round_scale
from tests.fakes.clock import ManualClock
from tests.ui.market_samples import BTC, PEPE, SOL, book_view, desk_bus, levels, put_book, trade
from tests.ui.panel_app import Ladder, PanelApp, body, repainted, shown

SIZE = (40, 15)


def ladder(bus: DeskBus, clock: ManualClock | None = None, rules: Market = SOL) -> Ladder:
    return Ladder(bus, rules.symbol, clock=clock or ManualClock())


def put_last(bus: DeskBus, price: str) -> None:
    last = trade(price, "1")
    bus.latest.put(facts(SOL.symbol), MarketFacts(SOL.symbol, SOL, last_trade=last))


def line_of(panel: Ladder, price: str) -> str:
    return next(line for line in body(panel) if price in line.split() or f"▸{price}" in line)


async def test_best_prices_lie_next_to_the_spread_line() -> None:
    bus = desk_bus()
    put_book(bus, book_view())
    put_last(bus, "187.42")
    panel = ladder(bus)
    async with PanelApp(panel).run_test(size=SIZE):
        lines = body(panel)
        spread = next(y for y, line in enumerate(lines) if "spr" in line)
        assert lines[spread - 1].split()[0] == "187.42"
        assert lines[spread + 1].split()[0] == "187.41"
        assert lines[spread].strip("─ ") == "187.42 ▲ spr 0.01 1t 0.5bp"
        prices = [line.split()[0] for y, line in enumerate(lines) if y != spread]
        assert prices == sorted(prices, reverse=True)


async def test_sides_are_told_by_texture_and_the_last_prices_direction_by_a_glyph() -> None:
    bus = desk_bus()
    put_book(bus, book_view())
    panel = ladder(bus)
    async with PanelApp(panel).run_test(size=SIZE):
        put_last(bus, "187.42")
        shown(panel)
        put_last(bus, "187.41")
        lines = body(panel)
        spread = next(y for y, line in enumerate(lines) if "spr" in line)
        assert "187.41 ▼" in lines[spread]
        assert any("▒" in line for line in lines[:spread])
        assert any("█" in line for line in lines[spread + 1 :])
        assert not any("█" in line for line in lines[:spread])
        assert not any("▒" in line for line in lines[spread + 1 :])


async def test_own_orders_are_marked_on_both_sides_with_their_quantity() -> None:
    bus = desk_bus()
    quantities = ["10.00"] * 8
    bids = levels("187.41", "-0.01", quantities, {2: "2.50"})
    asks = levels("187.42", "0.01", quantities, {1: "1.25"})
    put_book(bus, book_view(bids=bids, asks=asks))
    panel = ladder(bus)
    async with PanelApp(panel).run_test(size=(44, 20)):
        marked = {line.split()[1]: line for line in body(panel) if line.startswith("▸")}
        assert set(marked) == {"187.39", "187.43"}
        assert marked["187.39"].rstrip().endswith("2.50")
        assert marked["187.43"].rstrip().endswith("1.25")


@pytest.mark.parametrize("width", [28, 30, 32, 40, 60])
@pytest.mark.parametrize("rules", [SOL, BTC, PEPE], ids=["sol", "btc", "pepe"])
async def test_every_width_and_market_shows_whole_prices_and_quantities(rules: Market, width: int) -> None:
    best, quantity = {SOL: ("187.41", "61.25"), BTC: ("98214.0", "1.23456"), PEPE: ("0.00002211", "8190075")}[rules]
    bus = desk_bus(rules)
    bids = levels(best, str(-rules.tick_size), [quantity] * 6)
    asks = levels(str(Decimal(best) + rules.tick_size), str(rules.tick_size), [quantity] * 6)
    put_book(bus, book_view(rules, bids=bids, asks=asks))
    panel = ladder(bus, rules=rules)
    async with PanelApp(panel).run_test(size=(width, 15)):
        text = "\n".join(body(panel))
        assert f"{Decimal(best):,f}" in text
        assert ("8.190M" if rules is PEPE and width < 60 else f"{Decimal(quantity):,f}") in text
        assert "#" not in text


async def test_only_rows_that_differ_are_repainted() -> None:
    bus = desk_bus()
    put_book(bus, book_view())
    panel = ladder(bus)
    async with PanelApp(panel).run_test(size=SIZE):
        shown(panel)
        assert repainted(panel) == set()
        view = book_view()
        asks = (*view.asks[:3], levels("187.45", "0.01", ["99.00"])[0], *view.asks[4:])
        put_book(bus, book_view(asks=asks))
        changed = repainted(panel)
        assert len(changed) == 1
        assert "99.00" in shown(panel)[changed.pop()]


async def test_a_changed_quantity_is_highlighted_for_a_few_frames_only() -> None:
    bus = desk_bus()
    put_book(bus, book_view())
    panel = ladder(bus)
    async with PanelApp(panel).run_test(size=SIZE):
        shown(panel)
        asks = levels("187.42", "0.01", ["1.11", *(f"{10 + 3 * index}.50" for index in range(19))])
        put_book(bus, book_view(asks=asks))
        y = next(y for y, line in enumerate(shown(panel)) if " 1.11 " in line)
        bold = [segment.text.strip() for segment in panel.render_line(y) if segment.style and segment.style.bold]
        assert bold == ["1.11"]
        for _ in range(6):
            panel.paint()
        assert not any(segment.style and segment.style.bold for segment in panel.render_line(y))


async def test_a_burst_paints_the_newest_quantity_only() -> None:
    bus = desk_bus()
    panel = ladder(bus)
    async with PanelApp(panel).run_test(size=SIZE):
        for quantity in range(1, 500):
            put_book(bus, book_view(bids=levels("187.41", "-0.01", [f"{quantity}.00"])))
        assert line_of(panel, "187.41").split()[1] == "499.00"


async def test_the_cursor_exists_only_once_moved_and_stays_at_its_price() -> None:
    bus = desk_bus()
    put_book(bus, book_view())
    panel = ladder(bus)
    async with PanelApp(panel).run_test(size=SIZE) as pilot:
        assert panel.cursor_price is None
        await pilot.press("j", "j", "j")
        assert panel.cursor_price == Decimal("187.39")
        put_book(bus, book_view(bids=levels("187.43", "-0.01", ["5.00"] * 20), asks=levels("187.44", "0.01", ["5"])))
        shown(panel)
        assert panel.cursor_price == Decimal("187.39")
        await pilot.press("m")
        assert panel.cursor_price is None


async def test_a_cursor_that_the_market_has_left_behind_is_no_chosen_price() -> None:
    bus = desk_bus()
    put_book(bus, book_view())
    panel = ladder(bus)
    async with PanelApp(panel).run_test(size=SIZE) as pilot:
        await pilot.press("j", "j", "j")
        put_book(bus, book_view(bids=levels("200.00", "-0.01", ["5.00"] * 20), asks=levels("200.01", "0.01", ["5"])))
        shown(panel)
        assert panel.cursor_price is None
        put_book(bus, book_view())
        shown(panel)
        assert panel.cursor_price == Decimal("187.39")


async def test_the_cursor_scrolls_the_book_and_enter_hands_its_price_over() -> None:
    bus = desk_bus()
    put_book(bus, book_view())
    panel = ladder(bus)
    app = PanelApp(panel)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("g")
        assert panel.cursor_price == Decimal("187.61")
        assert "187.61" in body(panel)[0]
        await pilot.press("enter")
        picked = app.heard[-1]
        assert isinstance(picked, Ladder.LevelPicked)
        assert (picked.symbol, picked.price, picked.side) == (SOL.symbol, Decimal("187.61"), Side.ASK)


async def test_a_click_on_a_level_hands_price_and_side_over() -> None:
    bus = desk_bus()
    put_book(bus, book_view())
    panel = ladder(bus)
    app = PanelApp(panel)
    async with app.run_test(size=SIZE) as pilot:
        y = next(y for y, line in enumerate(shown(panel)) if "187.40" in line)
        await pilot.click(panel, offset=(12, y))
        picked = app.heard[-1]
        assert isinstance(picked, Ladder.LevelPicked)
        assert (picked.price, picked.side) == (Decimal("187.40"), Side.BID)
        assert panel.cursor_price is None


async def test_freezing_holds_the_picture_and_says_so() -> None:
    bus, clock = desk_bus(), ManualClock()
    put_book(bus, book_view())
    panel = ladder(bus, clock)
    async with PanelApp(panel).run_test(size=SIZE) as pilot:
        shown(panel)
        await pilot.press("space")
        put_book(bus, book_view(bids=levels("100.00", "-0.01", ["5.00"])))
        lines = body(panel)
        assert "FROZEN 0.0s" in lines[0]
        assert any("187.41" in line for line in lines)
        await pilot.press("space")
        assert any("100.00" in line for line in body(panel))


@pytest.mark.parametrize(
    ("now", "key", "wanted"),
    [("0.01", "+", "0.02"), ("0.02", "+", "0.05"), ("0.05", "-", "0.02"), ("0.02", "-", None)],
)
async def test_grouping_goes_by_one_two_five(now: str, key: str, wanted: str | None) -> None:
    bus = desk_bus()
    view = book_view()
    put_book(bus, BookView(view.symbol, view.state, view.bids, view.asks, Decimal(now), 1, view.true_at_us))
    panel = ladder(bus)
    app = PanelApp(panel)
    async with app.run_test(size=SIZE) as pilot:
        shown(panel)
        await pilot.press(key)
        asked = app.heard[-1]
        assert isinstance(asked, Ladder.GroupingWanted)
        assert asked.grouping == (None if wanted is None else Decimal(wanted))


async def test_one_side_is_shown_and_said() -> None:
    bus = desk_bus()
    put_book(bus, book_view(asks=()))
    panel = ladder(bus)
    async with PanelApp(panel).run_test(size=SIZE):
        text = "\n".join(body(panel))
        assert "187.41" in text
        assert "one side" in text


async def test_an_empty_book_is_a_sentence() -> None:
    bus = desk_bus()
    put_book(bus, book_view(bids=(), asks=(), state=FeedState.LIVE))
    panel = ladder(bus)
    async with PanelApp(panel).run_test(size=SIZE):
        assert any("the book is empty" in line for line in body(panel))


@given(st.integers(20, 120), st.integers(6, 14))
def test_columns_fill_the_width_and_no_more(width: int, price: int) -> None:
    c = plan_columns(width, price, 2, 2)
    used = c.margin + c.price + c.quantity + c.cumulative + c.bar + c.gap * (3 if c.cumulative else 2)
    assert used == width or c.bar == 0
    assert c.quantity >= 1


@given(st.decimals(min_value=Decimal("1e-8"), max_value=Decimal("1e9"), places=8))
def test_a_round_scale_holds_what_it_must_and_wastes_less_than_half(largest: Decimal) -> None:
    scale = round_scale(largest)
    assert largest <= scale < largest * 2


@given(st.integers(0, 1000), st.integers(1, 1000), st.integers(0, 40))
def test_bars_stay_inside_their_column(quantity: int, full: int, cells: int) -> None:
    assert 0 <= bar_cells(Decimal(quantity), Decimal(full), cells) <= cells
