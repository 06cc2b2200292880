"""Public streams: what the venue does, said to those who listen, at the rates of PROTOCOL 3.3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from bpx_tui.model.ids import Symbol
from bpx_tui.simulator.domain.events import BookChanged, LevelChange, LiquidationPrinted, MarkChanged, TradePrinted
from bpx_tui.simulator.domain.venue import Venue
from bpx_tui.simulator.faults import Faults
from bpx_tui.simulator.history.buckets import bucket_end, bucket_start
from bpx_tui.simulator.history.memory import MarketMemory
from bpx_tui.simulator.history.units import plain
from bpx_tui.simulator.streams.frames import (
    book_ticker_payload,
    depth_payload,
    envelope,
    fixed,
    kline_payload,
    trade_payload,
)
from bpx_tui.simulator.streams.hub import Channel, Hub
from bpx_tui.simulator.streams.names import StreamKind

_MERGE_EVERY = 64
"""One realtime depth event in so many waits for the next one and goes out with it (U < u), as real ones do."""


@dataclass(slots=True)
class _Gathered:
    """Changes of one book since an aggregated stream last spoke."""

    first_id: int = 0
    last_id: int = 0
    time_us: int = 0
    bids: dict[Decimal, Decimal] = field(default_factory=dict)
    asks: dict[Decimal, Decimal] = field(default_factory=dict)

    def add(self, change: BookChanged) -> None:
        if not self.first_id:
            self.first_id = change.first_id
        self.last_id, self.time_us = change.last_id, change.time_us
        self.bids.update(change.bids)
        self.asks.update(change.asks)

    def taken(self, symbol: Symbol) -> BookChanged:
        """All of it as one event, levels ascending."""
        return BookChanged(
            symbol,
            tuple(sorted(self.bids.items())),
            tuple(sorted(self.asks.items())),
            self.first_id,
            self.last_id,
            self.time_us,
        )


class PublicStreams:
    """Turns venue events into frames. `finish` after each batch sends what depends on the state afterwards."""

    def __init__(self, venue: Venue, hub: Hub, memories: Mapping[Symbol, MarketMemory], faults: Faults) -> None:
        self._venue = venue
        self._faults = faults
        self._hub = hub
        self._memories = memories
        self._gathered: dict[str, _Gathered] = {}
        self._waiting: dict[Symbol, BookChanged] = {}
        self._moved: dict[Symbol, BookChanged] = {}
        self._best: dict[Symbol, tuple[LevelChange | None, LevelChange | None]] = {}
        self._kline_said: dict[str, tuple[int, int]] = {}

    # ---- as it happens

    def book_changed(self, change: BookChanged, now_us: int) -> None:
        symbol = change.symbol
        if self._hub.channel(f"bookTicker.{symbol}") is not None:
            self._moved[symbol] = change
        for speed in ("200ms", "600ms", "1000ms"):
            stream = f"depth.{speed}.{symbol}"
            if self._hub.channel(stream) is not None:
                self._gathered.setdefault(stream, _Gathered()).add(change)
        if self._hub.channel(f"depth.{symbol}") is None:
            return
        if waiting := self._waiting.pop(symbol, None):
            change = _merged(waiting, change)
        if change.last_id % _MERGE_EVERY == 0 or self._faults.hit("aggregate", now_us, stream=f"depth.{symbol}"):
            self._waiting[symbol] = change
            return
        self._say_depth(change, now_us)

    def _say_depth(self, change: BookChanged, now_us: int) -> None:
        channel = self._hub.channel(f"depth.{change.symbol}")
        if channel is not None:
            units = self._memories[change.symbol].units
            self._hub.send(channel, depth_payload(channel.name.text, change, units, now_us), now_us)

    def trade_printed(self, trade: TradePrinted, now_us: int) -> None:
        channel = self._hub.channel(f"trade.{trade.symbol}")
        if channel is not None:
            units = self._memories[trade.symbol].units
            self._hub.send(channel, trade_payload(channel.name.text, trade, units, now_us), now_us)

    def mark_changed(self, mark: MarkChanged, now_us: int) -> None:
        channel = self._hub.channel(f"markPrice.{mark.symbol}")
        if channel is None:
            return
        data: dict[str, object] = {
            "e": "markPrice",
            "E": now_us,
            "T": mark.time_us,
            "s": mark.symbol,
            "p": plain(mark.mark),
        }
        if mark.index is not None:
            data["i"] = plain(mark.index)
        if mark.funding_rate is not None:
            data["f"] = plain(mark.funding_rate)
        if mark.next_funding_us is not None:
            data["n"] = mark.next_funding_us // 1000
        self._hub.send(channel, envelope(channel.name.text, data), now_us)

    def liquidation_printed(self, event: LiquidationPrinted, now_us: int) -> None:
        channel = self._hub.channel("liquidation")
        if channel is None:
            return
        units = self._memories[event.symbol].units
        data = {
            "e": "liquidation",
            "E": now_us,
            "T": event.time_us,
            "s": event.symbol,
            "S": event.side,
            "p": fixed(event.price, units.tick),
            "q": plain(event.quantity),
        }
        self._hub.send(channel, envelope(channel.name.text, data), now_us)

    def finish(self, now_us: int) -> None:
        """End of a batch: held depth events go out, and best prices where they moved."""
        for change in self._waiting.values():
            self._say_depth(change, now_us)
        self._waiting.clear()
        for symbol, change in self._moved.items():
            self._say_best(symbol, change, now_us)
        self._moved.clear()

    def _say_best(self, symbol: Symbol, change: BookChanged, now_us: int) -> None:
        channel = self._hub.channel(f"bookTicker.{symbol}")
        depth = self._venue.depth(symbol, 1)
        best = (depth.bids[0] if depth.bids else None, depth.asks[0] if depth.asks else None)
        if channel is None or best == self._best.get(symbol):
            return
        self._best[symbol] = best
        payload = book_ticker_payload(
            channel.name.text,
            symbol,
            *best,
            units=self._memories[symbol].units,
            update_id=depth.last_update_id,
            time_us=change.time_us,
            now_us=now_us,
        )
        self._hub.send(channel, payload, now_us)

    # ---- by the clock

    def say_gathered(self, speed_ms: int, now_us: int) -> None:
        """Aggregated depth; silent where nothing happened since the last time."""
        for channel in self._hub.channels(StreamKind.DEPTH):
            name = channel.name
            if name.speed_ms != speed_ms or name.symbol is None:
                continue
            gathered = self._gathered.pop(name.text, None)
            if gathered is not None:
                change, units = gathered.taken(name.symbol), self._memories[name.symbol].units
                sent_us = max(now_us, change.time_us + 1)
                self._hub.send(channel, depth_payload(name.text, change, units, sent_us), now_us)

    def say_tickers(self, now_us: int) -> None:
        """Rolling day of every market that is listened to; once a second."""
        for channel in self._hub.channels(StreamKind.TICKER):
            assert channel.name.symbol is not None
            memory = self._memories[channel.name.symbol]
            day = memory.statistics(now_us // 1_000_000)
            if day is None:
                continue
            tick = memory.units.tick
            data = {
                "e": "ticker",
                "E": now_us,
                "s": channel.name.symbol,
                "o": fixed(day.first, tick),
                "c": fixed(day.last, tick),
                "h": fixed(day.high, tick),
                "l": fixed(day.low, tick),
                "v": plain(day.volume),
                "V": plain(day.quote_volume),
                "n": day.trades,
            }
            self._hub.send(channel, envelope(channel.name.text, data), now_us)

    def say_open_interest(self, now_us: int) -> None:
        """Once a minute."""
        for channel in self._hub.channels(StreamKind.OPEN_INTEREST):
            assert channel.name.symbol is not None
            interest = self._venue.open_interest(channel.name.symbol)
            data = {"e": "openInterest", "E": now_us, "s": channel.name.symbol, "o": plain(interest)}
            self._hub.send(channel, envelope(channel.name.text, data), now_us)

    def say_klines(self, now_us: int) -> None:
        """Open candles that changed, at most once a second, and each one once more when it is over."""
        for channel in self._hub.channels(StreamKind.KLINE):
            self._say_kline(channel, now_us)

    def _say_kline(self, channel: Channel, now_us: int) -> None:
        name = channel.name
        assert name.symbol is not None
        assert name.interval is not None
        memory = self._memories[name.symbol]
        start_s = bucket_start(name.interval, now_us // 1_000_000)
        said_start_s, said_trades = self._kline_said.get(name.text, (start_s, -1))
        while said_start_s < start_s:
            end_s = bucket_end(name.interval, said_start_s)
            over = memory.candles().at(name.interval, said_start_s)
            payload = kline_payload(name.text, name.symbol, over, end_s, units=memory.units, closed=True, now_us=now_us)
            self._hub.send(channel, payload, now_us)
            said_start_s, said_trades = end_s, 0
        candle = memory.candles().at(name.interval, start_s)
        if candle.trades != said_trades:
            end_s = bucket_end(name.interval, start_s)
            payload = kline_payload(
                name.text, name.symbol, candle, end_s, units=memory.units, closed=False, now_us=now_us
            )
            self._hub.send(channel, payload, now_us)
        self._kline_said[name.text] = (start_s, candle.trades)

    def forget(self, stream: str) -> None:
        """A stream lost its last listener."""
        self._kline_said.pop(stream, None)
        self._gathered.pop(stream, None)


def _merged(first: BookChanged, second: BookChanged) -> BookChanged:
    gathered = _Gathered()
    gathered.add(first)
    gathered.add(second)
    return gathered.taken(second.symbol)
