"""The last line but one: what happened last, and what still needs an eye."""

from __future__ import annotations

from collections.abc import Sequence

from bpx_tui.model.orders import LocalState
from bpx_tui.model.views import FeedWord, Gate
from bpx_tui.ui.desk import Desk
from bpx_tui.ui.event_log import EventLog
from bpx_tui.ui.lines import Line, Run, fitted, width_of
from bpx_tui.ui.palette import Role
from bpx_tui.ui.widgets.bar import Bar

_LEAST_ROOM = 16
"""Cells below which an event would be little more than its time."""


class EventLine(Bar):
    """Newest event at the left; orders of unknown outcome, trouble of the exchange and a closed gate stay at the right
    until resolved.
    """

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
        """Unknown outcomes first; then an exchange that cannot be reached or is in trouble itself, a closed gate, and
        why the stream is down where the rest works; in as many words as there is room for.
        """
        account, gate, health = self._desk.account, self._desk.gate, self._desk.health
        count = sum(order.state is LocalState.UNKNOWN for order in (account.orders if account else None) or ())
        offline = health is not None and health.word is FeedWord.OFFLINE and bool(health.reason)
        if gate is not None and gate.alarm and not offline:
            return _banner(gate, count, max(room, width * 7 // 10), width)
        if count:
            text = _unknown(count)
            return (Run(fitted(text, min(room, len(text))), Role.WARNING, bold=True, tag="log.open"),)
        if health is not None and offline:
            text = f" ! {health.reason} "
            return (Run(fitted(text, min(width, len(text))), Role.WARNING, tag="log.open"),)
        if gate is not None and not gate.is_open and gate.reason:
            text = f" ! no new orders: {gate.reason} "
            return (Run(fitted(text, min(room, len(text))), Role.WARNING, tag="log.open"),)
        if health is not None and health.reason and health.word is not FeedWord.CONNECTING:
            text = f" ! {health.reason} "
            return (Run(fitted(text, min(max(room, width * 7 // 10), len(text))), Role.WARNING, tag="log.open"),)
        return ()


def _unknown(count: int) -> str:
    word = "order" if count == 1 else "orders"
    return f" ? {count} {word} of unknown outcome: checking "


def _banner(gate: Gate, unknown: int, room: int, width: int) -> Line:
    """The exchange's trouble as a block of colour, beside it the number of unknown outcomes; the longest that fits."""
    heading = f" ! {gate.alarm}: no new orders"
    banners = (
        f"{heading}; {gate.reason}; cancels are still sent ",
        f"{heading}, cancels are still sent ",
        f"{heading} ",
    )
    counts = (_unknown(unknown), f" ? {unknown} unknown ") if unknown else ("",)
    pairs = [(banner, count) for banner in banners for count in counts]
    banner, count = next((pair for pair in pairs if len(pair[0]) + len(pair[1]) <= room), pairs[-1])
    count = count[:width]
    return (
        Run(count, Role.WARNING, bold=True, tag="log.open"),
        Run(
            fitted(banner, min(len(banner), width - len(count))), Role.ON_FILL, Role.WARNING, bold=True, tag="log.open"
        ),
    )


def _cut(line: Line, width: int) -> Line:
    """The line in exactly `width` cells, its last run shortened or padded."""
    *head, last = line
    return (*head, last._replace(text=fitted(last.text, max(0, width - width_of(head)))))
