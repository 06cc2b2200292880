"""The account's running strategies: the exchange trades them by itself, also when this program has ended."""

from __future__ import annotations

from bpx_tui.errors import ExchangeError
from bpx_tui.exchange.wire_rest import whole
from bpx_tui.model.strategies import Strategy
from bpx_tui.service.account import Account
from bpx_tui.service.ports import StrategyDesk


class StrategyWatch:
    """Reads what runs into the account. No stream tells of strategies; without an answer they are unknown."""

    def __init__(self, venue: StrategyDesk, account: Account) -> None:
        self._venue = venue
        self._account = account
        self._asked = self._answered = 0

    async def read(self) -> tuple[Strategy, ...] | None:
        """What runs now, or `None` where that cannot be read. Of readings that overlap the one begun last counts."""
        self._asked += 1
        number = self._asked
        try:
            told = whole(await self._venue.running())
        except ExchangeError as error:
            if number > self._answered:
                self.doubt(str(error))
            return None
        running = tuple(strategy for strategy in told if not strategy.is_over)
        if number > self._answered:
            self._answered = number
            self._account.take_strategies(running)
        return running

    def doubt(self, reason: str) -> None:
        """Whether what is known still runs, and what else does, is not known any more."""
        self._account.doubt_strategies(reason)
