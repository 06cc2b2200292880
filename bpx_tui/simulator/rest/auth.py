"""Who is asking: ED25519 signatures checked strictly, in the order of PROTOCOL 10."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from bpx_tui.simulator.domain.orders import AccountId
from bpx_tui.simulator.domain.refusals import VenueRefusal, invalid_request
from bpx_tui.simulator.rest.raw_json import JsonValue
from bpx_tui.simulator.rest.signed_text import Pairs, signed_texts, subscribe_text

DEFAULT_WINDOW_MS = 5_000
MAX_WINDOW_MS = 60_000
MAX_CLOCK_ERROR_MS = 600_000
_MAX_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Signature:
    """The four parts of a signed request, still as text. `window` is `None` where the header was left out."""

    api_key: str
    signature: str
    timestamp: str
    window: str | None


class KeyRing:
    """The API keys that the exchange knows, and whose they are."""

    def __init__(self) -> None:
        self._keys: dict[str, tuple[VerifyKey, AccountId]] = {}
        self._read_only: set[str] = set()

    def add(self, api_key: str, account: AccountId, *, read_only: bool = False) -> None:
        """Register a base64 public key; one that is `read_only` sees everything of its account and changes nothing."""
        self._keys[api_key] = (VerifyKey(base64.b64decode(api_key, validate=True)), account)
        if read_only:
            self._read_only.add(api_key)

    def find(self, api_key: str) -> tuple[VerifyKey, AccountId] | None:
        return self._keys.get(api_key)

    def may_change(self, api_key: str) -> bool:
        """Whether the key may do more than read."""
        return api_key not in self._read_only


def read_signature(headers: Mapping[str, str]) -> Signature:
    """The signature headers of a request; names are case-insensitive in `headers` already.

    Raises:
        VenueRefusal: one of the three required headers is missing.
    """
    for name in ("X-API-Key", "X-Signature", "X-Timestamp"):
        if not headers.get(name):
            raise invalid_request(f"Missing {name} header")
    return Signature(headers["X-API-Key"], headers["X-Signature"], headers["X-Timestamp"], headers.get("X-Window"))


def has_no_signature(headers: Mapping[str, str]) -> bool:
    return not any(name in headers for name in ("X-API-Key", "X-Signature", "X-Timestamp"))


class Verifier:
    """Checks signatures against the exchange's own time."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    def request(
        self, signature: Signature, instruction: str, query: Pairs, body: JsonValue, clocks_ms: tuple[int, ...]
    ) -> AccountId:
        """The account that signed this request.

        `clocks_ms` are the times that count as now: one, or two where simulated time runs faster than the machine's.

        Raises:
            VenueRefusal: anything wrong with header, time, key or signature.
        """
        window = self._check_time(signature, clocks_ms)
        return self._check_key(signature, signed_texts(instruction, query, body, signature.timestamp, window))

    def subscription(self, signature: Signature, clocks_ms: tuple[int, ...]) -> AccountId:
        """The account that signed a private subscription.

        Raises:
            VenueRefusal: as for `request`.
        """
        window = self._check_time(signature, clocks_ms)
        return self._check_key(signature, (subscribe_text(signature.timestamp, window),))

    def _check_time(self, signature: Signature, clocks_ms: tuple[int, ...]) -> str:
        timestamp = _whole_number(signature.timestamp)
        if timestamp is None:
            raise invalid_request("Invalid X-Timestamp header")
        window_text = str(DEFAULT_WINDOW_MS) if signature.window is None else signature.window
        window = _whole_number(window_text)
        if window is None or window == 0:
            raise invalid_request("Invalid X-Window header")
        if window > MAX_WINDOW_MS:
            raise invalid_request(f"Invalid X-Window header: must be at most {MAX_WINDOW_MS}")
        ages = [now_ms - timestamp for now_ms in clocks_ms]
        near = [age for age in ages if abs(age) <= MAX_CLOCK_ERROR_MS]
        if not near:
            raise invalid_request("Invalid timestamp: must be within 10 minutes of current time")
        if min(near) > window:
            raise invalid_request("Request has expired")
        return window_text

    def _check_key(self, signature: Signature, texts: tuple[str, ...]) -> AccountId:
        if _decoded(signature.api_key, 32) is None:
            raise invalid_request("Invalid X-API-Key header")
        found = self._keys.find(signature.api_key)
        if found is None:
            raise VenueRefusal(400, "INVALID_SIGNATURE", "Invalid signature")
        raw = _decoded(signature.signature, 64)
        if raw is None:
            raise VenueRefusal(400, "INVALID_SIGNATURE", "Invalid X-Signature header")
        key, account = found
        for text in texts:
            try:
                key.verify(text.encode("utf-8", "surrogatepass"), raw)
            except BadSignatureError:
                continue
            return account
        raise VenueRefusal(400, "INVALID_SIGNATURE", "Invalid signature")


def _whole_number(text: str) -> int | None:
    """A plain decimal number without sign, space or leading zero, or `None`."""
    if not text.isascii() or not text.isdigit() or len(text) > _MAX_DIGITS or (text[0] == "0" and text != "0"):
        return None
    return int(text)


def _decoded(text: str, size: int) -> bytes | None:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if len(raw) == size and base64.b64encode(raw).decode() == text else None
