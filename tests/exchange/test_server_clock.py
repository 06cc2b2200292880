"""Exchange time: from the best reading, carried by the monotonic clock, deaf to the wall clock."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpx_tui.exchange.server_clock import ServerClock
from tests.fakes.clock import ManualClock

TRUE_MS = 1_800_000_000_000


def read(clock: ManualClock, server: ServerClock, round_trip: float, server_ms: int) -> None:
    sent = clock.monotonic()
    clock.skip(round_trip)
    server.add_sample(server_ms, sent, clock.monotonic())


def test_before_the_first_reading_it_follows_the_local_clock_and_says_so() -> None:
    clock = ManualClock()
    server = ServerClock(clock)
    assert not server.is_synced
    assert server.now_ms() == clock.wall_ms()
    assert server.round_trip_seconds is None


@pytest.mark.parametrize("offset_seconds", [-3600, -10, 0, 10, 3600])
def test_a_wrong_local_clock_is_measured(offset_seconds: int) -> None:
    clock = ManualClock()
    clock.jump((TRUE_MS - clock.wall_ms()) / 1_000 + offset_seconds)
    server = ServerClock(clock)
    read(clock, server, 0.1, TRUE_MS + 50)
    assert server.is_synced
    assert abs(server.now_ms() - (TRUE_MS + 100)) <= 1
    assert abs(server.local_error_ms + offset_seconds * 1_000) <= 1


def test_a_step_of_the_wall_clock_changes_nothing() -> None:
    clock = ManualClock()
    server = ServerClock(clock)
    read(clock, server, 0.02, TRUE_MS)
    before = server.now_ms()
    clock.jump(3_600)
    assert server.now_ms() == before
    clock.skip(5)
    assert server.now_ms() == before + 5_000


def test_a_slow_reading_does_not_replace_a_fast_one() -> None:
    clock = ManualClock()
    server = ServerClock(clock)
    read(clock, server, 0.02, TRUE_MS)
    offset = server.offset_us
    read(clock, server, 2.0, TRUE_MS + 90)
    assert server.offset_us == offset
    assert server.round_trip_seconds == pytest.approx(0.02)


def test_only_the_last_five_readings_count() -> None:
    clock = ManualClock()
    server = ServerClock(clock)
    read(clock, server, 0.001, TRUE_MS)
    for _ in range(5):
        read(clock, server, 0.5, TRUE_MS + 10_000)
    assert server.round_trip_seconds == pytest.approx(0.5)


def test_after_a_suspend_the_old_readings_are_forgotten_but_time_goes_on() -> None:
    clock = ManualClock()
    server = ServerClock(clock)
    read(clock, server, 0.001, TRUE_MS)
    server.distrust()
    assert not server.is_synced
    clock.skip(1)
    assert abs(server.now_ms() - (TRUE_MS + 1_000)) <= 2
    read(clock, server, 0.4, TRUE_MS + 600_000)
    assert abs(server.now_ms() - (TRUE_MS + 600_200)) <= 1


def test_its_own_uncertainty_grows_from_half_the_way_until_the_next_reading() -> None:
    clock = ManualClock()
    server = ServerClock(clock)
    assert server.uncertainty_ms is None
    read(clock, server, 0.2, TRUE_MS)
    assert server.uncertainty_ms == pytest.approx(100)
    clock.skip(300)
    assert server.uncertainty_ms == pytest.approx(130)
    server.distrust()
    assert server.uncertainty_ms is None


@given(st.floats(0, 3), st.floats(0, 1))
def test_the_error_is_at_most_half_the_round_trip(round_trip: float, share_out: float) -> None:
    clock = ManualClock()
    server = ServerClock(clock)
    offset_us = TRUE_MS * 1_000 - int(clock.monotonic() * 1e6)
    answered_us = int((clock.monotonic() + round_trip * share_out) * 1e6) + offset_us
    read(clock, server, round_trip, answered_us // 1_000)
    assert abs(server.offset_us - offset_us) <= round_trip / 2 * 1e6 + 501
