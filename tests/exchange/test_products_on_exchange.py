"""Every call for strategies, requests for quote, vaults and listings, made on the running simulated exchange."""

from __future__ import annotations

from datetime import time
from decimal import Decimal
from functools import partial

import pytest

from bpx_tui.errors import NotFound, Refused
from bpx_tui.exchange.rest import RestClient
from bpx_tui.model.enums import (
    ConditionKind,
    ExpiryReason,
    MarketKind,
    OrderStatus,
    RfqExecutionMode,
    RfqFillType,
    SeriesRecurrence,
    Side,
    SortDirection,
    StrategyStatus,
    StrikeCondition,
    VaultHistoryInterval,
    VaultRedeemStatus,
)
from bpx_tui.model.ids import Asset, ClientId, Symbol
from bpx_tui.model.rfq import QuoteRequest, RfqRequest
from bpx_tui.model.strategies import StrategyRequest
from bpx_tui.simulator import desks
from bpx_tui.simulator.options import AccountOption
from bpx_tui.simulator.products.vaults import VaultTerms
from tests.exchange.exchange_floor import ExchangeFloor

D = Decimal
SOL = Symbol("SOL_USDC")
SOL_PERP = Symbol("SOL_USDC_PERP")
SOL_RFQ = Symbol("SOL_USDC_RFQ")
USDC = Asset("USDC")
HOUR_SECONDS = 3_600
BUY_THREE = StrategyRequest(SOL, Side.BID, D(3), 30_000, 10_000, client_strategy_id=ClientId(77))


async def free(client: RestClient, asset: str = "USDC") -> Decimal:
    return sum((row.available for row in await client.balances() if row.asset == asset), D(0))


async def test_a_strategy_trades_slice_by_slice_until_it_is_cancelled() -> None:
    async with ExchangeFloor.listening() as floor:
        client = await floor.client()
        started = await client.strategies.create(BUY_THREE)
        assert (started.status, started.quantity, started.executed_quantity) == (StrategyStatus.RUNNING, D(3), D(1))
        assert (started.interval_ms, started.duration_ms, started.client_strategy_id) == (10_000, 30_000, 77)
        await floor.seconds(10.1)
        running = await client.strategies.get(SOL, strategy_id=started.strategy_id)
        assert (running.executed_quantity, running.created_ms) == (D(2), started.created_ms)
        assert running == await client.strategies.get(SOL, client_strategy_id=ClientId(77))
        assert running.executed_quote_quantity == sum(f.price * f.quantity for f in await client.fills(SOL))
        assert {order.strategy_id for order in await client.order_history(SOL)} == {started.strategy_id}
        assert await client.strategies.running(SOL_PERP) == await client.strategies.running(kind=MarketKind.PERP) == ()
        assert await client.strategies.running() == await client.strategies.running(SOL, kind=MarketKind.SPOT)
        cancelled = await client.strategies.cancel(SOL, strategy_id=started.strategy_id)
        assert cancelled is not None
        assert (cancelled.status, cancelled.executed_quantity) == (StrategyStatus.CANCELLED, D(2))
        await floor.seconds(20)
        assert await free(client, "SOL") < D(25) + 2
        with pytest.raises(NotFound, match="Strategy not found"):
            await client.strategies.get(SOL, strategy_id=started.strategy_id)
        with pytest.raises(NotFound, match="Strategy not found"):
            await client.strategies.cancel(SOL, strategy_id=started.strategy_id)


