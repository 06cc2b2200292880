"""A question in the event line's place: enter does it, escape leaves it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import events
from textual.message import Message

from bpx_tui.clock import Clock
from bpx_tui.config.keymap import Where
from bpx_tui.ui.bindings import bindings_for
from bpx_tui.ui.lines import Line, Run, fitted, tag_at
from bpx_tui.ui.palette import Role
from bpx_tui.ui.review import ARMING_SECONDS
from bpx_tui.ui.widgets.bar import Bar


class QuestionStrip(Bar):
    """One question at a time. Like the card it ignores keys for a beat after it appears."""

    BINDINGS = bindings_for(Where.STRIP)
    can_focus = True
    frames_per_second = 20

    class Answered(Message):
        """`then` is what was asked about, `None` when it was left."""

        def __init__(self, then: Callable[[], None] | None) -> None:
            super().__init__()
            self.then = then

    def __init__(self, clock: Clock, *, id: str = "strip") -> None:
        super().__init__(id=id)
        self._clock = clock
        self._question = ""
        self._then: Callable[[], None] | None = None
        self._armed_from = 0.0

    def ask(self, question: str, then: Callable[[], None]) -> None:
        self._question, self._then = question, then
        self._armed_from = self._clock.monotonic() + ARMING_SECONDS
        self.paint()

    def lines_now(self, width: int, height: int) -> Sequence[Line]:
        ready = self._clock.monotonic() >= self._armed_from
        ways = (
            Run("  enter", Role.ON_FILL, Role.WARNING, bold=ready, tag="yes"),
            Run(" yes  ", Role.ON_FILL, Role.WARNING, tag="yes"),
            Run(" esc", Role.ON_FILL, Role.WARNING, bold=True, tag="no"),
            Run(" no ", Role.ON_FILL, Role.WARNING, tag="no"),
        )
        room = width - sum(len(run.text) for run in ways)
        return ((Run(fitted(f" {self._question}", room), Role.ON_FILL, Role.WARNING, bold=True), *ways),)

    def answer(self, pressed_at: float) -> None:
        """A yes pressed after the beat; earlier ones are not heard."""
        if pressed_at >= self._armed_from and self._then is not None:
            then, self._then = self._then, None
            self.post_message(self.Answered(then))

    def action_no(self) -> None:
        self._then = None
        self.post_message(self.Answered(None))

    def hear(self, event: events.Key) -> bool:
        """Nothing printable is heard while something is asked."""
        return event.is_printable

    def on_click(self, event: events.Click) -> None:
        tag = tag_at(self._lines[0], event.x) if self._lines else ""
        if tag == "yes":
            self.app.run_worker(self.app.run_action("app.perform('strip.yes')"))
        elif tag == "no":
            self.action_no()
