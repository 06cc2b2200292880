"""Who holds what: every movement takes from one purse what it gives to another.

The four funds are ledger accounts like any other. Only the clearing fund may be overdrawn: it pays profits before the
losses that balance them are realised, and gets them back when they are.
"""

from __future__ import annotations

from decimal import Decimal

from bpx_tui.model.ids import Asset
from bpx_tui.simulator.domain.accounts import NO_FEES, Account, Purse
from bpx_tui.simulator.domain.orders import ZERO, AccountId

FEES = AccountId("fund:fees")
INSURANCE = AccountId("fund:insurance")
CLEARING = AccountId("fund:clearing")
LENDING = AccountId("fund:lending")
FUNDS = (FEES, INSURANCE, CLEARING, LENDING)


class LedgerError(Exception):
    """A movement that would overdraw a purse: a fault of the exchange itself, never of a client."""


class Ledger:
    """Every account and fund, and what came in from outside."""

    def __init__(self) -> None:
        self.accounts: dict[AccountId, Account] = {}
        self.deposited: dict[Asset, Decimal] = {}
        self.fees = self._fund(FEES)
        self.insurance = self._fund(INSURANCE)
        self.clearing = self._fund(CLEARING)
        self.lending = self._fund(LENDING)

    def _fund(self, name: AccountId) -> Account:
        fund = Account(name, 0, None, house=True, fees=NO_FEES)
        self.accounts[name] = fund
        return fund

    def deposit(self, account: Account, asset: Asset, quantity: Decimal) -> None:
        """Money comes in from outside."""
        account.purse(asset).available += quantity
        account.dirty[asset] = None
        self.deposited[asset] = self.deposited.get(asset, ZERO) + quantity

    def pay_out(self, account: Account, asset: Asset, quantity: Decimal) -> None:
        """Locked money leaves the exchange."""
        purse = account.purse(asset)
        if quantity > purse.locked:
            raise LedgerError(f"paying out {quantity} {asset} of {account.id}, locked {purse.locked}")
        purse.locked -= quantity
        account.dirty[asset] = None
        self.deposited[asset] = self.deposited.get(asset, ZERO) - quantity

    def lock(self, account: Account, asset: Asset, quantity: Decimal) -> None:
        purse = account.purse(asset)
        if quantity > purse.available:
            raise LedgerError(f"locking {quantity} {asset} of {account.id}, available {purse.available}")
        purse.available -= quantity
        purse.locked += quantity
        account.dirty[asset] = None

    def unlock(self, account: Account, asset: Asset, quantity: Decimal) -> None:
        purse = account.purse(asset)
        if quantity > purse.locked:
            raise LedgerError(f"unlocking {quantity} {asset} of {account.id}, locked {purse.locked}")
        purse.locked -= quantity
        purse.available += quantity
        account.dirty[asset] = None

    def move(self, giver: Account, taker: Account, asset: Asset, quantity: Decimal) -> None:
        """Free money of the giver becomes free money of the taker."""
        purse = giver.purse(asset)
        if quantity < 0 or (quantity > purse.available and giver is not self.clearing):
            raise LedgerError(f"moving {quantity} {asset} of {giver.id}, available {purse.available}")
        purse.available -= quantity
        taker.purse(asset).available += quantity
        giver.dirty[asset] = None
        taker.dirty[asset] = None

    def move_locked(self, giver: Account, taker: Account, asset: Asset, quantity: Decimal) -> None:
        """Locked money of the giver becomes free money of the taker."""
        purse = giver.purse(asset)
        if quantity > purse.locked:
            raise LedgerError(f"moving {quantity} {asset} locked of {giver.id}, locked {purse.locked}")
        purse.locked -= quantity
        taker.purse(asset).available += quantity
        giver.dirty[asset] = None
        taker.dirty[asset] = None

    def totals(self) -> dict[Asset, Decimal]:
        """Everything held anywhere, per asset."""
        totals: dict[Asset, Decimal] = {}
        for account in self.accounts.values():
            for asset, purse in account.purses.items():
                totals[asset] = totals.get(asset, ZERO) + _whole(purse)
        return totals


def _whole(purse: Purse) -> Decimal:
    return purse.available + purse.locked
