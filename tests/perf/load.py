"""The load of 1,000 frames a second on one market: the whole program against a loop that only reads the frames.

Side by side in one run, on the same feed, one after the other: `bpx-tui` on a real pseudo terminal of 200x60 (service
and screen, all threads), and a bare aiohttp socket with `orjson.loads` for each frame. Processor time is the kernel's
own count. Prints the share of one core, the resident memory, and the ratio.

Run: .venv/bin/python -m tests.perf.load [--seconds N] [--rate N]
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time

from tests.cli.pseudo_terminal import PseudoTerminal, children_of, processor_seconds
from tests.perf.feed import feed
from tests.perf.recording import SYMBOL

TARGET_CORE_SHARE = 0.20
TARGET_MEGABYTES = 150
WARM_UP_SECONDS = 8

BARE_LOOP = """
import asyncio, sys, aiohttp, orjson
async def run(port, stream):
    async with aiohttp.ClientSession() as session, session.ws_connect(f"ws://127.0.0.1:{port}/") as socket:
        await socket.send_str('{"method":"SUBSCRIBE","params":["%s"]}' % stream)
        async for message in socket:
            orjson.loads(message.data)
asyncio.run(run(*sys.argv[1:]))
"""


def megabytes(pid: int) -> float:
    """Resident memory of a process (Linux)."""
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS:"))


def core_share(pid: int, seconds: float, take: PseudoTerminal | None) -> float:
    """The part of one core that a process uses over that time; its terminal is read meanwhile."""
    before, began = processor_seconds(pid), time.monotonic()
    while time.monotonic() - began < seconds:
        if take is None:
            time.sleep(0.1)
        else:
            take.read(0.1)
    return (processor_seconds(pid) - before) / (time.monotonic() - began)


def measure_program(port: int, seconds: float) -> tuple[float, float]:
    """Core share and resident megabytes of the screen on the feed."""
    command = [sys.executable, "-m", "bpx_tui", "--symbol", SYMBOL]
    command += ["--rest-url", f"http://127.0.0.1:{port}", "--ws-url", f"ws://127.0.0.1:{port}/"]
    with PseudoTerminal(command) as terminal:
        terminal.wait_for(b"streaming", 30)
        [program] = children_of(terminal.pid)
        core_share(program, WARM_UP_SECONDS, terminal)
        share = core_share(program, seconds, terminal)
        resident = megabytes(program)
        os.kill(terminal.pid, signal.SIGTERM)
        terminal.wait_for_end()
    return share, resident


def measure_bare_loop(port: int, seconds: float) -> float:
    """Core share of reading and parsing alone."""
    command = [sys.executable, "-c", BARE_LOOP, str(port), f"depth.{SYMBOL}"]
    with subprocess.Popen(command) as loop:
        time.sleep(2)
        share = core_share(loop.pid, seconds, None)
        loop.kill()
    return share


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=20)
    options.add_argument("--rate", type=int, default=1_000)
    given = options.parse_args()
    with feed(given.rate, 100_000) as port:
        bare = measure_bare_loop(port, given.seconds)
    with feed(given.rate, 100_000) as port:
        share, resident = measure_program(port, given.seconds)
    print(f"{given.rate} frames a second of one market, {given.seconds:.0f} s")
    print(f"loop that reads and parses   {bare:6.1%} of one core")
    print(f"bpx-tui, service and screen  {share:6.1%} of one core   {share / bare:.1f} x the loop")
    print(f"target                       {TARGET_CORE_SHARE:6.1%}")
    print(f"resident memory              {resident:6.0f} MB (target {TARGET_MEGABYTES})")
    return 0 if share <= TARGET_CORE_SHARE and resident <= TARGET_MEGABYTES else 1


if __name__ == "__main__":
    sys.exit(main())
