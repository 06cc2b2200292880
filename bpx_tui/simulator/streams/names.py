"""Stream names and what they mean (PROTOCOL 3.3)."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from enum import StrEnum

from bpx_tui.model.enums import KlineInterval
from bpx_tui.model.ids import Symbol


class StreamKind(StrEnum):
    BOOK_TICKER = "bookTicker"
    DEPTH = "depth"
    KLINE = "kline"
    LIQUIDATION = "liquidation"
    MARK_PRICE = "markPrice"
    OPEN_INTEREST = "openInterest"
    TICKER = "ticker"
    TRADE = "trade"
    ORDER_UPDATE = "account.orderUpdate"
    POSITION_UPDATE = "account.positionUpdate"
    RFQ_UPDATE = "account.rfqUpdate"


PRIVATE = frozenset({StreamKind.ORDER_UPDATE, StreamKind.POSITION_UPDATE, StreamKind.RFQ_UPDATE})
UNKNOWN_MARKET, UNKNOWN_STREAM = 4005, 4006
DEPTH_SPEEDS_MS = {"200ms": 200, "600ms": 600, "1000ms": 1000}


class BadStream(Exception):
    """A stream that cannot be subscribed; the code is that of the error frame."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class StreamName:
    """A parsed stream name.

    Attributes:
        symbol: `None` for streams over all markets.
        speed_ms: how often an aggregated depth stream speaks; zero for realtime.
    """

    text: str
    kind: StreamKind
    symbol: Symbol | None = None
    interval: KlineInterval | None = None
    speed_ms: int = 0

    @property
    def is_private(self) -> bool:
        return self.kind in PRIVATE


def parse_stream(text: str, symbols: Container[str]) -> StreamName:
    """Read a stream name. Splits from the left: symbols may contain dots.

    Raises:
        BadStream: 4006 for a name that is no stream, 4005 for a market that does not exist.
    """
    if text == StreamKind.LIQUIDATION:
        return StreamName(text, StreamKind.LIQUIDATION)
    if text.startswith("account."):
        return _private(text, symbols)
    head, _, rest = text.partition(".")
    interval: KlineInterval | None = None
    speed_ms = 0
    if head not in _PUBLIC_WITH_SYMBOL or not rest:
        raise _invalid_stream()
    kind = StreamKind(head)
    if kind is StreamKind.KLINE:
        word, _, rest = rest.partition(".")
        try:
            interval = KlineInterval(word)
        except ValueError:
            raise _invalid_stream() from None
    elif kind is StreamKind.DEPTH:
        word, _, after = rest.partition(".")
        if word in DEPTH_SPEEDS_MS and after:
            speed_ms, rest = DEPTH_SPEEDS_MS[word], after
    return StreamName(text, kind, _symbol(rest, symbols), interval, speed_ms)


def _private(text: str, symbols: Container[str]) -> StreamName:
    for kind in PRIVATE:
        if text == kind:
            return StreamName(text, kind)
        if text.startswith(f"{kind}."):
            return StreamName(text, kind, _symbol(text.removeprefix(f"{kind}."), symbols))
    raise _invalid_stream()


def _symbol(text: str, symbols: Container[str]) -> Symbol:
    if not text:
        raise _invalid_stream()
    if text not in symbols:
        raise BadStream(UNKNOWN_MARKET, "Invalid market")
    return Symbol(text)


def _invalid_stream() -> BadStream:
    return BadStream(UNKNOWN_STREAM, "Invalid stream")


_PUBLIC_WITH_SYMBOL = frozenset(
    kind.value
    for kind in (
        StreamKind.BOOK_TICKER,
        StreamKind.DEPTH,
        StreamKind.KLINE,
        StreamKind.MARK_PRICE,
        StreamKind.OPEN_INTEREST,
        StreamKind.TICKER,
        StreamKind.TRADE,
    )
)
