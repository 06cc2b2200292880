"""The service thread: light to import, bounded to stop, and never silently gone."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

from bpx_tui.errors import ConfigError
from bpx_tui.model.enums import KlineInterval
from bpx_tui.model.ids import Symbol
from bpx_tui.model.views import FeedWord
from bpx_tui.service import topics
from bpx_tui.service.desk import Desk, DeskConfig
from bpx_tui.service.intents import CommandOutcome, Mode, Notice, OutcomeKind, Resync, next_input_id
from tests.fakes.exchange import eventually

NOWHERE = DeskConfig(Mode.READ, "http://127.0.0.1:9", "ws://127.0.0.1:9/", Symbol("SOL_USDC"), KlineInterval.M1)


def test_importing_the_desk_imports_no_network_library() -> None:
    code = (
        "import sys, bpx_tui.service.desk; "
        "sys.exit(', '.join({'aiohttp', 'orjson', 'nacl', 'textual'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr


def word_and_reason(desk: Desk) -> tuple[FeedWord | None, str]:
    health = desk.bus.latest.value(topics.HEALTH)
    return (None, "") if health is None else (health.word, health.reason)


def test_without_a_network_it_is_offline_in_words_and_stops_in_time() -> None:
    desk = Desk(NOWHERE)
    desk.start()
    desk.start()
    eventually(lambda: word_and_reason(desk)[0] is FeedWord.OFFLINE, what=lambda: word_and_reason(desk))
    assert "bpx-tui demo" in word_and_reason(desk)[1]
    started = time.monotonic()
    assert desk.stop()
    assert time.monotonic() - started < 2


def test_a_source_that_fails_is_told_on_the_screen_and_later_intents_are_refused() -> None:
    def source() -> DeskConfig:
        raise ConfigError("the simulated exchange did not start")

    desk = Desk(source)
    desk.start()
    eventually(lambda: word_and_reason(desk)[0] is FeedWord.OFFLINE)
    eventually(lambda: not desk.is_running)
    assert "did not start" in word_and_reason(desk)[1]
    desk.bus.commands.submit(Resync(next_input_id(), 0, Mode.READ))
    notice, outcome = desk.bus.events.drain()
    assert isinstance(notice, Notice)
    assert notice.sticky
    assert isinstance(outcome, CommandOutcome)
    assert (outcome.kind, outcome.reached_exchange) == (OutcomeKind.REFUSED, False)


def test_an_internal_fault_shows_no_traceback() -> None:
    def source() -> DeskConfig:
        raise ZeroDivisionError("secret in locals")

    desk = Desk(source)
    desk.start()
    eventually(lambda: word_and_reason(desk)[0] is FeedWord.OFFLINE)
    assert "secret" not in word_and_reason(desk)[1]
    assert "ZeroDivisionError" in word_and_reason(desk)[1]


def test_stopping_while_the_source_still_waits_is_bounded() -> None:
    release = threading.Event()

    def source() -> DeskConfig:
        release.wait(10)
        return NOWHERE

    desk = Desk(source)
    desk.start()
    started = time.monotonic()
    assert not desk.stop(0.2)
    assert time.monotonic() - started < 1
    release.set()
    eventually(lambda: not desk.is_running)
