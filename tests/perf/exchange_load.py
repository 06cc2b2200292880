"""The simulated exchange on its busiest day, every public stream of every market read by another process.

Says how many frames a second it sends, what part of one core that takes, how long a frame is on its way from its event
(`E`, when the engine was due to act) to the reader, and whether memory grows. Beside it the bare work: `orjson.dumps`
of the same messages and one socket write per batch. Then the same for a demo: an ordinary day, one market watched.

With `--speed` only the memory is looked at, over so many times the minutes of exchange time.

Run: .venv/bin/python -m tests.perf.exchange_load [--minutes N] [--scenario NAME] [--speed N]
"""

from __future__ import annotations

import argparse
import socket
import statistics
import sys
import threading
import time
from dataclasses import dataclass, field

import orjson

from tests.cli.pseudo_terminal import processor_seconds
from tests.perf.exchange_process import Running, StreamReader, exchange
from tests.perf.load import megabytes

TARGET_FRAMES = 10_000
TARGET_CORE_SHARE = 1.0
TARGET_DELAY_MS = 20.0
TARGET_DEMO_SHARE = 0.30
TARGET_READY_SECONDS = 1.5
TARGET_GROWTH_MB_PER_MINUTE = 0.15
"""Everything remembered lies in memory taken at start: what is left is the book's breath and the allocator's."""
FLAT_FROM_SECONDS = 300.0
"""In shorter runs one step of the allocator looks like growth."""
PARTS = 20
"""Looks at the resident memory in the course of a run."""

WARM_UP_SECONDS = 10.0
PER_MARKET = ("depth", "bookTicker", "trade", "ticker", "markPrice", "openInterest", "kline.1m")
_BUCKET_US, _BUCKETS = 100, 100_000
_BATCH = 80
_SAMPLE = 2_000