async def test_all_strategies_of_a_market_stop_together_and_history_tells_how_each_ended() -> None:
    async with ExchangeFloor.listening() as floor:
        client = await floor.client()
        for quantity, price in (("0.3", None), ("0.6", D("170.00")), ("0.9", None)):
            await client.strategies.create(StrategyRequest(SOL, Side.BID, D(quantity), 30_000, 10_000, price=price))
        await client.strategies.create(StrategyRequest(SOL_PERP, Side.ASK, D(2), 20_000, 10_000, randomized=True))
        stopped = await client.strategies.cancel_all(SOL)
        assert stopped is not None
        assert [row.executed_quantity for row in stopped] == [D("0.1"), D(0), D("0.3")]
        assert [row.symbol for row in await client.strategies.running()] == [SOL_PERP]
        await floor.seconds(21)
        past = await client.strategies.history(direction=SortDirection.ASC)
        assert [row.status for row in past] == [StrategyStatus.CANCELLED] * 3 + [StrategyStatus.COMPLETED]
        assert (past[3].executed_quantity, past[3].randomized, past.total) == (D(2), True, 4)
        (only,) = await client.strategies.history(SOL, strategy_id=past[1].strategy_id)
        assert (only.quantity, only.executed_quantity) == (D("0.6"), D(0))
        assert [row.strategy_id for row in await client.strategies.history(limit=1, offset=1)] == [past[2].strategy_id]


async def test_a_strategy_that_cannot_be_paid_for_is_ended_by_the_exchange() -> None:
    async with ExchangeFloor.listening(accounts=(AccountOption("poor", balances=((USDC, D(1)),)),)) as floor:
        client = await floor.client("poor")
        ended = await client.strategies.create(BUY_THREE)
        assert (ended.status, ended.is_over) == (StrategyStatus.TERMINATED, True)
        (row,) = await client.strategies.history()
        assert row.cancel_reason in (ExpiryReason.INSUFFICIENT_FUNDS, ExpiryReason.INSUFFICIENT_MARGIN)


async def test_a_202_to_a_stop_is_followed_by_the_stop() -> None:
    async with ExchangeFloor.listening() as floor:
        client = await floor.client()
        started = await client.strategies.create(BUY_THREE)
        floor.exchange.faults.switch({"fault": "202", "count": 2}, floor.exchange.now_us)
        assert await client.strategies.cancel(SOL, strategy_id=started.strategy_id) is None
        await client.strategies.create(BUY_THREE)
        assert await client.strategies.cancel_all(SOL) is None
        assert await client.strategies.running() == ()


