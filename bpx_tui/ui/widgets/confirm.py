"""The confirm card in the ticket's place: enter sends once, escape goes back."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.message import Message

from bpx_tui.config.keymap import Where
from bpx_tui.model.views import FeedState
from bpx_tui.ui.bindings import bindings_for
from bpx_tui.ui.card_text import card_lines
from bpx_tui.ui.desk import Desk
from bpx_tui.ui.palette import Palette, Role
from bpx_tui.ui.review import Card, CardState
from bpx_tui.ui.widgets.condition import Feed
from bpx_tui.ui.widgets.desk_panel import DeskPanel, mode_part, mode_role, text_row
from bpx_tui.ui.widgets.line_panel import Row
from bpx_tui.ui.widgets.panel_frame import TitlePart


class ConfirmCard(DeskPanel):
    """Shows one `Card`. Its border is grey while the beat runs, then has the mode's colour."""

    BINDINGS = bindings_for(Where.CONFIRM)
    subject = "CONFIRM"
    frames_per_second = 20

    class PlaceWanted(Message):
        """Enter or a click on an armed or disarmed card."""

    class Left(Message):
        """Escape: back to the ticket."""

    def __init__(self, desk: Desk, *, id: str = "card") -> None:
        super().__init__(desk, number=8, id=id)
        self.card: Card | None = None

    def show(self, card: Card | None) -> None:
        self.card = card
        self.repaint()

    def look(self) -> Feed | None:
        if self.card is not None:
            before = self.card.state
            self.card.look(self.desk)
            if self.card.state is not before:
                self._palette = None
                self._strips = []
        return Feed(FeedState.LIVE, None, "", self.card is not None)

    def empty_text(self) -> str:
        return ""

    def title_parts(self) -> tuple[TitlePart, ...]:
        return (mode_part(self.desk.mode),)

    def rows(self, width: int, height: int) -> Sequence[Row]:
        assert self.card is not None
        return [text_row(line) for line in card_lines(self.card, self.desk, (width, height))]

    @property
    def palette(self) -> Palette:
        """The app's, with the border in the colour of what Enter would do."""
        if self._palette is None:
            self._palette = super().palette.with_rule(self._rule())
        return self._palette

    def _rule(self) -> Role:
        state = self.card.state if self.card else CardState.ARMING
        if state is CardState.ARMED:
            return mode_role(self.desk.mode)
        return Role.WARNING if state in {CardState.DISARMED, CardState.SENT} else Role.RULE

    def action_place(self) -> None:
        self.post_message(self.PlaceWanted())

    def action_back(self) -> None:
        self.post_message(self.Left())

    def hear(self, event: events.Key) -> bool:
        """Nothing but enter, escape, help and quit is heard here."""
        return event.is_printable and event.character != "?"

    def on_click(self, event: events.Click) -> None:
        tag = self.tag_under(event.x, event.y)
        if tag == "place":
            self.app.run_worker(self.app.run_action("app.perform('confirm.place')"))
        elif tag == "back":
            self.action_back()
