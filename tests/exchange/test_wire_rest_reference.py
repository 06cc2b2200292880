"""Assets and what they count as collateral, from the recorded answers to values."""

from __future__ import annotations

import json
from decimal import Decimal

from bpx_tui.exchange import wire_rest_reference as wire
from bpx_tui.exchange.wire_rest import decode_rows
from bpx_tui.model.assets import AssetInfo, CollateralParameters, Haircut, Token
from bpx_tui.model.enums import Blockchain
from bpx_tui.model.ids import Asset
from bpx_tui.model.market import MarginFunction
from tests.exchange.rest_samples import Decoder, rows, sample

D = Decimal
DECODERS: dict[str, Decoder] = {
    "get_assets.json": rows(wire.asset_info),
    "get_collateral_parameters.json": rows(wire.collateral_parameters),
}


def test_an_asset_and_where_it_moves() -> None:
    (jito,) = decode_rows(sample("get_assets.json"), wire.asset_info)
    token = Token(
        blockchain=Blockchain.SOLANA,
        display_name="Jito",
        contract_address="jtojtomepa8beP8AuQc6eXt5FriJwfFMwQx2v2f9mCL",
        can_deposit=True,
        can_withdraw=True,
        min_deposit=D("0.28"),
        min_withdrawal=D("0.58"),
        max_withdrawal=None,
        withdrawal_fee=D("0.29"),
        native_decimals=9,
    )
    assert jito == AssetInfo(Asset("JTO"), "Jito", "jito-governance-token", (token,))


def test_an_asset_with_a_token_that_cannot_be_read_is_counted_and_others_are_kept() -> None:
    (jito,) = json.loads(sample("get_assets.json"))
    broken = {**jito, "symbol": "SOL", "tokens": [*jito["tokens"], {"blockchain": "Sui"}]}
    decoded = decode_rows(json.dumps([jito, broken]).encode(), wire.asset_info)
    assert [info.asset for info in decoded] == ["JTO"]
    assert decoded.unreadable == ("displayName is missing.",)


def test_haircuts_of_both_shapes() -> None:
    usdc, sol = decode_rows(sample("get_collateral_parameters.json"), wire.collateral_parameters)
    none = MarginFunction(D(0), D(0))
    assert usdc == CollateralParameters(Asset("USDC"), Haircut(D(1)), none, none)
    assert sol == CollateralParameters(
        Asset("SOL"),
        Haircut(D("0.9"), D(1), D("0.00003")),
        MarginFunction(D("0.15"), D("0.00004")),
        MarginFunction(D("0.1"), D("0.00002")),
    )


def test_a_haircut_of_another_shape_is_not_guessed() -> None:
    raw = sample("get_collateral_parameters.json").replace(b'"inverseSqrt"', b'"inverseCube"')
    usdc, sol = decode_rows(raw, wire.collateral_parameters)
    assert (usdc.haircut, sol.haircut) == (Haircut(D(1)), None)
