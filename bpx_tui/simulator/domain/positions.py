"""Perpetual positions: entry, break-even and profit by exact arithmetic (PROTOCOL 6.3).

All amounts are USDC. A position's open profit is `quantity * mark - cost`. Part of it may have been moved to the
balance already (`settled`, continuous realisation), so

    unrealized = quantity * mark - cost - settled
    realized   = profit of what was closed + settled

and while nothing was closed realized + unrealized = quantity * (mark - entry). Divisions are rounded at 12 decimals
once and the rounded amount is used on both sides, so nothing is lost when a position is closed in parts.
"""

from __future__ import annotations

from decimal import Decimal

from bpx_tui.model.enums import Side
from bpx_tui.model.ids import Symbol
from bpx_tui.simulator.domain.orders import ZERO, AccountId

DUST = Decimal("0.000000000001")
"""Rounding unit of shares of an amount."""


class Position:
    """One account's position in one derivative market; lives on while flat, as the holder of open order totals."""

    __slots__ = (
        "account",
        "closed_volume",
        "cost",
        "entry_fees",
        "fees",
        "funding",
        "id",
        "liquidated",
        "liquidation_fees",
        "open_asks",
        "open_bids",
        "opened_us",
        "quantity",
        "realized",
        "reduce_only_orders",
        "settled",
        "symbol",
    )

    def __init__(self, account: AccountId, symbol: Symbol) -> None:
        self.account = account
        self.symbol = symbol
        self.open_bids = ZERO
        self.open_asks = ZERO
        self.reduce_only_orders = 0
        self.start(0, 0)

    def start(self, position_id: int, opened_us: int) -> None:
        """Begin a new position from flat."""
        self.id = position_id
        self.opened_us = opened_us
        self.quantity = ZERO
        self.cost = ZERO
        self.settled = ZERO
        self.realized = ZERO
        self.entry_fees = ZERO
        self.fees = ZERO
        self.funding = ZERO
        self.closed_volume = ZERO
        self.liquidated = ZERO
        self.liquidation_fees = ZERO

    def increase(self, signed_quantity: Decimal, price: Decimal, fee: Decimal) -> None:
        """Add in the direction of the position, or open it."""
        self.quantity += signed_quantity
        self.cost += signed_quantity * price
        self.entry_fees += fee
        self.fees += fee

    def decrease(self, quantity: Decimal, price: Decimal, fee: Decimal) -> Decimal:
        """Close `quantity` (positive, at most the whole) at `price`.

        Returns:
            The profit to pay to the balance now: that of the closed part, less what was paid ahead on it.
        """
        whole = abs(self.quantity)
        closed_cost, closed_settled = self.cost, self.settled
        closed_fees = self.entry_fees
        if quantity != whole:
            closed_cost = (self.cost * quantity / whole).quantize(DUST)
            closed_settled = (self.settled * quantity / whole).quantize(DUST)
            closed_fees = (self.entry_fees * quantity / whole).quantize(DUST)
        signed = quantity if self.quantity > 0 else -quantity
        due = signed * price - closed_cost - closed_settled
        self.quantity -= signed
        self.cost -= closed_cost
        self.settled -= closed_settled
        self.entry_fees -= closed_fees
        self.realized += due
        self.fees += fee
        self.closed_volume += quantity * price
        return due

    def settle(self, amount: Decimal) -> None:
        """Note that `amount` of open profit was paid to the balance."""
        self.settled += amount
        self.realized += amount

    def signed(self, side: Side) -> Decimal:
        """How far the position already goes in the direction of `side`."""
        return self.quantity if side is Side.BID else -self.quantity

    def add_open(self, side: Side, quantity: Decimal) -> None:
        """Count `quantity` more (or, negative, less) of open orders."""
        if side is Side.BID:
            self.open_bids += quantity
        else:
            self.open_asks += quantity

    def unrealized(self, mark: Decimal) -> Decimal:
        return self.quantity * mark - self.cost - self.settled

    @property
    def entry_price(self) -> Decimal:
        return self.cost / self.quantity if self.quantity else ZERO

    @property
    def break_even_price(self) -> Decimal:
        """Where closing would give back entry fees and funding; closing fees left out, as recorded."""
        return (self.cost + self.entry_fees - self.funding) / self.quantity if self.quantity else ZERO

    def worst(self, bids: Decimal = ZERO, asks: Decimal = ZERO) -> tuple[Decimal, Decimal]:
        """Largest long and largest short size if all open orders of one side filled, plus these more."""
        longest = self.quantity + self.open_bids + bids
        shortest = self.open_asks + asks - self.quantity
        return max(ZERO, longest), max(ZERO, shortest)

    def exposure(self) -> Decimal:
        """Worst case size if every open order of one side filled; never negative."""
        return max(self.worst())

    def reduces(self, side: Side) -> bool:
        """Whether an order of `side` would make the position smaller."""
        return self.quantity < 0 if side is Side.BID else self.quantity > 0
