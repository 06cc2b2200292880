"""The user's own keys replace the program's, or are refused with the line that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpx_tui.config.keymap import ACTIONS
from bpx_tui.config.keymap_file import read_keymap_file
from bpx_tui.errors import ConfigError


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "keymap.toml"
    path.write_text(text)
    path.chmod(0o600)
    return path


def test_without_a_file_the_keys_are_the_programs(tmp_path: Path) -> None:
    assert read_keymap_file(tmp_path / "none.toml").actions == ACTIONS


def test_keys_are_replaced_one_action_at_a_time(tmp_path: Path) -> None:
    keymap = read_keymap_file(written(tmp_path, 'ticket.buy = ["f5", "B"]\n"panel.zoom" = "Z"\n'))
    assert keymap["ticket.buy"].keys == ("f5", "B")
    assert keymap["panel.zoom"].keys == ("Z",)
    assert keymap["ticket.sell"].keys == ("s",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('"ticket.by" = "b"', "Did you mean ticket.buy?"),
        ('"ticket.buy" = "s"', "bound to both"),
        ('"ticket.buy" = []', "ticket.buy has no key."),
        ('"ticket.buy" = 5', "must be a key or a list of keys in quotes"),
        ('"ticket.buy" = [5]', "must be a key or a list of keys in quotes"),
        ('[ticket]\nby = "b"', "Did you mean ticket.buy?"),
        ("x", "keymap.toml:1:"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError, match=said) as caught:
        read_keymap_file(path)
    assert str(path) in str(caught.value)
