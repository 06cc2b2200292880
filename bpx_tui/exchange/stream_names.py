"""Names of the exchange's streams: how they are written, and how they are taken apart again."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bpx_tui.model.enums import KlineInterval
from bpx_tui.model.ids import Symbol, is_symbol

LIQUIDATION = "liquidation"
ORDER_UPDATE = "account.orderUpdate"
POSITION_UPDATE = "account.positionUpdate"
RFQ_UPDATE = "account.rfqUpdate"

_AGGREGATION = re.compile(r"[0-9]{1,6}ms", re.ASCII)


def depth(symbol: Symbol, aggregation: str | None = None) -> str:
    """Levels as they change, or collected over `200ms`, `600ms` or `1000ms`."""
    return f"depth.{aggregation}.{symbol}" if aggregation else f"depth.{symbol}"


def trades(symbol: Symbol) -> str:
    return f"trade.{symbol}"


def book_ticker(symbol: Symbol) -> str:
    return f"bookTicker.{symbol}"


def kline(symbol: Symbol, interval: KlineInterval) -> str:
    return f"kline.{interval}.{symbol}"


def ticker(symbol: Symbol) -> str:
    """Rolling 24 h figures, once a second even when nothing changes: a sign of life of its market."""
    return f"ticker.{symbol}"


def mark_price(symbol: Symbol) -> str:
    """Mark, index and funding, once a second even when nothing changes: a sign of life of its market."""
    return f"markPrice.{symbol}"


def open_interest(symbol: Symbol) -> str:
    return f"openInterest.{symbol}"


def is_private(stream: str) -> bool:
    """Whether subscribing to it takes a signature."""
    return stream.startswith("account.")


@dataclass(frozen=True, slots=True)
class StreamName:
    """A name taken apart. `kind` is `depth`, `trade`, `account.orderUpdate`, ...; `parameter` an interval or period."""

    kind: str
    symbol: Symbol | None = None
    parameter: str = ""


def parse(name: str) -> StreamName | None:
    """The parts of a stream's name, split from the left because symbols may hold dots; `None` if it is not one."""
    kind, _, rest = name.partition(".")
    parameter = ""
    if kind == "account":
        event, _, rest = rest.partition(".")
        kind = f"account.{event}"
    elif kind == "kline" or (kind == "depth" and _AGGREGATION.fullmatch(rest.partition(".")[0])):
        parameter, _, rest = rest.partition(".")
    if rest and not is_symbol(rest):
        return None
    return StreamName(kind, Symbol(rest) if rest else None, parameter)
