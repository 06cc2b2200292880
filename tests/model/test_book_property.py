"""The book against a plain dictionary, with frames duplicated, dropped and reordered on the way."""

from __future__ import annotations

import random
from collections import deque
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpx_tui.model.book import OrderBook, Seeded
from bpx_tui.model.ids import Symbol
from bpx_tui.model.quotes import DepthDelta, DepthSnapshot
from bpx_tui.model.views import FeedState

SOL = Symbol("SOL_USDC")
Side = dict[Decimal, Decimal]


class Truth:
    """The exchange's own book, and the deltas and lagging snapshots it tells of it. Spells one number many ways."""

    def __init__(self, rng: random.Random, start_id: int) -> None:
        self.rng = rng
        self.update_id = start_id
        self.mid = 10_000
        self.bids: Side = {}
        self.asks: Side = {}
        self.past: deque[tuple[int, Side, Side]] = deque(maxlen=30)
        for _ in range(40):
            self._change()

    def step(self) -> DepthDelta:
        """The next delta: 0 to 6 changes, sometimes several update ids in one."""
        first_id = self.update_id + 1
        self.update_id += self.rng.choice((1, 1, 1, 2, 5))
        changes = [change for _ in range(self.rng.choice((0, 1, 1, 2, 3, 6))) for change in self._change()]
        bids = [level for is_bid, level in changes if is_bid]
        asks = [level for is_bid, level in changes if not is_bid]
        self.past.append((self.update_id, self.bids.copy(), self.asks.copy()))
        return (SOL, first_id, self.update_id, bids, asks, self.update_id)

    def snapshot(self) -> DepthSnapshot:
        """As REST gives it: often some updates old."""
        if self.past and self.rng.random() < 0.5:
            return self._told(*self.rng.choice(self.past))
        return self.newest_snapshot()

    def newest_snapshot(self) -> DepthSnapshot:
        return self._told(self.update_id, self.bids, self.asks)

    def equals(self, book: OrderBook) -> bool:
        bids, asks = book.top(10_000)
        return bids == sorted(self.bids.items(), reverse=True) and asks == sorted(self.asks.items())

    def _change(self) -> list[tuple[bool, list[str]]]:
        """One level set or removed; before it, what it would cross is taken away."""
        self.mid += self.rng.choice((-1, 0, 0, 0, 1))
        is_bid = self.rng.random() < 0.5
        side, other = (self.bids, self.asks) if is_bid else (self.asks, self.bids)
        offset = self.rng.randint(1, 25)
        price = Decimal(self.mid - offset if is_bid else self.mid + offset) / 100
        changes = []
        for crossed in [there for there in other if (there <= price if is_bid else there >= price)]:
            del other[crossed]
            changes.append((not is_bid, [self._spell(crossed), self.rng.choice(("0", "0.000"))]))
        if price in side and self.rng.random() < 0.4:
            del side[price]
            changes.append((is_bid, [self._spell(price), "0.00"]))
        else:
            side[price] = Decimal(self.rng.randint(1, 99_999)) / 1_000
            changes.append((is_bid, [self._spell(price), self._spell(side[price])]))
        return changes

    def _spell(self, number: Decimal) -> str:
        text = format(number, "f")
        zeros = "0" * self.rng.choice((0, 0, 0, 1, 3))
        return text + zeros if "." in text else text + ("." + zeros if zeros else "")

    def _told(self, update_id: int, bids: Side, asks: Side) -> DepthSnapshot:
        told_bids = [[self._spell(price), self._spell(quantity)] for price, quantity in sorted(bids.items())]
        told_asks = [[self._spell(price), self._spell(quantity)] for price, quantity in sorted(asks.items())]
        return DepthSnapshot(SOL, update_id, told_bids, told_asks, update_id)


class Road:
    """Delivers deltas and sometimes loses, repeats or swaps them."""

    def __init__(self, rng: random.Random, faults: float) -> None:
        self.rng = rng
        self.faults = faults
        self.held: DepthDelta | None = None
        self.delivered: list[DepthDelta] = []
        self.injected = 0

    def deliver(self, delta: DepthDelta) -> list[DepthDelta]:
        arriving = [delta]
        if self.held is not None:
            arriving, self.held = [delta, self.held], None
        elif self.rng.random() < self.faults:
            self.injected += 1
            fault = self.rng.choice(("drop", "duplicate", "repeat", "swap"))
            if fault == "drop":
                arriving = []
            elif fault == "swap":
                self.held, arriving = delta, []
            elif fault == "duplicate":
                arriving = [delta, delta]
            else:
                arriving = [delta, *self.rng.sample(self.delivered[-20:], min(3, len(self.delivered)))]
        self.delivered = [*self.delivered[-20:], *arriving]
        return arriving


def drive(seed: int, updates: int, faults: float, start_id: int) -> tuple[OrderBook, Truth, Road, int]:
    """Play so many updates; the book must equal the truth or be marked, after every one of them."""
    rng = random.Random(seed)
    truth, road, book = Truth(rng, start_id), Road(rng, faults), OrderBook(SOL)
    whole = 0
    for _ in range(updates):
        arriving = road.deliver(truth.step())
        for delta in arriving:
            book.apply(delta)
        if book.needs_snapshot and rng.random() < 0.3:
            book.load(truth.snapshot())
        behind = not arriving  # nothing has told the book of the newest update yet
        if book.state is FeedState.LIVE and not behind:
            assert truth.equals(book), f"seed {seed}: live and different at {truth.update_id}"
            whole += 1
        elif book.state is not FeedState.LIVE:
            assert book.top(5) == ([], [])
    return book, truth, road, whole


@pytest.mark.parametrize("seed", range(4))
def test_ten_thousand_updates_with_faults(seed: int) -> None:
    book, truth, road, whole = drive(seed, 10_000, 0.02, start_id=94_978_271)
    assert road.injected > 100
    assert book.gaps > 50
    assert book.duplicates > 20
    assert book.resyncs >= book.gaps - 1
    assert whole > 8_000
    finish(book, truth)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    faults=st.sampled_from([0.0, 0.01, 0.1, 0.4]),
    start_id=st.sampled_from([0, 5, 10**9, 2**53]),
)
def test_any_seed_any_rate_of_faults(seed: int, faults: float, start_id: int) -> None:
    book, truth, _, _ = drive(seed, 300, faults, start_id)
    finish(book, truth)


def test_without_faults_there_is_never_a_gap() -> None:
    book, _, _, whole = drive(1, 3_000, 0.0, 10)
    assert (book.gaps, book.duplicates, book.resyncs) == (0, 0, 0)
    assert whole > 2_900


def finish(book: OrderBook, truth: Truth) -> None:
    """Once the faults end, the book becomes whole again and stays so."""
    for _ in range(40):
        book.apply(truth.step())
        if book.needs_snapshot:
            book.load(truth.snapshot())
    if book.needs_snapshot:
        assert book.load(truth.newest_snapshot()) is Seeded.LIVE
    assert book.state is FeedState.LIVE
    assert truth.equals(book)
