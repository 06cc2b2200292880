from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from bpx_tui.exchange.backoff import CAP_SECONDS, CONNECTS_A_MINUTE, Backoff


class _Highest(random.Random):
    """Draws the upper end, to make ceilings visible."""

    def uniform(self, a: float, b: float) -> float:
        return b


def test_the_ceiling_doubles_up_to_thirty_seconds() -> None:
    backoff = Backoff(_Highest())
    assert [backoff.next_delay(0.0) for _ in range(9)] == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_only_a_stable_minute_starts_over() -> None:
    backoff = Backoff(_Highest())
    for _ in range(3):
        backoff.next_delay(0.0)
    backoff.ended(59.9)
    assert backoff.next_delay(0.0) == 4
    backoff.ended(60.0)
    assert [backoff.next_delay(0.0) for _ in range(4)] == [0.25, 0.5, 1, 2]


@given(seed=st.integers(0, 2**32))
def test_the_first_try_after_a_stable_minute_comes_within_a_quarter_of_a_second(seed: int) -> None:
    backoff = Backoff(random.Random(seed))
    for _ in range(5):
        backoff.next_delay(0.0)
    backoff.ended(60.0)
    assert 0 <= backoff.next_delay(0.0) <= 0.25


def test_eager_saves_only_the_first_wait_after_a_stable_connection() -> None:
    backoff = Backoff(_Highest())
    assert backoff.next_delay(0.0, eager=True) == 0
    assert backoff.next_delay(0.0, eager=True) == 1
    backoff.ended(60.0)
    assert backoff.next_delay(0.0, eager=True) == 0


@given(seed=st.integers(0, 2**32), lives=st.lists(st.floats(0, 200), min_size=20, max_size=120), eager=st.booleans())
def test_never_more_than_twelve_connects_in_any_minute(seed: int, lives: list[float], eager: bool) -> None:
    backoff = Backoff(random.Random(seed))
    now, connects = 0.0, []
    for lived in lives:
        backoff.connecting(now)
        connects.append(now)
        now += lived
        backoff.ended(lived)
        delay = backoff.next_delay(now, eager=eager)
        assert 0 <= delay <= max(CAP_SECONDS, 60.0)
        now += delay
    for first, later in zip(connects, connects[CONNECTS_A_MINUTE:], strict=False):
        assert later - first >= 60 - 1e-6


@given(seed=st.integers(0, 2**32))
def test_delays_are_spread_over_the_whole_range(seed: int) -> None:
    backoff = Backoff(random.Random(seed))
    delays = [backoff.next_delay(0.0) for _ in range(200)][10:]
    assert all(0 <= delay <= CAP_SECONDS for delay in delays)
    assert min(delays) < 10 < 20 < max(delays)
