"""Everything that must not be lost on a screen below 80x24: price, position, orders."""

from __future__ import annotations

from collections.abc import Sequence

from bpx_tui.model.views import FeedState
from bpx_tui.ui.desk import Desk
from bpx_tui.ui.formatting import age_text, fit_quantity, fixed, market_name, signed
from bpx_tui.ui.header_text import BOOK_BUDGET_SECONDS
from bpx_tui.ui.lines import Line, Run, fitted
from bpx_tui.ui.palette import Role
from bpx_tui.ui.tables.orders import short_name, side_ink, state_text
from bpx_tui.ui.tables.positions import direction
from bpx_tui.ui.widgets.bar import Bar


class Compact(Bar):
    """Lines in order of need, cut to what fits."""

    can_focus = True

    def __init__(self, desk: Desk, *, id: str = "compact") -> None:
        super().__init__(id=id)
        self._desk = desk

    def lines_now(self, width: int, height: int) -> Sequence[Line]:
        return compact_lines(self._desk, width)[:height]


def compact_lines(desk: Desk, width: int) -> list[Line]:
    account = desk.account
    positions = [each for each in (account.positions if account else None) or () if not each.is_flat]
    orders = [each for each in (account.orders if account else None) or () if each.is_live]
    positions.sort(key=lambda each: each.symbol != desk.symbol)
    lines: list[Line] = [_touch(desk)]
    for position in positions:
        market = desk.market_of(position.symbol)
        mark = desk.mark_of(position.symbol) or position.mark_price
        pnl = position.net_quantity * (mark - position.entry_price)
        side = "LONG" if position.is_long else "SHORT"
        size = fit_quantity(abs(position.net_quantity), market.quantity_decimals if market else 4, 10)
        lines.append(
            (
                Run(f" {side} ", Role.UP if position.is_long else Role.DOWN, bold=True),
                Run(f"{size} {market_name(position.symbol)} "),
                Run(signed(pnl, 2), direction(pnl)),
            )
        )
    if not positions:
        lines.append(
            (
                Run(
                    " no positions" if account and account.positions is not None else " waiting for the account",
                    Role.MUTED,
                ),
            )
        )
    for order in orders:
        shown = order.order or order.request
        ink = side_ink(shown.side) if shown else Role.TEXT
        lines.append((Run(f" {short_name(order, desk)} ", ink), Run(state_text(order), Role.MUTED)))
    if not orders and account is not None and account.orders is not None:
        lines.append((Run(" no open orders — b to buy, s to sell", Role.MUTED),))
    return [tuple(_cut(line, width)) for line in lines]


def _touch(desk: Desk) -> Line:
    book, market = desk.book, desk.market
    if book is None or book.best_bid is None or book.best_ask is None or market is None:
        return (Run(f" waiting for the book of {market_name(desk.symbol)}", Role.MUTED),)
    age = desk.age(book.true_at_us)
    old = book.state is not FeedState.LIVE or age is None or age > BOOK_BUDGET_SECONDS
    state = "" if book.state is FeedState.LIVE else f"{book.state} "
    return (
        Run(" "),
        Run(fixed(book.best_bid, market.price_decimals), Role.UP, bold=True),
        Run(" bid  "),
        Run(fixed(book.best_ask, market.price_decimals), Role.DOWN, bold=True),
        Run(" ask  "),
        Run(f"{state}{age_text(age)}", Role.WARNING if old else Role.MUTED),
    )


def _cut(line: Line, width: int) -> list[Run]:
    shown: list[Run] = []
    for run in line:
        if len(run.text) > width:
            shown.append(run._replace(text=fitted(run.text, width)))
            break
        shown.append(run)
        width -= len(run.text)
    return shown
