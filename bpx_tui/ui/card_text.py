"""The confirm card as lines, for any number of them."""

from __future__ import annotations

from textwrap import wrap

from bpx_tui.service.intents import OutcomeKind
from bpx_tui.ui.desk import Desk
from bpx_tui.ui.formatting import age_text, market_name
from bpx_tui.ui.lines import Line, Run, fitted, width_of
from bpx_tui.ui.order_words import (
    distance_text,
    effect_lines,
    fee_text,
    free_text,
    kind_text,
    notional_text,
    now_text,
    price_text,
    quantity_text,
    rest_text,
    side_run,
)
from bpx_tui.ui.palette import Role
from bpx_tui.ui.review import Card, CardState
from bpx_tui.ui.ticket_reading import book_is_trusted


def card_lines(card: Card, desk: Desk, size: tuple[int, int]) -> list[Line]:
    """What is sent, what it does, how old the book is, and the two ways on; the last line is always the way on."""
    width, height = size
    lines = _wide(card, desk) if height < 7 else _tall(card, desk, width)
    status = _status(card, width, height)
    body = lines[: max(0, height - len(status))]
    body += [()] * (height - len(status) - len(body) if height >= 7 else 0)
    return [*body, *status][:height]


def _tall(card: Card, desk: Desk, width: int) -> list[Line]:
    review = card.review
    request, market = review.request, review.market
    on_screen = desk.symbol == request.symbol
    what = _what(card)
    head = [what] if width_of(what) <= width else [what[:-1], (Run(" "), what[-1]._replace(text=what[-1].text.strip()))]
    price = "at market" if request.price is None else f"@ {price_text(request.price, market)}"
    away = distance_text(request, desk.book if on_screen else None)
    second: Line = (
        Run(f" {price}", Role.TEXT, bold=True),
        Run(f"  = {notional_text(request, card.effect)}", Role.TEXT),
        Run(f"  {away}" if away else "", Role.MUTED),
    )
    return [*head, second, *_effects(card, desk), _book_age(card, desk)]


def _wide(card: Card, desk: Desk) -> list[Line]:
    request, market, effect = card.review.request, card.review.market, card.effect
    price = "at market" if request.price is None else f"@ {price_text(request.price, market)}"
    head: Line = (*_what(card), Run(f"  {price}", Role.TEXT, bold=True), Run(f"  = {notional_text(request, effect)}"))
    if desk.symbol != request.symbol:
        return [head, (Run(" at the market's price; its book is not on screen", Role.MUTED),), ()]
    now, ink = now_text(effect, request, market)
    rest = " · ".join(text for text in (rest_text(effect, market), fee_text(effect)) if text)
    second: Line = (Run(f" {now}", ink), Run(f" · {rest}" if rest else ""))
    third: Line = (Run(f" {free_text(request, effect, market, desk.account)}  ", Role.MUTED), *_book_age(card, desk))
    return [head, second, third]


def _what(card: Card) -> Line:
    request, market = card.review.request, card.review.market
    quantity = quantity_text(request.quantity, market) if request.quantity is not None else "—"
    return (
        Run(" "),
        side_run(request.side),
        Run(f" {quantity} {market_name(request.symbol)}", Role.TEXT, bold=True),
        Run(f"  {kind_text(request)}", Role.TEXT),
    )


def _effects(card: Card, desk: Desk) -> list[Line]:
    review = card.review
    if desk.symbol != review.request.symbol:
        return [(Run(" at the market's price; its book is not on screen", Role.MUTED),)]
    return effect_lines(review.request, card.effect, review.market, desk.account)


def _book_age(card: Card, desk: Desk) -> Line:
    book, repeats = desk.book, card.review.repeats_after
    again = "" if repeats is None else f"  identical order {age_text(repeats)} ago"
    if book is None or desk.symbol != card.review.request.symbol:
        return Run(" book —", Role.MUTED), Run(again, Role.WARNING)
    trusted = book_is_trusted(desk)
    age = age_text(desk.age(book.true_at_us))
    return (
        Run(f" book {age} old", Role.MUTED if trusted else Role.WARNING),
        Run(" ✓" if trusted else ", not to be trusted", Role.UP if trusted else Role.WARNING),
        Run(again, Role.WARNING),
    )


def _status(card: Card, width: int, height: int) -> list[Line]:
    edit = (Run("esc", Role.ACCENT, bold=True, tag="back"), Run(" edit", Role.MUTED, tag="back"))
    if card.state is CardState.ARMING:
        return [(Run(" enter place (arming)   ", Role.FAINT), *edit)]
    if card.state is CardState.ARMED:
        return [
            (
                Run(" enter", Role.ACCENT, bold=True, tag="place"),
                Run(" place (armed)   ", Role.TEXT, bold=True, tag="place"),
                *edit,
            )
        ]
    if card.state is CardState.DISARMED:
        look = (Run(" enter", Role.ACCENT, bold=True, tag="place"), Run(" look again   ", Role.TEXT, tag="place"))
        return [*_told(f"disarmed: {card.reason}", width, Role.WARNING), (*look, *edit)]
    if card.state is CardState.SENT:
        return [(Run(" sent once, waiting for the exchange …", Role.WARNING, bold=True),)]
    return _answer(card, width, height)


def _answer(card: Card, width: int, height: int) -> list[Line]:
    """What the exchange said, in full where the order and the way on leave room: it matters more than the estimate."""
    outcome = card.outcome
    assert outcome is not None
    glyph, ink = {
        OutcomeKind.ACCEPTED: ("✓", Role.UP),
        OutcomeKind.REFUSED: ("✗", Role.ERROR),
        OutcomeKind.UNKNOWN: ("?", Role.WARNING),
    }[outcome.kind]
    after = "close" if outcome.kind is not OutcomeKind.REFUSED else "edit"
    return [
        *_told(f"{glyph} {outcome.text}", width, ink, most=max(2, height - 4), bold=True),
        (Run(" esc", Role.ACCENT, bold=True, tag="back"), Run(f" {after}", Role.MUTED, tag="back")),
    ]


def _told(text: str, width: int, ink: Role, *, most: int = 2, bold: bool = False) -> list[Line]:
    """A reason in at most that many lines."""
    lines = wrap(text, max(8, width - 1))
    shown = [f" {line}" for line in lines[: most - 1]]
    if len(lines) >= most:
        shown.append(fitted(f" {' '.join(lines[most - 1 :])}", width))
    return [(Run(part, ink, bold=bold),) for part in shown]
