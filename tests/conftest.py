"""What holds for every test: no network beyond this machine, nobody's own files or keys, no hurry."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from bpx_tui.cli.guard import allow_only
from bpx_tui.config.endpoints import Endpoints

settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


def pytest_configure(config: pytest.Config) -> None:
    allow_only(Endpoints("http://localhost", "ws://127.0.0.1"))
    config.addinivalue_line("markers", "slow: takes seconds, because the thing itself does")


@pytest.fixture(autouse=True)
def nobodys_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own for every test, also for the programs that it starts."""
    home = tmp_path_factory.mktemp("home")
    for name in [name for name in os.environ if name.startswith(("BPX_", "XDG_", "TEXTUAL"))]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("HOME", str(home))
    return home
