"""What a session does when something inside it, or at its edges, goes wrong."""

from __future__ import annotations

from typing import NoReturn

import pytest

from bpx_tui.exchange.wire_stream import StreamError, Undecodable
from bpx_tui.model.enums import KlineInterval
from bpx_tui.model.views import FeedState, FeedWord
from bpx_tui.service.intents import Intent, Mode, OutcomeKind, Resync, WatchMarket, next_input_id
from tests.fakes import values
from tests.service.desk_parts import Bench


def broken(*_: object) -> NoReturn:
    raise ZeroDivisionError


async def test_a_part_that_breaks_is_said_within_a_second_and_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Bench().running() as bench:
        await bench.live_book()
        feed = bench.session.market_data.feed
        assert feed is not None
        with monkeypatch.context() as patch:
            patch.setattr(feed, "publish", broken)
            await bench.clock.advance(0.5)
            assert any("`views`" in text and "ZeroDivisionError" in text for text in bench.notices())
            assert "views" in bench.health().reason
        await bench.clock.advance(1)
        bench.delta(103, 103, [["99.995", "1"]])
        await bench.clock.advance(0.2)
        assert bench.book().bids[0].quantity == 1


async def test_an_intent_that_meets_a_fault_of_ours_has_its_outcome_and_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Bench().running() as bench:
        monkeypatch.setattr(bench.session.market_data, "watch", broken)
        watch = WatchMarket(next_input_id(), 0, Mode.DEMO, symbol=values.SOL_PERP, interval=KlineInterval.M1)
        resync = Resync(next_input_id(), 0, Mode.DEMO)
        bench.bus.commands.submit(watch)
        bench.bus.commands.submit(resync)
        await bench.clock.advance(1)
        assert [each.kind for each in bench.outcomes(watch.input_id)] == [OutcomeKind.REFUSED]
        assert [each.kind for each in bench.outcomes(resync.input_id)] == [OutcomeKind.ACCEPTED]


async def test_an_intent_nobody_knows_is_refused() -> None:
    async with Bench().running() as bench:
        bench.bus.commands.submit(Intent(77_777, 0, Mode.DEMO))
        await bench.clock.advance(0.1)
        assert [each.kind for each in bench.outcomes(77_777)] == [OutcomeKind.REFUSED]


async def test_intents_submitted_before_the_start_are_not_lost() -> None:
    bench = Bench()
    resync = Resync(next_input_id(), 0, Mode.DEMO)
    bench.bus.commands.submit(resync)
    async with bench.running():
        assert len(bench.outcomes(resync.input_id)) == 1


async def test_refusals_and_unreadable_frames_of_the_stream_are_said_without_flooding() -> None:
    async with Bench().running() as bench:
        bench.session.take(StreamError(4005, "Invalid market"))
        for _ in range(100):
            bench.session.take(Undecodable("not JSON", "depth.SOL_USDC"))
        told = bench.notices()
        assert sum("Invalid market" in text for text in told) == 1
        assert sum("Unreadable" in text for text in told) == 1


async def test_a_short_loss_of_the_socket_is_connecting_not_offline() -> None:
    async with Bench().running() as bench:
        await bench.live_book()
        bench.lose_socket("closed for maintenance of the server")
        await bench.clock.advance(1)
        assert bench.health().word is FeedWord.CONNECTING
        assert "closed for maintenance" in bench.health().reason
        assert bench.book().state is FeedState.RESYNCING


async def test_a_loss_of_the_socket_and_its_end_are_told_once_each() -> None:
    async with Bench().running() as bench:
        bench.lose_socket("closed by the server.")
        bench.lose_socket("cannot connect")
        await bench.clock.advance(12)
        bench.open_socket(session=2)
        bench.open_socket(session=3)
        told = [text for text in bench.notices() if "stream" in text]
        assert told == ["The stream is down: closed by the server.", "The stream is back after 12.0 s."]
