"""`bpx-tui keys check` says whether a key can be used and where it came from, and never shows it."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from tests.cli.test_command_line import run

SEED = bytes(range(32))
SECRET = b64encode(SEED).decode()
KEY = b64encode(bytes(SigningKey(SEED).verify_key)).decode()


def env_file(tmp_path: Path, text: str, mode: int = 0o600) -> str:
    path = tmp_path / "desk.env"
    path.write_text(text)
    path.chmod(mode)
    return str(path)


def test_a_key_from_the_environment() -> None:
    ended = run("keys", "check", environ={"BPX_API_KEY": KEY, "BPX_API_SECRET": SECRET})
    assert ended.returncode == 0
    assert "from the environment: key and secret belong together." in ended.stdout
    assert SECRET not in ended.stdout + ended.stderr
    assert KEY not in ended.stdout + ended.stderr


@pytest.mark.parametrize(("key", "secret"), [("BPX_API_KEY", "BPX_API_SECRET"), ("PUBLIC_KEY", "SECRET_KEY")])
def test_a_key_from_a_file(tmp_path: Path, key: str, secret: str) -> None:
    path = env_file(tmp_path, f"{key}={KEY}\n{secret}={SECRET}\n")
    ended = run("keys", "check", "--env-file", path)
    assert ended.returncode == 0
    assert f"from {path}: " in ended.stdout


def test_no_key_says_how_to_set_one() -> None:
    ended = run("keys", "check")
    assert ended.returncode == 1
    assert "BPX_API_KEY" in ended.stderr
    assert "--env-file" in ended.stderr


def test_a_key_in_the_current_folder_is_not_searched_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path(env_file(tmp_path, f"BPX_API_KEY={KEY}\nBPX_API_SECRET={SECRET}\n"))
    path.rename(tmp_path / ".env")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    assert run("keys", "check").returncode == 1


def test_a_key_that_cannot_be_used_is_one_line_and_status_2(tmp_path: Path) -> None:
    other = b64encode(bytes(32)).decode()
    for environ, words in (
        ({"BPX_API_KEY": KEY}, ()),
        ({"BPX_API_KEY": KEY, "BPX_API_SECRET": other}, ()),
        ({"BPX_API_KEY": SECRET, "BPX_API_SECRET": KEY}, ()),
        ({}, ("--env-file", env_file(tmp_path, f"BPX_API_KEY={KEY}\nBPX_API_SECRET={SECRET}\n", mode=0o644))),
    ):
        ended = run("keys", "check", *words, environ=environ)
        assert ended.returncode == 2
        assert ended.stderr.count("\n") == 1
        assert not {KEY, SECRET, other} & set(ended.stderr.split())


def test_two_sources_that_differ_are_both_named(tmp_path: Path) -> None:
    other = bytes(SigningKey(bytes(32)).verify_key)
    path = env_file(
        tmp_path, f"BPX_API_KEY={b64encode(other).decode()}\nBPX_API_SECRET={b64encode(bytes(32)).decode()}\n"
    )
    ended = run("keys", "check", "--env-file", path, environ={"BPX_API_KEY": KEY, "BPX_API_SECRET": SECRET})
    assert ended.returncode == 2
    assert "in the environment and in " + path in ended.stderr
