"""The application around the desk: sizes, old keys, failures, events, screens of their own."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets._toast import Toast

from bpx_tui.config.themes import load_themes, shipped_folder
from bpx_tui.model.enums import KlineInterval
from bpx_tui.service.bus import Latest
from bpx_tui.service.intents import (
    CommandOutcome,
    Filled,
    LoadOlderCandles,
    Notice,
    OutcomeKind,
    Resync,
    SetBookGrouping,
    Severity,
    WatchMarket,
)
from bpx_tui.ui.event_log import line_for
from bpx_tui.ui.fuzzy import ranked, score
from bpx_tui.ui.screens.help import HelpScreen
from bpx_tui.ui.screens.log import LogScreen
from bpx_tui.ui.screens.picker import Picker
from tests.fakes.views import BTC_PERP, SOL_PERP, account, d, fill, order, position, unknown_order
from tests.ui.desks import HandDesk

SIZES = [(200, 60), (120, 35), (80, 24), (79, 23), (40, 12), (20, 6), (10, 3), (3, 2), (1, 1), (500, 200)]


def filled_desk() -> HandDesk:
    desk = HandDesk()
    orders = (order("1"), unknown_order())
    desk.put_account(account(orders=orders, positions=(position(),), fills=tuple(fill(i) for i in range(5))))
    return desk


@pytest.mark.parametrize("size", SIZES)
async def test_no_size_crashes(size: tuple[int, int]) -> None:
    app = filled_desk().app()
    async with app.run_test(size=size) as pilot:
        await pilot.press("b", "8", "enter", "escape", "escape", "z", "z", "}")
        await pilot.pause()
        assert app._exception is None


async def test_resizing_while_driven_keeps_the_keys_working() -> None:
    app = filled_desk().app()
    async with app.run_test(size=(200, 60)) as pilot:
        for width, height in (*SIZES, *reversed(SIZES), (120, 35)):
            await pilot.resize_terminal(width, height)
            await pilot.press("b", "5")
        await pilot.pause()
        assert app._exception is None
        assert app.focused is not None
        assert app.focused.display


@pytest.mark.parametrize("size", [(200, 60), (80, 24), (30, 8)])
async def test_nothing_published_yet_is_no_error(size: tuple[int, int]) -> None:
    desk = HandDesk()
    desk.bus.latest = Latest()
    app = desk.app()
    async with app.run_test(size=size) as pilot:
        await pilot.press("b", "8", "q", "m", "up", "enter", "escape", "x", "c", "X", "escape", "/", "escape", "?")
        await pilot.pause()
        assert app._exception is None


async def test_compact_mode_shows_price_position_and_orders() -> None:
    app = filled_desk().app()
    async with app.run_test(size=(60, 14)) as pilot:
        await pilot.pause()
        compact = app.main.compact
        text = "\n".join(compact.render_line(y).text for y in range(compact.size.height))
        for part in ("187.41", "187.42", "LONG", "8.00 SOL-PERP", "+4.40", "buy 8.00 SOL-PERP @ 187.38", "? unknown"):
            assert part in text


async def test_the_first_paint_is_told_once_and_the_market_is_asked_for_after_it() -> None:
    desk = HandDesk()
    painted: list[int] = []
    app = desk.app()
    app._on_first_paint = lambda: painted.append(len(desk.intents()))
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        await pilot.resize_terminal(80, 24)
        assert painted == [0]
        watched = [i for i in desk.intents() if isinstance(i, WatchMarket)]
        assert [(i.symbol, i.interval) for i in watched] == [(SOL_PERP, KlineInterval.M5)]


# ---- events


async def test_events_become_lines_and_failures_become_toasts() -> None:
    desk = HandDesk()
    app = desk.app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        desk.bus.events.put(Notice(Severity.INFO, "[bold]not markup[/", 0))
        desk.bus.events.put(Filled(fill(1), 0))
        desk.bus.events.put(CommandOutcome(1, OutcomeKind.REFUSED, "Insufficient [funds"))
        app.drain_events()
        await pilot.pause()
        texts = [line.text for line in app.event_log.lines]
        assert texts[-3:] == ["[bold]not markup[/", "bought 1.50 SOL-PERP @ 187.40 (taker)", "Insufficient [funds"]
        assert [note.message for note in app._notifications] == ["Insufficient [funds"]


async def test_what_is_said_again_while_its_toast_is_shown_covers_nothing_more() -> None:
    desk = HandDesk()
    app = desk.app()
    async with app.run_test(size=(60, 15)) as pilot:
        await pilot.pause()
        for text in ("it failed", "it failed", "another failure", "it failed"):
            desk.bus.events.put(Notice(Severity.ERROR, text, 0))
        app.drain_events()
        await pilot.pause()
        assert [note.message for note in app._notifications] == ["it failed", "another failure"]
        assert len([line for line in app.event_log.lines if line.text == "it failed"]) == 3
        desk.clock.ahead += 7
        desk.bus.events.put(Notice(Severity.ERROR, "it failed", 0))
        app.drain_events()
        await pilot.pause()
        assert len(app._notifications) == 3


@pytest.mark.parametrize("size", [(200, 60), (120, 35), (80, 24)])
async def test_a_toast_covers_neither_book_nor_ticket_nor_the_last_lines(size: tuple[int, int]) -> None:
    desk = HandDesk()
    app = desk.app()
    async with app.run_test(size=size, notifications=True) as pilot:
        await pilot.press("b")
        desk.bus.events.put(CommandOutcome(1, OutcomeKind.REFUSED, "Insufficient funds " * 8))
        app.drain_events()
        await pilot.pause()
        toast = app.screen.query_one(Toast).region
        assert toast.width > 0
        for name in ("ladder", "ticket", "event", "footer"):
            assert not toast.overlaps(app.main.panel(name).region), name


async def test_an_action_of_any_panel_can_be_run_by_name() -> None:
    desk = HandDesk()
    app = desk.app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        assert app.focused is app.main.ladder
        before = app.main.chart.zoom
        await app.action_perform("chart.zoom_in")
        assert app.main.chart.zoom == before + 1


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("SOL_USDC_PERP: open.", "open."),
        ("It no longer rested: SOL_USDC_PERP: filled.", "it no longer rested: filled."),
        ("Its answer was lost, but the exchange shows it.", "its answer was lost, but the exchange shows it."),
        ("TRADING_PAUSED", "TRADING_PAUSED"),
    ],
)
def test_an_outcome_names_its_order(told: str, shown: str) -> None:
    outcome = CommandOutcome(1, OutcomeKind.ACCEPTED, told, order("1"), round_trip_ms=2.2)
    line = line_for(outcome, HandDesk().desk, 0)
    assert line is not None
    assert line.text == f"buy 8.00 SOL-PERP @ 187.38: {shown}  2 ms"


def test_a_trade_that_the_exchange_made_is_no_good_news() -> None:
    desk = HandDesk().desk
    own, forced = fill(1), replace(fill(1), system_order_type="LIQUIDATION_AUTOCLOSE")
    lines = [line_for(Filled(each, 0), desk, 0) for each in (own, forced)]
    assert [line.severity for line in lines if line] == [Severity.GOOD, Severity.WARNING]
    assert lines[1] is not None
    assert lines[1].text.endswith("by the exchange: LIQUIDATION_AUTOCLOSE")


async def test_lost_events_force_a_new_reading() -> None:
    desk = HandDesk()
    app = desk.app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        while desk.bus.events.put(Notice(Severity.INFO, "x", 0)):
            pass
        app.drain_events()
        assert [i for i in desk.intents() if isinstance(i, Resync)]
        assert app._exception is None


async def test_an_order_of_unknown_outcome_stays_in_the_event_line() -> None:
    desk = filled_desk()
    app = desk.app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        app.say(Severity.INFO, "something newer")
        app.main.event_line.paint()
        assert "? 1 order of unknown outcome" in app.main.event_line.render_line(0).text
        desk.put_account(account())
        app.main.event_line.paint()
        assert "unknown" not in app.main.event_line.render_line(0).text


# ---- intents of the panels


async def test_panels_wishes_become_intents() -> None:
    desk = HandDesk()
    app = desk.app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        desk.intents()
        main = app.main
        main.ladder.post_message(main.ladder.GroupingWanted(main.ladder, SOL_PERP, d("0.05")))
        main.chart.post_message(main.chart.OlderCandlesWanted(main.chart, SOL_PERP, KlineInterval.M5))
        main.chart.post_message(main.chart.IntervalWanted(main.chart, KlineInterval.H1))
        await pilot.press("R")
        await pilot.pause()
        kinds = {type(intent) for intent in desk.intents()}
        assert kinds == {SetBookGrouping, LoadOlderCandles, WatchMarket, Resync}
        assert app.desk.interval is KlineInterval.H1


async def test_a_number_brings_a_hidden_panel_into_the_charts_place_and_back() -> None:
    app = HandDesk().app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("4")
        await pilot.pause()
        assert app.main.tape.display
        assert not app.main.chart.display
        assert app.focused is app.main.tape
        await pilot.press("escape")
        await pilot.pause()
        assert app.main.chart.display


async def test_zoom_gives_one_panel_the_screen_and_takes_it_back() -> None:
    app = HandDesk().app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.press("2", "z")
        await pilot.pause()
        assert app.main.chart.size.width == 120
        assert not app.main.ladder.display
        await pilot.press("z")
        await pilot.pause()
        assert app.main.ladder.display


# ---- screens of their own


@pytest.mark.parametrize(("key", "kind"), [("?", HelpScreen), ("`", LogScreen), ("/", Picker), ("ctrl+p", Picker)])
async def test_screens_open_once_and_escape_closes_them(key: str, kind: type[object]) -> None:
    app = HandDesk().app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press(key)
        await pilot.pause()
        assert isinstance(app.screen, kind)
        await pilot.press("escape")
        await pilot.pause()
        assert app.screen is app.main


async def test_the_market_is_found_by_a_few_letters() -> None:
    app = HandDesk().app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("/", "b", "t", "p", "enter")
        await pilot.pause()
        assert app.desk.symbol == BTC_PERP
        assert app.main.chart.symbol == BTC_PERP


async def test_an_action_is_found_by_name() -> None:
    app = HandDesk().app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        await pilot.press("ctrl+p", *"previous tab", "enter")
        await pilot.pause()
        await pilot.pause()
        assert app.main.tables.tab == "Balances"


async def test_a_click_on_the_footer_runs_the_action() -> None:
    app = HandDesk().app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        at = app.main.footer.render_line(0).text.index("help")
        await pilot.click("#footer", offset=(at, 0))
        await pilot.pause()
        assert isinstance(app.screen, HelpScreen)


def test_fuzzy_finding_prefers_starts_of_words() -> None:
    assert score("xyz", "BTC-PERP") is None
    assert ranked("btp", ["ETH-PERP", "BTC/USDC", "BTC-PERP"], lambda text: text) == ["BTC-PERP"]
    assert ranked("sol", ["xsol", "a sol", "sol"], lambda text: text) == ["sol", "a sol", "xsol"]


# ---- failing and pictures


async def test_a_failure_shows_one_line_and_no_local_variable(capsys: pytest.CaptureFixture[str]) -> None:
    desk = HandDesk()
    app = desk.app()
    app._log_file = Path("/state/bpx.log")

    def fail() -> None:
        secret_seed = "c2VjcmV0LXNlZWQ="
        raise RuntimeError(secret_seed)

    async def run() -> None:
        async with app.run_test(size=(80, 24)) as pilot:
            app.call_later(fail)
            await pilot.pause()

    with pytest.raises(RuntimeError):
        await run()
    shown = capsys.readouterr()
    assert app.return_code == 1
    assert "c2VjcmV0" not in shown.err + shown.out
    assert shown.err.split("\n")[0] == "bpx-tui stopped: RuntimeError in the screen. Details: /state/bpx.log"


async def test_a_picture_of_the_screen_can_be_saved(tmp_path: Path) -> None:
    app = filled_desk().app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        app.save_screen(tmp_path / "screen.svg")
    picture = (tmp_path / "screen.svg").read_text(encoding="utf-8")
    assert picture.startswith("<svg")
    assert "SOL" in picture
    assert 'url("http' not in picture


async def test_themes_can_be_stepped_through() -> None:
    app = HandDesk().app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        first = app.theme
        await pilot.press("T")
        await pilot.pause()
        assert app.theme != first
        assert app._exception is None


async def test_the_users_own_themes_are_among_those_stepped_through(tmp_path: Path) -> None:
    (tmp_path / "aaa.toml").write_bytes((shipped_folder() / "light.toml").read_bytes())
    app = HandDesk().app()
    app._user_themes = tmp_path
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        seen = set()
        for _ in range(len(load_themes(tmp_path))):
            await pilot.press("T")
            await pilot.pause()
            seen.add(app.theme)
        assert seen == set(load_themes(tmp_path)) > {"aaa"}
        (tmp_path / "aaa.toml").write_text("colour = 1")
        await pilot.press("T")
        await pilot.pause()
        assert "aaa.toml" in app.event_log.lines[-1].text


def test_the_screen_does_not_import_the_network() -> None:
    code = "import sys, bpx_tui.ui.app; print([m for m in ('aiohttp', 'orjson', 'nacl') if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert answer.stdout.strip() == "[]"
