"""Markets, market data, the account and orders, from REST bodies to values, and how they are known to drift.

What holds for every recorded answer alike is in test_every_sample.
"""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from bpx_tui.errors import OutcomeUnknown, Refused, UnreadableReply
from bpx_tui.exchange import wire_rest_account as account_wire
from bpx_tui.exchange import wire_rest_market as market_wire
from bpx_tui.exchange import wire_rest_orders as order_wire
from bpx_tui.exchange.wire_rest import decode_one, decode_rows
from bpx_tui.model.enums import (
    ExpiryReason,
    MarketKind,
    OrderKind,
    OrderStatus,
    SelfTradePrevention,
    Side,
    TimeInForce,
    TradingState,
)
from bpx_tui.model.ids import Symbol
from bpx_tui.model.market import MarginFunction
from bpx_tui.model.orders import Order, Trigger
from tests.exchange.rest_samples import Decoder, one, rows, sample

SOL = Symbol("SOL_USDC")
D = Decimal
NOON = 1_752_930_900_000  # 2025-07-19 13:15:00 UTC, in milliseconds


DECODERS: dict[str, Decoder] = {
    "get_markets.json": rows(market_wire.market),
    "get_market.json": one(market_wire.market),
    "get_ticker.json": one(market_wire.ticker),
    "get_tickers.json": rows(market_wire.ticker),
    "get_depth.json": lambda raw: market_wire.decode_depth(raw, SOL),
    "get_klines.json": lambda raw: market_wire.decode_candles(raw, NOON),
    "get_klines__1m.json": lambda raw: market_wire.decode_candles(raw, NOON),
    "get_klines__empty_bucket.json": lambda raw: market_wire.decode_candles(raw, NOON),
    "get_recent_trades.json": lambda raw: market_wire.decode_trades(raw, SOL),
    "get_historical_trades.json": lambda raw: market_wire.decode_trades(raw, SOL),
    "get_mark_prices.json": rows(market_wire.mark_price),
    "get_open_interest.json": rows(market_wire.open_interest),
    "get_funding_interval_rates.json": rows(market_wire.funding_rate),
    "get_status.json": one(market_wire.status),
    "get_status__maintenance.json": one(market_wire.status),
    "get_time.json": market_wire.decode_time_ms,
    "get_max_order_quantity.json": one(market_wire.max_order_quantity),
    "get_account.json": one(account_wire.account),
    "get_balances.json": account_wire.decode_balances,
    "get_balances__several_assets.json": account_wire.decode_balances,
    "get_collateral.json": one(account_wire.collateral),
    "get_positions__long.json": rows(account_wire.position),
    "get_positions__short.json": rows(account_wire.position),
    "get_order.json": one(order_wire.order),
    "get_open_orders.json": rows(order_wire.order),
    "get_open_orders__spot_limit.json": rows(order_wire.order),
    "get_order_history.json": rows(order_wire.order),
    "get_order_history__expired.json": rows(order_wire.order),
    "execute_order__limit_resting_perp.json": one(order_wire.order),
    "execute_order__market_filled_perp.json": one(order_wire.order),
    "execute_order__market_filled_spot.json": one(order_wire.order),
    "execute_order__trigger_pending.json": one(order_wire.order),
    "cancel_order.json": one(order_wire.order),
    "cancel_open_orders.json": rows(order_wire.order),
    "execute_order_batch.json": lambda raw: order_wire.decode_batch(raw, 2),
    "get_fills.json": rows(order_wire.fill),
}


def test_a_perpetual_and_its_filters() -> None:
    spot, perp = decode_rows(sample("get_markets.json"), market_wire.market)
    assert (perp.symbol, perp.kind, perp.trading_state) == ("SOL_USDC_PERP", MarketKind.PERP, TradingState.OPEN)
    assert (perp.tick_size, perp.step_size, perp.max_price, perp.max_quantity) == (D("0.01"), D("0.01"), D(1000), None)
    assert (perp.mark_band_max_multiplier, perp.premium_tolerance) == (D("1.1"), D("0.05"))
    assert perp.imf_function == MarginFunction(D("0.02"), D("0.00006"))
    assert perp.funding_interval_ms == 3_600_000
    assert (spot.kind, spot.imf_function, spot.premium_tolerance) == (MarketKind.SPOT, None, None)


def test_a_book_keeps_its_text_and_its_order_is_not_trusted() -> None:
    book = market_wire.decode_depth(sample("get_depth.json"), SOL)
    assert book.last_id == 1504999670
    assert book.bids == [["1.0", "0.38647"], ["12.9", "1.00000"]]
    assert book.engine_time_us == 1753102447307501


def test_candles_are_sorted_and_the_last_may_be_open() -> None:
    early = json.loads(sample("get_klines.json"))[0]
    late = json.loads(sample("get_klines__empty_bucket.json"))[0]
    candles = market_wire.decode_candles(json.dumps([late, early]).encode(), NOON - 1)
    assert [candle.start_s for candle in candles] == [1752930540, 1752930720]
    assert [candle.closed for candle in candles] == [True, False]
    assert (candles[0].close, candles[0].trades, candles[0].quote_volume) == (D("118294.6"), 12, D("4106.558156"))
    assert candles[1].open is None
    assert candles[1].volume == 0


