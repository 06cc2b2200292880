"""Streams: names, frames, sequence, rates, silence and error frames (PROTOCOL 3)."""

from __future__ import annotations

from decimal import Decimal

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpx_tui.model.enums import KlineInterval
from bpx_tui.simulator.streams.frames import websocket_frame
from bpx_tui.simulator.streams.names import BadStream, StreamKind, parse_stream
from tests.simulator.desk import Client, Listener, make_exchange, payload_of, run

Levels = dict[Decimal, Decimal]
SYMBOLS = frozenset({"SOL_USDC", "kPEPE_USDC_PERP", "SPCX.US_USDC"})


@pytest.mark.parametrize(
    ("text", "kind", "symbol"),
    [
        ("depth.SOL_USDC", StreamKind.DEPTH, "SOL_USDC"),
        ("depth.200ms.SPCX.US_USDC", StreamKind.DEPTH, "SPCX.US_USDC"),
        ("kline.1month.kPEPE_USDC_PERP", StreamKind.KLINE, "kPEPE_USDC_PERP"),
        ("trade.SPCX.US_USDC", StreamKind.TRADE, "SPCX.US_USDC"),
        ("liquidation", StreamKind.LIQUIDATION, None),
        ("account.orderUpdate", StreamKind.ORDER_UPDATE, None),
        ("account.positionUpdate.SPCX.US_USDC", StreamKind.POSITION_UPDATE, "SPCX.US_USDC"),
    ],
)
def test_names_are_split_from_the_left(text: str, kind: StreamKind, symbol: str | None) -> None:
    name = parse_stream(text, SYMBOLS)
    assert (name.kind, name.symbol) == (kind, symbol)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("trades.SOL_USDC", 4006),
        ("depth", 4006),
        ("kline.SOL_USDC.1m", 4006),
        ("kline.7m.SOL_USDC", 4006),
        ("account.balanceUpdate", 4006),
        ("liquidation.SOL_USDC", 4006),
        ("", 4006),
        ("depth.100ms.SOL_USDC", 4005),
        ("trade.DOGE_USDC", 4005),
        ("account.orderUpdate.DOGE_USDC", 4005),
    ],
)
def test_wrong_names_are_refused_by_code(text: str, code: int) -> None:
    with pytest.raises(BadStream) as caught:
        parse_stream(text, SYMBOLS)
    assert caught.value.code == code


@given(st.binary(max_size=70_000))
def test_a_frame_carries_its_payload(payload: bytes) -> None:
    assert payload_of(websocket_frame(payload)) == payload


def test_subscribing_is_answered_by_silence_and_mistakes_by_error_frames() -> None:
    exchange, _ = make_exchange(flow=False)
    listener = Listener(exchange)
    listener.subscribe("depth.SOL_USDC", "trade.SOL_USDC")
    assert listener.frames == []
    listener.subscribe("depth.NOPE_USDC", "nonsense", "account.orderUpdate")
    assert listener.errors() == [4005, 4006, 4008]
    for text in (b"{", b"[]", b"null", b'{"method":"HELLO","params":[]}', b'{"method":"SUBSCRIBE","params":[1]}'):
        listener.session.receive(text)
    assert listener.errors()[3:] == [4002] * 5


def levels(pairs: object) -> Levels:
    assert isinstance(pairs, list)
    return {Decimal(price): Decimal(quantity) for price, quantity in pairs}


def applied(book: tuple[Levels, Levels], events: list[dict[str, object]], last_id: int) -> int:
    """Apply depth events to (bids, asks) by the documented algorithm; answers the last id."""
    for event in events:
        first, last = event["U"], event["u"]
        assert isinstance(first, int)
        assert isinstance(last, int)
        if last <= last_id:
            continue
        assert first <= last_id + 1 <= last, "a gap"
        for side, key in zip(book, ("b", "a"), strict=True):
            for price, quantity in levels(event[key]).items():
                if quantity:
                    side[price] = quantity
                else:
                    side.pop(price, None)
        last_id = last
    return last_id


