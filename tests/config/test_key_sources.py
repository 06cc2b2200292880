"""Where a key pair may come from: an explicit private file or the environment, and never two that differ."""

from __future__ import annotations

import os
import shutil
import subprocess
from base64 import b64encode
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from bpx_tui.config.key_sources import MAX_FILE_BYTES, read_env_file, take_credentials
from bpx_tui.errors import CredentialsError


def pair(first_byte: int) -> tuple[str, str]:
    seed = bytes([first_byte] * 32)
    return b64encode(bytes(SigningKey(seed).verify_key)).decode(), b64encode(seed).decode()


KEY, SECRET = pair(1)
OTHER_KEY, OTHER_SECRET = pair(2)


def env_file(folder: Path, content: str | bytes, mode: int = 0o600) -> Path:
    path = folder / "keys.env"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    path.chmod(mode)
    return path


def test_no_source_is_no_key() -> None:
    assert take_credentials({}, None) is None


def test_the_environment_gives_a_pair_and_keeps_nothing_of_it() -> None:
    environ = {"BPX_API_KEY": KEY, "BPX_API_SECRET": SECRET, "PATH": "/bin"}
    found = take_credentials(environ, None)
    assert found is not None
    assert (found.api_key, found.source) == (KEY, "the environment")
    assert environ == {"PATH": "/bin"}


@pytest.mark.parametrize("names", [("BPX_API_KEY", "BPX_API_SECRET"), ("PUBLIC_KEY", "SECRET_KEY")])
def test_a_file_gives_a_pair_under_our_names_or_those_of_the_exchanges_guide(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    path = env_file(tmp_path, f'# keys\nexport {names[0]}="{KEY}"\n{names[1]}={SECRET} # mine\r\nOTHER=1\n')
    found = take_credentials({}, path)
    assert found is not None
    assert (found.api_key, found.source) == (KEY, str(path))


def test_the_guides_names_in_the_environment_are_somebody_elses() -> None:
    assert take_credentials({"PUBLIC_KEY": "x", "SECRET_KEY": "y"}, None) is None


def test_the_same_pair_in_two_places_is_fine(tmp_path: Path) -> None:
    path = env_file(tmp_path, f"BPX_API_KEY={KEY}\nBPX_API_SECRET={SECRET}\n")
    found = take_credentials({"BPX_API_KEY": KEY, "BPX_API_SECRET": SECRET}, path)
    assert found is not None
    assert found.source == "the environment"


def test_two_pairs_that_differ_are_refused_by_the_names_of_their_places(tmp_path: Path) -> None:
    path = env_file(tmp_path, f"BPX_API_KEY={OTHER_KEY}\nBPX_API_SECRET={OTHER_SECRET}\n")
    with pytest.raises(CredentialsError) as refused:
        take_credentials({"BPX_API_KEY": KEY, "BPX_API_SECRET": SECRET}, path)
    assert str(refused.value) == f"Two different API keys are set, in the environment and in {path}: keep one."


def test_two_pairs_in_one_file_that_differ_are_refused(tmp_path: Path) -> None:
    path = env_file(
        tmp_path,
        f"BPX_API_KEY={OTHER_KEY}\nBPX_API_SECRET={OTHER_SECRET}\nPUBLIC_KEY={KEY}\nSECRET_KEY={SECRET}\n",
    )
    with pytest.raises(CredentialsError, match="as BPX_API_KEY and as PUBLIC_KEY: keep one"):
        take_credentials({}, path)


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"BPX_API_KEY": KEY}, "BPX_API_KEY is set but BPX_API_SECRET is not (in the environment)."),
        ({"BPX_API_SECRET": SECRET}, "BPX_API_SECRET is set but BPX_API_KEY is not (in the environment)."),
        ({"BPX_API_KEY": KEY, "BPX_API_SECRET": ""}, "The secret is empty. (from the environment)"),
    ],
)
def test_half_a_pair_is_refused(environ: dict[str, str], said: str) -> None:
    with pytest.raises(CredentialsError) as refused:
        take_credentials(environ, None)
    assert str(refused.value) == said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (f"BPX_API_KEY={KEY}\nBPX_API_KEY={OTHER_KEY}\n", ":2: BPX_API_KEY is set twice."),
        (f"BPX_API_KEY={KEY}\nBPX_API_SECRET\n", ":2: BPX_API_SECRET has no = and no value."),
        (f"\n{SECRET.rstrip('=')}\n", ":2: this line's name has no = and no value."),
        ("legal winner thank year wave sausage\n", ":1: expected NAME=value."),
        (b"\xef\xbb\xbfBPX_API_KEY=x\n", " starts with a byte order mark: save it as UTF-8 without BOM."),
        ("BPX_API_KEY=x\n".encode("utf-16"), " is UTF-16: save it as UTF-8."),
        (b"BPX_API_KEY=\xff\xff\n", " is not UTF-8 text."),
        (b"#" * (MAX_FILE_BYTES + 1), " is larger than 256 KB: that is no .env file."),
    ],
)
def test_a_file_that_does_not_read_as_names_and_values_is_refused_with_its_line(
    tmp_path: Path, content: str | bytes, said: str
) -> None:
    path = env_file(tmp_path, content)
    with pytest.raises(CredentialsError) as refused:
        read_env_file(path)
    assert str(refused.value) == f"{path}{said}"


