"""The log file: private, bounded, and unable to hold a key.

The screen owns stdout and stderr, so everything the program has to say about itself goes to one file. Two nets keep
secrets out of it: those that were loaded are replaced wherever they appear, in every spelling; and so is anything that
has the length of a seed or of a signature, whoever wrote it.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import logging
import os
import re
import sys
import threading
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Final, TextIO

from bpx_tui.config.places import Places, open_private, private_folder
from bpx_tui.config.settings import LogLevel
from bpx_tui.errors import ConfigError

ROOT: Final = "bpx_tui"
SIZE_LIMIT: Final = 5 * 1024 * 1024
HIDDEN: Final = "[hidden]"

# 32 bytes in base64 are 43 characters and 64 are 86; 32 in hex are 64 and 64 are 128.
_END: Final = "(?![A-Za-z0-9+/_=-])"
_LOOKS_SECRET: Final = re.compile(
    f"(?<![A-Za-z0-9+/_-])(?:[A-Za-z0-9+/_-]{{86}}(?:==|{_END})|[A-Za-z0-9+/_-]{{43}}(?:=|{_END}))"
)
_LONG_HEX: Final = re.compile(r"\b[0-9a-fA-F]{64,}\b")


class Redactor(logging.Formatter):
    """Formats a record, traceback included, and takes the secrets out of the result."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__("%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s")
        self._known = tuple({spelling for secret in secrets for spelling in _spellings(secret)})

    def format(self, record: logging.LogRecord) -> str:
        return self.redact(super().format(record))

    def redact(self, text: str) -> str:
        """`text` without any known secret and without anything as long as a seed or a signature."""
        for spelling in self._known:
            text = text.replace(spelling, HIDDEN)
        return _LONG_HEX.sub(HIDDEN, _LOOKS_SECRET.sub(HIDDEN, text))


def _spellings(secret: str) -> set[str]:
    """The ways in which a base64 secret could be written down by accident."""
    spellings = {secret, secret.rstrip("=")}
    try:
        raw = base64.b64decode(secret, validate=True)
    except (binascii.Error, ValueError):
        return spellings
    spellings |= {base64.urlsafe_b64encode(raw).decode(), raw.hex(), raw.hex().upper(), repr(raw), repr(raw)[2:-1]}
    return {spelling for spelling in spellings if len(spelling) >= 8}


def start_logging(places: Places, level: LogLevel, secrets: Iterable[str] = ()) -> str | None:
    """Send the program's log, and what no one caught, to the log file.

    Answers why there is no log file, or `None` when there is one: the program works without.
    """
    handler: logging.Handler
    problem = None
    try:
        private_folder(places.logs)
        handler = logging.StreamHandler(_open_rotated(places.log_file))
    except (OSError, ConfigError) as error:
        handler, problem = logging.NullHandler(), str(error)
    handler.setFormatter(Redactor(secrets))
    logger = logging.getLogger(ROOT)
    logger.handlers[:] = [handler]
    logger.propagate = False
    logger.setLevel(level.upper())
    logging.raiseExceptions = False  # a full disk must not write to the screen
    sys.excepthook = _end_in_words if problem else partial(_end_in_words, details=f" Details: {places.log_file}")
    threading.excepthook = _log_uncaught_in_thread
    return problem


def _open_rotated(path: Path) -> TextIO:
    """Open the log for appending; one that has grown too large becomes `.1` first."""
    if path.exists() and path.stat().st_size > SIZE_LIMIT:
        path.replace(path.with_suffix(path.suffix + ".1"))
    return os.fdopen(open_private(path, os.O_WRONLY | os.O_APPEND), "a", encoding="utf-8", errors="backslashreplace")


def _end_in_words(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None, *, details: str = ""
) -> None:
    """The program ends by an error that nobody caught: the log gets all of it, the terminal one line without values."""
    _log_uncaught(kind, error, trace)
    with contextlib.suppress(OSError):
        sys.stderr.write(f"bpx-tui stopped by an error of its own: {kind.__name__}.{details}\n")


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    logging.getLogger(ROOT).critical("ended by an error nobody caught", exc_info=(kind, error, trace))


def _log_uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None:
        _log_uncaught(args.exc_type, args.exc_value, args.exc_traceback)
