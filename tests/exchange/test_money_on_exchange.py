"""Every call for histories, money in and out, lending and reference data, made on the running simulated exchange."""

from __future__ import annotations

from collections.abc import Awaitable
from decimal import ROUND_DOWN, Decimal
from typing import TypeVar

import pytest

from bpx_tui.errors import Refused
from bpx_tui.exchange.rest import RestClient
from bpx_tui.exchange.wire_rest import Rows
from bpx_tui.model.enums import (
    Blockchain,
    BorrowLendEvent,
    BorrowLendSide,
    BorrowLendSource,
    BorrowLendSpan,
    BorrowLendState,
    DepositStatus,
    InterestKind,
    InterestSource,
    MarketKind,
    OrderKind,
    PositionState,
    SettlementFilter,
    SettlementSource,
    Side,
    SortDirection,
    WithdrawalStatus,
)
from bpx_tui.model.ids import Asset, Symbol
from bpx_tui.model.numbers import ceil_to
from bpx_tui.model.orders import OrderRequest
from bpx_tui.simulator.domain.orders import AccountId
from bpx_tui.simulator.options import AccountOption
from bpx_tui.simulator.products.custody import TWO_FACTOR_TOKEN
from tests.exchange.exchange_floor import ExchangeFloor
from tests.simulator.desk import Client

T = TypeVar("T")
D = Decimal
SOL_PERP = Symbol("SOL_USDC_PERP")
USDC, SOL, JTO = Asset("USDC"), Asset("SOL"), Asset("JTO")
DEMO = AccountId("demo")
TWO = (AccountOption("demo"), AccountOption("rival"))
TO_THE_HOUR_SECONDS = 900
"""The test's exchange starts less than that before a whole hour, at which funding and interest are due."""


async def whole(call: Awaitable[Rows[T]]) -> Rows[T]:
    rows = await call
    assert rows.unreadable == ()
    return rows


async def free(client: RestClient, asset: str = USDC) -> Decimal:
    return sum((row.available for row in await client.balances() if row.asset == asset), D(0))


async def trade(buyer: RestClient, seller: RestClient, quantity: Decimal, price: Decimal) -> None:
    """A perpetual changes hands: the seller's offer rests, the buyer takes it."""
    await seller.place(OrderRequest(SOL_PERP, Side.ASK, OrderKind.LIMIT, quantity, price))
    await buyer.place(OrderRequest(SOL_PERP, Side.BID, OrderKind.MARKET, quantity))


async def test_a_position_pays_funding_and_fees_and_ends_in_history() -> None:
    async with ExchangeFloor.listening(flow=False, accounts=TWO) as floor:
        client, rival = await floor.client(), await floor.client("rival")
        (mark,) = await client.mark_prices(SOL_PERP)
        await trade(client, rival, D(2), mark.mark)
        await floor.seconds(TO_THE_HOUR_SECONDS)

        (paid,) = await whole(client.history.funding_payments(SOL_PERP))
        (received,) = await whole(rival.history.funding_payments())
        (rate, *_) = await client.funding_rates(SOL_PERP, 1)
        assert (paid.rate, paid.interval_end_us) == (rate.rate, rate.interval_end_us)
        assert paid.rate != 0
        assert 0 <= -paid.quantity - received.quantity <= D("0.000001")  # what is paid is rounded up
        assert abs(paid.quantity + 2 * mark.mark * paid.rate) < D("0.00001")
        assert paid.user_id != received.user_id
        assert await client.history.funding_payments(subaccount_id=0) == (paid,)
        with pytest.raises(Refused, match="Subaccount not found"):
            await client.history.funding_payments(subaccount_id=7)

        (held,) = await client.positions(SOL_PERP)
        assert held.cumulative_funding == paid.quantity
        (funding,) = await whole(client.history.settlements(SettlementFilter.FUNDING_PAYMENT))
        assert (funding.source, funding.quantity) == (SettlementSource.FUNDING_PAYMENT, paid.quantity)
        assert (funding.position_id, funding.user_id) == (held.position_id, paid.user_id)

        (still,) = await whole(client.history.positions(state=PositionState.OPEN))
        assert (still.position_id, still.net_quantity, still.closed_us) == (held.position_id, D(2), None)
        await trade(rival, client, D(2), mark.mark)
        (past,) = await whole(client.history.positions(SOL_PERP, state=PositionState.CLOSED, kind=MarketKind.PERP))
        fees = sum(fill.fee for fill in await client.fills(SOL_PERP))
        assert (past.position_id, past.state, past.net_quantity) == (held.position_id, PositionState.CLOSED, D(0))
        assert (past.entry_price, past.closing_price, past.fees) == (mark.mark, mark.mark, fees)
        assert (past.funding_quantity, past.closed_us) == (paid.quantity, floor.exchange.now_us)
        assert past.opened_us is not None
        assert past.closed_volume > 0
        assert await client.history.positions(kind=MarketKind.DATED) == ()
        charged = await whole(client.history.settlements(SettlementFilter.TRADING_FEES, direction=SortDirection.ASC))
        assert (charged.total, -sum(row.quantity for row in charged)) == (2, fees)
        assert charged[0].time_us < charged[1].time_us


