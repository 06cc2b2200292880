"""The API key pair: checked locally before anything is sent, and never shown.

An API key is the base64 of an Ed25519 public key, its secret the base64 of the 32-byte seed (64 bytes, seed and public
key, are taken too). Mistakes are told apart, because the exchange would only say "invalid signature"; a wallet key or
recovery phrase pasted by accident is refused. No message carries a value. Source: PROTOCOL 2.1, RELIABILITY 3b.
"""

from __future__ import annotations

import binascii
import json
import re
from base64 import b64encode
from collections.abc import Callable
from typing import NoReturn

from bpx_tui.errors import CredentialsError

KEY_BYTES = 32
SECRET_WITH_PUBLIC_BYTES = 64

WALLET_WARNING = (
    "{name} looks like a wallet {what}, not an exchange API key. Do not paste it anywhere. "
    "Create an API key in Backpack's settings and use that."
)
_PHRASE_LENGTHS = frozenset({12, 15, 18, 21, 24})
_BASE58 = re.compile(r"[1-9A-HJ-NP-Za-km-z]+", re.ASCII)
_HEX = re.compile(r"(?:0[xX])?(?:[0-9a-fA-F]{2})+", re.ASCII)
_URL_SAFE = re.compile(r"[A-Za-z0-9_-]+={0,2}", re.ASCII)
_WORD = re.compile(r"[a-z]{3,8}", re.ASCII | re.IGNORECASE)


class Secret:
    """Text that must not be shown: it prints as `<secret>`, and only `reveal` gives it out."""

    __slots__ = ("_reveal",)

    def __init__(self, text: str) -> None:
        def reveal() -> str:
            return text

        self._reveal = reveal

    def reveal(self) -> str:
        return self._reveal()

    def __repr__(self) -> str:
        return "<secret>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be copied or pickled")


class Credentials:
    """A key pair whose halves belong together.

    The seed lives in a closure: `str`, `repr`, `format`, `vars` and `pickle` do not reach it.
    """

    __slots__ = ("_api_key", "_sign", "_source")

    def __init__(self, api_key: Secret | str, secret: Secret | str, *, source: str = "") -> None:
        """Check both texts. `source` says where they come from, in words: `environment`, or a file's path.

        Raises:
            CredentialsError: one of them is not what it should be, or they do not belong together.
        """
        held_key = api_key if isinstance(api_key, Secret) else Secret(api_key)
        held_secret = secret if isinstance(secret, Secret) else Secret(secret)
        del api_key, secret  # a traceback that shows locals finds only holders
        self._api_key = ""  # and can print this object, half made
        self._source = source
        problem = pair_problem(held_key, held_secret)
        if problem is not None:
            raise CredentialsError(f"{problem} (from {source})" if source else problem)
        self._api_key = held_key.reveal()
        self._sign = _signing_function(held_secret)

    @property
    def api_key(self) -> str:
        """The public half, in base64: it names the account, so it is not for the screen either."""
        return self._api_key

    @property
    def fingerprint(self) -> str:
        """Enough of the public half to tell two keys apart."""
        return f"…{self._api_key.rstrip('=')[-4:]}"

    @property
    def source(self) -> str:
        """Where the pair was found, in words."""
        return self._source

    def signing_function(self) -> Callable[[bytes], bytes]:
        """What makes the 64-byte signature of a message with this key."""
        return self._sign

    def __repr__(self) -> str:
        return f"<key {self.fingerprint}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key cannot be copied or pickled")


def pair_problem(api_key: Secret, secret: Secret) -> str | None:
    """What is wrong with the pair, or `None`. Checks form, length and that the halves belong together."""
    for name, half, lengths in (
        ("The API key", api_key, (KEY_BYTES,)),
        ("The secret", secret, (KEY_BYTES, SECRET_WITH_PUBLIC_BYTES)),
    ):
        problem = _form_problem(half.reveal(), name)
        if problem is None and half is api_key and _is_swapped(api_key, secret):
            problem = "The API key and the secret are swapped: exchange the two values."
        if problem is None:
            problem = _length_problem(len(_decode(half.reveal())), name, lengths)
        if problem is not None:
            return problem
    return _match_problem(_decode(api_key.reveal()), _decode(secret.reveal()))


