"""Strategies, requests for quote, vaults, predictions and securities, from the recorded answers to values."""

from __future__ import annotations

import json
from datetime import time
from decimal import Decimal
from typing import Any

import pytest

from bpx_tui.errors import UnreadableReply
from bpx_tui.exchange import wire_rest_market as market_wire
from bpx_tui.exchange import wire_rest_predictions as prediction_wire
from bpx_tui.exchange import wire_rest_rfq as rfq_wire
from bpx_tui.exchange import wire_rest_securities as security_wire
from bpx_tui.exchange import wire_rest_strategies as strategy_wire
from bpx_tui.exchange import wire_rest_vaults as vault_wire
from bpx_tui.exchange.wire_rest import Rows
from bpx_tui.model.enums import (
    ConditionKind,
    ExpiryReason,
    OrderStatus,
    RfqExecutionMode,
    SelfTradePrevention,
    Side,
    SlippageToleranceType,
    StrategyKind,
    StrategyStatus,
    StrikeCondition,
    TimeInForce,
    VaultRedeemStatus,
)
from bpx_tui.model.ids import Asset, ClientId, QuoteId, RfqId, StrategyId, Symbol, VaultId
from bpx_tui.model.predictions import PredictionTag, ResolutionCondition
from bpx_tui.model.rfq import OpenRfq, Quote, QuoteFill, Rfq, RfqFill
from bpx_tui.model.securities import MarketSession, Security, SecuritySession
from bpx_tui.model.strategies import Strategy
from bpx_tui.model.vaults import Vault, VaultNav, VaultRedeem, VaultSnapshot
from tests.exchange.rest_samples import Decoder, one, rows, sample

D = Decimal
SOL = Symbol("SOL_USDC")
SOL_RFQ = Symbol("SOL_USDC_RFQ")
RFQ = RfqId("113392053149171712")
QUOTE = QuoteId("113392054083780608")
ASKED_MS = 1_730_225_420_368

DECODERS: dict[str, Decoder] = {
    "strategy_create.json": one(strategy_wire.strategy),
    "cancel_strategy.json": one(strategy_wire.strategy),
    "get_open_strategies.json": rows(strategy_wire.strategy),
    "get_strategies_history.json": rows(strategy_wire.past_strategy),
    "submit_rfq.json": one(rfq_wire.rfq),
    "accept_quote.json": one(rfq_wire.rfq),
    "cancel_rfq.json": one(rfq_wire.rfq),
    "submit_quote.json": one(rfq_wire.quote),
    "get_open_rfqs.json": rows(rfq_wire.open_rfq),
    "get_rfq_history.json": rows(rfq_wire.past_rfq),
    "get_rfq_fill_history.json": rows(rfq_wire.rfq_fill),
    "get_quote_history.json": rows(rfq_wire.past_quote),
    "get_quote_fill_history.json": rows(rfq_wire.quote_fill),
    "get_vaults.json": rows(vault_wire.vault),
    "get_vault_history.json": rows(vault_wire.snapshot),
    "get_vault_nav.json": one(vault_wire.nav),
    "get_vault_pending_redeems.json": rows(vault_wire.redeem),
    "get_prediction_events.json": rows(prediction_wire.event),
    "get_prediction_tags.json": rows(prediction_wire.tag),
    "get_market_sessions.json": rows(security_wire.market_session),
    "get_securities.json": rows(security_wire.security),
}


def document(name: str) -> Any:
    return json.loads(sample(name))


def decoded(name: str, document: object = None) -> Any:
    """What a sample, or an altered copy of it, decodes to; of a list the first row."""
    found = DECODERS[name](sample(name) if document is None else json.dumps(document).encode())
    return found[0] if isinstance(found, Rows) else found


def test_a_running_strategy() -> None:
    running = decoded("get_open_strategies.json")
    assert running == Strategy(
        strategy_id=StrategyId("6023471188"),
        symbol=SOL,
        side=Side.BID,
        kind=StrategyKind.SCHEDULED,
        status=StrategyStatus.RUNNING,
        quantity=D(10),
        executed_quantity=D(2),
        executed_quote_quantity=D("300.1"),
        duration_ms=3_600_000,
        interval_ms=30_000,
        created_ms=1_780_300_000_000,
        time_in_force=TimeInForce.IOC,
        self_trade_prevention=SelfTradePrevention.REJECT_TAKER,
    )
    assert not running.is_over
    assert decoded("cancel_strategy.json").is_over


