"""Decoders for public market data over REST. Units and traps: PROTOCOL 1, 4 and 6.1."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from bpx_tui.errors import UnreadableReply
from bpx_tui.exchange.fields import (
    InexactNumber,
    Record,
    as_list,
    as_record,
    asset,
    decimal,
    decode_json,
    flag,
    integer,
    micros,
    needed_flag,
    optional_decimal,
    optional_integer,
    optional_text,
    symbol,
    text,
    to_decimal,
    to_integer,
    to_micros_of_any_unit,
    word,
)
from bpx_tui.exchange.wire_rest import Rows, decode_rows
from bpx_tui.model.enums import MarketKind, Side, TradingState
from bpx_tui.model.ids import Symbol
from bpx_tui.model.market import ExchangeStatus, MarginFunction, Market
from bpx_tui.model.numbers import plain
from bpx_tui.model.quotes import Candle, DepthSnapshot, FundingRate, MarkPrice, OpenInterest, Ticker, Trade

_LEVEL_TEXT = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,20})?", re.ASCII)


def market(record: Record) -> Market:
    filters = as_record(record.get("filters"), "filters")
    price = as_record(filters.get("price"), "a price filter")
    quantity = as_record(filters.get("quantity"), "a quantity filter")
    band = as_record(price.get("meanMarkPriceBand") or {})
    premium = as_record(price.get("meanPremiumBand") or {})
    tick_size, step_size = decimal(price, "tickSize"), decimal(quantity, "stepSize")
    if tick_size <= 0 or step_size <= 0:
        raise UnreadableReply("A tick or step size is not positive.")
    return Market(
        symbol=symbol(record),
        base=asset(record, "baseSymbol"),
        quote=asset(record, "quoteSymbol"),
        kind=word(record, "marketType", MarketKind),
        tick_size=tick_size,
        step_size=step_size,
        min_price=decimal(price, "minPrice"),
        min_quantity=decimal(quantity, "minQuantity"),
        max_price=optional_decimal(price, "maxPrice"),
        max_quantity=optional_decimal(quantity, "maxQuantity"),
        max_multiplier=optional_decimal(price, "maxMultiplier"),
        min_multiplier=optional_decimal(price, "minMultiplier"),
        max_impact_multiplier=optional_decimal(price, "maxImpactMultiplier"),
        min_impact_multiplier=optional_decimal(price, "minImpactMultiplier"),
        mark_band_max_multiplier=optional_decimal(band, "maxMultiplier"),
        mark_band_min_multiplier=optional_decimal(band, "minMultiplier"),
        premium_tolerance=optional_decimal(premium, "tolerancePct"),
        imf_function=_optional_margin_function(record, "imfFunction"),
        mmf_function=_optional_margin_function(record, "mmfFunction"),
        funding_interval_ms=optional_integer(record, "fundingInterval"),
        funding_rate_upper_bps=optional_decimal(record, "fundingRateUpperBound"),
        funding_rate_lower_bps=optional_decimal(record, "fundingRateLowerBound"),
        open_interest_limit=optional_decimal(record, "openInterestLimit"),
        trading_state=word(record, "orderBookState", TradingState),
        visible=flag(record, "visible", default=True),
    )


def _optional_margin_function(record: Record, key: str) -> MarginFunction | None:
    return None if record.get(key) is None else margin_function(record, key)


def margin_function(record: Record, key: str) -> MarginFunction | None:
    """`None` where it has a shape that is not known: a guess would be a wrong margin."""
    function = as_record(record.get(key), key)
    if function.get("type") != "sqrt":
        return None
    return MarginFunction(decimal(function, "base"), decimal(function, "factor"))


def ticker(record: Record) -> Ticker:
    return Ticker(
        symbol=symbol(record),
        first=decimal(record, "firstPrice"),
        last=decimal(record, "lastPrice"),
        high=decimal(record, "high"),
        low=decimal(record, "low"),
        volume=decimal(record, "volume"),
        quote_volume=decimal(record, "quoteVolume"),
        trades=integer(record, "trades"),
    )


def mark_price(record: Record) -> MarkPrice:
    return MarkPrice(
        symbol=symbol(record),
        mark=decimal(record, "markPrice"),
        index=optional_decimal(record, "indexPrice"),
        funding_rate=optional_decimal(record, "fundingRate"),
        next_funding_ms=optional_integer(record, "nextFundingTimestamp"),
    )


def open_interest(record: Record) -> OpenInterest:
    return OpenInterest(
        symbol=symbol(record),
        quantity=optional_decimal(record, "openInterest"),
        event_time_us=integer(record, "timestamp") * 1_000,
    )


def funding_rate(record: Record) -> FundingRate:
    return FundingRate(
        symbol=symbol(record),
        rate=decimal(record, "fundingRate"),
        interval_end_us=micros(record, "intervalEndTimestamp"),
    )


def status(record: Record) -> ExchangeStatus:
    return ExchangeStatus(text(record, "status"), optional_text(record, "message", 200) or "")


def trade_of(market_symbol: Symbol) -> Callable[[Record], Trade]:
    """A decoder for the public trades of one market: the rows do not name it."""

    def trade(record: Record) -> Trade:
        return Trade(
            symbol=market_symbol,
            price=decimal(record, "price"),
            quantity=decimal(record, "quantity"),
            aggressor=Side.ASK if needed_flag(record, "isBuyerMaker") else Side.BID,
            time_us=integer(record, "timestamp") * 1_000,
            trade_id=optional_integer(record, "id"),
        )

    return trade


def candle_at(now_ms: int) -> Callable[[Record], Candle]:
    """A decoder for klines read at that exchange time: a bucket that has not ended by then is open."""

    def candle(record: Record) -> Candle:
        start_s = to_micros_of_any_unit(record.get("start"), "start") // 1_000_000
        end_s = to_micros_of_any_unit(record.get("end"), "end") // 1_000_000
        if end_s <= start_s:
            raise UnreadableReply("A candle ends before it starts.")
        return Candle(
            start_s=start_s,
            end_s=end_s,
            open=optional_decimal(record, "open"),
            high=optional_decimal(record, "high"),
            low=optional_decimal(record, "low"),
            close=optional_decimal(record, "close"),
            volume=decimal(record, "volume"),
            trades=integer(record, "trades"),
            closed=end_s * 1_000 <= now_ms,
            quote_volume=optional_decimal(record, "quoteVolume"),
        )

    return candle


def decode_candles(raw: bytes, now_ms: int, age_seconds: int = 0) -> Rows[Candle]:
    """Klines, oldest first whatever order they arrive in."""
    rows = decode_rows(raw, candle_at(now_ms), age_seconds)
    return Rows(sorted(rows, key=lambda row: row.start_s), rows.unreadable, age_seconds)


def decode_trades(raw: bytes, market_symbol: Symbol, age_seconds: int = 0) -> Rows[Trade]:
    """Public trades, newest first whatever order they arrive in; equal times keep their order."""
    rows = decode_rows(raw, trade_of(market_symbol), age_seconds)
    return Rows(sorted(rows, key=lambda row: -row.time_us), rows.unreadable, age_seconds)


def decode_depth(raw: bytes, market_symbol: Symbol) -> DepthSnapshot:
    """A whole book. One unreadable level makes the book unreadable: a book with a hole is a wrong book."""

    def build(parsed: object) -> DepthSnapshot:
        record = as_record(parsed)
        return DepthSnapshot(
            symbol=market_symbol,
            last_id=integer(record, "lastUpdateId"),
            bids=_levels(record, "bids"),
            asks=_levels(record, "asks"),
            engine_time_us=integer(record, "timestamp"),
        )

    return decode_json(raw, build)


def _levels(record: Record, key: str) -> list[list[str]]:
    levels: list[list[str]] = []
    for pair in as_list(record.get(key), key):
        if not isinstance(pair, list) or len(pair) != 2:
            raise UnreadableReply(f"A level of {key} is not a pair of price and quantity.")
        levels.append([_level_text(pair[0], key), _level_text(pair[1], key)])
    return levels


def _level_text(value: object, key: str) -> str:
    if isinstance(value, str):
        if _LEVEL_TEXT.fullmatch(value) is None:
            raise UnreadableReply(f"A level of {key} is not a price and a quantity.")
        return value
    if isinstance(value, float):
        raise InexactNumber(key)
    return _level_text(plain(to_decimal(value, key)), key)


def decode_time_ms(raw: bytes) -> int:
    """The exchange's clock: 13 digits of plain text."""
    return to_integer(raw.decode("ascii", "replace").strip(), "the exchange's time")


def require_pong(raw: bytes) -> None:
    """The answer to a ping, in plain text.

    Raises:
        UnreadableReply: something else answered.
    """
    if raw.strip() != b"pong":
        raise UnreadableReply("A ping was not answered with pong.")


def max_order_quantity(record: Record) -> Decimal:
    return decimal(record, "maxOrderQuantity")
