"""Frames to model values: the recorded samples, and the ways in which the exchange is known to differ from its text."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bpx_tui.exchange import wire_stream
from bpx_tui.exchange.wire_stream import (
    StreamError,
    StreamEvent,
    Undecodable,
    Unrecognised,
    decode_frame,
    decode_named,
)
from bpx_tui.model.account import PositionUpdate
from bpx_tui.model.enums import ExpiryReason, KlineInterval, OrderKind, OrderStatus, Side, TriggerBy
from bpx_tui.model.orders import Bracket, OrderEventKind, OrderUpdate, Trigger
from bpx_tui.model.quotes import (
    BookTicker,
    CandleUpdate,
    Liquidation,
    MarkPrice,
    OpenInterest,
    Ticker,
    Trade,
)
from bpx_tui.model.rfq import RfqUpdate

SAMPLES = Path(__file__).parent.parent / "data" / "backpack" / "samples" / "ws"
KINDS = {
    "bookTicker": BookTicker,
    "depth": tuple,
    "error": StreamError,
    "kline": CandleUpdate,
    "liquidation": Liquidation,
    "markPrice": MarkPrice,
    "openInterest": OpenInterest,
    "orderUpdate": OrderUpdate,
    "positionUpdate": PositionUpdate,
    "rfqUpdate": RfqUpdate,
    "ticker": Ticker,
    "trade": Trade,
}


def sample(name: str) -> dict[str, Any]:
    frame: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text())
    return frame


def decoded(frame: object) -> StreamEvent:
    return decode_frame(json.dumps(frame))


def changed(name: str, **data: object) -> StreamEvent:
    """The sample with other data fields; `...` leaves one out."""
    frame = sample(name)
    frame["data"] |= data
    frame["data"] = {key: value for key, value in frame["data"].items() if value is not ...}
    return decoded(frame)


def order_update(name: str, **data: object) -> OrderUpdate:
    update = changed(f"orderUpdate_{name}", **data)
    assert isinstance(update, OrderUpdate)
    return update


@pytest.mark.parametrize("path", [path for path in SAMPLES.glob("*.json") if not path.stem.startswith("client_")])
def test_every_sample_becomes_its_kind(path: Path) -> None:
    event = decode_frame(path.read_bytes())
    assert type(event) is KINDS[path.stem.partition("_")[0]]
    assert decode_frame(path.read_text()) == event
    if not isinstance(event, StreamError):
        assert decode_named(path.read_bytes())[0] == sample(path.stem)["stream"]


def test_depth() -> None:
    for _ in range(2):  # the first is read the tolerant way, the second the fast way
        assert decoded(sample("depth_aggregated")) == (
            "SOL_USDC",
            94978271,
            94978280,
            [["18.67", "0.832"], ["18.68", "0.000"]],
            [["18.70", "0.000"]],
            1694687965940999,
        )


@pytest.mark.parametrize("warm", [False, True])
def test_depth_drift_is_read_exactly(warm: bool) -> None:
    expected = decoded(sample("depth_aggregated"))
    if not warm:
        wire_stream._depth_streams.clear()
    assert changed("depth_aggregated", U="94978271", u="94978280", T="1694687965940999") == expected
    assert changed("depth_aggregated", s={"symbol": "SOL_USDC"}) == expected
    bare = json.dumps(sample("depth_aggregated")).replace('"0.832"', "0.832").replace('"18.67"', "18.67")
    assert decode_frame(bare) == expected
    long = json.dumps(sample("depth_aggregated")).replace('"18.67"', "0.1000000000000000055511151231257827")
    delta = decode_frame(long)
    assert isinstance(delta, tuple)
    _, _, _, bids, *_ = delta
    assert bids[0] == ["0.1000000000000000055511151231257827", "0.832"]


@pytest.mark.parametrize(
    "data",
    [
        {"U": 94978281},
        {"U": None},
        {"u": ...},
        {"u": 1.5},
        {"a": None},
        {"a": {}},
        {"b": [["1"]]},
        {"b": [[1, 2, 3]]},
        {"b": [5]},
        {"b": [[["1"], "2"]]},
        {"T": "soon"},
        {"s": "BTC_USDC"},
    ],
)
def test_broken_depth_names_its_stream(data: dict[str, object]) -> None:
    decoded(sample("depth_aggregated"))
    frame = sample("depth_aggregated")
    event = changed("depth_aggregated", **data)
    if isinstance(event, tuple):  # the fast road leaves levels and order to the book, which refuses them
        _, first_id, last_id, bids, *_ = event
        assert first_id > last_id or any(len(level) != 2 for level in bids)
    else:
        assert isinstance(event, Undecodable)
        assert event.stream == frame["stream"]


def test_symbols_with_dots_and_lower_case() -> None:
    for symbol in ("SPCX.US_USDC", "kPEPE_USDC_PERP"):
        for stream in (f"depth.{symbol}", f"depth.200ms.{symbol}"):
            delta = decoded(
                sample("depth_empty") | {"stream": stream, "data": sample("depth_empty")["data"] | {"s": symbol}}
            )
            assert isinstance(delta, tuple)
            assert delta[0] == symbol
        frame = sample("kline") | {"stream": f"kline.1month.{symbol}"}
        frame["data"]["s"] = {"an": "object"}
        candle = decoded(frame)
        assert isinstance(candle, CandleUpdate)
        assert (candle.symbol, candle.interval) == (symbol, KlineInterval.MONTH1)


def test_klines_are_utc_seconds_and_may_be_empty() -> None:
    update = decoded(sample("kline"))
    assert isinstance(update, CandleUpdate)
    assert (update.candle.start_s, update.candle.end_s) == (1754517600, 1754524800)
    assert update.candle.open == Decimal("3670.150000000")
    assert not update.candle.closed
    empty = decoded(sample("kline_empty"))
    assert isinstance(empty, CandleUpdate)
    candle = empty.candle
    assert (candle.open, candle.high, candle.low, candle.close) == (None, None, None, None)
    assert candle.closed
    assert decoded(sample("kline") | {"stream": "kline.7m.ETH_USDC"}) == Unrecognised("kline.7m.ETH_USDC", "kline")


@pytest.mark.parametrize("unit", [1, 1_000, 1_000_000])
@pytest.mark.parametrize("kind", [int, str])
def test_kline_times_may_be_counts_whose_size_tells_the_unit(unit: int, kind: type) -> None:
    told = changed("kline", t=kind(1754517600 * unit), T=kind(1754524800 * unit))
    assert told == decoded(sample("kline"))


@pytest.mark.parametrize("when", [0, 12, -1754517600, 5_000_000_000, 17545176000000000, True, 1754517600.5, "１", None])
def test_a_kline_count_that_is_no_time_of_this_century_is_undecodable(when: object) -> None:
    assert isinstance(changed("kline", t=when), Undecodable)


def test_the_resting_buyer_means_that_the_seller_took() -> None:
    trade = decoded(sample("trade"))
    assert isinstance(trade, Trade)
    assert trade.aggressor is Side.BID
    assert (trade.trade_id, trade.buyer_order_id, trade.seller_order_id) == (10782547, "5121861755", "5121860761")
    sold = changed("trade", m=True, a=1, t=None)
    assert isinstance(sold, Trade)
    assert (sold.aggressor, sold.seller_order_id, sold.trade_id) == (Side.ASK, "1", None)
    assert isinstance(changed("trade", m=...), Undecodable)


def test_book_ticker_sides_may_be_missing() -> None:
    ticker = changed("bookTicker", b=None, B=..., u="12")
    assert isinstance(ticker, BookTicker)
    assert ticker.bid is None
    assert ticker.bid_quantity is None
    assert ticker.ask is not None


def test_mark_price_of_a_prediction_market_has_no_funding() -> None:
    mark = decoded(sample("markPrice_prediction"))
    assert isinstance(mark, MarkPrice)
    assert (mark.index, mark.funding_rate, mark.next_funding_ms) == (None, None, None)
    perp = decoded(sample("markPrice"))
    assert isinstance(perp, MarkPrice)
    assert perp.funding_rate == Decimal("-0.0000039641039274236048482914")
    assert perp.next_funding_ms == 1747296000000


def test_bare_numbers_never_pass_through_a_float() -> None:
    text = json.dumps(sample("markPrice")).replace('"173.35998175"', "0.1000000000000000055511151231257827")
    mark = decode_frame(text)
    assert isinstance(mark, MarkPrice)
    assert mark.mark == Decimal("0.1000000000000000055511151231257827")


def test_a_fill_keeps_this_and_all_executions_apart() -> None:
    update = order_update("orderFill_partial")
    assert update.event is OrderEventKind.FILL
    assert (update.order.status, update.order.kind) == (OrderStatus.PARTIALLY_FILLED, OrderKind.LIMIT)
    assert (update.order.executed_quantity, update.order.executed_quote_quantity) == (Decimal("0.50"), Decimal("89.08"))
    assert update.order.client_id == 77
    fill = update.fill
    assert fill is not None
    assert (fill.price, fill.quantity, fill.fee, fill.fee_asset) == (
        Decimal("178.16"),
        Decimal("0.50"),
        Decimal("0.017816"),
        "USDC",
    )
    assert (fill.trade_id, fill.is_maker, fill.side, fill.time_us) == (4100001, True, Side.ASK, 1780300001009460)
    assert order_update("orderAccepted_market").fill is None


def test_fills_of_the_exchange_say_where_they_come_from() -> None:
    fill = order_update("liquidation").fill
    assert fill is not None
    assert fill.system_order_type == "LIQUIDATION_AUTOCLOSE"
    ours = order_update("orderFill").fill
    assert ours is not None
    assert ours.system_order_type is None


def test_triggers_and_brackets() -> None:
    assert order_update("triggerPlaced").order.trigger == Trigger(Decimal("178.05"), "20.03", None)
    assert order_update("orderCancelled_trigger").order.trigger == Trigger(Decimal("178.55"), "80%", TriggerBy.LAST)
    order = order_update("tpsl").order
    assert order.take_profit == Bracket(Decimal(200), Decimal("199.5"), TriggerBy.MARK)
    assert order.stop_loss == Bracket(Decimal(150), Decimal("149.5"), TriggerBy.LAST)


def test_order_ids_and_numbers_in_either_form() -> None:
    order = order_update("orderCancelled", i=28563700001, c="77", I=12, H="34", q=2.5, r=..., y=None).order
    assert (order.order_id, order.client_id, order.related_order_id, order.strategy_id) == (
        "28563700001",
        77,
        "12",
        "34",
    )
    assert order.quantity == Decimal("2.5")
    assert not order.reduce_only
    assert order_update("orderCancelled", c=...).order.client_id is None
    assert isinstance(changed("orderUpdate_orderCancelled", c=-1), Undecodable)
    assert isinstance(changed("orderUpdate_orderCancelled", c=2**32), Undecodable)


def test_new_words_are_kept_and_made_safe() -> None:
    update = order_update(
        "orderExpired", e="orderSpeedbumped", X="PendingRelease\x1b[2J", R="PRICE_BAND", o="ICEBERG", V="Allow"
    )
    assert update.event == "orderSpeedbumped"
    assert update.order.status == "PendingRelease\ufffd[2J"
    assert (update.order.expiry_reason, update.order.kind) == ("PRICE_BAND", "ICEBERG")
    assert order_update("orderExpired").order.expiry_reason is ExpiryReason.POST_ONLY_TAKER


def test_position_snapshot_has_no_event_and_no_liquidation_price() -> None:
    update = decoded(sample("positionUpdate_snapshot"))
    assert isinstance(update, PositionUpdate)
    assert update.event is None
    assert update.position.net_quantity == Decimal("-0.01")
    assert (update.position.entry_price, update.position.break_even_price) == (Decimal("126.97"), Decimal("126.9307"))
    assert update.position.est_liquidation_price is None
    assert update.position.position_id == "28563667732"
    documented = changed("positionUpdate_positionOpened", b=4238.479, B=4236, q=5, i="5411399049")
    assert isinstance(documented, PositionUpdate)
    assert documented.position.break_even_price == Decimal("4238.479")
    assert documented.position.net_quantity == 5


def test_rfq_ids_are_text_and_client_ids_numbers() -> None:
    update = decoded(sample("rfqUpdate_rfqCandidate"))
    assert isinstance(update, RfqUpdate)
    assert (update.rfq_id, update.quote_id, update.client_id) == ("113392053149171712", "113392054083780608", 123)
    again = changed("rfqUpdate_rfqCandidate", R="113392053149171712", C=123)
    assert again == update
    active = decoded(sample("rfqUpdate_rfqActive"))
    assert isinstance(active, RfqUpdate)
    assert (active.submit_until_ms, active.expires_ms, active.side) == (1730225480368, 1730225540368, None)


def test_unknown_keys_change_nothing() -> None:
    for path in SAMPLES.glob("*.json"):
        frame = sample(path.stem)
        if "data" in frame:
            plain = decoded(frame)
            frame["data"] |= {"zz": {"new": [1.5]}, "E2": None}
            assert decoded(frame | {"id": 7, "new": 1.25}) == plain


def test_unknown_streams_and_events_are_said_not_hidden() -> None:
    assert decoded({"stream": "auction.SOL_USDC", "data": {"e": "auction"}}) == Unrecognised(
        "auction.SOL_USDC", "auction"
    )
    balance = decoded({"stream": "account.balanceUpdate", "data": {"e": "balance\x9b"}})
    assert balance == Unrecognised("account.balanceUpdate", "balance\ufffd")
    assert changed("ticker", e="tickerV2") == Unrecognised("ticker.ETH_USDC", "tickerV2")


@pytest.mark.parametrize(
    ("raw", "stream"),
    [
        (b"", ""),
        (b"null", ""),
        (b"[]", ""),
        (b'""', ""),
        (b"0", ""),
        (b"true", ""),
        (b"{}", ""),
        (b"\xff\xfe", ""),
        (b'{"stream":5,"data":{}}', ""),
        (b'{"stream":"ticker.SOL_USDC"}', "ticker.SOL_USDC"),
        (b'{"stream":"ticker.SOL_USDC","data":null}', "ticker.SOL_USDC"),
        (b'{"stream":"ticker.SOL_USDC","data":[]}', "ticker.SOL_USDC"),
        (b'{"stream":"ticker.SO\\u001bL","data":{}}', "ticker.SO\ufffdL"),
        (b'{"stream":"ticker","data":{"e":"ticker"}}', "ticker"),
        (b'{"error":5}', ""),
        (b"[" * 3000, ""),
    ],
)
def test_what_cannot_be_read_says_so(raw: bytes, stream: str) -> None:
    event = decode_frame(raw)
    assert isinstance(event, Undecodable)
    assert event.stream == stream
    assert event.reason.isascii()


def test_depth_without_end_beside_a_bare_number_ends_nothing() -> None:
    """How deep the exact parser goes is a matter of the Python version."""
    raw = b'{"stream":"markPrice.SOL_USDC","data":{"p":1.5,"q":' + b"[" * 1000 + b"]" * 1000 + b"}}"
    event = decode_frame(raw)
    assert isinstance(event, Undecodable) or (isinstance(event, MarkPrice) and event.mark == Decimal("1.5"))


def test_errors_without_shape_are_still_errors() -> None:
    assert decoded({"error": "nope\x07"}) == StreamError(None, "nope\ufffd")
    assert decoded({"error": {"code": "4006"}}) == StreamError(4006, "")
