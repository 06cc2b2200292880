"""Whom we talk to: only the host that we meant, proven by a valid certificate, over REST and over the stream (N19)."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bpx_tui.errors import ConnectionLost, NotSent, OutcomeUnknown, Unavailable
from bpx_tui.exchange.operations import TRADING_INSTRUCTIONS
from bpx_tui.exchange.stream_socket import new_session, open_socket
from tests.exchange.rest_venue import Setup, answer
from tests.exchange.test_rest_faults import EMPTY, LIMIT, ORDER, READS, changing
from tests.fakes.clock import ManualClock

CERTIFICATES = Path(__file__).parents[1] / "data" / "tls"


def server_tls(name: str) -> ssl.SSLContext:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(CERTIFICATES / f"{name}.pem", CERTIFICATES / "self_signed.key")
    return tls


@pytest.fixture
def trusted(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The certificate named by the parameter, which this machine trusts as an authority."""
    name = str(request.param)
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATES / f"{name}.pem"))
    return name


@pytest.fixture
async def setup(trusted: str) -> AsyncIterator[Setup]:
    async with Setup.running(TRADING_INSTRUCTIONS, tls=server_tls(trusted)) as made:
        yield made


@pytest.mark.parametrize("trusted", ["self_signed"], indirect=True)
async def test_a_certificate_that_is_trusted_carries_orders_and_reads(setup: Setup) -> None:
    setup.venue.respond = lambda request: EMPTY.get(request.path) or answer(body=ORDER)
    for _ in range(3):
        assert (await setup.client.place(LIMIT)).order_id == "1"
    assert setup.venue.connections == 1
    for read in READS:
        assert await read(setup.client) == ()
    setup.venue.respond = lambda _: None
    with pytest.raises(OutcomeUnknown, match="connection broke"):
        await setup.client.place(LIMIT)
    assert len(changing(setup)) == 4


async def assert_refused(setup: Setup, reason: str) -> None:
    said = rf"certificate of 127\.0\.0\.1 is not valid: {reason}"
    with pytest.raises(NotSent, match=said):
        await setup.client.place(LIMIT)
    for read in READS:
        with pytest.raises(Unavailable, match=said):
            await read(setup.client)
    stream = setup.venue.url.replace("https", "wss")
    async with new_session(stream) as http:
        with pytest.raises(ConnectionLost, match=said):
            await open_socket(http, stream, ManualClock(), lambda _: None, gate_seconds=0)
    assert setup.venue.requests == []


@pytest.mark.parametrize(
    ("trusted", "reason"),
    [("expired", "certificate has expired"), ("other_host", "IP address mismatch, .* not valid for '127.0.0.1'")],
    indirect=["trusted"],
)
async def test_a_trusted_certificate_of_another_time_or_host_is_refused(setup: Setup, reason: str) -> None:
    await assert_refused(setup, reason)


async def test_a_certificate_that_nobody_vouches_for_is_refused() -> None:
    async with Setup.running(TRADING_INSTRUCTIONS, tls=server_tls("self_signed")) as setup:
        await assert_refused(setup, "self.signed certificate")
