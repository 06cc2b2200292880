"""Certificates of the simulated exchange, made anew at every start. Only this module needs trustme and cryptography.

The authority that vouches for them lives as long as the process, and its key is nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bpx_tui.simulator.tls import Flaw

_ORGANISATION = "bpx-tui exchange (simulated)"
_ANOTHER_HOST = "another-host.example"


@dataclass(frozen=True, slots=True)
class Certificates:
    """PEM: the authority's certificate without its key; a valid certificate and the flawed ones with theirs."""

    authority: bytes
    valid: bytes
    flawed: Mapping[Flaw, bytes]


def make(hosts: Sequence[str]) -> Certificates:
    """A new authority and its certificates for these names and addresses.

    Each of the flawed ones has one flaw: it is as good as the valid one in all else.
    """
    authority = trustme.CA(organization_name=_ORGANISATION, organization_unit_name="Authority of one run")
    issue = partial(
        authority.issue_cert, organization_name=_ORGANISATION, organization_unit_name="Certificate of one run"
    )
    valid = issue(*hosts)
    expired = issue(*hosts, not_after=datetime.now(UTC) - timedelta(days=1))
    elsewhere = issue(_ANOTHER_HOST)
    return Certificates(
        authority.cert_pem.bytes(),
        valid.private_key_and_cert_chain_pem.bytes(),
        {
            Flaw.EXPIRED: expired.private_key_and_cert_chain_pem.bytes(),
            Flaw.WRONG_HOST: elsewhere.private_key_and_cert_chain_pem.bytes(),
            Flaw.SELF_SIGNED: _self_signed(valid.cert_chain_pems[0].bytes()),
        },
    )


def _self_signed(pattern: bytes) -> bytes:
    """A certificate for the names of `pattern` that nobody vouches for but itself, and its key."""
    like = x509.load_pem_x509_certificate(pattern)
    names = like.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    key = ec.generate_private_key(ec.SECP256R1())
    made = (
        x509.CertificateBuilder()
        .subject_name(like.subject)
        .issuer_name(like.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(like.not_valid_before_utc)
        .not_valid_after(like.not_valid_after_utc)
        .add_extension(names.value, critical=names.critical)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + made.public_bytes(serialization.Encoding.PEM)
