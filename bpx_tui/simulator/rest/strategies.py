"""Scheduled strategies: created, found, cancelled, remembered."""

from __future__ import annotations

from bpx_tui.model.enums import MarketKind, SelfTradePrevention, Side, SlippageToleranceType, TimeInForce
from bpx_tui.simulator.domain.refusals import VenueRefusal, invalid_request
from bpx_tui.simulator.history.units import plain
from bpx_tui.simulator.products.strategies import NewStrategy, StrategyRecord
from bpx_tui.simulator.rest.answers import Reply, empty_reply, json_reply
from bpx_tui.simulator.rest.fields import UINT16, UINT32, UINT64
from bpx_tui.simulator.rest.paging import page_reply
from bpx_tui.simulator.rest.rendering import text
from bpx_tui.simulator.rest.routing import Call, Route, session, signed
from bpx_tui.simulator.rest.times import millis, naive_iso

_KINDS = ("Scheduled",)
_KNOWN = frozenset(
    {
        "autoBorrow",
        "autoBorrowRepay",
        "autoLend",
        "autoLendRedeem",
        "brokerId",
        "clientStrategyId",
        "duration",
        "interval",
        "postOnly",
        "price",
        "quantity",
        "randomizedIntervalQuantity",
        "reduceOnly",
        "selfTradePrevention",
        "side",
        "slippageTolerance",
        "slippageToleranceType",
        "strategyType",
        "symbol",
        "timeInForce",
    }
)
_CANCEL = frozenset({"clientStrategyId", "strategyId", "symbol"})
_CANCEL_ALL = frozenset({"strategyType", "symbol"})


def create(call: Call) -> Reply:
    fields = call.body("StrategyCreatePayload", _KNOWN)
    fields.need_one_of("strategyType", _KINDS, "StrategyTypeEnum")
    terms = NewStrategy(
        symbol=fields.need_symbol(),
        side=fields.need_word("side", Side, "Side"),
        quantity=fields.need_decimal("quantity"),
        duration_ms=fields.need_integer("duration", UINT64),
        interval_ms=fields.need_integer("interval", UINT64),
        randomized=fields.boolean("randomizedIntervalQuantity") or False,
        price=fields.decimal("price"),
        client_strategy_id=fields.integer("clientStrategyId", UINT32),
        time_in_force=fields.word("timeInForce", TimeInForce, "TimeInForce") or TimeInForce.IOC,
        post_only=fields.boolean("postOnly") or False,
        reduce_only=fields.boolean("reduceOnly"),
        self_trade_prevention=fields.word("selfTradePrevention", SelfTradePrevention, "SelfTradePrevention")
        or SelfTradePrevention.REJECT_TAKER,
        slippage_tolerance=fields.decimal("slippageTolerance"),
        slippage_tolerance_type=fields.word("slippageToleranceType", SlippageToleranceType, "SlippageToleranceType"),
        auto_lend=fields.boolean("autoLend"),
        auto_lend_redeem=fields.boolean("autoLendRedeem"),
        auto_borrow=fields.boolean("autoBorrow"),
        auto_borrow_repay=fields.boolean("autoBorrowRepay"),
        broker_id=fields.integer("brokerId", UINT16),
    )
    return json_reply(_live(call.exchange.desks.strategies.create(call.account, terms)))


def find(call: Call) -> Reply:
    query = call.query
    strategy_id, client_id = query.text("strategyId"), query.integer("clientStrategyId", UINT32)
    found = call.exchange.desks.strategies.find(
        call.account, query.need_symbol(), strategy_id=strategy_id, client_strategy_id=client_id
    )
    return json_reply(_live(found))


def find_all(call: Call) -> Reply:
    query = call.query
    query.one_of("strategyType", _KINDS, "StrategyTypeEnum")
    kind = query.word("marketType", MarketKind, "MarketType")
    running = call.exchange.desks.strategies.open(call.account, symbol=query.symbol(), market_kind=kind)
    return json_reply([_live(record) for record in running])


def cancel(call: Call) -> Reply:
    fields = call.body("StrategyCancelPayload", _CANCEL)
    strategy_id, client_id = fields.identifier("strategyId"), fields.integer("clientStrategyId", UINT32)
    desk, symbol = call.exchange.desks.strategies, fields.need_symbol()
    try:
        found = desk.find(call.account, symbol, strategy_id=strategy_id, client_strategy_id=client_id)
    except VenueRefusal as refusal:
        raise (invalid_request(refusal.message) if refusal.status == 404 else refusal) from None
    cancelled = desk.cancel(found)
    if call.exchange.faults.hit("202", call.exchange.now_us):
        return empty_reply(202)
    return json_reply(_live(cancelled))


def cancel_all(call: Call) -> Reply:
    fields = call.body("StrategyCancelAllPayload", _CANCEL_ALL)
    fields.one_of("strategyType", _KINDS, "StrategyTypeEnum")
    cancelled = call.exchange.desks.strategies.cancel_all(call.account, fields.need_symbol())
    if call.exchange.faults.hit("202", call.exchange.now_us):
        return empty_reply(202)
    return json_reply([_live(record) for record in cancelled])


def history(call: Call) -> Reply:
    query, exchange = call.query, call.exchange
    strategy_id, symbol = query.text("strategyId"), query.symbol()
    kinds = query.words("marketType", MarketKind, "MarketType")
    desk = exchange.desks.strategies
    found = [
        record
        for record in sorted((*desk.history(call.account), *desk.open(call.account)), key=lambda r: r.created_us)
        if strategy_id in (None, record.id)
        and symbol in (None, record.terms.symbol)
        and (not kinds or exchange.venue.market(record.terms.symbol).kind in kinds)
    ]
    return page_reply(call, found, _past)


def _common(record: StrategyRecord) -> dict[str, object]:
    terms = record.terms
    return {
        "clientStrategyId": terms.client_strategy_id,
        "duration": terms.duration_ms,
        "executedQuantity": plain(record.executed_quantity),
        "executedQuoteQuantity": plain(record.executed_quote_quantity),
        "id": record.id,
        "interval": terms.interval_ms,
        "quantity": plain(terms.quantity),
        "randomizedIntervalQuantity": terms.randomized,
        "selfTradePrevention": terms.self_trade_prevention,
        "side": terms.side,
        "slippageTolerance": text(terms.slippage_tolerance),
        "slippageToleranceType": terms.slippage_tolerance_type,
        "status": record.status,
        "strategyType": "Scheduled",
        "symbol": terms.symbol,
        "timeInForce": terms.time_in_force,
    }


def _live(record: StrategyRecord) -> dict[str, object]:
    return {**_common(record), "createdAt": millis(record.created_us), "reduceOnly": record.terms.reduce_only}


def _past(record: StrategyRecord) -> dict[str, object]:
    return {**_common(record), "createdAt": naive_iso(record.created_us), "cancelReason": record.cancel_reason}


ROUTES: tuple[Route, ...] = (
    signed("get_strategy", "GET", "/api/v1/strategy", "strategyQuery", find),
    signed("strategy_create", "POST", "/api/v1/strategy", "strategyCreate", create),
    signed("cancel_strategy", "DELETE", "/api/v1/strategy", "strategyCancel", cancel),
    signed("get_open_strategies", "GET", "/api/v1/strategies", "strategyQueryAll", find_all),
    signed("cancel_open_strategies", "DELETE", "/api/v1/strategies", "strategyCancelAll", cancel_all),
    session("get_strategies_history", "GET", "/wapi/v1/history/strategies", "strategyHistoryQueryAll", history),
)
