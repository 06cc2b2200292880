"""What a command line asks for. The reading of flags is in `parser`, which a command word alone does not need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

SECRETS_ARE_VISIBLE: Final = "Secrets are visible in `ps`. Put them in a file of your own, or in the environment."

SCENARIOS: Final = ("calm", "normal", "volatile", "crash", "thin", "busy")
"""Those of the simulated exchange, written here too so that a wrong one is told before anything starts."""


class Command(StrEnum):
    """What to run; `SCREEN` is `bpx-tui` without a word."""

    SCREEN = ""
    DEMO = "demo"
    EXCHANGE = "exchange"
    KEYS = "keys"
    DOCTOR = "doctor"
    LOCATE = "locate"


@dataclass(frozen=True, slots=True)
class Arguments:
    """One command line. `None` means not given."""

    command: Command
    live: bool = False
    symbol: str | None = None
    interval: str | None = None
    theme: str | None = None
    rest_url: str | None = None
    ws_url: str | None = None
    env_file: str | None = None
    config: Path | None = None
    seed: int = 1
    scenario: str | None = None
    screenshot: Path | None = None
    after: float = 5.0
    size: tuple[int, int] | None = None


_COMPLETE_ALONE: Final = (Command.DEMO, Command.DOCTOR, Command.LOCATE)


def parse(argv: Sequence[str]) -> Arguments:
    """Read the words after `bpx-tui`.

    Raises:
        InputError: one sentence with what is wrong and what to do.
        SystemExit: after `--help` or `--version`.
    """
    if not argv:
        return Arguments(Command.SCREEN)
    if len(argv) == 1 and argv[0] in _COMPLETE_ALONE:
        return Arguments(Command(argv[0]))
    from bpx_tui.cli.parser import parse_flags  # argparse takes longer than the rest of the way to the first frame

    return parse_flags(argv)
