"""Runs a program on a pseudo terminal, as a person would have it in a window, and remembers all it wrote."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType

Attributes = list[int | list[bytes | int]]


class PseudoTerminal:
    """One program in one terminal window. Use it as a context manager: leaving it kills what still runs."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        environ: Mapping[str, str] | None = None,
        size: tuple[int, int] = (200, 60),
        before_exec: Callable[[], None] | None = None,
    ) -> None:
        self.written = b""
        self.status: int | None = None
        self._master, self._slave = os.openpty()
        columns, rows = size
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.attributes_before = self.attributes()
        inherited = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        env = {**inherited, "TERM": "xterm-256color", **(environ or {})}
        self.pid = os.fork()
        if self.pid == 0:
            self._become(command, env, before_exec)

    def _become(self, command: Sequence[str], env: Mapping[str, str], before_exec: Callable[[], None] | None) -> None:
        try:
            os.close(self._master)
            os.setsid()
            fcntl.ioctl(self._slave, termios.TIOCSCTTY, 0)
            for descriptor in (0, 1, 2):
                os.dup2(self._slave, descriptor)
            if self._slave > 2:
                os.close(self._slave)
            if before_exec is not None:
                before_exec()
            os.execvpe(command[0], list(command), dict(env))
        finally:
            os._exit(127)

    def attributes(self) -> Attributes:
        """The terminal's line settings now."""
        return termios.tcgetattr(self._slave)

    def press(self, text: str) -> None:
        os.write(self._master, text.encode())

    def close_window(self) -> None:
        """What a terminal emulator does when its window is closed."""
        self.read(0)
        os.close(self._slave)
        os.close(self._master)
        self._slave = self._master = -1

    def read(self, seconds: float) -> bool:
        """Take what was written, waiting at most that long; False when nothing came."""
        if self._master < 0:
            time.sleep(seconds)
            return False
        ready, _, _ = select.select([self._master], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return False
        self.written += data
        return bool(data)

    def wait_for(self, text: bytes, seconds: float = 15.0) -> None:
        """Return as soon as the program has written `text`; a failed assertion otherwise."""
        deadline = time.monotonic() + seconds
        while text not in self.written:
            assert time.monotonic() < deadline, f"{text!r} was not written; the end was {self.written[-2000:]!r}"
            self.read(0.05)
            if text not in self.written and self._ended():
                raise AssertionError(f"ended with {self.status} before writing {text!r}: {self.written[-2000:]!r}")

    def _ended(self) -> bool:
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status is not None

    def wait_for_end(self, seconds: float = 10.0) -> int:
        """The exit status (negative for a signal); a failed assertion when it does not end in time."""
        deadline = time.monotonic() + seconds
        while not self._ended():
            assert time.monotonic() < deadline, f"still running; the end was {self.written[-2000:]!r}"
            self.read(0.02)
        while self.read(0):
            pass
        assert self.status is not None
        return self.status

    def __enter__(self) -> PseudoTerminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._ended():
            for child in children_of(self.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        for descriptor in (self._slave, self._master):
            if descriptor >= 0:
                os.close(descriptor)


def children_of(pid: int) -> list[int]:
    """Process ids whose parent is `pid` (Linux)."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as children:
            return [int(word) for word in children.read().split()]
    except OSError:
        return []


def is_running(pid: int) -> bool:
    """Whether the process exists and is not a zombie (Linux)."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def processor_seconds(pid: int) -> float:
    """Processor time that a process has used (Linux)."""
    with open(f"/proc/{pid}/stat") as stat:
        words = stat.read().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def python(code: str) -> list[str]:
    """The command that runs a piece of Python."""
    return [sys.executable, "-c", code]
