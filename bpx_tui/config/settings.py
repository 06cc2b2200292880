"""What the user chose, from the strongest source to the weakest: flag, environment, `.env`, config file, default."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeVar

from bpx_tui.config.config_file import Given
from bpx_tui.config.endpoints import BACKPACK, Endpoints, parse_url
from bpx_tui.errors import ConfigError
from bpx_tui.model.enums import KlineInterval
from bpx_tui.model.ids import Symbol, is_symbol
from bpx_tui.model.limits import RiskLimits

T = TypeVar("T")

_MONEY: Final = re.compile(r"[0-9]{1,15}(\.[0-9]{1,12})?", re.ASCII)


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


DEFAULTS: Final[Mapping[str, str]] = {
    "symbol": "SOL_USDC_PERP",
    "interval": "1m",
    "theme": "",
    "rest_url": BACKPACK.rest_url,
    "ws_url": BACKPACK.ws_url,
    "log_level": "info",
    "max_order_notional": "",
    "max_position_notional": "",
}
"""Every setting: its name in `config.toml`, as `BPX_NAME` in the environment, and for some as a flag."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Checked and typed. `sources` says where each came from, for `bpx-tui doctor`."""

    symbol: Symbol
    interval: KlineInterval
    theme: str | None
    """Name of a theme; `None` for the program's own."""
    endpoints: Endpoints
    log_level: LogLevel
    limits: RiskLimits
    sources: Mapping[str, str]


def variable_of(name: str) -> str:
    """The environment variable of a setting."""
    return f"BPX_{name.upper()}"


def from_variables(variables: Mapping[str, str], label: str = "") -> dict[str, Given]:
    """The settings among environment variables or the entries of a `.env` file, whose path is the `label`."""
    prefix = f"{label}: " if label else ""
    return {
        name: Given(variables[variable_of(name)], f"{prefix}{variable_of(name)}")
        for name in DEFAULTS
        if variable_of(name) in variables
    }


def resolve(*sources: Mapping[str, Given]) -> Settings:
    """Settle every setting from the sources, strongest first.

    Raises:
        ConfigError: a value that cannot be used, with the source that holds it.
    """
    chosen = {name: _first(name, sources) for name in DEFAULTS}
    _check_endpoints_come_together(chosen)
    return Settings(
        symbol=_parsed(chosen["symbol"], _symbol),
        interval=_parsed(chosen["interval"], _interval),
        theme=chosen["theme"].text or None,
        endpoints=Endpoints(
            rest_url=_parsed(chosen["rest_url"], lambda text: parse_url(text, ("https", "http"))),
            ws_url=_parsed(chosen["ws_url"], lambda text: parse_url(text, ("wss", "ws"))),
        ),
        log_level=_parsed(chosen["log_level"], _log_level),
        limits=RiskLimits(
            max_order_notional=_parsed(chosen["max_order_notional"], _money),
            max_position_notional=_parsed(chosen["max_position_notional"], _money),
        ),
        sources={name: given.source for name, given in chosen.items()},
    )


def _first(name: str, sources: tuple[Mapping[str, Given], ...]) -> Given:
    for source in sources:
        if name in source:
            return source[name]
    return Given(DEFAULTS[name], "default")


def _parsed(given: Given, parse: Callable[[str], T]) -> T:
    try:
        return parse(given.text)
    except ValueError as error:
        raise ConfigError(f"{given.source}: {error}") from None


def _symbol(text: str) -> Symbol:
    if not text:
        raise ValueError("Symbol is empty. Write a market, e.g. SOL_USDC_PERP.")
    if is_symbol(text):
        return Symbol(text)
    guess = re.sub(r"[^A-Za-z0-9.]+", "_", text.upper()).strip("_")
    spot = guess.removesuffix("_PERP")
    if "_" not in spot:
        spot = f"{spot}_USDC"  # the screen's own short names
    if guess and is_symbol(spot) and spot != text:
        raise ValueError(f"No market {ascii(text[:40])[1:-1]}. Did you mean {spot} or {spot}_PERP?")
    raise ValueError("Not a market; one looks like SOL_USDC or SOL_USDC_PERP.")


def _interval(text: str) -> KlineInterval:
    try:
        return KlineInterval(text)
    except ValueError:
        raise ValueError(f"Not an interval. Known: {', '.join(KlineInterval)}.") from None


def _log_level(text: str) -> LogLevel:
    try:
        return LogLevel(text.lower())
    except ValueError:
        raise ValueError(f"Not a log level. Known: {', '.join(LogLevel)}.") from None


def _money(text: str) -> Decimal | None:
    """Plain decimal digits. `Decimal` alone would take `1_000`, `NaN`, other scripts' digits and `1e9`."""
    if not text:
        return None
    if _MONEY.fullmatch(text) is None:
        raise ValueError('Plain digits only, e.g. "1000" or "0.5".')
    amount = Decimal(text)
    if amount == 0:
        raise ValueError("Must be greater than 0.")
    return amount


def _check_endpoints_come_together(chosen: Mapping[str, Given]) -> None:
    """A book seeded from one exchange and moved by another would be nobody's book."""
    rest, stream = chosen["rest_url"], chosen["ws_url"]
    if (rest.source == "default") != (stream.source == "default"):
        given = rest if stream.source == "default" else stream
        raise ConfigError(f"{given.source} is set alone; give both --rest-url and --ws-url, or neither.")