async def test_what_is_lent_earns_and_what_is_borrowed_costs() -> None:
    async with ExchangeFloor.listening(flow=False) as floor:
        client = await floor.client()
        pools = {pool.asset: pool for pool in await whole(client.lending.markets())}
        rates = {rate.asset: rate for rate in (await client.lending.apy()).borrow_lend}
        assert pools[USDC].state is BorrowLendState.OPEN
        assert (rates[USDC].lend_rate, rates[SOL].borrow_rate) == (pools[USDC].lend_rate, pools[SOL].borrow_rate)
        before = await whole(client.lending.market_history(USDC, BorrowLendSpan.DAY))
        assert len(before) == 24
        assert before[-1].lent == pools[USDC].lent

        await client.lending.lend(USDC, D(4_000))
        assert await free(client) == D(6_000)
        assert await client.capital.max_borrow_quantity(SOL) > D(5)
        await client.lending.borrow(SOL, D(5))
        assert await free(client, SOL) == D(30)
        lent, owed = sorted(await whole(client.lending.positions()), key=lambda row: -row.net_quantity)
        assert (lent.asset, lent.net_quantity, lent.net_exposure_quantity) == (USDC, D(4_000), D(0))
        assert (owed.asset, owed.owed, owed.net_exposure_quantity) == (SOL, D(5), D(-5))
        assert owed.imf_function is not None
        assert owed.imf >= owed.imf_function.base

        rates = {rate.asset: rate for rate in (await client.lending.apy()).borrow_lend}
        assert rates[USDC].lend_rate < pools[USDC].lend_rate
        assert rates[SOL].borrow_rate > pools[SOL].borrow_rate

        await floor.seconds(TO_THE_HOUR_SECONDS)
        (earned,) = await whole(client.history.interest(USDC, source=InterestSource.BORROW_LEND))
        (charged,) = await whole(client.history.interest(position_id=owed.position_id))
        assert (earned.kind, earned.rate, earned.interval_ms) == (InterestKind.LEND, rates[USDC].lend_rate, 3_600_000)
        assert earned.quantity > 0 > charged.quantity
        assert (charged.kind, charged.asset, charged.rate) == (InterestKind.BORROW, SOL, rates[SOL].borrow_rate)
        assert await client.history.interest(source=InterestSource.UNREALIZED_PNL) == ()
        (now_owed,) = [row for row in await client.lending.positions() if row.asset == SOL]
        assert now_owed.cumulative_interest == charged.quantity == -(now_owed.owed - 5)

        repaid = ceil_to(now_owed.owed, pools[SOL].step_size)  # interest is finer than a step
        await client.lending.lend(SOL, repaid)
        await client.lending.borrow(USDC, D(1_000))
        left = {row.asset: row.net_quantity for row in await whole(client.lending.positions())}
        assert left == {USDC: D(3_000) + earned.quantity, SOL: repaid - now_owed.owed}


