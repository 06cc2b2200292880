"""Movements of money: both sides at once, nothing from an empty purse."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpx_tui.simulator.domain.accounts import NO_FEES, Account
from bpx_tui.simulator.domain.ledger import Ledger, LedgerError
from bpx_tui.simulator.domain.orders import AccountId
from tests.simulator.floor import USDC, d


@pytest.fixture
def ledger() -> Ledger:
    ledger = Ledger()
    for name in ("a", "b"):
        account = Account(AccountId(name), 1, None, house=False, fees=NO_FEES)
        ledger.accounts[account.id] = account
    ledger.deposit(ledger.accounts[AccountId("a")], USDC, d(100))
    return ledger


def pair(ledger: Ledger) -> tuple[Account, Account]:
    return ledger.accounts[AccountId("a")], ledger.accounts[AccountId("b")]


def purse(account: Account) -> tuple[object, object]:
    return account.purse(USDC).available, account.purse(USDC).locked


def test_free_money_moves_whole(ledger: Ledger) -> None:
    a, b = pair(ledger)
    ledger.move(a, b, USDC, d(30))
    assert (purse(a), purse(b)) == ((d(70), d(0)), (d(30), d(0)))


def test_locked_money_arrives_free(ledger: Ledger) -> None:
    a, b = pair(ledger)
    ledger.lock(a, USDC, d(40))
    ledger.move_locked(a, b, USDC, d(25))
    ledger.unlock(a, USDC, d(15))
    assert (purse(a), purse(b)) == ((d(75), d(0)), (d(25), d(0)))


def test_paid_out_money_is_gone_and_accounted_for(ledger: Ledger) -> None:
    a, _ = pair(ledger)
    ledger.lock(a, USDC, d(40))
    ledger.pay_out(a, USDC, d(40))
    assert ledger.totals()[USDC] == ledger.deposited[USDC] == d(60)


@pytest.mark.parametrize(
    "movement",
    [
        lambda ledger, a, b: ledger.move(a, b, USDC, d(101)),
        lambda ledger, a, b: ledger.move(a, b, USDC, d(-1)),
        lambda ledger, a, b: ledger.lock(a, USDC, d(101)),
        lambda ledger, a, b: ledger.unlock(a, USDC, d(1)),
        lambda ledger, a, b: ledger.move_locked(a, b, USDC, d(1)),
        lambda ledger, a, b: ledger.pay_out(a, USDC, d(1)),
    ],
)
def test_nothing_is_taken_from_an_empty_purse(ledger: Ledger, movement: object) -> None:
    a, b = pair(ledger)
    assert callable(movement)
    with pytest.raises(LedgerError):
        movement(ledger, a, b)
    assert (purse(a), purse(b)) == ((d(100), d(0)), (d(0), d(0)))


def test_only_the_clearing_fund_may_be_overdrawn(ledger: Ledger) -> None:
    a, _ = pair(ledger)
    ledger.move(ledger.clearing, a, USDC, d(5))
    assert ledger.clearing.purse(USDC).available == d(-5)
    assert ledger.totals() == ledger.deposited
    with pytest.raises(LedgerError):
        ledger.move(ledger.insurance, a, USDC, d(5))


@given(amounts=st.lists(st.decimals("0", "60", places=6), max_size=20))
def test_any_walk_keeps_the_total(amounts: list[object]) -> None:
    ledger = Ledger()
    a = Account(AccountId("a"), 1, None, house=False, fees=NO_FEES)
    ledger.accounts[a.id] = a
    ledger.deposit(a, USDC, d(100))
    giver, taker = a, ledger.fees
    for amount in amounts:
        try:
            ledger.move(giver, taker, USDC, amount)  # type: ignore[arg-type]
        except LedgerError:
            giver, taker = taker, giver
    assert ledger.totals() == ledger.deposited
