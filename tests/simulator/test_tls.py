"""The exchange over TLS: whom it proves to be, bad certificates on demand, and what cannot be served."""

from __future__ import annotations

import asyncio
import os
import ssl
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from bpx_tui.simulator.control import Control
from bpx_tui.simulator.exchange import Exchange
from bpx_tui.simulator.faults import MIXABLE
from bpx_tui.simulator.main import read_options
from bpx_tui.simulator.options import TlsOption
from bpx_tui.simulator.tls import ServerTls, UnusableTls, server_tls
from tests.simulator.desk import make_exchange, run
from tests.simulator.test_server import real_exchange, serving
from tests.simulator.tls_handshake import refusal

CERTIFICATES = Path(__file__).parents[1] / "data" / "tls"
GIVEN = TlsOption(certificate=CERTIFICATES / "self_signed.pem", key=CERTIFICATES / "self_signed.key")
REASONS = {"expired": "certificate has expired", "wrong_host": "mismatch", "self_signed": "self-signed certificate"}


def post(exchange: Exchange, **fault: object) -> tuple[int, Any]:
    reply, _ = Control(exchange).handle("POST", "/_sim/faults", orjson.dumps(fault))
    return reply.status, orjson.loads(reply.body)


def made_tls(option: TlsOption, host: str = "127.0.0.1") -> ServerTls:
    made = server_tls(make_exchange(flow=False, tls=option, host=host)[0])
    assert made is not None
    return made


# ---- whom it proves to be


def test_its_certificate_is_for_this_machine_and_the_names_that_were_asked_for() -> None:
    tls = made_tls(TlsOption(hosts=("ws.backpack.exchange", "*.example.com")), host="10.1.2.3")
    for host in ("localhost", "127.0.0.1", "::1", "10.1.2.3", "ws.backpack.exchange", "a.example.com"):
        assert refusal(tls, host) is None
    assert "mismatch" in str(refusal(tls, "api.backpack.exchange"))


def test_nobody_trusts_it_who_was_not_told_to_nor_one_run_for_another() -> None:
    tls = made_tls(TlsOption())
    assert refusal(tls, trusting=False) == "unable to get local issuer certificate"
    other = made_tls(TlsOption())
    assert refusal(ServerTls(tls.option, tls.context, other.authority)) == "unable to get local issuer certificate"


def test_without_tls_nothing_that_makes_certificates_is_imported() -> None:
    code = "import sys, bpx_tui.simulator.main; print([n for n in ('trustme', 'cryptography') if n in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "[]\n"
    assert server_tls(make_exchange(flow=False)[0]) is None


# ---- served


@pytest.fixture(name="ready")
async def a_ready_line() -> AsyncIterator[dict[str, Any]]:
    async with serving(real_exchange(TlsOption())) as (_, ready):
        yield ready


async def test_rest_and_streams_are_served_on_one_port_and_plain_on_another(ready: dict[str, Any]) -> None:
    tls = ready["tls"]
    trusting = ssl.create_default_context(cafile=tls["ca_file"])
    for at, context in ((ready, True), (tls, trusting)):
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as http:
            async with http.get(f"{at['rest_url']}/api/v1/status") as answer:
                assert (await answer.json())["status"] == "Ok"
            async with http.ws_connect(at["ws_url"]) as socket:
                await socket.send_json({"method": "SUBSCRIBE", "params": ["depth.BTC_USDC_PERP"]})
                assert (await socket.receive_json(timeout=5))["stream"] == "depth.BTC_USDC_PERP"
    assert (tls["rest_url"][:8], tls["ws_url"][:6]) == ("https://", "wss://")
    assert tls["rest_url"][8:] == tls["ws_url"][6:].rstrip("/") != ready["rest_url"][7:]


async def test_who_breaks_a_handshake_off_leaves_no_trace_in_the_log(
    ready: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    port = int(ready["tls"]["rest_url"].rpartition(":")[2])
    for words in (b"GET / HTTP/1.1\r\n\r\n", b""):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(words)
        writer.write_eof()
        async with asyncio.timeout(5):
            assert b"HTTP" not in await reader.read()
        writer.close()
    assert caplog.records == []


def test_the_authoritys_file_ends_with_the_run_and_holds_no_key() -> None:
    command = [sys.executable, "-m", "bpx_tui.simulator", "--tls"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        temporary = Path(orjson.loads(process.stdout.readline())["tls"]["ca_file"])
        assert stat.S_IMODE(temporary.stat().st_mode) == 0o600
        assert b"PRIVATE" not in temporary.read_bytes()
        process.terminate()
        assert process.wait(10) == 0
    assert not temporary.exists()


@pytest.fixture(name="_umask")
def a_generous_umask() -> Any:
    before = os.umask(0o002)
    yield
    os.umask(before)


@pytest.mark.usefixtures("_umask")
def test_a_named_file_stays_and_is_written_again_but_nothing_else_is(tmp_path: Path) -> None:
    path = tmp_path / "authority.pem"
    for _ in range(2):
        tls = made_tls(TlsOption(ca_file=path))
        with tls.published() as file:
            assert file == path
        assert path.read_bytes().endswith(tls.authority or b"?")
        assert "PRIVATE" not in path.read_text()
        assert stat.S_IMODE(path.stat().st_mode) == 0o644
    path.write_text("the bundle of this machine")
    with pytest.raises(UnusableTls, match="is something else"), made_tls(TlsOption(ca_file=path)).published():
        pass
    assert path.read_text() == "the bundle of this machine"
    with (
        pytest.raises(UnusableTls, match="cannot write"),
        made_tls(TlsOption(ca_file=tmp_path / "x" / "y")).published(),
    ):
        pass


def test_a_certificate_can_be_given() -> None:
    tls = made_tls(GIVEN)
    assert refusal(tls) == "self-signed certificate"
    with tls.published() as file:
        assert file is None


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (TlsOption(certificate=GIVEN.certificate), "give both"),
        (TlsOption(key=GIVEN.key), "give both"),
        (TlsOption(certificate=GIVEN.certificate, key=GIVEN.certificate), "cannot use"),
        (TlsOption(certificate=GIVEN.certificate, key=Path("/nowhere")), "No such file"),
        (TlsOption(certificate=GIVEN.certificate, key=GIVEN.key, hosts=("x",)), "drop them"),
        (TlsOption(certificate=GIVEN.certificate, key=GIVEN.key, ca_file=Path("x")), "drop them"),
    ],
)
def test_what_cannot_be_served_is_said(option: TlsOption, said: str) -> None:
    with pytest.raises(UnusableTls, match=said):
        made_tls(option)


