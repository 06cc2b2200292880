"""The log file: private, bounded, and without a secret in any spelling."""

from __future__ import annotations

import base64
import logging
import stat
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpx_tui.config.logs import HIDDEN, ROOT, SIZE_LIMIT, Redactor, start_logging
from bpx_tui.config.places import Places
from bpx_tui.config.settings import LogLevel

SEEDS = st.binary(min_size=32, max_size=32)


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Places]:
    monkeypatch.setattr("sys.excepthook", None)
    monkeypatch.setattr("threading.excepthook", None)
    logger = logging.getLogger(ROOT)
    before = logger.handlers[:], logger.propagate, logger.level
    yield Places(config=tmp_path / "c", state=tmp_path / "s", logs=tmp_path / "s" / "log")
    for handler in logger.handlers:
        handler.close()
    logger.handlers[:], logger.propagate, logger.level = before


@given(SEEDS)
def test_a_seed_is_hidden_in_every_spelling_even_when_nobody_named_it(seed: bytes) -> None:
    spellings = {
        base64.b64encode(seed).decode(),
        base64.urlsafe_b64encode(seed).decode(),
        base64.b64encode(seed).decode().rstrip("="),
        seed.hex(),
        base64.b64encode(seed + seed).decode(),
        (seed + seed).hex(),
    }
    for text in spellings:
        assert Redactor().redact(f"key={text}, next") == f"key={HIDDEN}, next"


@given(SEEDS)
def test_a_named_secret_is_hidden_as_raw_bytes_too(seed: bytes) -> None:
    redacted = Redactor([base64.b64encode(seed).decode()]).redact(f"seed was {seed!r}")
    assert repr(seed)[2:-1] not in redacted


def test_ordinary_lines_stay_readable() -> None:
    line = "GET /api/v1/depth 200 in 12.5 ms; order 11815754679 at 86646.10; SOL_USDC_PERP"
    assert Redactor().redact(line) == line


def test_the_file_is_private_and_a_planted_leak_does_not_get_into_it(places: Places) -> None:
    seed = base64.b64encode(bytes(range(32))).decode()
    assert start_logging(places, LogLevel.DEBUG) is None
    try:
        raise ValueError(f"bad header {seed}")
    except ValueError:
        logging.getLogger("bpx_tui.exchange.rest").exception("headers %s", {"X-Signature": seed + seed})
    text = places.log_file.read_text()
    assert "ValueError" in text
    assert HIDDEN in text
    assert seed[:20] not in text
    assert stat.S_IMODE(places.log_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(places.logs.stat().st_mode) == 0o700


def test_the_level_is_kept(places: Places) -> None:
    start_logging(places, LogLevel.WARNING)
    logging.getLogger("bpx_tui.service").info("quiet")
    logging.getLogger("bpx_tui.service").warning("loud")
    text = places.log_file.read_text()
    assert "loud" in text
    assert "quiet" not in text


def test_a_log_that_grew_too_large_is_put_aside_once(places: Places) -> None:
    places.logs.mkdir(parents=True)
    places.log_file.write_bytes(b"x" * (SIZE_LIMIT + 1))
    start_logging(places, LogLevel.INFO)
    assert places.log_file.stat().st_size == 0
    assert places.log_file.with_suffix(".log.1").stat().st_size == SIZE_LIMIT + 1


def test_without_a_place_for_it_the_program_runs_without_a_log(places: Places) -> None:
    places.logs.parent.mkdir(parents=True)
    places.logs.write_text("a file where the folder should be")
    problem = start_logging(places, LogLevel.INFO)
    assert problem is not None
    assert str(places.logs) in problem
    logging.getLogger("bpx_tui.service").error("goes nowhere")


def test_what_nobody_caught_in_a_thread_is_logged(places: Places) -> None:
    start_logging(places, LogLevel.INFO)

    def fail() -> None:
        raise LookupError("lost")

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    assert "LookupError: lost" in places.log_file.read_text()


def test_what_nobody_caught_is_one_line_on_the_terminal_and_all_of_it_in_the_log(
    places: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    start_logging(places, LogLevel.INFO)
    try:
        raise LookupError("a value that is nobody's business")
    except LookupError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    assert (
        capsys.readouterr().err == f"bpx-tui stopped by an error of its own: LookupError. Details: {places.log_file}\n"
    )
    assert "nobody's business" in places.log_file.read_text()
