"""`bpx-tui doctor` against an exchange that answers, one that does not, and one that refuses the key."""

from __future__ import annotations

from base64 import b64encode

from nacl.signing import SigningKey

from tests.cli.simulated_exchange import running_exchange
from tests.cli.test_command_line import run

SEED = bytes(range(32))
STRANGER = {
    "BPX_API_KEY": b64encode(bytes(SigningKey(SEED).verify_key)).decode(),
    "BPX_API_SECRET": b64encode(SEED).decode(),
}


def test_everything_that_answers_is_said_line_by_line() -> None:
    with running_exchange() as exchange:
        ended = run("doctor", *exchange.flags, environ={**exchange.environ, "BPX_INTERVAL": "15m"})
        refused = run("doctor", *exchange.flags, environ=STRANGER)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    lines = {line[4:14].strip(): line for line in ended.stdout.splitlines()}
    assert "from the environment" in lines["API key"]
    assert "interval from BPX_INTERVAL" in ended.stdout
    assert "round trip" in lines["clock"]
    assert lines["REST"].startswith("ok")
    assert "Ok" in lines["status"]
    assert "the key is accepted" in lines["account"]
    assert lines["stream"].startswith("ok")
    assert not {exchange.api_key, exchange.api_secret} & set(ended.stdout.split())
    assert refused.returncode == 1
    assert "!!  account" in refused.stdout


def test_an_exchange_that_does_not_answer_is_status_3_and_names_the_demo() -> None:
    ended = run("doctor", "--rest-url", "http://127.0.0.1:9", "--ws-url", "ws://127.0.0.1:9")
    assert ended.returncode == 3
    assert "no  REST" in ended.stdout
    assert "no  stream" in ended.stdout
    assert "bpx-tui demo" in ended.stdout
    assert "Traceback" not in ended.stderr


def test_a_theme_that_the_screen_would_refuse_is_found_here_already() -> None:
    ended = run("doctor", environ={"BPX_THEME": "nope"})
    assert ended.returncode == 2
    assert "no theme is called 'nope'" in ended.stderr
    assert ended.stdout == ""
