"""A simulated exchange in a process of its own, for tests of whole commands."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Running:
    rest_url: str
    ws_url: str
    api_key: str
    api_secret: str

    @property
    def flags(self) -> list[str]:
        return ["--rest-url", self.rest_url, "--ws-url", self.ws_url]

    @property
    def environ(self) -> dict[str, str]:
        return {"BPX_API_KEY": self.api_key, "BPX_API_SECRET": self.api_secret}


@contextmanager
def running_exchange() -> Iterator[Running]:
    """Ready when entered, ended when left."""
    command = [sys.executable, "-m", "bpx_tui", "exchange", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            account = ready["accounts"][0]
            yield Running(ready["rest_url"], ready["ws_url"], account["api_key"], account["api_secret"])
        finally:
            process.terminate()
