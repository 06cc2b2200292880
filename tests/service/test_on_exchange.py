"""The whole service on its own thread against the simulated exchange, over real sockets, on good days and bad."""

from __future__ import annotations

import time
from collections.abc import Iterator
from decimal import Decimal

import pytest

from bpx_tui.config.credentials import Credentials
from bpx_tui.model.enums import KlineInterval, Side
from bpx_tui.model.ids import Symbol
from bpx_tui.model.limits import RiskLimits
from bpx_tui.model.orders import OrderRequest
from bpx_tui.model.views import AccountView, BookView, FeedState, FeedWord, Gate
from bpx_tui.service import topics
from bpx_tui.service.desk import Desk, DeskConfig
from bpx_tui.service.intents import (
    CancelAll,
    CancelOrder,
    CommandOutcome,
    Event,
    Intent,
    Mode,
    OutcomeKind,
    PlaceOrder,
    ReadStrategies,
    WatchMarket,
    next_input_id,
)
from bpx_tui.service.probe import probe
from tests.fakes import values
from tests.fakes.exchange import LocalExchange, eventually

SYMBOL = Symbol("SOL_USDC")


class Trader:
    """A desk on the exchange, and the hands on its keys."""

    def __init__(self, exchange: LocalExchange, limits: RiskLimits | None = None) -> None:
        self.desk = Desk(
            DeskConfig(
                Mode.DEMO,
                exchange.rest_url,
                exchange.ws_url,
                SYMBOL,
                KlineInterval.M1,
                Credentials(exchange.api_key, exchange.api_secret),
                limits=limits or RiskLimits(),
            )
        )
        self._events: list[Event] = []

    def book(self, symbol: Symbol = SYMBOL) -> BookView:
        return self.desk.bus.latest.value(topics.book(symbol)) or BookView(symbol, FeedState.WAITING)

    def gate(self) -> Gate:
        return self.desk.bus.latest.value(topics.GATE) or Gate(is_open=False)

    def account(self) -> AccountView:
        view = self.desk.bus.latest.value(topics.ACCOUNT)
        assert view is not None
        return view

    def word(self) -> FeedWord | None:
        health = self.desk.bus.latest.value(topics.HEALTH)
        return None if health is None else health.word

    def is_ready(self) -> bool:
        return self.gate().is_open and self.book().state is FeedState.LIVE and self.word() is FeedWord.STREAMING

    def resting_order(self) -> OrderRequest:
        """A bid deep enough to rest."""
        return values.request(Side.BID, "0.5", str(self.book().bids[40].price), SYMBOL)

    def crossing_order(self) -> OrderRequest:
        return values.request(Side.BID, "0.5", str(self.book().asks[10].price), SYMBOL)

    def place(self, request: OrderRequest) -> CommandOutcome:
        return self._answer(PlaceOrder(next_input_id(), time.monotonic(), Mode.DEMO, request=request))

    def cancel(self, outcome: CommandOutcome) -> CommandOutcome:
        assert outcome.order is not None
        assert outcome.order.order is not None
        order_id = outcome.order.order.order_id
        return self._answer(CancelOrder(next_input_id(), time.monotonic(), Mode.DEMO, symbol=SYMBOL, order_id=order_id))

    def cancel_all(self) -> CommandOutcome:
        return self._answer(CancelAll(next_input_id(), time.monotonic(), Mode.DEMO, symbol=None))

    def running(self) -> list[tuple[Symbol, Decimal | None]] | None:
        """Market and quantity of the strategies that run, `None` while that is not known."""
        view = self.account()
        return None if view.strategies_unknown else [(each.symbol, each.quantity) for each in view.strategies or ()]

    def look_at_strategies(self) -> None:
        self._answer(ReadStrategies(next_input_id(), time.monotonic(), Mode.DEMO))

    def watch(self, symbol: Symbol) -> None:
        intent = WatchMarket(next_input_id(), 0, Mode.DEMO, symbol=symbol, interval=KlineInterval.M1)
        assert self.desk.bus.commands.submit(intent)
        book = topics.book(symbol)
        eventually(lambda: (view := self.desk.bus.latest.value(book)) is not None and view.state is FeedState.LIVE)

    def held(self) -> dict[Symbol, Decimal]:
        return {each.symbol: each.net_quantity for each in self.account().positions or ()}

    def states(self) -> list[str]:
        return [f"{tracked.state}" for tracked in self.account().orders or ()]

    def _answer(self, intent: Intent) -> CommandOutcome:
        assert self.desk.bus.commands.submit(intent)
        eventually(lambda: bool(self._outcomes(intent.input_id)))
        (outcome,) = self._outcomes(intent.input_id)
        return outcome

    def _outcomes(self, input_id: int) -> list[CommandOutcome]:
        self._events += self.desk.bus.events.drain()
        return [each for each in self._events if isinstance(each, CommandOutcome) and each.input_id == input_id]


@pytest.fixture(scope="module")
def exchange() -> Iterator[LocalExchange]:
    exchange = LocalExchange()
    exchange.start()
    yield exchange
    exchange.stop()


