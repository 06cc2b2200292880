"""The wall around a session: each case in a process of its own, because the wall cannot be taken down."""

from __future__ import annotations

import subprocess
import sys

import pytest

TRY = """
import socket
from bpx_tui.cli.guard import HostNotAllowed, allow_only
from bpx_tui.config.endpoints import BACKPACK, Endpoints
allow_only({endpoints})
try:
    {act}
except HostNotAllowed as error:
    print("not allowed:", error.strerror)
except OSError:
    print("tried")
"""
HERE = 'Endpoints("http://127.0.0.1:1", "ws://127.0.0.1:1")'


def outcome(endpoints: str, act: str) -> str:
    code = TRY.format(endpoints=endpoints, act=act)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True).stdout


@pytest.mark.parametrize(
    ("endpoints", "act"),
    [
        (HERE, 'socket.getaddrinfo("api.backpack.exchange", 443)'),
        (HERE, 'socket.getaddrinfo(b"example.org", 443)'),
        (HERE, 'socket.create_connection(("192.0.2.1", 443))'),
        (HERE, 'socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("192.0.2.1", 53))'),
        ("BACKPACK", 'socket.create_connection(("127.0.0.1", 9))'),
        ("BACKPACK", 'socket.create_connection(("::1", 9))'),
        ("BACKPACK", 'socket.getaddrinfo("localhost", 9)'),
        ("BACKPACK", 'socket.getaddrinfo("api.backpack.exchange.example.org", 443)'),
    ],
)
def test_another_host_than_the_modes_is_never_reached(endpoints: str, act: str) -> None:
    assert outcome(endpoints, act).startswith("not allowed: ")


def test_the_modes_own_host_is_tried() -> None:
    assert outcome(HERE, 'socket.create_connection(("127.0.0.1", 9))') == "tried\n"


def test_a_socket_pair_of_an_event_loop_is_not_a_connection() -> None:
    assert outcome(HERE, "import asyncio; asyncio.run(asyncio.sleep(0)); print('ran')") == "ran\n"
