"""Why there is no connection, in words, whichever of our connections it is: name, network, certificate or patience."""

from __future__ import annotations

import socket
import ssl

import aiohttp

from bpx_tui.exchange.sanitise import clean

MESSAGE_LIMIT = 200


def why_not_connected(error: Exception, host: str) -> str:
    """A sentence without its full stop. `error`: what asyncio or aiohttp raised instead of connecting to `host`."""
    error = _underlying(error)
    if isinstance(error, socket.gaierror):
        return f"cannot resolve host {host}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate of {host} is not valid: {clean(error.verify_message, MESSAGE_LIMIT).rstrip('.')}"
    if isinstance(error, ssl.SSLError):
        return f"no secure connection to {host}: {clean(error.reason or 'TLS failed', MESSAGE_LIMIT)}"
    if isinstance(error, TimeoutError):
        return f"no connection to {host} in time"
    said = error.strerror if isinstance(error, OSError) else None
    return f"cannot connect to {host}: {clean(said or 'connection failed', MESSAGE_LIMIT)}"


def _underlying(error: Exception) -> Exception:
    """What the network said, without aiohttp's wrapping."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return error.certificate_error
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.os_error
    return error
