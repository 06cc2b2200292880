"""The terminal's input: nothing that comes in ends the screen, and its end does."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import cast

import pytest
from rich.cells import cell_len
from textual import events
from textual.app import App
from textual.message import Message

import bpx_tui
from bpx_tui.ui.driver import TerminalDriver
from bpx_tui.ui.glyphs import to_ascii


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


@pytest.mark.parametrize(
    ("text", "ascii_text"),
    [
        ("\x1b[1m[▲BUY]  limit▾ GTC▾ post□\x1b[0m", "\x1b[1m[^BUY]  limitv GTCv post_\x1b[0m"),
        ("○ DEMO · ✓ 178.61 ≈ 2 … ⇧tab", "o DEMO . + 178.61 ~ 2 ~ ^tab"),
        ("café 市場", "cafe ????"),
        ("plain", "plain"),
    ],
)
def test_in_ascii_every_character_has_a_form_as_wide_as_itself(text: str, ascii_text: str) -> None:
    assert to_ascii(text) == ascii_text
    assert cell_len(ascii_text) == cell_len(text)


def test_every_character_that_the_program_draws_has_an_ascii_form_of_its_own() -> None:
    drawn = {
        character for path in Path(bpx_tui.__file__).parent.glob("ui/**/*.py") for character in path.read_text("utf-8")
    }
    unknown = {character for character in drawn if not character.isascii() and to_ascii(character) == "?"}
    assert unknown == set()


def test_an_ascii_terminal_gets_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr("textual.drivers.linux_driver.LinuxDriver.write", lambda _, data: written.append(data))
    reader, writer = os.pipe()
    ears = _Ears(reader)
    ears.write("▲ 1")
    ears.ascii_only = True
    ears.write("▲ 1")
    os.close(reader)
    os.close(writer)
    assert written == ["▲ 1", "^ 1"]