def test_a_past_strategy_is_the_same_one_with_its_end() -> None:
    row = document("get_strategies_history.json")[0]
    row.update(cancelReason="InsufficientFunds", status="Terminated", slippageTolerance="0.5")
    row["slippageToleranceType"] = "Percent"
    past = decoded("get_strategies_history.json", [row])
    assert (past.status, past.cancel_reason) == (StrategyStatus.TERMINATED, ExpiryReason.INSUFFICIENT_FUNDS)
    assert (past.slippage_tolerance, past.slippage_tolerance_type) == (D("0.5"), SlippageToleranceType.PERCENT)
    assert past.created_ms == 1_780_302_400_000
    row.update(quantity=None, executedQuantity=None, executedQuoteQuantity=None, cancelReason="Expired")
    bare = decoded("get_strategies_history.json", [row])
    assert (bare.quantity, bare.executed_quantity, bare.cancel_reason) == (None, 0, "Expired")


def test_a_status_that_is_not_known_is_not_the_end() -> None:
    row = {**document("strategy_create.json"), "status": "Paused"}
    assert decoded("strategy_create.json", row).is_over is False


def test_a_request_reads_the_same_now_and_later() -> None:
    asked = decoded("submit_rfq.json")
    assert asked == Rfq(
        RFQ,
        SOL_RFQ,
        Side.BID,
        OrderStatus.NEW,
        RfqExecutionMode.AWAIT_ACCEPT,
        submit_until_ms=ASKED_MS + 60_000,
        expires_ms=ASKED_MS + 120_000,
        created_ms=ASKED_MS,
        quantity=D(10),
        client_id=ClientId(123),
    )
    later = decoded("get_rfq_history.json")
    assert (later.rfq_id, later.status) == (RFQ, OrderStatus.FILLED)
    assert (later.submit_until_ms, later.expires_ms, later.created_ms) == (
        asked.submit_until_ms,
        asked.expires_ms,
        asked.created_ms,
    )
    deferred = {**document("get_rfq_history.json")[0], "deferredSettlementQuoteId": QUOTE}
    assert decoded("get_rfq_history.json", [deferred]).deferred_quote_id == QUOTE
    system = {**document("submit_rfq.json"), "systemOrderType": "CollateralConversion"}
    assert decoded("submit_rfq.json", system).system_order_type == "CollateralConversion"


def test_a_request_comes_with_its_quotes() -> None:
    found = decoded("get_open_rfqs.json")
    quote = Quote(QUOTE, RFQ, D("14.9"), D("15.5"), OrderStatus.NEW, 1_730_225_434_629, ClientId(123))
    assert found == OpenRfq(decoded("submit_rfq.json"), (quote,))
    assert decoded("submit_quote.json") == quote
    past = decoded("get_quote_history.json")
    assert (past.status, past.is_deferred, past.created_ms) == (OrderStatus.FILLED, False, quote.created_ms)
    changed = document("get_open_rfqs.json")
    changed[0]["quotes"].append({"rfqId": "1"})
    with pytest.raises(UnreadableReply, match="createdAt"):
        decoded("get_open_rfqs.json", changed)


def test_both_sides_of_a_fill() -> None:
    created_us, filled_us = 1_730_225_420_368_000, 1_730_225_497_647_000
    assert decoded("get_rfq_fill_history.json") == RfqFill(
        RFQ, QUOTE, SOL_RFQ, Side.BID, D("15.5"), created_us, filled_us, D(10), client_id=ClientId(123)
    )
    assert decoded("get_quote_fill_history.json") == QuoteFill(
        QUOTE,
        RFQ,
        SOL_RFQ,
        Side.ASK,
        D(15),
        D(10),
        D("0.15"),
        Asset("USDC"),
        1_730_225_434_629_000,
        filled_us,
        ClientId(123),
    )


def test_a_vault_and_what_it_is_worth() -> None:
    terms = Vault(
        VaultId(1), Asset("BTC"), Asset("USDC"), True, True, D(10), D(1), D("0.000001"), 86_400_000, D(250_000)
    )
    assert decoded("get_vaults.json") == terms
    row = {key: value for key, value in document("get_vaults.json")[0].items() if key != "remainingMintQuantity"}
    assert decoded("get_vaults.json", [row]).remaining_mint_tokens == 0
    assert decoded("get_vault_nav.json") == VaultNav(
        D("1.0123"), D("1.0119"), D("1.0123"), D("1.0119"), D("1012300.5"), D("1002177.4"), D(1_000_000), 1780272000000
    )
    day_us = 1_780_272_000_000_000
    assert decoded("get_vault_history.json") == VaultSnapshot(
        VaultId(1), day_us, D("1.0123"), D("1012300.5"), D(1_000_000)
    )


