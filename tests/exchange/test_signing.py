"""The string to sign, against published vectors and an independent rebuild; and what the signer refuses."""

from __future__ import annotations

import copy
import json
import pickle
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey, VerifyKey

from bpx_tui.config.credentials import Credentials
from bpx_tui.errors import NotSent
from bpx_tui.exchange.operations import READ_ONLY_INSTRUCTIONS, TRADING_INSTRUCTIONS, WITHDRAW
from bpx_tui.exchange.signing import Params, Scalar, Signer, canonical_string, window_for_change, wire_text

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "data" / "backpack" / "signing_vectors.json").read_text()
)
SEED = bytes(range(32))
PUBLIC = bytes(SigningKey(SEED).verify_key)


def credentials(seed: bytes = SEED) -> Credentials:
    public = bytes(SigningKey(seed).verify_key)
    return Credentials(b64encode(public).decode(), b64encode(seed).decode())


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_published_vectors(vector: dict[str, Any]) -> None:
    where = {"query": vector["params"] or None} if vector["params_in"] == "query" else {"body": vector["params"]}
    message = canonical_string(vector["instruction"], vector["timestamp"], vector["window"], **where)
    assert message == vector["message"]
    signer = Signer(Credentials(vector["public_b64"], vector["seed_b64"]), TRADING_INSTRUCTIONS)
    signed = signer.sign(vector["instruction"], vector["timestamp"], vector["window"], **where)
    assert signed.signature == vector["signature_b64"]
    assert signed == (vector["public_b64"], signed.signature, str(vector["timestamp"]), str(vector["window"]))


def test_the_documented_batch_repeats_the_instruction_for_each_order() -> None:
    orders: list[Params] = [
        {"symbol": "SOL_USDC_PERP", "side": "Bid", "orderType": "Limit", "price": "141", "quantity": "12"},
        {"symbol": "SOL_USDC_PERP", "side": "Ask", "orderType": "Limit", "price": "150", "quantity": "1"},
    ]
    assert canonical_string("orderExecute", 1750793021519, 5000, body=orders) == (
        "instruction=orderExecute&orderType=Limit&price=141&quantity=12&side=Bid&symbol=SOL_USDC_PERP"
        "&instruction=orderExecute&orderType=Limit&price=150&quantity=1&side=Ask&symbol=SOL_USDC_PERP"
        "&timestamp=1750793021519&window=5000"
    )


@pytest.mark.parametrize(
    ("params", "pairs"),
    [
        ({"postOnly": True, "reduceOnly": False}, "postOnly=true&reduceOnly=false"),
        ({"triggerQuantity": "50%"}, "triggerQuantity=50%"),
        ({"sources": "a,b c"}, "sources=a,b c"),
        ({"price": None, "symbol": "X_Y"}, "symbol=X_Y"),
        ({"quantity": "0.50", "clientId": 0}, "clientId=0&quantity=0.50"),
        ({"note": "True", "autoLend": True}, "autoLend=true&note=True"),
        ({"b": "1", "B": "2", "a": "3", "_": "4"}, "B=2&_=4&a=3&b=1"),
        ({"é": "ü", "z": "1", "\U0001f600": "2", "\uffff": "3"}, "z=1&é=ü&\uffff=3&\U0001f600=2"),
        ({"address": "a+b/c=d&e"}, "address=a+b/c=d&e"),
    ],
)
def test_values_are_signed_as_they_are_sent(params: Params, pairs: str) -> None:
    assert canonical_string("x", 1, 2, body=params) == f"instruction=x&{pairs}&timestamp=1&window=2"
    assert canonical_string("x", 1, 2, query=params) == f"instruction=x&{pairs}&timestamp=1&window=2"


def test_query_pairs_come_before_body_pairs_each_sorted() -> None:
    signed = canonical_string("x", 1, 2, query={"z": 1, "y": 2}, body={"b": "3", "a": "4"})
    assert signed == "instruction=x&y=2&z=1&a=4&b=3&timestamp=1&window=2"


@pytest.mark.parametrize("value", [1.5, b"1", ["a"], {"a": 1}])
def test_what_has_no_one_spelling_is_not_signed(value: Any) -> None:
    with pytest.raises(TypeError, match="cannot sign"):
        canonical_string("x", 1, 2, body={"a": value})


scalars: st.SearchStrategy[Scalar] = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])), st.integers(), st.booleans(), st.none()
)
params = st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8), scalars, max_size=8)


@given(params, st.integers(0, 2**41), st.integers(1, 60_000))
def test_the_string_equals_an_independent_rebuild_and_the_signature_verifies(
    body: dict[str, Scalar], timestamp: int, window: int
) -> None:
    pairs = []
    for key in sorted(body, key=lambda name: name.encode("utf-8")):
        value = body[key]
        if value is not None:
            pairs.append(f"{key}={json.dumps(value)}" if isinstance(value, bool) else f"{key}={value}")
    expected = "&".join(["instruction=orderExecute", *pairs, f"timestamp={timestamp}", f"window={window}"])
    signed = Signer(credentials(), TRADING_INSTRUCTIONS).sign("orderExecute", timestamp, window, body=body)
    VerifyKey(PUBLIC).verify(expected.encode(), b64decode(signed.signature))


def test_a_query_shows_the_characters_that_were_signed() -> None:
    assert [wire_text(value) for value in (True, False, 28, "0.50")] == ["true", "false", "28", "0.50"]


def test_a_subscription_is_signed_without_stream_names() -> None:
    vector = next(vector for vector in VECTORS if vector["instruction"] == "subscribe")
    signer = Signer(Credentials(vector["public_b64"], vector["seed_b64"]), READ_ONLY_INSTRUCTIONS)
    assert signer.subscription(vector["timestamp"]).signature == vector["signature_b64"]


def test_a_withdrawal_is_never_signed_even_where_it_was_allowed() -> None:
    signer = Signer(credentials(), {*TRADING_INSTRUCTIONS, WITHDRAW})
    assert not signer.allows(WITHDRAW)
    with pytest.raises(NotSent, match="does not request withdrawals"):
        signer.sign(WITHDRAW, 1, 5000, body={"address": "x"})


@pytest.mark.parametrize("instruction", sorted(TRADING_INSTRUCTIONS - READ_ONLY_INSTRUCTIONS))
def test_a_read_only_signer_refuses_whatever_changes_something(instruction: str) -> None:
    signer = Signer(credentials(), READ_ONLY_INSTRUCTIONS)
    with pytest.raises(NotSent, match="read-only"):
        signer.sign(instruction, 1, 5000)


def test_a_signer_shows_nothing_of_its_key() -> None:
    signer = Signer(credentials(), TRADING_INSTRUCTIONS)
    secret = b64encode(SEED).decode()
    for shown in (str(signer), repr(signer), f"{signer}", f"{signer!s:>80}", json.dumps([str(signer)])):
        assert secret not in shown
        assert signer.api_key not in shown
    assert not hasattr(signer, "__dict__")
    for copier in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="cannot be copied or pickled"):
            copier(signer)


@given(st.none() | st.floats(0, 1e7), st.integers(1, 60_000))
def test_no_window_is_longer_than_allowed(uncertainty_ms: float | None, allowed_ms: int) -> None:
    window_ms = window_for_change(uncertainty_ms, allowed_ms)
    assert window_ms <= allowed_ms
    assert window_ms in (3_000, allowed_ms)
