"""From a command line and its surroundings to what will run: the mode, the settings and the key, checked together."""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bpx_tui.cli.arguments import Arguments, Command
from bpx_tui.config.config_file import Given, read_config_file
from bpx_tui.config.endpoints import check_demo, check_real
from bpx_tui.config.keymap import Keymap
from bpx_tui.config.keymap_file import read_keymap_file
from bpx_tui.config.places import user_places
from bpx_tui.config.settings import DEFAULTS, Settings, from_variables, resolve
from bpx_tui.config.themes import DEFAULT_THEME, ThemeSpec, load_themes, pick_theme
from bpx_tui.errors import ConfigError, CredentialsError
from bpx_tui.service.mode import Mode

if TYPE_CHECKING:
    from bpx_tui.config.credentials import Credentials

OF_THE_TERMINAL = "BPX_ASCII"
"""What the terminal can show: no setting, no secret, and read by the screen when it draws."""


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """One screen session. With `starts_exchange` the endpoints and the key come from the exchange that it starts."""

    mode: Mode
    settings: Settings
    theme: ThemeSpec
    keymap: Keymap
    credentials: Credentials | None
    starts_exchange: bool


def plan_session(arguments: Arguments, environ: MutableMapping[str, str]) -> SessionPlan:
    """Decide what runs. Afterwards no `BPX_` setting or key is left in `environ` for a child process.

    Raises:
        UsageError: a setting, file or key cannot be used, or they contradict each other.
    """
    settings = find_settings(arguments, environ)
    theme, keymap = find_looks(settings)
    is_demo = arguments.command is Command.DEMO
    starts_exchange = is_demo and settings.sources["rest_url"] == "default"
    credentials = None
    if not starts_exchange:
        credentials = find_credentials(arguments, environ)
        if is_demo:
            check_demo(settings.endpoints)
        else:
            check_real(settings.endpoints, live=arguments.live, has_key=credentials is not None)
    forget_variables(environ)
    if arguments.live and credentials is None:
        raise CredentialsError("--live needs an API key. Try: bpx-tui keys check")
    mode = Mode.DEMO if is_demo else Mode.LIVE if arguments.live else Mode.READ
    return SessionPlan(mode, settings, theme, keymap, credentials, starts_exchange)


def find_settings(arguments: Arguments, environ: Mapping[str, str]) -> Settings:
    """The settings of this command line. Raises: UsageError: one of the sources cannot be used."""
    flags = {
        name: Given(text, f"--{name.replace('_', '-')}")
        for name in DEFAULTS
        if (text := getattr(arguments, name, None)) is not None
    }
    return resolve(flags, from_variables(environ), _env_file(arguments), _config_file(arguments))


def find_looks(settings: Settings) -> tuple[ThemeSpec, Keymap]:
    """The theme and the keys that these settings ask for. Raises: ConfigError: one of their files cannot be used."""
    places = user_places()
    theme = pick_theme(load_themes(places.themes), settings.theme or DEFAULT_THEME)
    return theme, read_keymap_file(places.keymap_file)


def find_credentials(arguments: Arguments, environ: MutableMapping[str, str]) -> Credentials | None:
    """The configured key, taken out of `environ`. Raises: CredentialsError: it is there and cannot be used."""
    from bpx_tui.config.key_sources import take_credentials

    return take_credentials(environ, _env_path(arguments))


def forget_variables(environ: MutableMapping[str, str]) -> None:
    """Take every variable of ours out of the environment, but for the one that the screen itself reads."""
    for name in [name for name in environ if name.startswith("BPX_") and name != OF_THE_TERMINAL]:
        del environ[name]


def _env_path(arguments: Arguments) -> Path | None:
    return None if arguments.env_file is None else Path(os.path.expanduser(arguments.env_file))


def _env_file(arguments: Arguments) -> dict[str, Given]:
    path = _env_path(arguments)
    if path is None:
        return {}
    from bpx_tui.config.key_sources import read_env_file

    return from_variables({name: held.reveal() for name, held in read_env_file(path).items()}, str(path))


def _config_file(arguments: Arguments) -> dict[str, Given]:
    path = arguments.config or user_places().config_file
    try:
        return read_config_file(path, DEFAULTS)
    except FileNotFoundError:
        if arguments.config is not None:
            raise ConfigError(f"--config: there is no file {path}.") from None
        return {}
