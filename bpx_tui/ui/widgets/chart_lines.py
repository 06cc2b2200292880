"""The account's marks on the chart: own orders, the position's entry, the estimated liquidation price."""

from __future__ import annotations

from bpx_tui.model.account import Position
from bpx_tui.model.enums import Side
from bpx_tui.model.ids import Symbol
from bpx_tui.model.orders import TrackedOrder
from bpx_tui.model.views import AccountView
from bpx_tui.ui.formatting import fixed
from bpx_tui.ui.glyphs import Glyphs
from bpx_tui.ui.palette import Role
from bpx_tui.ui.widgets.chart_painter import Line


def account_lines(
    account: AccountView | None, symbol: Symbol, price_decimals: int, quantity_decimals: int, glyphs: Glyphs
) -> tuple[Line, ...]:
    """Lines of that market, the most important last: liquidation, position, orders."""
    if account is None:
        return ()
    lines: list[Line] = []
    for position in account.positions or ():
        if position.symbol == symbol and not position.is_flat:
            lines += _position_lines(position, price_decimals, quantity_decimals, glyphs)
    for tracked in reversed(account.orders or ()):
        line = _order_line(tracked, price_decimals, quantity_decimals, glyphs) if tracked.symbol == symbol else None
        if line is not None:
            lines.append(line)
    return tuple(lines)


def _position_lines(position: Position, price_decimals: int, quantity_decimals: int, glyphs: Glyphs) -> list[Line]:
    lines: list[Line] = []
    if position.est_liquidation_price is not None:
        price = position.est_liquidation_price
        label = f" LIQ @{fixed(price, price_decimals)} "
        lines.append(Line(price, glyphs.liquidation_line, Role.ERROR, label, 2))
    word = "LONG" if position.is_long else "SHORT"
    quantity = fixed(abs(position.net_quantity), quantity_decimals)
    label = f" {word} {quantity} @{fixed(position.entry_price, price_decimals)} "
    lines.append(Line(position.entry_price, glyphs.position_line, Role.ACCENT, label, 3))
    return lines


def _order_line(tracked: TrackedOrder, price_decimals: int, quantity_decimals: int, glyphs: Glyphs) -> Line | None:
    """A live order with a price; one whose outcome is unknown carries a `?`."""
    order, request = tracked.order, tracked.request
    if not tracked.is_live or (order is None and request is None):
        return None
    price = order.price if order is not None else request.price if request is not None else None
    side = order.side if order is not None else request.side if request is not None else None
    quantity = order.remaining_quantity if order is not None else request.quantity if request is not None else None
    if price is None:
        return None
    letter = "B" if side is Side.BID else "S" if side is Side.ASK else "?"
    amount = fixed(quantity, quantity_decimals) if quantity is not None else "?"
    doubt = "" if order is not None else "? "
    label = f" {doubt}{letter} {amount} @{fixed(price, price_decimals)} "
    return Line(price, glyphs.order_line, Role.OWN, label, 2)
