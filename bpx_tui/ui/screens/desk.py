"""The trading screen: panels, focus, and the way from a key to an intent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widget import Widget

from bpx_tui.config.keymap import Where
from bpx_tui.model.enums import KlineInterval, Side
from bpx_tui.model.ids import Symbol
from bpx_tui.service.intents import (
    CommandOutcome,
    LoadOlderCandles,
    OutcomeKind,
    SetBookGrouping,
    Severity,
    WatchMarket,
)
from bpx_tui.ui.bindings import bindings_for
from bpx_tui.ui.desk import Desk
from bpx_tui.ui.event_log import EventLog
from bpx_tui.ui.formatting import market_name
from bpx_tui.ui.layout import MARKET_PANELS, WIDE_WIDTH, is_compact, ticket_has_own_place
from bpx_tui.ui.orders_flow import OrdersFlow
from bpx_tui.ui.screens.desk_area import DeskArea
from bpx_tui.ui.widgets.chart import Chart
from bpx_tui.ui.widgets.compact import Compact
from bpx_tui.ui.widgets.confirm import ConfirmCard
from bpx_tui.ui.widgets.event_line import EventLine
from bpx_tui.ui.widgets.events_panel import EventsPanel
from bpx_tui.ui.widgets.header import Header
from bpx_tui.ui.widgets.key_footer import KeyFooter
from bpx_tui.ui.widgets.ladder import Ladder
from bpx_tui.ui.widgets.market_rules import MarketRules
from bpx_tui.ui.widgets.strip import QuestionStrip
from bpx_tui.ui.widgets.tables import Tables
from bpx_tui.ui.widgets.tape import Tape
from bpx_tui.ui.widgets.ticket import Ticket
from bpx_tui.ui.widgets.watchlist import Watchlist

if TYPE_CHECKING:
    from bpx_tui.ui.app import TradingApp

_WHERE: dict[str, Where] = {
    "chart": Where.CHART,
    "ladder": Where.LADDER,
    "tape": Where.TAPE,
    "watchlist": Where.WATCHLIST,
    "tables": Where.TABLES,
    "ticket": Where.TICKET,
    "card": Where.CONFIRM,
    "strip": Where.STRIP,
}


class DeskScreen(Screen[None]):
    """All panels over one desk. Parents get messages from children and are the only ones who know the others."""

    CSS_PATH = "../styles.tcss"
    BINDINGS = bindings_for(Where.DESK)
    AUTO_FOCUS = "#ladder"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE_WIDTH, "-wide")]  # noqa: RUF012  Textual declares it so

    def __init__(self, desk: Desk, log: EventLog, app: TradingApp) -> None:
        super().__init__(id="desk-screen")
        self.desk = desk
        self._program = app
        self.header = Header(desk)
        self.watchlist = Watchlist(desk)
        self.chart = Chart(desk.bus, desk.symbol, desk.interval, clock=desk.clock, id="chart")
        self.ladder = Ladder(desk.bus, desk.symbol, clock=desk.clock, id="ladder")
        self.tape = Tape(desk.bus, desk.symbol, clock=desk.clock, id="tape")
        self.facts = MarketRules(desk)
        self.events_panel = EventsPanel(desk, log)
        self.tables = Tables(desk)
        self.ticket = Ticket(desk)
        self.card = ConfirmCard(desk)
        self.compact = Compact(desk)
        self.event_line = EventLine(desk, log)
        self.strip = QuestionStrip(desk.clock)
        self.footer = KeyFooter(app.keys)
        self.area = DeskArea(
            (
                self.header,
                self.watchlist,
                self.chart,
                self.ladder,
                self.tape,
                self.facts,
                self.events_panel,
                self.tables,
                self.ticket,
                self.card,
                self.compact,
                self.event_line,
                self.strip,
                self.footer,
            )
        )
        self.flow = OrdersFlow(self, app)
        self.recent: list[Symbol] = [desk.symbol]
        self._before_ticket = "ladder"
        self._before_strip = "ladder"
        self._focused_last = "ladder"

    def compose(self) -> ComposeResult:
        yield self.area

    def on_mount(self) -> None:
        self.call_after_refresh(self._first_paint)

    def _first_paint(self) -> None:
        self.area.lay_out()
        if self.focused is None:
            self.focus_panel("ladder")
        self._program.painted()

    # ---- panels and focus

    def panel(self, name: str) -> Widget:
        return self.area.get_child_by_id(name)

    def place_of(self, where: Where) -> Widget:
        """The panel in which the keys of that place are heard; the desk itself for those heard anywhere."""
        return next((self.panel(name) for name, place in _WHERE.items() if place is where), self)

    def focus_panel(self, name: str) -> None:
        """Focus a panel if it is shown, else what stands for it on a small screen."""
        shown = self.area.lay_out()
        for candidate in (name, "compact", "ladder", "tables"):
            if candidate in shown:
                self.set_focus(self.panel(candidate))
                return

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        self._focused_last = event.widget.id or "ladder"
        self.footer.where = _WHERE.get(self._focused_last, Where.DESK)
        self.footer.paint()

    def on_desk_area_resized(self) -> None:
        """Keys always go somewhere: a focus that went with its panel goes to what stands for it."""
        if self.focused is None:
            self.focus_panel(self._focused_last)

    def choose(self, **changes: object) -> None:
        """Change what the user chose and lay out again."""
        self.area.chosen = replace(self.area.chosen, **changes)  # type: ignore[arg-type]
        self.area.lay_out()

    def action_show_panel(self, name: str) -> None:
        """Go to a panel; one that has no place of its own takes the chart's."""
        if name == "ticket":
            self.open_ticket(self.ticket.form.side)
            return
        chosen = self.area.chosen
        if chosen.zoomed is not None:
            self.choose(zoomed=name)
        elif name in MARKET_PANELS:
            own = name in self.area.regions(self.area.size) and chosen.main != name
            self.choose(main="chart" if own or name == "chart" else name)
        elif name == "tables" and not self._ticket_apart:
            self.close_ticket()
        self.focus_panel(name)

    def action_panel_swap(self) -> None:
        self.action_show_panel("chart" if self.area.chosen.main == "tape" else "tape")

    def action_panel_zoom(self) -> None:
        chosen, focused = self.area.chosen, self.focused.id if self.focused else None
        if chosen.zoomed is not None:
            self.choose(zoomed=None)
        elif focused in {*MARKET_PANELS, "tables"}:
            self.choose(zoomed=focused)
        if focused:
            self.focus_panel(focused)

    @property
    def _ticket_apart(self) -> bool:
        return ticket_has_own_place(self.area.size.width, self.area.size.height)

    @property
    def is_compact(self) -> bool:
        return is_compact(self.area.size.width, self.area.size.height)

    # ---- ticket

    def action_ticket_buy(self) -> None:
        self._side_key(Side.BID)

    def action_ticket_sell(self) -> None:
        self._side_key(Side.ASK)

    def _side_key(self, side: Side) -> None:
        """Open at that side; pressed again in the open ticket it flips the side."""
        if self.focused is self.ticket and self.ticket.form.side is side:
            self.ticket.action_flip()
            return
        self.open_ticket(side)

    def open_ticket(self, side: Side) -> None:
        if self.focused is not None and self.focused.id not in {"ticket", "card", "strip"}:
            self._before_ticket = self.focused.id or "ladder"
        price = self.ladder.cursor_price if self.focused is self.ladder else None
        self.choose(ticket_open=True, zoomed=None)
        self.ticket.open(side, price)
        self.focus_panel("ticket")

    def close_ticket(self) -> None:
        self.area.card_open = False
        self.choose(ticket_open=False)
        self.focus_panel(self._before_ticket)

    def on_ticket_closed(self) -> None:
        self.close_ticket()

    def show_card(self, is_open: bool) -> None:
        """Swap ticket and card in their common place."""
        self.area.card_open = is_open
        if is_open:
            if self.focused is not None and self.focused.id not in {"ticket", "card", "strip"}:
                self._before_ticket = self.focused.id or "ladder"
            self.choose(ticket_open=True, zoomed=None)
        self.focus_panel("card" if is_open else "ticket")

    def on_ticket_review_wanted(self, message: Ticket.ReviewWanted) -> None:
        self.flow.review(message.request, message.market, message.overrides)

    def on_confirm_card_place_wanted(self) -> None:
        self.flow.place()

    def on_confirm_card_left(self) -> None:
        self.flow.leave()

    def on_tables_close_wanted(self, message: Tables.CloseWanted) -> None:
        self.flow.close(message.position)

    def on_tables_cancel_wanted(self, message: Tables.CancelWanted) -> None:
        self.flow.cancel(message.order)

    def action_cancel_market(self) -> None:
        self.flow.cancel_all(self.desk.symbol)

    def action_cancel_everything(self) -> None:
        self.flow.cancel_all(None)

    def ask(self, question: str, then: Callable[[], None]) -> None:
        """Put a question in the event line's place."""
        focused = self.focused.id if self.focused else None
        if focused not in {"strip", "card"}:
            self._before_strip = focused or "ladder"
        self.area.strip_open = True
        self.strip.ask(question, then)
        self.focus_panel("strip")

    def action_strip_yes(self) -> None:
        self.strip.answer(self._program.press.pressed_at)

    def on_question_strip_answered(self, message: QuestionStrip.Answered) -> None:
        self.area.strip_open = False
        self.focus_panel(self._before_strip)
        if message.then is not None:
            message.then()

    def take_outcome(self, outcome: CommandOutcome) -> bool:
        """Whether the open card shows this outcome."""
        card = self.card.card
        if card is None or not card.answer(outcome):
            return False
        if outcome.kind is OutcomeKind.ACCEPTED:
            self.ticket.clear()
            self.ladder.drop_cursor()
            self.card.show(None)
            self.close_ticket()
            return False
        self.card.paint()
        return True

    # ---- market

    def show_market(self, symbol: Symbol) -> None:
        """Put another market on the screen: every panel follows, and an open card closes."""
        if symbol == self.desk.symbol:
            return
        if self.area.card_open:
            self.flow.leave()
        self.recent = [symbol, *(each for each in self.recent if each != symbol)][:8]
        self.desk.symbol = symbol
        market = self.desk.market
        for panel in (self.chart, self.ladder, self.tape):
            panel.set_market(symbol, market)
        self.ticket.clear()
        self.watch_market()
        self._program.say(Severity.INFO, f"{market_name(symbol)} on screen")

    def watch_market(self) -> None:
        """Ask the service for what this screen shows."""
        self._program.submit(lambda base: WatchMarket(*base, symbol=self.desk.symbol, interval=self.desk.interval))

    def on_watchlist_market_wanted(self, message: Watchlist.MarketWanted) -> None:
        self.show_market(message.symbol)

    def on_tables_market_wanted(self, message: Tables.MarketWanted) -> None:
        self.show_market(message.symbol)

    def action_market_previous(self) -> None:
        if len(self.recent) > 1:
            self.show_market(self.recent[1])

    def on_ladder_level_picked(self, message: Ladder.LevelPicked) -> None:
        """A resting bid is joined by buying, a resting ask by selling."""
        self.open_ticket(message.side)
        self.ticket.open(message.side, message.price)

    def on_ladder_grouping_wanted(self, message: Ladder.GroupingWanted) -> None:
        self._program.submit(lambda base: SetBookGrouping(*base, symbol=message.symbol, grouping=message.grouping))

    def on_chart_interval_wanted(self, message: Chart.IntervalWanted) -> None:
        self.show_interval(message.interval)

    def show_interval(self, interval: KlineInterval) -> None:
        self.desk.interval = interval
        self.chart.show_interval(interval)
        self.watch_market()

    def on_chart_older_candles_wanted(self, message: Chart.OlderCandlesWanted) -> None:
        self._program.submit(lambda base: LoadOlderCandles(*base, symbol=message.symbol, interval=message.interval))

    # ---- tabs and the rest

    def action_tab_next(self) -> None:
        self.tables.step_tab(1)

    def action_tab_previous(self) -> None:
        self.tables.step_tab(-1)

    def action_desk_back(self) -> None:
        """One level out; on the outermost nothing happens."""
        if self.area.card_open:
            self.flow.leave()
        elif self.area.chosen.zoomed is not None:
            self.action_panel_zoom()
        elif self.area.chosen.ticket_open:
            self.close_ticket()
        elif self.area.chosen.main != "chart":
            self.action_show_panel("chart")
