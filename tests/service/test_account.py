"""The account equals the exchange's, whatever was lost, doubled or late on the way."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from bpx_tui.errors import Unavailable
from bpx_tui.exchange.wire_stream import Undecodable
from bpx_tui.model.account import PositionUpdate
from bpx_tui.model.enums import OrderStatus
from bpx_tui.model.ids import ClientId, OrderId
from bpx_tui.model.orders import OrderEventKind
from bpx_tui.model.quotes import MarkPrice
from bpx_tui.model.views import AccountAccess, FeedState
from bpx_tui.service.fill_log import FillLog
from bpx_tui.service.intents import OutcomeKind
from tests.fakes import values
from tests.service.desk_parts import Bench


async def test_the_gate_opens_with_the_first_whole_reading() -> None:
    bench = Bench()
    bench.venue.always["positions"] = Unavailable("503")
    async with bench.running():
        assert not bench.gate().is_open
        assert bench.account().balances is None, "a partial reading changes nothing"
        assert (await bench.outcome(bench.press(values.request()))).kind is OutcomeKind.REFUSED
        del bench.venue.always["positions"]
        await bench.clock.advance(15)
        assert bench.gate().is_open
        assert bench.account().state is FeedState.LIVE
        assert bench.account().balances is not None


async def test_without_a_key_it_says_so_and_reads_nothing_private() -> None:
    async with Bench(with_key=False).running() as bench:
        assert bench.account().access is AccountAccess.NO_KEY
        assert "no API key" in bench.account().reason
        assert not {"account", "balances", "open_orders", "fills"} & set(bench.venue.calls)


async def test_a_reconnect_closes_the_gate_until_everything_was_read_again() -> None:
    async with Bench().running() as bench:
        assert bench.gate().is_open
        bench.venue.position_rows = [values.position("3")]
        bench.open_socket(session=2)
        assert not bench.gate().is_open
        await bench.clock.advance(0.5)
        assert bench.gate().is_open
        assert bench.quantity() == 3


async def test_a_lost_fill_is_found_by_reading() -> None:
    async with Bench().running() as bench:
        await bench.outcome(bench.press(values.request()))
        bench.venue.change("1", OrderStatus.FILLED, "2")
        bench.venue.fill_rows.append(values.fill(3, "1", "2"))
        bench.venue.position_rows = [values.position("2")]
        await bench.clock.advance(10)
        assert bench.states() == []
        assert [each.trade_id for each in bench.account().fills or ()] == [3]
        assert bench.quantity() == 2


async def test_an_end_that_the_stream_did_not_tell_makes_orders_be_read_more_often() -> None:
    async with Bench().running() as bench:
        await bench.outcome(bench.press(values.request()))
        bench.take_update(values.update(bench.venue.orders[OrderId("1")], OrderEventKind.ACCEPTED))
        await bench.clock.advance(9)
        bench.venue.change("1", OrderStatus.CANCELLED)
        await bench.clock.advance(9)
        assert bench.states() == []
        assert any("did not tell" in text for text in bench.notices())
        reads = bench.venue.count("open_orders")
        await bench.clock.advance(13)
        assert bench.venue.count("open_orders") - reads >= 4


async def test_an_order_missing_from_a_list_with_unreadable_rows_is_not_gone() -> None:
    async with Bench().running() as bench:
        await bench.outcome(bench.press(values.request()))
        hidden = bench.venue.orders.pop(OrderId("1"))
        bench.venue.unreadable = ("status is missing",)
        await bench.clock.advance(20)
        assert bench.states() == ["open"]
        assert bench.venue.count("order_history") == 0, "nobody looks for what ended it"
        assert bench.account().state is FeedState.STALE
        outcome = await bench.outcome(bench.press_cancel_all(), within=6)
        assert outcome.kind is OutcomeKind.UNKNOWN
        assert "cannot be read" in outcome.text
        bench.venue.orders[hidden.order_id], bench.venue.unreadable = hidden, ()
        await bench.clock.advance(9)
        assert bench.account().state is FeedState.LIVE


async def test_money_is_read_soon_after_an_order_came_to_rest_or_ended() -> None:
    async with Bench().running() as bench:
        await bench.clock.advance(15)
        for cancels in (False, True):
            reads = bench.venue.count("balances")
            await bench.outcome(bench.press_cancel("1") if cancels else bench.press(values.request()))
            await bench.clock.advance(1.3)
            assert bench.venue.count("balances") == reads + 1


@pytest.mark.parametrize(("mark", "reads_more"), [("100.9", False), ("101.1", True), ("90", True)])
async def test_margin_is_read_again_soon_after_marks_moved_it_by_a_hundredth_of_equity(
    mark: str, reads_more: bool
) -> None:
    async with Bench().running() as bench:
        bench.venue.position_rows = [values.position("100")]
        await bench.clock.advance(31)
        assert bench.quantity() == 100
        reads = bench.venue.count("collateral")
        bench.session.take(MarkPrice(values.SOL_PERP, Decimal(mark), None, None, None, bench.time.now_us()))
        await bench.clock.advance(1.3)
        assert (bench.venue.count("collateral") > reads) is reads_more
        again = bench.venue.count("collateral")
        bench.session.take(MarkPrice(values.SOL_PERP, Decimal(mark), None, None, None, bench.time.now_us()))
        await bench.clock.advance(1.3)
        assert bench.venue.count("collateral") == again


async def test_money_that_cannot_be_read_stays_stale_whatever_else_can() -> None:
    async with Bench().running() as bench:
        await bench.clock.advance(15)
        bench.venue.always["balances"] = Unavailable("502")
        await bench.outcome(bench.press(values.request()))
        await bench.clock.advance(2)
        for _ in range(20):
            await bench.clock.advance(1)
            assert bench.account().state is FeedState.STALE
        del bench.venue.always["balances"]
        await bench.clock.advance(6)
        assert bench.account().state is FeedState.LIVE


async def test_fills_that_the_stream_lost_long_before_newer_ones_are_found() -> None:
    async with Bench().running() as bench:
        await bench.clock.advance(15)
        bench.venue.always["fills"] = Unavailable("502")
        bench.venue.fill_rows.append(values.fill(1, time_us=bench.time.now_us()))
        await bench.clock.advance(200)
        told = values.fill(2, time_us=bench.time.now_us())
        shown = values.order("9", OrderStatus.FILLED, "2", time_us=told.time_us)
        bench.venue.fill_rows.append(told)
        bench.take_update(values.update(shown, OrderEventKind.FILL, told))
        del bench.venue.always["fills"]
        await bench.clock.advance(6)
        assert [each.trade_id for each in bench.account().fills or ()] == [2, 1]


async def test_an_idle_account_is_simply_live_and_a_lost_socket_makes_it_be_read_at_once() -> None:
    async with Bench().running() as bench:
        await bench.clock.advance(15)
        assert (bench.account().state, bench.account().reason) == (FeedState.LIVE, "")
        bench.take_update(values.update(values.order("9"), OrderEventKind.ACCEPTED))
        await bench.clock.advance(4)
        reads = bench.venue.count("open_orders")
        bench.lose_socket()
        await bench.clock.advance(0.5)
        assert bench.venue.count("open_orders") == reads + 1
        assert bench.gate().is_open


async def test_no_new_risk_while_orders_cannot_be_read() -> None:
    async with Bench().running() as bench:
        await bench.clock.advance(15)
        await bench.outcome(bench.press(values.request()))
        bench.venue.always["open_orders"] = Unavailable("no answer in time.")
        bench.lose_socket()
        await bench.clock.advance(0.5)
        assert not bench.gate().is_open
        assert "orders cannot be read: no answer in time" in bench.gate().reason
        refused = await bench.outcome(bench.press(values.request()))
        assert refused.text == "Not sent: orders cannot be read: no answer in time."
        reducing = await bench.outcome(bench.press(values.request(symbol=values.SOL_PERP, reduce_only=True)))
        assert reducing.kind is OutcomeKind.ACCEPTED
        assert (await bench.outcome(bench.press_cancel("1"))).kind is OutcomeKind.ACCEPTED
        del bench.venue.always["open_orders"]
        await bench.clock.advance(2)
        assert bench.gate().is_open


async def test_an_unreadable_private_frame_is_made_up_for_by_reading() -> None:
    async with Bench().running() as bench:
        await bench.clock.advance(15)
        bench.take_update(values.update(values.order("9"), OrderEventKind.ACCEPTED))
        await bench.clock.advance(4)
        orders, money = bench.venue.count("open_orders"), bench.venue.count("balances")
        bench.session.take(Undecodable("i is missing", "account.orderUpdate"))
        await bench.clock.advance(1.5)
        assert bench.venue.count("open_orders") > orders
        assert bench.venue.count("balances") > money


async def test_a_position_from_the_future_does_not_outrank_what_is_read_later() -> None:
    async with Bench().running() as bench:
        year_us = 365 * 86_400 * 1_000_000
        moved = values.position("5", time_us=bench.time.now_us() + year_us)
        bench.session.take(PositionUpdate("positionAdjusted", moved, moved.engine_time_us))
        await bench.clock.advance(0.1)
        assert bench.quantity() == 5
        bench.venue.position_rows = [values.position("3")]
        await bench.clock.advance(9)
        assert bench.quantity() == 3


async def test_a_standstill_closes_the_gate_and_everything_is_read_again() -> None:
    async with Bench().running() as bench:
        runs = bench.socket.runs
        bench.venue.always["measure_clock"] = Unavailable("not yet")
        bench.clock.skip(40)
        await bench.clock.advance(0.6)
        assert not bench.gate().is_open
        assert "stood still for 40 s" in bench.gate().reason
        del bench.venue.always["measure_clock"]
        await bench.clock.advance(4)
        assert bench.gate().is_open
        assert bench.socket.runs == runs + 1


async def test_a_fill_counts_once_and_money_is_read_soon_after() -> None:
    async with Bench().running() as bench:
        await bench.outcome(bench.press(values.request()))
        reads = bench.venue.count("balances")
        client_id = bench.venue.placed[0].client_id
        own = values.fill(5, "1", "1", client_id=client_id)
        shown = values.order("1", OrderStatus.PARTIALLY_FILLED, "1", client_id=client_id, time_us=9)
        for _ in range(3):
            bench.take_update(values.update(shown, OrderEventKind.FILL, own))
        bench.venue.change("1", OrderStatus.PARTIALLY_FILLED, "1")
        bench.venue.fill_rows.append(own)
        await bench.clock.advance(1.5)
        assert len(bench.account().fills or ()) == 1
        (tracked,) = bench.account().orders or ()
        assert tracked.order is not None
        assert tracked.order.executed_quantity == 1
        assert bench.venue.count("balances") > reads


async def test_orders_made_elsewhere_are_external() -> None:
    async with Bench().running() as bench:
        bench.venue.orders[values.order("77").order_id] = values.order("77", client_id=4)
        await bench.clock.advance(4)
        (tracked,) = bench.account().orders or ()
        assert tracked.is_external


async def test_stream_positions_are_kept_over_an_older_reading() -> None:
    async with Bench().running() as bench:

        async def moved_while_reading() -> None:
            await bench.clock.sleep(0.01)
            moved = values.position("5", time_us=bench.time.now_us())
            bench.session.take(PositionUpdate("positionAdjusted", moved, moved.engine_time_us))

        bench.venue.script("positions", moved_while_reading)
        bench.venue.position_rows = [values.position("4")]
        bench.session.private.reconciler.demand("test")
        await bench.clock.advance(1)
        assert bench.quantity() == 5


async def test_a_position_that_rest_no_longer_shows_is_flat_but_a_failed_read_is_not() -> None:
    async with Bench().running() as bench:
        bench.venue.position_rows = [values.position("4")]
        await bench.clock.advance(12)
        assert bench.quantity() == 4
        bench.venue.always["positions"] = Unavailable("502")
        bench.venue.position_rows = []
        await bench.clock.advance(8)
        assert bench.quantity() == 4
        assert bench.account().state is FeedState.STALE
        del bench.venue.always["positions"]
        await bench.clock.advance(12)
        assert bench.account().positions == ()


async def test_a_clock_jump_closes_the_gate_renews_the_socket_and_reads_everything() -> None:
    async with Bench().running() as bench:
        runs, reads = bench.socket.runs, bench.venue.count("account")
        bench.venue.always["measure_clock"] = Unavailable("asleep")
        bench.clock.jump(600)
        await bench.clock.advance(1)
        assert not bench.gate().is_open
        assert "jumped" in bench.gate().reason
        del bench.venue.always["measure_clock"]
        await bench.clock.advance(4)
        assert bench.gate().is_open
        assert bench.socket.runs == runs + 1
        assert bench.venue.count("account") > reads


async def test_maintenance_closes_the_gate_and_its_end_opens_it() -> None:
    bench = Bench()
    bench.venue.status_word = "Maintenance"
    async with bench.running():
        assert "Maintenance" in bench.gate().reason
        assert (await bench.outcome(bench.press_cancel_all(), within=1)).kind is OutcomeKind.ACCEPTED
        bench.venue.status_word = "Ok"
        await bench.clock.advance(12)
        assert bench.gate().is_open


async def test_lost_events_close_the_gate_until_the_reader_has_caught_up() -> None:
    async with Bench().running() as bench:
        for _ in range(10_001):
            bench.session.announcer.order(bench.session.private.board.begin(ClientId(1), values.request(), 0))
        await bench.clock.advance(2)
        assert "events were lost" in bench.gate().reason
        bench.bus.events.drain()
        await bench.clock.advance(1)
        assert bench.gate().is_open


def test_fills_without_an_id_are_told_apart_by_time_price_and_quantity() -> None:
    log = FillLog()
    assert log.add(values.fill(None, time_us=5_000))
    assert not log.add(values.fill(0, time_us=5_400))
    assert log.add(values.fill(None, time_us=7_000))
    assert log.add(values.fill(None, quantity="2", time_us=5_000))
    assert sum((each.quantity for each in log.newest(9)), Decimal(0)) == 4


@pytest.mark.parametrize("nameless_first", [True, False])
def test_a_fill_whose_id_only_one_source_knows_counts_once(nameless_first: bool) -> None:
    log = FillLog()
    nameless, named = values.fill(None, time_us=5_000), values.fill(8, time_us=5_999)
    told = [nameless, named] if nameless_first else [named, nameless]
    assert [log.add(fill) for fill in (*told, *told)] == [True, False, False, False]
    assert [fill.trade_id for fill in log.newest(9)] == [8]
    assert log.add(values.fill(9, time_us=5_000)), "two trades may look the same"


@pytest.mark.parametrize("first", [True, None])
def test_who_rested_is_known_from_whichever_source_says_so(first: bool | None) -> None:
    log = FillLog()
    log.add(replace(values.fill(8), is_maker=first))
    assert log.newest(1)[0].is_maker is first
    log.add(replace(values.fill(8), is_maker=None if first else True))
    assert log.newest(1)[0].is_maker is True


def test_both_sides_of_one_own_trade_are_two_fills() -> None:
    log = FillLog()
    assert log.add(values.fill(1, "10"))
    assert log.add(values.fill(1, "11"))
    assert not log.add(values.fill(1, "10"))


async def test_what_is_lent_and_owed_is_read_with_the_money() -> None:
    async with Bench().running() as bench:
        assert bench.account().loans == ()
        bench.venue.lending.rows = [values.loan("USDC", "500"), values.loan("SOL", "-2.5", "150")]
        await bench.clock.advance(16)
        assert bench.account().loans == tuple(bench.venue.lending.rows)


async def test_loans_that_cannot_be_read_are_unknown_and_stop_nothing() -> None:
    bench = Bench()
    bench.venue.lending.rows = [values.loan()]
    bench.venue.lending.unreadable = ("id is missing.",)
    async with bench.running():
        assert (bench.account().loans, bench.gate().is_open) == (None, True)
        bench.venue.lending.unreadable = ()
        await bench.clock.advance(16)
        assert bench.account().loans == (values.loan(),)
        bench.venue.always["loans"] = Unavailable("503")
        await bench.clock.advance(16)
        assert bench.account().loans is None
        assert (bench.account().state, bench.gate().is_open) == (FeedState.LIVE, True)
