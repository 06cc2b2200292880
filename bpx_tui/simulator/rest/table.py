"""All operations of the exchange in one table."""

from __future__ import annotations

from bpx_tui.simulator.rest import (
    accounts,
    assets,
    borrow_lend,
    custody,
    market_data,
    orders,
    outcomes,
    rfq,
    strategies,
    system,
    trade_history,
    vaults,
)
from bpx_tui.simulator.rest.routing import Route

ROUTES: tuple[Route, ...] = (
    *system.ROUTES,
    *market_data.ROUTES,
    *assets.ROUTES,
    *orders.ROUTES,
    *accounts.ROUTES,
    *trade_history.ROUTES,
    *custody.ROUTES,
    *borrow_lend.ROUTES,
    *strategies.ROUTES,
    *rfq.ROUTES,
    *vaults.ROUTES,
    *outcomes.ROUTES,
)
