"""WebSocket frames to model values. Nothing raises out of here: what cannot be read says so, with its stream's name.

Depth frames are nearly all of the traffic, so they are recognised first and built without a call in between; their
levels stay text. Everything else, and every depth frame that is not exactly as documented, takes the tolerant road.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import orjson

from bpx_tui.errors import UnreadableReply
from bpx_tui.exchange import fields, stream_names, wire_stream_account, wire_stream_public
from bpx_tui.exchange.fields import InexactNumber, Record
from bpx_tui.exchange.sanitise import clean
from bpx_tui.exchange.stream_names import StreamName
from bpx_tui.exchange.wire_stream_account import AccountEvent
from bpx_tui.exchange.wire_stream_public import PublicEvent
from bpx_tui.model.enums import KlineInterval
from bpx_tui.model.ids import Symbol


@dataclass(frozen=True, slots=True)
class StreamError:
    """The exchange refused something we sent: 4005 invalid market, 4006 invalid stream. It does not say which."""

    code: int | None
    message: str


@dataclass(frozen=True, slots=True)
class Unrecognised:
    """A whole frame of a kind that this version does not know; `stream` is empty for an acknowledgement."""

    stream: str
    event: str


@dataclass(frozen=True, slots=True)
class Undecodable:
    """A broken frame. `stream` is empty where the frame did not tell. Both texts are safe to show."""

    reason: str
    stream: str = ""


StreamEvent = PublicEvent | AccountEvent | StreamError | Unrecognised | Undecodable

_Builder = Callable[[Record, StreamName], PublicEvent | AccountEvent]

_PUBLIC: dict[str, _Builder] = {
    "depth": wire_stream_public.depth,
    "bookTicker": wire_stream_public.book_ticker,
    "trade": wire_stream_public.trade,
    "kline": wire_stream_public.kline,
    "ticker": wire_stream_public.ticker,
    "markPrice": wire_stream_public.mark_price,
    "openInterest": wire_stream_public.open_interest,
    "liquidation": wire_stream_public.liquidation,
}
_ACCOUNT: dict[str, _Builder] = {
    stream_names.ORDER_UPDATE: wire_stream_account.order_update,
    stream_names.POSITION_UPDATE: wire_stream_account.position_update,
    stream_names.RFQ_UPDATE: wire_stream_account.rfq_update,
}
_INTERVALS = frozenset(KlineInterval)

_MAX_DEPTH_STREAMS = 4_096
_depth_streams: dict[str, Symbol] = {}
"""Names of depth streams that were read the tolerant way once, with their market."""


def decode_frame(raw: bytes | str) -> StreamEvent:
    """One frame of the exchange as a model value; never raises."""
    return decode_named(raw)[1]


def decode_named(raw: bytes | str) -> tuple[str, StreamEvent]:
    """The same, with the name of the stream it came on; empty where the frame did not tell."""
    try:
        frame = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return "", Undecodable("The frame is not readable JSON.")
    try:
        name, data = frame["stream"], frame["data"]
        symbol = _depth_streams[name]
        first_id, last_id, engine_time_us = data["U"], data["u"], data["T"]
        bids, asks = data["b"], data["a"]
        if (
            data["s"] == symbol
            and data["e"] == "depth"
            and type(first_id) is type(last_id) is type(engine_time_us) is int
            and type(bids) is type(asks) is list
            and not (bids and type(bids[0][0]) is not str)
            and not (asks and type(asks[0][0]) is not str)
        ):
            return name, (symbol, first_id, last_id, bids, asks, engine_time_us)
    except (KeyError, TypeError, IndexError):
        pass
    return _decode_tolerantly(frame, raw)


def _decode_tolerantly(frame: object, raw: bytes | str) -> tuple[str, StreamEvent]:
    stream = frame.get("stream") if isinstance(frame, dict) else None
    name = clean(stream, 100) if isinstance(stream, str) else ""
    try:
        try:
            return name, _event(frame)
        except InexactNumber:
            return name, fields.decode_json(raw, _event)
    except UnreadableReply as unreadable:
        return name, Undecodable(str(unreadable), name)


def _event(frame: object) -> StreamEvent:
    record = fields.as_record(frame, "a frame with a stream")
    stream = record.get("stream")
    if stream is None:
        return _message(record)
    if not isinstance(stream, str):
        raise UnreadableReply("stream is not text.")
    name = stream_names.parse(stream)
    if name is None:
        raise UnreadableReply("stream does not end in a market symbol.")
    data = fields.as_record(record.get("data"), "data to be an object")
    event = fields.optional_text(data, "e")
    build = _ACCOUNT.get(name.kind)
    if build is not None:
        return build(data, name)
    build = _PUBLIC.get(name.kind)
    known = build is not None and event in (None, name.kind)
    if build is None or not known or (name.kind == "kline" and name.parameter not in _INTERVALS):
        return Unrecognised(clean(stream, 100), event or "")
    built = build(data, name)
    if isinstance(built, tuple):
        _remember_depth(stream, built[0])
    return built


def _remember_depth(stream: str, symbol: Symbol) -> None:
    if len(_depth_streams) >= _MAX_DEPTH_STREAMS:
        _depth_streams.clear()
    _depth_streams[stream] = symbol


def _message(record: Record) -> StreamError | Unrecognised:
    """A frame without a stream: an error, or an acknowledgement that the exchange does not document."""
    error = record.get("error")
    if isinstance(error, str):
        return StreamError(None, clean(error))
    if error is not None:
        detail = fields.as_record(error, "error to be an object")
        return StreamError(fields.optional_integer(detail, "code"), fields.optional_text(detail, "message", 200) or "")
    if "result" in record or "id" in record:
        return Unrecognised("", "")
    raise UnreadableReply("The frame names no stream.")
