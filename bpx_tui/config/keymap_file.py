"""The user's own keys: `keymap.toml` in the config folder, one line for each action that gets other keys.

    ticket.buy = ["b", "f5"]
    panel.zoom = "Z"

Action ids are those of the table of actions; the help screen and the README list them by what they do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from bpx_tui.config.config_file import read_toml
from bpx_tui.config.keymap import Keymap
from bpx_tui.errors import ConfigError


def read_keymap_file(path: Path) -> Keymap:
    """The actions with the user's keys; as they are where there is no such file.

    Raises:
        ConfigError: the file cannot be used, names no action, or gives one key to two actions of one place.
    """
    try:
        _, document = read_toml(path)
    except FileNotFoundError:
        return Keymap()
    try:
        return Keymap().rebound(dict(_flat(document)))
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None


def _flat(table: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, tuple[str, ...]]]:
    """TOML reads `ticket.buy` as a `buy` in a table `ticket`: put the names together again."""
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", _keys(f"{prefix}{name}", value)


def _keys(name: str, value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and all(isinstance(key, str) for key in value):
        return tuple(value)
    raise ConfigError(f'{name} must be a key or a list of keys in quotes, like {name} = ["b"].')
