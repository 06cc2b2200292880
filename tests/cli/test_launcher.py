"""The terminal after the program has ended, in every way that a program can end."""

from __future__ import annotations

import os
import re
import signal
import time

import pytest

from tests.cli.pseudo_terminal import PseudoTerminal, children_of, is_running, processor_seconds, python

RESTORED = (b"\x1b[?1049l", b"\x1b[?1003l", b"\x1b[?1006l", b"\x1b[?2004l", b"\x1b[?1004l", b"\x1b[<u", b"\x1b[?25h")

# A full-screen program in few lines: raw mode, alternate screen, mouse on; `act` is what it does then.
PROGRAM = """
import os, signal, sys, termios, time, tty
from bpx_tui.cli.launcher import launch
def program():
    tty.setraw(0)
    os.write(1, b"\\x1b[?1049h\\x1b[?1003h\\x1b[?1006h\\x1b[?2004hREADY %d." % os.getpid())
    {act}
    return 7
sys.exit(launch(program))
"""
SLEEP = "time.sleep(60)"
SPIN = """signal.signal(signal.SIGHUP, signal.SIG_IGN)
    while True:
        try: os.read(0, 1)
        except OSError: pass
"""


def run(act: str) -> PseudoTerminal:
    return PseudoTerminal(python(PROGRAM.format(act=act)))


def program_pid(terminal: PseudoTerminal) -> int:
    terminal.wait_for(b".")
    found = re.search(rb"READY (\d+)\.", terminal.written)
    assert found is not None
    return int(found[1])


def assert_given_back(terminal: PseudoTerminal) -> None:
    assert terminal.attributes() == terminal.attributes_before
    missing = [sequence for sequence in RESTORED if sequence not in terminal.written]
    assert not missing


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT])
def test_a_signal_to_the_launcher_ends_the_program_and_frees_the_terminal(number: signal.Signals) -> None:
    with run(SLEEP) as terminal:
        child = program_pid(terminal)
        os.kill(terminal.pid, number)
        assert terminal.wait_for_end() == 128 + number
        assert_given_back(terminal)
        assert not is_running(child)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGTERM])
def test_a_killed_program_leaves_a_clean_terminal_and_a_sentence(number: signal.Signals) -> None:
    with run(SLEEP) as terminal:
        os.kill(program_pid(terminal), number)
        assert terminal.wait_for_end() == 128 + number
        assert_given_back(terminal)
        assert f"bpx-tui was ended by {number.name}".encode() in terminal.written


def test_a_crash_below_python_leaves_a_clean_terminal() -> None:
    with run("import ctypes; ctypes.string_at(0)") as terminal:
        assert terminal.wait_for_end() == 128 + signal.SIGSEGV
        assert_given_back(terminal)


def test_an_exception_shows_its_traceback_on_the_normal_screen_and_fails() -> None:
    with run("raise RuntimeError('broken')") as terminal:
        assert terminal.wait_for_end() == 1
        assert_given_back(terminal)
        assert b"RuntimeError" in terminal.written
        assert b"broken" in terminal.written


def test_the_status_of_a_program_that_tidied_up_passes_through_and_nothing_is_written() -> None:
    with PseudoTerminal(
        python("import sys; from bpx_tui.cli.launcher import launch; sys.exit(launch(lambda: 7))")
    ) as t:
        assert t.wait_for_end() == 7
        assert t.written == b""


def test_a_program_that_does_not_end_when_told_is_killed() -> None:
    with run("signal.signal(signal.SIGHUP, signal.SIG_IGN); time.sleep(60)") as terminal:
        child = program_pid(terminal)
        os.kill(terminal.pid, signal.SIGHUP)
        assert terminal.wait_for_end(4) == 128 + signal.SIGHUP
        assert_given_back(terminal)
        assert not is_running(child)


@pytest.mark.parametrize("hangup", [signal.SIG_DFL, signal.SIG_IGN])
def test_a_closed_window_ends_everything_even_when_hang_ups_are_ignored(hangup: signal.Handlers) -> None:
    """A program that reads from a terminal that is gone spins: it must be gone within three seconds."""
    with PseudoTerminal(python(PROGRAM.format(act=SPIN)), before_exec=lambda: _set(hangup)) as terminal:
        child = program_pid(terminal)
        terminal.close_window()
        assert terminal.wait_for_end(3) in (128 + signal.SIGHUP, -signal.SIGHUP)
        assert not is_running(child)


def _set(hangup: signal.Handlers) -> None:
    signal.signal(signal.SIGHUP, hangup)


def test_a_killed_launcher_takes_the_program_with_it() -> None:
    with run(SLEEP) as terminal:
        child = program_pid(terminal)
        os.kill(terminal.pid, signal.SIGKILL)
        terminal.wait_for_end()
        deadline = time.monotonic() + 5
        while is_running(child):
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_a_stopped_program_stops_its_launcher_and_both_wake_up_again() -> None:
    with run("os.kill(os.getpid(), signal.SIGSTOP); os.write(1, b'AWAKE')") as terminal:
        child = program_pid(terminal)
        pid, status = os.waitpid(terminal.pid, os.WUNTRACED)
        assert pid == terminal.pid
        assert os.WIFSTOPPED(status)
        os.kill(child, signal.SIGCONT)
        os.kill(terminal.pid, signal.SIGCONT)
        terminal.wait_for(b"AWAKE")
        assert terminal.wait_for_end() == 7


def test_waiting_costs_nothing() -> None:
    with run(SLEEP) as terminal:
        child = program_pid(terminal)
        assert children_of(terminal.pid) == [child]
        before = processor_seconds(terminal.pid)
        time.sleep(0.5)
        assert processor_seconds(terminal.pid) - before <= 0.01
