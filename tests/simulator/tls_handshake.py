"""A TLS handshake in memory: what a strict client says of the certificate that an exchange would show it now."""

from __future__ import annotations

import ssl

from bpx_tui.simulator.tls import ServerTls


def refusal(tls: ServerTls, host: str = "127.0.0.1", *, trusting: bool = True) -> str | None:
    """Why the client of `host` ends the handshake, in OpenSSL's words; `None` where it is content."""
    client_context = ssl.create_default_context()
    if trusting and tls.authority is not None:
        client_context.load_verify_locations(cadata=tls.authority.decode())
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server, server_hostname=host)
    server = tls.context.wrap_bio(to_server, to_client, server_side=True)
    done: set[ssl.SSLObject] = set()
    while len(done) < 2:
        for side in (client, server):
            try:
                side.do_handshake()
                done.add(side)
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError as error:
                return error.verify_message
    return None
