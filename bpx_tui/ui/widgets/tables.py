"""The bottom panel: positions, orders, fills and balances behind tabs, with a row cursor."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from textual import events
from textual.message import Message

from bpx_tui.config.keymap import Where
from bpx_tui.model.account import Balance, Position
from bpx_tui.model.ids import Symbol
from bpx_tui.model.orders import Fill, TrackedOrder
from bpx_tui.model.views import AccountAccess, AccountView, FeedState
from bpx_tui.ui.bindings import bindings_for
from bpx_tui.ui.desk import Desk
from bpx_tui.ui.formatting import signed
from bpx_tui.ui.palette import Role
from bpx_tui.ui.tables import balances, fills, orders, positions
from bpx_tui.ui.tables.columns import Cells, Column, fitting, heading, line_of
from bpx_tui.ui.widgets.condition import Feed
from bpx_tui.ui.widgets.desk_panel import DeskPanel, text_row
from bpx_tui.ui.widgets.line_panel import Row
from bpx_tui.ui.widgets.panel_frame import TitlePart


class Tab(StrEnum):
    POSITIONS = "Positions"
    ORDERS = "Orders"
    FILLS = "Fills"
    BALANCES = "Balances"


_COLUMNS: dict[Tab, tuple[Column, ...]] = {
    Tab.POSITIONS: positions.COLUMNS,
    Tab.ORDERS: orders.COLUMNS,
    Tab.FILLS: fills.COLUMNS,
    Tab.BALANCES: balances.COLUMNS,
}
_SHORT = {Tab.POSITIONS: "Pos", Tab.ORDERS: "Ord", Tab.FILLS: "Fills", Tab.BALANCES: "Bal"}
_EMPTY = {
    Tab.POSITIONS: "no positions — b to buy, s to sell",
    Tab.ORDERS: "no open orders — b to buy, s to sell",
    Tab.FILLS: "no fills yet — they appear here as orders trade",
    Tab.BALANCES: "no balances — the account is empty",
}

Item = Position | TrackedOrder | Fill | Balance


class Tables(DeskPanel):
    """One tab at a time. The cursor stays on its row's subject while rows come and go."""

    BINDINGS = bindings_for(Where.TABLES)
    subject = ""
    awaited = "the account"
    of_market = False
    age_word = "acct"
    has_age = True
    budget_seconds = 60.0
    late_seconds = 20.0

    class CancelWanted(Message):
        def __init__(self, order: TrackedOrder) -> None:
            super().__init__()
            self.order = order

    class CloseWanted(Message):
        def __init__(self, position: Position) -> None:
            super().__init__()
            self.position = position

    class MarketWanted(Message):
        def __init__(self, symbol: Symbol) -> None:
            super().__init__()
            self.symbol = symbol

    def __init__(self, desk: Desk, *, id: str = "tables") -> None:
        super().__init__(desk, number=5, id=id)
        self.tab = Tab.POSITIONS
        self.cursor = 0
        self._first = 0
        self._subject: object = None

    # ---- what is shown

    def items(self) -> tuple[Item, ...]:
        account = self.desk.account
        if account is None:
            return ()
        if self.tab is Tab.POSITIONS:
            return tuple(each for each in account.positions or () if not each.is_flat)
        if self.tab is Tab.ORDERS:
            return account.orders or ()
        return account.fills or () if self.tab is Tab.FILLS else balances.rows_of(account)

    def look(self) -> Feed | None:
        account = self.desk.account
        if account is None:
            return None
        self.has_age = account.access is not AccountAccess.NO_KEY
        if not self.has_age:
            return Feed(FeedState.LIVE, None, "", False)
        if _part(account, self.tab) is None:
            return None
        return Feed(account.state, account.true_at_us, account.reason, bool(self.items()))

    def empty_text(self) -> str:
        account = self.desk.account
        if account is not None and account.access is AccountAccess.NO_KEY:
            return "no API key: market data only — see bpx-tui keys check"
        return _EMPTY[self.tab]

    def rows(self, width: int, height: int) -> Sequence[Row]:
        items, columns = self.items(), _COLUMNS[self.tab]
        self._follow(items, max(1, height - 1))
        fit = fitting(columns, width)
        rows = [text_row(heading(columns, fit))]
        for index in range(self._first, min(len(items), self._first + height - 1)):
            here = index == self.cursor and self.has_focus
            line = line_of(self._cells(items[index]), columns, fit, mark=" ▸" if index == self.cursor else "")
            rows.append(text_row(line, Role.CURSOR_ROW if here else None))
        return rows

    def title_parts(self) -> tuple[TitlePart, ...]:
        parts = []
        for tab in Tab:
            name = str(tab) if self.size.width >= 90 else _SHORT[tab]
            count = self._count(tab)
            label = name if count is None else f"{name} {count}"
            current = tab is self.tab
            text = f"[{label}]" if current else f" {label} "
            parts.append(TitlePart(text, Role.ACCENT if current else Role.MUTED, current, tag=f"tab:{tab.name}"))
        account = self.desk.account
        if account is not None and account.balances_unreadable and self.tab is Tab.BALANCES:
            parts.append(TitlePart(f"  ! {len(account.balances_unreadable)} unreadable ", Role.WARNING))
        held = [each for each in (account.positions if account else None) or () if not each.is_flat]
        if held:
            total = positions.total_pnl(tuple(held), self.desk)
            parts.append(TitlePart(f"  Σ {signed(total, 2)} ", positions.direction(total)))
            if self.tab is Tab.POSITIONS:
                parts.append(TitlePart(" c close ", Role.ACCENT, tag="do:position.close"))
        return tuple(parts)

    def hints(self) -> str:
        return "{ } tab"

    def _count(self, tab: Tab) -> int | None:
        account = self.desk.account
        if account is None or tab in {Tab.FILLS, Tab.BALANCES}:
            return None
        if tab is Tab.POSITIONS:
            return None if account.positions is None else sum(not each.is_flat for each in account.positions)
        return None if account.orders is None else sum(each.is_live for each in account.orders)

    def _cells(self, item: Item) -> Cells:
        if isinstance(item, Position):
            return positions.cells_of(item, self.desk)
        if isinstance(item, TrackedOrder):
            return orders.cells_of(item, self.desk)
        if isinstance(item, Fill):
            return fills.cells_of(item, self.desk)
        account = self.desk.account
        assert account is not None
        return balances.cells_of(item, account)

    # ---- cursor

    def _follow(self, items: Sequence[Item], page: int) -> None:
        """Keep the cursor on its subject and in sight."""
        names = [_name(item) for item in items]
        if self._subject in names:
            self.cursor = names.index(self._subject)
        self.cursor = max(0, min(self.cursor, len(items) - 1))
        self._subject = names[self.cursor] if names else None
        self._first = max(min(self._first, self.cursor), self.cursor - page + 1, 0)
        self._first = min(self._first, max(0, len(items) - page))

    def current(self) -> Item | None:
        """The item under the cursor, as the screen shows it."""
        return next((item for item in self.items() if _name(item) == self._subject), None)

    def action_cursor_move(self, rows: int) -> None:
        self.action_cursor_to(max(0, self.cursor + rows))

    def action_cursor_to(self, row: int) -> None:
        items = self.items()
        if items:
            row = len(items) - 1 if row < 0 else min(row, len(items) - 1)
            self.cursor, self._subject = row, _name(items[row])
            self.paint()

    def show_tab(self, tab: Tab) -> None:
        self.tab, self.cursor, self._first, self._subject = tab, 0, 0, None
        self.repaint()

    def step_tab(self, step: int) -> None:
        tabs = list(Tab)
        self.show_tab(tabs[(tabs.index(self.tab) + step) % len(tabs)])

    # ---- what a row can do

    def action_cancel(self) -> None:
        item = self.current()
        if isinstance(item, TrackedOrder) and item.is_live:
            self.post_message(self.CancelWanted(item))

    def action_close(self) -> None:
        item = self.current()
        if isinstance(item, Position):
            self.post_message(self.CloseWanted(item))

    def action_pick(self) -> None:
        item = self.current()
        if item is not None and not isinstance(item, Balance):
            self.post_message(self.MarketWanted(item.symbol))

    def on_click(self, event: events.Click) -> None:
        tag = self.tag_at(event.x, event.y)
        if tag.startswith("tab:"):
            self.show_tab(Tab[tag.removeprefix("tab:")])
        elif tag.startswith("do:"):
            self._perform(tag.removeprefix("do:"))
        elif event.y >= 2:
            index = self._first + event.y - 2
            if index < len(self.items()):
                again = index == self.cursor
                button = self.tag_under(event.x, event.y)
                self.action_cursor_to(index)
                if button:
                    self._perform(button)
                elif again and event.chain >= 2:
                    self.action_pick()

    def _perform(self, action_id: str) -> None:
        self.app.run_worker(self.app.run_action(f"app.perform('{action_id}')"), exclusive=False)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_cursor_move(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_cursor_move(-3)


def _part(account: AccountView, tab: Tab) -> object:
    return {
        Tab.POSITIONS: account.positions,
        Tab.ORDERS: account.orders,
        Tab.FILLS: account.fills,
        Tab.BALANCES: account.balances,
    }[tab]


def _name(item: Item) -> object:
    """What stays the same of a row while its numbers change."""
    if isinstance(item, Position):
        return item.symbol
    if isinstance(item, TrackedOrder):
        return item.order.order_id if item.order else (item.symbol, item.client_id, item.sent_ms)
    return (item.trade_id, item.order_id, item.time_us) if isinstance(item, Fill) else item.asset
