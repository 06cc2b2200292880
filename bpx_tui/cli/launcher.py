"""Runs the program as a child and gives the terminal back whatever ends it.

A program that is killed, or that crashes below Python, cannot leave the alternate screen or switch the mouse off; the
small process in front of it can. It forwards the signals that mean "end", notices when the terminal itself is gone,
and keeps job control working (Ctrl-Z stops both, `fg` wakes both).

Standard library only, and a plain fork: the program starts as soon as it would without a launcher.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import termios
import time
from collections.abc import Callable
from types import FrameType
from typing import Final

from bpx_tui.cli.exit_codes import ExitCode, by_signal
from bpx_tui.cli.lifeline import end_with_parent

FORWARDED: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)

GRACE_SECONDS: Final = 5.0
"""How long the program may take to end after a signal before it is killed."""
HANGUP_GRACE_SECONDS: Final = 2.5
"""The same when its terminal is gone and nobody can see it any more."""

RESTORE_TERMINAL: Final = (
    b"\x1b\\"  # ends a string that was cut off in the middle
    b"\x1b[?2026l"  # show what is drawn
    b"\x1b[?1003l\x1b[?1002l\x1b[?1000l\x1b[?1015l\x1b[?1016l\x1b[?1006l"  # mouse reports off
    b"\x1b[?2004l\x1b[?1004l\x1b[?2048l"  # bracketed paste, focus and resize reports off
    b"\x1b[<u"  # kitty keyboard protocol off
    b"\x1b[?1049l\x1b[?7h\x1b[0m\x1b[?25h"  # normal screen, line wrap, plain text, cursor
)

_Attributes = list[int | list[bytes | int]]


def launch(program: Callable[[], int]) -> int:
    """Run `program` in a child process on this terminal and answer its exit status (128 + N when signal N ended it)."""
    terminal = sys.stdin.fileno()
    saved: _Attributes = termios.tcgetattr(terminal)
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    for number in (*FORWARDED, signal.SIGCHLD):
        signal.signal(number, _only_wake)
    lifeline_read, lifeline_write = os.pipe()
    child = os.fork()
    if child == 0:
        for descriptor in (wake_read, wake_write, lifeline_write):
            os.close(descriptor)
        _run_child(program, lifeline_read)
    os.close(lifeline_read)
    status, told_to_end = _Watch(child, terminal, wake_read).until_it_ends()
    code = os.waitstatus_to_exitcode(status)
    _give_terminal_back(terminal, saved, was_killed=code < 0)
    if code >= 0:
        return code
    if told_to_end is not None:
        return by_signal(told_to_end)
    _say_killed(-code)
    return by_signal(-code)


def _only_wake(_number: int, _frame: FrameType | None) -> None:
    """The number itself arrives through the wake-up pipe."""


def _run_child(program: Callable[[], int], lifeline: int) -> None:
    """Be the program. Never returns."""
    code = int(ExitCode.FAILED)
    try:
        signal.set_wakeup_fd(-1)
        for number in (*FORWARDED, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        end_with_parent(lifeline, GRACE_SECONDS)
        code = program()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(ExitCode.FAILED)
    except KeyboardInterrupt:
        code = by_signal(signal.SIGINT)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        _flush_outputs()
        os._exit(code)


def _flush_outputs() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()


class _Watch:
    """Waits for one child, sleeping until a signal comes or the terminal goes."""

    def __init__(self, child: int, terminal: int, wake: int) -> None:
        self._child = child
        self._terminal = terminal
        self._wake = wake
        self._deadline: float | None = None
        self._told: int | None = None
        self._status: int | None = None
        self._poll = select.poll()
        self._poll.register(wake, select.POLLIN)
        self._poll.register(terminal, 0)  # a hang-up is reported without being asked for

    def until_it_ends(self) -> tuple[int, int | None]:
        """The child's wait status, and the signal that we passed on to it, if any."""
        while self._status is None:
            for descriptor, _ in self._poll.poll(self._milliseconds_left()):
                if descriptor == self._terminal:
                    self._poll.unregister(self._terminal)
                    self._tell_to_end(signal.SIGHUP)
                else:
                    self._take_signals()
            self._kill_when_overdue()
        return self._status, self._told

    def _milliseconds_left(self) -> int | None:
        return None if self._deadline is None else max(0, round((self._deadline - time.monotonic()) * 1000))

    def _kill_when_overdue(self) -> None:
        if self._status is None and self._milliseconds_left() == 0:
            self._deadline = None
            os.kill(self._child, signal.SIGKILL)

    def _take_signals(self) -> None:
        for number in os.read(self._wake, 512):
            if number == signal.SIGCHLD:
                self._look_at_child()
            elif self._status is None:
                self._tell_to_end(number)

    def _tell_to_end(self, number: int) -> None:
        """Pass a signal on and start the clock. Told twice, the first signal names the status."""
        os.kill(self._child, number)
        grace = HANGUP_GRACE_SECONDS if number == signal.SIGHUP else GRACE_SECONDS
        deadline = time.monotonic() + grace
        self._deadline = deadline if self._deadline is None else min(deadline, self._deadline)
        self._told = number if self._told is None else self._told

    def _look_at_child(self) -> None:
        pid, status = os.waitpid(self._child, os.WNOHANG | os.WUNTRACED)
        if pid == 0:
            return
        if os.WIFSTOPPED(status):
            os.kill(os.getpid(), signal.SIGSTOP)  # the shell sees its job stop; `fg` continues both
        else:
            self._status = status


def _give_terminal_back(terminal: int, saved: _Attributes, *, was_killed: bool) -> None:
    """Undo what a full-screen program does to a terminal, unless it has visibly done so itself."""
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    try:
        if not was_killed and termios.tcgetattr(terminal) == saved:
            return
        os.write(sys.stdout.fileno(), RESTORE_TERMINAL)
        termios.tcflush(terminal, termios.TCIFLUSH)  # mouse reports that nobody read would be typed into the shell
        termios.tcsetattr(terminal, termios.TCSANOW, saved)
    except (OSError, termios.error):
        pass  # the terminal is gone: there is nothing to give back


def _say_killed(number: int) -> None:
    name = signal.Signals(number).name
    with contextlib.suppress(OSError):
        print(f"bpx-tui was ended by {name}. Orders resting at an exchange are still there.", file=sys.stderr)
