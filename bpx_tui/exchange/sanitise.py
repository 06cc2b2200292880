"""Foreign text made safe for a terminal. Applied once, where text enters the program.

A terminal acts on control characters and on text-direction marks: an order message could set the window title, write
the clipboard or swap a price. Textual passes them on, with or without markup, so nothing behind the wire may hold one.
"""

from __future__ import annotations

import re

REPLACEMENT = "\ufffd"
ELLIPSIS = "…"

# C0, DEL and C1 controls; direction marks and overrides; zero-width and invisible format characters; line and
# paragraph separators; the byte order mark; interlinear annotation; lone surrogates; tag characters.
_UNSAFE = re.compile(
    "[\\x00-\\x1f\\x7f-\\x9f\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb"
    "\\ud800-\\udfff\\U000e0000-\\U000e007f]"
)


def clean(text: str, limit: int = 200) -> str:
    """`text` with every character that a terminal could act on replaced by U+FFFD, at most `limit` (1 or more) long.

    What is cut off is marked by an ellipsis. Cleaning what is clean changes nothing.
    """
    if len(text) <= limit:
        if text.isascii() and text.isprintable():
            return text
    else:
        text = text[: limit - 1] + ELLIPSIS
    return _UNSAFE.sub(REPLACEMENT, text)
