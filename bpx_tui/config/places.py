"""Where the program keeps its files on the user's machine, and how it opens them.

Folders are 0700 and files 0600. What is read from them must be a plain file of this user that nobody else can write:
a link or a writable file could be swapped under a program that trades.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bpx_tui.errors import ConfigError

APPLICATION: Final = "bpx-tui"


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of one user. They need not exist: `private_folder` makes one when it is first written to."""

    config: Path
    state: Path
    logs: Path

    @property
    def config_file(self) -> Path:
        return self.config / "config.toml"

    @property
    def keymap_file(self) -> Path:
        return self.config / "keymap.toml"

    @property
    def themes(self) -> Path:
        """User themes, beside those that come with the program."""
        return self.config / "themes"

    @property
    def log_file(self) -> Path:
        return self.logs / "bpx-tui.log"


def user_places() -> Places:
    """The platform's places for this user (on Linux `~/.config/bpx-tui` and `~/.local/state/bpx-tui`)."""
    from platformdirs import PlatformDirs

    dirs = PlatformDirs(APPLICATION, appauthor=False)
    return Places(config=dirs.user_config_path, state=dirs.user_state_path, logs=dirs.user_log_path)


def private_folder(path: Path) -> Path:
    """Make the folder if needed, readable by this user only; so is every folder above it that is made on the way.

    Raises:
        ConfigError: it cannot be made, is not a folder, or belongs to somebody else.
    """
    try:
        for missing in [above for above in reversed(path.parents) if not above.exists()]:
            missing.mkdir(mode=0o700, exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)
        found = path.stat()
        if found.st_uid != os.getuid():
            raise ConfigError(f"{path} belongs to another user.")
        if stat.S_IMODE(found.st_mode) & 0o077:
            path.chmod(0o700)
    except OSError as error:
        raise ConfigError(f"cannot use the folder {path}: {error.strerror}.") from error
    return path


def open_private(path: Path, flags: int) -> int:
    """Open or create a 0600 file of this program for writing; never through a link.

    Raises:
        OSError: as `os.open`.
    """
    descriptor = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    if stat.S_IMODE(os.fstat(descriptor).st_mode) & 0o077:
        os.fchmod(descriptor, 0o600)
    return descriptor


def read_trusted(path: Path, limit: int) -> bytes:
    """The bytes of a file that steers the program: a plain file of this user, not a link, not writable by others.

    Raises:
        FileNotFoundError: there is no such file.
        ConfigError: there is, and it must not be used; says why and what to do.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as error:
        reason = "it is a link; name the file itself" if path.is_symlink() else str(error.strerror)
        raise ConfigError(f"cannot read {path}: {reason}.") from error
    try:
        _check_trust(path, os.fstat(descriptor))
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(limit + 1)
    finally:
        os.close(descriptor)
    if len(data) > limit:
        raise ConfigError(f"{path} is larger than {limit // 1024} KB.")
    return data


def _check_trust(path: Path, found: os.stat_result) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise ConfigError(f"{path} is a folder, not a file.")
    if not stat.S_ISREG(found.st_mode):
        raise ConfigError(f"{path} is not a plain file.")
    if found.st_uid not in (os.getuid(), 0):
        raise ConfigError(f"{path} belongs to another user.")
    if stat.S_IMODE(found.st_mode) & 0o022:
        raise ConfigError(f"{path} can be written by others. Run: chmod go-w {path}")
