"""Themes: TOML files of colour roles, read strictly into a plain `ThemeSpec`.

Shipped themes are the files of the top-level `themes` folder; in an installed wheel the same files lie inside the
package as `_themes`. A user's file of the same name replaces a shipped one. A theme is data only: colours and switches.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import cast

from bpx_tui.errors import ConfigError

DEFAULT_THEME = "dark"

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}", re.ASCII)
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}", re.ASCII)
_MAX_BYTES = 64 * 1024


class Falling(StrEnum):
    """How the body of a falling candle differs from a rising one's besides its colour."""

    DIM = "dim"
    TEXTURE = "texture"


@dataclass(frozen=True, slots=True)
class Colours:
    """One `#rrggbb` per role.

    `up` is also the colour of bids and of buying, `down` of asks and of selling; `up_bar` and `down_bar` are their
    quiet forms for depth and volume. `muted` is for labels, `faint` for grids and skeletons, `rule` for borders,
    `on_fill` for text on a block of colour. The last five are the mode blocks of the header.
    """

    background: str
    surface: str
    text: str
    muted: str
    faint: str
    rule: str
    rule_focus: str
    accent: str
    up: str
    down: str
    up_bar: str
    down_bar: str
    own: str
    warning: str
    error: str
    cursor_row: str
    on_fill: str
    live: str
    paper: str
    demo: str
    read: str
    replay: str


@dataclass(frozen=True, slots=True)
class ThemeSpec:
    """A theme as its file says it."""

    name: str
    summary: str
    dark: bool
    falling: Falling
    colours: Colours


def load_themes(user_folder: Path | None = None) -> dict[str, ThemeSpec]:
    """All themes by name, shipped ones first, those of `user_folder` added or replacing.

    Raises:
        ConfigError: a file that cannot be used; the text names the file and what is wrong in it.
    """
    themes = _load_folder(shipped_folder())
    if user_folder is not None and user_folder.is_dir():
        themes.update(_load_folder(user_folder))
    return themes


def shipped_folder() -> Path:
    """Where the shipped theme files are: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_themes"
    return installed if installed.is_dir() else package.parent / "themes"


def pick_theme(themes: Mapping[str, ThemeSpec], name: str) -> ThemeSpec:
    """The theme of that name.

    Raises:
        ConfigError: there is none; the text lists those that exist.
    """
    theme = themes.get(name)
    if theme is None:
        raise ConfigError(f"no theme is called {name!r}; there are: {', '.join(sorted(themes))}")
    return theme


def read_theme(path: Path) -> ThemeSpec:
    """One theme file.

    Raises:
        ConfigError: unreadable, not TOML, or not exactly the keys of a theme.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"theme {path}: cannot be read: {error.strerror}") from error
    if len(content) > _MAX_BYTES:
        raise ConfigError(f"theme {path}: larger than {_MAX_BYTES // 1024} KiB")
    try:
        document = tomllib.loads(content.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"theme {path}: not a TOML file: {error}") from error
    try:
        return parse_theme(document, name=path.stem)
    except ConfigError as error:
        raise ConfigError(f"theme {path}: {error}") from error


def parse_theme(document: Mapping[str, object], *, name: str) -> ThemeSpec:
    """A theme from its parsed TOML document; `name` is the file's name without its suffix.

    Raises:
        ConfigError: a key is missing, unknown or of the wrong kind.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(f"the name {name!r} must be of lower case letters, digits and hyphens, at most 32")
    _exactly(document, {"summary", "dark", "falling", "colours"}, "")
    table = document["colours"]
    if not isinstance(table, dict):
        raise ConfigError("`colours` must be a table of colour roles")
    return ThemeSpec(
        name=name,
        summary=_text(document, "summary"),
        dark=_switch(document, "dark"),
        falling=_falling(document),
        colours=_colours(cast("Mapping[str, object]", table)),
    )


def _load_folder(folder: Path) -> dict[str, ThemeSpec]:
    found = [read_theme(path) for path in sorted(folder.glob("*.toml"))]
    return {theme.name: theme for theme in found}


def _exactly(table: Mapping[str, object], wanted: set[str], prefix: str) -> None:
    unknown = sorted(set(table) - wanted)
    missing = sorted(wanted - set(table))
    if unknown:
        raise ConfigError(f"unknown key `{prefix}{unknown[0]}`; known are: {', '.join(sorted(wanted))}")
    if missing:
        raise ConfigError(f"`{prefix}{missing[0]}` is missing")


def _text(table: Mapping[str, object], key: str) -> str:
    value = table[key]
    if not isinstance(value, str) or not value.isprintable() or len(value) > 100:
        raise ConfigError(f"`{key}` must be one line of text")
    return value


def _switch(table: Mapping[str, object], key: str) -> bool:
    value = table[key]
    if not isinstance(value, bool):
        raise ConfigError(f"`{key}` must be true or false")
    return value


def _falling(table: Mapping[str, object]) -> Falling:
    try:
        return Falling(str(table["falling"]))
    except ValueError:
        raise ConfigError(f"`falling` must be one of: {', '.join(Falling)}") from None


def _colours(table: Mapping[str, object]) -> Colours:
    roles = [field.name for field in fields(Colours)]
    _exactly(table, set(roles), "colours.")
    values: dict[str, str] = {}
    for role in roles:
        value = table[role]
        if not isinstance(value, str) or not _COLOUR.fullmatch(value):
            raise ConfigError(f"`colours.{role}` must be a colour like #4cc38a, not {str(value)[:40]!r}")
        values[role] = value.lower()
    return Colours(**values)
