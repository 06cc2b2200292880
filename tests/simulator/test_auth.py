"""Signatures: every right form passes, thirty wrong ones are refused with the right code and change nothing."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from multidict import CIMultiDict
from nacl.signing import SigningKey

from bpx_tui.simulator.domain.orders import AccountId
from bpx_tui.simulator.domain.refusals import VenueRefusal
from bpx_tui.simulator.rest.auth import KeyRing, Signature, Verifier, read_signature
from bpx_tui.simulator.rest.raw_json import parse_body
from bpx_tui.simulator.rest.signed_text import signed_texts
from tests.simulator.desk import DEMO, Answer, Client, Listener, make_exchange, sign, text_to_sign

VECTORS = orjson.loads((Path(__file__).parents[1] / "data/backpack/signing_vectors.json").read_bytes())
ORDER = {"symbol": "SOL_USDC", "side": "Bid", "orderType": "Limit", "price": "150.00", "quantity": "0.50"}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_the_recorded_vectors_verify(vector: dict[str, object]) -> None:
    keys = KeyRing()
    keys.add(str(vector["public_b64"]), AccountId("someone"))
    stamp, window = str(vector["timestamp"]), str(vector["window"])
    signature = Signature(str(vector["public_b64"]), str(vector["signature_b64"]), stamp, window)
    params = vector["params"]
    assert isinstance(params, dict)
    query: tuple[tuple[str, str], ...] = ()
    body = parse_body(orjson.dumps(params))
    clocks = (int(stamp) + 1,)
    if vector["params_in"] == "ws":
        assert Verifier(keys).subscription(signature, clocks) == "someone"
        return
    if vector["params_in"] == "query":
        query, body = tuple((name, str(value)) for name, value in params.items()), {}
    assert signed_texts(str(vector["instruction"]), query, body, stamp, window) == (vector["message"],)
    assert Verifier(keys).request(signature, str(vector["instruction"]), query, body, clocks) == "someone"


@pytest.fixture(name="client")
def a_client() -> Client:
    exchange, _ = make_exchange(flow=False)
    return Client(exchange)


def post(client: Client, body: bytes, text: str, **headers: str | None) -> Answer:
    """An order with this body and this signed text; headers replaced, or left out with `None`."""
    signed = client.headers(text)
    for name, value in headers.items():
        key = f"X-{name.replace('_', '-')}"
        if value is None:
            del signed[key]
        else:
            signed[key] = value
    return client.send("POST", "/api/v1/order", headers=signed, body=body)


def right_text(client: Client, **changes: object) -> str:
    return text_to_sign("orderExecute", {**ORDER, **changes}, client.now_ms, 5000)


BODY = orjson.dumps(ORDER)


@pytest.mark.parametrize(
    ("body", "signed"),
    [
        (orjson.dumps(ORDER), {}),
        (orjson.dumps(dict(reversed(ORDER.items()))), {}),
        (orjson.dumps(ORDER, option=orjson.OPT_INDENT_2), {}),
        (orjson.dumps({**ORDER, "clientId": 4294967295}), {"clientId": 4294967295}),
        (orjson.dumps({**ORDER, "postOnly": True, "autoBorrow": False}), {"postOnly": True, "autoBorrow": False}),
        (orjson.dumps({**ORDER, "price": "150"}), {"price": "150"}),
        (orjson.dumps({**ORDER, "clientId": None}), {}),
        (orjson.dumps({**ORDER, "clientId": None}), {"clientId": "null"}),
    ],
    ids=["plain", "key order", "white space", "integer", "booleans", "short price", "null left out", "null as text"],
)
def test_right_forms_pass(client: Client, body: bytes, signed: dict[str, object]) -> None:
    assert post(client, body, right_text(client, **signed)).status == 200


def test_the_window_defaults_to_five_seconds_and_is_signed_all_the_same(client: Client) -> None:
    assert post(client, BODY, right_text(client), Window=None).status == 200


def test_values_are_signed_raw(client: Client) -> None:
    trigger = {"triggerPrice": "200", "triggerQuantity": "50%", "side": "Ask"}
    body = orjson.dumps({k: v for k, v in {**ORDER, **trigger}.items() if k != "quantity"})
    raw = right_text(client, **trigger).replace("&quantity=0.50", "")
    assert post(client, body, raw).status == 200
    assert post(client, body, raw.replace("50%", "50%25")).object()["code"] == "INVALID_SIGNATURE"


def test_a_batch_repeats_the_instruction_for_every_order(client: Client) -> None:
    orders: list[dict[str, object]] = [{**ORDER}, {**ORDER, "price": "151.00"}]
    assert [row["operation"] for row in client.batch(orders).rows()] == ["Ok", "Ok"]
    parts = [text_to_sign("orderExecute", order, 0, 0).rsplit("&timestamp", 1)[0] for order in orders]
    once = "&".join([parts[0], parts[1].removeprefix("instruction=orderExecute&")])
    headers = client.headers(f"{once}&timestamp={client.now_ms}&window=5000")
    refused = client.send("POST", "/api/v1/orders", headers=headers, body=orjson.dumps(orders))
    assert refused.object()["code"] == "INVALID_SIGNATURE"


Wrong = Callable[[Client], Answer]


def _stamped(offset_ms: int) -> Wrong:
    def send(client: Client) -> Answer:
        stamp = client.now_ms + offset_ms
        text = text_to_sign("orderExecute", ORDER, stamp, 5000)
        return post(client, BODY, text, Timestamp=str(stamp))

    return send


def _header(name: str, value: str | None) -> Wrong:
    return lambda client: post(client, BODY, right_text(client), **{name: value})


def _window(value: str) -> Wrong:
    def send(client: Client) -> Answer:
        text = text_to_sign("orderExecute", ORDER, client.now_ms, 5000).replace("window=5000", f"window={value}")
        return post(client, BODY, text, Window=value)

    return send


def _signed_as(change: Callable[[str], str]) -> Wrong:
    return lambda client: post(client, BODY, change(right_text(client)))


def _body(body: bytes, **signed: object) -> Wrong:
    return lambda client: post(client, body, right_text(client, **signed))


def _signature(change: Callable[[bytes], str]) -> Wrong:
    def send(client: Client) -> Answer:
        raw = base64.b64decode(sign(client.pair, right_text(client)))
        return post(client, BODY, right_text(client), Signature=change(raw))

    return send


def _unsorted(text: str) -> str:
    head, *pairs, stamp, window = text.split("&")
    return "&".join([head, *reversed(pairs), stamp, window])


def _with_other_key(client: Client) -> Answer:
    other = SigningKey(b"7" * 32)
    forged = base64.b64encode(other.sign(right_text(client).encode()).signature).decode()
    return post(client, BODY, right_text(client), Signature=forged)


def _unknown_key(client: Client) -> Answer:
    other = SigningKey(b"8" * 32)
    forged = base64.b64encode(other.sign(right_text(client).encode()).signature).decode()
    return post(
        client, BODY, right_text(client), API_Key=base64.b64encode(bytes(other.verify_key)).decode(), Signature=forged
    )


REQUEST, SIGNATURE, TEXT = "INVALID_CLIENT_REQUEST", "INVALID_SIGNATURE", "plain text"
WRONG: list[tuple[str, Wrong, str]] = [
    ("no key header", _header("API_Key", None), REQUEST),
    ("no signature header", _header("Signature", None), REQUEST),
    ("no timestamp header", _header("Timestamp", None), REQUEST),
    ("empty signature header", _header("Signature", ""), REQUEST),
    ("timestamp in words", _header("Timestamp", "now"), REQUEST),
    ("timestamp with a fraction", _header("Timestamp", "1780300000000.0"), REQUEST),
    ("negative timestamp", _header("Timestamp", "-5"), REQUEST),
    ("timestamp in seconds", _header("Timestamp", "1780300000"), REQUEST),
    ("timestamp in microseconds", _header("Timestamp", "1780300000000000"), REQUEST),
    ("other timestamp than signed", _header("Timestamp", "1780300000001"), SIGNATURE),
    ("expired", _stamped(-5_001), REQUEST),
    ("long expired", _stamped(-3_600_000), REQUEST),
    ("eleven minutes ahead", _stamped(660_000), REQUEST),
    ("window too long", _window("60001"), REQUEST),
    ("window of nothing", _window("0"), REQUEST),
    ("window with a fraction", _window("5000.5"), REQUEST),
    ("window in words", _window("long"), REQUEST),
    ("other window than signed", _header("Window", "6000"), SIGNATURE),
    ("window not signed", _signed_as(lambda text: text.replace("&window=5000", "")), SIGNATURE),
    ("wrong instruction", _signed_as(lambda text: text.replace("orderExecute", "orderCancel")), SIGNATURE),
    ("no instruction", _signed_as(lambda text: text.split("&", 1)[1]), SIGNATURE),
    ("method and path as instruction", _signed_as(lambda t: t.replace("orderExecute", "POST/api/v1/order")), SIGNATURE),
    ("parameters not sorted", _signed_as(_unsorted), SIGNATURE),
    ("a parameter not signed", _signed_as(lambda text: text.replace("&side=Bid", "")), SIGNATURE),
    ("a parameter too many signed", _body(BODY, timeInForce="GTC"), SIGNATURE),
    ("zeros cut off", _body(BODY, quantity="0.5"), SIGNATURE),
    ("boolean in capitals", _body(orjson.dumps({**ORDER, "postOnly": True}), postOnly="True"), SIGNATURE),
    ("boolean as a digit", _body(orjson.dumps({**ORDER, "postOnly": True}), postOnly="1"), SIGNATURE),
    ("integer with a fraction", _body(orjson.dumps({**ORDER, "clientId": 7}), clientId="7.0"), SIGNATURE),
    ("spaces encoded", _signed_as(lambda text: text.replace("_", "%5F")), SIGNATURE),
    ("newline at the end", _signed_as(lambda text: f"{text}\n"), SIGNATURE),
    ("signature by another key", _with_other_key, SIGNATURE),
    ("unknown key", _unknown_key, SIGNATURE),
    ("key in hexadecimal", _header("API_Key", "ab" * 32), REQUEST),
    ("key without padding", _header("API_Key", "A" * 43), REQUEST),
    ("signature in hexadecimal", _signature(bytes.hex), SIGNATURE),
    ("signature cut short", _signature(lambda raw: base64.b64encode(raw[:-1]).decode()), SIGNATURE),
    ("signature for the web", _signature(lambda raw: base64.urlsafe_b64encode(raw).decode().rstrip("=")), SIGNATURE),
    (
        "signature with one bit flipped",
        _signature(lambda r: base64.b64encode(bytes([r[0] ^ 1]) + r[1:]).decode()),
        SIGNATURE,
    ),
    ("body changed after signing", _body(BODY.replace(b"150.00", b"15.00")), SIGNATURE),
    ("body is not JSON", _body(b"{"), TEXT),
    ("body with a key twice", _body(BODY.replace(b"}", b',"price":"1"}')), TEXT),
]


def test_there_are_at_least_thirty_ways_to_be_wrong() -> None:
    assert len(WRONG) >= 30


@pytest.mark.parametrize(("send", "code"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_wrong_signatures_are_refused(client: Client, send: Wrong, code: str) -> None:
    answer = send(client)
    assert answer.status == 400
    if code == TEXT:
        assert answer.reply.content_type.startswith("text/plain")
        assert "parse request payload error" in answer.text
    else:
        assert answer.object()["code"] == code
    assert client.exchange.venue.open_orders(DEMO) == ()


@pytest.mark.parametrize(
    ("offset_ms", "message"),
    [
        (-5_001, "Request has expired"),
        (-660_000, "Invalid timestamp: must be within 10 minutes of current time"),
        (660_000, "Invalid timestamp: must be within 10 minutes of current time"),
    ],
)
def test_late_and_early_requests_are_told_so(client: Client, offset_ms: int, message: str) -> None:
    assert _stamped(offset_ms)(client).object() == {"code": REQUEST, "message": message}


@pytest.mark.parametrize("offset_ms", [-5_000, 0, 599_000])
def test_the_edges_of_the_window_are_inside(client: Client, offset_ms: int) -> None:
    assert _stamped(offset_ms)(client).status == 200


def test_time_is_checked_before_the_key_and_the_key_before_the_signature(client: Client) -> None:
    hopeless = CIMultiDict({"X-API-Key": "?", "X-Signature": "?", "X-Timestamp": "1"})
    answer = client.send("POST", "/api/v1/order", headers=hopeless, body=BODY)
    assert "timestamp" in str(answer.object()["message"])
    hopeless["X-Timestamp"] = str(client.now_ms)
    answer = client.send("POST", "/api/v1/order", headers=hopeless, body=BODY)
    assert answer.object()["message"] == "Invalid X-API-Key header"


def test_query_parameters_are_signed_decoded(client: Client) -> None:
    found = client.signed("GET", "/api/v1/orders", "orderQueryAll", symbol="SOL_USDC", marketType="SPOT")
    assert found.status == 200


def test_operations_with_optional_headers_answer_401_without_any(client: Client) -> None:
    assert client.public("/wapi/v1/history/fills").object()["code"] == "UNAUTHORIZED"
    assert client.public("/wapi/v1/history/fills").status == 401


def test_header_names_do_not_mind_their_case() -> None:
    headers = CIMultiDict({"x-api-key": "k", "X-SIGNATURE": "s", "x-timestamp": "1"})
    assert read_signature(headers) == Signature("k", "s", "1", None)
    with pytest.raises(VenueRefusal):
        read_signature(CIMultiDict())


def test_deletes_and_patches_sign_their_body(client: Client) -> None:
    order = client.order(**ORDER, clientId=7).object()
    body = {"symbol": "SOL_USDC", "orderId": order["id"]}
    assert client.signed("DELETE", "/api/v1/order", "orderCancel", **body).status == 200
    assert client.signed("PATCH", "/api/v1/account", "accountUpdate", autoLend=True, leverageLimit="5").status == 200


def test_a_boolean_of_a_query_is_signed_as_it_stands_in_the_address(client: Client) -> None:
    path, query = "/api/v1/account/limits/order", {"symbol": "SOL_USDC", "side": "Bid", "reduceOnly": "true"}
    headers = client.headers(text_to_sign("maxOrderQuantity", query, client.now_ms, 5000))
    assert client.send("GET", path, query=query, headers=headers).status == 200
    capital = {**query, "reduceOnly": "True"}  # known clients put this into the address and sign the other
    assert client.send("GET", path, query=capital, headers=headers).object()["code"] == "INVALID_SIGNATURE"


@pytest.mark.parametrize("kinds", [["SPOT"], ["SPOT", "PERP"]])
def test_a_repeated_query_parameter_is_signed_as_often_as_it_is_sent(client: Client, kinds: list[str]) -> None:
    pairs = "".join(f"&marketType={kind}" for kind in kinds)
    text = f"instruction=fillHistoryQueryAll{pairs}&timestamp={client.now_ms}&window=5000"
    sent = client.send("GET", "/wapi/v1/history/fills", query={"marketType": kinds}, headers=client.headers(text))
    assert sent.status == 200


@pytest.mark.parametrize(
    ("change", "is_right"),
    [
        (lambda parts: parts, True),
        (lambda parts: [parts[0], parts[1], int(parts[2]), int(parts[3])], True),
        (lambda parts: parts[:3], False),
        (lambda parts: [parts[0], parts[1], parts[2], "6000"], False),
        (lambda parts: [parts[0], parts[1], str(int(parts[2]) + 1), parts[3]], False),
        (lambda parts: [parts[1], parts[0], *parts[2:]], False),
        (lambda _: None, False),
    ],
    ids=["as signed", "numbers", "three parts", "other window", "other time", "swapped", "none"],
)
def test_subscriptions_are_signed_too(client: Client, change: Callable[[list[str]], object], *, is_right: bool) -> None:
    listener = Listener(client.exchange)
    text = f"instruction=subscribe&timestamp={client.now_ms}&window=5000"
    parts = [client.pair.api_key, sign(client.pair, text), str(client.now_ms), "5000"]
    frame = {"method": "SUBSCRIBE", "params": ["account.orderUpdate"], "signature": change(parts)}
    listener.session.receive(orjson.dumps(frame))
    assert listener.errors() == ([] if is_right else [4008])
    assert (client.exchange.hub.channel("account.orderUpdate", DEMO) is not None) is is_right
