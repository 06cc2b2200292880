"""The depth stream that the benchmarks replay: made once from a seed, kept as a file, loaded by everybody.

A market of 1,000 levels a side whose touch wanders. Every frame changes 1 to 20 levels: mostly near the touch, as
recorded streams do, with a tail that reaches the last level; a fifth of the changes remove a level, and removed levels
come back. The text is exactly what the exchange sends, `U` following `u`.
"""

from __future__ import annotations

import gzip
import random
import tempfile
from dataclasses import dataclass
from pathlib import Path

FRAMES = 100_000
LEVELS = 1_000
SYMBOL = "SOL_USDC"
FIRST_ID = 94_978_271
MADE_FOR = 1
"""Bump when `make` changes, so that nobody loads a stream made by an older version."""

_START_US = 1_759_338_824_000_000


@dataclass(frozen=True, slots=True)
class Recording:
    """Frames as received, after a REST snapshot with `lastUpdateId` = `snapshot_id`. Levels best first."""

    snapshot_id: int
    bids: list[list[str]]
    asks: list[list[str]]
    frames: list[bytes]


class _Market:
    """Prices in cents, quantities in hundredths. `mid` never holds a level, so that the book cannot cross."""

    def __init__(self, rng: random.Random, reach: float) -> None:
        self._rng = rng
        self._reach = reach
        self.mid = 178_15
        self.bids = {self.mid - 1 - level: self._quantity() for level in range(LEVELS)}
        self.asks = {self.mid + 1 + level: self._quantity() for level in range(LEVELS)}

    def _quantity(self) -> int:
        return max(1, int(self._rng.lognormvariate(6.5, 1.2)))

    def step(self) -> tuple[dict[int, int], dict[int, int]]:
        """The changes of one frame: absolute quantities by price, zero removes."""
        bids: dict[int, int] = {}
        asks: dict[int, int] = {}
        wanted = self._rng.randint(1, 20)
        if self._rng.random() < 0.1:
            self._move(bids, asks)
        while len(bids) + len(asks) < wanted:
            is_bid = self._rng.random() < 0.5
            book, changes = (self.bids, bids) if is_bid else (self.asks, asks)
            distance = 1 + min(LEVELS - 1, int(self._rng.expovariate(1 / self._reach)))
            price = self.mid - distance if is_bid else self.mid + distance
            changes[price] = 0 if price in book and self._rng.random() < 0.2 else self._quantity()
            _apply(book, price, changes[price])
        return bids, asks

    def _move(self, bids: dict[int, int], asks: dict[int, int]) -> None:
        """Shift the touch by one tick: what rests on the new middle is taken."""
        self.mid += self._rng.choice((-1, 1))
        for book, changes in ((self.bids, bids), (self.asks, asks)):
            if book.pop(self.mid, None) is not None:
                changes[self.mid] = 0


def _apply(book: dict[int, int], price: int, quantity: int) -> None:
    if quantity:
        book[price] = quantity
    else:
        book.pop(price, None)


def _text(levels: dict[int, int]) -> str:
    rows = (f'["{price // 100}.{price % 100:02}","{levels[price] / 100:.2f}"]' for price in sorted(levels))
    return f"[{','.join(rows)}]"


def _rows(levels: dict[int, int], *, highest_first: bool) -> list[list[str]]:
    prices = sorted(levels, reverse=highest_first)
    return [[f"{price // 100}.{price % 100:02}", f"{levels[price] / 100:.2f}"] for price in prices]


def make(frames: int = FRAMES, *, seed: int = 1, reach: float = 60.0) -> Recording:
    """A stream of that many frames. `reach` is the mean distance of a change from the touch, in levels."""
    rng = random.Random(seed)
    market = _Market(rng, reach)
    bids, asks = _rows(market.bids, highest_first=True), _rows(market.asks, highest_first=False)
    texts = []
    for number in range(frames):
        changed_bids, changed_asks = market.step()
        update_id, now = FIRST_ID + number, _START_US + number * 1_000
        texts.append(
            f'{{"data":{{"E":{now + 1_041},"T":{now},"U":{update_id},"a":{_text(changed_asks)},'
            f'"b":{_text(changed_bids)},"e":"depth","s":"{SYMBOL}","u":{update_id}}},"stream":"depth.{SYMBOL}"}}'.encode()
        )
    return Recording(FIRST_ID - 1, bids, asks, texts)


def load(frames: int = FRAMES, *, seed: int = 1, reach: float = 60.0) -> Recording:
    """The same from the file that an earlier call kept, made now if there is none."""
    name = f"depth-v{MADE_FOR}-{frames}-{seed}-{reach:g}.gz"
    path = Path(tempfile.gettempdir()) / "bpx-tui-recordings" / name
    fresh = make(0, seed=seed, reach=reach)
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        partial = path.with_suffix(".part")
        with gzip.open(partial, "wb", compresslevel=1) as file:
            file.write(b"\n".join(make(frames, seed=seed, reach=reach).frames))
        partial.rename(path)
    with gzip.open(path, "rb") as file:
        return Recording(fresh.snapshot_id, fresh.bids, fresh.asks, file.read().split(b"\n"))
