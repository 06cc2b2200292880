"""What each scenario means: multipliers on an ordinary day, and what happens on its timetable."""

from __future__ import annotations

from dataclasses import dataclass

from bpx_tui.simulator.options import Scenario


@dataclass(frozen=True, slots=True)
class Mood:
    """How a day differs from an ordinary one. All are factors, 1 is ordinary.

    Attributes:
        crash_after_s: seconds until prices begin to fall, `None` for never.
        crash_depth: share of the price lost, as a log return.
        crash_s: how long the fall takes.
        levels: resting orders per side of a major book.
    """

    volatility: float = 1.0
    book_rate: float = 1.0
    trade_rate: float = 1.0
    spread: float = 1.0
    size: float = 1.0
    levels: int = 90
    crash_after_s: float | None = None
    crash_depth: float = 0.0
    crash_s: float = 1.0


MOODS = {
    Scenario.CALM: Mood(volatility=0.45, book_rate=0.6, trade_rate=0.55, spread=0.9, size=1.2),
    Scenario.NORMAL: Mood(),
    Scenario.VOLATILE: Mood(volatility=2.6, book_rate=1.5, trade_rate=2.2, spread=1.8, size=0.7),
    Scenario.CRASH: Mood(
        volatility=2.0,
        book_rate=1.5,
        trade_rate=2.0,
        spread=2.0,
        size=0.7,
        crash_after_s=25,
        crash_depth=0.16,
        crash_s=70,
    ),
    Scenario.THIN: Mood(volatility=0.8, book_rate=0.3, trade_rate=0.3, spread=4.0, size=0.25, levels=25),
    Scenario.BUSY: Mood(volatility=1.6, book_rate=24.0, trade_rate=5.0),
}