def test_an_encrypted_key_is_refused_and_nobody_is_asked_for_its_password(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization

    assert GIVEN.key is not None
    key = serialization.load_pem_private_key(GIVEN.key.read_bytes(), None)
    locked = tmp_path / "locked.key"
    how = serialization.BestAvailableEncryption(b"secret")
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    locked.write_bytes(key.private_bytes(pem, pkcs8, how))
    with pytest.raises(UnusableTls, match="is encrypted"):
        made_tls(TlsOption(certificate=GIVEN.certificate, key=locked))


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trustme", None)
    monkeypatch.delitem(sys.modules, "bpx_tui.simulator.certificates", raising=False)
    with pytest.raises(UnusableTls, match="`pip install trustme`"):
        made_tls(TlsOption())


async def test_what_cannot_be_served_ends_the_program_with_one_line() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bpx_tui.simulator", "--tls-cert", "x.pem", stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(20):
        _, said = await process.communicate()
    assert (process.returncode, said) == (2, b"bpx-tui exchange: --tls-cert and --tls-key are two halves: give both\n")


def test_flags() -> None:
    assert read_options([]).tls is None
    assert read_options(["--tls"]).tls == TlsOption()
    words = ["--tls-port", "8443", "--tls-host", "a.example", "--tls-host", "10.0.0.1", "--tls-ca", "ca.pem"]
    assert read_options(words).tls == TlsOption(8443, ("a.example", "10.0.0.1"), Path("ca.pem"))
    words = ["--tls-cert", "c.pem", "--tls-key", "k.pem"]
    assert read_options(words).tls == TlsOption(certificate=Path("c.pem"), key=Path("k.pem"))


@pytest.mark.parametrize("host", ["", "a b", "-a", "a@b", "10.0.0.0/8", "fe80::1%eth0", "a..b", "*", "ſ", "x" * 64])
def test_no_certificate_is_made_for_what_is_no_host(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read_options([f"--tls-host={host}"])
    assert "must be a host name or an IP address" in capsys.readouterr().err


# ---- the fault


@pytest.mark.parametrize("how", REASONS)
def test_a_bad_certificate_is_shown_as_often_as_it_was_asked_for(how: str) -> None:
    exchange, _ = make_exchange(flow=False, tls=TlsOption())
    tls = server_tls(exchange)
    assert tls is not None
    assert post(exchange, fault="bad_cert", how=how, count=2)[0] == 200
    for _ in range(2):
        assert REASONS[how] in str(refusal(tls))
    assert refusal(tls) is None
    assert exchange.faults.report() == []


def test_it_lasts_hits_by_chance_and_is_for_one_name_where_that_is_said() -> None:
    exchange, clock = make_exchange(flow=False, tls=TlsOption())
    tls = server_tls(exchange)
    assert tls is not None
    post(exchange, fault="bad_cert", seconds=2)
    assert refusal(tls) == REASONS["expired"]
    run(exchange, clock, 2)
    assert refusal(tls) is None
    post(exchange, fault="bad_cert", probability=0.5)
    assert 5 < sum(refusal(tls) is not None for _ in range(40)) < 35
    post(exchange, fault="all", off=True)
    post(exchange, fault="bad_cert", host="localhost")
    assert [refusal(tls, host) is None for host in ("localhost", "127.0.0.1")] == [False, True]


@pytest.mark.parametrize(
    ("option", "settings", "said"),
    [
        (None, {}, "bad_cert needs an exchange that speaks TLS: start it with --tls"),
        (GIVEN, {}, "start it without --tls-cert and --tls-key"),
        (TlsOption(), {"how": "old"}, "how must be one of: expired, wrong_host, self_signed"),
        (TlsOption(), {"how": 1}, "how must be one of: expired, wrong_host, self_signed"),
    ],
)
def test_what_cannot_be_shown_is_refused(option: TlsOption | None, settings: dict[str, object], said: str) -> None:
    exchange, _ = make_exchange(flow=False, tls=option)
    status, answer = post(exchange, fault="bad_cert", **settings)
    assert status == 400
    assert said in answer["error"]
    assert not exchange.faults.any
    assert post(exchange, fault="bad_cert", off=True)[0] == 200


def test_a_mix_is_the_same_with_and_without_tls() -> None:
    assert "bad_cert" not in MIXABLE
