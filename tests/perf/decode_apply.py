"""Decode and apply: what a depth frame costs from its bytes to a book whose top 25 levels are read every 50 frames.

Side by side in one run, over the same recorded frames (1,000 levels a side, 1 to 20 changes each): `orjson.loads`
alone, our decoder and book, and cryptofeed's decoder and book, driven through its own message handler for the exchange
whose depth events carry the same keys. They take turns every thousand frames, so that whatever else the machine does
slows all of them alike; and every round has a process of its own, because where memory happens to lie moves the ratio
by a tenth. The same frames also go the whole way that they go in the running program, from the socket's callback
through the session to the book that it keeps. All books must end up equal, number for number. Prints the median time of
a frame of each, and the median and the range of the rounds' ratios.

Run: .venv/bin/python -m tests.perf.decode_apply [--frames N] [--rounds N] [--reach LEVELS]
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import multiprocessing
import random
import statistics
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import orjson

from bpx_tui.clock import SystemClock
from bpx_tui.exchange import stream_names
from bpx_tui.exchange.server_clock import ServerClock
from bpx_tui.exchange.stream import StreamClient
from bpx_tui.exchange.wire_stream import decode_named
from bpx_tui.model.book import OrderBook, Seeded
from bpx_tui.model.book_side import Level
from bpx_tui.model.enums import KlineInterval
from bpx_tui.model.ids import Symbol
from bpx_tui.model.quotes import DepthSnapshot
from bpx_tui.model.views import FeedState
from bpx_tui.service.desk import DeskConfig
from bpx_tui.service.intents import DeskBus, Mode
from bpx_tui.service.market_feed import MarketFeed
from bpx_tui.service.session import Session
from tests.fakes.venue import ScriptedSocket, ScriptedVenue
from tests.perf.recording import FRAMES, SYMBOL, Recording, load

TARGET_OVER_ORJSON = 3.0
TARGET_UNDER_CRYPTOFEED = 3.5
READ_EVERY = 50
READ_LEVELS = 25
TURN = 20 * READ_EVERY
LABELS = {
    "orjson": "orjson.loads alone",
    "ours": "decode + apply + read",
    "program": "through the program",
    "cryptofeed": "cryptofeed, the same",
}

Top = tuple[list[Level], list[Level]]


def parse_only(frames: list[bytes]) -> None:
    loads = orjson.loads
    for frame in frames:
        loads(frame)


class OurBook:
    """Our decoder and book, joined as `Session.take` and `BookFeed.on_delta` join them."""

    def __init__(self, recording: Recording) -> None:
        symbol, start = Symbol(SYMBOL), recording.snapshot_id
        self._book = OrderBook(symbol)
        self._book.apply((symbol, start, start, [], [], 0))
        assert self._book.load(DepthSnapshot(symbol, start, recording.bids, recording.asks, 0)) is Seeded.LIVE

    def apply_all(self, frames: list[bytes]) -> None:
        apply = self._book.apply
        for first in range(0, len(frames), READ_EVERY):
            for frame in frames[first : first + READ_EVERY]:
                _, event = decode_named(frame)
                if type(event) is tuple:
                    apply(event)
            self._book.top(READ_LEVELS)

    def top(self) -> Top:
        assert self._book.state is FeedState.LIVE
        assert self._book.gaps == 0
        return self._book.top(READ_LEVELS)


class Program:
    """The program's own way from a frame to its book: counted, proven, routed to the market on screen, timed."""

    def __init__(self, recording: Recording) -> None:
        symbol, start, clock, bus = Symbol(SYMBOL), recording.snapshot_id, SystemClock(), DeskBus()
        server_clock, streams = ServerClock(clock), ScriptedSocket()
        venue = ScriptedVenue(clock, server_clock)
        config = DeskConfig(Mode.DEMO, "http://exchange", "ws://exchange", symbol, KlineInterval.M1, None)
        session = Session(config, bus, venue, streams, clock, server_clock, random.Random(1))
        feed = MarketFeed(symbol, KlineInterval.M1, venue, streams, bus.latest, clock, server_clock, lambda _: ())
        session.market_data._feed = feed  # `watch` would also start the tasks that read by REST
        self._client = StreamClient(
            config.ws_url, None, server_clock, clock, random.Random(1), session.take, session.socket_changed
        )
        self._client.want(stream_names.depth(symbol))
        self._client._subscriptions.take_changes(clock.monotonic())
        self._book = feed.book.book
        self._book.apply((symbol, start, start, [], [], 0))
        assert self._book.load(DepthSnapshot(symbol, start, recording.bids, recording.asks, 0)) is Seeded.LIVE

    def apply_all(self, frames: list[bytes]) -> None:
        take = self._client._on_frame
        for first in range(0, len(frames), READ_EVERY):
            for frame in frames[first : first + READ_EVERY]:
                take(frame)
            self._book.top(READ_LEVELS)

    def top(self) -> Top:
        assert self._client.undecodable == self._book.gaps == 0
        return self._book.top(READ_LEVELS)


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