@pytest.fixture
def trader(exchange: LocalExchange) -> Iterator[Trader]:
    trader = Trader(exchange)
    trader.desk.start()
    eventually(trader.is_ready, within=10, what=lambda: (trader.gate(), trader.word(), trader.book().reason))
    yield trader
    exchange.calm()
    if exchange.state()["open_orders"]:
        trader.cancel_all()
    assert trader.desk.stop()


def agrees(trader: Trader, exchange: LocalExchange) -> bool:
    """Whether the shown book is exactly the exchange's at the same update id."""
    told, shown = exchange.depth(SYMBOL), trader.book()
    if shown.state is not FeedState.LIVE or shown.last_id != int(told["lastUpdateId"]):
        return False
    for rows, levels in ((shown.bids, told["bids"][::-1]), (shown.asks, told["asks"])):
        wanted = [(Decimal(price), Decimal(quantity)) for price, quantity in levels[: len(rows)]]
        assert [(row.price, row.quantity) for row in rows] == wanted
    return True


@pytest.mark.parametrize("fault", ["drop_frame", "dup", "swap"])
def test_the_book_is_the_exchanges_after_injected_faults(trader: Trader, exchange: LocalExchange, fault: str) -> None:
    before = trader.book().last_id or 0
    exchange.fault(fault, stream=f"depth.{SYMBOL}", count=3)
    eventually(lambda: (trader.book().last_id or 0) > before + 10)
    eventually(lambda: agrees(trader, exchange), what=trader.book)


def test_an_order_rests_fills_and_is_counted_as_the_exchange_counts(trader: Trader, exchange: LocalExchange) -> None:
    fills = exchange.state()["fills"]
    resting = trader.place(trader.resting_order())
    assert resting.kind is OutcomeKind.ACCEPTED
    assert resting.round_trip_ms is not None
    eventually(lambda: any(row.own for row in trader.book().bids))
    filled = trader.place(trader.crossing_order())
    assert "filled" in filled.text
    assert trader.cancel(resting).kind is OutcomeKind.ACCEPTED
    eventually(lambda: trader.states() == [] and exchange.state()["open_orders"] == [])
    eventually(lambda: len(trader.account().fills or ()) == exchange.state()["fills"] > fills)
    wanted = {name: Decimal(held["available"]) for name, held in exchange.state()["balances"].items()}
    eventually(lambda: {b.asset: b.available for b in trader.account().balances or ()} == wanted)


@pytest.mark.parametrize("fault", ["accept_then_drop", "exec_and_5xx", "truncate"])
def test_an_order_whose_answer_is_lost_is_found_and_not_sent_again(
    trader: Trader, exchange: LocalExchange, fault: str
) -> None:
    exchange.fault(fault, path="/api/v1/order", count=1)
    outcome = trader.place(trader.resting_order())
    assert outcome.kind in (OutcomeKind.UNKNOWN, OutcomeKind.ACCEPTED)
    eventually(lambda: trader.states() == ["open"], what=trader.states)
    assert len(exchange.state()["open_orders"]) == 1


def test_the_stream_may_be_faster_than_the_answer(trader: Trader, exchange: LocalExchange) -> None:
    exchange.fault("ws_first", delay_ms=200, count=1)
    outcome = trader.place(trader.crossing_order())
    assert (outcome.kind, "filled" in outcome.text) == (OutcomeKind.ACCEPTED, True)


def test_a_202_is_no_cancel_until_the_exchange_shows_it(trader: Trader, exchange: LocalExchange) -> None:
    resting = trader.place(trader.resting_order())
    exchange.fault("202", count=1)
    assert "not yet executed" in trader.cancel(resting).text
    eventually(lambda: trader.states() == [])


def test_a_cancel_that_finds_nothing_tells_what_became_of_the_order(trader: Trader, exchange: LocalExchange) -> None:
    resting = trader.place(trader.resting_order())
    exchange.fault("lose", event="orderCancelled", count=1)
    exchange.fault("cancel_external", symbol=SYMBOL)
    outcome = trader.cancel(resting)
    assert "no longer rested" in outcome.text
    assert "cancelled" in outcome.text
    eventually(lambda: trader.states() == [])


def test_a_cancel_that_lost_the_race_against_a_fill_shows_the_fill(trader: Trader, exchange: LocalExchange) -> None:
    resting = trader.place(trader.resting_order())
    exchange.fault("fill_then_404", count=1)
    outcome = trader.cancel(resting)
    assert (outcome.kind, "no longer rested" in outcome.text) == (OutcomeKind.REFUSED, True), outcome
    assert "filled" in outcome.text
    eventually(lambda: trader.states() == [] and exchange.state()["open_orders"] == [])
    eventually(lambda: len(trader.account().fills or ()) == exchange.state()["fills"])


def test_a_refusal_for_too_many_requests_places_nothing(trader: Trader, exchange: LocalExchange) -> None:
    exchange.fault("429", path="/api/v1/order", count=1)
    assert trader.place(trader.resting_order()).kind is OutcomeKind.REFUSED
    assert exchange.state()["open_orders"] == []


