"""Assets and their collateral rules: public."""

from __future__ import annotations

from bpx_tui.simulator.domain.markets import AssetTerms, Haircut
from bpx_tui.simulator.history.units import plain
from bpx_tui.simulator.products.custody import ChainTerms
from bpx_tui.simulator.rest.answers import Reply, json_reply
from bpx_tui.simulator.rest.rendering import sqrt_function, text
from bpx_tui.simulator.rest.routing import Call, Route, public

_CACHED = {"Cache-Control": "public, max-age=300"}
_COINGECKO = {
    "BTC": "bitcoin",
    "DOGE": "dogecoin",
    "ETH": "ethereum",
    "JTO": "jito-governance-token",
    "SOL": "solana",
    "USDC": "usd-coin",
    "USDT": "tether",
    "XRP": "ripple",
}


def assets(call: Call) -> Reply:
    call.query.text("country")
    chains = call.exchange.desks.custody.chains()
    rows = [_asset(terms, [c for c in chains if c.asset == terms.asset]) for terms in call.exchange.venue.assets()]
    return json_reply(rows, headers=_CACHED)


def _asset(terms: AssetTerms, chains: list[ChainTerms]) -> dict[str, object]:
    return {
        "coingeckoId": _COINGECKO.get(terms.asset),
        "displayName": terms.display_name,
        "symbol": terms.asset,
        "tokens": [_token(terms, chain) for chain in chains],
    }


def _token(terms: AssetTerms, chain: ChainTerms) -> dict[str, object]:
    return {
        "blockchain": chain.blockchain,
        "contractAddress": chain.contract_address,
        "depositEnabled": True,
        "displayName": terms.display_name,
        "maximumWithdrawal": text(chain.maximum_withdrawal),
        "minimumDeposit": plain(chain.minimum_deposit),
        "minimumWithdrawal": plain(chain.minimum_withdrawal),
        "nativeDecimals": chain.native_decimals,
        "withdrawEnabled": True,
        "withdrawalFee": plain(chain.withdrawal_fee),
    }


def collateral_parameters(call: Call) -> Reply:
    return json_reply(
        [
            {
                "haircutFunction": _haircut(terms.haircut),
                "imfFunction": sqrt_function(terms.imf),
                "mmfFunction": sqrt_function(terms.mmf),
                "symbol": terms.asset,
            }
            for terms in call.exchange.venue.assets()
            if terms.haircut is not None
        ]
    )


def _haircut(haircut: Haircut) -> dict[str, object]:
    kind = {"type": "identity"}
    if haircut.base is not None and haircut.positive_curve_penalty is not None:
        penalty = plain(haircut.positive_curve_penalty)
        kind = {"type": "inverseSqrt", "base": plain(haircut.base), "positiveCurvePenalty": penalty}
    return {"weight": plain(haircut.weight), "kind": kind}


ROUTES: tuple[Route, ...] = (
    public("get_assets", "/api/v1/assets", assets),
    public("get_collateral_parameters", "/api/v1/collateral", collateral_parameters),
)
