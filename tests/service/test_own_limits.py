"""The user's own limits hold on the order path itself, for every order by any route; what reduces always passes."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from bpx_tui.errors import OutcomeUnknown, Unavailable
from bpx_tui.model.account import PositionUpdate
from bpx_tui.model.checks import check_own_limits
from bpx_tui.model.enums import OrderKind, OrderStatus, Side, TimeInForce
from bpx_tui.model.ids import OrderId
from bpx_tui.model.limits import RiskLimits
from bpx_tui.model.orders import OrderRequest
from bpx_tui.model.quotes import MarkPrice
from bpx_tui.model.situation import MarketNow, Override, Situation
from bpx_tui.service.intents import OutcomeKind
from bpx_tui.service.orders_journal import JournalUnavailable, MemoryJournal
from bpx_tui.service.price_board import BUDGET_SECONDS, PriceBoard
from tests.fakes import values
from tests.fakes.clock import ManualClock
from tests.service.desk_parts import Bench

D = Decimal
PERP = values.SOL_PERP
ORDER_LIMIT = RiskLimits(max_order_notional=D(500))
POSITION_LIMIT = RiskLimits(max_position_notional=D(500))


def bid(quantity: str, price: str | None = "100") -> OrderRequest:
    return values.request(Side.BID, quantity, price, PERP)


@pytest.mark.parametrize(
    "request_",
    [
        bid("6"),
        bid("6", None),
        values.request(Side.ASK, "6", "101", PERP),
        values.request(Side.ASK, "6", "101"),
        replace(bid("6"), time_in_force=TimeInForce.IOC),
        replace(bid("6"), post_only=True),
        OrderRequest(PERP, Side.BID, OrderKind.MARKET, quote_quantity=D(501)),
    ],
)
async def test_no_order_above_the_limit_leaves_whatever_it_looks_like(request_: OrderRequest) -> None:
    async with Bench(limits=ORDER_LIMIT).running() as bench:
        await bench.live_book()
        outcome = await bench.outcome(bench.press(replace(request_, symbol=values.SOL)))
        assert (outcome.kind, outcome.reached_exchange) == (OutcomeKind.REFUSED, False)
        assert "above your limit of 500 per order (max_order_notional in config.toml)" in outcome.text
        assert bench.venue.placed == []
        assert bench.states() == []


async def test_the_service_says_it_in_the_words_of_the_ticket() -> None:
    async with Bench(limits=ORDER_LIMIT).running() as bench:
        outcome = await bench.outcome(bench.press(bid("6")))
        (reason,) = check_own_limits(
            bid("6"), Situation(values.market(PERP), MarketNow(last=D(100)), limits=ORDER_LIMIT)
        )
        assert outcome.text == f"Not sent: {reason.text}"


async def test_what_was_overridden_by_typing_again_leaves_and_nothing_else_does() -> None:
    async with Bench(limits=ORDER_LIMIT).running() as bench:
        other = await bench.outcome(bench.press(bid("6"), overrides=frozenset({Override.RETYPE_PRICE})))
        assert other.kind is OutcomeKind.REFUSED
        meant = await bench.outcome(bench.press(bid("6"), overrides=frozenset({Override.RETYPE_NOTIONAL})))
        assert meant.kind is OutcomeKind.ACCEPTED


async def test_no_word_lifts_the_limit_on_a_position() -> None:
    async with Bench(limits=POSITION_LIMIT).running() as bench:
        outcome = await bench.outcome(bench.press(bid("6"), overrides=frozenset(Override)))
        assert outcome.text == (
            "Not sent: The position would be 600 USDC, above your limit of 500 (max_position_notional in config.toml)."
        )


async def test_a_price_far_from_the_market_leaves_only_when_it_was_typed_again() -> None:
    async with Bench().running() as bench:
        outcome = await bench.outcome(bench.press(bid("1", "110")))
        assert outcome.text == "Not sent: 10.0 % above last 100. Type the price again to override."
        meant = bench.press(bid("1", "110"), overrides=frozenset({Override.RETYPE_PRICE}))
        assert (await bench.outcome(meant)).kind is OutcomeKind.ACCEPTED


async def test_the_mark_of_a_market_counts_before_its_last_price() -> None:
    async with Bench().running() as bench:
        bench.session.take(MarkPrice(PERP, D(200), None, None, None, bench.time.now_us()))
        assert "below mark 200" in (await bench.outcome(bench.press(bid("1")))).text
        await bench.clock.advance(BUDGET_SECONDS + 1)
        assert (await bench.outcome(bench.press(bid("1")))).kind is OutcomeKind.ACCEPTED


async def test_what_only_reduces_leaves_whatever_the_limits_and_whatever_is_not_known() -> None:
    limits = RiskLimits(max_order_notional=D(1), max_position_notional=D(1))
    bench = Bench(limits=limits)
    bench.venue.position_rows = [values.position("6")]
    bench.venue.always["tickers"] = bench.venue.always["markets"] = Unavailable("502")
    async with bench.running():
        for request in (values.request(Side.ASK, "6", None, PERP), values.request(Side.ASK, "6", "1", PERP)):
            assert (await bench.outcome(bench.press(request))).kind is OutcomeKind.REFUSED
            outcome = await bench.outcome(bench.press(replace(request, reduce_only=True)))
            assert outcome.kind is OutcomeKind.ACCEPTED
        assert (await bench.outcome(bench.press_cancel("1"))).kind is OutcomeKind.ACCEPTED


async def test_spot_has_no_reduce_only_and_so_the_word_lifts_no_limit_and_no_gate_there() -> None:
    async with Bench(limits=ORDER_LIMIT).running() as bench:
        spot = values.request(Side.BID, "6", "100", reduce_only=True)
        assert "above your limit" in (await bench.outcome(bench.press(spot))).text
        bench.session.gate.close("test", "closed for this test")
        small = await bench.outcome(bench.press(replace(spot, quantity=D(1))))
        assert small.text == "Not sent: closed for this test."


async def test_orders_on_their_way_and_in_doubt_count_towards_the_position() -> None:
    async def slow() -> None:
        await bench.clock.sleep(1)

    async with Bench(limits=POSITION_LIMIT).running() as bench:
        bench.venue.script("place", slow, OutcomeUnknown("502"))
        presses = [bench.press(bid("2")) for _ in range(4)]
        await bench.clock.advance(1.5)
        kinds = [bench.outcomes(input_id)[0].kind for input_id in presses]
        assert kinds == [OutcomeKind.ACCEPTED, OutcomeKind.UNKNOWN, OutcomeKind.REFUSED, OutcomeKind.REFUSED]
        assert len(bench.venue.placed) == 2
        last = bench.press(replace(bid("2"), side=Side.ASK, price=D("101")))
        assert (await bench.outcome(last)).kind is OutcomeKind.ACCEPTED


async def test_what_was_filled_counts_before_the_position_shows_it_and_once_only() -> None:
    async def filled() -> None:
        bench.venue.change("1", OrderStatus.FILLED, "3")

    async with Bench(limits=POSITION_LIMIT).running() as bench:
        bench.venue.executes_before_failing = True
        bench.venue.script("place", filled)
        assert (await bench.outcome(bench.press(bid("3")))).kind is OutcomeKind.ACCEPTED
        assert "position would be 600" in (await bench.outcome(bench.press(bid("3")))).text
        bench.venue.position_rows = [values.position("3")]
        await bench.clock.advance(9)
        assert (await bench.outcome(bench.press(bid("2")))).kind is OutcomeKind.ACCEPTED


async def test_the_stream_can_tell_of_a_position_before_the_answer_to_its_order_comes() -> None:
    async def told_first() -> None:
        order = bench.venue.change("1", OrderStatus.FILLED, "3")
        position = values.position("3", time_us=order.engine_time_us)
        bench.session.take(PositionUpdate("positionOpened", position, order.engine_time_us))
        bench.venue.orders[order.order_id] = replace(order, engine_time_us=0)
        await bench.clock.sleep(0.05)

    async with Bench(limits=POSITION_LIMIT).running() as bench:
        bench.venue.executes_before_failing = True
        bench.venue.script("place", told_first)
        await bench.outcome(bench.press(bid("3")))
        assert "position would be 800" in (await bench.outcome(bench.press(bid("2")))).text
        (position,) = bench.account().positions or ()
        told = replace(bench.venue.orders[OrderId("1")], engine_time_us=position.engine_time_us)
        bench.take_update(values.update(told))
        assert (await bench.outcome(bench.press(bid("2")))).kind is OutcomeKind.ACCEPTED


@pytest.mark.parametrize(("held", "kind"), [("4", OutcomeKind.REFUSED), ("3", OutcomeKind.ACCEPTED)])
async def test_what_is_held_counts_towards_the_position(held: str, kind: OutcomeKind) -> None:
    bench = Bench(limits=POSITION_LIMIT)
    bench.venue.position_rows = [values.position(held)]
    async with bench.running():
        assert (await bench.outcome(bench.press(bid("2")))).kind is kind


async def test_without_a_price_no_older_than_a_minute_nothing_may_add_to_a_position() -> None:
    async with Bench(limits=POSITION_LIMIT).running() as bench:
        bench.venue.always["tickers"] = Unavailable("502")
        await bench.clock.advance(BUDGET_SECONDS + 11)
        limit = await bench.outcome(bench.press(bid("1"), overrides=frozenset({Override.RETYPE_PRICE})))
        assert "A mark or last price of SOL_USDC_PERP is not known: your limit of 500" in limit.text
        assert bench.venue.placed == []


async def test_a_market_whose_rules_are_not_known_takes_no_new_order() -> None:
    bench = Bench()
    bench.venue.always["markets"] = Unavailable("502")
    async with bench.running():
        assert "rules of SOL_USDC_PERP are not known" in (await bench.outcome(bench.press(bid("1")))).text


async def test_an_order_that_cannot_be_written_down_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: object) -> None:
        raise JournalUnavailable("the disk is full.")

    async with Bench().running() as bench:
        monkeypatch.setattr(MemoryJournal, "intend", full)
        outcome = await bench.outcome(bench.press(bid("1")))
        assert (outcome.kind, outcome.text) == (OutcomeKind.REFUSED, "Not sent: the disk is full.")
        assert not outcome.reached_exchange
        assert bench.venue.placed == []
        assert bench.states() == ["not sent"]


def test_a_price_counts_for_a_minute_from_when_it_was_true() -> None:
    clock = ManualClock()
    board = PriceBoard(clock)
    board.take_tickers([values.ticker()], age_seconds=50)
    assert board.last(values.SOL) == D(100)
    assert board.mark(values.SOL) is None
    clock.skip(11)
    assert board.last(values.SOL) is None
    board.take_tickers([values.ticker()])
    board.take_tickers([replace(values.ticker(), last=D(1))], age_seconds=30)
    assert board.last(values.SOL) == D(100)
