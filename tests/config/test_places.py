"""Folders and files that only their owner can touch."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from bpx_tui.config.places import open_private, private_folder, read_trusted, user_places
from bpx_tui.errors import ConfigError


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def settings_file(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_bytes(b"x")
    path.chmod(0o600)
    return path


def test_places_follow_the_platform(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "c"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "s"))
    places = user_places()
    assert places.config_file == tmp_path / "c/bpx-tui/config.toml"
    assert places.state == tmp_path / "s/bpx-tui"
    assert tmp_path / "s" in places.log_file.parents
    assert not list(tmp_path.iterdir())


def test_a_private_folder_is_made_private_or_corrected(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    assert mode_of(private_folder(folder)) == 0o700
    assert mode_of(folder.parent) == 0o700
    folder.chmod(0o755)
    assert mode_of(private_folder(folder)) == 0o700


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, settings_file: Path) -> None:
    with pytest.raises(ConfigError, match=r"config\.toml"):
        private_folder(settings_file / "below")


def test_a_private_file_is_made_private_or_corrected_and_never_through_a_link(tmp_path: Path) -> None:
    path = tmp_path / "log"
    os.close(open_private(path, os.O_WRONLY))
    assert mode_of(path) == 0o600
    path.chmod(0o644)
    os.close(open_private(path, os.O_WRONLY))
    assert mode_of(path) == 0o600
    link = tmp_path / "link"
    link.symlink_to(path)
    with pytest.raises(OSError, match=r"link|symbolic"):
        open_private(link, os.O_WRONLY)


def test_a_trusted_file_is_read(settings_file: Path) -> None:
    assert read_trusted(settings_file, 10) == b"x"


def test_a_missing_file_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_trusted(tmp_path / "none", 10)


def refused(path: Path, limit: int = 10) -> str:
    with pytest.raises(ConfigError) as caught:
        read_trusted(path, limit)
    return str(caught.value)


def test_a_file_that_could_be_swapped_or_is_no_file_is_refused(tmp_path: Path, settings_file: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(settings_file)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert "it is a link" in refused(link)
    assert "is a folder" in refused(tmp_path)
    assert "not a plain file" in refused(pipe)
    assert "not a plain file" in refused(Path("/dev/zero"))
    settings_file.chmod(0o622)
    assert refused(settings_file).endswith(f"chmod go-w {settings_file}")


def test_a_huge_file_is_refused_without_reading_it_whole(settings_file: Path) -> None:
    settings_file.write_bytes(b"x" * 5_000_000)
    assert refused(settings_file, 256 * 1024).endswith("is larger than 256 KB.")