def timed(work: Callable[[], object]) -> float:
    """Seconds of processor time: what other programs took in between is not counted."""
    started = time.thread_time()
    work()
    return time.thread_time() - started


def play(frame_count: int, reach: float, with_cryptofeed: bool) -> dict[str, float]:
    """One round: microseconds a frame of each."""
    recording = load(frame_count, reach=reach)
    theirs = [in_its_envelope(frame) for frame in recording.frames] if with_cryptofeed else []
    took = {"orjson": 0.0, "ours": 0.0, "program": 0.0, "cryptofeed": 0.0}
    ours, program, feed = OurBook(recording), Program(recording), CryptofeedBook(recording) if theirs else None
    gc.collect()
    with asyncio.Runner() as runner:
        for first in range(0, len(recording.frames), TURN):
            frames, enveloped = recording.frames[first : first + TURN], theirs[first : first + TURN]
            took["orjson"] += timed(lambda: parse_only(frames))  # noqa: B023
            took["ours"] += timed(lambda: ours.apply_all(frames))  # noqa: B023
            took["program"] += timed(lambda: program.apply_all(frames))  # noqa: B023
            if feed is not None:
                took["cryptofeed"] += timed(lambda: runner.run(feed.apply_all(enveloped)))  # noqa: B023
    assert program.top() == ours.top(), "the program keeps another book"
    assert feed is None or feed.top() == ours.top(), "cryptofeed keeps another book"
    return {name: seconds / len(recording.frames) * 1e6 for name, seconds in took.items()}


def measure(recording: Recording, reach: float, rounds: int) -> int:
    try:
        CryptofeedBook(recording)
        missing = ""
    except ImportError as error:
        missing = f"left out: {error} (pip install cryptofeed)"
    one_round = (len(recording.frames), reach, not missing)
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as fresh_process:
        results = fresh_process.starmap(play, [one_round] * rounds, chunksize=1)
    return report(results, missing, recording)


def report(rounds: list[dict[str, float]], missing: str, recording: Recording) -> int:
    mean = sum(map(len, recording.frames)) / len(recording.frames)
    print(f"{len(recording.frames):,} depth frames of {mean:.0f} bytes, {len(rounds)} rounds, exact numbers")
    for name, label in LABELS.items():
        told = missing if name == "cryptofeed" and missing else ""
        print(f"  {label:<22} {told or f'{statistics.median(each[name] for each in rounds):6.2f} us a frame'}")
    over = [each["ours"] / each["orjson"] for each in rounds]
    met = statistics.median(over) <= TARGET_OVER_ORJSON
    print(f"  ours / orjson.loads    {_median_and_range(over)}   (target: at most {TARGET_OVER_ORJSON:g})")
    print(f"  program / orjson.loads {_median_and_range([each['program'] / each['orjson'] for each in rounds])}")
    if not missing:
        under = [each["cryptofeed"] / each["ours"] for each in rounds]
        met = met and statistics.median(under) >= TARGET_UNDER_CRYPTOFEED
        told = f"(target: at least {TARGET_UNDER_CRYPTOFEED:g}; equal books)"
        print(f"  cryptofeed / ours      {_median_and_range(under)}   {told}")
    return 0 if met else 1


def _median_and_range(ratios: list[float]) -> str:
    return f"{statistics.median(ratios):6.2f}   {min(ratios):.2f} to {max(ratios):.2f}"


def main() -> int:
    parser = argparse.ArgumentParser(description="Cost of decoding and applying depth frames.")
    parser.add_argument("--frames", type=int, default=FRAMES)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--reach", type=float, default=60.0, help="mean distance of a change from the touch, in levels")
    arguments = parser.parse_args()
    return measure(load(arguments.frames, reach=arguments.reach), arguments.reach, arguments.rounds)


if __name__ == "__main__":
    raise SystemExit(main())
