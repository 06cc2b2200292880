"""The memory of one market: tape, candles and 24 h statistics, from its seeded past on."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from bpx_tui.model.enums import KlineInterval
from bpx_tui.simulator.domain.events import MarkChanged, TradePrinted
from bpx_tui.simulator.history.candles import Candle, CandleBook
from bpx_tui.simulator.history.seeded import Past
from bpx_tui.simulator.history.units import Units

TAPE_LIMIT = 1_500
PRICE_SECONDS = 300
"""Candles of one second kept of mark and index prices, which get one every second."""

DAY_S = 86_400


class PriceKind(StrEnum):
    """Which price a candle is made of; values are the words of `priceType`."""

    LAST = "Last"
    INDEX = "Index"
    MARK = "Mark"


@dataclass(frozen=True, slots=True)
class TapeRow:
    """A public trade as the tape keeps it; `trade_id` is sequential per symbol."""

    trade_id: int
    price: Decimal
    quantity: Decimal
    time_ms: int
    buyer_is_maker: bool


@dataclass(frozen=True, slots=True)
class DayStatistics:
    """Rolling statistics. Prices and volumes exact; `trades` counts."""

    first: Decimal
    last: Decimal
    high: Decimal
    low: Decimal
    volume: Decimal
    quote_volume: Decimal
    trades: int


class MarketMemory:
    """Tape and candles of one market. The seeded past is drawn when it is first needed."""

    def __init__(self, units: Units, draw: Callable[[], Past]) -> None:
        self.units = units
        self._draw = draw
        self._past: Past | None = None
        self._books = {
            PriceKind.LAST: CandleBook(),
            PriceKind.INDEX: CandleBook(seconds_kept=PRICE_SECONDS),
            PriceKind.MARK: CandleBook(seconds_kept=PRICE_SECONDS),
        }
        self._complete: set[PriceKind] = set()
        self._tape: deque[tuple[int, int, int, int, bool]] = deque(maxlen=TAPE_LIMIT)
        """Live trades, oldest first: id, ticks, steps, milliseconds, buyer is maker. Many are kept: small ones."""

        self._first_live_id: int | None = None
        self._closed: dict[int, tuple[tuple[int, int, int], Candle | None]] = {}

    def record(self, trade: TradePrinted) -> None:
        """Remember a live trade."""
        if self._first_live_id is None:
            self._first_live_id = trade.trade_id
        ticks, steps = self.units.ticks(trade.price), self.units.steps(trade.quantity)
        self._tape.append((trade.trade_id, ticks, steps, trade.time_us // 1000, trade.buyer_is_maker))
        self._books[PriceKind.LAST].record(trade.time_us // 1_000_000, ticks, steps)

    def record_mark(self, mark: MarkChanged) -> None:
        """Remember a mark and its index."""
        time_s = mark.time_us // 1_000_000
        self._books[PriceKind.MARK].record(time_s, self.units.ticks(mark.mark), trades=0)
        if mark.index is not None:
            self._books[PriceKind.INDEX].record(time_s, self.units.ticks(mark.index), trades=0)

    def candles(self, kind: PriceKind = PriceKind.LAST) -> CandleBook:
        """Candles of traded, mark or index prices; only traded ones have volume."""
        book = self._books[kind]
        if kind not in self._complete:
            self._complete.add(kind)
            book.prepend(self.past.series, prices_only=kind is not PriceKind.LAST)
        return book

    @property
    def past(self) -> Past:
        if self._past is None:
            self._past = self._draw()
        return self._past

    def trades(self, limit: int, offset: int = 0) -> list[TapeRow]:
        """Trades newest first; the seeded ones are numbered back from the first live one."""
        live = len(self._tape)
        rows = [self._row(*self._tape[live - 1 - index]) for index in range(offset, min(offset + limit, live))]
        first_id = self._first_live_id
        if len(rows) < limit and live < TAPE_LIMIT and first_id is not None:
            skip = max(offset - live, 0)
            past = self.past.trades[skip : skip + limit - len(rows)]
            rows += [
                self._row(first_id - trade.age, trade.price, trade.quantity, trade.time_ms, trade.buyer_is_maker)
                for trade in past
                if first_id - trade.age > 0
            ]
        return rows

    def _row(self, trade_id: int, ticks: int, steps: int, time_ms: int, buyer_is_maker: bool) -> TapeRow:
        return TapeRow(trade_id, self.units.price(ticks), self.units.quantity(steps), time_ms, buyer_is_maker)

    def statistics(self, now_s: int, span_s: int = DAY_S) -> DayStatistics | None:
        """Statistics of the last `span_s` seconds, or `None` when nothing traded in them."""
        interval = KlineInterval.M1 if span_s <= DAY_S else KlineInterval.H1
        candles = self.candles().base(interval)
        if not candles:
            return None
        open_row = candles[-1]
        key = (span_s, now_s // 60, open_row.start_s)
        if span_s not in self._closed or self._closed[span_s][0] != key:
            since_s = now_s - now_s % 60 - span_s
            self._closed[span_s] = (key, _sum(row for row in candles[:-1] if row.start_s >= since_s))
        whole = _sum(part for part in (self._closed[span_s][1], open_row) if part is not None)
        return None if whole is None else self._exact(whole)

    def _exact(self, whole: Candle) -> DayStatistics:
        units = self.units
        return DayStatistics(
            units.price(whole.open),
            units.price(whole.close),
            units.price(whole.high),
            units.price(whole.low),
            units.quantity(whole.volume),
            units.quote(whole.quote_volume),
            whole.trades,
        )


def _sum(rows: Iterable[Candle]) -> Candle | None:
    """All of them in one; those without trades do not count."""
    whole: Candle | None = None
    for row in rows:
        if not row.trades:
            continue
        if whole is None:
            whole = row.copy(0)
        else:
            whole.add(row)
    return whole
