"""Times as each place of the REST interface writes them (PROTOCOL 1). All UTC, all from microseconds."""

from __future__ import annotations

from datetime import UTC, datetime


def millis(time_us: int) -> int:
    return time_us // 1000


def naive_iso(time_us: int) -> str:
    """`2025-08-13T17:26:01.197`: milliseconds, left out when zero, no zone. Histories."""
    seconds, rest = divmod(time_us, 1_000_000)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{rest // 1000:03d}" if rest // 1000 else text


def zoned_iso(time_us: int) -> str:
    """RFC 3339 with zone. Borrow/lend markets and vaults."""
    return f"{naive_iso(time_us)}Z"


def spaced(time_s: int) -> str:
    """`2025-07-19 13:09:00`. Klines."""
    return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%d %H:%M:%S")
