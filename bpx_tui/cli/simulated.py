"""The simulated exchange of a demo: a process of its own that lives exactly as long as the screen."""

from __future__ import annotations

import os
import select
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bpx_tui.cli.lifeline import end_with_parent
from bpx_tui.config.endpoints import Endpoints
from bpx_tui.config.places import open_private, private_folder, user_places
from bpx_tui.errors import BpxError, ConfigError

if TYPE_CHECKING:
    from bpx_tui.config.credentials import Credentials

READY_SECONDS: Final = 30.0
END_SECONDS: Final = 2.0


class NotReady(BpxError):
    """The simulated exchange did not start; the text says why, for the screen."""


@dataclass(frozen=True, slots=True)
class Ready:
    """Where the exchange answers, and the key of its demo account."""

    endpoints: Endpoints
    credentials: Credentials


class SimulatedExchange:
    """Started by a plain fork, so that it is already reading its own libraries while the screen reads others."""

    def __init__(self, seed: int, scenario: str | None) -> None:
        ready_read, ready_write = os.pipe()
        lifeline_read, self._lifeline = os.pipe()
        if os.fork() == 0:
            os.close(ready_read)
            os.close(self._lifeline)
            _be_the_exchange(seed, scenario, ready_write, lifeline_read)
        os.close(ready_write)
        os.close(lifeline_read)
        self._ready = ready_read

    def wait_until_ready(self, seconds: float = READY_SECONDS) -> Ready:
        """Block until it answers. For the service thread, once: the screen is being painted meanwhile.

        Raises:
            NotReady: it ended, said something else, or took too long.
        """
        line = self._first_line(time.monotonic() + seconds)
        if line is None:
            raise NotReady(f"The simulated exchange was not ready after {seconds:.0f} s. Its log: {_log_file()}")
        if not line:
            raise NotReady(f"The simulated exchange ended at once. {_last_words()}")
        import json

        from bpx_tui.config.credentials import Credentials

        try:
            said = json.loads(line)
            account = said["accounts"][0]
            endpoints = Endpoints(str(said["rest_url"]).rstrip("/"), str(said["ws_url"]).rstrip("/"))
            credentials = Credentials(account["api_key"], account["api_secret"], source="the simulated exchange")
        except (ValueError, KeyError, IndexError, TypeError):
            raise NotReady("The simulated exchange did not say where it is. This is a bug.") from None
        return Ready(endpoints, credentials)

    def _first_line(self, deadline: float) -> bytes | None:
        """What it printed first; empty when it ended before, `None` at the deadline."""
        said = b""
        while b"\n" not in said:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._ready], [], [], left)[0]:
                return None
            data = os.read(self._ready, 65536)
            if not data:
                return b""
            said += data
        return said.partition(b"\n")[0]


def _be_the_exchange(seed: int, scenario: str | None, stdout: int, lifeline: int) -> None:
    """Turn this process into the exchange. Never returns."""
    code = 1
    try:
        os.setsid()  # keys pressed on the terminal are the screen's
        for name in [name for name in os.environ if name.startswith("BPX_")]:
            del os.environ[name]
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(_open_log(), 2)
        os.dup2(stdout, 1)
        end_with_parent(lifeline, END_SECONDS)
        from bpx_tui.simulator.main import main

        code = main(["--port", "0", "--seed", str(seed), *(["--scenario", scenario] if scenario else [])])
    except BaseException:
        sys.__excepthook__(*sys.exc_info())
    finally:
        sys.stderr.flush()
        os._exit(code)


def _log_file() -> Path:
    return user_places().logs / "exchange.log"


def _open_log() -> int:
    """The exchange's own log, begun anew with every demo; nowhere if it cannot be written."""
    try:
        private_folder(user_places().logs)
        return open_private(_log_file(), os.O_WRONLY | os.O_TRUNC)
    except (OSError, ConfigError):
        return os.open(os.devnull, os.O_WRONLY)


def _last_words() -> str:
    """The end of its log in one sentence."""
    try:
        lines = _log_file().read_text(errors="replace").strip().splitlines()
    except OSError:
        lines = []
    said = "".join(c if c.isprintable() else " " for c in lines[-1][:160]) if lines else "It left no word"
    return f"{said} (log: {_log_file()})"
