"""Open orders, and those of the last minutes that need attention."""

from __future__ import annotations

from decimal import Decimal

from bpx_tui.model.enums import OrderKind, Side
from bpx_tui.model.orders import LocalState, Order, OrderRequest, TrackedOrder
from bpx_tui.ui.desk import Desk
from bpx_tui.ui.formatting import clock_text, compact, fit_price, fit_quantity, market_name
from bpx_tui.ui.palette import Role
from bpx_tui.ui.tables.columns import Cell, Cells, Column

COLUMNS = (
    Column("Time", 8, rank=4, right=False),
    Column("Market", 12, right=False),
    Column("Side", 4, right=False),
    Column("Price", 10),
    Column("Size", 9),
    Column("Filled", 9, rank=1),
    Column("Value", 8, rank=3),
    Column("Type", 15, rank=2, right=False),
    Column("State", 15, right=False),
    Column("Note", 27, rank=5, right=False),
    Column("", 3),
)
"""The last one is a button with the key that does the same."""

_STATE_INK = {
    LocalState.UNKNOWN: Role.WARNING,
    LocalState.UNRECOGNISED: Role.WARNING,
    LocalState.IN_FLIGHT: Role.MUTED,
    LocalState.REFUSED: Role.ERROR,
    LocalState.NOT_SENT: Role.ERROR,
    LocalState.EXPIRED: Role.WARNING,
    LocalState.TRIGGER_FAILED: Role.ERROR,
    LocalState.CANCELLED: Role.MUTED,
    LocalState.FILLED: Role.UP,
}


def cells_of(tracked: TrackedOrder, desk: Desk) -> Cells:
    market = desk.market_of(tracked.symbol)
    decimals = market.price_decimals if market else 4
    step = market.quantity_decimals if market else 4
    shown: Order | OrderRequest | None = tracked.order or tracked.request
    price = shown.price if shown else None
    quantity = shown.quantity if shown else None
    executed = tracked.order.executed_quantity if tracked.order else Decimal(0)
    created = tracked.order.created_ms if tracked.order else tracked.sent_ms
    side = shown.side if shown else ""
    return (
        Cell("—" if created is None else clock_text(created * 1000), Role.MUTED),
        Cell(market_name(tracked.symbol), bold=True),
        Cell(side_word(side), side_ink(side)),
        Cell("market" if price is None else fit_price(price, decimals, 10)),
        Cell(_size(shown, step)),
        Cell(fit_quantity(executed, step, 9), Role.TEXT if executed else Role.MUTED),
        Cell("—" if price is None or quantity is None else compact(price * quantity, "$"), Role.MUTED),
        Cell(_type(shown), Role.MUTED),
        Cell(state_text(tracked), _STATE_INK.get(tracked.state, Role.TEXT), tracked.state is LocalState.UNKNOWN),
        Cell(tracked.note or ("made elsewhere" if tracked.is_external else ""), Role.MUTED),
        Cell("[x]", Role.ACCENT, tag="order.cancel") if tracked.is_live else Cell(""),
    )


def state_text(tracked: TrackedOrder) -> str:
    """`? unknown` stays until it is known; a cancel without evidence says that it is only asked for."""
    if tracked.state is LocalState.UNKNOWN:
        return "? unknown"
    if tracked.cancel_pending and tracked.is_live:
        return "cancelling"
    return str(tracked.state)


def side_word(side: Side | str) -> str:
    return "buy" if side == Side.BID else "sell" if side == Side.ASK else str(side)


def side_ink(side: Side | str) -> Role:
    return Role.UP if side == Side.BID else Role.DOWN if side == Side.ASK else Role.TEXT


def _size(shown: Order | OrderRequest | None, step: int) -> str:
    if shown is None:
        return "—"
    if shown.quantity:
        return fit_quantity(shown.quantity, step, 9)
    if shown.trigger is not None:
        return shown.trigger.quantity
    return "—" if shown.quote_quantity is None else f"${compact(shown.quote_quantity)}"


def _type(shown: Order | OrderRequest | None) -> str:
    if shown is None:
        return "—"
    words = [str(shown.kind).lower()]
    if shown.kind == OrderKind.LIMIT:
        words.append("post" if shown.post_only else str(shown.time_in_force))
    if shown.reduce_only:
        words.append("red")
    return " ".join(words)


def short_name(tracked: TrackedOrder, desk: Desk) -> str:
    """`buy 8.00 SOL-PERP @ 187.38`: how questions and messages name an order."""
    shown = tracked.order or tracked.request
    market = desk.market_of(tracked.symbol)
    if shown is None:
        return f"order in {market_name(tracked.symbol)}"
    size = _size(shown, market.quantity_decimals if market else 4)
    at = (
        "at market"
        if shown.price is None
        else f"@ {fit_price(shown.price, market.price_decimals if market else 4, 14)}"
    )
    return f"{side_word(shown.side)} {size} {market_name(tracked.symbol)} {at}"
