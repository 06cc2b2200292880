"""The account equals the exchange's, whatever was lost, doubled or late on the way."""

from __future__ import annotations

from decimal import Decimal

from bpx_tui.errors import Unavailable
from bpx_tui.model.account import PositionUpdate
from bpx_tui.model.enums import OrderStatus
from bpx_tui.model.ids import ClientId
from bpx_tui.model.orders import OrderEventKind
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


def test_both_sides_of_one_own_trade_are_two_fills() -> None:
    log = FillLog()
    assert log.add(values.fill(1, "10"))
    assert log.add(values.fill(1, "11"))
    assert not log.add(values.fill(1, "10"))