@pytest.mark.parametrize("unit", [1, 1_000, 1_000_000])
def test_candle_times_may_be_counts_whose_size_tells_the_unit(unit: int) -> None:
    [record, *_] = json.loads(sample("get_klines.json"))
    [told] = market_wire.decode_candles(json.dumps([record]).encode(), NOON)
    counted = {**record, "start": told.start_s * unit, "end": str(told.end_s * unit)}
    assert list(market_wire.decode_candles(json.dumps([counted]).encode(), NOON)) == [told]


def test_a_trade_tells_who_took() -> None:
    bought, sold = market_wire.decode_trades(sample("get_historical_trades.json"), SOL)
    assert (bought.aggressor, bought.trade_id, bought.time_us) == (Side.BID, 8721563, 1753123916819000)
    assert (sold.aggressor, sold.trade_id) == (Side.ASK, None)


def test_a_position_has_no_liquidation_price_of_zero() -> None:
    (long,) = decode_rows(sample("get_positions__long.json"), account_wire.position)
    assert long.est_liquidation_price is None
    assert long.entry_price == D("3826.8888888888888888888888889")
    assert long.position_id == "4238420454"
    raw = sample("get_positions__long.json").replace(b'"estLiquidationPrice": "0"', b'"estLiquidationPrice": "98.4"')
    assert decode_rows(raw, account_wire.position)[0].est_liquidation_price == D("98.4")


def test_live_and_historical_orders_read_the_same() -> None:
    live = decode_one(sample("get_order.json"), order_wire.order)
    old, triggered = decode_rows(sample("get_order_history.json"), order_wire.order)
    assert live.order_id == old.order_id
    assert live.created_ms == old.created_ms == 1757621440699
    assert (old.status, old.client_id, old.reduce_only) == (OrderStatus.CANCELLED, None, False)
    assert old.self_trade_prevention is SelfTradePrevention.REJECT_TAKER
    assert triggered.trigger == Trigger(D(4300), "0.001")
    assert triggered.quantity is None


def test_an_expiry_carries_its_reason() -> None:
    (expired,) = decode_rows(sample("get_order_history__expired.json"), order_wire.order)
    assert (expired.status, expired.expiry_reason) == (OrderStatus.EXPIRED, ExpiryReason.POST_ONLY_TAKER)


def test_a_filled_market_order_has_its_average_price() -> None:
    filled = decode_one(sample("execute_order__market_filled_spot.json"), order_wire.order)
    assert (filled.kind, filled.time_in_force, filled.status) == (OrderKind.MARKET, TimeInForce.GTC, OrderStatus.FILLED)
    assert (filled.average_price, filled.quote_quantity) == (D("3814.28"), D("3.82"))


def test_a_batch_has_one_outcome_for_each_order() -> None:
    placed, refused = order_wire.decode_batch(sample("execute_order_batch.json"), 2)
    assert isinstance(placed, Order)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.message) == ("INSUFFICIENT_FUNDS", "Insufficient funds")


@pytest.mark.parametrize(
    "item",
    [
        {"operation": "Err", "code": "SERVER_ERROR", "message": "x"},
        {"operation": "Err", "code": "SOMETHING_NEW", "message": "x"},
        {"operation": "Maybe", "code": "INVALID_ORDER", "message": "x"},
        {"operation": "Ok"},
        {"operation": "Err"},
        {},
        None,
        "Err",
    ],
)
def test_an_order_of_a_batch_without_a_clear_answer_is_unknown(item: object) -> None:
    ok = json.loads(sample("execute_order_batch.json"))[0]
    first, second = order_wire.decode_batch(json.dumps([ok, item]).encode(), 2)
    assert isinstance(first, Order)
    assert isinstance(second, OutcomeUnknown)


def test_a_batch_of_another_length_is_not_readable() -> None:
    with pytest.raises(UnreadableReply, match="3 orders were sent, 2 are answered"):
        order_wire.decode_batch(sample("execute_order_batch.json"), 3)


def test_one_changed_record_neither_hides_the_others_nor_passes_unnoticed() -> None:
    good = json.loads(sample("get_tickers.json"))[0]
    decoded = decode_rows(json.dumps([good, {**good, "lastPrice": "soon"}, 7]).encode(), market_wire.ticker, 12)
    assert len(decoded) == 1
    assert decoded.unreadable == ("lastPrice is not a decimal number.", "Expected an object.")
    assert decoded.age_seconds == 12
    with pytest.raises(UnreadableReply, match="No row of the answer is readable"):
        decode_rows(json.dumps([7]).encode(), market_wire.ticker)


