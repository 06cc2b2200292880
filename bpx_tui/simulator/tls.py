"""What the exchange shows to prove who it is: certificates made at start or given by the user, and the fault in them.

Nothing here is used, and no library for certificates imported, unless a run asks for TLS.
"""

from __future__ import annotations

import contextlib
import os
import re
import ssl
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import NoReturn

from bpx_tui.simulator.exchange import Exchange
from bpx_tui.simulator.faults import BadFault
from bpx_tui.simulator.options import TlsOption

_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_MARK = (
    b"# Authority of a simulated exchange (bpx-tui exchange): for test clients only, to be trusted by nothing else.\n"
)
"""First line of its certificate's file; readers of PEM skip it."""
_MODE = 0o644


class UnusableTls(Exception):
    """TLS cannot be served; the text says why and what to do."""


class Flaw(StrEnum):
    """What is wrong with a certificate: setting `how` of the fault `bad_cert`."""

    EXPIRED = "expired"
    WRONG_HOST = "wrong_host"
    SELF_SIGNED = "self_signed"


@dataclass(frozen=True, slots=True)
class ServerTls:
    """What a TLS listener needs.

    Attributes:
        option: what was asked for.
        context: with the certificate to show.
        authority: PEM of who vouches for it; `None` where the certificate is the user's own.
    """

    option: TlsOption
    context: ssl.SSLContext
    authority: bytes | None

    @contextlib.contextmanager
    def published(self) -> Iterator[Path | None]:
        """The authority's certificate in a file for clients, which ends with the block unless the user named it.

        Raises:
            UnusableTls: the named file cannot be written, or is something else.
        """
        if self.authority is None:
            yield None
        elif self.option.ca_file is not None:
            _write(self.option.ca_file, _MARK + self.authority)
            yield self.option.ca_file
        else:
            handle, name = tempfile.mkstemp(prefix="bpx-tui-exchange-ca-", suffix=".pem")
            try:
                with open(handle, "wb") as file:
                    file.write(_MARK + self.authority)
                yield Path(name)
            finally:
                Path(name).unlink(missing_ok=True)


def server_tls(exchange: Exchange) -> ServerTls | None:
    """What this exchange was told to show, looking for the fault `bad_cert` in every handshake; `None` without TLS.

    Raises:
        UnusableTls: the user's certificate or the library that makes certificates cannot be used.
    """
    option = exchange.options.tls
    if option is None:
        return None
    if option.is_given:
        return ServerTls(option, _given(option), None)
    try:
        from bpx_tui.simulator.certificates import make
    except ImportError as error:
        raise UnusableTls(
            f"certificates are made by trustme, which is not there ({error}): `pip install trustme`, "
            "or give a certificate with --tls-cert and --tls-key"
        ) from None
    hosts = (*_THIS_MACHINE, *(host for host in (exchange.options.host,) if is_host(host)), *option.hosts)
    made = make(tuple(dict.fromkeys(hosts)))
    context = _context(made.valid)
    flawed = {flaw: _context(pem) for flaw, pem in made.flawed.items()}

    def choose(connection: ssl.SSLObject, host: str | None, _shown: ssl.SSLContext) -> None:
        flaw = _flaw_now(exchange, host)
        if flaw is not None:
            connection.context = flawed[flaw]

    context.sni_callback = choose
    return ServerTls(option, context, made.authority)


def check_bad_cert(option: TlsOption | None, how: object) -> None:
    """Raises: BadFault: an exchange with this option cannot show a certificate with this flaw."""
    if option is None:
        raise BadFault("bad_cert needs an exchange that speaks TLS: start it with --tls")
    if option.is_given:
        raise BadFault("bad_cert needs certificates that the exchange made: start it without --tls-cert and --tls-key")
    if how not in list(Flaw):
        raise BadFault(f"how must be one of: {', '.join(Flaw)}")


def is_host(text: str) -> bool:
    """Whether a certificate can be made for it: a host name, one with `*.` before it, or an IP address."""
    try:
        return "%" not in str(ip_address(text))
    except ValueError:
        return len(text) <= 253 and re.fullmatch(rf"(\*\.)?({_LABEL}\.)*{_LABEL}", text, re.I | re.ASCII) is not None


def _flaw_now(exchange: Exchange, host: str | None) -> Flaw | None:
    """The flaw for this handshake; `host` is the name that the client asked for, if any."""
    fault = exchange.faults.hit("bad_cert", exchange.clock.now_us(), host=host or "")
    return None if fault is None else Flaw(fault.word("how", Flaw.EXPIRED))


def _new_context() -> ssl.SSLContext:
    """A context without session tickets: a client that comes back with one looks at no certificate.

    Sessions of TLS 1.2 that are remembered by their id cannot be switched off.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    context.options |= ssl.OP_NO_TICKET
    context.num_tickets = 0
    return context


def _context(pem: bytes) -> ssl.SSLContext:
    context = _new_context()
    with tempfile.NamedTemporaryFile() as file:  # ssl reads certificates from files alone
        file.write(pem)
        file.flush()
        context.load_cert_chain(file.name)
    return context


def _given(option: TlsOption) -> ssl.SSLContext:
    if option.certificate is None or option.key is None:
        raise UnusableTls("--tls-cert and --tls-key are two halves: give both")
    if option.hosts or option.ca_file is not None:
        raise UnusableTls("--tls-host and --tls-ca are for a certificate that the exchange makes: drop them")
    context = _new_context()
    try:
        context.load_cert_chain(option.certificate, option.key, password=_no_password)
    except OSError as error:
        reason = error.reason if isinstance(error, ssl.SSLError) else error.strerror
        raise UnusableTls(f"cannot use {option.certificate} with {option.key}: {reason or error}") from None
    return context


def _no_password() -> NoReturn:
    raise UnusableTls("the key of --tls-key is encrypted: give one that is not")


def _write(path: Path, content: bytes) -> None:
    """Write a file that is new or was written by an exchange before."""
    try:
        if path.exists() and not path.read_bytes().startswith(_MARK):
            raise UnusableTls(f"{path} is there and is something else: name another file with --tls-ca")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _MODE), "wb") as file:
            file.write(content)
    except OSError as error:
        raise UnusableTls(f"cannot write {path}: {error.strerror}") from None