@pytest.mark.parametrize("prefix", ["depth", "depth.200ms", "depth.600ms", "depth.1000ms"])
def test_snapshot_and_updates_make_the_exchanges_own_book(prefix: str) -> None:
    exchange, clock = make_exchange()
    client, listener = Client(exchange), Listener(exchange)
    stream = f"{prefix}.SOL_USDC_PERP"
    listener.subscribe(stream)
    run(exchange, clock, 2.5)
    snapshot = client.public("/api/v1/depth", symbol="SOL_USDC_PERP").object()
    book = (levels(snapshot["bids"]), levels(snapshot["asks"]))
    for _ in range(40):
        run(exchange, clock, 0.5)
    clock.advance(-clock.now_us() / 1e6 % 3)
    run(exchange, clock, 0)
    last_id = applied(book, listener.data(stream), int(str(snapshot["lastUpdateId"])))
    truth = client.public("/api/v1/depth", symbol="SOL_USDC_PERP").object()
    if prefix == "depth":
        assert last_id == int(str(truth["lastUpdateId"]))
    if last_id == int(str(truth["lastUpdateId"])):
        assert book == (levels(truth["bids"]), levels(truth["asks"]))
    assert max(book[0]) < min(book[1])


def test_realtime_depth_has_the_recorded_habits() -> None:
    exchange, clock = make_exchange()
    listener = Listener(exchange)
    listener.subscribe("depth.SOL_USDC_PERP")
    for _ in range(300):
        run(exchange, clock, 0.1)
    events = listener.data("depth.SOL_USDC_PERP")
    assert any(not event["a"] and not event["b"] for event in events), "no empty event"
    assert any(event["U"] != event["u"] for event in events), "no event of several updates"
    assert all(list(event) == sorted(event) for event in events), "keys not in ASCII order"
    prices = [row[0] for event in events for row in event["b"]]  # type: ignore[attr-defined]
    assert all(len(price.split(".")[1]) == 2 for price in prices), "prices without the decimals of the tick"


def test_aggregated_depth_keeps_its_pace() -> None:
    exchange, clock = make_exchange()
    listener = Listener(exchange)
    listener.subscribe("depth.200ms.BTC_USDC_PERP", "depth.1000ms.BTC_USDC_PERP")
    for _ in range(100):
        run(exchange, clock, 0.1)
    assert 45 <= len(listener.data("depth.200ms.BTC_USDC_PERP")) <= 51
    assert 9 <= len(listener.data("depth.1000ms.BTC_USDC_PERP")) <= 11


def test_tickers_and_marks_beat_once_a_second_even_when_nothing_happens() -> None:
    exchange, clock = make_exchange(flow=False)
    listener = Listener(exchange)
    listener.subscribe("ticker.SOL_USDC_PERP", "markPrice.SOL_USDC_PERP", "openInterest.SOL_USDC_PERP")
    for _ in range(120):
        run(exchange, clock, 0.5)
    assert 59 <= len(listener.data("ticker.SOL_USDC_PERP")) <= 61
    assert 59 <= len(listener.data("markPrice.SOL_USDC_PERP")) <= 61
    assert len(listener.data("openInterest.SOL_USDC_PERP")) == 1
    mark = listener.data("markPrice.SOL_USDC_PERP")[-1]
    assert set(mark) == {"e", "E", "T", "s", "p", "i", "f", "n"}
    assert len(str(mark["n"])) == 13, "next funding is in milliseconds"


def test_prediction_marks_carry_no_index_and_no_funding() -> None:
    exchange, clock = make_exchange()
    listener = Listener(exchange)
    symbol = next(name for name in exchange.symbols if name.endswith("_PREDICTION"))
    listener.subscribe(f"markPrice.{symbol}")
    for _ in range(6):
        run(exchange, clock, 0.5)
    assert all(set(mark) == {"e", "E", "T", "s", "p"} for mark in listener.data(f"markPrice.{symbol}"))
    assert listener.data(f"markPrice.{symbol}")


@pytest.mark.parametrize("interval", [KlineInterval.S1, KlineInterval.M1])
def test_klines_speak_at_most_once_a_second_and_close_once(interval: KlineInterval) -> None:
    exchange, clock = make_exchange()
    listener = Listener(exchange)
    stream = f"kline.{interval}.SOL_USDC_PERP"
    listener.subscribe(stream)
    for _ in range(260):
        run(exchange, clock, 0.5)
    events = listener.data(stream)
    closed = [event["t"] for event in events if event["X"]]
    assert len(closed) == len(set(closed)) >= 2
    assert closed == sorted(closed)  # type: ignore[type-var]
    seconds = 130
    assert len(events) <= seconds * (2 if interval is KlineInterval.S1 else 1) + len(closed) + 1
    for event in events:
        assert isinstance(event["t"], str)
        assert "T" in event["t"]
        if event["n"]:
            assert Decimal(str(event["l"])) <= Decimal(str(event["o"])) <= Decimal(str(event["h"]))
        else:
            assert event["o"] is None
            assert event["v"] == "0"


