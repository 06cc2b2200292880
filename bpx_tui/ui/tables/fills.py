"""Executions of own orders, newest first."""

from __future__ import annotations

from bpx_tui.model.orders import Fill
from bpx_tui.ui.desk import Desk
from bpx_tui.ui.formatting import clock_text, compact, fit_price, fit_quantity, market_name, signed
from bpx_tui.ui.palette import Role
from bpx_tui.ui.tables.columns import Cell, Cells, Column
from bpx_tui.ui.tables.orders import side_ink, side_word

COLUMNS = (
    Column("Time", 8, right=False),
    Column("Market", 12, right=False),
    Column("Side", 4, right=False),
    Column("Price", 10),
    Column("Size", 9),
    Column("Value", 8, rank=1),
    Column("Fee", 16, rank=2),
    Column("Role", 5, rank=3, right=False),
    Column("Order", 14, rank=4, right=False),
    Column("Kind", 16, rank=5, right=False),
)


def role_word(fill: Fill) -> str:
    """Who rested and who crossed; empty where the exchange does not say."""
    return "" if fill.is_maker is None else "maker" if fill.is_maker else "taker"


def cells_of(fill: Fill, desk: Desk) -> Cells:
    """The fee as charged: what is paid is negative here, a rebate positive."""
    market = desk.market_of(fill.symbol)
    decimals = market.price_decimals if market else 4
    step = market.quantity_decimals if market else 4
    fee = -fill.fee
    return (
        Cell(clock_text(fill.time_us), Role.MUTED),
        Cell(market_name(fill.symbol), bold=True),
        Cell(side_word(fill.side), side_ink(fill.side)),
        Cell(fit_price(fill.price, decimals, 10)),
        Cell(fit_quantity(fill.quantity, step, 9)),
        Cell(compact(fill.price * fill.quantity, "$")),
        Cell(f"{signed(fee, 6)} {fill.fee_asset or ''}".rstrip(), Role.MUTED if fee <= 0 else Role.UP),
        Cell(role_word(fill) or "—", Role.MUTED),
        Cell(fill.order_id, Role.MUTED),
        Cell(fill.system_order_type or "", Role.WARNING),
    )
