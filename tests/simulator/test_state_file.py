"""The state file: an exchange that is started again goes on where it ended, whatever ended it; other files stay as
they are."""

from __future__ import annotations

import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from backpack_exchange_sdk.authenticated import AuthenticationClient

from bpx_tui.simulator.clock import ManualClock
from bpx_tui.simulator.domain.catalogue import VAULT_TOKEN, default_catalogue
from bpx_tui.simulator.exchange import Exchange
from bpx_tui.simulator.keeping import Kept, continued
from bpx_tui.simulator.main import main
from bpx_tui.simulator.options import DEFAULT_ACCOUNTS, AccountOption, Options
from bpx_tui.simulator.state_file import StateFile, UnusableState
from tests.simulator.desk import DEMO, START_US, Client, run
from tests.simulator.floor import SOL, USDC
from tests.simulator.test_server import in_thread, run_program

LATER_US = START_US + 7 * 3_600_000_000


def started(
    kept: Kept, clock: ManualClock, *, seed: int = 7, accounts: tuple[AccountOption, ...] = DEFAULT_ACCOUNTS
) -> Exchange:
    options = Options(seed=seed, accounts=accounts)
    return Exchange(options, continued(default_catalogue(), kept.prices), clock, skip_when_late=False, kept=kept)


def lived_in() -> tuple[Exchange, ManualClock]:
    """An exchange whose demo account holds a bit of everything."""
    clock = ManualClock(START_US)
    exchange = started(Kept(), clock)
    run(exchange, clock, 2)
    client = Client(exchange)
    for order in (
        {"orderType": "Market", "side": "Bid", "symbol": "SOL_USDC_PERP", "quantity": "2.00"},
        {"orderType": "Market", "side": "Ask", "symbol": "SOL_USDC", "quantity": "1.00"},
        {"orderType": "Limit", "side": "Bid", "symbol": "SOL_USDC", "quantity": "0.50", "price": "150.00"},
    ):
        assert client.order(**order).status == 200, order
    exchange.venue.borrow_lend(DEMO, SOL, "Lend", Decimal(3))
    exchange.desks.vaults.mint(DEMO, 1, USDC, Decimal(500))
    exchange.desks.vaults.request_redeem(DEMO, 1, Decimal(100))
    run(exchange, clock, 5)
    return exchange, clock


def through(path: Path, kept: Kept) -> Kept:
    """Written down, and read by somebody who opens the file anew."""
    file = StateFile(path)
    file.save(kept)
    file.close()
    again = StateFile(path)
    found = again.load()
    again.close()
    return found


def assert_conserved(exchange: Exchange) -> None:
    state = exchange.venue.state()
    assert state.totals == state.deposited


def test_a_restart_equals(tmp_path: Path) -> None:
    before, _ = lived_in()
    kept = through(tmp_path / "paper.db", before.kept())
    assert kept == before.kept()
    clock = ManualClock(LATER_US)
    after = started(kept, clock)
    for asset, held in before.venue.capital(DEMO).items():
        again = after.venue.capital(DEMO)[asset]
        escrowed = Decimal(100) if asset == VAULT_TOKEN else Decimal(0)
        assert again.available + again.locked == held.available + held.locked + escrowed, asset
    old, new = before.venue.positions(DEMO), after.venue.positions(DEMO)
    assert [(p.symbol, p.net_quantity, p.entry_price, p.position_id) for p in old] == [
        (p.symbol, p.net_quantity, p.entry_price, p.position_id) for p in new
    ]
    assert [o.terms for o in before.venue.open_orders(DEMO)] == [o.terms for o in after.venue.open_orders(DEMO)]
    assert before.venue.fills(DEMO) == after.venue.fills(DEMO)
    assert before.venue.order_history(DEMO) == after.venue.order_history(DEMO)
    assert before.credentials == after.credentials
    mark, was = after.venue.mark(old[0].symbol).mark, before.venue.mark(old[0].symbol).mark
    assert abs(mark / was - 1) < Decimal("0.001")
    assert_conserved(after)
    run(after, clock, 120)
    assert_conserved(after)
    assert Client(after).signed("GET", "/api/v1/capital", "balanceQuery").status == 200


def test_vault_tokens_come_back_without_being_created() -> None:
    before, _ = lived_in()
    clock = ManualClock(LATER_US)
    after, fresh = started(before.kept(), clock), started(Kept(), clock)
    assert after.venue.state().totals[VAULT_TOKEN] == fresh.venue.state().totals[VAULT_TOKEN]
    assert after.desks.vaults.nav(1).circulating == fresh.desks.vaults.nav(1).circulating
    assert after.desks.vaults.nav(1).nav == fresh.desks.vaults.nav(1).nav


def test_ids_go_on_after_those_that_are_remembered() -> None:
    before, _ = lived_in()
    clock = ManualClock(LATER_US)
    after = started(before.kept(), clock)
    run(after, clock, 1)
    remembered = {fill.order_id for fill in before.venue.fills(DEMO)}
    trades = {(fill.symbol, fill.trade_id) for fill in before.venue.fills(DEMO)}
    order = Client(after).order(orderType="Market", side="Bid", symbol="SOL_USDC", quantity="1.00").object()
    assert order["id"] not in remembered
    new = [(fill.symbol, fill.trade_id) for fill in after.venue.fills(DEMO) if fill.order_id not in remembered]
    assert new
    assert not trades & set(new)


