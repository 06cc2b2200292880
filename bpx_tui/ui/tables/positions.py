"""Open perpetual positions."""

from __future__ import annotations

from decimal import Decimal

from bpx_tui.model.account import Position
from bpx_tui.ui.desk import Desk
from bpx_tui.ui.formatting import fit_money, fit_price, fit_quantity, market_name, percent
from bpx_tui.ui.palette import Role
from bpx_tui.ui.tables.columns import Cell, Cells, Column

COLUMNS = (
    Column("Market", 10, right=False),
    Column("Side", 5, right=False),
    Column("Size", 8),
    Column("Entry", 10),
    Column("Mark", 10),
    Column("PnL", 9),
    Column("ROE", 8, rank=3),
    Column("Liq.", 10, rank=1),
    Column("Distance", 8, rank=5),
    Column("Value", 11, rank=2),
    Column("Margin", 10, rank=6),
    Column("Funding", 9, rank=7),
    Column("", 3, rank=2),
)
"""The last one is a button with the key that does the same; where it has no place the panel's title has one."""


def cells_of(position: Position, desk: Desk) -> Cells:
    """PnL is `net * (mark - entry)`: the exchange moves its realised and unrealised parts between each other."""
    market = desk.market_of(position.symbol)
    decimals = market.price_decimals if market else 4
    step = market.quantity_decimals if market else 4
    mark = desk.mark_of(position.symbol) or position.mark_price
    pnl = position.net_quantity * (mark - position.entry_price)
    value = abs(position.net_quantity) * mark
    margin = value * position.imf
    long = position.is_long
    liquidation = position.est_liquidation_price
    distance = (liquidation - mark) / mark if liquidation is not None and mark else None
    return (
        Cell(market_name(position.symbol), bold=True),
        Cell("LONG" if long else "SHORT", Role.UP if long else Role.DOWN),
        Cell(fit_quantity(abs(position.net_quantity), step, 8)),
        Cell(fit_price(position.entry_price, decimals, 10)),
        Cell(fit_price(mark, decimals, 10)),
        Cell(fit_money(pnl, 9, sign=True), direction(pnl)),
        Cell(_fit_percent(pnl / margin, 8) if margin else "—", direction(pnl)),
        Cell("—" if liquidation is None else fit_price(liquidation, decimals, 10), _liquidation_ink(distance)),
        Cell("—" if distance is None else _fit_percent(distance, 8), _liquidation_ink(distance)),
        Cell(fit_money(value, 11)),
        Cell(fit_money(margin, 10), Role.MUTED),
        Cell(
            "—" if position.cumulative_funding is None else fit_money(position.cumulative_funding, 9, sign=True),
            Role.MUTED,
        ),
        Cell("[c]", Role.ACCENT, tag="position.close"),
    )


def _fit_percent(fraction: Decimal, width: int) -> str:
    """`-24.7%`; what is too long for that loses its decimals, and beyond all sense its figure, but never a digit."""
    texts = (percent(fraction, 1), percent(fraction, 0))
    return next((text for text in texts if len(text) <= width), ">9,999%" if fraction > 0 else "<-9,999%")


def direction(value: Decimal) -> Role:
    return Role.UP if value > 0 else Role.DOWN if value < 0 else Role.TEXT


def _liquidation_ink(distance: Decimal | None) -> Role:
    if distance is None:
        return Role.MUTED
    return (
        Role.ERROR if abs(distance) < Decimal("0.05") else Role.WARNING if abs(distance) < Decimal("0.1") else Role.TEXT
    )


def total_pnl(positions: tuple[Position, ...], desk: Desk) -> Decimal:
    """Sum over all positions, each at the newest mark known."""
    marks = ((each, desk.mark_of(each.symbol) or each.mark_price) for each in positions)
    return sum((each.net_quantity * (mark - each.entry_price) for each, mark in marks), Decimal(0))
