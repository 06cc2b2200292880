"""Vaults: fair to those who come, go and stay; a manager who trades; a past that leads to the present."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpx_tui.model.enums import OrderStatus
from bpx_tui.model.ids import Asset
from bpx_tui.simulator.clock import ManualClock
from bpx_tui.simulator.desks import INVESTOR, VAULT, VAULT_ID
from bpx_tui.simulator.domain.catalogue import VAULT_TOKEN, default_catalogue
from bpx_tui.simulator.domain.funds import Means
from bpx_tui.simulator.domain.refusals import VenueRefusal
from bpx_tui.simulator.domain.standing import Standing
from bpx_tui.simulator.exchange import Exchange
from bpx_tui.simulator.flow.manager import MARKET, Trend
from bpx_tui.simulator.keeping import continued
from bpx_tui.simulator.options import AccountOption, Options, Scenario
from bpx_tui.simulator.products.vaults import VaultDesk, VaultTerms
from tests.simulator.desk import DEMO, START_US, Client, make_exchange, run
from tests.simulator.floor import BID, SOL, USDC, d
from tests.simulator.test_custody import Bank, no_past

HOUR_US = 3_600_000_000
RICH = (AccountOption("demo", balances=((USDC, d(3_000_000)), (SOL, d(25)))),)


def vault_of(*, flow: bool = False, **how: object) -> tuple[Exchange, ManualClock]:
    """An exchange whose demo account is rich."""
    return make_exchange(flow=flow, accounts=RICH, **how)  # type: ignore[arg-type]


def worth(desk: VaultDesk) -> Fraction:
    """Of one token, exactly."""
    return Fraction(desk.equity(VAULT_ID)) / Fraction(desk.nav(VAULT_ID).circulating)


def assert_whole(exchange: Exchange) -> None:
    state = exchange.venue.state()
    assert state.totals == state.deposited


# ---- fairness

cents = st.integers(10_000_000, 2_000_000_000_000).map(lambda micros: Decimal(micros).scaleb(-6))


@given(gift=cents, coming=st.lists(cents, min_size=1, max_size=4), share=st.integers(1, 100), move=st.integers(-40, 40))
@settings(max_examples=100, deadline=None)
def test_coming_and_going_never_costs_those_who_stay(
    gift: Decimal, coming: list[Decimal], share: int, move: int
) -> None:
    bank = Bank()
    desk, venue, alice = bank.vaults, bank.floor.venue, bank.floor.alice
    (terms,) = desk.vaults()
    venue.deposit(terms.account, USDC, gift / 3)
    venue.deposit(terms.account, SOL, d("12.345678901"))
    venue.deposit(alice, USDC, d(10_000_000))
    for quantity in coming:
        venue.set_index(SOL, d("178.51") * (100 + move) / 99)
        before, paid = worth(desk), venue.capital(alice)[USDC].available
        try:
            tokens = desk.mint(alice, 1, USDC, quantity)
        except VenueRefusal:
            assert venue.capital(alice)[USDC].available == paid
            continue
        assert Fraction(tokens) * before <= Fraction(quantity)
        assert worth(desk) >= before
    held = venue.capital(alice).get(VAULT_TOKEN)
    if held is None or held.available * share / 100 < 1:
        return
    redeem = desk.request_redeem(alice, 1, (held.available * share / 100).quantize(d("0.000001")))
    before = worth(desk)
    bank.seconds(86_400)
    (ended,) = desk.redeems(alice)
    assert ended.quantity is not None
    assert Fraction(ended.quantity) <= Fraction(redeem.tokens) * before
    assert worth(desk) >= before
    assert bank.is_whole()


def test_an_undisturbed_mint_gets_all_that_it_paid_for_to_the_last_step() -> None:
    bank = Bank()
    desk, (terms,) = bank.vaults, bank.vaults.vaults()
    bank.floor.venue.deposit(terms.account, USDC, d("1230.0500001"))
    tokens = desk.mint(bank.floor.alice, 1, USDC, d(777))
    assert tokens == d("767.558644")
    assert (tokens + d("0.000001")) * d("101230.0500001") > 777 * d(100_000)


def test_a_jump_does_not_pay_those_who_come_or_go_right_after_it() -> None:
    exchange, clock = vault_of()
    desk, venue = exchange.desks.vaults, exchange.venue
    run(exchange, clock, 3_600)
    was = desk.nav(VAULT_ID).nav
    venue.transfer(VAULT, DEMO, USDC, d(100_000))
    after = desk.nav(VAULT_ID)
    assert (after.mint_nav, after.redeem_nav) == (was, after.nav)
    assert desk.mint(DEMO, VAULT_ID, USDC, d(1_000)) <= 1_000 / was
    venue.transfer(DEMO, VAULT, USDC, d(200_000))
    after = desk.nav(VAULT_ID)
    assert (after.mint_nav, after.redeem_nav) == (after.nav, was)


def test_a_vault_buys_and_returns_none_of_its_own_tokens() -> None:
    exchange, _ = vault_of()
    desk, before = exchange.desks.vaults, exchange.desks.vaults.nav(VAULT_ID)
    for act in (lambda: desk.mint(VAULT, VAULT_ID, USDC, d(100)), lambda: desk.request_redeem(VAULT, VAULT_ID, d(100))):
        with pytest.raises(VenueRefusal, match="its own tokens"):
            act()
    assert desk.nav(VAULT_ID) == before


def test_all_that_the_vault_has_lends_and_owes_is_its_equity() -> None:
    exchange, _ = vault_of()
    venue, before = exchange.venue, exchange.desks.vaults.equity(VAULT_ID)
    venue.borrow_lend(VAULT, USDC, "Lend", d(400_000))
    assert exchange.desks.vaults.equity(VAULT_ID) == before
    venue.borrow_lend(VAULT, SOL, "Borrow", d(100))
    assert exchange.desks.vaults.equity(VAULT_ID) == before
    venue.set_index(SOL, venue.index(SOL) + 10)
    assert exchange.desks.vaults.equity(VAULT_ID) == before
    venue.transfer(VAULT, INVESTOR, SOL, d(100))
    assert exchange.desks.vaults.equity(VAULT_ID) == before - 100 * venue.index(SOL)


def test_a_mint_may_redeem_a_lend_or_borrow_if_it_is_told_to() -> None:
    exchange, _ = make_exchange(flow=False)
    client = Client(exchange)
    exchange.venue.borrow_lend(DEMO, USDC, "Lend", d(9_990))
    mint = {"vaultId": 1, "symbol": "USDC", "quantity": "500"}
    refused = client.signed("POST", "/api/v1/vault/mint", "vaultMint", **mint)
    assert refused.object()["code"] == "INSUFFICIENT_FUNDS"
    assert client.signed("POST", "/api/v1/vault/mint", "vaultMint", **mint, autoLendRedeem=True).status == 200
    (lent,) = exchange.venue.borrow_lend_positions(DEMO)
    assert lent.net_quantity == d(9_500)
    exchange.venue.borrow_lend(DEMO, USDC, "Borrow", d(9_500))
    exchange.desks.vaults.mint(DEMO, VAULT_ID, USDC, d(10_000), Means(redeem=False, borrow=True, source="Withdrawal"))
    (owed,) = exchange.venue.borrow_lend_positions(DEMO)
    assert owed.net_quantity == d(-500)
    assert_whole(exchange)


def test_a_vault_worth_nothing_takes_no_mints_and_keeps_running() -> None:
    bank = Bank()
    desk, venue, alice = bank.vaults, bank.floor.venue, bank.floor.alice
    (terms,) = desk.vaults()
    desk.mint(alice, 1, USDC, d(500))
    venue.transfer(terms.account, bank.floor.maker, USDC, venue.capital(terms.account)[USDC].available)
    assert not desk.takes_mints(1)
    with pytest.raises(VenueRefusal, match="PRECONDITION_FAILED"):
        desk.mint(alice, 1, USDC, d(500))
    desk.request_redeem(alice, 1, None)
    bank.seconds(86_401)
    (ended,) = desk.redeems(alice)
    assert (ended.status, ended.reason) == ("Cancelled", "Vault has insufficient liquidity")
    assert desk.nav(1).nav == 0
    assert bank.is_whole()


def test_a_redemption_of_most_of_the_vault_is_paid_while_it_is_invested() -> None:
    bank = Bank()
    desk, floor = bank.vaults, bank.floor
    vault = floor.venue.open_account("invested").id
    floor.venue.deposit(vault, USDC, d(100_000))
    floor.venue.deposit(vault, VAULT_TOKEN, d(900_000))
    desk = VaultDesk(floor.venue, bank.agenda, Random(1), [VaultTerms(7, vault, VAULT_TOKEN, d(1_000_000))], no_past)
    floor.quote("178.49", "178.51", "5000")
    floor.market(vault, BID, "200")
    tokens = desk.mint(floor.alice, 7, USDC, d(90_000))
    desk.request_redeem(floor.alice, 7, tokens)
    bank.seconds(86_401)
    (ended,) = desk.redeems(floor.alice)
    assert ended.status == "Redeemed"
    assert ended.quantity is not None
    assert d(89_000) < ended.quantity <= d(90_000)
    assert bank.is_whole()


def test_fractions_of_a_millionth_are_no_payment() -> None:
    exchange, _ = vault_of()
    with pytest.raises(VenueRefusal, match="too long"):
        exchange.desks.vaults.mint(DEMO, VAULT_ID, USDC, d("100.0000001"))


def test_what_is_only_known_of_redeemed_requests_is_not_told_of_others() -> None:
    exchange, _ = vault_of()
    exchange.desks.vaults.mint(DEMO, VAULT_ID, USDC, d(500))
    exchange.desks.vaults.request_redeem(DEMO, VAULT_ID, d(100))
    client = Client(exchange)
    client.pair = exchange.desks.vault_key
    pending = client.signed("GET", "/api/v1/vault/redeems/pending", "vaultPendingRedeemsQuery", vaultId=1)
    (row,) = pending.rows()
    assert [name for name, value in row.items() if value is None] == [
        "nav",
        "quantity",
        "reason",
        "symbol",
        "vaultToken",
    ]


# ---- the manager


def held(exchange: Exchange) -> Decimal:
    return sum((row.net_quantity for row in exchange.venue.positions(VAULT) if row.symbol == MARKET), d(0))


def test_the_rule_holds_more_of_what_rises_and_never_goes_short() -> None:
    trend = Trend()
    flat = trend.see(0, 1_000)
    rising = [trend.see(hour * 3_600, 1_000 * 1.005**hour) for hour in range(1, 48)]
    assert all(0 < share < 0.36 for share in rising)
    assert rising[-1] > rising[5] > flat
    falling = [trend.see(hour * 3_600, 1_270 * 0.99 ** (hour - 48)) for hour in range(48, 120)]
    assert 0 < falling[-1] < flat


@pytest.mark.parametrize("scenario", [Scenario.NORMAL, Scenario.CRASH])
def test_the_manager_trades_towards_the_rule_and_the_nav_follows_the_market(scenario: Scenario) -> None:
    exchange, clock = make_exchange(seed=5, speed=1000, scenario=scenario)
    desk, venue = exchange.desks.vaults, exchange.venue
    navs, marks = [], []
    for _ in range(60):
        run(exchange, clock, 60)
        navs.append(desk.nav(VAULT_ID).nav)
        marks.append(venue.mark(MARKET).mark)
        share = held(exchange) * marks[-1] / desk.equity(VAULT_ID)
        assert 0 <= share < Decimal("0.37")
    assert held(exchange) * marks[-1] > 30_000
    assert len(set(navs)) > 50
    steps = zip(pairwise(navs), pairwise(marks), strict=True)
    assert sum((later > nav) == (after > mark) for (nav, later), (mark, after) in steps) > 45
    assert {order.status for order in venue.order_history(VAULT)} <= {OrderStatus.FILLED, OrderStatus.EXPIRED}
    assert all(fill.system_order_type is None for fill in venue.fills(VAULT))
    assert list(history(exchange, "1d"))[-1] == "2026-06-01T08:00:00Z"
    assert_whole(exchange)


def test_the_same_seed_has_the_same_manager() -> None:
    def fills(seed: int) -> list[tuple[Decimal, Decimal, int]]:
        exchange, clock = make_exchange(seed=seed, speed=1000)
        run(exchange, clock, 300)
        return [(fill.price, fill.quantity, fill.time_us) for fill in exchange.venue.fills(VAULT)]

    assert fills(3) == fills(3) != fills(4)


def test_without_order_flow_nobody_manages() -> None:
    exchange, clock = vault_of()
    run(exchange, clock, 3_600)
    assert exchange.venue.order_history(VAULT) == ()
    assert exchange.desks.vaults.nav(VAULT_ID).nav == d("1.01230050")


def test_a_vault_that_may_not_trade_waits() -> None:
    exchange, clock = make_exchange(seed=5, speed=1000)
    exchange.desks.set_standing(VAULT, Standing(suspended=True, until_us=exchange.now_us + 120_000_000))
    run(exchange, clock, 100)
    assert held(exchange) == 0
    run(exchange, clock, 100)
    assert held(exchange) > 0


# ---- the past


def history(exchange: Exchange, interval: str) -> dict[str, dict[str, str]]:
    rows = Client(exchange).public("/api/v1/vaults/history", interval=interval, vaultId=1).rows()
    return {str(row["timestamp"]): {name: str(value) for name, value in row.items()} for row in rows}


def test_the_past_leads_to_the_present_on_a_grid_that_all_spans_share() -> None:
    exchange, clock = make_exchange(flow=False)
    day, week, month, year = (history(exchange, span) for span in ("1d", "1w", "1month", "1year"))
    assert [len(rows) for rows in (day, week, month, year)] == [24, 168, 30, 365]
    assert all(when.endswith(":00:00Z") for when in week)
    assert all(when.endswith("T00:00:00Z") for when in year)
    for short, long in ((day, week), (week, month), (month, year)):
        shared = short.keys() & long.keys()
        assert shared
        assert all(short[when] == long[when] for when in shared)
    *_, newest = day.values()
    assert abs(Decimal(newest["nav"]) / exchange.desks.vaults.nav(VAULT_ID).nav - 1) < Decimal("0.005")
    for row in year.values():
        assert Decimal(row["nav"]) * Decimal(row["tokenCirculatingSupply"]) == Decimal(row["vaultEquity"])
    navs = [Decimal(row["nav"]) for row in year.values()]
    assert len(set(navs)) > 360
    assert all(abs(after / before - 1) < Decimal("0.05") for before, after in pairwise(navs))
    assert Decimal("0.6") < min(navs) < max(navs) < Decimal("1.6")
    run(exchange, clock, 7_200)
    later = history(exchange, "1d")
    assert list(later)[-3] == list(day)[-1]
    assert list(later.values())[-1]["nav"] == "1.0123005"


def test_the_past_is_the_seeds_and_nobody_has_another_vault() -> None:
    def year(seed: int) -> dict[str, dict[str, str]]:
        return history(make_exchange(seed=seed, flow=False)[0], "1year")

    assert year(1) == year(1) != year(2)
    exchange, _ = make_exchange(flow=False)
    assert Client(exchange).public("/api/v1/vaults/history", interval="1w", vaultId=2).rows() == []


def test_a_token_is_worth_the_same_after_a_restart() -> None:
    exchange, clock = make_exchange(seed=5, speed=1000)
    exchange.desks.vaults.mint(DEMO, VAULT_ID, USDC, d(500))
    run(exchange, clock, 1_800)
    kept, nav = exchange.kept(), exchange.desks.vaults.nav(VAULT_ID).nav
    assert nav != d("1.01230050")
    later = ManualClock(START_US + 7 * HOUR_US)
    options = Options(seed=6, flow=False)
    again = Exchange(options, continued(default_catalogue(), kept.prices), later, skip_when_late=False, kept=kept)
    assert again.desks.vaults.nav(VAULT_ID).nav == nav
    assert again.venue.capital(DEMO)[Asset(VAULT_TOKEN)] == exchange.venue.capital(DEMO)[Asset(VAULT_TOKEN)]
    assert_whole(again)
