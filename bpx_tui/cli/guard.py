"""A wall around this process: it can only connect to the exchange of its mode, whatever asks it to.

Below every library: the interpreter reports each name that is looked up and each address that is connected to, and what
is not on the list fails as a refused connection does. It cannot be taken down again.
"""

from __future__ import annotations

import errno
import sys
from collections.abc import Set

from bpx_tui.config.endpoints import Endpoints, is_loopback


class HostNotAllowed(PermissionError):
    """Something tried to reach a host that is not the exchange of this mode."""

    def __init__(self, host: str) -> None:
        super().__init__(errno.EACCES, f"{host} is not the exchange of this mode")


def allow_only(endpoints: Endpoints) -> None:
    """From now on this process connects to these endpoints' hosts and to nothing else."""
    hosts = endpoints.hosts
    local = endpoints.is_on_this_machine

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if event == "socket.getaddrinfo":
            _check_name(arguments[0], hosts)
        elif event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
            _check_address(arguments[1], local)

    sys.addaudithook(watch)


def _check_name(host: object, hosts: Set[str]) -> None:
    name = host.decode("idna") if isinstance(host, bytes) else host
    if isinstance(name, str) and name.rstrip(".").lower() not in hosts and not _is_numeric(name):
        raise HostNotAllowed(name)


def _check_address(address: object, local: bool) -> None:
    """A simulated exchange is on this machine and Backpack is not: one is never taken for the other."""
    if isinstance(address, tuple) and is_loopback(str(address[0])) != local:
        raise HostNotAllowed(str(address[0]))


def _is_numeric(name: str) -> bool:
    """An address needs no looking up; it is judged when it is connected to."""
    return name.replace(".", "").isdigit() or ":" in name
