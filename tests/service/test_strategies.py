"""Running strategies: known with the account, unknown when they cannot be read, stopped by a cancel of everything."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bpx_tui.errors import NotSent, OutcomeUnknown, Unavailable
from bpx_tui.exchange.server_clock import ServerClock
from bpx_tui.model.enums import OrderStatus, StrategyStatus
from bpx_tui.model.ids import StrategyId, Symbol
from bpx_tui.model.strategies import Strategy
from bpx_tui.model.views import AccountAccess, FeedState
from bpx_tui.service import private_lane
from bpx_tui.service.account import Account
from bpx_tui.service.cancel_all import AT_ONCE, MOST_ROUNDS
from bpx_tui.service.fill_log import FillLog
from bpx_tui.service.intents import Mode, OutcomeKind
from bpx_tui.service.order_board import OrderBoard
from bpx_tui.service.strategies import StrategyWatch
from tests.fakes import values
from tests.fakes.clock import ManualClock
from tests.service.desk_parts import Bench


def running(*strategies: Strategy) -> Bench:
    bench = Bench()
    bench.venue.strategies.rows = list(strategies)
    return bench


async def test_strategies_are_read_with_the_account_and_again_with_its_money() -> None:
    bench = running(values.strategy(executed="0.75"))
    async with bench.running():
        assert bench.account().strategies == (values.strategy(executed="0.75"),)
        assert bench.account().strategies_unknown == ""
        bench.venue.strategies.rows = [values.strategy(executed="1.50"), values.strategy("7", symbol=values.SOL_PERP)]
        bench.take_update(values.update(values.order("9", executed="0.75"), own_fill=values.fill(1, "9")))
        await bench.clock.advance(1.5)
        assert bench.account().strategies == tuple(bench.venue.strategies.rows)


async def test_what_cannot_be_read_is_unknown_and_closes_nothing_else() -> None:
    bench = running(values.strategy())
    async with bench.running():
        bench.venue.always["running_strategies"] = Unavailable("503")
        await bench.clock.advance(31)
        view = bench.account()
        assert (view.strategies, view.strategies_unknown) == ((values.strategy(),), "503")
        assert (view.state, bench.gate().is_open) == (FeedState.LIVE, True)
        bench.venue.always.clear()
        bench.venue.strategies.rows = []
        await bench.clock.advance(16)
        assert (bench.account().strategies, bench.account().strategies_unknown) == ((), "")


@pytest.mark.parametrize("read_twice", [False, True])
async def test_with_the_rest_of_the_account_strategies_are_unknown_too(read_twice: bool) -> None:
    bench = running(values.strategy())
    async with bench.running():
        await bench.clock.advance(12 * read_twice)
        bench.venue.always["balances"] = Unavailable("offline")
        await bench.clock.advance(31)
        assert bench.account().strategies_unknown == "offline"


async def test_before_the_first_answer_nothing_is_known() -> None:
    bench = running()
    bench.venue.always["account"] = Unavailable("offline")
    async with bench.running():
        assert bench.account().strategies_unknown == "offline"
    bench = running()
    bench.venue.strategies.unreadable = ("status is missing.",)
    async with bench.running():
        assert (bench.account().strategies, bench.gate().is_open) == (None, True)
        assert "status is missing" in bench.account().strategies_unknown


async def test_without_a_key_there_is_nothing_to_know() -> None:
    bench = Bench(with_key=False)
    async with bench.running():
        assert bench.venue.count("running_strategies") == 0
        assert (bench.account().strategies, bench.account().strategies_unknown) == (None, "")


async def test_what_is_over_does_not_run_and_a_new_word_may() -> None:
    over, odd = (replace(values.strategy(), status=status) for status in (StrategyStatus.COMPLETED, "Paused"))
    async with running(over, odd).running() as bench:
        assert bench.account().strategies == (odd,)


class SlowVenue:
    """Answers each reading when the test says so."""

    def __init__(self) -> None:
        self.answers: list[asyncio.Future[Sequence[Strategy]]] = []

    async def running(self) -> Sequence[Strategy]:
        self.answers.append(asyncio.get_running_loop().create_future())
        return await self.answers[-1]

    async def cancel_all(self, symbol: Symbol) -> Sequence[Strategy] | None:
        raise AssertionError(symbol)


def watch_says(account: Account) -> tuple[tuple[Strategy, ...] | None, str]:
    return account.strategies, account.strategies_unknown


async def test_of_readings_that_overlap_the_one_begun_last_counts() -> None:
    clock = ManualClock()
    board = OrderBoard(clock, ServerClock(clock))
    venue, account = SlowVenue(), Account(AccountAccess.TRADING, board, FillLog())
    watch = StrategyWatch(venue, account)
    async with asyncio.TaskGroup() as group:
        early, late = (group.create_task(watch.read()) for _ in range(2))
        await asyncio.sleep(0)
        venue.answers[1].set_result(())
        await late
        venue.answers[0].set_result((values.strategy(),))
        assert await early == (values.strategy(),)
    assert watch_says(account) == ((), "")
    async with asyncio.TaskGroup() as group:
        early, late = (group.create_task(watch.read()) for _ in range(2))
        await asyncio.sleep(0)
        venue.answers[3].set_result((values.strategy(),))
        await late
        venue.answers[2].set_exception(Unavailable("late"))
        assert await early is None
    assert watch_says(account) == ((values.strategy(),), "")


async def test_a_cancel_of_everything_stops_strategies_in_every_market() -> None:
    async with running(values.strategy(), values.strategy("7", symbol=values.SOL_PERP)).running() as bench:
        await bench.outcome(bench.press(values.request()))
        outcome = await bench.outcome(bench.press_cancel_all(), within=3)
        assert outcome.kind is OutcomeKind.ACCEPTED
        assert outcome.text == "all markets: 1 order cancelled, 2 strategies stopped, nothing is left."
        assert bench.account().strategies == () == tuple(bench.venue.strategies.rows)
        first_stop, first_cancel = (bench.venue.calls.index(name) for name in ("cancel_strategies", "cancel_all"))
        assert first_stop < first_cancel


async def test_a_cancel_of_one_market_stops_what_runs_there_and_nothing_else() -> None:
    elsewhere = values.strategy("7", symbol=values.SOL_PERP)
    async with running(elsewhere).running() as bench:
        bench.venue.strategies.rows.append(values.strategy())  # begun since the last reading
        outcome = await bench.outcome(bench.press_cancel_all(values.SOL), within=3)
        assert (outcome.kind, "1 strategy stopped" in outcome.text) == (OutcomeKind.ACCEPTED, True)
        assert bench.account().strategies == (elsewhere,)


async def test_where_no_strategy_runs_none_is_stopped_and_slow_stops_hold_up_no_cancel() -> None:
    async def never() -> None:
        await asyncio.Event().wait()

    elsewhere = [values.strategy(str(number), symbol=Symbol(f"A{number}_USDC")) for number in range(AT_ONCE)]
    async with running().running() as bench:
        assert (await bench.outcome(bench.press_cancel_all(values.SOL))).kind is OutcomeKind.ACCEPTED
        assert bench.venue.count("cancel_strategies") == 0
        bench.venue.always["running_strategies"] = Unavailable("503")
        bench.press_quit()
        await bench.clock.advance(0.1)
        await bench.outcome(bench.press_cancel_all(values.SOL), within=10)
        assert bench.venue.count("cancel_strategies") > 0
    bench = running(*elsewhere)
    async with bench.running():
        await bench.outcome(bench.press(values.request()))
        bench.venue.script("cancel_strategies", *[never] * AT_ONCE)
        bench.press_cancel_all()
        await bench.clock.advance(0.1)
        assert [order.status for order in bench.venue.orders.values()] == [OrderStatus.CANCELLED]


@pytest.mark.parametrize("knows", [True, False])
async def test_strategies_that_cannot_be_read_leave_the_outcome_open(knows: bool) -> None:
    async with running(*[values.strategy()] * knows).running() as bench:
        bench.venue.always["running_strategies"] = NotSent("offline")
        outcome = await bench.outcome(bench.press_cancel_all(), within=10)
        assert outcome.kind is OutcomeKind.UNKNOWN
        assert "no order is left, but whether strategies run cannot be read" in outcome.text
        assert bench.venue.strategies.rows == []
        assert (bench.venue.count("cancel_strategies") > 0) is knows
        assert bench.account().strategies_unknown == "offline"


async def test_a_strategy_that_is_known_by_its_orders_alone_is_stopped() -> None:
    bench = running()
    bench.venue.always["running_strategies"] = NotSent("offline")
    async with bench.running():
        bench.venue.strategies.rows = [values.strategy()]
        resting = replace(bench.venue.accept(values.request()), strategy_id=StrategyId("6"))
        bench.venue.orders[resting.order_id] = resting
        bench.take_update(values.update(resting))
        await bench.outcome(bench.press_cancel_all(), within=10)
        assert bench.venue.strategies.rows == []


@pytest.mark.parametrize("fails", [False, True])
async def test_what_was_asked_to_stop_and_still_runs_is_said(fails: bool) -> None:
    async with running(values.strategy()).running() as bench:
        bench.venue.strategies.accepts_only = True
        if fails:
            bench.venue.always["cancel_strategies"] = OutcomeUnknown("502")
        outcome = await bench.outcome(bench.press_cancel_all(), within=10)
        assert outcome.kind is OutcomeKind.UNKNOWN
        assert "strategies run in SOL_USDC" in outcome.text
        assert ("502" in outcome.text) is fails
        assert bench.venue.count("cancel_strategies") == MOST_ROUNDS


async def test_the_question_before_leaving_looks_again() -> None:
    async with running().running() as bench:
        bench.venue.strategies.rows = [values.strategy()]
        assert (await bench.outcome(bench.press_quit())).kind is OutcomeKind.ACCEPTED
        assert bench.account().strategies == (values.strategy(),)


async def test_at_the_end_what_goes_on_trading_is_told() -> None:
    bench = running()
    async with bench.running():
        bench.venue.strategies.rows = [values.strategy()]
    assert bench.account().strategies == (values.strategy(),)
    assert "Strategies go on trading at the exchange: SOL_USDC." in bench.notices()


async def test_the_end_does_not_wait_long_for_what_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never() -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(private_lane, "LAST_LOOK_SECONDS", 0.01)
    bench = running(values.strategy())
    async with bench.running():
        bench.venue.script("running_strategies", never)
    assert bench.account().strategies == (values.strategy(),)
    said = "Whether strategies run at the exchange is not known: no answer before the program ended."
    assert said in bench.notices()


async def test_a_desk_that_may_only_look_stops_nothing() -> None:
    bench = Bench(Mode.READ)
    bench.venue.strategies.rows = [values.strategy()]
    async with bench.running():
        assert bench.account().strategies == (values.strategy(),)
        assert (await bench.outcome(bench.press_cancel_all())).kind is OutcomeKind.REFUSED
        assert bench.venue.count("cancel_strategies") == 0
