"""What became of an account's lends and borrows: movements, interest, and the positions they add up to."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from bpx_tui.model.ids import Asset
from bpx_tui.simulator.domain.events import BorrowLendMoved, InterestPaid
from bpx_tui.simulator.domain.views import BorrowLendView

LIMIT = 10_000


@dataclass(slots=True)
class LoanPosition:
    """One lend or borrow from its first movement to its last.

    Attributes:
        quantity: net now, lend positive, borrow negative; zero once closed.
        rates, payments: sum and count of the yearly rates that interest was paid at.
    """

    position_id: str
    asset: Asset
    side: str
    source: str
    quantity: Decimal
    created_us: int
    interest: Decimal = Decimal(0)
    rates: Decimal = Decimal(0)
    payments: int = 0

    @property
    def average_rate(self) -> Decimal:
        return self.rates / self.payments if self.payments else Decimal(0)


@dataclass(frozen=True, slots=True)
class Movement:
    """A movement and the position it belongs to."""

    event: BorrowLendMoved
    position_id: str


@dataclass(frozen=True, slots=True)
class Interest:
    """An interest payment and the position it belongs to."""

    event: InterestPaid
    position_id: str


@dataclass(slots=True)
class LoanMemory:
    """One account's history of lending and borrowing, oldest first, bounded."""

    movements: deque[Movement] = field(default_factory=lambda: deque(maxlen=LIMIT))
    interest: deque[Interest] = field(default_factory=lambda: deque(maxlen=LIMIT))
    positions: deque[LoanPosition] = field(default_factory=lambda: deque(maxlen=LIMIT))

    def moved(self, event: BorrowLendMoved, open_now: Iterable[BorrowLendView]) -> None:
        """Remember a movement. `open_now` are the account's positions afterwards, which know their ids."""
        position = self._open(event.asset)
        if position is not None and position.quantity * event.position_quantity < 0:
            position.quantity = Decimal(0)
            position = None
        if position is None:
            number = next((view.position_id for view in open_now if view.asset == event.asset), event.time_us)
            side = "Lend" if event.event_type in ("Lend", "LendRedeem") else "Borrow"
            position = LoanPosition(str(number), event.asset, side, event.source, Decimal(0), event.time_us)
            self.positions.append(position)
        position.quantity = event.position_quantity
        self.movements.append(Movement(event, position.position_id))

    def paid(self, event: InterestPaid) -> None:
        """Remember interest; it changes what is lent or owed."""
        position = self._open(event.asset)
        if position is None:
            return
        position.quantity += event.quantity
        position.interest += event.quantity
        position.rates += event.rate
        position.payments += 1
        self.interest.append(Interest(event, position.position_id))

    def _open(self, asset: Asset) -> LoanPosition | None:
        return next((p for p in reversed(self.positions) if p.asset == asset and p.quantity), None)
