"""The wheel, built and installed into an empty environment, is the whole program."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from bpx_tui import __version__

ROOT = Path(__file__).parents[1]


def run(*command: str | Path, cwd: Path | None = None) -> str:
    """A command's stdout; its stderr in the failure when it fails."""
    ended = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=False, cwd=cwd, timeout=300
    )
    assert ended.returncode == 0, f"{command}\n{ended.stdout[-2000:]}\n{ended.stderr[-2000:]}"
    return ended.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--wheel-dir", folder, ROOT)
    [path] = folder.glob("*.whl")
    return path


def test_the_wheel_holds_the_themes_the_styles_and_the_typing_mark(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {f"bpx_tui/_themes/{theme.name}" for theme in (ROOT / "themes").glob("*.toml")} <= names
    assert "bpx_tui/py.typed" in names
    package = {str(path.relative_to(ROOT)) for path in (ROOT / "bpx_tui").rglob("*") if path.suffix in (".py", ".tcss")}
    assert package <= names
    assert not [name for name in names if name.startswith("tests")]


def test_the_wheel_says_what_it_needs(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    [name] = [name for name in archive.namelist() if name.endswith("METADATA")]
    metadata = Parser().parsestr(archive.read(name).decode())
    assert metadata["Version"] == __version__
    assert metadata["Requires-Python"] == ">=3.11"
    needed = {line.split(";")[0] for line in metadata.get_all("Requires-Dist", []) if "extra" not in line}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert len(needed) == len(project["dependencies"]) == 6


@pytest.mark.slow
def test_an_empty_environment_with_the_wheel_runs_the_demo(wheel: Path, tmp_path: Path) -> None:
    """Started far from the checkout, so that nothing of it can be imported."""
    environment = tmp_path / "environment"
    run(sys.executable, "-m", "venv", environment)
    run(environment / "bin" / "pip", "install", "-q", wheel)
    program = environment / "bin" / "bpx-tui"
    assert run(program, "--version", cwd=tmp_path) == f"bpx-tui {__version__}\n"
    picture = tmp_path / "demo.svg"
    run(program, "demo", "--screenshot", picture, "--after", "6", "--size", "200x60", cwd=tmp_path)
    drawn = picture.read_text().replace("&#160;", " ")
    for word in ("DEMO", "SOL/USDC", "streaming"):
        assert word in drawn
    assert os.fspath(ROOT) not in run(
        environment / "bin" / "python", "-c", "import bpx_tui; print(bpx_tui.__file__)", cwd=tmp_path
    )
