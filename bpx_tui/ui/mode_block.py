"""The word that says where orders go, as every header shows it."""

from __future__ import annotations

from bpx_tui.service.mode import Mode
from bpx_tui.ui.lines import Line, Run
from bpx_tui.ui.palette import Role

MODE_ROLES = {Mode.LIVE: Role.LIVE, Mode.DEMO: Role.DEMO, Mode.READ: Role.READ}

_GLYPHS = {Mode.LIVE: "●", Mode.DEMO: "○", Mode.READ: "·"}


def mode_block(mode: Mode) -> Line:
    """The mode on a block of its colour."""
    return (Run(f" {_GLYPHS[mode]} {mode} ", Role.ON_FILL, MODE_ROLES[mode], bold=True),)
