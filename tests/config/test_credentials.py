"""Keys: what is taken, what is refused and in which words, and that nothing ever shows one."""

from __future__ import annotations

import copy
import dataclasses
import json
import logging
import pickle
import traceback
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey, VerifyKey

from bpx_tui.config.credentials import Credentials, Secret
from bpx_tui.errors import CredentialsError

SEED = bytes(range(200, 232))
PUBLIC = bytes(SigningKey(SEED).verify_key)
API_KEY = b64encode(PUBLIC).decode()
SECRET = b64encode(SEED).decode()
OTHER = bytes(range(32))
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
PHRASE = "legal winner thank year wave sausage worth useful legal winner thank yellow"
WALLET = "{} looks like a wallet {}, not an exchange API key. Do not paste it anywhere."


def base58(data: bytes) -> str:
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = _BASE58[digit] + text
    return text


def forms_of(seed: bytes) -> list[str]:
    """Every spelling under which a key could leak, and each eight bytes of it."""
    forms = [b64encode(seed).decode(), urlsafe_b64encode(seed).decode(), seed.hex(), repr(seed)[2:-1]]
    forms += [seed[start : start + 8].decode("latin-1") for start in range(len(seed) - 7)]
    forms += [b64encode(seed).decode()[start : start + 8] for start in range(36)]
    return forms


def test_a_seed_of_32_bytes_signs() -> None:
    key = Credentials(API_KEY, SECRET)
    VerifyKey(PUBLIC).verify(b"message", key.signing_function()(b"message"))
    assert key.api_key == API_KEY


def test_a_secret_of_64_bytes_is_seed_and_public_key() -> None:
    key = Credentials(API_KEY, b64encode(SEED + PUBLIC).decode())
    VerifyKey(PUBLIC).verify(b"message", key.signing_function()(b"message"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "The secret is empty."),
        ("  ", "The secret is empty."),
        ("\n", "The secret is empty."),
        (f" {SECRET}", "The secret contains spaces."),
        (f"{SECRET[:20]} {SECRET[20:]}", "The secret contains spaces."),
        (f"{SECRET}\n", "The secret contains a newline."),
        (f"{SECRET[:20]}\r\n{SECRET[20:]}", "The secret contains a newline."),
        (f'"{SECRET}"', "The secret contains quotes: leave them out."),
        (f"'{SECRET}'", "The secret contains quotes: leave them out."),
        ("AAAA AA!!AA=", "The secret contains spaces."),
        ("AAAAAA!!AAA=", "The secret is not base64: it contains characters that base64 does not have."),
        (f"{SECRET[:-2]}é=", "The secret contains characters that base64 does not have: copy it again."),
        (f"{SECRET}\u200b", "The secret contains characters that base64 does not have: copy it again."),
        (f"{SECRET[:-1]}", "The secret is not whole base64: characters are missing or its = at the end is."),
        (f"{SECRET[:30]}", "The secret is not whole base64: characters are missing or its = at the end is."),
        (SEED.hex(), "The secret is hexadecimal: the base64 text that Backpack shows for the API key is needed."),
        (f"0x{SEED.hex()}", "The secret is hexadecimal:"),
        ((SEED + PUBLIC).hex().upper(), "The secret is hexadecimal:"),
        ("-----BEGIN PRIVATE KEY-----\nMC4CAQ\n-----END PRIVATE KEY-----", "The secret is in PEM format:"),
        (urlsafe_b64encode(b"\xff" * 32).decode(), "The secret is url-safe base64: write + for - and / for _."),
        (b64encode(SEED[:31]).decode(), "The secret is 31 bytes long; 32 or 64 are needed. Copy it again."),
        (b64encode(SEED + b"x").decode(), "The secret is 33 bytes long; 32 or 64 are needed. Copy it again."),
        (b64encode(SEED + OTHER).decode(), "The secret is 64 bytes, but its second half is not the public key"),
        ("[" * 100_000, "The secret is not base64:"),
        (PHRASE, WALLET.format("The secret", "phrase")),
        (PHRASE.upper(), WALLET.format("The secret", "phrase")),
        (f"{PHRASE} {PHRASE}", WALLET.format("The secret", "phrase")),
        (PHRASE.replace(" ", "\n"), WALLET.format("The secret", "phrase")),
        (base58(b"\x7f" + SEED[1:] + PUBLIC), WALLET.format("The secret", "key")),
        (base58(b"\x7f" + SEED[1:]), WALLET.format("The secret", "key")),
        (json.dumps(list(SEED + PUBLIC)), WALLET.format("The secret", "key")),
        (json.dumps(list(SEED), indent=1), WALLET.format("The secret", "key")),
        (b64encode(OTHER).decode(), "The API key and the secret do not belong together:"),
    ],
)
def test_a_secret_that_cannot_be_used_is_named_by_its_mistake_and_not_repeated(text: str, said: str) -> None:
    with pytest.raises(CredentialsError) as refused:
        Credentials(API_KEY, text)
    assert str(refused.value).startswith(said)
    assert len(text.strip()) < 9 or text.strip() not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "The API key is empty."),
        (PHRASE, WALLET.format("The API key", "phrase")),
        (base58(b"\x7f" + PUBLIC[1:]), WALLET.format("The API key", "key")),
        (PUBLIC.hex(), "The API key is hexadecimal:"),
        (b64encode(PUBLIC + PUBLIC).decode(), "The API key is 64 bytes long; 32 are needed."),
        (b64encode(OTHER).decode(), "The API key and the secret do not belong together:"),
    ],
)
def test_an_api_key_that_cannot_be_used_is_named_by_its_mistake(text: str, said: str) -> None:
    with pytest.raises(CredentialsError) as refused:
        Credentials(text, SECRET)
    assert str(refused.value).startswith(said)


