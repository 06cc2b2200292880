"""What the real wire does only now and then, on by default: a correct client lives with it, a careless one does not.

Always, because recorded, and never switched off: depth bids ascend; REST writes `86700` where streams write `86700.0`;
a SUBSCRIBE has no acknowledgement; requests that cannot be read are answered in plain text; clientId is text in fills,
a number elsewhere; createdAt is naive ISO in histories; GET order answers 404 for everything that is not open; some
depth frames are empty or carry several updates; pings every 60 s, and an end after 120 s without an answer.
Errors on the stream: 4002 what cannot be read, 4005 a market that does not exist, 4006 no such stream, 4008 a bad
signature. Sources differ on unknown markets: one saw 4005, one saw silence. Here it is sometimes the one, sometimes
the other.

Sometimes, by seeded chance, unless the exchange is started with `--no-traps`: the rates are below. Words that nobody
has documented (`unknown_enum`) would break the specification's own schema, so they are a fault, never a trap.
"""

from __future__ import annotations

from random import Random
from zlib import crc32

from bpx_tui.model.ids import OrderId, Symbol

ACCEPTED_RATE = 0.05
"""Cancels answered with 202 and an empty body; they are executed all the same."""
NAMELESS_ORDER_RATE = 0.03
"""Orders whose stream events come without the client id `c`, all of one order's alike."""
NAMELESS_TRADE_RATE = 0.02
"""Fills without a trade id, in the stream and in the history alike."""
LAG_RATE, LAG_US = 0.1, 1_500_000
"""Histories of orders and fills that do not show the last moments yet, and how many microseconds at most."""
SILENT_RATE = 0.5
"""Unknown markets in a SUBSCRIBE that are met with silence instead of error 4005."""
CACHE_S = 300
"""Answers that say they may be cached came from a cache: their Age grows to this many seconds and starts again."""
_WHOLE = 2**32


class Traps:
    """The seeded chances of one exchange; what concerns one order or trade is decided by its id, everywhere alike."""

    def __init__(self, seed: int, *, on: bool, executed_5xx: float = 0.0) -> None:
        """`executed_5xx` is the share of orders and cancels that are executed, yet answered with 503."""
        self._on = on
        self._seed = seed
        self._executed_5xx = executed_5xx
        self._rng = Random(f"{seed}/traps")

    def _happens(self, rate: float) -> bool:
        return self._on and self._rng.random() < rate

    def _befalls(self, what: str, rate: float) -> bool:
        return self._on and crc32(f"{self._seed}/{what}".encode()) < rate * _WHOLE

    def accepts_only(self) -> bool:
        """Whether a cancel is answered with 202."""
        return self._happens(ACCEPTED_RATE)

    def is_silent(self) -> bool:
        """Whether an unknown market is met with silence."""
        return self._happens(SILENT_RATE)

    def lag_us(self) -> int:
        """How far behind a history is, microseconds; mostly zero."""
        return int(self._rng.uniform(0.1, 1) * LAG_US) if self._happens(LAG_RATE) else 0

    def hides_client_id(self, order: OrderId) -> bool:
        return self._befalls(f"order/{order}", NAMELESS_ORDER_RATE)

    def trade_id(self, symbol: Symbol, trade_id: int) -> int | None:
        """The id under which a fill is told, if any."""
        return None if self._befalls(f"trade/{symbol}/{trade_id}", NAMELESS_TRADE_RATE) else trade_id

    def age_s(self, path: str, now_us: int) -> int | None:
        """Age of a cached answer in whole seconds; caches of different paths were filled at different times."""
        if not self._on:
            return None
        return (now_us // 1_000_000 + crc32(f"{self._seed}/{path}".encode())) % CACHE_S

    def breaks_answer(self) -> bool:
        """Whether an executed order is answered as if it had failed."""
        return bool(self._executed_5xx) and self._rng.random() < self._executed_5xx
