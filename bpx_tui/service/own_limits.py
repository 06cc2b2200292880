"""The user's own limits, held against every order on its way out, whichever key, click or program sent it."""

from __future__ import annotations

from collections.abc import Callable

from bpx_tui.model.checks import check_own_limits
from bpx_tui.model.ids import Symbol
from bpx_tui.model.limits import RiskLimits
from bpx_tui.model.market import Market
from bpx_tui.model.orders import OrderRequest
from bpx_tui.model.situation import MarketNow, Situation, account_now, only_reduces
from bpx_tui.service.account import Account
from bpx_tui.service.intents import PlaceOrder

MarketState = tuple[Market | None, MarketNow]


class OwnLimits:
    """Asks the model's rules with what the service itself knows at this moment. What only reduces always passes."""

    def __init__(self, limits: RiskLimits, account: Account, market_state: Callable[[Symbol], MarketState]) -> None:
        self._limits = limits
        self._account = account
        self._market_state = market_state

    def only_reduces(self, request: OrderRequest) -> bool:
        """Whether the order can do nothing but shrink a position; where the market is not known, its word counts."""
        market, _ = self._market_state(request.symbol)
        return request.reduce_only if market is None else only_reduces(request, market)

    def refusal(self, intent: PlaceOrder) -> str:
        """Why the order must not leave, in the ticket's words; empty when it may."""
        request = intent.request
        market, now = self._market_state(request.symbol)
        if market is None:
            return "" if request.reduce_only else f"the rules of {request.symbol} are not known yet"
        account = account_now(self._account.view(), market)
        reasons = check_own_limits(request, Situation(market, now, account, self._limits))
        return next((reason.text for reason in reasons if reason.override not in intent.overrides), "")
