"""The whole program on a terminal: it opens, ends in every way it can be ended, and leaves nothing behind."""

from __future__ import annotations

import html
import os
import re
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.pseudo_terminal import PseudoTerminal, children_of, is_running
from tests.cli.simulated_exchange import running_exchange
from tests.cli.test_command_line import run
from tests.cli.test_launcher import RESTORED

DEMO = [sys.executable, "-m", "bpx_tui", "demo"]
SHOWN = b"DEMO"


def text_of(picture: Path) -> str:
    """The words in an SVG picture of the screen."""
    return html.unescape(" ".join(re.findall(r"<text[^>]*>(.*?)</text>", picture.read_text()))).replace("\xa0", " ")


def wait_until(holds: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def processes_of(terminal: PseudoTerminal) -> list[int]:
    """The program and its simulated exchange, children of the launcher."""
    wait_until(lambda: len(children_of(terminal.pid)) == 2)
    return children_of(terminal.pid)


def program_of(terminal: PseudoTerminal) -> int:
    """The child that stayed in the launcher's process group; the exchange has one of its own."""
    [program] = [pid for pid in processes_of(terminal) if os.getpgid(pid) == os.getpgid(terminal.pid)]
    return program


def assert_left_clean(terminal: PseudoTerminal) -> None:
    assert terminal.attributes() == terminal.attributes_before
    assert [sequence for sequence in RESTORED if sequence not in terminal.written] == []


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT])
def test_a_signal_ends_screen_and_exchange_and_frees_the_terminal(number: signal.Signals) -> None:
    with PseudoTerminal(DEMO) as terminal:
        terminal.wait_for(SHOWN)
        processes = processes_of(terminal)
        os.kill(terminal.pid, number)
        assert terminal.wait_for_end() == 128 + number
        assert_left_clean(terminal)
        wait_until(lambda: not any(map(is_running, processes)), 3)


@pytest.mark.slow
def test_a_program_that_was_killed_leaves_a_clean_terminal_and_no_exchange() -> None:
    with PseudoTerminal(DEMO) as terminal:
        terminal.wait_for(SHOWN)
        processes = processes_of(terminal)
        os.kill(program_of(terminal), signal.SIGKILL)
        assert terminal.wait_for_end() == 137
        assert_left_clean(terminal)
        assert b"was ended by SIGKILL" in terminal.written
        wait_until(lambda: not any(map(is_running, processes)), 3)


@pytest.mark.slow
def test_a_killed_launcher_takes_everything_with_it() -> None:
    with PseudoTerminal(DEMO) as terminal:
        terminal.wait_for(SHOWN)
        processes = processes_of(terminal)
        os.kill(terminal.pid, signal.SIGKILL)
        terminal.wait_for_end()
        wait_until(lambda: not any(map(is_running, processes)))


@pytest.mark.slow
def test_a_closed_window_ends_everything_within_three_seconds() -> None:
    with PseudoTerminal(DEMO, before_exec=_ignore_hang_ups) as terminal:
        terminal.wait_for(SHOWN)
        processes = processes_of(terminal)
        terminal.close_window()
        assert terminal.wait_for_end(3) == 129
        wait_until(lambda: not any(map(is_running, processes)), 3)


def _ignore_hang_ups() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


@pytest.mark.slow
def test_ctrl_c_leaves_a_flat_account_at_once_and_properly() -> None:
    with PseudoTerminal(DEMO) as terminal:
        terminal.wait_for(SHOWN)
        terminal.wait_for(b"streaming")
        terminal.press("\x03")
        assert terminal.wait_for_end() == 0
        assert_left_clean(terminal)


@pytest.mark.slow
def test_a_terminal_that_is_said_to_show_ascii_alone_gets_nothing_else() -> None:
    with PseudoTerminal(DEMO, environ={"BPX_ASCII": "1"}) as terminal:
        terminal.wait_for(b"streaming")
        assert terminal.written.isascii()


def test_with_stderr_elsewhere_the_screen_is_still_drawn_on_the_terminal(tmp_path: Path) -> None:
    stray = tmp_path / "stderr"
    with PseudoTerminal(["sh", "-c", f'exec "$0" -m bpx_tui demo 2>{stray}', sys.executable]) as terminal:
        terminal.wait_for(SHOWN)
        os.kill(terminal.pid, signal.SIGTERM)
        assert terminal.wait_for_end() == 143
        assert_left_clean(terminal)
    assert stray.read_text() == ""


@pytest.mark.slow
def test_a_picture_needs_no_terminal_and_shows_a_moving_market(tmp_path: Path) -> None:
    picture = tmp_path / "demo.svg"
    ended = run("demo", "--screenshot", str(picture), "--after", "6", "--size", "120x35", "--theme", "light")
    assert (ended.returncode, ended.stderr, ended.stdout) == (0, "", "")
    drawn = text_of(picture)
    assert "DEMO" in drawn
    assert "SOL-PERP" in drawn
    assert re.search(r"spr 0\.\d\d ", drawn)
    assert "waiting" not in drawn


@pytest.mark.slow
def test_a_picture_without_a_network_says_so_in_words_and_names_the_demo(tmp_path: Path) -> None:
    picture = tmp_path / "offline.svg"
    nowhere = ["--rest-url", "http://127.0.0.1:9", "--ws-url", "ws://127.0.0.1:9"]
    assert run(*nowhere, "--screenshot", str(picture), "--after", "4").returncode == 0
    drawn = text_of(picture)
    assert "READ" in drawn
    assert "OFFLINE" in drawn
    assert "bpx-tui demo" in drawn


@pytest.mark.slow
def test_the_demo_runs_on_an_exchange_that_is_already_there(tmp_path: Path) -> None:
    picture = tmp_path / "shared.svg"
    with running_exchange() as exchange:
        ended = run("demo", *exchange.flags, "--screenshot", str(picture), "--after", "5", environ=exchange.environ)
    assert (ended.returncode, ended.stderr) == (0, "")
    drawn = text_of(picture)
    assert "DEMO" in drawn
    assert "streaming" in drawn


@pytest.mark.slow
def test_an_exchange_that_cannot_start_is_a_sentence_on_the_screen(tmp_path: Path) -> None:
    """A broken installation of the exchange stands for whatever may keep it from starting."""
    broken = "import sys; sys.modules['bpx_tui.simulator.main'] = None; sys.argv[0] = 'bpx-tui'; "
    code = broken + "from bpx_tui.__main__ import main; sys.exit(main())"
    picture = tmp_path / "broken.svg"
    with PseudoTerminal([sys.executable, "-c", code, "demo", "--screenshot", str(picture), "--after", "3"]) as terminal:
        assert terminal.wait_for_end(20) == 0
    assert "The simulated exchange ended at once" in text_of(picture)