def _form_problem(text: str, name: str) -> str | None:
    """Why `text` is not strict base64, in the words of the mistake that was most likely made."""
    if not text.strip():
        return f"{name} is empty."
    wallet = _wallet_material(text)
    if wallet is not None:
        return WALLET_WARNING.format(name=name, what=wallet)
    if text.lstrip().startswith("-----BEGIN"):
        return f"{name} is in PEM format: the base64 text that Backpack shows for the API key is needed."
    if "\n" in text or "\r" in text:
        return f"{name} contains a newline."
    if any(character.isspace() for character in text):
        return f"{name} contains spaces."
    if text[0] in "\"'`" or text[-1] in "\"'`":
        return f"{name} contains quotes: leave them out."
    if not text.isascii() or not text.isprintable():
        return f"{name} contains characters that base64 does not have: copy it again."
    if _HEX.fullmatch(text) and len(text.lower().removeprefix("0x")) in (2 * KEY_BYTES, 2 * SECRET_WITH_PUBLIC_BYTES):
        return f"{name} is hexadecimal: the base64 text that Backpack shows for the API key is needed."
    if _URL_SAFE.fullmatch(text) and ("-" in text or "_" in text):
        return f"{name} is url-safe base64: write + for - and / for _."
    return _base64_problem(text, name)


def _wallet_material(text: str) -> str | None:
    """`phrase` or `key` where the text has the shape of something that owns a wallet."""
    words = text.split()
    if len(words) in _PHRASE_LENGTHS and all(_WORD.fullmatch(word) for word in words):
        return "phrase"
    compact = "".join(words)
    if compact.startswith("[") and _is_byte_array(compact):
        return "key"
    if _BASE58.fullmatch(compact) and (43 <= len(compact) <= 44 or 86 <= len(compact) <= 88):
        return "key"
    return None


def _is_byte_array(text: str) -> bool:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(values, list) and len(values) in (32, 64) and all(isinstance(value, int) for value in values)


def _base64_problem(text: str, name: str) -> str | None:
    try:
        decoded = binascii.a2b_base64(text, strict_mode=True)
    except binascii.Error:
        body = text.rstrip("=")
        if re.fullmatch(r"[A-Za-z0-9+/]+", body, re.ASCII):
            return f"{name} is not whole base64: characters are missing or its = at the end is. Copy it again."
        return f"{name} is not base64: it contains characters that base64 does not have."
    if b64encode(decoded).decode("ascii") != text:
        return f"{name} is not proper base64: its last character is wrong. Copy it again."
    return None


def _length_problem(length: int, name: str, allowed: tuple[int, ...]) -> str | None:
    if length in allowed:
        return None
    wanted = " or ".join(str(size) for size in allowed)
    return f"{name} is {length} bytes long; {wanted} are needed. Copy it again."


def _is_swapped(api_key: Secret, secret: Secret) -> bool:
    if _form_problem(secret.reveal(), "") is not None:
        return False
    seed, public = _decode(api_key.reveal()), _decode(secret.reveal())
    return len(seed) in (KEY_BYTES, SECRET_WITH_PUBLIC_BYTES) and _public_of(seed[:KEY_BYTES]) == public


def _match_problem(public: bytes, secret: bytes) -> str | None:
    derived = _public_of(secret[:KEY_BYTES])
    if len(secret) == SECRET_WITH_PUBLIC_BYTES and secret[KEY_BYTES:] != derived:
        return "The secret is 64 bytes, but its second half is not the public key of its first. Copy it again."
    if derived != public:
        return "The API key and the secret do not belong together: they come from two different key pairs."
    return None


def _decode(text: str) -> bytes:
    return binascii.a2b_base64(text, strict_mode=True)


def _public_of(seed: bytes) -> bytes:
    from nacl.signing import SigningKey

    return bytes(SigningKey(seed).verify_key)


def _signing_function(secret: Secret) -> Callable[[bytes], bytes]:
    from nacl.signing import SigningKey

    key = SigningKey(_decode(secret.reveal())[:KEY_BYTES])

    def sign(message: bytes) -> bytes:
        return key.sign(message).signature

    return sign
