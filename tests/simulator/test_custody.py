"""Deposits, withdrawals, their delay, dust and vaults: money moves, nothing is created."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from bpx_tui.model.ids import Asset
from bpx_tui.simulator.clock import Agenda
from bpx_tui.simulator.domain.catalogue import VAULT_TOKEN as TOKEN
from bpx_tui.simulator.domain.events import BorrowLendMoved
from bpx_tui.simulator.domain.refusals import VenueRefusal
from bpx_tui.simulator.domain.standing import Permission, Standing
from bpx_tui.simulator.domain.venue import INSURANCE
from bpx_tui.simulator.history.seeded import Past
from bpx_tui.simulator.products.custody import TWO_FACTOR_TOKEN, ChainTerms, CustodyDesk, NewWithdrawal
from bpx_tui.simulator.products.dust import DustDesk
from bpx_tui.simulator.products.vaults import RedeemStatus, VaultDesk, VaultTerms
from tests.simulator.floor import SOL, START_US, USDC, Floor, d

JUP = Asset("JUP")
SOLANA = ChainTerms(USDC, "Solana", "EPjF", 6, d(1), d(5), d(1), d(50_000))
OUT = NewWithdrawal(USDC, "Solana", "somewhere", d(100))


def no_past() -> Past:
    raise AssertionError("nobody asked for it")


class Bank:
    """A floor with custody, dust and one vault, and time that runs them."""

    def __init__(self) -> None:
        self.floor = Floor()
        self.agenda = Agenda()
        self.agenda.now_us = START_US
        venue = self.floor.venue
        vault = venue.open_account("vault", house=True).id
        holder = venue.open_account("holder", house=True).id
        venue.deposit(vault, USDC, d(100_000))
        venue.deposit(vault, TOKEN, d(900_000))
        venue.deposit(holder, TOKEN, d(100_000))
        venue.deposit(self.floor.maker, USDC, d(1000))
        self.custody = CustodyDesk(venue, self.agenda, Random(1), (SOLANA,))
        self.dust = DustDesk(venue, Random(1))
        terms = VaultTerms(1, vault, TOKEN, d(1_000_000))
        self.vaults = VaultDesk(venue, self.agenda, Random(1), [terms], no_past)

    def seconds(self, count: int) -> None:
        self.floor.seconds(count)
        self.agenda.run_until(self.floor.venue.now_us)

    def is_whole(self) -> bool:
        state = self.floor.venue.state()
        return all(state.totals[asset] == state.deposited.get(asset, d(0)) for asset in state.totals)


def test_an_address_is_stable_per_account_and_chain() -> None:
    bank = Bank()
    alice = bank.custody.address(bank.floor.alice, "Solana")
    assert alice == bank.custody.address(bank.floor.alice, "Solana")
    assert alice != bank.custody.address(bank.floor.bob, "Solana")
    with pytest.raises(VenueRefusal):
        bank.custody.address(bank.floor.alice, "Monad")


def test_a_withdrawal_locks_then_leaves() -> None:
    bank = Bank()
    before = bank.floor.free(bank.floor.alice)
    record = bank.custody.withdraw(bank.floor.alice, OUT)
    assert record.status == "pending"
    assert bank.floor.free(bank.floor.alice) == before - 100
    assert bank.floor.locked(bank.floor.alice) == 100
    bank.seconds(21)
    (done,) = bank.custody.withdrawals(bank.floor.alice)
    assert done.status == "confirmed"
    assert done.transaction_hash is not None
    assert bank.floor.locked(bank.floor.alice) == 0
    assert bank.is_whole()


def test_a_delay_holds_withdrawals_back_and_changes_a_day_later() -> None:
    bank = Bank()
    bank.custody.create_delay(bank.floor.alice, 24, TWO_FACTOR_TOKEN)
    with pytest.raises(VenueRefusal, match="409"):
        bank.custody.create_delay(bank.floor.alice, 24, TWO_FACTOR_TOKEN)
    bank.custody.withdraw(bank.floor.alice, OUT)
    changed = bank.custody.update_delay(bank.floor.alice, 1, TWO_FACTOR_TOKEN)
    assert (changed.current_hours, changed.pending_hours) == (24, 1)
    bank.seconds(3600)
    assert bank.custody.withdrawals(bank.floor.alice)[0].status == "pending"
    bank.seconds(23 * 3600 + 21)
    assert bank.custody.withdrawals(bank.floor.alice)[0].status == "confirmed"
    assert bank.custody.delay(bank.floor.alice).current_hours == 1


@pytest.mark.parametrize(
    "change",
    [
        {"asset": Asset("BTC")},
        {"blockchain": "Monad"},
        {"quantity": d("4.99")},
        {"quantity": d(50_001)},
        {"quantity": d("10.0000001")},
        {"quantity": d(40_000_000)},
        {"address": ""},
        {"client_id": "x" * 256},
    ],
)
def test_withdrawals_that_cannot_be_are_refused(change: dict[str, object]) -> None:
    bank = Bank()
    before = bank.floor.free(bank.floor.alice)
    with pytest.raises(VenueRefusal):
        bank.custody.withdraw(bank.floor.alice, replace(OUT, **change))  # type: ignore[arg-type]
    assert bank.floor.free(bank.floor.alice) == before


def test_a_deposit_arrives_and_is_recorded() -> None:
    bank = Bank()
    before = bank.floor.free(bank.floor.alice)
    bank.custody.deposit(bank.floor.alice, USDC, d(25), "Solana")
    assert bank.floor.free(bank.floor.alice) == before + 25
    (record,) = bank.custody.deposits(bank.floor.alice)
    assert (record.source, record.to_address) == ("solana", bank.custody.address(bank.floor.alice, "Solana"))
    assert bank.is_whole()


def test_dust_with_more_digits_than_the_asset_has_is_swapped_to_the_last() -> None:
    bank = Bank()
    poor = bank.floor.venue.open_account("poor").id
    bank.floor.venue.deposit(poor, SOL, d("0.00000000012345"))
    (row,) = bank.dust.convert(poor, SOL)
    assert row.quantity == d("0.00000000012345")
    assert bank.floor.free(poor, SOL) == 0


def test_dust_is_swapped_at_the_index_and_only_dust() -> None:
    bank = Bank()
    poor = bank.floor.venue.open_account("poor").id
    bank.floor.venue.deposit(poor, SOL, d("0.004"))
    bank.floor.venue.deposit(INSURANCE, USDC, d(100))
    bank.floor.venue.set_index(SOL, d(150))
    (row,) = bank.dust.convert(poor)
    assert (row.asset, row.quantity, row.received) == (SOL, d("0.004"), d("0.6"))
    assert bank.floor.free(poor) == d("0.6")
    with pytest.raises(VenueRefusal):
        bank.dust.convert(bank.floor.alice, SOL)
    assert bank.is_whole()


def test_dust_that_is_lent_is_redeemed_and_swapped_too() -> None:
    bank = Bank()
    poor = bank.floor.venue.open_account("poor").id
    bank.floor.venue.deposit(poor, SOL, d("0.004"))
    bank.floor.venue.borrow_lend(poor, SOL, "Lend", d("0.003"))
    (row,) = bank.dust.convert(poor, SOL)
    assert row.quantity == d("0.004")
    assert bank.floor.venue.borrow_lend_positions(poor) == ()
    moved = [event for event in bank.floor.events if isinstance(event, BorrowLendMoved)]
    assert (moved[-1].event_type, moved[-1].source) == ("LendRedeem", "DustConversion")
    assert bank.is_whole()


def test_what_is_borrowed_does_not_make_a_balance_dust() -> None:
    bank = Bank()
    alice = bank.floor.alice
    bank.floor.venue.transfer(alice, bank.floor.bob, SOL, d("499.996"))
    bank.floor.venue.borrow_lend(alice, SOL, "Borrow", d(5))
    with pytest.raises(VenueRefusal, match="not dust"):
        bank.dust.convert(alice, SOL)
    assert bank.dust.convert(alice) == ()


def test_dust_that_cannot_be_had_does_not_keep_the_rest() -> None:
    bank = Bank()
    poor = bank.floor.venue.open_account("poor").id
    insured = bank.floor.venue.capital(INSURANCE)[USDC].available
    bank.floor.venue.transfer(INSURANCE, bank.floor.maker, USDC, insured - d("0.10"))
    bank.floor.venue.deposit(poor, SOL, d("0.004"))
    bank.floor.venue.deposit(poor, JUP, d("0.05"))
    (row,) = bank.dust.convert(poor)
    assert row.asset == JUP
    with pytest.raises(VenueRefusal, match="INSUFFICIENT_SUPPLY"):
        bank.dust.convert(poor, SOL)
    assert bank.floor.free(poor, SOL) == d("0.004")


def test_an_account_that_may_not_trade_keeps_its_dust() -> None:
    bank = Bank()
    poor = bank.floor.venue.open_account("poor").id
    bank.floor.venue.deposit(poor, SOL, d("0.004"))
    bank.floor.venue.interventions.set_standing(poor, Standing(withdrawn=(Permission.SPOT,)))
    with pytest.raises(VenueRefusal, match="FORBIDDEN"):
        bank.dust.convert(poor)


def test_minting_pays_the_nav_and_redeeming_pays_it_back_after_the_delay() -> None:
    bank = Bank()
    assert bank.vaults.nav(1).nav == 1
    tokens = bank.vaults.mint(bank.floor.alice, 1, USDC, d(500))
    assert tokens == d(500)
    assert bank.vaults.nav(1).nav == 1
    assert bank.vaults.unsold(1) == d(899_500)
    before = bank.floor.free(bank.floor.alice)
    bank.vaults.request_redeem(bank.floor.alice, 1, None)
    assert bank.vaults.nav(1).circulating == d(100_500)
    with pytest.raises(VenueRefusal, match="already pending"):
        bank.vaults.request_redeem(bank.floor.alice, 1, d(1))
    bank.seconds(86_401)
    (redeem,) = bank.vaults.redeems(bank.floor.alice)
    assert (redeem.status, redeem.quantity) == (RedeemStatus.REDEEMED, d(500))
    assert bank.floor.free(bank.floor.alice) >= before + 500
    assert bank.is_whole()


def test_a_cancelled_redeem_gives_the_tokens_back() -> None:
    bank = Bank()
    bank.vaults.mint(bank.floor.alice, 1, USDC, d(500))
    bank.vaults.request_redeem(bank.floor.alice, 1, d(100))
    bank.vaults.cancel_redeem(bank.floor.alice, 1)
    assert bank.floor.free(bank.floor.alice, TOKEN) == d(500)
    with pytest.raises(VenueRefusal, match="not found"):
        bank.vaults.cancel_redeem(bank.floor.alice, 1)


def test_profit_raises_the_nav_and_mints_pay_it() -> None:
    bank = Bank()
    bank.floor.venue.deposit(bank.vaults.vaults()[0].account, USDC, d(100_000))
    assert bank.vaults.nav(1).nav == 2
    assert bank.vaults.mint(bank.floor.alice, 1, USDC, d(500)) == d(250)