@dataclass(slots=True)
class Measured:
    """What one reader saw. Delays are counted in buckets of a tenth of a millisecond."""

    seconds: float = 0.0
    frames: int = 0
    core_share: float = 0.0
    delays: list[int] = field(default_factory=lambda: [0] * _BUCKETS)
    megabytes: list[float] = field(default_factory=list)
    """Resident memory at the end of every part of the run."""
    sample: list[bytes] = field(default_factory=list)

    def delay_ms(self, share: float) -> float:
        """The delay that this share of the frames did not exceed."""
        wanted, seen = share * sum(self.delays), 0
        for bucket, count in enumerate(self.delays):
            seen += count
            if seen >= wanted:
                return (bucket + 1) * _BUCKET_US / 1000
        raise AssertionError("no frame was seen")

    @property
    def growth_per_minute(self) -> float:
        """Slope of the resident memory through its second half, megabytes."""
        half = self.megabytes[len(self.megabytes) // 2 :]
        step_minutes = self.seconds / len(self.megabytes) / 60
        slope = statistics.linear_regression(range(len(half)), half).slope
        return slope / step_minutes


def measure(running: Running, streams: list[str], seconds: float) -> Measured:
    """Read everything for so long; exchange and reader share the machine's monotonic clock."""
    reader, seen = StreamReader(running.port, streams), Measured()
    anchor_us = time.time_ns() // 1000 - time.perf_counter_ns() // 1000
    _read(reader, None, WARM_UP_SECONDS, anchor_us)
    before, began = processor_seconds(running.pid), time.monotonic()
    for _ in range(PARTS):
        _read(reader, seen, seconds / PARTS, anchor_us)
        seen.megabytes.append(megabytes(running.pid))
    seen.seconds = time.monotonic() - began
    seen.core_share = (processor_seconds(running.pid) - before) / seen.seconds
    reader.close()
    return seen


def _read(reader: StreamReader, seen: Measured | None, seconds: float, anchor_us: int) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        payloads = reader.read()
        now_us = anchor_us + time.perf_counter_ns() // 1000
        if seen is None:
            continue
        seen.frames += len(payloads)
        delays = seen.delays
        for payload in payloads:
            at = payload.index(b'"E":') + 4
            delays[min(max(now_us - int(payload[at : at + 16]), 0) // _BUCKET_US, _BUCKETS - 1)] += 1
        if len(seen.sample) < _SAMPLE:
            seen.sample += payloads


def bare_seconds(sample: list[bytes]) -> float:
    """Processor seconds per frame of writing these messages down and out, read by a thread."""
    messages = [orjson.loads(payload) for payload in sample]
    ours, theirs = socket.socketpair()
    draining = threading.Thread(target=_drain, args=(theirs,), daemon=True)
    draining.start()
    started = time.thread_time()
    for first in range(0, len(messages), _BATCH):
        ours.sendall(b"".join([orjson.dumps(message) for message in messages[first : first + _BATCH]]))
    elapsed = time.thread_time() - started
    ours.close()
    draining.join(5)
    return elapsed / len(messages)


def _drain(end: socket.socket) -> None:
    while end.recv(1 << 20):
        pass
    end.close()


def all_streams(running: Running) -> list[str]:
    return [*(f"{kind}.{symbol}" for symbol in running.symbols() for kind in PER_MARKET), "liquidation"]


def memory_is_flat(seen: Measured) -> bool:
    """Print the resident memory; whether it stayed flat through the second half, where the run was long enough."""
    print(f"resident memory     {seen.megabytes[-1]:8.1f} MB,", " ".join(f"{part:.1f}" for part in seen.megabytes))
    print(f"  growth            {seen.growth_per_minute:8.2f} MB/min  target {TARGET_GROWTH_MB_PER_MINUTE}")
    return seen.seconds < FLAT_FROM_SECONDS or seen.growth_per_minute <= TARGET_GROWTH_MB_PER_MINUTE


def load(scenario: str, minutes: float) -> bool:
    """All streams of all markets; whether every figure was reached."""
    with exchange("--scenario", scenario) as running:
        streams = all_streams(running)
        seen = measure(running, streams, minutes * 60)
    rate, bare = seen.frames / seen.seconds, bare_seconds(seen.sample)
    per_frame = seen.core_share * seen.seconds / seen.frames
    print(f"{scenario}, {len(streams)} streams, {seen.seconds:.0f} s")
    print(f"ready after         {running.ready_seconds:8.2f} s      target {TARGET_READY_SECONDS}")
    print(f"frames              {rate:8,.0f} /s     target {TARGET_FRAMES:,}")
    print(f"exchange            {seen.core_share:8.1%} of one core, {per_frame * 1e6:.0f} us a frame")
    print(f"  to the bare work  {per_frame / bare:8.1f} x orjson.dumps and a write ({bare * 1e6:.1f} us)")
    print(f"event to reader     {seen.delay_ms(0.5):8.1f} ms median, {seen.delay_ms(0.99):.1f} p99", end=", ")
    print(f"{seen.delay_ms(0.999):.1f} p99.9, {seen.delay_ms(1):.1f} most, target p99 {TARGET_DELAY_MS:.0f}")
    flat = memory_is_flat(seen)
    return (
        rate >= TARGET_FRAMES
        and seen.core_share <= TARGET_CORE_SHARE
        and seen.delay_ms(0.99) <= TARGET_DELAY_MS
        and flat
        and running.ready_seconds <= TARGET_READY_SECONDS
    )


def fast_motion(scenario: str, minutes: float, speed: float) -> bool:
    """The same in fast motion, for memory over hours of exchange time."""
    with exchange("--scenario", scenario, "--speed", str(speed)) as running:
        seen = measure(running, all_streams(running), minutes * 60)
    print(f"{scenario} at {speed:g} times its pace, {seen.seconds * speed / 3600:.1f} hours of exchange time")
    print(f"frames              {seen.frames / seen.seconds:8,.0f} /s")
    return memory_is_flat(seen)


def demo(seconds: float) -> bool:
    """What a newcomer's demo costs beside the screen."""
    symbol = "SOL_USDC_PERP"
    with exchange() as running:
        seen = measure(running, [f"{kind}.{symbol}" for kind in PER_MARKET], seconds)
    print(f"\nan ordinary day, one market watched, {seen.seconds:.0f} s")
    print(f"frames              {seen.frames / seen.seconds:8,.0f} /s")
    print(f"exchange            {seen.core_share:8.1%} of one core, target {TARGET_DEMO_SHARE:.0%}")
    print(f"event to reader     {seen.delay_ms(0.5):8.1f} ms median, {seen.delay_ms(0.99):.1f} p99")
    return seen.core_share <= TARGET_DEMO_SHARE


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--minutes", type=float, default=0.5)
    parser.add_argument("--scenario", default="busy")
    parser.add_argument("--speed", type=float, default=1)
    given = parser.parse_args()
    if given.speed != 1:
        return 0 if fast_motion(given.scenario, given.minutes, given.speed) else 1
    reached = load(given.scenario, given.minutes)
    return 0 if demo(20) and reached else 1


if __name__ == "__main__":
    sys.exit(main())