async def test_how_lending_went_is_remembered() -> None:
    async with ExchangeFloor.listening(flow=False) as floor:
        client = await floor.client()
        await client.lending.lend(USDC, D(4_000))
        await client.lending.borrow(SOL, D(5))
        await client.lending.lend(SOL, D(5))
        await client.lending.borrow(USDC, D(1_000))
        steps = await whole(client.history.borrow_lend(direction=SortDirection.ASC))
        assert [(row.event, row.asset, row.quantity, row.position_quantity) for row in steps] == [
            (BorrowLendEvent.LEND, USDC, D(4_000), D(4_000)),
            (BorrowLendEvent.BORROW, SOL, D(5), D(5)),
            (BorrowLendEvent.BORROW_REPAY, SOL, D(5), D(0)),
            (BorrowLendEvent.LEND_REDEEM, USDC, D(1_000), D(3_000)),
        ]
        assert {row.source for row in steps} == {BorrowLendSource.MANUAL}
        assert steps.total == 4
        (repaid,) = await client.history.borrow_lend(SOL, event=BorrowLendEvent.BORROW_REPAY)
        assert await client.history.borrow_lend(position_id=repaid.position_id, limit=1) == (repaid,)
        assert await client.history.borrow_lend(source=BorrowLendSource.AUTO_LEND) == ()
        (closed,) = await whole(client.history.borrow_lend_positions(state=PositionState.CLOSED))
        assert (closed.asset, closed.side, closed.quantity) == (SOL, BorrowLendSide.BORROW, D(0))
        assert (closed.position_id, closed.source) == (repaid.position_id, BorrowLendSource.MANUAL)
        (still,) = await whole(client.history.borrow_lend_positions(USDC, side=BorrowLendSide.LEND))
        assert (still.quantity, still.created_us) == (D(3_000), steps[0].time_us)


async def test_settings_change_what_the_account_does() -> None:
    async with ExchangeFloor.listening(flow=False) as floor:
        client = await floor.client()
        before = await client.account()
        assert not before.auto_lend
        await client.capital.update_settings(auto_lend=True, leverage_limit=D(5))
        after = await client.account()
        assert (after.auto_lend, after.leverage_limit) == (True, D(5))
        assert after.auto_repay_borrows is before.auto_repay_borrows
        await floor.seconds(2)
        assert await free(client) == 0
        assert {row.asset for row in await client.history.borrow_lend(source=BorrowLendSource.AUTO_LEND)} == {USDC, SOL}
        with pytest.raises(Refused):
            await client.capital.update_settings(leverage_limit=D(5_000))


