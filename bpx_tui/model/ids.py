"""Identifiers as the exchange writes them."""

from __future__ import annotations

import re
from typing import NewType

Symbol = NewType("Symbol", str)
"""A market: `SOL_USDC`, `kPEPE_USDC_PERP`, `SPCX.US_USDC`."""

Asset = NewType("Asset", str)
"""A currency or token: `USDC`, `SOL`."""

OrderId = NewType("OrderId", str)
"""The exchange's order id: decimal digits, carrying no time."""

ClientId = NewType("ClientId", int)
"""Our own correlation id of an order, a strategy, a request for quote or a quote: uint32.

The exchange promises no uniqueness for it.
"""

StrategyId = NewType("StrategyId", str)
"""The exchange's id of a strategy: decimal digits. Orders that a strategy places carry it."""

RfqId = NewType("RfqId", str)
"""The exchange's id of a request for quote: decimal digits."""

QuoteId = NewType("QuoteId", str)
"""The exchange's id of a quote to a request: decimal digits."""

VaultId = NewType("VaultId", int)
"""The exchange's number of a vault: uint32."""

MAX_CLIENT_ID = 2**32 - 1

PositionId = NewType("PositionId", str)
"""A position, of a market or of borrowing and lending."""

DepositId = NewType("DepositId", int)

WithdrawalId = NewType("WithdrawalId", int)

DustConversionId = NewType("DustConversionId", int)

_SYMBOL = re.compile(r"[A-Za-z0-9.]+(?:_[A-Za-z0-9.]+)+", re.ASCII)


def is_symbol(text: str) -> bool:
    """Whether `text` can be a market symbol: ASCII words joined by underscores, at most 64 characters.

    Anything else from the wire is hidden and counted rather than shown: a homoglyph is not a market.
    """
    return len(text) <= 64 and _SYMBOL.fullmatch(text) is not None
