"""Runs the benchmarks one after another, each in a fresh process, and says at the end which figures were missed.

Run: .venv/bin/python -m tests.perf [NAME ...]
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def benchmarks() -> list[str]:
    """The modules of this folder that can be run."""
    files = sorted(Path(__file__).parent.glob("[!_]*.py"))
    return [file.stem for file in files if 'if __name__ == "__main__":' in file.read_text()]


def main(wanted: list[str]) -> int:
    known = benchmarks()
    unknown = [name for name in wanted if name not in known]
    if unknown:
        print(f"no benchmark {unknown[0]}; there are: {', '.join(known)}")
        return 2
    missed = []
    for name in wanted or known:
        print(f"\n== {name}", flush=True)
        if subprocess.run([sys.executable, "-m", f"tests.perf.{name}"], check=False).returncode:
            missed.append(name)
    print(f"\nmissed: {', '.join(missed)}" if missed else "\nall figures reached")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
