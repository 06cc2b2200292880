"""Assets and their collateral rules: public."""

from __future__ import annotations

from decimal import Decimal

from bpx_tui.simulator.history.units import plain
from bpx_tui.simulator.markets import AssetTerms, Haircut
from bpx_tui.simulator.rest.answers import Reply, json_reply
from bpx_tui.simulator.rest.rendering import sqrt_function
from bpx_tui.simulator.rest.routing import Call, Route, public

_CACHED = {"Cache-Control": "public, max-age=300"}
_CHAINS = {"BTC": "Bitcoin", "ETH": "Ethereum", "XRP": "XRP", "DOGE": "Dogecoin", "SUI": "Sui", "AVAX": "Avalanche"}
_COINGECKO = {
    "BTC": "bitcoin",
    "ETH": "ethereum",
    "SOL": "solana",
    "USDC": "usd-coin",
    "USDT": "tether",
    "XRP": "ripple",
    "DOGE": "dogecoin",
}


def assets(call: Call) -> Reply:
    call.query.text("country")
    return json_reply([_asset(terms, call) for terms in call.exchange.venue.assets()], headers=_CACHED)


def _asset(terms: AssetTerms, call: Call) -> dict[str, object]:
    return {
        "symbol": terms.asset,
        "displayName": terms.display_name,
        "coingeckoId": _COINGECKO.get(terms.asset),
        "tokens": [_token(terms, call)],
    }


def _token(terms: AssetTerms, call: Call) -> dict[str, object]:
    """One token per asset; minimum and fee are worth about one dollar and half of that."""
    price = call.exchange.venue.index(terms.asset)
    dollar = Decimal(1) if price <= 0 else 1 / price
    digits = Decimal(1).scaleb(-min(terms.decimals, 6))
    fee = max((dollar / 2).quantize(digits), digits)
    return {
        "blockchain": chain_of(terms),
        "contractAddress": None,
        "depositEnabled": True,
        "displayName": terms.display_name,
        "maximumWithdrawal": None,
        "minimumDeposit": plain(fee),
        "minimumWithdrawal": plain(fee * 2),
        "nativeDecimals": terms.decimals,
        "withdrawEnabled": True,
        "withdrawalFee": plain(fee),
    }


def chain_of(terms: AssetTerms) -> str:
    """The chain an asset is deposited on."""
    return _CHAINS.get(terms.asset, "Solana")


def collateral_parameters(call: Call) -> Reply:
    return json_reply(
        [
            {
                "symbol": terms.asset,
                "imfFunction": sqrt_function(terms.imf),
                "mmfFunction": sqrt_function(terms.mmf),
                "haircutFunction": _haircut(terms.haircut),
            }
            for terms in call.exchange.venue.assets()
            if terms.haircut is not None
        ]
    )


def _haircut(haircut: Haircut) -> dict[str, object]:
    if haircut.base is None or haircut.positive_curve_penalty is None:
        kind = {"type": "identity"}
    else:
        kind = {
            "type": "inverseSqrt",
            "base": plain(haircut.base),
            "positiveCurvePenalty": plain(haircut.positive_curve_penalty),
        }
    return {"weight": plain(haircut.weight), "kind": kind}


ROUTES: tuple[Route, ...] = (
    public("get_assets", "/api/v1/assets", assets),
    public("get_collateral_parameters", "/api/v1/collateral", collateral_parameters),
)