def test_values_are_taken_literally(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/root")
    values = read_env_file(env_file(tmp_path, "A=abc${HOME}def\nB='x # y'\nC=\n"))
    assert [values[name].reveal() for name in "ABC"] == ["abc${HOME}def", "x # y", ""]


def test_a_file_above_is_not_searched_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text(f"BPX_API_KEY={KEY}\nBPX_API_SECRET={SECRET}\n")
    below = tmp_path / "below"
    below.mkdir()
    monkeypatch.chdir(below)
    assert take_credentials({}, None) is None
    with pytest.raises(CredentialsError, match="cannot be read: No such file"):
        take_credentials({}, below / ".env")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o666])
def test_a_file_that_others_can_reach_is_refused_with_the_command_that_mends_it(tmp_path: Path, mode: int) -> None:
    path = env_file(tmp_path, "A=1\n", mode)
    with pytest.raises(CredentialsError) as refused:
        read_env_file(path)
    assert str(refused.value) == f"Others can read {path} (mode {mode:04o}). Run: chmod 600 {path}"


def test_links_folders_and_devices_are_refused(tmp_path: Path) -> None:
    real = env_file(tmp_path, "A=1\n")
    link = tmp_path / "link.env"
    link.symlink_to(real)
    pipe = tmp_path / "pipe.env"
    os.mkfifo(pipe, 0o600)
    for path, said in (
        (link, "is a symbolic link: name the file itself."),
        (tmp_path, "is not a regular file."),
        (pipe, "is not a regular file."),
        (Path("/dev/zero"), "is not a regular file."),
    ):
        with pytest.raises(CredentialsError) as refused:
            read_env_file(path)
        assert str(refused.value) == f"{path} {said}"


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_a_file_that_git_would_take_is_refused_until_it_is_ignored(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True, timeout=10)
    path = env_file(tmp_path, "A=1\n")
    with pytest.raises(CredentialsError, match="is in a git work tree and not ignored"):
        read_env_file(path)
    (tmp_path / ".gitignore").write_text("*.env\n")
    assert set(read_env_file(path)) == {"A"}


REFUSED_FILES = {
    "half a pair": f"BPX_API_SECRET={SECRET}\n",
    "twice": f"BPX_API_SECRET={SECRET}\nBPX_API_SECRET={OTHER_SECRET}\n",
    "no name": f"A=1\n{SECRET.rstrip('=')}\n",
    "no line": f"BPX_API_SECRET={SECRET}\n= {SECRET}\n",
    "not UTF-8": f"BPX_API_SECRET={SECRET}\n".encode() + b"\xff",
    "byte order mark": b"\xef\xbb\xbf" + f"BPX_API_SECRET={SECRET}\n".encode(),
    "UTF-16": f"BPX_API_SECRET={SECRET}\n".encode("utf-16"),
    "not a pair": f"BPX_API_KEY={OTHER_KEY}\nBPX_API_SECRET={SECRET}\n",
    "two pairs": f"BPX_API_KEY={OTHER_KEY}\nBPX_API_SECRET={OTHER_SECRET}\nPUBLIC_KEY={KEY}\nSECRET_KEY={SECRET}\n",
}


def report_of(environ: dict[str, str], path: Path | None) -> str:
    """What a report of the refusal could show: the errors, those behind them, all local variables but the test's."""
    with pytest.raises(CredentialsError) as refused:
        take_credentials(environ, path)
    shown = [frame.frame.f_locals for frame in refused.traceback[1:]]
    errors: list[BaseException | None] = [refused.value, refused.value.__cause__, refused.value.__context__]
    return repr([shown, [(error, vars(error), getattr(error, "object", None)) for error in errors if error]])


def leaked(report: str) -> list[str]:
    found = (SECRET, SECRET.rstrip("="), SECRET[8:24], SECRET.encode("utf-16").decode("latin-1"))
    return [form for form in found if form in report]


@pytest.mark.parametrize("content", REFUSED_FILES.values(), ids=REFUSED_FILES)
def test_a_refused_file_leaves_no_secret_in_any_report(tmp_path: Path, content: str | bytes) -> None:
    assert leaked(report_of({}, env_file(tmp_path, content))) == []


@pytest.mark.parametrize(
    "environ",
    [
        {"BPX_API_SECRET": SECRET},
        {"BPX_API_KEY": SECRET},
        {"BPX_API_KEY": OTHER_KEY, "BPX_API_SECRET": SECRET},
        {"BPX_API_KEY": OTHER_KEY, "BPX_API_SECRET": f"{SECRET}\n"},
    ],
)
def test_a_refused_environment_leaves_no_secret_in_it_nor_in_any_report(environ: dict[str, str]) -> None:
    assert leaked(report_of(environ, None)) == []
    assert environ == {}


def test_a_secret_planted_in_a_local_variable_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def leaky(*_: object) -> None:
        planted = SECRET
        raise CredentialsError(f"{len(planted)} characters")

    monkeypatch.setattr("bpx_tui.config.key_sources._pair", leaky)
    assert leaked(report_of({}, None)) != []
