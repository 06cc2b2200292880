"""The order ticket: a form that types, nudges and reviews. It never sends; that is the confirm card's."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from textual import events
from textual.message import Message

from bpx_tui.config.keymap import ACTIONS, Where
from bpx_tui.model.enums import OrderKind, Side
from bpx_tui.model.market import Market
from bpx_tui.model.orders import OrderRequest
from bpx_tui.model.situation import Override
from bpx_tui.model.views import FeedState
from bpx_tui.ui.bindings import bindings_for
from bpx_tui.ui.desk import Desk
from bpx_tui.ui.ticket_form import Field, TicketForm
from bpx_tui.ui.ticket_reading import nudged, preset, read_ticket, snapped, touch_price
from bpx_tui.ui.ticket_text import ticket_lines
from bpx_tui.ui.widgets.condition import Feed
from bpx_tui.ui.widgets.desk_panel import DeskPanel, mode_part, text_row
from bpx_tui.ui.widgets.line_panel import Row
from bpx_tui.ui.widgets.panel_frame import TitlePart

LETTERS_HEARD = frozenset("bs?R")
"""Printable keys of the desk that also work while a field is typed in."""


class Ticket(DeskPanel):
    """Digits and everything else printable go into the field, except the letters that the ticket's table names."""

    BINDINGS = bindings_for(Where.TICKET)
    subject = "Ticket"
    frames_per_second = 8

    class ReviewWanted(Message):
        """The form reads as an order: show the card."""

        def __init__(self, request: OrderRequest, market: Market, overrides: frozenset[Override]) -> None:
            super().__init__()
            self.request = request
            self.market = market
            self.overrides = overrides

    class Closed(Message):
        """Esc: the ticket gives its place back and keeps what was typed."""

    def __init__(self, desk: Desk, *, id: str = "ticket") -> None:
        super().__init__(desk, number=8, id=id)
        self.form = TicketForm()
        self._asked = False
        self._letters = frozenset(
            key for action in ACTIONS if action.where is Where.TICKET for key in action.keys if len(key) == 1
        )

    # ---- opening

    def open(self, side: Side, price: Decimal | None = None) -> None:
        """Take a side; an empty price becomes the given one, else the own touch. A given price is a limit."""
        self.form = self.form.on_side(side)
        if price is not None and self.form.kind is OrderKind.MARKET:
            self.form = self.form.next_kind()
        if price is not None or not self.form.price:
            self._propose(price)
        self._asked = False
        self.paint()

    def _propose(self, price: Decimal | None) -> None:
        market = self.desk.market
        wanted = price if price is not None else touch_price(self.form, self.desk, "touch")
        if market is not None and wanted is not None:
            proposed = self.form.with_price(f"{wanted:.{market.price_decimals}f}")
            self.form = proposed.at_field(Field.QUANTITY) if not self.form.quantity else proposed

    def clear(self) -> None:
        """Empty texts, as after an order that was accepted; side, kind and flags stay."""
        self.form = self.form.emptied()
        self._asked = False
        self.paint()

    # ---- what is shown

    def look(self) -> Feed | None:
        return Feed(FeedState.LIVE, None, "", True)

    def title_parts(self) -> tuple[TitlePart, ...]:
        return (mode_part(self.desk.mode),)

    def hints(self) -> str:
        return "ctrl+t type  ctrl+g TIF  p post  ctrl+r reduce" if self.has_focus else "b buy  s sell"

    def rows(self, width: int, height: int) -> Sequence[Row]:
        reading = read_ticket(self.form, self.desk)
        lines = ticket_lines(self.form, reading, self.desk, (width, height), focused=self.has_focus, asked=self._asked)
        return [text_row(line) for line in lines]

    # ---- typing

    def hear(self, event: events.Key) -> bool:
        character = event.character
        if event.key == "backspace":
            self._edit(self.form.erased())
        elif event.key in {"ctrl+u", "delete"}:
            self._edit(self.form.cleared())
        elif character is None or not event.is_printable or character in self._letters | LETTERS_HEARD:
            return False
        else:
            self._edit(self.form.typed(character))
        return True

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self._edit(self.form.typed(event.text))

    def _edit(self, form: TicketForm) -> None:
        self.form = form
        self.paint()

    # ---- actions of the table

    def action_field(self, step: int) -> None:
        self._edit(self.form.at_field(Field.QUANTITY if self.form.active_field is Field.PRICE else Field.PRICE))

    def action_nudge(self, steps: int) -> None:
        self._edit(nudged(self.form, steps, self.desk))

    def action_price_at(self, where: str) -> None:
        market, price = self.desk.market, touch_price(self.form, self.desk, where)
        if market is not None and price is not None and self.form.kind is OrderKind.LIMIT:
            self._edit(self.form.with_price(f"{price:.{market.price_decimals}f}"))

    def action_snap(self) -> None:
        self._edit(snapped(self.form, self.desk))

    def action_flip(self) -> None:
        self._edit(self.form.on_side(self.form.side.opposite))

    def action_preset(self, percent: int) -> None:
        self._edit(preset(self.form, percent, self.desk))

    def action_kind(self) -> None:
        self._edit(self.form.next_kind())

    def action_tif(self) -> None:
        self._edit(self.form.next_time_in_force())

    def action_post_only(self) -> None:
        self._edit(self.form.toggled_post_only())

    def action_reduce_only(self) -> None:
        self._edit(self.form.toggled_reduce_only())

    def action_ticket_review(self) -> None:
        """Ask for the card if everything reads; else show every error, and change nothing."""
        reading, market = read_ticket(self.form, self.desk), self.desk.market
        if reading.request is not None and market is not None:
            self.post_message(self.ReviewWanted(reading.request, market, self.form.overrides))
            return
        self._asked = True
        if reading.price_error:
            asks = Override.RETYPE_PRICE in reading.overridable
            self.form = self.form.price_refused() if asks else self.form.at_field(Field.PRICE)
        elif reading.quantity_error:
            asks = Override.RETYPE_NOTIONAL in reading.overridable
            self.form = self.form.size_refused() if asks else self.form.at_field(Field.QUANTITY)
        self.paint()

    def action_ticket_close(self) -> None:
        self._asked = False
        self.post_message(self.Closed())

    # ---- mouse

    def on_click(self, event: events.Click) -> None:
        self.do(self.tag_under(event.x, event.y))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_nudge(1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_nudge(-1)

    def do(self, tag: str) -> None:
        """Run what a clicked part stands for."""
        name, _, argument = tag.partition(":")
        if name == "side":
            sides = {"buy": Side.BID, "sell": Side.ASK, "flip": self.form.side.opposite}
            self._edit(self.form.on_side(sides[argument]))
        elif name == "field":
            self._edit(self.form.at_field(Field.PRICE if argument == "price" else Field.QUANTITY))
        elif name == "price":
            self.action_price_at(argument)
        elif name == "preset":
            self.action_preset(int(argument))
        elif name == "review":
            self.app.run_worker(self.app.run_action("app.perform('ticket.review')"))
        elif name in {"kind", "tif"}:
            self._edit(self.form.next_kind() if name == "kind" else self.form.next_time_in_force())
        elif name in {"post", "reduce"}:
            self._edit(self.form.toggled_post_only() if name == "post" else self.form.toggled_reduce_only())
        elif name == "close":
            self.action_ticket_close()
