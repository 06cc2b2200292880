"""A panel's border and title as segments: number, subject, key hints, age."""

from __future__ import annotations

from typing import NamedTuple

from rich.segment import Segment

from bpx_tui.ui.glyphs import Frame
from bpx_tui.ui.palette import Palette, Role


class TitlePart(NamedTuple):
    """A piece of the title. `tag` names it for clicks; parts are dropped from the last when room is short."""

    text: str
    role: Role = Role.MUTED
    bold: bool = False
    tag: str = ""


class Title(NamedTuple):
    """What the top border says: parts at the left, then key hints, then the age, which is never dropped."""

    parts: tuple[TitlePart, ...]
    hints: str
    age: str
    age_role: Role
    focused: bool


class TitleSpan(NamedTuple):
    """Where a tagged part stands: columns `start` to `end`, exclusive."""

    start: int
    end: int
    tag: str


def title_segments(title: Title, width: int, frame: Frame, palette: Palette) -> tuple[list[Segment], list[TitleSpan]]:
    """The top border of that width, and where its tagged parts are."""
    rule = palette.style(Role.RULE_FOCUS if title.focused else Role.RULE)
    age = f" {title.age} " if title.age else ""
    parts, hints = _fitting(title, width - 4 - len(age))
    segments = [Segment(frame.top_left + frame.horizontal, rule)]
    spans: list[TitleSpan] = []
    x = 2
    for part in parts:
        if part.tag:
            spans.append(TitleSpan(x, x + len(part.text), part.tag))
        segments.append(Segment(part.text, palette.style(part.role, bold=part.bold)))
        x += len(part.text)
    right = len(hints) + len(age) + 2
    segments.append(Segment(frame.horizontal * max(0, width - x - right), rule))
    if hints:
        segments.append(Segment(hints, palette.style(Role.MUTED if title.focused else Role.FAINT)))
    if age:
        segments.append(Segment(age, palette.style(title.age_role, bold=title.age_role is Role.WARNING)))
    segments.append(Segment(frame.horizontal + frame.top_right, rule))
    return segments, spans


def _fitting(title: Title, room: int) -> tuple[tuple[TitlePart, ...], str]:
    """The parts and hints that fit: hints go first, then parts from the last."""
    parts = title.parts
    while parts and sum(len(part.text) for part in parts) > room:
        parts = parts[:-1]
    left = room - sum(len(part.text) for part in parts)
    hints = f" {title.hints} " if title.hints else ""
    whole = len(parts) == len(title.parts)
    return parts, hints if whole and len(hints) + 1 <= left else ""


def bottom_segments(
    parts: tuple[TitlePart, ...], width: int, frame: Frame, palette: Palette, *, focused: bool
) -> list[Segment]:
    """The bottom border, with some text in it where all of that fits."""
    rule = palette.style(Role.RULE_FOCUS if focused else Role.RULE)
    length = sum(len(part.text) for part in parts)
    if not parts or length > width - 4:
        return [Segment(frame.bottom_left + frame.horizontal * (width - 2) + frame.bottom_right, rule)]
    texts = [Segment(part.text, palette.style(part.role, bold=part.bold)) for part in parts]
    rest = frame.horizontal * (width - 3 - length)
    return [Segment(frame.bottom_left + frame.horizontal, rule), *texts, Segment(rest + frame.bottom_right, rule)]
