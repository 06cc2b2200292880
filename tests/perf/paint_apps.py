"""The apps that `tests.perf.paint` measures: the ladder beside a DataTable of the same rows, and the chart.

Run in a pseudo terminal by calling `main(result_file)`; figures go to that file as JSON, in milliseconds of processor
time per frame, idle cost subtracted. Frames of the candidates alternate in short rounds.
"""

from __future__ import annotations

import asyncio
import gc
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from rich.text import Text
from textual.app import App, ComposeResult
from textual.widget import Widget
from textual.widgets import DataTable

from bpx_tui.model.enums import KlineInterval
from bpx_tui.model.views import BookLevel, BookView
from bpx_tui.service.intents import DeskBus
from bpx_tui.ui.formatting import fixed
from bpx_tui.ui.widgets.chart import Chart
from bpx_tui.ui.widgets.ladder import Ladder
from tests.fakes.clock import ManualClock
from tests.ui.market_samples import SOL, book_view, desk_bus, levels, put_book, put_candles, walk

ROWS_A_SIDE = 25
CHANGED = 5
"""Levels that change on each side of the book, the deepest ones: a sum over them changes no other row."""

FRAME_SECONDS = 0.03
ROUND_FRAMES = 12
ROUNDS = 8

Step = Callable[[int], None]


class Candidate(NamedTuple):
    """One way to paint: `show` puts it alone on the screen, `step` makes frame number N."""

    show: Callable[[], object]
    step: Step


async def cost_per_frame(candidates: dict[str, Candidate]) -> dict[str, float]:
    """Median processor milliseconds of one frame of each candidate, over the same loop doing nothing."""
    samples: dict[str, list[float]] = {name: [] for name in candidates}
    for round_number in range(ROUNDS + 1):
        for name, (show, step) in candidates.items():
            show()
            await asyncio.sleep(FRAME_SECONDS * 5)
            idle = await _processor_seconds(lambda _: None, 0)
            busy = await _processor_seconds(step, round_number * ROUND_FRAMES)
            if round_number:  # the first round warms caches
                samples[name].append((busy - idle) / ROUND_FRAMES * 1000)
    return {name: statistics.median(values) for name, values in samples.items()}


async def _processor_seconds(step: Step, first: int) -> float:
    began = time.process_time()
    for frame in range(first, first + ROUND_FRAMES):
        step(frame)
        await asyncio.sleep(FRAME_SECONDS)
    return time.process_time() - began


class Measured(App[None]):
    """An app that measures itself once its first frame is out, and exits."""

    results: dict[str, float]

    def on_mount(self) -> None:
        self.results = {}
        self.set_timer(0.5, self._start)

    def _start(self) -> None:
        self.run_worker(self._run())

    async def _run(self) -> None:
        gc.collect()
        gc.freeze()
        self.results = await cost_per_frame(self.candidates())
        self.exit()

    def candidates(self) -> dict[str, Candidate]:
        raise NotImplementedError


class Still(Ladder):
    """A ladder whose own frame timer stays off: frames are counted by the benchmark."""

    frames_per_second = 0.001


class StillChart(Chart):
    """The same for the chart."""

    frames_per_second = 0.001


class BookApp(Measured):
    """Ladder and DataTable in the same place, 60 columns by 53 rows, the same fifty levels, one shown at a time."""

    CSS = "Ladder, DataTable { width: 60; height: 53; } DataTable { scrollbar-size: 0 0; }"

    def __init__(self) -> None:
        super().__init__()
        self.bus: DeskBus = desk_bus()
        self.pictures = [self._picture(shift) for shift in range(2)]
        put_book(self.bus, self.pictures[0])
        self.ladder = Still(self.bus, SOL.symbol, market=SOL, clock=ManualClock())
        self.table: DataTable[Text] = DataTable(show_header=True, cursor_type="none")

    @staticmethod
    def _picture(shift: int) -> BookView:
        quantities = [str(10 + (shift if index >= ROWS_A_SIDE - CHANGED else 0)) for index in range(ROWS_A_SIDE)]
        return book_view(bids=levels("187.41", "-0.01", quantities), asks=levels("187.42", "0.01", quantities))

    def compose(self) -> ComposeResult:
        yield self.ladder
        yield self.table

    def on_mount(self) -> None:
        for name, width in (("price", 10), ("quantity", 12), ("total", 12), ("depth", 16)):
            self.table.add_column(name, key=name, width=width)
        for key, level in self._table_rows(self.pictures[0]):
            self.table.add_row(*self._texts(level).values(), key=key)

    @staticmethod
    def _table_rows(view: BookView) -> list[tuple[str, BookLevel]]:
        asks = [(f"a{index}", level) for index, level in enumerate(view.asks)]
        return [*reversed(asks), *((f"b{index}", level) for index, level in enumerate(view.bids))]

    @staticmethod
    def _texts(level: BookLevel) -> dict[str, Text]:
        bar = "█" * int(level.quantity * 16 / 20)
        return {
            "price": Text(fixed(level.price, 2), "green"),
            "quantity": Text(fixed(level.quantity, 2)),
            "total": Text(fixed(level.cumulative, 2)),
            "depth": Text(bar, "green"),
        }

    def candidates(self) -> dict[str, Candidate]:
        return {
            "ladder": Candidate(lambda: self._show(self.ladder, self.table), self._ladder_frame),
            "table": Candidate(lambda: self._show(self.table, self.ladder), self._table_frame),
        }

    @staticmethod
    def _show(wanted: Widget, other: Widget) -> None:
        wanted.display, other.display = True, False

    def _ladder_frame(self, number: int) -> None:
        put_book(self.bus, self.pictures[number % 2])
        self.ladder.paint()

    def _table_frame(self, number: int) -> None:
        """The same ten levels: the three cells of each that differ."""
        before = dict(self._table_rows(self.pictures[(number + 1) % 2]))
        for key, level in self._table_rows(self.pictures[number % 2]):
            if level != before[key]:
                texts = self._texts(level)
                for column in ("quantity", "total", "depth"):
                    self.table.update_cell(key, column, texts[column])


class ChartApp(Measured):
    """The chart alone, 130 by 40 inside its border."""

    CSS = "Chart { width: 132; height: 42; }"

    def __init__(self) -> None:
        super().__init__()
        self.bus: DeskBus = desk_bus()
        self.series = walk(400)
        put_candles(self.bus, self.series)
        self.chart = StillChart(self.bus, SOL.symbol, KlineInterval.M5, market=SOL, clock=ManualClock())

    def compose(self) -> ComposeResult:
        yield self.chart

    def candidates(self) -> dict[str, Candidate]:
        return {"tick": Candidate(lambda: None, self._tick), "redraw": Candidate(lambda: None, self._redraw)}

    def _tick(self, number: int) -> None:
        """The close moves by some ticks inside the newest candle's range."""
        newest = self.series[-1]
        assert newest.low is not None
        assert newest.high is not None
        span = newest.high - newest.low
        close = newest.low + span * Decimal(1 + number % 3) / 4
        put_candles(self.bus, (*self.series[:-1], replace(newest, close=close.quantize(SOL.tick_size))))
        self.chart.paint()

    def _redraw(self, number: int) -> None:
        """The same tick, with nothing kept from the frame before."""
        self.chart.forget()
        self.chart.repaint()
        self._tick(number)


def main(result_file: str) -> None:
    results: dict[str, float] = {}
    for app in (BookApp(), ChartApp()):
        app.run()
        results |= app.results
    Path(result_file).write_text(json.dumps(results))
