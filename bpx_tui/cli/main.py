"""One command line from its words to its exit status."""

from __future__ import annotations

import gc
from collections.abc import Sequence

from bpx_tui.cli.failures import status_of


def main(argv: Sequence[str]) -> int:
    """Run `bpx-tui` with these words; answers the exit status."""
    return status_of(lambda: _run(argv))


def _run(argv: Sequence[str]) -> int:
    """Dispatch. Every command is imported when it is asked for: help and a wrong flag must answer at once."""
    if argv[:1] == ["exchange"]:
        from bpx_tui.cli.exchange import run_exchange

        return run_exchange(argv[1:])
    from bpx_tui.cli.arguments import Command, parse

    arguments = parse(argv)
    match arguments.command:
        case Command.LOCATE:
            from bpx_tui.cli.locate import locate

            return locate(arguments)
        case Command.KEYS:
            from bpx_tui.cli.keys import check_keys

            return check_keys(arguments)
        case Command.DOCTOR:
            from bpx_tui.cli.doctor import doctor

            return doctor(arguments)
        case _:
            gc.disable()  # until the first frame: what is read at the start stays
            from bpx_tui.cli.screen import open_screen

            return open_screen(arguments)
