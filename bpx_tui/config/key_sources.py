"""Where the API key pair may come from: the environment, or one `.env` file named on purpose.

Nothing is searched for: a `.env` in some parent folder is not ours. A file that others could read, or that is about to
be committed, is refused with the command that mends it. Two sources that differ are an error, never a guess.
"""

from __future__ import annotations

import os
import shlex
import shutil
import stat
import subprocess
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import BinaryIO, NamedTuple

from bpx_tui.config.credentials import Credentials, Secret
from bpx_tui.errors import CredentialsError

KEY_VARIABLE = "BPX_API_KEY"
SECRET_VARIABLE = "BPX_API_SECRET"
GUIDE_KEY_VARIABLE = "PUBLIC_KEY"
GUIDE_SECRET_VARIABLE = "SECRET_KEY"
"""The names that the exchange's own guide uses. Read from a file only: in an environment they may be anybody's."""

MAX_FILE_BYTES = 256 * 1024
GIT_TIMEOUT_SECONDS = 2.0


class _Pair(NamedTuple):
    source: str
    key: Secret
    secret: Secret


def take_credentials(environ: MutableMapping[str, str], env_file: Path | None) -> Credentials | None:
    """The key pair of this session, or `None` where none is configured.

    Both variables are taken out of `environ`, whatever comes of them, so that no child process inherits them.

    Raises:
        CredentialsError: a source that cannot be used, half a pair, or two sources that differ.
    """
    taken = {
        variable: Secret(environ.pop(variable)) for variable in (KEY_VARIABLE, SECRET_VARIABLE) if variable in environ
    }
    found = [_pair(taken, KEY_VARIABLE, SECRET_VARIABLE, "the environment")]
    if env_file is not None:
        values = read_env_file(env_file)
        found.append(_pair(values, KEY_VARIABLE, SECRET_VARIABLE, str(env_file)))
        found.append(_pair(values, GUIDE_KEY_VARIABLE, GUIDE_SECRET_VARIABLE, str(env_file)))
    pairs = [pair for pair in found if pair is not None]
    if not pairs:
        return None
    first = pairs[0]
    for other in pairs[1:]:
        if (other.key.reveal(), other.secret.reveal()) != (first.key.reveal(), first.secret.reveal()):
            where = f"in {first.source} and in {other.source}"
            if first.source == other.source:
                where = f"in {first.source}, as {KEY_VARIABLE} and as {GUIDE_KEY_VARIABLE}"
            raise CredentialsError(f"Two different API keys are set, {where}: keep one.")
    return Credentials(first.key, first.secret, source=first.source)


def _pair(values: Mapping[str, Secret], key_name: str, secret_name: str, source: str) -> _Pair | None:
    key, secret = values.get(key_name), values.get(secret_name)
    if key is None and secret is None:
        return None
    if key is None or secret is None:
        here, missing = (key_name, secret_name) if secret is None else (secret_name, key_name)
        raise CredentialsError(f"{here} is set but {missing} is not (in {source}).")
    return _Pair(source, key, secret)


def read_env_file(path: Path) -> Mapping[str, Secret]:
    """The names and values of a `.env` file, taken literally: `${NAME}` is not replaced.

    Raises:
        CredentialsError: the file cannot be trusted or does not read as `NAME=value` lines.
    """
    values: dict[str, Secret] = {}
    problem = _parse(_private_text(path), values)
    if problem is not None:
        raise CredentialsError(f"{path}{problem}")
    return values


def _private_text(path: Path) -> Secret:
    """The content of a regular file that only we can read and that is not about to be committed."""
    with _opened(path) as file:
        _require_private(path, os.fstat(file.fileno()))
        text, problem = _decoded(file.read(MAX_FILE_BYTES))
    if text is None:
        raise CredentialsError(f"{path} {problem}")
    return text


def _opened(path: Path) -> BinaryIO:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if path.is_symlink():
            raise CredentialsError(f"{path} is a symbolic link: name the file itself.") from None
        raise CredentialsError(f"{path} cannot be read: {error.strerror}.") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise CredentialsError(f"{path} is not a regular file.")
    return os.fdopen(descriptor, "rb")


def _require_private(path: Path, status: os.stat_result) -> None:
    if status.st_uid != os.geteuid():
        raise CredentialsError(f"{path} belongs to another user.")
    if status.st_mode & 0o077:
        mode = stat.S_IMODE(status.st_mode)
        raise CredentialsError(f"Others can read {path} (mode {mode:04o}). Run: chmod 600 {shlex.quote(str(path))}")
    if status.st_size > MAX_FILE_BYTES:
        raise CredentialsError(f"{path} is larger than {MAX_FILE_BYTES // 1024} KB: that is no .env file.")
    if _git_would_take(path):
        raise CredentialsError(f"{path} is in a git work tree and not ignored: add it to .gitignore first.")


def _git_would_take(path: Path) -> bool:
    """Whether `git add` would pick the file up. Without git on this machine nothing would."""
    folder = path.absolute().parent
    if not any((parent / ".git").exists() for parent in (folder, *folder.parents)):
        return False
    git = shutil.which("git")
    if git is None:
        return False
    command = [git, "-C", str(folder), "check-ignore", "--quiet", "--", path.name]
    try:
        answer = subprocess.run(command, timeout=GIT_TIMEOUT_SECONDS, check=False, capture_output=True)
    except (OSError, subprocess.TimeoutExpired):
        return True
    return answer.returncode != 0


# What follows handles the bare content. It tells of problems instead of raising them: an error keeps the local
# variables of all functions that it passed, and some report of it could show them.


def _decoded(content: bytes) -> tuple[Secret | None, str]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return None, "is UTF-16: save it as UTF-8."
    if content.startswith(b"\xef\xbb\xbf"):
        return None, "starts with a byte order mark: save it as UTF-8 without BOM."
    try:
        return Secret(content.decode("utf-8")), ""
    except UnicodeDecodeError:
        return None, "is not UTF-8 text."


def _parse(text: Secret, values: dict[str, Secret]) -> str | None:
    """Fill `values`; the line and the words of what is wrong, or `None`."""
    from io import StringIO

    from dotenv.parser import parse_stream

    for binding in parse_stream(StringIO(text.reveal())):
        original = binding.original
        blank = len(original.string) - len(original.string.lstrip())
        line = original.line + original.string[:blank].count("\n")  # blank lines before count as part of the binding
        if binding.error:
            return f":{line}: expected NAME=value."
        if binding.key is None:
            continue
        if binding.value is None:
            return f":{line}: {_name(binding.key)} has no = and no value."
        if binding.key in values:
            return f":{line}: {_name(binding.key)} is set twice."
        values[binding.key] = Secret(binding.value)
    return None


def _name(key: str) -> str:
    """A variable's name for a message. Anything long or odd could be a pasted value, so it is not repeated."""
    return key if len(key) <= 32 and key.isascii() and key.isidentifier() else "this line's name"
