"""The REST calls that tell what is listed besides plain markets: predictions, securities and their sessions.

All are public. Errors are those that `RestClient` names.
"""

from __future__ import annotations

from bpx_tui.exchange import wire_rest_predictions, wire_rest_securities
from bpx_tui.exchange.rest_calls import RestCalls
from bpx_tui.exchange.signing import Params
from bpx_tui.exchange.wire_rest import Rows
from bpx_tui.model.ids import Symbol
from bpx_tui.model.predictions import PredictionEvent, PredictionTag
from bpx_tui.model.securities import MarketSession, Security


class Listings:
    """What is listed, and when it trades."""

    def __init__(self, calls: RestCalls) -> None:
        self._calls = calls

    async def prediction_events(
        self,
        symbol: Symbol | None = None,
        *,
        tag: str | None = None,
        event: str | None = None,
        series: str | None = None,
        resolved: bool | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> Rows[PredictionEvent]:
        """Prediction events with their markets, at most 1,000 at a time. `tag`, `event` and `series` are slugs."""
        query: Params = {
            "symbol": symbol,
            "tagSlug": tag,
            "eventSlug": event,
            "seriesSlug": series,
            "resolved": resolved,
            "limit": limit,
            "offset": offset,
        }
        return await self._calls.rows("get_prediction_events", wire_rest_predictions.event, query)

    async def prediction_tags(self) -> Rows[PredictionTag]:
        return await self._calls.rows("get_prediction_tags", wire_rest_predictions.tag)

    async def securities(self) -> Rows[Security]:
        return await self._calls.rows("get_securities", wire_rest_securities.security)

    async def market_sessions(self) -> Rows[MarketSession]:
        """The sessions that securities name."""
        return await self._calls.rows("get_market_sessions", wire_rest_securities.market_session)
