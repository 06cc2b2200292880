"""What the exchange remembers of accounts beyond orders and fills, and of funding: newest last, bounded."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

from bpx_tui.model.ids import Symbol
from bpx_tui.simulator.domain.events import FundingPaid, FundingSettled, SettlementMade
from bpx_tui.simulator.domain.markets import Market
from bpx_tui.simulator.domain.orders import AccountId
from bpx_tui.simulator.history.loans import LIMIT, LoanMemory

SEEDED_FUNDING = 240


@dataclass(slots=True)
class AccountMemory:
    """One account's payments and movements, oldest first."""

    funding: deque[FundingPaid] = field(default_factory=lambda: deque(maxlen=LIMIT))
    settlements: deque[SettlementMade] = field(default_factory=lambda: deque(maxlen=LIMIT))
    loans: LoanMemory = field(default_factory=LoanMemory)


class AccountMemories:
    """Memories by account, made when first needed."""

    def __init__(self) -> None:
        self._accounts: dict[AccountId, AccountMemory] = {}

    def of(self, account: AccountId) -> AccountMemory:
        memory = self._accounts.get(account)
        if memory is None:
            memory = self._accounts[account] = AccountMemory()
        return memory


@dataclass(frozen=True, slots=True)
class FundingRow:
    """One past funding interval of a market; the rate is a fraction per interval."""

    rate: Decimal
    end_us: int


class FundingMemory:
    """Funding rates of every perpetual market: a seeded past, then what was settled."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._rows: dict[Symbol, deque[FundingRow]] = {}

    def seed(self, market: Market, now_us: int) -> None:
        """Draw past rates: near the usual basis point per eight hours, drifting with the premium."""
        if not market.has_funding or market.funding_interval_ms is None:
            return
        rng = Random(f"{self._seed}/{market.symbol}/funding")
        interval_us = market.funding_interval_ms * 1000
        last_us = now_us // interval_us * interval_us
        scale = market.funding_interval_ms / 28_800_000
        level, rows = 0.0, deque[FundingRow](maxlen=LIMIT)
        for age in range(SEEDED_FUNDING - 1, -1, -1):
            level = 0.8 * level + rng.gauss(0, 0.00006)
            rate = Decimal(round((0.0001 + level) * scale * 1e10)).scaleb(-10)
            rows.append(FundingRow(rate.normalize(), last_us - age * interval_us))
        self._rows[market.symbol] = rows

    def record(self, event: FundingSettled) -> None:
        self._rows.setdefault(event.symbol, deque(maxlen=LIMIT)).append(FundingRow(event.rate, event.time_us))

    def newest_first(self, symbol: Symbol) -> Sequence[FundingRow]:
        return tuple(reversed(self._rows.get(symbol, ())))
