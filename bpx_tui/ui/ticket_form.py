"""What is typed into the order ticket, as a value: every edit gives a new form. No market rules in here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from bpx_tui.model.enums import OrderKind, Side, TimeInForce
from bpx_tui.model.situation import Override

LONGEST = 64
"""Characters that a field holds."""


class Field(StrEnum):
    PRICE = "Price"
    QUANTITY = "Quantity"


@dataclass(frozen=True, slots=True)
class TicketForm:
    """`fresh` is set while the field with the focus holds a proposal: the next key typed replaces it.

    `refused_price` is a price too far from the mark, `refused_size` kind, price and quantity of an order above the own
    limit; `retyped` holds the fields that were typed anew after that.
    """

    side: Side = Side.BID
    kind: OrderKind = OrderKind.LIMIT
    price: str = ""
    quantity: str = ""
    time_in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = False
    reduce_only: bool = False
    field: Field = Field.PRICE
    fresh: bool = True
    shortened: bool = False
    refused_price: str = ""
    refused_size: tuple[str, ...] = ()
    retyped: frozenset[Field] = frozenset()

    @property
    def overrides(self) -> frozenset[Override]:
        """What is meant in spite of its refusal: the very text that was refused has been typed again."""
        found = set()
        if Field.PRICE in self.retyped and self.price and self.price == self.refused_price:
            found.add(Override.RETYPE_PRICE)
        if Field.QUANTITY in self.retyped and self._size == self.refused_size:
            found.add(Override.RETYPE_NOTIONAL)
        return frozenset(found)

    @property
    def _size(self) -> tuple[str, ...]:
        return self.kind, self.price, self.quantity

    @property
    def active_field(self) -> Field:
        """A market order has no price to type."""
        return Field.QUANTITY if self.kind is OrderKind.MARKET else self.field

    @property
    def text(self) -> str:
        return self.price if self.active_field is Field.PRICE else self.quantity

    def typed(self, characters: str) -> TicketForm:
        """Type or paste: the first line, without control characters, up to the field's length."""
        clean, shortened = first_line(characters)
        text = ("" if self.fresh else self.text) + clean
        shortened = shortened or len(text) > LONGEST
        retyped = self.retyped | {self.active_field} if self.fresh else self.retyped
        return replace(self._with_text(text[:LONGEST]), fresh=False, shortened=shortened, retyped=retyped)

    def emptied(self) -> TicketForm:
        """For the next order: no texts, and nothing is meant in spite of a refusal; side, kind and flags stay."""
        return replace(
            self,
            price="",
            quantity="",
            field=Field.PRICE,
            fresh=True,
            refused_price="",
            refused_size=(),
            retyped=frozenset(),
        )

    def price_refused(self) -> TicketForm:
        """The price was refused as it stands; typing it again from the start overrides that."""
        return replace(
            self, refused_price=self.price, retyped=self.retyped - {Field.PRICE}, field=Field.PRICE, fresh=True
        )

    def size_refused(self) -> TicketForm:
        """The quantity was refused at this price; typing it again from the start overrides that."""
        return replace(
            self,
            refused_size=self._size,
            retyped=self.retyped - {Field.QUANTITY},
            field=Field.QUANTITY,
            fresh=True,
        )

    def erased(self) -> TicketForm:
        return replace(self._with_text("" if self.fresh else self.text[:-1]), fresh=False, shortened=False)

    def cleared(self) -> TicketForm:
        return replace(self._with_text(""), fresh=False, shortened=False)

    def _with_text(self, text: str) -> TicketForm:
        return replace(self, price=text) if self.active_field is Field.PRICE else replace(self, quantity=text)

    def with_price(self, text: str) -> TicketForm:
        return replace(self, price=text, field=Field.PRICE, fresh=True, shortened=False)

    def with_quantity(self, text: str) -> TicketForm:
        return replace(self, quantity=text, field=Field.QUANTITY, fresh=True, shortened=False)

    def at_field(self, field: Field) -> TicketForm:
        return replace(self, field=field, fresh=True, shortened=False)

    def on_side(self, side: Side) -> TicketForm:
        return replace(self, side=side)

    def next_kind(self) -> TicketForm:
        """Limit to market and back; a market order is neither post-only nor resting."""
        if self.kind is OrderKind.LIMIT:
            return replace(self, kind=OrderKind.MARKET, post_only=False, fresh=True)
        return replace(self, kind=OrderKind.LIMIT, fresh=True)

    def next_time_in_force(self) -> TicketForm:
        if self.kind is OrderKind.MARKET:
            return self
        order = list(TimeInForce)
        following = order[(order.index(self.time_in_force) + 1) % len(order)]
        return replace(self, time_in_force=following, post_only=self.post_only and following is TimeInForce.GTC)

    def toggled_post_only(self) -> TicketForm:
        """Post-only rests or is refused, so it is limit and GTC."""
        if self.kind is OrderKind.MARKET:
            return self
        return replace(self, post_only=not self.post_only, time_in_force=TimeInForce.GTC)

    def toggled_reduce_only(self) -> TicketForm:
        return replace(self, reduce_only=not self.reduce_only)


def first_line(characters: str) -> tuple[str, bool]:
    """The first line without control and direction characters, and whether anything was taken away."""
    lines = characters.splitlines() or [""]
    kept = "".join(char for char in lines[0] if char.isprintable())
    short = kept[:LONGEST]
    return short, short != characters
