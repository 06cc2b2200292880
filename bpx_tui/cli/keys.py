"""`bpx-tui keys check`: is a key configured, and do its halves belong together? Nothing is sent."""

from __future__ import annotations

import os
import sys

from bpx_tui.cli.arguments import Arguments
from bpx_tui.cli.exit_codes import ExitCode
from bpx_tui.cli.session_plan import find_credentials


def check_keys(arguments: Arguments) -> int:
    """Derive the public key from the secret, compare, and say which source it came from; never a value."""
    credentials = find_credentials(arguments, os.environ)
    if credentials is None:
        print(
            "No API key is configured. Put BPX_API_KEY and BPX_API_SECRET into a file of mode 600 and name it with "
            "--env-file, or set them in the environment.",
            file=sys.stderr,
        )
        return ExitCode.FAILED
    print(f"API key {credentials.fingerprint} from {credentials.source}: key and secret belong together.")
    return ExitCode.OK
