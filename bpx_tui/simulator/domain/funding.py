"""Funding: at the end of every interval longs pay shorts (or the other way) by the rate and the mark.

What each side pays or receives is rounded in the insurance fund's favour at 6 decimals, so the fund only gains.
"""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal

from bpx_tui.simulator.domain.core import Core
from bpx_tui.simulator.domain.events import FundingPaid, FundingSettled
from bpx_tui.simulator.domain.markets import Market
from bpx_tui.simulator.domain.settlement import Settlement

FUNDING_UNIT = Decimal("0.000001")


class Funding:
    """Settles the funding intervals of all perpetuals."""

    def __init__(self, core: Core, settlement: Settlement) -> None:
        self._core = core
        self._settlement = settlement
        self._markets = [market for market in core.catalogue.markets if market.has_funding]

    def settle_due(self) -> None:
        """Settle every interval that has ended by now, in order of time."""
        for market in self._markets:
            price = self._core.prices.board[market.symbol]
            while price.next_funding_us <= self._core.now_us:
                self._settle(market)

    def _settle(self, market: Market) -> None:
        core = self._core
        rate, mark = core.prices.funding_rate(market), core.prices.mark(market)
        ended_us = core.prices.board[market.symbol].next_funding_us
        payments = []
        for position in core.holders[market.symbol].values():
            amount = (-position.quantity * mark * rate).quantize(FUNDING_UNIT, ROUND_FLOOR)
            payments.append((amount, position))
        payments.sort(key=lambda entry: entry[0] > 0)
        for amount, position in payments:
            account = core.account(position.account)
            position.funding += amount
            self._settlement.pay(account, core.ledger.insurance, amount, "FundingPayment", position.id)
            if not account.silent:
                core.emit(FundingPaid(account.id, market.symbol, rate, amount, ended_us))
            core.flush_balances(account)
        core.emit(FundingSettled(market.symbol, rate, mark, ended_us))
        core.prices.begin_interval(market)