async def test_deposits_arrive_at_the_accounts_own_address() -> None:
    async with ExchangeFloor.listening(flow=False) as floor:
        client = await floor.client()
        address = await client.capital.deposit_address(Blockchain.SOLANA)
        wallets = {wallet.blockchain: wallet.address for wallet in await whole(client.capital.wallets())}
        assert address == await client.capital.deposit_address(Blockchain.SOLANA) != wallets[Blockchain.SOLANA]
        floor.exchange.desks.custody.deposit(DEMO, USDC, D(25), "Solana")
        await floor.seconds(60)
        floor.exchange.desks.custody.deposit(DEMO, SOL, D("0.5"), "internal")
        given, sent = await whole(client.capital.deposits())
        assert (sent.source, sent.to_address, sent.quantity) == ("solana", address, D(25))
        assert sent.transaction_hash is not None
        assert (given.source, given.asset, given.status) == ("internal", SOL, DepositStatus.CONFIRMED)
        assert given.created_us - sent.created_us == 60_000_000
        assert await client.capital.deposits(exclude_platform=True) == (sent,)
        assert await client.capital.deposits(from_ms=given.created_us // 1_000) == (given,)
        assert await client.capital.deposits(to_ms=sent.created_us // 1_000 + 1) == (sent,)
        assert await client.capital.deposits(limit=1, offset=1) == (sent,)
        assert await free(client) == D(10_025)


async def test_withdrawals_that_others_ask_for_are_seen() -> None:
    async with ExchangeFloor.listening(flow=False) as floor:
        client, elsewhere = await floor.client(), Client(floor.exchange)
        where = {"address": "7fUAJdStEuGbc3sM84cKRL6yYaaSstyLSU4ve5oovLS7", "blockchain": "Solana", "symbol": "USDC"}
        told = elsewhere.signed(
            "POST", "/wapi/v1/capital/withdrawals", "withdraw", **where, quantity="100", clientId="rent"
        )
        assert told.status == 200
        (pending,) = await whole(client.capital.withdrawals())
        assert (pending.asset, pending.quantity, pending.status) == (USDC, D(100), WithdrawalStatus.PENDING)
        assert (pending.blockchain, pending.to_address) == (Blockchain.SOLANA, where["address"])
        assert (pending.client_id, pending.is_internal, pending.payout) == ("rent", False, None)
        assert await client.capital.max_withdrawal_quantity(USDC) == D(9_900)
        await floor.seconds(21)
        (sent,) = await client.capital.withdrawals(client_id="rent")
        assert (sent.status, sent.withdrawal_id) == (WithdrawalStatus.CONFIRMED, pending.withdrawal_id)
        assert sent.transaction_hash is not None
        floor.exchange.desks.custody.create_delay(DEMO, 24, TWO_FACTOR_TOKEN)
        elsewhere.signed("POST", "/wapi/v1/capital/withdrawals", "withdraw", **where, quantity="50")
        held_back, _ = await client.capital.withdrawals()
        assert held_back.trigger_us == held_back.created_us + 24 * 3_600_000_000
        assert await client.capital.withdrawals(withdrawal_id=sent.withdrawal_id) == (sent,)
        assert await client.capital.withdrawals(from_ms=held_back.created_us // 1_000) == (held_back,)


async def test_limits_count_what_could_be_borrowed_or_redeemed() -> None:
    async with ExchangeFloor.listening(flow=False) as floor:
        client = await floor.client()
        await client.lending.lend(USDC, D(4_000))
        assert await client.capital.max_withdrawal_quantity(USDC) == D(6_000)
        assert await client.capital.max_withdrawal_quantity(USDC, auto_lend_redeem=True) == D(10_000)
        borrowable = await client.capital.max_borrow_quantity(SOL)
        assert await client.capital.max_withdrawal_quantity(SOL, auto_borrow=True) == D(25) + borrowable
        with pytest.raises(Refused):
            await client.lending.borrow(SOL, borrowable * 2)


async def test_what_takes_a_web_session_is_refused_in_the_exchanges_words() -> None:
    async with ExchangeFloor.listening(flow=False) as floor:
        client = await floor.client()
        for call in (
            client.capital.withdrawal_delay(),
            client.lending.estimated_liquidation_price(SOL, BorrowLendSide.BORROW, D(5)),
        ):
            with pytest.raises(Refused, match="UNAUTHORIZED"):
                await call


async def test_dust_becomes_usdc() -> None:
    async with ExchangeFloor.listening(flow=False) as floor:
        client = await floor.client()
        await client.capital.convert_dust()
        assert await client.history.dust_conversions() == ()
        floor.exchange.venue.deposit(DEMO, JTO, D("0.0019"))
        with pytest.raises(Refused):
            await client.capital.convert_dust(SOL)
        before = await free(client)
        await client.capital.convert_dust(JTO)
        (row,) = await whole(client.history.dust_conversions())
        assert (row.asset, row.quantity, row.time_us) == (JTO, D("0.0019"), floor.exchange.now_us)
        assert await free(client) - before == row.usdc_received
        worth = row.quantity * floor.exchange.venue.index(JTO)
        assert row.usdc_received == worth.quantize(D("0.000001"), ROUND_DOWN)
        assert await client.history.dust_conversions(JTO, conversion_id=row.conversion_id) == (row,)
        assert await client.history.dust_conversions(SOL) == ()


async def test_what_the_exchange_lists() -> None:
    async with ExchangeFloor.listening() as floor:
        client = await floor.client()
        assets = {info.asset: info for info in await whole(client.reference.assets())}
        solana = {token.blockchain: token for token in assets[USDC].tokens}[Blockchain.SOLANA]
        assert (assets[USDC].coingecko_id, solana.can_deposit, solana.native_decimals) == ("usd-coin", True, 6)
        assert solana.min_withdrawal > solana.withdrawal_fee > 0
        assert {info.asset for info in await whole(client.reference.assets("DE"))} == assets.keys()
        rules = {rule.asset: rule for rule in await whole(client.reference.collateral_parameters())}
        counted = {asset.asset: asset.weight for asset in (await client.collateral()).assets}
        for asset in (USDC, SOL):
            haircut = rules[asset].haircut
            assert haircut is not None
            assert haircut.weight >= counted[asset] > 0
        assert rules[SOL].imf_function is not None
        markets = {market.symbol: market for market in await whole(client.markets())}
        assert await client.market(SOL_PERP) == markets[SOL_PERP]
        (rfq, *_) = await whole(client.markets(MarketKind.RFQ))
        assert (rfq.kind, rfq.symbol in markets) == (MarketKind.RFQ, False)
        newest = await client.trades(SOL_PERP, 10)
        assert await whole(client.historical_trades(SOL_PERP, 8, 2)) == newest[2:]
