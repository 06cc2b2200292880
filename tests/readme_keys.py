"""Writes the README's table of keys from the table of actions.

Run: .venv/bin/python -m tests.readme_keys
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from bpx_tui.config.keymap import ACTIONS, Where, key_label

README: Final = Path(__file__).parents[1] / "README.md"
BEGIN: Final = "<!-- keys: made by `python -m tests.readme_keys` -->\n"
END: Final = "<!-- end of keys -->\n"


def tables() -> str:
    """One table for each place where keys are heard."""
    parts = []
    for where in Where:
        rows = [
            f"| {' '.join(_code(key_label(key)) for key in action.keys)} | {action.help} |"
            for action in ACTIONS
            if action.where is where
        ]
        if rows:
            parts.append("\n".join([f"| {where} | |", "| --- | --- |", *rows]))
    return "\n" + "\n\n".join(parts) + "\n\n"


def _code(key: str) -> str:
    return f"`` {key} ``" if "`" in key else f"`{key}`".replace("|", "\\|")


def with_tables(text: str) -> str:
    """The README with the tables as they should be."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + tables() + END + after


if __name__ == "__main__":
    README.write_text(with_tables(README.read_text()))
