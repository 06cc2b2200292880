"""What the exchange wants signed, and the only object that can sign it.

The string is `instruction=<name>&<pairs sorted by key>&timestamp=<ms>&window=<ms>`, in UTF-8, signed with Ed25519.
Values stand in it exactly as they are sent: text unchanged, integers in digits, booleans as `true` and `false`, nothing
percent-encoded. What is not set is in neither the request nor the string. Source: PROTOCOL 2.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, NoReturn

from bpx_tui.config.credentials import Credentials
from bpx_tui.errors import NotSent
from bpx_tui.exchange.operations import SUBSCRIBE, WITHDRAW

DEFAULT_WINDOW_MS = 5_000
"""How long after its timestamp the exchange still takes a request; also what it assumes without `X-Window`."""

CHANGE_WINDOW_MS = 3_000
"""The same for what changes something, while the exchange's clock is known well: whoever caught it has less time."""

GOOD_CLOCK_MS = 500
"""A clock known to within this leaves a request of the shorter window 2.5 s for its way."""

Scalar = str | int | bool | None
"""A value that can be signed. Money comes as text, made by `model.numbers.plain`."""

Params = Mapping[str, Scalar]


def canonical_string(
    instruction: str,
    timestamp_ms: int,
    window_ms: int = DEFAULT_WINDOW_MS,
    *,
    query: Params | None = None,
    body: Params | Sequence[Params] | None = None,
) -> str:
    """The string to sign.

    Query pairs come first, then those of the body, each sorted by key in byte order. A sequence as `body` is a batch:
    the instruction is repeated before the pairs of each element, in the order of the elements.
    """
    if isinstance(body, Sequence):
        parts = [part for element in body for part in (f"instruction={instruction}", *_pairs(element))]
    else:
        parts = [f"instruction={instruction}", *_pairs(query or {}), *_pairs(body or {})]
    parts.append(f"timestamp={timestamp_ms}&window={window_ms}")
    return "&".join(parts)


def _pairs(params: Params) -> Iterable[str]:
    # Python sorts text by code point, which is the byte order of UTF-8.
    return [f"{key}={wire_text(params[key])}" for key in sorted(params) if params[key] is not None]


def wire_text(value: Scalar) -> str:
    """A value as it stands in the signed string and in a query, so that both are the same characters."""
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, (str, int)):
        return str(value)
    raise TypeError(f"cannot sign a {type(value).__name__}: money is text, absent values are left out")


def window_for_change(clock_uncertainty_ms: float | None, allowed_ms: int) -> int:
    """The window of a request that changes something: short on a good clock, never above what is allowed.

    `clock_uncertainty_ms` is how far our reading of the exchange's clock may be off, `None` without a reading.
    """
    is_good = clock_uncertainty_ms is not None and clock_uncertainty_ms <= GOOD_CLOCK_MS
    return min(allowed_ms, CHANGE_WINDOW_MS) if is_good else allowed_ms


def set_only(params: Params) -> Params:
    """`params` without what is not set: a `null` in a body would be signed by the exchange as the text `null`."""
    return {key: value for key, value in params.items() if value is not None}


class Signature(NamedTuple):
    """What a signed request carries besides its parameters. It prints as `<signature>`: a printed one could be used."""

    api_key: str
    signature: str
    timestamp: str
    window: str

    def __repr__(self) -> str:
        return "<signature>"


class Signer:
    """Signs the instructions it was made for, and never a withdrawal.

    The key itself stays in a closure of the credentials: this object can be printed, formatted or logged.
    """

    __slots__ = ("_allowed", "_api_key", "_sign")

    def __init__(self, credentials: Credentials, allowed_instructions: Iterable[str]) -> None:
        """`allowed_instructions`: one of the sets of `operations`; `withdraw` is taken out of any."""
        self._api_key = credentials.api_key
        self._sign = credentials.signing_function()
        self._allowed = frozenset(allowed_instructions) - {WITHDRAW}

    @property
    def api_key(self) -> str:
        return self._api_key

    def allows(self, instruction: str) -> bool:
        return instruction in self._allowed

    def require(self, instruction: str) -> None:
        """Make sure that this may be signed.

        Raises:
            NotSent: this session may not do that, whatever the key could.
        """
        if instruction == WITHDRAW:
            raise NotSent("This program does not request withdrawals.")
        if instruction not in self._allowed:
            raise NotSent(f"Not sent: this session is read-only and may not sign {instruction}.")

    def sign(
        self,
        instruction: str,
        timestamp_ms: int,
        window_ms: int = DEFAULT_WINDOW_MS,
        *,
        query: Params | None = None,
        body: Params | Sequence[Params] | None = None,
    ) -> Signature:
        """Sign a request; parameters as for `canonical_string`, errors as for `require`."""
        self.require(instruction)
        message = canonical_string(instruction, timestamp_ms, window_ms, query=query, body=body)
        signature = b64encode(self._sign(message.encode())).decode("ascii")
        return Signature(self._api_key, signature, str(timestamp_ms), str(window_ms))

    def subscription(self, timestamp_ms: int, window_ms: int = DEFAULT_WINDOW_MS) -> Signature:
        """The `signature` element of a SUBSCRIBE to private streams. The names of the streams are not signed."""
        return self.sign(SUBSCRIBE, timestamp_ms, window_ms)

    def __repr__(self) -> str:
        return f"<signer …{self._api_key[-4:]}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a signer holds a key and cannot be copied or pickled")