async def test_a_request_is_quoted_refreshed_and_accepted() -> None:
    async with ExchangeFloor.listening(flow=False) as floor:
        client = await floor.client()
        asked = await client.rfqs.submit(RfqRequest(SOL_RFQ, Side.BID, D(2), client_id=ClientId(5)))
        assert (asked.status, asked.mode, asked.quantity) == (OrderStatus.NEW, RfqExecutionMode.AWAIT_ACCEPT, D(2))
        assert (asked.submit_until_ms - asked.created_ms, asked.expires_ms - asked.created_ms) == (60_000, 120_000)
        await floor.seconds(2)
        (found,) = await client.rfqs.open(SOL_RFQ, rfq_id=asked.rfq_id)
        assert found.rfq == asked
        assert len(found.quotes) == 2
        refreshed = await client.rfqs.refresh(asked.rfq_id)
        assert refreshed.expires_ms == asked.expires_ms + 2_000
        await floor.seconds(2)
        ((rfq, quotes),) = [(each.rfq, each.quotes) for each in await client.rfqs.open(deferred=False)]
        best = min(quotes, key=lambda quote: quote.ask)
        assert rfq.expires_ms == refreshed.expires_ms
        assert best.bid < best.ask
        before = await free(client)
        filled = await client.rfqs.accept(best.quote_id, rfq_id=asked.rfq_id)
        assert (filled.status, filled.rfq_id) == (OrderStatus.FILLED, asked.rfq_id)
        assert await free(client) == before - 2 * best.ask
        (fill,) = await client.rfqs.fills(SOL_RFQ, side=Side.BID, fill_type=RfqFillType.USER)
        assert (fill.price, fill.quantity, fill.quote_id) == (best.ask, D(2), best.quote_id)
        assert (fill.client_id, fill.created_us // 1_000) == (5, asked.created_ms)
        assert fill.filled_us == floor.exchange.now_us
        (past,) = await client.rfqs.history(SOL_RFQ, rfq_id=asked.rfq_id, status=OrderStatus.FILLED, side=Side.BID)
        assert (past.expires_ms, past.status, past.client_id) == (refreshed.expires_ms, OrderStatus.FILLED, 5)
        assert await client.rfqs.open() == ()
        assert await client.rfqs.fills(fill_type=RfqFillType.COLLATERAL_CONVERSION) == ()


async def test_a_request_is_taken_back_by_either_id() -> None:
    async with ExchangeFloor.listening(flow=False) as floor:
        client = await floor.client()
        first = await client.rfqs.submit(RfqRequest(SOL_RFQ, Side.ASK, quote_quantity=D(500), client_id=ClientId(8)))
        second = await client.rfqs.submit(RfqRequest(SOL_RFQ, Side.ASK, D(1)))
        assert (first.quote_quantity, first.quantity) == (D(500), None)
        assert (await client.rfqs.cancel(client_id=ClientId(8))).rfq_id == first.rfq_id
        assert (await client.rfqs.cancel(rfq_id=second.rfq_id)).status is OrderStatus.CANCELLED
        with pytest.raises(NotFound, match="RFQ not found"):
            await client.rfqs.cancel(rfq_id=second.rfq_id)
        assert [row.status for row in await client.rfqs.history()] == [OrderStatus.CANCELLED] * 2


async def test_a_maker_quotes_and_sees_what_became_of_it() -> None:
    accounts = (AccountOption("demo"), AccountOption("maker"))
    async with ExchangeFloor.listening(flow=False, accounts=accounts) as floor:
        client, maker = await floor.client(), await floor.client("maker")
        asked = await client.rfqs.submit(RfqRequest(SOL_RFQ, Side.ASK, D(4)))
        losing = await maker.rfqs.quote(QuoteRequest(asked.rfq_id, D("150.00"), D("151.00"), ClientId(3)))
        assert (losing.status, losing.bid, losing.ask) == (OrderStatus.NEW, D(150), D(151))
        winning = await maker.rfqs.quote(QuoteRequest(asked.rfq_id, D("210.00"), D("211.00"), ClientId(4)))
        await client.rfqs.accept(winning.quote_id)
        taken = await maker.rfqs.quotes(SOL_RFQ, status=OrderStatus.FILLED)
        assert [(row.quote_id, row.is_deferred, row.bid) for row in taken] == [(winning.quote_id, False, D(210))]
        assert [row.status for row in await maker.rfqs.quotes(quote_id=losing.quote_id)] == [OrderStatus.CANCELLED]
        (fill,) = await maker.rfqs.quote_fills(SOL_RFQ, quote_id=winning.quote_id, side=Side.BID)
        assert (fill.side, fill.price, fill.quantity, fill.client_id) == (Side.BID, D(210), D(4), 4)
        assert (fill.rfq_id, fill.fee_asset, fill.fee) == (asked.rfq_id, "SOL", D(4) * D("0.001"))
        assert len(await maker.rfqs.fills()) == len(await client.rfqs.quote_fills()) == 0


async def test_an_immediate_request_takes_the_first_quote_within_its_price() -> None:
    async with ExchangeFloor.listening(flow=False) as floor:
        client = await floor.client()
        wish = RfqRequest(SOL_RFQ, Side.BID, D(1), mode=RfqExecutionMode.IMMEDIATE, price=D("190.00"))
        asked = await client.rfqs.submit(wish)
        assert asked.price == D(190)
        await floor.seconds(2)
        (fill,) = await client.rfqs.fills()
        assert fill.rfq_id == asked.rfq_id
        assert fill.price <= D(190)


async def test_a_vault_is_minted_and_redeemed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desks, "VaultTerms", partial(VaultTerms, redeem_delay_us=HOUR_SECONDS * 1_000_000))
    async with ExchangeFloor.listening(flow=False) as floor:
        client, vault_itself = await floor.client(), await floor.client("vault")
        (vault,) = await client.vaults.all()
        assert (vault.mint_asset, vault.mints_enabled, vault.redeem_delay_ms) == ("USDC", True, HOUR_SECONDS * 1_000)
        nav = await vault_itself.vaults.nav()
        assert nav.mint_nav == max(nav.nav, nav.twap_nav)
        assert nav.circulating_tokens + vault.remaining_mint_tokens == 5_000_000
        before = await free(client)
        await client.vaults.mint(vault.vault_id, USDC, D(500))
        tokens = await free(client, vault.token)
        assert await free(client) == before - 500
        assert abs(tokens * nav.mint_nav - 500) < D("0.01")
        assert tokens % vault.token_step_size == 0
        await client.vaults.redeem(vault.vault_id, D(100))
        (asked,) = await vault_itself.vaults.pending_redeems(vault.vault_id)
        assert (asked.status, asked.tokens, asked.vault_id) == (VaultRedeemStatus.REQUESTED, D(100), vault.vault_id)
        assert asked.time_ms == floor.exchange.now_us // 1_000
        await client.vaults.cancel_redeem(vault.vault_id)
        assert await vault_itself.vaults.pending_redeems(vault.vault_id) == ()
        assert await free(client, vault.token) == tokens
        await client.vaults.redeem(vault.vault_id)
        await floor.seconds(HOUR_SECONDS + 1)
        assert await free(client, vault.token) == 0
        assert before - 5 < await free(client) < before + 5
        *_, earlier, latest = await client.vaults.history(VaultHistoryInterval.D1, vault.vault_id)
        assert latest.time_us - earlier.time_us == HOUR_SECONDS * 1_000_000
        assert (earlier.vault_id, earlier.circulating_tokens) == (vault.vault_id, nav.circulating_tokens)
        assert earlier.nav is not None
        assert abs(earlier.nav - nav.nav) < D("0.01")
        oldest, *_ = await client.vaults.history(VaultHistoryInterval.YEAR1)
        assert (oldest.vault_id, oldest.time_us <= earlier.time_us) == (vault.vault_id, True)