@pytest.mark.parametrize("secret", [SECRET, b64encode(SEED + PUBLIC).decode()], ids=["32 bytes", "64 bytes"])
def test_swapped_halves_are_recognised(secret: str) -> None:
    with pytest.raises(CredentialsError, match="are swapped"):
        Credentials(secret, API_KEY)


def test_a_last_character_with_stray_bits_is_refused() -> None:
    stray = SECRET[:-2] + chr(ord(SECRET[-2]) + 1) + "="
    with pytest.raises(CredentialsError, match="last character is wrong"):
        Credentials(API_KEY, stray)


def test_the_source_is_named_in_the_refusal() -> None:
    with pytest.raises(CredentialsError, match=r"\(from the environment\)$"):
        Credentials(API_KEY, "", source="the environment")


@given(st.text(max_size=120), st.text(max_size=120))
def test_any_two_texts_are_a_pair_or_a_credentials_error(api_key: str, secret: str) -> None:
    with pytest.raises(CredentialsError):
        Credentials(api_key, secret)


@dataclasses.dataclass(frozen=True)
class Holder:
    key: Credentials


WAYS_TO_SHOW: list[Callable[[Credentials], str]] = [
    str,
    repr,
    lambda key: f"{key}",
    lambda key: f"{key!r:>60}",
    lambda key: "%s %r" % (key, key),  # noqa: UP031 - one more way to show it
    lambda key: repr([key, {"k": key}]),
    lambda key: repr(Holder(key)),
    lambda key: repr(sorted(dir(key))),
    lambda key: repr([getattr(key, name) for name in dir(key) if not name.startswith("_")]),
    lambda key: repr([getattr(key, name) for name in Credentials.__slots__ if name != "_api_key"]),
    lambda key: repr(key.signing_function()),
    lambda key: logging.LogRecord("x", 10, "p", 1, "key %s %r", (key, key), None).getMessage(),
]


@pytest.mark.parametrize("show", WAYS_TO_SHOW)
def test_no_way_of_printing_shows_the_secret(show: Callable[[Credentials], str]) -> None:
    shown = show(Credentials(API_KEY, SECRET, source="a file"))
    assert [form for form in forms_of(SEED) if form in shown] == []


@pytest.mark.parametrize("copier", [pickle.dumps, copy.copy, copy.deepcopy])
@pytest.mark.parametrize("held", [Credentials(API_KEY, SECRET), Secret(SECRET)], ids=["pair", "secret"])
def test_neither_pair_nor_secret_can_be_pickled_or_copied(copier: Callable[[object], object], held: object) -> None:
    with pytest.raises(TypeError, match="cannot be copied or pickled"):
        copier(held)
    with pytest.raises(TypeError):
        vars(held)


def test_a_pair_does_not_go_into_json_or_a_dict() -> None:
    key = Credentials(API_KEY, SECRET)
    with pytest.raises(TypeError):
        json.dumps(key)
    with pytest.raises(TypeError):
        dataclasses.asdict(Holder(key))


def test_a_traceback_with_locals_shows_no_secret() -> None:
    held = Secret(b64encode(SEED[:31]).decode())
    try:
        Credentials(Secret(API_KEY), held)
    except CredentialsError as error:
        report = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert "31 bytes long" in report
    assert [form for form in forms_of(SEED[:31]) if form in report] == []
