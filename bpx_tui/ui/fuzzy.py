"""Finding by a few letters: all letters in order, better when they are together or start words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")


def score(wanted: str, text: str) -> int | None:
    """How well `text` answers `wanted`, higher is better; `None` when a letter is missing. Case does not matter."""
    needle, hay = wanted.lower().replace(" ", ""), text.lower()
    if not needle:
        return 0
    if needle in hay:
        start = hay.index(needle)
        return 1_000 - start - (0 if start == 0 or not hay[start - 1].isalnum() else 200)
    place, points = -1, 0
    for letter in needle:
        found = hay.find(letter, place + 1)
        if found < 0:
            return None
        points += 12 if found == place + 1 else 8 if found == 0 or not hay[found - 1].isalnum() else 1
        place = found
    return points


def ranked(wanted: str, items: Iterable[T], text_of: Callable[[T], str]) -> list[T]:
    """The items that answer, best first; equals keep their order."""
    scored = [(score(wanted, text_of(item)), item) for item in items]
    kept = [(points, item) for points, item in scored if points is not None]
    kept.sort(key=lambda pair: -pair[0])
    return [item for _, item in kept]