def test_every_private_event_is_ones_own_and_in_order() -> None:
    exchange, clock = make_exchange()
    client, listener = Client(exchange), Listener(exchange)
    run(exchange, clock, 1)
    listener.subscribe("account.orderUpdate", "account.orderUpdate.SOL_USDC", client=client)
    client.order(symbol="SOL_USDC", side="Bid", orderType="Market", quantity="1.50", clientId=9)
    events = listener.data("account.orderUpdate")
    assert events == listener.data("account.orderUpdate.SOL_USDC")
    assert events[0]["e"] == "orderAccepted"
    assert {event["e"] for event in events[1:]} == {"orderFill"}
    accepted, fill = events[0], events[-1]
    assert (accepted["X"], accepted["t"], accepted["z"], accepted["Z"]) == ("New", None, "0", "0")
    assert (accepted["o"], accepted["O"], accepted["c"], accepted["q"]) == ("MARKET", "USER", 9, "1.50")
    assert (fill["X"], fill["z"], fill["N"], fill["m"]) == ("Filled", "1.50", "SOL", False)
    assert sum(Decimal(str(event["l"])) for event in events[1:]) == Decimal("1.50")
    assert isinstance(fill["t"], int)
    assert isinstance(fill["i"], str)
    assert "p" not in accepted


def test_positions_are_pushed_on_subscribing_without_an_event_type() -> None:
    exchange, clock = make_exchange()
    client, listener = Client(exchange), Listener(exchange)
    run(exchange, clock, 1)
    client.order(symbol="SOL_USDC_PERP", side="Bid", orderType="Market", quantity="1.00")
    listener.subscribe("account.positionUpdate", client=client)
    snapshot = listener.data("account.positionUpdate")
    assert [(row["q"], row["l"], "e" in row) for row in snapshot] == [("1.00", "0", False)]
    assert isinstance(snapshot[0]["i"], int)
    client.order(symbol="SOL_USDC_PERP", side="Ask", orderType="Market", quantity="1.00", reduceOnly=True)
    assert listener.data("account.positionUpdate")[-1]["e"] == "positionClosed"


def test_private_streams_need_a_right_signature() -> None:
    exchange, _ = make_exchange(flow=False)
    client, listener = Client(exchange), Listener(exchange)
    signature = [client.pair.api_key, "AAAA", str(client.now_ms), "5000"]
    for bad in (signature, signature[:3], "no", None, [1, 2, 3, {}]):
        request = {"method": "SUBSCRIBE", "params": ["account.orderUpdate"], "signature": bad}
        listener.session.receive(orjson.dumps(request))
    assert listener.errors() == [4008] * 5
    client.order(symbol="SOL_USDC", side="Bid", orderType="Limit", quantity="1", price="150")
    assert listener.data("account.orderUpdate") == []


def test_unsubscribing_and_leaving_end_the_frames() -> None:
    exchange, clock = make_exchange()
    stays, leaves = Listener(exchange), Listener(exchange)
    for listener in (stays, leaves):
        listener.subscribe("trade.BTC_USDC_PERP", "depth.BTC_USDC_PERP")
    run(exchange, clock, 5)
    leaves.session.close()
    stays.unsubscribe("depth.BTC_USDC_PERP")
    seen, gone = len(stays.data("depth.BTC_USDC_PERP")), len(leaves.frames)
    trades = len(stays.data("trade.BTC_USDC_PERP"))
    for _ in range(20):
        run(exchange, clock, 1)
    assert len(leaves.frames) == gone
    assert len(stays.data("depth.BTC_USDC_PERP")) == seen
    assert len(stays.data("trade.BTC_USDC_PERP")) > trades


def test_listeners_of_one_stream_get_the_same_bytes() -> None:
    exchange, clock = make_exchange()
    first, second = Listener(exchange), Listener(exchange)
    first.subscribe("depth.SOL_USDC")
    second.subscribe("depth.SOL_USDC")
    run(exchange, clock, 3)
    assert first.frames
    assert all(one is other for one, other in zip(first.frames, second.frames, strict=True))


def test_book_tickers_follow_the_best_prices() -> None:
    exchange, clock = make_exchange()
    listener = Listener(exchange)
    listener.subscribe("bookTicker.SOL_USDC_PERP")
    for _ in range(100):
        run(exchange, clock, 0.1)
    events = listener.data("bookTicker.SOL_USDC_PERP")
    assert len(events) > 20
    bid, ask = exchange.venue.best(next(s for s in exchange.symbols if s == "SOL_USDC_PERP"))
    assert (Decimal(str(events[-1]["b"])), Decimal(str(events[-1]["a"]))) == (bid, ask)
    assert all(Decimal(str(event["b"])) < Decimal(str(event["a"])) for event in events)
    assert isinstance(events[0]["u"], int)