def test_a_redeem_tells_what_became_of_it() -> None:
    asked = VaultRedeem("991122", VaultId(1), VaultRedeemStatus.REQUESTED, D(100), 1_780_272_000_000)
    assert decoded("get_vault_pending_redeems.json") == asked
    row = document("get_vault_pending_redeems.json")[0]
    row.update(status="Redeemed", symbol="USDC", vaultToken="BP", quantity="101.19", nav="1.0119")
    done = decoded("get_vault_pending_redeems.json", [row])
    assert (done.paid_quantity, done.paid_asset, done.token, done.nav) == (D("101.19"), "USDC", "BP", D("1.0119"))


def test_a_prediction_event_and_its_market() -> None:
    event = decoded("get_prediction_events.json")
    (market,) = event.markets
    assert (event.slug, event.tags) == ("2026-fifa-world-cup-winner-mens", (PredictionTag("sports", "Sports"),))
    assert (event.quote_volume, event.is_resolved, event.resolution.is_resolved) == (D("20110.5"), False, False)
    assert event.resolution.start_us == 1_781_136_000_000_000
    assert event.resolution.end_us == 1_784_419_200_000_000
    assert (market.symbol, market.active_price) == ("WCENGLAND_USDC_PREDICTION", D("0.11"))
    assert (market.group_label, market.yes_label, market.no_label) == ("England", "Yes", "No")
    assert market.condition == ResolutionCondition(ConditionKind.OUTCOME, outcome="England")
    assert (market.proposed_answer, market.resolved_us, market.resolution_delay_seconds) == (None, None, 3600)


@pytest.mark.parametrize(
    ("condition", "read"),
    [
        (
            {"type": "StrikePrice", "condition": "above"},
            ResolutionCondition(ConditionKind.STRIKE_PRICE, strike=StrikeCondition.ABOVE),
        ),
        (
            {"type": "QuantityRange", "greaterThanOrEqual": "5", "lessThan": "7.5"},
            ResolutionCondition(ConditionKind.QUANTITY_RANGE, at_least=D(5), below=D("7.5")),
        ),
        (
            {"type": "QuantityRange", "lessThan": "7.5"},
            ResolutionCondition(ConditionKind.QUANTITY_RANGE, below=D("7.5")),
        ),
        ({"type": "CoinFlip", "odds": 2}, ResolutionCondition("CoinFlip")),
    ],
)
def test_what_decides_a_prediction(condition: object, read: ResolutionCondition) -> None:
    changed = document("get_prediction_events.json")
    changed[0]["predictionMarkets"][0].update(
        resolutionCondition=condition, proposedResolution=False, proposedResolutionAt="2026-07-19T20:00:00"
    )
    (market,) = decoded("get_prediction_events.json", changed).markets
    assert (market.condition, market.proposed_answer) == (read, False)
    assert market.proposed_us == 1_784_491_200_000_000


def test_sessions_and_the_securities_that_trade_in_them() -> None:
    day, night = DECODERS["get_market_sessions.json"](sample("get_market_sessions.json"))
    assert day == MarketSession(
        "US_MARKET_HOURS", time(9, 30), time(16), "America/New_York", 1, 5, "Regular US session"
    )
    assert (night.opens, night.closes, night.first_weekday, night.last_weekday) == (time(20), time(4), 7, 4)
    session = SecuritySession("US_MARKET_HOURS", D("0.001"), D("0.001"))
    assert decoded("get_securities.json") == Security(Asset("BTC"), "Example security", (session,))


@pytest.mark.parametrize(
    ("field", "value"),
    [("startTime", "25:00:00"), ("startTime", "9:30"), ("endTime", 930), ("endWeekday", 0), ("startWeekday", 8)],
)
def test_a_session_at_no_time_of_the_week_is_unreadable(field: str, value: object) -> None:
    row = {**document("get_market_sessions.json")[0], field: value}
    with pytest.raises(UnreadableReply, match=field):
        decoded("get_market_sessions.json", [row])


def test_only_a_pong_answers_a_ping() -> None:
    market_wire.require_pong(sample("ping.txt"))
    for raw in (b"", b"<html>", b"ping", b'"pong"'):
        with pytest.raises(UnreadableReply, match="pong"):
            market_wire.require_pong(raw)
