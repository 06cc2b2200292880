"""Events as the bytes of WebSocket text frames, built once for all who listen.

Keys are in ASCII order and unused fields left out, as recorded; prices and quantities carry the decimals of the
market's tick and step (PROTOCOL 1 and 3.4). Times are microseconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal

import orjson

from bpx_tui.simulator.domain.events import BookChanged, LevelChange, TradePrinted
from bpx_tui.simulator.history.candles import Candle
from bpx_tui.simulator.history.units import Units

_SMALL, _MEDIUM = 126, 1 << 16


def websocket_frame(payload: bytes) -> bytes:
    """One unfragmented, unmasked text frame (RFC 6455, 5.2)."""
    size = len(payload)
    if size < _SMALL:
        return bytes((0x81, size)) + payload
    if size < _MEDIUM:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


def envelope(stream: str, data: Mapping[str, object]) -> bytes:
    """A data frame's payload."""
    return orjson.dumps({"data": data, "stream": stream}, option=orjson.OPT_SORT_KEYS)


def error_payload(code: int, message: str) -> bytes:
    return orjson.dumps({"error": {"code": code, "message": message}, "id": None})


def depth_payload(stream: str, change: BookChanged, units: Units, now_us: int) -> bytes:
    """Levels changed; by far the most frequent frame, so written by hand."""
    return (
        f'{{"data":{{"E":{now_us},"T":{change.time_us},"U":{change.first_id},"a":[{_levels(change.asks, units)}],'
        f'"b":[{_levels(change.bids, units)}],"e":"depth","s":"{change.symbol}","u":{change.last_id}}},'
        f'"stream":"{stream}"}}'
    ).encode()


def _levels(changes: Sequence[LevelChange], units: Units) -> str:
    tick, step = units.tick, units.step
    return ",".join(
        [f'["{format(price.quantize(tick), "f")}","{format(size.quantize(step), "f")}"]' for price, size in changes]
    )


def book_ticker_payload(
    stream: str,
    symbol: str,
    bid: LevelChange | None,
    ask: LevelChange | None,
    *,
    units: Units,
    update_id: int,
    time_us: int,
    now_us: int,
) -> bytes:
    """Best bid and ask; a missing side is null."""
    data: dict[str, object] = {"e": "bookTicker", "E": now_us, "s": symbol, "u": update_id, "T": time_us}
    data["a"], data["A"] = _best(ask, units)
    data["b"], data["B"] = _best(bid, units)
    return envelope(stream, data)


def _best(level: LevelChange | None, units: Units) -> tuple[str | None, str | None]:
    if level is None:
        return None, None
    return fixed(level[0], units.tick), fixed(level[1], units.step)


def trade_payload(stream: str, trade: TradePrinted, units: Units, now_us: int) -> bytes:
    return (
        f'{{"data":{{"E":{now_us},"T":{trade.time_us},"a":"{trade.seller_order_id}","b":"{trade.buyer_order_id}",'
        f'"e":"trade","m":{"true" if trade.buyer_is_maker else "false"},"p":"{fixed(trade.price, units.tick)}",'
        f'"q":"{fixed(trade.quantity, units.step)}","s":"{trade.symbol}","t":{trade.trade_id}}},"stream":"{stream}"}}'
    ).encode()


def kline_payload(
    stream: str, symbol: str, candle: Candle, end_s: int, *, units: Units, closed: bool, now_us: int
) -> bytes:
    """A candle; an empty one has null prices and volume "0" (recorded digits: long tails of zeros)."""
    some = candle.trades > 0
    data = {
        "e": "kline",
        "E": now_us,
        "s": symbol,
        "t": iso_seconds(candle.start_s),
        "T": iso_seconds(end_s),
        "o": _tailed(units.price(candle.open)) if some else None,
        "c": _tailed(units.price(candle.close)) if some else None,
        "h": _tailed(units.price(candle.high)) if some else None,
        "l": _tailed(units.price(candle.low)) if some else None,
        "v": _tailed(units.quantity(candle.volume), 3) if some else "0",
        "n": candle.trades,
        "X": closed,
    }
    return envelope(stream, data)


def _tailed(value: Decimal, zeros: int = 7) -> str:
    """Decimal text with so many zeros behind its own decimals, as recorded."""
    text = format(value, "f")
    return f"{text}{'' if '.' in text else '.'}{'0' * zeros}"


def fixed(value: Decimal, unit: Decimal) -> str:
    """Decimal text with the decimals of `unit`."""
    return format(value.quantize(unit), "f")


def iso_seconds(time_s: int) -> str:
    """ISO time without zone or fraction, as klines carry it."""
    return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%dT%H:%M:%S")
