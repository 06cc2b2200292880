"""What a run of the exchange can be told."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from bpx_tui.model.ids import Asset
from bpx_tui.simulator.domain.orders import ClientIdRule


class Scenario(StrEnum):
    """What kind of day it is."""

    CALM = "calm"
    NORMAL = "normal"
    VOLATILE = "volatile"
    CRASH = "crash"
    THIN = "thin"
    BUSY = "busy"


class WindowAt(StrEnum):
    """When the window of a signature must not have passed: nobody documents it."""

    INGRESS = "ingress"
    """As a request comes in: one that waits inside is executed however late."""
    ENGINE = "engine"
    """As it is executed: one that waited too long has expired."""


DEMO_BALANCES = ((Asset("USDC"), Decimal(10_000)), (Asset("SOL"), Decimal(25)))


@dataclass(frozen=True, slots=True)
class AccountOption:
    """An account to open at start.

    Attributes:
        name: `demo`, or `demo/1` for sub-account 1 of the user whose account is `demo`, which must come before it.
        api_key: base64 public key; `None` derives a key pair from the seed and the name.
    """

    name: str
    api_key: str | None = None
    balances: tuple[tuple[Asset, Decimal], ...] = DEMO_BALANCES

    @property
    def user(self) -> str:
        """Name of the user's main account."""
        return self.name.partition("/")[0]

    @property
    def subaccount_id(self) -> int | None:
        """Number of the sub-account; `None` for the main one."""
        number = self.name.partition("/")[2]
        return int(number) if number else None


DEFAULT_ACCOUNTS = (AccountOption("demo"),)
"""What is opened where nobody asks for an account."""


@dataclass(frozen=True, slots=True)
class TlsOption:
    """https and wss, on a port beside the one of http and ws.

    Attributes:
        port: zero picks a free one, which the ready line names.
        hosts: what the certificate is made for beside this machine's own names.
        ca_file: where the certificate goes that clients must trust; `None` is a file that ends with the run.
        certificate: PEM file of the user's own instead of one that is made; it comes with `key`.
    """

    port: int = 0
    hosts: tuple[str, ...] = ()
    ca_file: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    @property
    def is_given(self) -> bool:
        """Whether the user brings a certificate."""
        return self.certificate is not None or self.key is not None


@dataclass(frozen=True, slots=True)
class Options:
    """One run of the exchange.

    Attributes:
        port: zero picks a free one, which the ready line names.
        speed: seconds of exchange time per second.
        state: SQLite file that keeps accounts across restarts.
        save_every_s: seconds of real time between saves to `state`: how much a crash may lose.
        flow: whether others trade at all; tests of exact books switch it off.
        traps: whether the wire does by chance what the real one does now and then; see `traps`.
        client_ids: whether a client id may be used again.
        window_at: when a signature's window is checked.
        fee_tier: which of the published fee tiers new accounts have, from 1.
        executed_5xx: share of orders and cancels that are executed, yet answered with 503; 0 to 1.
        tls: serve https and wss too.
    """

    host: str = "127.0.0.1"
    port: int = 0
    seed: int = 1
    speed: float = 1.0
    scenario: Scenario = Scenario.NORMAL
    accounts: tuple[AccountOption, ...] = DEFAULT_ACCOUNTS
    state: Path | None = None
    save_every_s: float = 10.0
    flow: bool = True
    traps: bool = True
    client_ids: ClientIdRule = ClientIdRule.REPEATABLE
    window_at: WindowAt = WindowAt.ENGINE
    executed_5xx: float = 0.0
    fee_tier: int = 1
    tls: TlsOption | None = None
