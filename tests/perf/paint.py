"""What a frame of the order book costs against the same rows in a DataTable, and a candle tick against a full redraw.

Side by side in one app on a real pseudo terminal of 200x60, in processor time, so that what else the machine does
matters little: fifty levels of which ten change, as line-rendered rows and as `DataTable.update_cell`; a chart of
130x40 where the newest candle moves, with and without what it kept from the frame before.

Run: .venv/bin/python -m tests.perf.paint
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from tests.cli.pseudo_terminal import PseudoTerminal, python

TARGET_BOOK_RATIO = 1 / 20
TARGET_TICK_MS = 1.0
LONGEST_SECONDS = 120


def measure() -> dict[str, float]:
    """Milliseconds per frame by candidate."""
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        command = python(f"from tests.perf.paint_apps import main; main({str(result)!r})")
        with PseudoTerminal(command, environ={"COLORTERM": "truecolor"}, size=(200, 60)) as terminal:
            terminal.wait_for_end(LONGEST_SECONDS)
        figures: dict[str, float] = json.loads(result.read_text())
        return figures


def main() -> int:
    figures = measure()
    ladder, table, tick, redraw = (figures[name] for name in ("ladder", "table", "tick", "redraw"))
    ratio = ladder / table
    print(f"book frame, ten of fifty levels change: ladder {ladder:6.2f} ms")
    print(f"                                     DataTable {table:6.2f} ms   ladder is 1/{1 / ratio:.0f} (target 1/20)")
    print(f"candle tick at 130x40:                  cached {tick:6.2f} ms   (target {TARGET_TICK_MS:.0f} ms)")
    print(f"                                    drawn whole {redraw:6.2f} ms   cached is 1/{redraw / tick:.0f}")
    return 0 if ratio <= TARGET_BOOK_RATIO and tick <= TARGET_TICK_MS else 1


if __name__ == "__main__":
    sys.exit(main())
