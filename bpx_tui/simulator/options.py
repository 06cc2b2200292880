"""What a run of the exchange can be told."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from bpx_tui.model.ids import Asset


class Scenario(StrEnum):
    """What kind of day it is."""

    CALM = "calm"
    NORMAL = "normal"
    VOLATILE = "volatile"
    CRASH = "crash"
    THIN = "thin"
    BUSY = "busy"


DEMO_BALANCES = ((Asset("USDC"), Decimal(10_000)), (Asset("SOL"), Decimal(25)))


@dataclass(frozen=True, slots=True)
class AccountOption:
    """An account to open at start.

    Attributes:
        api_key: base64 public key; `None` derives a key pair from the seed and the name.
    """

    name: str
    api_key: str | None = None
    balances: tuple[tuple[Asset, Decimal], ...] = DEMO_BALANCES


@dataclass(frozen=True, slots=True)
class Options:
    """One run of the exchange.

    Attributes:
        port: zero picks a free one, which the ready line names.
        speed: seconds of exchange time per second.
        state: SQLite file that keeps accounts across restarts.
        flow: whether others trade at all; tests of exact books switch it off.
    """

    host: str = "127.0.0.1"
    port: int = 0
    seed: int = 1
    speed: float = 1.0
    scenario: Scenario = Scenario.NORMAL
    accounts: tuple[AccountOption, ...] = field(default=(AccountOption("demo"),))
    state: Path | None = None
    flow: bool = True
