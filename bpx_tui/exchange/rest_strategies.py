"""The REST calls that concern scheduled strategies. Errors are those that `RestClient` names."""

from __future__ import annotations

from bpx_tui.exchange import wire_rest_strategies as wire
from bpx_tui.exchange.limits import Share
from bpx_tui.exchange.rest_calls import RestCalls, page
from bpx_tui.exchange.rest_errors import Reply
from bpx_tui.exchange.wire_rest import Rows, decode_one, decode_rows
from bpx_tui.model.enums import MarketKind, SortDirection
from bpx_tui.model.ids import ClientId, StrategyId, Symbol
from bpx_tui.model.strategies import Strategy, StrategyRequest


class Strategies:
    """Strategies of the account: the exchange runs them, whether or not a client is connected."""

    def __init__(self, calls: RestCalls) -> None:
        self._calls = calls

    async def create(self, request: StrategyRequest) -> Strategy:
        """Start a strategy, once. Its first slice may have traded already, or have ended it: look at its status.

        Raises:
            InputError: a number cannot be sent; nothing was done.
        """
        share = Share.CANCEL if request.reduce_only else Share.ORDER
        return await self._calls.change("strategy_create", share, wire.encode_strategy(request), _strategy)

    async def get(
        self, symbol: Symbol, *, strategy_id: StrategyId | None = None, client_strategy_id: ClientId | None = None
    ) -> Strategy:
        """A running strategy, by one of its ids.

        Raises:
            NotFound: it does not run. What became of it is in the history.
        """
        query = wire.encode_target(symbol, strategy_id, client_strategy_id)
        return await self._calls.one("get_strategy", wire.strategy, query)

    async def running(self, symbol: Symbol | None = None, *, kind: MarketKind | None = None) -> Rows[Strategy]:
        """All running strategies, or those of one market or of one kind of market."""
        return await self._calls.rows("get_open_strategies", wire.strategy, {"symbol": symbol, "marketType": kind})

    async def cancel(
        self, symbol: Symbol, *, strategy_id: StrategyId | None = None, client_strategy_id: ClientId | None = None
    ) -> Strategy | None:
        """Stop a strategy, by one of its ids. `None`: accepted, not yet executed. What it has traded stays traded."""
        body = wire.encode_target(symbol, strategy_id, client_strategy_id)
        return await self._calls.change_or_accept("cancel_strategy", Share.CANCEL, body, _strategy)

    async def cancel_all(self, symbol: Symbol) -> Rows[Strategy] | None:
        """Stop all strategies of one market. `None`: accepted, not yet done."""
        return await self._calls.change_or_accept(
            "cancel_open_strategies",
            Share.CANCEL,
            {"symbol": symbol},
            lambda reply: decode_rows(reply.body, wire.strategy),
        )

    async def history(
        self,
        symbol: Symbol | None = None,
        *,
        strategy_id: StrategyId | None = None,
        limit: int = 100,
        offset: int = 0,
        direction: SortDirection | None = None,
    ) -> Rows[Strategy]:
        """Strategies that were completed, cancelled or ended by the exchange; at most 1,000 at a time."""
        query = {
            "symbol": symbol,
            "strategyId": strategy_id,
            **page(limit, offset, direction),
        }
        return await self._calls.rows("get_strategies_history", wire.past_strategy, query)


def _strategy(reply: Reply) -> Strategy:
    return decode_one(reply.body, wire.strategy)
