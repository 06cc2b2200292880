"""Keys of simulated accounts. Play money: the secrets are meant to be printed."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, replace
from hashlib import sha256

from nacl.signing import SigningKey

from bpx_tui.simulator.domain.orders import AccountId


@dataclass(frozen=True, slots=True)
class KeyPair:
    """Credentials of an account, both base64; without a secret where the key was given from outside."""

    account: AccountId
    api_key: str
    api_secret: str | None


def derived_pair(seed: int, account: AccountId) -> KeyPair:
    """The key pair of an account: the same for the same seed and name."""
    secret = sha256(f"bpx-tui/{seed}/{account}".encode()).digest()
    public = bytes(SigningKey(secret).verify_key)
    return KeyPair(account, b64encode(public).decode(), b64encode(secret).decode())


def read_only_pair(seed: int, account: AccountId) -> KeyPair:
    """A second key pair of an account, for looking only."""
    return replace(derived_pair(seed, AccountId(f"{account}/read-only")), account=account)
