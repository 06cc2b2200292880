"""`python -m bpx_tui` and the `bpx-tui` command."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line of this process; answers the exit status."""
    from bpx_tui.cli.main import main as run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
