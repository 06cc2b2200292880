"""The exchange's own bad days, injected at the real simulator: what is said, what is sent, and the way back."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from bpx_tui.exchange.rest_transport import RestTransport
from bpx_tui.model.enums import Side
from bpx_tui.model.limits import RiskLimits
from bpx_tui.model.views import FeedWord
from bpx_tui.service import exchange_status
from bpx_tui.service.intents import OutcomeKind
from tests.fakes import values
from tests.fakes.exchange import LocalExchange, eventually
from tests.service.test_on_exchange import SYMBOL, Trader

STALL_MS = 1_500
ORDER_SECONDS = 0.4


@pytest.fixture(scope="module")
def exchange() -> Iterator[LocalExchange]:
    exchange = LocalExchange()
    exchange.start()
    yield exchange
    exchange.stop()


def started(exchange: LocalExchange, limits: RiskLimits | None = None) -> Trader:
    trader = Trader(exchange, limits)
    trader.desk.start()
    eventually(trader.is_ready, within=10, what=lambda: (trader.gate(), trader.word(), trader.book().reason))
    return trader


@pytest.fixture
def trader(exchange: LocalExchange, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trader]:
    """A desk that does not wait long, neither for an order's answer nor before it asks for the status again."""
    monkeypatch.setitem(RestTransport.__init__.__kwdefaults__ or {}, "order_seconds", ORDER_SECONDS)
    monkeypatch.setattr(exchange_status, "TROUBLE_SECONDS", 0.5)
    monkeypatch.setattr(exchange_status, "LOOK_SECONDS", 0.05)
    trader = started(exchange)
    yield trader
    exchange.calm()
    if exchange.state()["open_orders"]:
        trader.cancel_all()
    assert trader.desk.stop()


def test_maintenance_is_told_by_the_first_order_and_its_end_is_found(trader: Trader, exchange: LocalExchange) -> None:
    resting = trader.place(trader.resting_order())
    exchange.fault("maint")
    assert trader.place(trader.resting_order()).kind is OutcomeKind.UNKNOWN
    assert trader.gate().alarm == "MAINTENANCE"
    eventually(lambda: "System under maintenance" in trader.gate().reason)
    refused = trader.place(values.request(Side.ASK, "0.5", str(trader.book().asks[5].price), SYMBOL))
    assert refused.text == "Not sent: the exchange says Maintenance: System under maintenance."
    assert not refused.reached_exchange
    assert trader.cancel(resting).reached_exchange
    assert trader.word() is FeedWord.STREAMING
    assert len(exchange.state()["open_orders"]) == 1
    exchange.calm()
    eventually(lambda: trader.gate().is_open)
    assert trader.cancel_all().kind is OutcomeKind.ACCEPTED


def test_a_stalled_engine_stops_new_risk_after_two_silences_until_it_answers(
    trader: Trader, exchange: LocalExchange
) -> None:
    resting = trader.place(trader.resting_order())
    exchange.fault("engine_stall", delay_ms=STALL_MS)
    ask = values.request(Side.ASK, "0.5", str(trader.book().asks[30].price), SYMBOL)
    for request in (trader.resting_order(), ask):
        assert trader.gate().is_open
        assert trader.place(request).kind is OutcomeKind.UNKNOWN
    assert trader.gate().alarm == "ENGINE DOWN"
    assert trader.word() is FeedWord.STREAMING
    refused = trader.place(values.request(Side.BID, "1", None, values.SOL_PERP))
    assert "the matching engine does not answer (2 orders or cancels in 10 s)" in refused.text
    assert not refused.reached_exchange
    assert trader.cancel(resting).kind is OutcomeKind.UNKNOWN
    exchange.calm()
    eventually(lambda: trader.gate().is_open, what=trader.gate)
    eventually(lambda: sorted(trader.states()) == ["open", "open"], what=trader.states)
    assert len(exchange.state()["open_orders"]) == 2
    assert trader.place(ask).kind is OutcomeKind.ACCEPTED


def test_limits_hold_against_the_exchange_and_closing_passes_them(exchange: LocalExchange) -> None:
    limits = RiskLimits(max_order_notional=Decimal(300), max_position_notional=Decimal(300))
    trader = started(exchange, limits)
    try:
        trader.watch(values.SOL_PERP)
        mark = trader.book(values.SOL_PERP).asks[0].price
        most = (Decimal(290) / mark).quantize(Decimal("0.01"))
        fills = exchange.state()["fills"]
        above = trader.place(values.request(Side.BID, str(most * 2), None, values.SOL_PERP))
        assert "above your limit of 300 per order" in above.text
        assert not above.reached_exchange
        opened = trader.place(values.request(Side.BID, str(most), None, values.SOL_PERP))
        assert "filled" in opened.text, opened
        eventually(lambda: trader.held() == {values.SOL_PERP: most} == exchange.positions())
        more = trader.place(values.request(Side.BID, str(most), None, values.SOL_PERP))
        assert "above your limit of 300 (max_position_notional" in more.text
        assert exchange.state()["fills"] == fills + 1
        closing = values.request(Side.ASK, str(most), None, values.SOL_PERP, reduce_only=True)
        assert "filled" in trader.place(closing).text
        eventually(lambda: exchange.positions() == {})
    finally:
        assert trader.desk.stop()
