"""The user's own limits. A module of its own: settings carry them, and the checks themselves are read much later."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class RiskLimits:
    """The user's own limits. `None` means no such limit. Money in quote."""

    collar_fraction: Decimal = Decimal("0.05")
    """How far from the mark a price may be typed without typing it twice."""
    max_order_notional: Decimal | None = None
    max_position_notional: Decimal | None = None
