"""A pipe that tells a child process that its parent is gone, whatever killed the parent.

The parent keeps the writing end open and never writes; when it ends, the kernel closes that end and the child reads the
end of the file. Works for SIGKILL too, where no handler could run.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time


def end_with_parent(lifeline: int, grace_seconds: float) -> None:
    """Watch the reading end: when the parent is gone, ask this process to end, and end it hard after the grace."""
    threading.Thread(target=_watch, args=(lifeline, grace_seconds), name="lifeline", daemon=True).start()


def _watch(lifeline: int, grace_seconds: float) -> None:
    with contextlib.suppress(OSError):
        while os.read(lifeline, 64):
            pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(grace_seconds)
    os._exit(128 + signal.SIGTERM)
