"""The user's own limits, held against every order on its way out, whichever key, click or program sent it."""

from __future__ import annotations

from collections.abc import Callable

from bpx_tui.model.checks import check_own_limits
from bpx_tui.model.ids import Symbol
from bpx_tui.model.limits import RiskLimits
from bpx_tui.model.market import Market
from bpx_tui.model.situation import AccountNow, MarketNow, Situation, account_now
from bpx_tui.service.account import Account
from bpx_tui.service.intents import PlaceOrder

MarketState = tuple[Market | None, MarketNow]


class OwnLimits:
    """Asks the model's rules with what the service itself knows at this moment. What only reduces always passes."""

    def __init__(self, limits: RiskLimits, account: Account, market_state: Callable[[Symbol], MarketState]) -> None:
        self._limits = limits
        self._account = account
        self._market_state = market_state

    def refusal(self, intent: PlaceOrder) -> str:
        """Why the order must not leave, in the ticket's words; empty when it may."""
        request = intent.request
        market, now = self._market_state(request.symbol)
        if market is None:
            return "" if request.reduce_only else f"the rules of {request.symbol} are not known yet"
        counts = self._limits.max_position_notional is not None
        account = account_now(self._account.view(), market) if counts else AccountNow()
        reasons = check_own_limits(request, Situation(market, now, account, self._limits))
        return next((reason.text for reason in reasons if reason.override not in intent.overrides), "")
