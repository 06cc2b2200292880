"""The request budget: never more than our share, reads first to stop, cancels last."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpx_tui.errors import NotSent
from bpx_tui.exchange.limits import WINDOW_SECONDS, BudgetSpent, RequestBudget, Share
from bpx_tui.exchange.operations import OPERATIONS
from tests.fakes.clock import ManualClock

READ, ORDER, CANCEL = OPERATIONS["get_depth"], OPERATIONS["execute_order"], OPERATIONS["cancel_order"]
KLINES = OPERATIONS["get_klines"]
BY_SHARE = {Share.READ: READ, Share.ORDER: ORDER, Share.CANCEL: CANCEL}


def small(clock: ManualClock) -> RequestBudget:
    return RequestBudget(clock, per_minute=10, order_reserve=2, cancel_reserve=3, historical_per_minute=2)


def spend(budget: RequestBudget, share: Share, times: int = 1) -> None:
    for _ in range(times):
        budget.spend(BY_SHARE[share], share)


def test_reads_stop_first_then_orders_then_cancels() -> None:
    clock = ManualClock()
    budget = small(clock)
    spend(budget, Share.READ, 5)
    with pytest.raises(BudgetSpent, match="our own request limit"):
        spend(budget, Share.READ)
    spend(budget, Share.ORDER, 2)
    with pytest.raises(BudgetSpent):
        spend(budget, Share.ORDER)
    spend(budget, Share.CANCEL, 3)
    with pytest.raises(BudgetSpent) as refused:
        spend(budget, Share.CANCEL)
    assert isinstance(refused.value, NotSent)
    assert budget.used == 10


def test_it_says_when_the_next_may_leave_and_keeps_its_word() -> None:
    clock = ManualClock()
    budget = small(clock)
    spend(budget, Share.READ)
    clock.skip(20)
    spend(budget, Share.READ, 4)
    with pytest.raises(BudgetSpent, match="free again in 40 s") as refused:
        spend(budget, Share.READ)
    clock.skip(refused.value.wait_seconds)
    spend(budget, Share.READ)


def test_history_has_an_allowance_of_its_own() -> None:
    budget = small(ManualClock())
    budget.spend(KLINES, Share.READ)
    budget.spend(KLINES, Share.READ)
    with pytest.raises(BudgetSpent):
        budget.spend(KLINES, Share.READ)
    spend(budget, Share.READ)


def test_after_a_429_only_cancels_leave_until_the_cool_down_is_over() -> None:
    clock = ManualClock()
    budget = small(clock)
    budget.refused(None)
    assert budget.cooling_seconds == 10
    for share in (Share.READ, Share.ORDER):
        with pytest.raises(BudgetSpent, match="asked us to slow down; free again in 10 s"):
            spend(budget, share)
    spend(budget, Share.CANCEL, 3)
    with pytest.raises(BudgetSpent):
        spend(budget, Share.CANCEL)
    clock.skip(10)
    spend(budget, Share.READ)


def test_repeated_refusals_double_the_cool_down_to_a_minute() -> None:
    clock = ManualClock()
    budget = small(clock)
    waits = []
    for _ in range(5):
        budget.refused(None)
        waits.append(budget.cooling_seconds)
        clock.skip(budget.cooling_seconds)
    assert waits == [10, 20, 40, 60, 60]
    clock.skip(600)
    budget.refused(None)
    assert budget.cooling_seconds == 10


def test_what_the_exchange_asks_for_is_honoured() -> None:
    clock = ManualClock()
    budget = small(clock)
    budget.refused(37)
    assert budget.cooling_seconds == 37
    budget.refused(90)
    assert budget.cooling_seconds == 90
    budget.refused(5)
    assert budget.cooling_seconds == 90


@pytest.mark.parametrize("asked", [float("nan"), -5.0, float("inf"), 1e12])
def test_nonsense_in_retry_after_never_stops_us_for_ever(asked: float) -> None:
    budget = small(ManualClock())
    budget.refused(asked)
    assert 10 <= budget.cooling_seconds <= 3_600


moves = st.lists(st.tuples(st.sampled_from(Share), st.floats(0, 20), st.booleans()), max_size=200)


@given(moves)
def test_no_window_of_a_minute_ever_holds_more_than_the_budget(steps: list[tuple[Share, float, bool]]) -> None:
    clock = ManualClock()
    budget = small(clock)
    sent: list[tuple[float, Share]] = []
    for share, pause, refused in steps:
        clock.skip(pause)
        if refused:
            budget.refused(None)
        try:
            spend(budget, share)
        except BudgetSpent:
            continue
        sent.append((clock.monotonic(), share))
    for end, _ in sent:
        window = [share for moment, share in sent if end - WINDOW_SECONDS < moment <= end]
        assert len(window) <= 10
    assert budget.used <= 10
