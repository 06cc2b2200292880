"""The last line but one: what happened last, and what still needs an eye."""

from __future__ import annotations

from collections.abc import Sequence

from bpx_tui.model.orders import LocalState
from bpx_tui.model.views import FeedWord
from bpx_tui.ui.desk import Desk
from bpx_tui.ui.event_log import EventLog
from bpx_tui.ui.lines import Line, Run, fitted, width_of
from bpx_tui.ui.palette import Role
from bpx_tui.ui.widgets.bar import Bar

_LEAST_ROOM = 16
"""Cells below which an event would be little more than its time."""


class EventLine(Bar):
    """Newest event at the left; orders of unknown outcome and a closed gate stay at the right until resolved."""

    frames_per_second = 10

    def __init__(self, desk: Desk, log: EventLog, *, id: str = "event") -> None:
        super().__init__(id=id)
        self._desk = desk
        self._log = log

    def lines_now(self, width: int, height: int) -> Sequence[Line]:
        left = self._log.lines[-1].line if self._log.lines else (Run(" "),)
        attention = self._attention(width, max(width // 2, width - width_of(left) - 1))
        room = width - width_of(attention)
        if room < _LEAST_ROOM:
            return (attention,)
        return ((*_cut(left, room), *attention),)

    async def on_click(self) -> None:
        await self.app.run_action("app.log_open")

    def _attention(self, width: int, room: int) -> Line:
        """Unknown outcomes first; then an exchange that cannot be reached, in as many words as there is room for."""
        account, gate, health = self._desk.account, self._desk.gate, self._desk.health
        unknown = [o for o in (account.orders if account else None) or () if o.state is LocalState.UNKNOWN]
        if unknown:
            word = "order" if len(unknown) == 1 else "orders"
            text = f" ? {len(unknown)} {word} of unknown outcome: checking "
            return (Run(fitted(text, min(room, len(text))), Role.WARNING, bold=True, tag="log.open"),)
        if health is not None and health.word is FeedWord.OFFLINE and health.reason:
            text = f" ! {health.reason} "
            return (Run(fitted(text, min(width, len(text))), Role.WARNING, tag="log.open"),)
        if gate is not None and not gate.is_open and gate.reason:
            text = f" ! no new orders: {gate.reason} "
            return (Run(fitted(text, min(room, len(text))), Role.WARNING, tag="log.open"),)
        return ()


def _cut(line: Line, width: int) -> Line:
    """The line in exactly `width` cells, its last run shortened or padded."""
    *head, last = line
    return (*head, last._replace(text=fitted(last.text, max(0, width - width_of(head)))))
