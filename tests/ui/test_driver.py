"""The terminal's input: nothing that comes in ends the screen, and its end does."""

from __future__ import annotations

import os
import threading
from typing import cast

import pytest
from textual import events
from textual.app import App
from textual.message import Message

from bpx_tui.ui.driver import TerminalDriver


class _Ears(TerminalDriver):
    """The driver's input loop on a pipe instead of a terminal."""

    def __init__(self, fileno: int) -> None:
        self.fileno = fileno
        self.exit_event = threading.Event()
        self._debug = False
        self._app = cast("App[object]", None)
        self.heard: list[Message] = []
        self.ended = False

    def process_message(self, message: Message) -> None:
        self.heard.append(message)

    def _input_ended(self) -> None:
        self.ended = True


def heard(*writes: bytes) -> tuple[list[str], bool]:
    """The keys and pastes that come out of those reads, and whether the loop saw the end."""
    reader, writer = os.pipe()
    ears = _Ears(reader)
    for data in writes:
        os.write(writer, data)
    os.close(writer)
    ears.run_input_thread()
    os.close(reader)
    texts = [
        message.key if isinstance(message, events.Key) else message.text
        for message in ears.heard
        if isinstance(message, events.Key | events.Paste)
    ]
    return texts, ears.ended


def test_keys_come_through_and_the_end_of_input_is_noticed() -> None:
    assert heard(b"b\r") == (["b", "enter"], True)


@pytest.mark.parametrize(
    "garbage",
    [b"\xff\xfe", b"\xc3", b"\x80\x80\x80", b"\x1b[M\xff\xff\xff", b"\x1b[<999;;M", b"\x1b[200~\xffabc\x1b[201~"],
)
def test_bytes_that_are_no_text_do_not_end_the_loop(garbage: bytes) -> None:
    _, ended = heard(garbage + b"\r")
    assert ended


def test_a_raw_paste_is_a_paste_and_no_keys() -> None:
    assert heard(b"sell everything now") == (["sell everything now"], True)


def test_a_broken_parser_is_replaced() -> None:
    reader, writer = os.pipe()
    os.close(writer)
    ears = _Ears(reader)

    class Broken:
        def feed(self, _text: str) -> list[Message]:
            raise ValueError("no such sequence")

    assert type(ears._feed(cast("object", Broken()), "x")).__name__ == "XTermParser"  # type: ignore[arg-type]
    os.close(reader)
