"""Where orders go. A module of its own, because the first frame shows it and reads nothing else of the service."""

from __future__ import annotations

from enum import StrEnum


class Mode(StrEnum):
    """Where orders go. `LIVE` means real money, nothing else."""

    DEMO = "DEMO"
    READ = "READ"
    LIVE = "LIVE"
