"""Colour roles on the screen: from a `ThemeSpec` to Textual's theme, and from there to ready styles for line panels."""

from __future__ import annotations

from dataclasses import asdict, fields
from enum import StrEnum
from functools import cache
from typing import TypeVar

from rich.style import Style
from textual.app import App
from textual.color import Color, ColorParseError
from textual.theme import Theme

from bpx_tui.config.themes import DEFAULT_THEME, Colours, Falling, ThemeSpec, read_theme, shipped_folder


class Role(StrEnum):
    """What a colour means; the value is the CSS variable's name."""

    BACKGROUND = "panel-background"
    SURFACE = "panel-surface"
    TEXT = "ink"
    MUTED = "muted"
    FAINT = "faint"
    RULE = "rule"
    RULE_FOCUS = "rule-focus"
    ACCENT = "mark"
    UP = "up"
    DOWN = "down"
    UP_BAR = "up-bar"
    DOWN_BAR = "down-bar"
    OWN = "own"
    WARNING = "stale"
    ERROR = "failed"
    CURSOR_ROW = "cursor-row"
    ON_FILL = "on-fill"
    LIVE = "mode-live"
    PAPER = "mode-paper"
    DEMO = "mode-demo"
    READ = "mode-read"
    REPLAY = "mode-replay"
    DOWN_FILL = "down-fill"
    """Derived: the body of a falling candle, dimmer than `DOWN`, or as `DOWN` looks through a half-filled texture."""


_THEMED = tuple(role for role in Role if role is not Role.DOWN_FILL)
_ROLE_OF_FIELD: dict[str, Role] = {field.name: role for field, role in zip(fields(Colours), _THEMED, strict=True)}
Result = TypeVar("Result")

_FALLING = "falling-candles"
_TEXTURE, _DIM_FILL = 0.5, 0.4
_DIMMING = 0.55


def _variables(colours: Colours) -> dict[str, str]:
    values: dict[str, str] = {_ROLE_OF_FIELD[name].value: colour for name, colour in asdict(colours).items()}
    return values | {"bid": colours.up, "ask": colours.down}


@cache
def theme_variable_defaults() -> dict[str, str]:
    """Every role with the default theme's value, for `App.get_theme_variable_defaults`: so any Textual theme works."""
    spec = read_theme(shipped_folder() / f"{DEFAULT_THEME}.toml")
    return _variables(spec.colours) | {_FALLING: spec.falling.value}


def textual_theme(spec: ThemeSpec) -> Theme:
    """The Textual theme of that spec, for `App.register_theme`."""
    c = spec.colours
    return Theme(
        name=spec.name,
        primary=c.accent,
        secondary=c.muted,
        accent=c.accent,
        foreground=c.text,
        background=c.background,
        surface=c.background,
        panel=c.surface,
        success=c.up,
        warning=c.warning,
        error=c.error,
        dark=spec.dark,
        variables=_variables(c) | {_FALLING: spec.falling.value},
    )


class Palette:
    """Ready Rich styles by role. Built once per theme; asking twice for a style gives the same object."""

    def __init__(self, colours: dict[Role, str], *, textured_down: bool) -> None:
        self._colours = colours
        self._styles: dict[tuple[Role, Role, bool], Style] = {}
        self._dimmed: Palette | None = None
        self.textured_down = textured_down

    @classmethod
    def of(cls, app: App[Result]) -> Palette:
        """The palette of the app's current theme; a role that the theme does not name has its default."""
        values = theme_variable_defaults() | app.theme_variables
        textured = values.get(_FALLING) == Falling.TEXTURE or app.no_color
        colours: dict[Role, str] = {
            role: _hex(values[role.value], theme_variable_defaults()[role.value]) for role in _THEMED
        }
        down, ground = Color.parse(colours[Role.DOWN]), Color.parse(colours[Role.BACKGROUND])
        colours[Role.DOWN_FILL] = down.blend(ground, _TEXTURE if textured else _DIM_FILL).hex6.lower()
        return cls(colours, textured_down=textured)

    def colour(self, role: Role) -> str:
        """The role's colour as `#rrggbb`."""
        return self._colours[role]

    def style(self, ink: Role, paper: Role = Role.BACKGROUND, *, bold: bool = False) -> Style:
        """`ink` on `paper`."""
        key = (ink, paper, bold)
        style = self._styles.get(key)
        if style is None:
            style = Style(color=self._colours[ink], bgcolor=self._colours[paper], bold=bold)
            self._styles[key] = style
        return style

    def with_rule(self, role: Role) -> Palette:
        """The same roles with borders in the colour of `role`, focused or not."""
        edged = self._colours | {Role.RULE: self._colours[role], Role.RULE_FOCUS: self._colours[role]}
        return Palette(edged, textured_down=self.textured_down)

    def dimmed(self) -> Palette:
        """The same roles sunk halfway into the background, for a body that is not to be trusted."""
        if self._dimmed is None:
            ground = Color.parse(self._colours[Role.BACKGROUND])
            sunk = {
                role: Color.parse(colour).blend(ground, _DIMMING).hex6.lower() for role, colour in self._colours.items()
            }
            self._dimmed = Palette(sunk, textured_down=self.textured_down)
        return self._dimmed


def _hex(value: str, default: str) -> str:
    try:
        return Color.parse(value).hex6.lower()
    except ColorParseError:
        return default
