"""From process start to the first painted frame of `bpx-tui demo`, against the bare imports of its libraries.

Side by side in one run, alternating, medians. The program runs on a real pseudo terminal, and the clock stops when the
terminal has received the mode word of the first frame; the reference is a Python process that only imports. Both begin
with the start of the same interpreter, and the simulated exchange starts beside the program as it does for a user.

The first frame holds the desk's frames and the mode. So that it hides nothing, the same run also says when the whole
desk was painted and when the first book was.

Run: .venv/bin/python -m tests.perf.start [--rounds N]
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys
import time

from tests.cli.pseudo_terminal import PseudoTerminal

TARGET_RATIO = 0.8
LIBRARIES = "textual.app, aiohttp, orjson, nacl.signing"
MARKS = {"paint": b"DEMO", "desk": b"waiting", "book": b"spr "}
"""What the terminal receives first with the first frame, with the whole desk, and with a live book."""


def seconds_to_run(code: str) -> float:
    """Wall time of a Python process that runs `code`, from start to end."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - began


def seconds_to_marks() -> dict[str, float]:
    """Wall times from the start of `bpx-tui demo` until each of `MARKS` is on the terminal."""
    began = time.perf_counter()
    took: dict[str, float] = {}
    with PseudoTerminal([sys.executable, "-m", "bpx_tui", "demo"]) as terminal:
        for name, mark in MARKS.items():
            terminal.wait_for(mark, 30)
            took[name] = time.perf_counter() - began
        os.kill(terminal.pid, signal.SIGTERM)
        terminal.wait_for_end()
    return took


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=10)
    rounds = options.parse_args().rounds
    samples: dict[str, list[float]] = {name: [] for name in ("bare", "imports", *MARKS)}
    seconds_to_run(f"import {LIBRARIES}")  # once for the disk cache
    seconds_to_marks()
    for _ in range(rounds):
        samples["bare"].append(seconds_to_run("pass"))
        samples["imports"].append(seconds_to_run(f"import {LIBRARIES}"))
        for name, seconds in seconds_to_marks().items():
            samples[name].append(seconds)
    bare, imports, paint = (statistics.median(samples[name]) * 1000 for name in ("bare", "imports", "paint"))
    desk, book = (statistics.median(samples[name]) * 1000 for name in ("desk", "book"))
    ratio = paint / imports
    print(f"bare interpreter                     {bare:6.0f} ms")
    print(f"process that imports the libraries   {imports:6.0f} ms   ({LIBRARIES})")
    print(f"`bpx-tui demo` to its first frame    {paint:6.0f} ms   {ratio:.2f} x the imports (target {TARGET_RATIO})")
    print(f"the same without the bare interpreter         {(paint - bare) / (imports - bare):.2f} x")
    print(f"to the whole desk                    {desk:6.0f} ms   {desk / imports:.2f} x")
    print(f"to the first live book               {book:6.0f} ms   {book / imports:.2f} x")
    return 0 if ratio <= TARGET_RATIO else 1


if __name__ == "__main__":
    sys.exit(main())
