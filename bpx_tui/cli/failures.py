"""What went wrong, as one line on stderr and an exit status."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable

from bpx_tui.cli.exit_codes import ExitCode, by_signal
from bpx_tui.errors import BpxError, UsageError


def status_of(call: Callable[[], int]) -> int:
    """Run it. What the user can mend becomes one line on stderr, never a traceback."""
    try:
        try:
            return call()
        finally:
            sys.stdout.flush()  # not at the interpreter's end, where a reader that went away makes it complain
    except UsageError as error:
        _say(str(error))
        return ExitCode.USAGE
    except BpxError as error:
        _say(str(error))
        return ExitCode.FAILED
    except KeyboardInterrupt:
        return by_signal(signal.SIGINT)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or the interpreter complains once more at its end
        return by_signal(signal.SIGPIPE)


def _say(sentence: str) -> None:
    with contextlib.suppress(OSError):
        print(f"bpx-tui: {sentence}", file=sys.stderr)
