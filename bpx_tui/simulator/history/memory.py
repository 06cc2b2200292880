"""The memory of one market: tape, candles and 24 h statistics, from its seeded past on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from bpx_tui.model.enums import KlineInterval
from bpx_tui.simulator.domain.events import MarkChanged, TradePrinted
from bpx_tui.simulator.history.candles import Candle, CandleBook
from bpx_tui.simulator.history.columns import Columns
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
    """Tape and candles of one market, in memory taken once. The seeded past is drawn when it is first needed."""

    def __init__(self, units: Units, draw: Callable[[], Past]) -> None:
        """`draw` answers the same past every time: what is kept of it is not what it is made of."""
        self.units = units
        self._draw = draw
        self._books = {PriceKind.LAST: CandleBook()}
        self._complete: set[PriceKind] = set()
        self._tape = Columns(5, TAPE_LIMIT)
        """Live trades: id, ticks, steps, milliseconds, buyer is maker."""

        self._before = Columns(4, 0)
        """Trades of the past, newest first: ticks, steps, milliseconds, buyer is maker."""

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
        self._book(PriceKind.MARK).record(time_s, self.units.ticks(mark.mark))
        if mark.index is not None:
            self._book(PriceKind.INDEX).record(time_s, self.units.ticks(mark.index))

    def _book(self, kind: PriceKind) -> CandleBook:
        book = self._books.get(kind)
        if book is None:
            book = self._books[kind] = CandleBook(traded=False, seconds_kept=PRICE_SECONDS)
        return book

    def candles(self, kind: PriceKind = PriceKind.LAST) -> CandleBook:
        """Candles of traded, mark or index prices; only traded ones have volume."""
        if kind not in self._complete:
            self._complete.add(kind)
            past = self.past
            self._book(kind).prepend(past.series)
            if kind is PriceKind.LAST:
                self._before = _compact(past)
        return self._books[kind]

    @property
    def past(self) -> Past:
        """The seeded past, drawn anew each time: whoever needs more of it than is kept here lets it go again."""
        return self._draw()

    def trades(self, limit: int, offset: int = 0) -> list[TapeRow]:
        """Trades newest first; the seeded ones are numbered back from the first live one."""
        self.candles()
        tape, before, first_id = self._tape, self._before, self._first_live_id
        live = len(tape)
        rows = [self._row(*tape.row(live - 1 - index)) for index in range(offset, min(offset + limit, live))]
        if len(rows) < limit and live < TAPE_LIMIT and first_id is not None:
            skip = max(offset - live, 0)
            rows += [
                self._row(first_id - 1 - age, *before.row(age))
                for age in range(skip, min(skip + limit - len(rows), len(before), first_id - 1))
            ]
        return rows

    def _row(self, trade_id: int, ticks: int, steps: int, time_ms: int, buyer_is_maker: int) -> TapeRow:
        return TapeRow(trade_id, self.units.price(ticks), self.units.quantity(steps), time_ms, bool(buyer_is_maker))

    def statistics(self, now_s: int, span_s: int = DAY_S) -> DayStatistics | None:
        """Statistics of the last `span_s` seconds, or `None` when nothing traded in them."""
        interval = KlineInterval.M1 if span_s <= DAY_S else KlineInterval.H1
        candles = self.candles()
        newest = candles.newest(interval)
        if newest is None:
            return None
        key = (span_s, now_s // 60, newest.start_s)
        if span_s not in self._closed or self._closed[span_s][0] != key:
            self._closed[span_s] = (key, candles.total(interval, now_s - now_s % 60 - span_s))
        over = self._closed[span_s][1]
        if over is None:
            return self._exact(newest)
        whole = over.copy(0)
        whole.add(newest)
        return self._exact(whole)

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


def _compact(past: Past) -> Columns:
    """The trades of the past as rows, newest first."""
    rows = Columns(4, len(past.trades))
    for trade in past.trades:
        rows.append((trade.price, trade.quantity, trade.time_ms, trade.buyer_is_maker))
    return rows
