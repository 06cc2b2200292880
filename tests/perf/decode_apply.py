"""Decode and apply: what a depth frame costs from its bytes to a book whose top 25 levels are read every 50 frames.

Side by side in one run, round by round, over the same recorded frames (1,000 levels a side, 1 to 20 changes each):
`orjson.loads` alone, our decoder and book, and cryptofeed's decoder and book, driven through its own message handler
for the exchange whose depth events carry the same keys. Both books must end up equal, number for number. Prints the
median time of a frame of each, and the medians of the rounds' ratios.

Run: .venv/bin/python -m tests.perf.decode_apply [--frames N] [--rounds N] [--reach LEVELS]
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import statistics
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import orjson

from bpx_tui.exchange.wire_stream import decode_named
from bpx_tui.model.book import OrderBook, Seeded
from bpx_tui.model.book_side import Level
from bpx_tui.model.ids import Symbol
from bpx_tui.model.quotes import DepthDelta, DepthSnapshot
from bpx_tui.model.views import FeedState
from tests.perf.recording import FRAMES, SYMBOL, Recording, load

TARGET_OVER_ORJSON = 3.0
TARGET_UNDER_CRYPTOFEED = 3.5
READ_EVERY = 50
READ_LEVELS = 25

Top = tuple[list[Level], list[Level]]


def parse_only(recording: Recording) -> None:
    loads = orjson.loads
    for frame in recording.frames:
        loads(frame)


def decode_and_apply(recording: Recording) -> Top:
    """Our way; gives the top of the book in the end."""
    symbol, start = Symbol(SYMBOL), recording.snapshot_id
    book = OrderBook(symbol)
    book.apply(DepthDelta(symbol, start, start, [], [], 0))
    assert book.load(DepthSnapshot(symbol, start, recording.bids, recording.asks, 0)) is Seeded.LIVE
    apply = book.apply
    for number, frame in enumerate(recording.frames):
        _, event = decode_named(frame)
        if isinstance(event, DepthDelta):
            apply(event)
        if number % READ_EVERY == 0:
            book.top(READ_LEVELS)
    assert book.state is FeedState.LIVE
    assert book.gaps == 0
    return book.top(READ_LEVELS)


class CryptofeedBook:
    """cryptofeed's feed of an exchange with the same depth keys, without its network."""

    def __init__(self, recording: Recording) -> None:
        """Raises ImportError where cryptofeed is not installed."""
        from cryptofeed.defines import L2_BOOK
        from cryptofeed.exchanges import Binance
        from cryptofeed.symbols import Symbols
        from cryptofeed.types import OrderBook as CryptofeedOrderBook

        pair = "SOL-USDC"
        Symbols.set(Binance.id, {pair: "SOLUSDC"}, {"instrument_type": {pair: "spot"}})
        self._reads = 0
        self._feed: Any = Binance(subscription={L2_BOOK: [pair]}, callbacks={L2_BOOK: self._read})
        sides = [{Decimal(price): Decimal(size) for price, size in side} for side in (recording.bids, recording.asks)]
        self._book: Any = CryptofeedOrderBook(Binance.id, pair, bids=sides[0], asks=sides[1])
        self._feed._l2_book[pair] = self._book
        self._feed.last_update_id[pair] = recording.snapshot_id

    async def _read(self, book: Any, received: float) -> None:
        self._reads += 1
        if self._reads % READ_EVERY == 0:
            self.top()

    def top(self) -> Top:
        bids, asks = self._book.book.bids, self._book.book.asks
        levels = range(READ_LEVELS)
        return [bids.index(level) for level in levels], [asks.index(level) for level in levels]

    async def apply_all(self, frames: list[str]) -> None:
        handle = self._feed.message_handler
        for frame in frames:
            await handle(frame, None, 0.0)


def in_its_envelope(frame: bytes) -> str:
    """The same frame under the names that cryptofeed's handler listens to; the data inside is the same text."""
    text = frame.decode().replace(f'"stream":"depth.{SYMBOL}"', '"stream":"solusdc@depth"')
    return text.replace('"e":"depth"', '"e":"depthUpdate"')


def timed(work: Callable[[], object], frames: int) -> float:
    """Microseconds a frame."""
    gc.collect()
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) / frames * 1e6


def measure(recording: Recording, rounds: int) -> int:
    frames = len(recording.frames)
    try:
        CryptofeedBook(recording)
        missing = ""
    except ImportError as error:
        missing = f"left out: {error} (pip install cryptofeed)"
    theirs = [] if missing else [in_its_envelope(frame) for frame in recording.frames]
    results: dict[str, list[float]] = {"orjson": [], "ours": [], "cryptofeed": []}
    for _ in range(rounds):
        results["orjson"].append(timed(lambda: parse_only(recording), frames))
        results["ours"].append(timed(lambda: decode_and_apply(recording), frames))
        if not missing:
            feed = CryptofeedBook(recording)
            results["cryptofeed"].append(timed(lambda: asyncio.run(feed.apply_all(theirs)), frames))  # noqa: B023
            assert feed.top() == decode_and_apply(recording), "the two books differ"
    return report(results, missing, recording)


def report(results: dict[str, list[float]], missing: str, recording: Recording) -> int:
    mean = sum(map(len, recording.frames)) / len(recording.frames)
    print(f"{len(recording.frames):,} depth frames of {mean:.0f} bytes, {len(results['ours'])} rounds, exact numbers")
    labels = {"orjson": "orjson.loads alone", "ours": "decode + apply + read", "cryptofeed": "cryptofeed, the same"}
    for name, label in labels.items():
        told = f"{statistics.median(results[name]):6.2f} us a frame" if results[name] else missing
        print(f"  {label:<22} {told}")
    over = statistics.median(ours / floor for ours, floor in zip(results["ours"], results["orjson"], strict=True))
    met = over <= TARGET_OVER_ORJSON
    print(f"  ours / orjson.loads    {over:6.2f}   (target: at most {TARGET_OVER_ORJSON:g})")
    if results["cryptofeed"]:
        under = statistics.median(
            theirs / ours for theirs, ours in zip(results["cryptofeed"], results["ours"], strict=True)
        )
        met = met and under >= TARGET_UNDER_CRYPTOFEED
        print(f"  cryptofeed / ours      {under:6.2f}   (target: at least {TARGET_UNDER_CRYPTOFEED:g}; equal books)")
    return 0 if met else 1


def main() -> int:
    parser = argparse.ArgumentParser(description="Cost of decoding and applying depth frames.")
    parser.add_argument("--frames", type=int, default=FRAMES)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--reach", type=float, default=60.0, help="mean distance of a change from the touch, in levels")
    arguments = parser.parse_args()
    return measure(load(arguments.frames, reach=arguments.reach), arguments.rounds)


if __name__ == "__main__":
    raise SystemExit(main())
