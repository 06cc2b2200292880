"""What the exchange itself owns at the start: liquidity, insurance, the backstop, and life in the lending pools."""

from __future__ import annotations

from decimal import Decimal

from bpx_tui.simulator.domain.accounts import NO_FEES, Account
from bpx_tui.simulator.domain.core import Core
from bpx_tui.simulator.domain.lending import LendingDesk
from bpx_tui.simulator.domain.markets import QUOTE
from bpx_tui.simulator.domain.orders import AccountId

CLEARING_SEED = Decimal(100_000_000)
INSURANCE_SEED = Decimal(20_000_000)
BACKSTOP_SEED = Decimal(500_000_000)

BACKSTOP = AccountId("house:backstop")
LENDER = AccountId("house:lender")
BORROWER = AccountId("house:borrower")


def seed_house(core: Core, lending: LendingDesk) -> Account:
    """Fund the exchange; answers the backstop liquidity provider's account."""
    ledger = core.ledger
    ledger.deposit(ledger.clearing, QUOTE, CLEARING_SEED)
    ledger.deposit(ledger.insurance, QUOTE, INSURANCE_SEED)
    backstop = _house(core, BACKSTOP)
    ledger.deposit(backstop, QUOTE, BACKSTOP_SEED)
    lender, borrower = _house(core, LENDER), _house(core, BORROWER)
    for pool in lending.pools.values():
        ledger.deposit(lender, pool.asset, pool.terms.seed_lent)
        lending.lend(lender, pool.asset, pool.terms.seed_lent, "Manual")
        lending.borrow(borrower, pool.asset, pool.terms.seed_borrowed, "Manual")
    return backstop


def _house(core: Core, name: AccountId) -> Account:
    account = Account(name, 0, None, house=True, fees=NO_FEES)
    core.ledger.accounts[account.id] = account
    return account
