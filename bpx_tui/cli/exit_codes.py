"""The exit statuses of `bpx-tui`; README documents them."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Besides these, a program ended by signal N exits with 128 + N: 129 HUP, 130 INT, 131 QUIT, 137 KILL, 143 TERM."""

    OK = 0
    FAILED = 1
    """It ran and something was wrong: a check did not pass, or the program crashed. stderr says what."""
    USAGE = 2
    """A flag, setting, file or key cannot be used, or there is no terminal to draw on. Nothing was done."""
    UNREACHABLE = 3
    """The exchange did not answer."""


def by_signal(number: int) -> int:
    """The status of a program that ended because of a signal, as shells count it."""
    return 128 + number
