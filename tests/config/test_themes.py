"""Theme files: shipped ones are usable by everyone, wrong ones are refused with a reason."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from bpx_tui.config.themes import DEFAULT_THEME, Colours, ThemeSpec, load_themes, pick_theme, read_theme, shipped_folder
from bpx_tui.errors import ConfigError

SHIPPED = load_themes()


def luminance(colour: str) -> float:
    """Relative luminance by WCAG 2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_promised_themes_ship() -> None:
    assert {"dark", "light", "blue-orange", "mono"} <= set(SHIPPED)
    assert DEFAULT_THEME in SHIPPED


@pytest.mark.parametrize("theme", SHIPPED.values(), ids=SHIPPED)
def test_text_can_be_read(theme: ThemeSpec) -> None:
    c = theme.colours
    assert contrast(c.text, c.background) >= 10
    assert contrast(c.text, c.cursor_row) >= 7
    for role in ("muted", "up", "down", "own", "warning", "error", "accent", "live", "paper", "demo", "read", "replay"):
        assert contrast(getattr(c, role), c.background) >= 4.5, role
    for role in ("up", "down", "warning", "live", "paper", "demo", "read", "replay"):
        assert contrast(getattr(c, role), c.on_fill) >= 4.5, role


@pytest.mark.parametrize("name", ["blue-orange", "mono"])
def test_directions_differ_without_colour_vision(name: str) -> None:
    assert SHIPPED[name].falling == "texture"


def good() -> dict[str, object]:
    return tomllib.loads((shipped_folder() / "dark.toml").read_text())


def write(folder: Path, text: str, name: str = "mine.toml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_users_file_is_added_and_may_replace(tmp_path: Path) -> None:
    text = (shipped_folder() / "mono.toml").read_text()
    write(tmp_path, text)
    write(tmp_path, text, "dark.toml")
    themes = load_themes(tmp_path)
    assert themes["mine"].colours == themes["mono"].colours
    assert themes["dark"].colours == themes["mono"].colours


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("[colours]", "[colors]"), "unknown key `colors`"),
        (("dark = true", 'dark = "yes"'), "`dark` must be true or false"),
        (('falling = "dim"', 'falling = "blink"'), "`falling` must be one of: dim, texture"),
        (("#0d1015", "black"), "`colours.background` must be a colour like #4cc38a, not 'black'"),
        (("up         =", "upp        ="), "unknown key `colours.upp`"),
        (("own        = ", "# own        = "), "`colours.own` is missing"),
        (("[colours]", "[colours"), "not a TOML file"),
    ],
)
def test_a_wrong_file_is_refused_by_name_and_reason(tmp_path: Path, change: tuple[str, str], complaint: str) -> None:
    path = write(tmp_path, (shipped_folder() / "dark.toml").read_text().replace(*change, 1))
    with pytest.raises(ConfigError) as caught:
        read_theme(path)
    assert str(path) in str(caught.value)
    assert complaint in str(caught.value)


def test_a_file_name_must_be_typable(tmp_path: Path) -> None:
    path = write(tmp_path, (shipped_folder() / "dark.toml").read_text(), "My Theme.toml")
    with pytest.raises(ConfigError, match="lower case"):
        read_theme(path)


def test_an_unknown_name_is_answered_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match="blue-orange, dark, light, mono"):
        pick_theme(SHIPPED, "neon")


def test_every_role_is_in_every_file() -> None:
    roles = {field.name for field in fields(Colours)}
    table = good()["colours"]
    assert isinstance(table, dict)
    assert set(table) == roles
