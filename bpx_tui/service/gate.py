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
        self._closed: dict[str, Gate] = {}
        self._publish()

    @property
    def is_open(self) -> bool:
        return not self._closed

    @property
    def reason(self) -> str:
        """Why it is closed; empty when open."""
        return self._foremost.reason

    @property
    def _foremost(self) -> Gate:
        """Trouble of the exchange itself before that of the connection, the oldest first."""
        return min(self._closed.values(), key=lambda gate: not gate.alarm, default=Gate(is_open=True))

    def close(self, name: str, reason: str, alarm: str = "") -> None:
        """Add or reword one reason. `alarm` names trouble of the exchange itself in one or two words."""
        gate = Gate(is_open=False, reason=reason, alarm=alarm)
        if self._closed.get(name) != gate:
            self._closed[name] = gate
            self._publish()

    def lift(self, name: str) -> None:
        """Take one reason away; the gate opens with the last."""
        if self._closed.pop(name, None) is not None:
            self._publish()

    def _publish(self) -> None:
        self._latest.put(GATE, self._foremost)
