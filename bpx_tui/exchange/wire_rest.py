"""REST bodies to model values: the frame that all decoders of REST records share.

A decoder is a function from one JSON object to one model value. A list keeps its readable rows and counts the others:
one record that the exchange has changed must not hide the rest, and must not pass unnoticed either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from bpx_tui.errors import UnreadableReply
from bpx_tui.exchange.fields import InexactNumber, Record, as_list, as_record, decode_json

T = TypeVar("T")


class Rows(tuple[T, ...]):
    """The readable rows of an answer, and how far the answer can be trusted.

    Attributes:
        unreadable: why each of the other rows was left out. Not empty means that the list is not the whole truth.
        age_seconds: how long the answer had been in a cache between the exchange and us; 0 for a fresh one.
        total: how many rows there are in all pages; `None` where the exchange does not say.
    """

    unreadable: tuple[str, ...]
    age_seconds: int
    total: int | None

    def __new__(
        cls,
        rows: Iterable[T] = (),
        unreadable: Iterable[str] = (),
        age_seconds: int = 0,
        total: int | None = None,
    ) -> Rows[T]:
        made = super().__new__(cls, rows)
        made.unreadable = tuple(unreadable)
        made.age_seconds = age_seconds
        made.total = total
        return made


def decode_rows(raw: bytes, build: Callable[[Record], T], age_seconds: int = 0) -> Rows[T]:
    """The rows of a JSON list.

    Raises:
        UnreadableReply: it is not a list, or none of its rows is readable.
    """
    return decode_json(raw, lambda parsed: build_rows(as_list(parsed), build, age_seconds))


def build_rows(values: Iterable[object], build: Callable[[Record], T], age_seconds: int = 0) -> Rows[T]:
    """Decode rows that are already parsed; the errors are those of `decode_rows`."""
    rows: list[T] = []
    unreadable: list[str] = []
    for value in values:
        try:
            rows.append(build(as_record(value)))
        except InexactNumber:
            raise
        except UnreadableReply as error:
            unreadable.append(str(error))
    if unreadable and not rows:
        raise UnreadableReply(f"No row of the answer is readable: {unreadable[0]}")
    return Rows(rows, unreadable, age_seconds)


def whole(rows: Sequence[T]) -> Sequence[T]:
    """The rows, if every one of them could be read: an absent row then means something.

    Raises:
        UnreadableReply: some could not.
    """
    if isinstance(rows, Rows) and rows.unreadable:
        raise UnreadableReply(f"{len(rows.unreadable)} rows cannot be read: {rows.unreadable[0]}")
    return rows


def all_of(record: Record, key: str, build: Callable[[Record], T]) -> tuple[T, ...]:
    """The parts of one record that are a list themselves: with one of them unreadable, the whole record is."""
    return tuple(build(as_record(value, f"an object in {key}")) for value in as_list(record.get(key), key))


def decode_one(raw: bytes, build: Callable[[Record], T]) -> T:
    """The value of a JSON object.

    Raises:
        UnreadableReply: it is not one, or not what `build` expects.
    """
    return decode_json(raw, lambda parsed: build(as_record(parsed)))
