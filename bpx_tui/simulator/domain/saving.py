"""Keeping accounts across restarts: everything of one account as a value, and an account made from such a value.

A restored account has its balances, loans, positions, settings and history; its open orders are placed anew. What
stood against its positions and debts is taken up by a house account of its own, so that the books still balance.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from bpx_tui.model.ids import Asset, Symbol
from bpx_tui.simulator.domain.accounts import NO_FEES, Account
from bpx_tui.simulator.domain.core import Core
from bpx_tui.simulator.domain.lending import LendingDesk
from bpx_tui.simulator.domain.markets import QUOTE
from bpx_tui.simulator.domain.orderdesk import OrderDesk
from bpx_tui.simulator.domain.orders import ZERO, AccountId, FillRecord, NewOrder, OrderRecord
from bpx_tui.simulator.domain.positions import Position
from bpx_tui.simulator.domain.refusals import VenueRefusal
from bpx_tui.simulator.domain.seeds import BORROWER
from bpx_tui.simulator.domain.standing import GOOD, Standing
from bpx_tui.simulator.domain.views import FeeTier, PositionView

KEPT_ROWS = 1_000
"""Ended orders, fills and closed positions that are kept, each the newest."""


@dataclass(frozen=True, slots=True)
class SavedLoan:
    asset: Asset
    quantity: Decimal
    cumulative_interest: Decimal


@dataclass(frozen=True, slots=True)
class SavedPosition:
    symbol: Symbol
    id: int
    opened_us: int
    quantity: Decimal
    cost: Decimal
    settled: Decimal
    realized: Decimal
    entry_fees: Decimal
    fees: Decimal
    funding: Decimal
    closed_volume: Decimal
    liquidated: Decimal
    liquidation_fees: Decimal


@dataclass(frozen=True, slots=True)
class SavedAccount:
    """One margin account at one moment. `balances` are free and locked together."""

    id: AccountId
    user_id: int
    subaccount_id: int | None
    fees: FeeTier
    auto_borrow_settlements: bool
    auto_lend: bool
    auto_realize_pnl: bool
    auto_repay_borrows: bool
    borrow_limit: Decimal
    position_limit: Decimal
    leverage_limit: Decimal
    unsettled: Decimal
    balances: tuple[tuple[Asset, Decimal], ...]
    loans: tuple[SavedLoan, ...]
    positions: tuple[SavedPosition, ...]
    orders: tuple[NewOrder, ...]
    history: tuple[OrderRecord, ...]
    fills: tuple[FillRecord, ...]
    closed_positions: tuple[PositionView, ...]
    standing: Standing = GOOD


_SETTINGS = (
    "auto_borrow_settlements",
    "auto_lend",
    "auto_realize_pnl",
    "auto_repay_borrows",
    "borrow_limit",
    "position_limit",
    "leverage_limit",
    "unsettled",
    "standing",
)
_POSITION = tuple(name for name in SavedPosition.__slots__ if name != "symbol")


def save_account(account: Account) -> SavedAccount:
    """Everything of an account, as it is now."""
    waiting = sorted((*account.orders.values(), *account.pending.values()), key=lambda order: int(order.id))
    return SavedAccount(
        id=account.id,
        user_id=account.user_id,
        subaccount_id=account.subaccount_id,
        fees=account.fees,
        **{name: getattr(account, name) for name in _SETTINGS},
        balances=tuple((asset, account.held(asset)) for asset in account.purses if account.held(asset)),
        loans=tuple(SavedLoan(asset, loan.quantity, loan.cumulative_interest) for asset, loan in account.loans.items()),
        positions=tuple(
            SavedPosition(position.symbol, *(getattr(position, name) for name in _POSITION))
            for position in account.positions.values()
            if position.quantity
        ),
        orders=tuple(order.remaining_terms() for order in waiting),
        history=tuple(account.history)[-KEPT_ROWS:],
        fills=tuple(account.fills)[-KEPT_ROWS:],
        closed_positions=tuple(account.closed_positions)[-KEPT_ROWS:],
    )


class Restoring:
    """Makes accounts from saved ones."""

    def __init__(self, core: Core, lending: LendingDesk, orders: OrderDesk) -> None:
        self._core = core
        self._lending = lending
        self._orders = orders

    def restore(self, saved: SavedAccount, account: Account) -> None:
        """Give a new, empty account what `saved` says; money comes in as a deposit."""
        ledger = self._core.ledger
        for name in _SETTINGS:
            setattr(account, name, getattr(saved, name))
        other = Account(AccountId(f"house:against-{account.id}"), 0, None, house=True, fees=NO_FEES)
        ledger.accounts[other.id] = other
        for asset, quantity in saved.balances:
            ledger.deposit(account, asset, quantity)
        for loan in saved.loans:
            self._restore_loan(account, loan)
        if saved.unsettled < 0:
            ledger.move(ledger.clearing, other, QUOTE, -saved.unsettled)
        for held in saved.positions:
            self._restore_position(account, held, sign=1)
            self._restore_position(other, held, sign=-1)
        account.history.extend(saved.history)
        account.fills.extend(saved.fills)
        account.closed_positions.extend(saved.closed_positions)
        self._core.flush_balances(account)
        self._continue_ids(saved)
        for terms in saved.orders:
            try:
                self._orders.place(account, terms)
            except VenueRefusal:
                continue  # the market has moved on: the order is no longer possible

    def _continue_ids(self, saved: SavedAccount) -> None:
        """What comes next is numbered after everything that the account remembers."""
        orders = [int(record.id) for record in saved.history] + [int(fill.order_id) for fill in saved.fills]
        positions = [held.id for held in saved.positions] + [view.position_id for view in saved.closed_positions]
        self._core.skip_ids(order_id=max(orders, default=0), position_id=max(positions, default=0))
        for fill in saved.fills:
            book = self._core.books.get(fill.symbol)
            if book is not None:
                book.skip_trade_ids(fill.trade_id)

    def _restore_loan(self, account: Account, loan: SavedLoan) -> None:
        if loan.asset not in self._lending.pools:
            return
        if loan.quantity > 0:
            self._core.ledger.deposit(account, loan.asset, loan.quantity)
            self._lending.lend(account, loan.asset, loan.quantity, "Manual")
        else:
            borrower = self._core.account(BORROWER)
            self._lending.take_over(borrower, account, loan.asset, -loan.quantity)
        account.loans[loan.asset].cumulative_interest = loan.cumulative_interest

    def _restore_position(self, account: Account, held: SavedPosition, *, sign: int) -> None:
        if held.symbol not in self._core.holders:
            return
        position = self._core.position(account, held.symbol)
        position.start(held.id if sign > 0 else self._core.next_position_id(), held.opened_us)
        if sign > 0:
            for name in _POSITION:
                setattr(position, name, getattr(held, name))
        else:
            _mirror(position, held)
        self._core.holders[held.symbol][account.id] = position


def _mirror(position: Position, held: SavedPosition) -> None:
    """The other side of a position."""
    position.quantity = -held.quantity
    position.cost = -held.cost
    position.settled = -held.settled if held.settled else ZERO
