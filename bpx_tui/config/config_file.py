"""Reads `config.toml` strictly: what is not understood is an error that names the line, never a warning.

All values are texts in quotes. Money written as a bare number would have gone through a binary float before we see it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from bpx_tui.config.places import read_trusted
from bpx_tui.errors import ConfigError

SIZE_LIMIT: Final = 256 * 1024

_BOM: Final = b"\xef\xbb\xbf"
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_PLACE: Final = re.compile(
    r"^(?P<what>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$", re.S
)


@dataclass(frozen=True, slots=True)
class Given:
    """A setting as somebody wrote it, and where: `--symbol`, `BPX_SYMBOL`, `/home/me/.config/.../config.toml:3`."""

    text: str
    source: str


def read_config_file(path: Path, known: Collection[str]) -> dict[str, Given]:
    """The settings in a config file, not yet interpreted.

    Raises:
        FileNotFoundError: there is no such file.
        ConfigError: with file, line and column, and the nearest known name where one is misspelt.
    """
    text, document = read_toml(path)
    return {name: _given(path, text, name, value, known) for name, value in document.items()}


def read_toml(path: Path) -> tuple[str, dict[str, object]]:
    """The text and the document of a TOML file that steers the program.

    Raises:
        FileNotFoundError: there is no such file.
        ConfigError: it must not be trusted, or is no TOML; with file, line and column.
    """
    text = _decode(path, read_trusted(path, SIZE_LIMIT))
    try:
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(_placed(path, text, str(error))) from None


def _decode(path: Path, data: bytes) -> str:
    if data.startswith(_UTF16_MARKS) or b"\x00" in data[:64]:
        raise ConfigError(f"{path} is UTF-16; save it as UTF-8.")
    try:
        text = data.removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line} is not UTF-8.") from None
    if text.startswith("\ufeff"):
        raise ConfigError(f"{path}:1:1 a second byte order mark; save it as plain UTF-8.")
    return text


def _placed(path: Path, text: str, message: str) -> str:
    """tomllib's message in the form that editors understand: `file:line:column what`."""
    found = _PLACE.match(message)
    if found is None:
        return f"{path}: {message}."
    line, column = found["line"] or str(text.count("\n") + 1), found["column"] or "1"
    what = found["what"]
    return f"{path}:{line}:{column} {what[:1].lower()}{what[1:]}."


def _given(path: Path, text: str, name: str, value: object, known: Collection[str]) -> Given:
    source = f"{path}:{_line_of(text, name)}"
    if name not in known:
        near = get_close_matches(name, known, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(sorted(known))}."
        raise ConfigError(f"{source} unknown setting {name!r}. {hint}")
    if not isinstance(value, str):
        raise ConfigError(f'{source} {name} must be a text in quotes, like {name} = "…"; was {_kind(value)}.')
    return Given(value, source)


def _line_of(text: str, name: str) -> int:
    """The line that sets a top-level name (tomllib does not say); 1 where it is written in an unusual way."""
    pattern = re.compile(rf"""^[ \t]*(?:\[+[ \t]*)?["']?{re.escape(name)}["']?[ \t]*[=.\]]""", re.M)
    found = pattern.search(text)
    return 1 if found is None else text.count("\n", 0, found.start()) + 1


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a bare number"
    return "a table" if isinstance(value, dict) else "a list" if isinstance(value, list) else "a date"
