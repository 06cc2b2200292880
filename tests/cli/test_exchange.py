"""`bpx-tui exchange`: ready in one line of JSON, ended properly by a signal, strict about its flags."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request

import pytest

from tests.cli.test_command_line import run


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_is_serves_and_ends_with_status_0(number: signal.Signals) -> None:
    command = [sys.executable, "-m", "bpx_tui", "exchange", "--port", "0", "--seed", "7"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as exchange:
        assert exchange.stdout is not None
        ready = json.loads(exchange.stdout.readline())
        assert ready["event"] == "ready"
        assert ready["ws_url"].startswith("ws://127.0.0.1:")
        assert [account["name"] for account in ready["accounts"]] == ["demo"]
        with urllib.request.urlopen(ready["rest_url"] + "/api/v1/ping", timeout=10) as answer:
            assert answer.status == 200
        exchange.send_signal(number)
        out, err = exchange.communicate(timeout=10)
    assert (exchange.returncode, out, err) == (0, "", "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--prot", "1"], "bpx-tui: unknown flag `--prot`. Did you mean --port?\n"),
        (
            ["--port", "abc"],
            "bpx-tui: argument --port: must be a whole number between 0 and 65535, was 'abc'. "
            "See: bpx-tui exchange --help\n",
        ),
        (["--account", "a b"], "bpx-tui: argument --account: 'a b' is not a name"),
        (["more"], "bpx-tui: unrecognized arguments: more. See: bpx-tui exchange --help\n"),
    ],
)
def test_what_it_does_not_take_is_one_line_and_status_2(words: list[str], said: str) -> None:
    ended = run("exchange", *words)
    assert ended.returncode == 2
    assert ended.stderr.startswith(said)
    assert ended.stderr.count("\n") == 1
