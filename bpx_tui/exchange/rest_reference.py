"""What the exchange lists: assets, and what they count as collateral. Errors are those of any read, see `rest`."""

from __future__ import annotations

from bpx_tui.exchange import wire_rest_reference
from bpx_tui.exchange.rest_calls import RestCalls
from bpx_tui.exchange.wire_rest import Rows
from bpx_tui.model.assets import AssetInfo, CollateralParameters


class Reference:
    """Public reads."""

    def __init__(self, calls: RestCalls) -> None:
        self._calls = calls

    async def assets(self, country: str | None = None) -> Rows[AssetInfo]:
        """Assets and where they can be moved; with an ISO 3166-1 alpha-2 country, only what is available there."""
        return await self._calls.rows("get_assets", wire_rest_reference.asset_info, {"country": country})

    async def collateral_parameters(self) -> Rows[CollateralParameters]:
        return await self._calls.rows("get_collateral_parameters", wire_rest_reference.collateral_parameters)
