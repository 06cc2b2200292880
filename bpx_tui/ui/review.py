"""The confirm card's rules: a frozen order, armed after a beat, disarmed by what changes, sent exactly once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum, auto

from bpx_tui.model.enums import OrderKind, Side
from bpx_tui.model.estimate import Effect
from bpx_tui.model.market import Market
from bpx_tui.model.orders import OrderRequest
from bpx_tui.model.situation import Override
from bpx_tui.service.intents import CommandOutcome, Mode
from bpx_tui.ui.desk import Desk
from bpx_tui.ui.formatting import age_text, market_name, percent
from bpx_tui.ui.ticket_reading import book_is_trusted, estimate

ARMING_SECONDS = 0.150
"""Keys are ignored this long after the card opens, so that a key meant for the ticket never sends."""

LONGEST_SECONDS = 30.0
"""A card older than this is looked at again before it sends."""

WORSE_FRACTION = Decimal("0.001")
"""How much worse the price of what fills now may become before the card disarms."""

TAKES_NOW = "It would fill at once now."
POST_ONLY_TAKES = "It would take now: post-only would be refused."


@dataclass(frozen=True, slots=True)
class Review:
    """What is confirmed: the request and everything the decision was made against. `taken_at` is monotonic seconds."""

    request: OrderRequest
    mode: Mode
    market: Market
    effect: Effect | None
    book_last_id: int | None
    taken_at: float
    repeats_after: float | None = None
    """Seconds since the very same order was sent, where it was sent lately: allowed, but said."""
    overrides: frozenset[Override] = frozenset()
    """Which of the own limits the user has overridden for this order, by typing again."""
    may_take: bool = False
    """That it would fill at once, or be refused for it, was told on an earlier card of the same order."""

    @classmethod
    def take(cls, request: OrderRequest, market: Market, desk: Desk, repeats_after: float | None = None) -> Review:
        book = desk.book if desk.symbol == request.symbol else None
        last_id = book.last_id if book is not None else None
        effect = effect_now(request, market, desk)
        return cls(request, desk.mode, market, effect, last_id, desk.clock.monotonic(), repeats_after)


def effect_now(request: OrderRequest, market: Market, desk: Desk) -> Effect | None:
    """What the order would do to the book on screen; `None` for another market, or a book not to be trusted."""
    return estimate(request, desk, market) if desk.symbol == request.symbol else None


class CardState(Enum):
    ARMING = auto()
    ARMED = auto()
    DISARMED = auto()
    SENT = auto()
    ANSWERED = auto()


class Card:
    """One confirmation. `input_id` is set once, when it sends; nothing can send it again.

    `effect` is what is shown: that of the book of now until the order is sent. What disarms is measured against the
    effect of the review.
    """

    def __init__(self, review: Review) -> None:
        self.review = review
        self.state = CardState.ARMING
        self.reason = ""
        self.effect = review.effect
        self.outcome: CommandOutcome | None = None
        self.input_id: int | None = None
        self._armed_from = review.taken_at + ARMING_SECONDS

    def look(self, desk: Desk) -> None:
        """Arm when the beat is over, disarm when something changed; what it would do now is always the newest."""
        if self.state in {CardState.SENT, CardState.ANSWERED}:
            return
        self.effect = effect_now(self.review.request, self.review.market, desk)
        if self.state is CardState.DISARMED:
            return
        self.reason = what_changed(self.review, desk)
        if self.reason:
            self.state = CardState.DISARMED
        elif desk.clock.monotonic() >= self._armed_from:
            self.state = CardState.ARMED

    def press(self, pressed_at: float, input_id: int, desk: Desk) -> bool:
        """Whether this press sends. True at most once in the life of the card."""
        self.look(desk)
        if self.state is not CardState.ARMED or pressed_at < self._armed_from:
            return False
        self.state, self.input_id = CardState.SENT, input_id
        return True

    def not_taken(self, reason: str) -> None:
        """The service could not take the intent: nothing was sent."""
        self.state, self.reason, self.input_id = CardState.DISARMED, reason, None

    def answer(self, outcome: CommandOutcome) -> bool:
        """Take the outcome if it is this card's."""
        if self.input_id is None or outcome.input_id != self.input_id:
            return False
        self.state, self.outcome = CardState.ANSWERED, outcome
        return True

    def taken_again(self, desk: Desk) -> Card:
        """A new card for the same order against the book of now: it must arm again.

        Where this one told that the order would take, the new one does not disarm for that again: at the touch of a
        fast market no order could be placed otherwise, and the limit bounds the price anyway.
        """
        before = self.review
        review = Review.take(before.request, before.market, desk, before.repeats_after)
        may_take = before.may_take or self.reason in {TAKES_NOW, POST_ONLY_TAKES}
        return Card(replace(review, overrides=before.overrides, may_take=may_take))


def what_changed(review: Review, desk: Desk) -> str:
    """Why the order is no longer what was looked at; empty while it still is."""
    request = review.request
    market = desk.market_of(request.symbol)
    if desk.mode is not review.mode:
        return f"The mode is {desk.mode} now."
    if market is None or (market.tick_size, market.step_size) != (review.market.tick_size, review.market.step_size):
        return f"Tick or step of {market_name(request.symbol)} changed."
    gate = desk.gate
    if gate is not None and not gate.is_open and not request.reduce_only:
        return f"No new orders: {gate.reason}"
    if desk.clock.monotonic() - review.taken_at > LONGEST_SECONDS:
        return f"This card is older than {LONGEST_SECONDS:.0f} s."
    return "" if desk.symbol != request.symbol else _book_changed(review, desk)


def _book_changed(review: Review, desk: Desk) -> str:
    before = review.effect
    if before is None:
        return ""
    if not book_is_trusted(desk):
        age = desk.age(desk.book.true_at_us) if desk.book else None
        return f"The book is not to be trusted ({age_text(age)} old)."
    now = estimate(review.request, desk, review.market)
    if now is None:
        return ""
    if not review.may_take:
        if now.would_take and not before.would_take:
            return POST_ONLY_TAKES
        if now.fills > 0 and not before.fills and review.request.kind is OrderKind.LIMIT:
            return TAKES_NOW
    if before.average_price and now.average_price:
        move = (now.average_price - before.average_price) / before.average_price
        worse = move if review.request.side is Side.BID else -move
        if worse > WORSE_FRACTION:
            return f"The price moved {percent(move)} against it."
    return ""
