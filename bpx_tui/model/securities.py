"""Tokenised securities, and the sessions of the week in which they trade, each with its own steps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from decimal import Decimal

from bpx_tui.model.ids import Asset


@dataclass(frozen=True, slots=True)
class MarketSession:
    """When a session is open: from `opens` to `closes`, local to `timezone` (an IANA name such as `America/New_York`).

    Weekdays are ISO (1 is Monday) and name the days on which it opens, first and last. A last one before the first
    wraps around the week: 7 to 4 is Sunday to Thursday. One that closes before it opens ends on the next day.
    """

    name: str
    opens: time
    closes: time
    timezone: str
    first_weekday: int
    last_weekday: int
    description: str | None = None


@dataclass(frozen=True, slots=True)
class SecuritySession:
    """What may be ordered of a security during the session of that name, in units of the security."""

    name: str
    min_quantity: Decimal
    step_size: Decimal
    max_quantity: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Security:
    asset: Asset
    name: str
    sessions: tuple[SecuritySession, ...]
    cusip: str | None = None
