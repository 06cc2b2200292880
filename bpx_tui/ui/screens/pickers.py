"""The two pickers: markets, and actions by name."""

from __future__ import annotations

from collections.abc import Callable

from bpx_tui.config.keymap import Action, Keymap
from bpx_tui.model.ids import Symbol
from bpx_tui.model.views import MarketRow
from bpx_tui.ui.desk import Desk
from bpx_tui.ui.formatting import market_name
from bpx_tui.ui.glyphs import key_text
from bpx_tui.ui.lines import Line, Run, fitted
from bpx_tui.ui.palette import Role
from bpx_tui.ui.screens.picker import Choice, Picker
from bpx_tui.ui.widgets.watchlist import market_row_line


def market_picker(desk: Desk, recent: tuple[Symbol, ...]) -> Picker[Symbol]:
    """All visible markets: those looked at lately first (the one on screen after them), then by 24 h volume."""
    catalog = desk.catalog
    rows = [row for row in catalog.rows if row.market.visible] if catalog else []
    rows.sort(key=lambda row: (_recency(row, recent), -(row.ticker.quote_volume if row.ticker else 0)))

    def choice(row: MarketRow) -> Choice[Symbol]:
        symbol = row.market.symbol
        current = symbol == desk.symbol
        return Choice(
            symbol, f"{market_name(symbol)} {symbol}", lambda width: market_row_line(row, desk, width, current=current)
        )

    return Picker(f"Markets ({len(rows)})", [choice(row) for row in rows])


def _recency(row: MarketRow, recent: tuple[Symbol, ...]) -> int:
    others = (*recent[1:], *recent[:1])
    return others.index(row.market.symbol) if row.market.symbol in others else len(others)


def action_picker(keymap: Keymap) -> Picker[str]:
    """Every action that can be run by name, with its keys."""
    actions = [action for action in keymap.actions if action.in_palette]
    return Picker("Actions", [Choice(action.id, f"{action.help} {action.id}", _line_of(action)) for action in actions])


def _line_of(action: Action) -> Callable[[int], Line]:
    keys = " ".join(key_text(key) for key in action.keys)

    def line(width: int) -> Line:
        return Run(f" {fitted(action.help, max(8, width - 14))}"), Run(keys.rjust(12), Role.ACCENT)

    return line