def test_what_the_exchange_does_not_say_is_not_taken_for_a_no() -> None:
    (fill, *_), settings = (json.loads(sample(f"{name}.json")) for name in ("get_fills", "get_account"))
    for said in (True, False, None):
        assert order_wire.fill({**fill, "isMaker": said}).is_maker is said
        assert account_wire.account({**settings, "liquidating": said}).liquidating is said
    del fill["isMaker"], settings["liquidating"]
    assert order_wire.fill(fill).is_maker is None
    assert account_wire.account(settings).liquidating is None


def test_words_and_keys_that_are_new_are_kept_or_ignored() -> None:
    record = json.loads(sample("get_order.json"))
    record.update(status="PendingRelease", side="Sideways", timeInForce="GTD", brandNew={"deep": [1]})
    order = decode_one(json.dumps(record).encode(), order_wire.order)
    assert (order.status, order.side, order.time_in_force) == ("PendingRelease", "Sideways", "GTD")


@pytest.mark.parametrize(("sent", "read"), [(5, 5), ("5", 5), (4294967295, 4294967295), (None, None)])
def test_a_client_id_may_be_a_number_or_text(sent: object, read: int | None) -> None:
    record = {**json.loads(sample("get_order.json")), "clientId": sent}
    assert decode_one(json.dumps(record).encode(), order_wire.order).client_id == read


@pytest.mark.parametrize("text", ["0.1", "5", "-0.25", "3826.8888888888888888888888889", "0.0000001", "1e-7", "1E2"])
def test_a_bare_number_is_exact(text: str) -> None:
    raw = sample("get_positions__long.json").replace(b'"netQuantity": "0.0036"', f'"netQuantity": {text}'.encode())
    (position,) = decode_rows(raw, account_wire.position)
    assert position.net_quantity == D(text)


@pytest.mark.parametrize(
    "text",
    ['"NaN"', '"1e-7"', '"Infinity"', '""', '"１"', '" 1"', '"1_0"', '"0x1"', "null", "true", "[]", "{}", "1e999",
     "1e-99", '"' + "1" * 400 + '"', "1" * 400, "0." + "1" * 400],
)  # fmt: skip
def test_what_is_no_number_is_never_taken_for_one(text: str) -> None:
    raw = sample("get_positions__long.json").replace(b'"netQuantity": "0.0036"', f'"netQuantity": {text}'.encode())
    with pytest.raises(UnreadableReply):
        decode_rows(raw, account_wire.position)


@pytest.mark.parametrize(
    "level", [["1"], ["1", "2", "3"], ["1", None], ["-1", "2"], ["1e5", "2"], ["NaN", "2"], "12", None, ["1", True]]
)
def test_one_bad_level_makes_the_book_unreadable(level: object) -> None:
    book = {**json.loads(sample("get_depth.json")), "asks": [["1", "2"], level]}
    with pytest.raises(UnreadableReply):
        market_wire.decode_depth(json.dumps(book).encode(), SOL)


def test_bare_numbers_in_a_book_keep_their_digits() -> None:
    raw = b'{"lastUpdateId": 7, "timestamp": 1, "asks": [[118318.3, 0.00633]], "bids": [[5, "1"]]}'
    book = market_wire.decode_depth(raw, SOL)
    assert (book.last_id, book.asks, book.bids) == (7, [["118318.3", "0.00633"]], [["5", "1"]])


@pytest.mark.parametrize("symbol", ["SOL", "SOL USDC", "S\u043eL_USDC", "SOL_USDC\x1b", "x" * 70 + "_Y", "", None, 5])
def test_what_is_no_plain_symbol_is_not_a_market(symbol: object) -> None:
    record = {**json.loads(sample("get_market.json")), "symbol": symbol}
    with pytest.raises(UnreadableReply, match="symbol is not a market symbol"):
        decode_one(json.dumps(record).encode(), market_wire.market)


def test_foreign_text_arrives_sanitised() -> None:
    record = {**json.loads(sample("get_status.json")), "message": "\x1b]0;owned\x07" + "x" * 500}
    status = decode_one(json.dumps(record).encode(), market_wire.status)
    assert "\x1b" not in status.message
    assert len(status.message) == 200


def test_a_margin_function_of_another_shape_is_no_margin_function() -> None:
    record = json.loads(sample("get_market.json"))
    record["imfFunction"]["type"] = "cubic"
    assert decode_one(json.dumps(record).encode(), market_wire.market).imf_function is None


@pytest.mark.parametrize("field", ["tickSize", "stepSize"])
def test_a_market_without_a_grid_is_unreadable(field: str) -> None:
    raw = sample("get_market.json").replace(f'"{field}": "0.01"'.encode(), f'"{field}": "0"'.encode())
    with pytest.raises(UnreadableReply, match="not positive"):
        decode_one(raw, market_wire.market)


@pytest.mark.parametrize("raw", [b"", b"soon", b"1.5", b"\xff", b"<html>"])
def test_a_time_that_is_not_one_is_unreadable(raw: bytes) -> None:
    with pytest.raises(UnreadableReply):
        market_wire.decode_time_ms(raw)
