"""Whether new risk may be taken, and why not. Cancels and reduce-only orders do not ask."""

from __future__ import annotations

from bpx_tui.model.views import Gate
from bpx_tui.service.bus import Latest
from bpx_tui.service.topics import GATE


class GateKeeper:
    """A set of named reasons to stay closed; open when there is none. Publishes every change.

    Only evidence takes a reason away (a finished reconciliation, a measured clock), never a timer.
    """

    def __init__(self, latest: Latest) -> None:
        self._latest = latest
        self._reasons: dict[str, str] = {}
        self._publish()

    @property
    def is_open(self) -> bool:
        return not self._reasons

    @property
    def reason(self) -> str:
        """Why it is closed, the oldest reason first; empty when open."""
        return next(iter(self._reasons.values()), "")

    def close(self, name: str, reason: str) -> None:
        """Add or reword one reason."""
        if self._reasons.get(name) != reason:
            self._reasons[name] = reason
            self._publish()

    def lift(self, name: str) -> None:
        """Take one reason away; the gate opens with the last."""
        if self._reasons.pop(name, None) is not None:
            self._publish()

    def _publish(self) -> None:
        self._latest.put(GATE, Gate(self.is_open, self.reason))
