"""`bpx-tui` as a process: what it imports, prints and answers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bpx_tui import __version__
from tests.cli.pseudo_terminal import PseudoTerminal

ALL_IMPORTED = "import sys, atexit; atexit.register(lambda: print('\\n'.join(sys.modules), file=open({path!r}, 'w')));"


def run(*words: str, environ: dict[str, str] | None = None, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bpx_tui", *words],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        input=stdin,
        env={**os.environ, **(environ or {})},
    )


def modules_after(tmp_path: Path, *words: str) -> set[str]:
    """What a process had imported when it ended."""
    path = tmp_path / "modules"
    command = f"import bpx_tui.__main__ as program; sys.argv = {['bpx-tui', *words]!r}; program.main()"
    code = ALL_IMPORTED.format(path=str(path)) + command
    subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=30, check=False)
    return set(path.read_text().split())


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["demo", "--help"], ["dmeo"], ["locate"]])
def test_what_needs_no_screen_reads_no_library_of_the_screen_or_of_the_network(
    tmp_path: Path, words: list[str]
) -> None:
    heavy = {"textual", "rich", "aiohttp", "orjson", "nacl", "asyncio", "ssl", "bpx_tui.simulator", "bpx_tui.ui"}
    assert not heavy & modules_after(tmp_path, *words)


def test_the_version_and_the_help_answer_on_stdout() -> None:
    version = run("--version")
    assert (version.stdout, version.returncode) == (f"bpx-tui {__version__}\n", 0)
    shown = run("--help")
    assert shown.returncode == 0
    for word in ("demo", "exchange", "keys", "doctor", "locate", "--live", "Exit status"):
        assert word in shown.stdout


@pytest.mark.parametrize(
    "words",
    [
        ["dmeo"],
        ["--symbl", "x"],
        ["--symbol", ""],
        ["--symbol", "BTC-USDC"],
        ["--config", "/nowhere/config.toml"],
        ["--config", "/"],
        ["--env-file", "/nowhere/.env"],
        ["--env-file", "/"],
        ["demo", "--rest-url", "https://api.backpack.exchange", "--ws-url", "wss://ws.backpack.exchange"],
        ["--live", "--rest-url", "http://127.0.0.1:1", "--ws-url", "ws://127.0.0.1:1"],
        ["--rest-url", "http://127.0.0.1:1"],
        ["--live"],
        ["demo", "--theme", "no-such-theme"],
    ],
)
def test_what_cannot_be_used_is_one_line_and_status_2(words: list[str], tmp_path: Path) -> None:
    ended = run(*words, "--screenshot", str(tmp_path / "never.svg"))
    assert ended.returncode == 2
    assert ended.stderr.startswith("bpx-tui: ")
    assert ended.stderr.count("\n") == 1
    assert "Traceback" not in ended.stderr
    assert ended.stdout == ""
    assert not (tmp_path / "never.svg").exists()


@pytest.mark.parametrize("words", [[], ["demo"]])
def test_without_a_terminal_it_names_what_works_without_one(words: list[str]) -> None:
    ended = run(*words)
    assert ended.returncode == 2
    assert ended.stderr.startswith("bpx-tui: the screen needs a terminal and stdin is not one.")
    for alternative in ("--screenshot", "bpx-tui exchange", "bpx-tui doctor", "bpx-tui keys check"):
        assert alternative in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("kind", ["dumb", "", "unknown"])
def test_a_terminal_that_cannot_draw_is_refused(kind: str) -> None:
    with PseudoTerminal([sys.executable, "-m", "bpx_tui", "demo"], environ={"TERM": kind}) as terminal:
        assert terminal.wait_for_end() == 2
        assert b"needs a terminal that can move its cursor" in terminal.written
        assert b"\x1b" not in terminal.written


def test_a_locale_that_cannot_show_the_characters_is_refused_with_the_remedy() -> None:
    environ = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    with PseudoTerminal([sys.executable, "-m", "bpx_tui", "demo"], environ=environ) as terminal:
        assert terminal.wait_for_end() == 2
        assert b"LC_ALL=C.UTF-8" in terminal.written


def test_locate_names_every_place_and_makes_none(nobodys_home: Path) -> None:
    ended = run("locate")
    assert ended.returncode == 0
    for name in ("config file", "keymap", "own themes", "shipped themes", "state", "log file", ".env file"):
        assert name in ended.stdout
    assert not list(nobodys_home.iterdir())


@pytest.mark.parametrize("words", [("locate",), ("--help",), ("--version",), ("exchange", "--help")])
def test_a_reader_that_went_away_is_no_traceback(words: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "bpx_tui", *words],
            stdout=writer,
            stderr=subprocess.PIPE,
            env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
            text=True,
            timeout=30,
            check=False,
        )
    finally:
        os.close(writer)
    assert (ended.returncode, ended.stderr) == (128 + signal.SIGPIPE, "")
