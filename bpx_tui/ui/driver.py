"""The terminal: bytes that are no text, pastes without brackets and an ended terminal must not hurt the screen.

Textual's own loop dies on invalid UTF-8 and on mouse reports of an older protocol, and spins when its input has ended
(RELIABILITY T06, T07, P23). What arrives in one read as several printable keys is a paste, not typing (P21).
"""

from __future__ import annotations

import logging
import os
import selectors
from codecs import getincrementaldecoder
from collections.abc import Iterable

from textual import events
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from bpx_tui.ui.glyphs import is_ascii_only, to_ascii

log = logging.getLogger(__name__)

PASTE_KEYS = 4
"""Printable keys in one read that make it a paste."""

_READ_BYTES = 4096
_POLL_SECONDS = 0.1


class TerminalDriver(LinuxDriver):
    """Textual's Linux driver with an input loop that nothing on the wire can end, and ASCII where it must be."""

    ascii_only = is_ascii_only(os.environ)

    def write(self, data: str) -> None:
        """Whatever was drawn, by us or by Textual, leaves with characters that this terminal has."""
        super().write(to_ascii(data) if self.ascii_only else data)

    def run_input_thread(self) -> None:
        decode = getincrementaldecoder("utf-8")("replace").decode
        parser = XTermParser(self._debug)
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(_POLL_SECONDS):
                    data = self._read()
                    if not data:
                        self._input_ended()
                        return
                    parser = self._feed(parser, decode(data))
                self._pass_on(parser.tick())

    def _read(self) -> bytes:
        try:
            return os.read(self.fileno, _READ_BYTES)
        except OSError:
            return b""

    def _feed(self, parser: XTermParser, text: str) -> XTermParser:
        """Parse one read; the parser to go on with, a new one where this one could not."""
        try:
            self._pass_on(as_typed(list(parser.feed(text))))
        except Exception:
            log.warning("terminal input of %d characters could not be read", len(text))
            return XTermParser(self._debug)
        return parser

    def _pass_on(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self.process_message(message)

    def _input_ended(self) -> None:
        """The terminal is gone: nothing can be shown or pressed any more."""
        log.warning("the terminal's input has ended")
        self._app.call_later(self._app.exit, None, 129)


def as_typed(messages: list[Message]) -> list[Message]:
    """The events of one read; printable keys become one paste where they are too many to have been pressed."""
    typed = [message for message in messages if isinstance(message, events.Key) and message.is_printable]
    if len(typed) < PASTE_KEYS:
        return messages
    text = "".join(message.character or "" for message in typed)
    merged: list[Message] = []
    for message in messages:
        if message is typed[0]:
            merged.append(events.Paste(text))
        elif message not in typed:
            merged.append(message)
    return merged
