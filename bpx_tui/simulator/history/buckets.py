"""Where candles begin and end. All times are seconds since the Unix epoch, UTC."""

from __future__ import annotations

from datetime import UTC, datetime

from bpx_tui.model.enums import KlineInterval

_SECONDS = {
    KlineInterval.S1: 1,
    KlineInterval.M1: 60,
    KlineInterval.M3: 180,
    KlineInterval.M5: 300,
    KlineInterval.M15: 900,
    KlineInterval.M30: 1800,
    KlineInterval.H1: 3600,
    KlineInterval.H2: 7200,
    KlineInterval.H4: 14400,
    KlineInterval.H6: 21600,
    KlineInterval.H8: 28800,
    KlineInterval.H12: 43200,
    KlineInterval.D1: 86400,
    KlineInterval.D3: 259200,
    KlineInterval.W1: 604800,
}
_MONDAY = 345_600
"""The first Monday of the epoch, where weeks are counted from."""


def bucket_start(interval: KlineInterval, time_s: int) -> int:
    """Start of the candle that holds `time_s`. Weeks start on Monday, months on the first."""
    if interval is KlineInterval.MONTH1:
        day = datetime.fromtimestamp(time_s, UTC)
        return int(datetime(day.year, day.month, 1, tzinfo=UTC).timestamp())
    seconds = _SECONDS[interval]
    if interval is KlineInterval.W1:
        return (time_s - _MONDAY) // seconds * seconds + _MONDAY
    return time_s - time_s % seconds


def bucket_end(interval: KlineInterval, start_s: int) -> int:
    """End of the candle that starts at `start_s`: the start of the next one."""
    if interval is KlineInterval.MONTH1:
        day = datetime.fromtimestamp(start_s, UTC)
        year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)
        return int(datetime(year, month, 1, tzinfo=UTC).timestamp())
    return start_s + _SECONDS[interval]
