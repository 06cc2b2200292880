"""`bpx-tui exchange`: only the simulated exchange, for other programs and other terminals."""

from __future__ import annotations

from collections.abc import Sequence

from bpx_tui.cli.parser import StrictParser, refuse_secrets, refuse_unknown_flags


def run_exchange(argv: Sequence[str]) -> int:
    """Serve until told to end; answers the exit status. `argv` are the words after `exchange`.

    Raises:
        InputError: a flag or value that it does not take.
    """
    refuse_secrets(argv)
    from bpx_tui.simulator.main import add_arguments, options_from, run

    parser = StrictParser(
        prog="bpx-tui exchange",
        description="A simulated exchange on this machine. Prints one line of JSON when it is ready: its addresses and "
        "the keys of its accounts. Ends with status 0 on SIGINT or SIGTERM.",
        argument_default=None,
    )
    add_arguments(parser)
    refuse_unknown_flags(argv, parser)
    return run(options_from(parser.parse_args(argv)))