def test_every_kept_account_comes_back_with_its_key_whatever_the_flags() -> None:
    clock = ManualClock(START_US)
    first = started(Kept(), clock, accounts=(AccountOption("alice"), AccountOption("bob")))
    pairs = {pair.account: pair.api_key for pair in first.credentials}
    assert {pair.account: pair.api_key for pair in started(first.kept(), clock, seed=8).credentials} == pairs
    both = started(first.kept(), clock, seed=8, accounts=(AccountOption("carol"), AccountOption("bob")))
    assert [pair.account for pair in both.credentials] == ["carol", "bob", "alice"]
    assert {pair.account: pair.api_key for pair in both.credentials}.items() >= pairs.items()
    users = [info.user_id for info in both.venue.accounts() if info.id in ("alice", "bob", "carol")]
    assert len(set(users)) == 3


def test_another_day_at_another_price_stays_solvent_or_is_liquidated_by_the_rules() -> None:
    before, _ = lived_in()
    kept = before.kept()
    halved = replace(kept, prices={symbol: price / 2 for symbol, price in kept.prices.items()})
    clock = ManualClock(LATER_US)
    after = started(halved, clock)
    run(after, clock, 60)
    assert_conserved(after)


# ---- the file itself


def test_a_second_exchange_cannot_take_the_file(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    first = StateFile(path)
    with pytest.raises(UnusableState, match="in use by another exchange"):
        StateFile(path)
    first.close()
    StateFile(path).close()


def _foreign(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
    connection.close()


def _other_version(path: Path) -> None:
    StateFile(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()


def _damaged(path: Path) -> None:
    through(path, lived_in()[0].kept())
    data = bytearray(path.read_bytes())
    data[4096 : len(data) - 100] = os.urandom(len(data) - 4196)
    path.write_bytes(data)


def _cut_off(path: Path) -> None:
    through(path, lived_in()[0].kept())
    path.write_bytes(path.read_bytes()[:5000])


def _other_content(path: Path) -> None:
    through(path, lived_in()[0].kept())
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE account SET document = '{\"account\": 1}'")
    connection.close()


def _text(path: Path) -> None:
    path.write_text("milk, eggs\n" * 500)


@pytest.mark.parametrize("spoil", [_foreign, _other_version, _damaged, _cut_off, _other_content, _text])
def test_a_file_that_cannot_be_used_is_one_line_and_stays_as_it_is(
    spoil: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "paper.db"
    assert callable(spoil)
    spoil(path)
    before = hashlib.sha256(path.read_bytes()).digest()
    assert main(["--state", str(path)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert str(path) in said.err
    assert hashlib.sha256(path.read_bytes()).digest() == before


def test_a_crash_in_the_middle_of_saving_leaves_what_was_saved_before(tmp_path: Path) -> None:
    path, (exchange, _) = tmp_path / "paper.db", lived_in()
    kept = through(path, exchange.kept())
    dying = """
import os, sys
from pathlib import Path
from bpx_tui.simulator.state_file import StateFile
file = StateFile(Path(sys.argv[1]))
file._connection.execute("PRAGMA cache_size = 1")
file._connection.execute("BEGIN EXCLUSIVE")
file._connection.execute("DELETE FROM account")
file._connection.execute("INSERT INTO account VALUES ('x', ?)", ("y" * 500_000,))
os.kill(os.getpid(), 9)
"""
    assert subprocess.run([sys.executable, "-c", dying, str(path)], check=False, timeout=20).returncode == -9
    again = StateFile(path)
    assert again.load() == kept
    again.close()


def _wait_for_two_saves(path: Path) -> None:
    deadline = time.monotonic() + 20
    for _ in range(2):
        before = path.stat().st_mtime_ns
        while path.stat().st_mtime_ns == before:
            assert time.monotonic() < deadline, "it does not save"
            time.sleep(0.01)


async def test_killed_without_warning_it_has_lost_no_more_than_the_interval(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    flags = ("--seed", "5", "--state", str(path), "--save-every", "0.1")
    process, ready = await run_program(*flags)
    demo = ready["accounts"][0]
    client = AuthenticationClient(demo["api_key"], demo["api_secret"], base_url=f"{ready['rest_url']}/")
    await in_thread(
        lambda: client.execute_order(orderType="Limit", side="Bid", symbol="SOL_USDC", quantity="0.50", price="150.00")
    )
    await in_thread(lambda: _wait_for_two_saves(path))
    process.send_signal(signal.SIGKILL)
    await process.wait()
    process, ready = await run_program(*flags)
    try:
        assert ready["accounts"][0] == demo
        client = AuthenticationClient(demo["api_key"], demo["api_secret"], base_url=f"{ready['rest_url']}/")
        assert [row["price"] for row in await in_thread(lambda: client.get_open_orders("SOL_USDC"))] == ["150.00"]
    finally:
        process.send_signal(signal.SIGTERM)
        await process.wait()
