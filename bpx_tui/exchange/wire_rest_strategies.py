"""Strategies over REST: what is sent, and what comes back. Source: PROTOCOL 5.9."""

from __future__ import annotations

from decimal import Decimal

from bpx_tui.exchange import order_fields
from bpx_tui.exchange.body_fields import money, one_id, optional_money
from bpx_tui.exchange.fields import (
    Record,
    decimal,
    flag,
    identifier,
    integer,
    micros,
    needed_flag,
    optional_decimal,
    optional_word,
    symbol,
    word,
)
from bpx_tui.exchange.signing import Params, Scalar, set_only
from bpx_tui.model.enums import (
    ExpiryReason,
    SelfTradePrevention,
    Side,
    SlippageToleranceType,
    StrategyKind,
    StrategyStatus,
    TimeInForce,
)
from bpx_tui.model.ids import ClientId, StrategyId, Symbol
from bpx_tui.model.strategies import Strategy, StrategyRequest


def encode_strategy(request: StrategyRequest) -> Params:
    """The body that starts a strategy, holding only what is set.

    Raises:
        InputError: a number cannot be written in plain digits.
    """
    return set_only(
        {
            "strategyType": request.kind,
            "symbol": request.symbol,
            "side": request.side,
            "quantity": money(request.quantity, "quantity"),
            "duration": request.duration_ms,
            "interval": request.interval_ms,
            "price": optional_money(request.price, "price"),
            "randomizedIntervalQuantity": request.randomized or None,
            "reduceOnly": request.reduce_only or None,
            "postOnly": request.post_only or None,
            "timeInForce": request.time_in_force,
            "clientStrategyId": request.client_strategy_id,
            "selfTradePrevention": request.self_trade_prevention,
            "slippageTolerance": optional_money(request.slippage_tolerance, "slippage tolerance"),
            "slippageToleranceType": request.slippage_tolerance_type,
            "autoBorrow": request.auto_borrow,
            "autoBorrowRepay": request.auto_borrow_repay,
            "autoLend": request.auto_lend,
            "autoLendRedeem": request.auto_lend_redeem,
        }
    )


def encode_target(
    market_symbol: Symbol, strategy_id: StrategyId | None, client_strategy_id: ClientId | None
) -> dict[str, Scalar]:
    """Which strategy is meant, by exactly one of its two ids.

    Raises:
        InputError: none given, or both.
    """
    ids = one_id("strategy", {"strategyId": strategy_id, "clientStrategyId": client_strategy_id})
    return {"symbol": market_symbol, **ids}


def strategy(record: Record) -> Strategy:
    """A strategy as it runs, or as it was just started or cancelled."""
    return _strategy(
        record,
        quantity=decimal(record, "quantity"),
        executed=(decimal(record, "executedQuantity"), decimal(record, "executedQuoteQuantity")),
        created_ms=integer(record, "createdAt"),
        randomized=flag(record, "randomizedIntervalQuantity"),
    )


def past_strategy(record: Record) -> Strategy:
    """A row of the history: its time has no zone, and its quantities may be missing."""
    return _strategy(
        record,
        quantity=optional_decimal(record, "quantity"),
        executed=(
            optional_decimal(record, "executedQuantity") or Decimal(0),
            optional_decimal(record, "executedQuoteQuantity") or Decimal(0),
        ),
        created_ms=micros(record, "createdAt") // 1_000,
        randomized=needed_flag(record, "randomizedIntervalQuantity"),
    )


def _strategy(
    record: Record, *, quantity: Decimal | None, executed: tuple[Decimal, Decimal], created_ms: int, randomized: bool
) -> Strategy:
    executed_quantity, executed_quote_quantity = executed
    return Strategy(
        strategy_id=StrategyId(identifier(record, "id")),
        symbol=symbol(record),
        side=word(record, "side", Side),
        kind=word(record, "strategyType", StrategyKind),
        status=word(record, "status", StrategyStatus),
        quantity=quantity,
        executed_quantity=executed_quantity,
        executed_quote_quantity=executed_quote_quantity,
        duration_ms=integer(record, "duration"),
        interval_ms=integer(record, "interval"),
        created_ms=created_ms,
        time_in_force=word(record, "timeInForce", TimeInForce),
        self_trade_prevention=word(record, "selfTradePrevention", SelfTradePrevention),
        randomized=randomized,
        reduce_only=flag(record, "reduceOnly"),
        client_strategy_id=order_fields.client_id(record, "clientStrategyId"),
        slippage_tolerance=optional_decimal(record, "slippageTolerance"),
        slippage_tolerance_type=optional_word(record, "slippageToleranceType", SlippageToleranceType),
        cancel_reason=optional_word(record, "cancelReason", ExpiryReason),
    )