def test_a_cut_socket_is_marked_and_everything_is_read_again(trader: Trader, exchange: LocalExchange) -> None:
    exchange.fault("reset")
    eventually(lambda: trader.book().state is FeedState.RESYNCING or trader.word() is not FeedWord.STREAMING)
    eventually(trader.is_ready, within=8, what=lambda: (trader.gate(), trader.word(), trader.book().reason))
    eventually(lambda: agrees(trader, exchange), what=trader.book)


def test_a_muted_depth_stream_alone_is_noticed(trader: Trader, exchange: LocalExchange) -> None:
    exchange.fault("mute", stream=f"depth.{SYMBOL}")
    eventually(lambda: trader.book().state is FeedState.RESYNCING, what=trader.book)
    exchange.calm()
    eventually(lambda: agrees(trader, exchange), within=10, what=trader.book)


def test_orders_from_elsewhere_appear_as_external(trader: Trader, exchange: LocalExchange) -> None:
    price = str(trader.book().bids[30].price)
    exchange.fault("external", symbol=SYMBOL, side="Bid", quantity="0.3", price=price)
    eventually(lambda: [tracked.is_external for tracked in trader.account().orders or ()] == [True])


def test_a_perpetual_position_opens_lives_by_the_mark_and_closes(trader: Trader, exchange: LocalExchange) -> None:
    trader.watch(values.SOL_PERP)
    opened = trader.place(values.request(Side.BID, "1", None, values.SOL_PERP))
    assert "filled" in opened.text, opened
    eventually(lambda: trader.held() == {values.SOL_PERP: Decimal(1)} == exchange.positions())
    (position,) = trader.account().positions or ()
    eventually(lambda: [p.mark_price for p in trader.account().positions or ()] != [position.mark_price])
    (moved,) = trader.account().positions or ()
    profits = [each.pnl_unrealized + each.pnl_realized for each in (position, moved)]
    assert abs(profits[1] - profits[0] - (moved.mark_price - position.mark_price)) < Decimal("0.01")
    closed = trader.place(values.request(Side.ASK, "1", None, values.SOL_PERP, reduce_only=True))
    assert "filled" in closed.text, closed
    eventually(lambda: trader.held() == {} == exchange.positions())


def test_a_strategy_from_elsewhere_is_known_as_it_trades_and_stopped_with_everything(
    trader: Trader, exchange: LocalExchange
) -> None:
    exchange.fault("strategy", symbol=SYMBOL, side="Bid", quantity="3", duration_ms=120_000, interval_ms=1_000)
    eventually(lambda: trader.running() == [(SYMBOL, Decimal(3))])
    (begun,) = trader.account().strategies or ()
    assert Decimal(0) < begun.executed_quantity < 3
    eventually(lambda: [row.executed_quantity for row in trader.account().strategies or ()] > [begun.executed_quantity])
    trader.place(trader.resting_order())
    stopped = trader.cancel_all()
    assert stopped.kind is OutcomeKind.ACCEPTED
    assert "1 order cancelled, 1 strategy stopped, nothing is left" in stopped.text
    eventually(lambda: trader.running() == [])


def test_strategies_that_cannot_be_read_are_unknown_until_they_can(trader: Trader, exchange: LocalExchange) -> None:
    exchange.fault("strategy", symbol=SYMBOL, quantity="3")
    exchange.fault("raw_body", path="/api/v1/strategies", status=503, text="down")
    trader.look_at_strategies()
    eventually(lambda: "503" in trader.account().strategies_unknown)
    assert trader.gate().is_open
    unsure = trader.cancel_all()
    assert unsure.kind is OutcomeKind.UNKNOWN
    assert "whether strategies run cannot be read" in unsure.text
    exchange.calm()
    trader.look_at_strategies()
    eventually(lambda: trader.running() == [(SYMBOL, Decimal(3))])
    assert "1 strategy stopped, nothing is left" in trader.cancel_all().text


async def test_the_probe_reports_what_answers(exchange: LocalExchange) -> None:
    good = await probe(exchange.rest_url, exchange.ws_url, Credentials(exchange.api_key, exchange.api_secret))
    assert good.is_good, good
    assert good.clock_offset_ms is not None
    assert abs(good.clock_offset_ms) < 1_000
    bad = await probe("http://127.0.0.1:9", "ws://127.0.0.1:9/", None)
    assert (bad.is_good, bad.rest.is_good, bad.socket.is_good) == (False, False, False)
    assert bad.account is None


def test_money_that_is_lent_or_borrowed_elsewhere_is_seen(trader: Trader, exchange: LocalExchange) -> None:
    exchange.fault("lend", asset="USDC", quantity="100")
    exchange.fault("lend", asset="SOL", side="Borrow", quantity="2")
    wanted = {"USDC": Decimal(100), "SOL": Decimal(-2)}
    trader.place(trader.resting_order())  # after which money is read soon
    eventually(
        lambda: {each.asset: round(each.net_quantity, 2) for each in trader.account().loans or ()} == wanted,
        what=lambda: trader.account().loans,
    )
    exchange.fault("lend", asset="USDC", side="Borrow", quantity="100")
    exchange.fault("lend", asset="SOL", quantity="2")
