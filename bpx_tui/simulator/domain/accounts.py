"""Margin accounts and what each of them holds."""

from __future__ import annotations

from collections import deque
from decimal import Decimal

from bpx_tui.model.ids import Asset, OrderId, Symbol
from bpx_tui.simulator.domain.orders import ZERO, AccountId, FillRecord, Order, OrderRecord
from bpx_tui.simulator.domain.positions import Position
from bpx_tui.simulator.domain.standing import GOOD, Permission
from bpx_tui.simulator.domain.views import AccountInfo, AccountSettings, FeeTier, PositionView

HISTORY_LIMIT = 20_000
"""Ended orders, fills and closed positions kept per account, each."""

FEE_TIERS = (
    FeeTier(Decimal(8), Decimal(10), Decimal(2), Decimal(5)),
    FeeTier(Decimal(7), Decimal(9), Decimal("1.9"), Decimal("4.5")),
)
"""Published tiers, lowest volume first (PROTOCOL 6.2)."""
TIER_ONE = FEE_TIERS[0]
NO_FEES = FeeTier(ZERO, ZERO, ZERO, ZERO)


class Purse:
    """One account's holding of one asset; `locked` belongs to open orders and withdrawals."""

    __slots__ = ("available", "locked")

    def __init__(self) -> None:
        self.available = ZERO
        self.locked = ZERO


class Loan:
    """One account's lend (positive `quantity`) or borrow (negative) of one asset."""

    __slots__ = ("cumulative_interest", "id", "opened_us", "quantity")

    def __init__(self, loan_id: int, opened_us: int) -> None:
        self.id = loan_id
        self.opened_us = opened_us
        self.quantity = ZERO
        self.cumulative_interest = ZERO


class Account:
    """A margin account. `unsettled` is USDC the clearing fund owes it (negative: it owes the fund)."""

    __slots__ = (
        "api_keys",
        "auto_borrow_settlements",
        "auto_lend",
        "auto_realize_pnl",
        "auto_repay_borrows",
        "borrow_limit",
        "closed_positions",
        "dirty",
        "fees",
        "fills",
        "history",
        "house",
        "id",
        "leverage_limit",
        "liquidating",
        "loans",
        "orders",
        "pending",
        "position_limit",
        "positions",
        "purses",
        "silent",
        "standing",
        "subaccount_id",
        "unsettled",
        "user_id",
    )

    def __init__(
        self,
        account_id: AccountId,
        user_id: int,
        subaccount_id: int | None,
        *,
        house: bool,
        fees: FeeTier,
        silent: bool = False,
    ) -> None:
        """Of a `silent` account nobody will ask: it has no private events and no history. The house's all are."""
        self.id = account_id
        self.user_id = user_id
        self.subaccount_id = subaccount_id
        self.api_keys: list[str] = []
        self.house = house
        self.silent = silent or house
        self.fees = fees
        self.auto_borrow_settlements = True
        self.auto_lend = False
        self.auto_realize_pnl = True
        self.auto_repay_borrows = True
        self.borrow_limit = Decimal(100_000)
        self.position_limit = Decimal(5_000_000)
        self.leverage_limit = Decimal(10)
        self.liquidating = False
        self.standing = GOOD
        self.purses: dict[Asset, Purse] = {}
        self.positions: dict[Symbol, Position] = {}
        self.loans: dict[Asset, Loan] = {}
        self.unsettled = ZERO
        self.orders: dict[OrderId, Order] = {}
        self.pending: dict[OrderId, Order] = {}
        self.dirty: dict[Asset, None] = {}
        self.history: deque[OrderRecord] = deque(maxlen=HISTORY_LIMIT)
        self.fills: deque[FillRecord] = deque(maxlen=HISTORY_LIMIT)
        self.closed_positions: deque[PositionView] = deque(maxlen=HISTORY_LIMIT)

    def purse(self, asset: Asset) -> Purse:
        purse = self.purses.get(asset)
        if purse is None:
            purse = self.purses[asset] = Purse()
        return purse

    def held(self, asset: Asset) -> Decimal:
        """Free and locked together, lends left out."""
        purse = self.purses.get(asset)
        return ZERO if purse is None else purse.available + purse.locked

    def loan(self, asset: Asset) -> Decimal:
        """Net lend (positive) or borrow (negative)."""
        loan = self.loans.get(asset)
        return ZERO if loan is None else loan.quantity

    def check_permission(self, permission: Permission, now_us: int) -> None:
        """Raises: VenueRefusal, the account may not do that now."""
        refusal = None if self.standing is GOOD else self.standing.refusal(permission, now_us)
        if refusal is not None:
            raise refusal

    def info(self) -> AccountInfo:
        return AccountInfo(self.id, self.user_id, self.subaccount_id, tuple(self.api_keys), self.house)

    def settings(self) -> AccountSettings:
        return AccountSettings(
            auto_borrow_settlements=self.auto_borrow_settlements,
            auto_lend=self.auto_lend,
            auto_realize_pnl=self.auto_realize_pnl,
            auto_repay_borrows=self.auto_repay_borrows,
            borrow_limit=self.borrow_limit,
            position_limit=self.position_limit,
            leverage_limit=self.leverage_limit,
            fees=self.fees,
            limit_orders=len(self.orders),
            trigger_orders=len(self.pending),
            liquidating=self.liquidating,
        )
