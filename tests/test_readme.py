"""The README says what the program does: its commands, flags, settings, keys and exit statuses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bpx_tui.cli.arguments import Command, parse
from bpx_tui.cli.exit_codes import ExitCode, by_signal
from bpx_tui.config.settings import DEFAULTS, variable_of
from bpx_tui.config.themes import shipped_folder
from tests.readme_keys import README, with_tables

TEXT = README.read_text()


def section(title: str) -> str:
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", TEXT, re.M | re.S)
    assert found is not None
    return found[1]


def test_the_two_commands_are_the_agreed_ones() -> None:
    commands = [line for line in section("Setting up, in two commands").splitlines() if line.startswith("python3 ")]
    assert commands == [
        "python3 -m venv .venv && .venv/bin/pip install -q . && .venv/bin/bpx-tui demo",
        "python3 -m venv .venv && .venv/bin/pip install -q -e '.[test]' && .venv/bin/pytest",
    ]


def test_the_keys_are_those_of_the_program() -> None:
    assert with_tables(TEXT) == TEXT, "run: python -m tests.readme_keys"


def test_every_command_and_flag_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    shown = ""
    for words in (["--help"], ["demo", "--help"]):
        with pytest.raises(SystemExit):
            parse(words)
        shown += capsys.readouterr().out
    modes = section("What can be run")
    assert [flag for flag in set(re.findall(r"--[a-z-]+", shown)) if flag not in modes] == []
    assert [command for command in Command if f"`bpx-tui {command}".rstrip() not in modes] == []


def test_every_setting_is_named_with_its_variable_and_default() -> None:
    configuration = section("Configuration")
    for name, default in DEFAULTS.items():
        assert f"`{name}`" in configuration
        assert f"`{variable_of(name)}`" in configuration
        if default and not default.startswith(("https:", "wss:")):
            assert f"`{default}`" in configuration
    assert [theme.stem for theme in shipped_folder().glob("*.toml") if f"`{theme.stem}`" not in configuration] == []


def test_every_exit_status_is_named() -> None:
    table = section("Exit status")
    for code in ExitCode:
        assert f"| {code.value} |" in table
    assert {str(by_signal(number)) for number in (1, 2, 3, 9, 15)} <= set(re.findall(r"\d{3}", table))


def test_every_file_it_names_is_there() -> None:
    root = README.parent
    named = set(re.findall(r"\]\(([\w./-]+)\)|`(\.ci/[\w.]+|CHANGELOG\.md|LICENSE)`", TEXT))
    missing = [path for pair in named for path in pair if path and not Path(root, path).exists()]
    assert missing == []