async def test_what_only_a_vault_may_see_is_refused_to_others() -> None:
    async with ExchangeFloor.listening(flow=False) as floor:
        client = await floor.client()
        (vault,) = await client.vaults.all()
        with pytest.raises(Refused, match="not a vault"):
            await client.vaults.nav()
        with pytest.raises(Refused, match="not a vault"):
            await client.vaults.pending_redeems(vault.vault_id)
        with pytest.raises(Refused, match="below the vault minimum"):
            await client.vaults.mint(vault.vault_id, USDC, D(1))
        with pytest.raises(Refused, match="Redeem request not found"):
            await client.vaults.cancel_redeem(vault.vault_id)


async def test_what_is_listed() -> None:
    async with ExchangeFloor.listening(flow=False) as floor:
        client = await floor.client()
        await client.ping()
        tags = {tag.slug for tag in await client.listings.prediction_tags()}
        events = await client.listings.prediction_events()
        assert {tag.slug for event in events for tag in event.tags} == tags == {"crypto", "economy"}
        (event,) = await client.listings.prediction_events(tag="crypto", resolved=False)
        (market,) = event.markets
        assert market.condition is not None
        assert (market.condition.kind, market.condition.strike) == (ConditionKind.STRIKE_PRICE, StrikeCondition.ABOVE)
        assert (event.resolution.strike_price, event.series[0].recurrence) == (D(150_000), SeriesRecurrence.MONTHLY)
        floor.exchange.desks.predictions.propose(market.symbol, answer=False, delay_s=0)
        (resolved,) = await client.listings.prediction_events(market.symbol, resolved=True)
        (market,) = resolved.markets
        assert (market.proposed_answer, market.resolution_price) == (False, D(0))
        assert market.resolved_us == floor.exchange.now_us
        assert resolved.resolution.close_price is not None
        assert (await client.listings.prediction_events(event=event.slug, limit=1, offset=1)) == ()
        assert len(await client.listings.prediction_events(series=event.series[0].slug)) == 1
        sessions = {session.name: session for session in await client.listings.market_sessions()}
        assert (sessions["US_MARKET_HOURS"].opens, sessions["US_MARKET_HOURS"].closes) == (time(9, 30), time(16))
        assert sessions["US_OVERNIGHT"].last_weekday < sessions["US_OVERNIGHT"].first_weekday
        (security,) = await client.listings.securities()
        assert (security.asset, {each.name for each in security.sessions}) == ("SPCX.US", set(sessions))
