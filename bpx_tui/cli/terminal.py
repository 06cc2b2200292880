"""Whether there is a terminal that the screen can be drawn on."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TextIO

from bpx_tui.errors import InputError

WITHOUT_A_TERMINAL = "`--screenshot FILE.svg`, `bpx-tui exchange`, `bpx-tui doctor` or `bpx-tui keys check`"


def require_terminal(environ: Mapping[str, str], stdin: TextIO | None, stdout: TextIO | None) -> None:
    """Refuse to open a screen where nobody could see or answer it.

    Raises:
        InputError: no terminal, one that cannot move its cursor, or one that cannot show the characters.
    """
    for name, stream in (("stdin", stdin), ("stdout", stdout)):
        if stream is None or stream.closed or not stream.isatty():
            raise InputError(f"the screen needs a terminal and {name} is not one. Without one: {WITHOUT_A_TERMINAL}.")
    if environ.get("TERM", "") in ("", "dumb", "unknown"):
        named = environ.get("TERM") or "not set"
        raise InputError(
            f"the screen needs a terminal that can move its cursor; TERM is {named}. Without one: {WITHOUT_A_TERMINAL}."
        )
    encoding = (stdout.encoding if stdout is not None else "").lower().replace("-", "")
    if encoding != "utf8":
        raise InputError("the screen is drawn in UTF-8 and this locale is not; start it with LC_ALL=C.UTF-8.")


def draw_on_stdouts_terminal() -> None:
    """Textual draws on stderr: make that the terminal of stdout, wherever the shell has sent stderr."""
    if not os.isatty(2):
        sys.stderr.flush()
        os.dup2(1, 2)
