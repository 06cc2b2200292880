"""Which exchange may be talked to in which mode.

The simulated exchange can never be reached by mistake with real keys, nor Backpack from the demo: a custom address is
accepted for looking, or for a simulated exchange on this machine, and never for real money.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from bpx_tui.errors import ConfigError

_LIVE_DOMAIN: Final = "backpack.exchange"


@dataclass(frozen=True, slots=True)
class Endpoints:
    """One exchange: where requests go, and where its one WebSocket is."""

    rest_url: str
    ws_url: str

    @property
    def hosts(self) -> frozenset[str]:
        """The only names that may be connected to."""
        return frozenset({_host(self.rest_url), _host(self.ws_url)})

    @property
    def is_on_this_machine(self) -> bool:
        return all(is_loopback(host) for host in self.hosts)


BACKPACK: Final = Endpoints("https://api.backpack.exchange", "wss://ws.backpack.exchange")


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").rstrip(".")


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def is_live_host(host: str) -> bool:
    return host == _LIVE_DOMAIN or host.endswith("." + _LIVE_DOMAIN)


def parse_url(text: str, schemes: tuple[str, str]) -> str:
    """A base URL without trailing slash; `schemes` is the encrypted and the plain one.

    Raises:
        ValueError: what is wrong with it. The text itself is not repeated: it may hold a password.
    """
    secure, plain = schemes
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("Not an address.") from None
    if parts.scheme not in schemes or not host:
        raise ValueError(f"Must look like {secure}://host or {plain}://127.0.0.1:port.")
    if parts.username is not None or parts.query or parts.fragment or not text.isascii() or not text.isprintable():
        raise ValueError("Must be scheme, host and port only.")
    if parts.scheme == plain and not is_loopback(host.rstrip(".")):
        raise ValueError(f"Must be {secure}:// outside this machine.")
    return text.rstrip("/")


def check_demo(endpoints: Endpoints) -> None:
    """The demo may only talk to a simulated exchange on this machine.

    Raises:
        ConfigError: an address elsewhere.
    """
    if any(is_live_host(host) for host in endpoints.hosts):
        raise ConfigError("The demo never talks to Backpack itself. For real data: `bpx-tui`.")
    if not endpoints.is_on_this_machine:
        raise ConfigError("The demo only talks to a simulated exchange on this machine (127.0.0.1).")


def check_real(endpoints: Endpoints, *, live: bool, has_key: bool) -> None:
    """Real money only at Backpack's own addresses, and a key never leaves for a stranger's.

    Raises:
        ConfigError: says what to drop, and how to reach a simulated exchange.
    """
    if endpoints == BACKPACK:
        return
    if live:
        raise ConfigError(
            "--live trades at Backpack's own addresses only; drop --rest-url and --ws-url "
            "(also BPX_REST_URL, BPX_WS_URL). For a simulated exchange: `bpx-tui demo --rest-url … --ws-url …`."
        )
    if has_key and not endpoints.is_on_this_machine:
        raise ConfigError("A key is configured, and keys are only used with Backpack's own addresses.")
