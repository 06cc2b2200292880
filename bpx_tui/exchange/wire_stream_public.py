"""Public stream events: the data part of a frame to model values (PROTOCOL 3.4)."""

from __future__ import annotations

from bpx_tui.errors import UnreadableReply
from bpx_tui.exchange import fields
from bpx_tui.exchange.fields import Record
from bpx_tui.exchange.stream_names import StreamName
from bpx_tui.model.enums import KlineInterval, Side
from bpx_tui.model.ids import OrderId, Symbol
from bpx_tui.model.quotes import (
    BookTicker,
    Candle,
    CandleUpdate,
    DepthDelta,
    Levels,
    Liquidation,
    MarkPrice,
    OpenInterest,
    Ticker,
    Trade,
)

PublicEvent = DepthDelta | BookTicker | Trade | CandleUpdate | Ticker | MarkPrice | OpenInterest | Liquidation


def market_of(data: Record, name: StreamName) -> Symbol:
    """The market an event is for: the one in the stream's name, which `s` may repeat but not contradict.

    `s` was seen as something else than text; then the name alone counts.
    """
    if name.symbol is None:
        return fields.symbol(data, "s")
    said = data.get("s")
    if isinstance(said, str) and said != name.symbol:
        raise UnreadableReply("s is another market than the stream's.")
    return name.symbol


def depth(data: Record, name: StreamName) -> DepthDelta:
    first_id, last_id = fields.integer(data, "U"), fields.integer(data, "u")
    if first_id > last_id:
        raise UnreadableReply("U is greater than u.")
    return market_of(data, name), first_id, last_id, _levels(data, "b"), _levels(data, "a"), fields.integer(data, "T")


def _levels(data: Record, key: str) -> Levels:
    return [_level(level, key) for level in fields.as_list(data.get(key), f"a list of levels in {key}")]


def _level(level: object, key: str) -> list[str]:
    if not isinstance(level, list) or len(level) != 2:
        raise UnreadableReply(f"A level in {key} is not a pair.")
    return [part if isinstance(part, str) else format(fields.to_decimal(part, key), "f") for part in level]


def book_ticker(data: Record, name: StreamName) -> BookTicker:
    return BookTicker(
        symbol=market_of(data, name),
        bid=fields.optional_decimal(data, "b"),
        bid_quantity=fields.optional_decimal(data, "B"),
        ask=fields.optional_decimal(data, "a"),
        ask_quantity=fields.optional_decimal(data, "A"),
        engine_time_us=fields.integer(data, "T"),
    )


def trade(data: Record, name: StreamName) -> Trade:
    """`m` says that the buyer was resting, so the seller took."""
    if "m" not in data:
        raise UnreadableReply("m is missing.")
    buyer, seller = fields.optional_identifier(data, "b"), fields.optional_identifier(data, "a")
    return Trade(
        symbol=market_of(data, name),
        price=fields.decimal(data, "p"),
        quantity=fields.decimal(data, "q"),
        aggressor=Side.ASK if fields.flag(data, "m") else Side.BID,
        time_us=fields.integer(data, "T"),
        trade_id=fields.optional_integer(data, "t"),
        buyer_order_id=OrderId(buyer) if buyer else None,
        seller_order_id=OrderId(seller) if seller else None,
    )


def kline(data: Record, name: StreamName) -> CandleUpdate:
    """Start and close are ISO times without a zone, in UTC; prices are `null` in a bucket without trades.

    One community client expects the times as integers, so those are read as well.
    """
    candle = Candle(
        start_s=fields.to_micros_of_any_unit(data.get("t"), "t") // 1_000_000,
        end_s=fields.to_micros_of_any_unit(data.get("T"), "T") // 1_000_000,
        open=fields.optional_decimal(data, "o"),
        high=fields.optional_decimal(data, "h"),
        low=fields.optional_decimal(data, "l"),
        close=fields.optional_decimal(data, "c"),
        volume=fields.decimal(data, "v"),
        trades=fields.integer(data, "n"),
        closed=fields.flag(data, "X"),
    )
    if candle.end_s <= candle.start_s:
        raise UnreadableReply("T is not after t.")
    interval = KlineInterval(name.parameter)
    return CandleUpdate(market_of(data, name), interval, candle, fields.integer(data, "E"))


def ticker(data: Record, name: StreamName) -> Ticker:
    return Ticker(
        symbol=market_of(data, name),
        first=fields.decimal(data, "o"),
        last=fields.decimal(data, "c"),
        high=fields.decimal(data, "h"),
        low=fields.decimal(data, "l"),
        volume=fields.decimal(data, "v"),
        quote_volume=fields.decimal(data, "V"),
        trades=fields.integer(data, "n"),
        event_time_us=fields.integer(data, "E"),
    )


def mark_price(data: Record, name: StreamName) -> MarkPrice:
    """Index and funding are left out on prediction markets; `n` is in milliseconds, `T` in microseconds."""
    return MarkPrice(
        symbol=market_of(data, name),
        mark=fields.decimal(data, "p"),
        index=fields.optional_decimal(data, "i"),
        funding_rate=fields.optional_decimal(data, "f"),
        next_funding_ms=fields.optional_integer(data, "n"),
        engine_time_us=fields.optional_integer(data, "T"),
    )


def open_interest(data: Record, name: StreamName) -> OpenInterest:
    return OpenInterest(market_of(data, name), fields.optional_decimal(data, "o"), fields.integer(data, "E"))


def liquidation(data: Record, name: StreamName) -> Liquidation:
    return Liquidation(
        symbol=market_of(data, name),
        side=fields.word(data, "S", Side),
        price=fields.decimal(data, "p"),
        quantity=fields.decimal(data, "q"),
        engine_time_us=fields.integer(data, "T"),
    )
