"""The service lives with everything that the wire does only now and then, made frequent."""

from __future__ import annotations

import pytest

from bpx_tui.simulator import traps
from tests.fakes.exchange import LocalExchange, eventually
from tests.service.test_on_exchange import Trader

ORDERS = 12


def test_no_trap_makes_an_order_or_a_fill_appear_twice_or_never(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ACCEPTED_RATE", "NAMELESS_ORDER_RATE", "NAMELESS_TRADE_RATE", "LAG_RATE"):
        monkeypatch.setattr(traps, name, 0.5)
    exchange = LocalExchange(traps=True)
    exchange.start()
    trader = Trader(exchange)
    try:
        trader.desk.start()
        eventually(trader.is_ready, within=10)
        for _ in range(ORDERS):
            trader.place(trader.crossing_order())
            trader.cancel(trader.place(trader.resting_order()))
        eventually(lambda: trader.states() == [] and exchange.state()["open_orders"] == [], within=15)
        eventually(lambda: len(trader.account().fills or ()) == exchange.state()["fills"], within=20)
        assert exchange.state()["fills"] >= ORDERS
    finally:
        assert trader.desk.stop()
        exchange.stop()
