"""The ticket's texts read against the market: numbers or the reason why not, and what the order would do.

The grammar of numbers and the rules of an order are the model's (`numbers`, `checks`); this puts them beside fields.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from bpx_tui.errors import InputError
from bpx_tui.model.checks import check_order, snap_price, with_slippage
from bpx_tui.model.enums import OrderKind, Side
from bpx_tui.model.estimate import Effect, Means, effect_of, means_for
from bpx_tui.model.market import Market
from bpx_tui.model.numbers import floor_to, nearest_steps, parse_number, parse_percent
from bpx_tui.model.orders import OrderRequest
from bpx_tui.model.situation import Field as Reasoned
from bpx_tui.model.situation import MarketNow, Override, Reason, Situation, account_now
from bpx_tui.model.views import BookView, FeedState
from bpx_tui.ui.desk import Desk
from bpx_tui.ui.formatting import age_text
from bpx_tui.ui.header_text import BOOK_BUDGET_SECONDS
from bpx_tui.ui.ticket_form import Field, TicketForm
from bpx_tui.ui.unlisted import why_unlisted


@dataclass(frozen=True, slots=True)
class Reading:
    """`request` is `None` while anything is missing or wrong; the errors say what, each beside its field."""

    price: Decimal | None = None
    quantity: Decimal | None = None
    price_error: str = ""
    quantity_error: str = ""
    problem: str = ""
    overridable: frozenset[Override] = frozenset()
    """What may be typed again to have the order all the same."""
    request: OrderRequest | None = None
    effect: Effect | None = None

    @property
    def errors(self) -> tuple[str, ...]:
        return tuple(text for text in (self.price_error, self.quantity_error, self.problem) if text)


def read_ticket(form: TicketForm, desk: Desk) -> Reading:
    """Read the form as it stands now. Empty fields are errors here; the ticket keeps quiet about them until review."""
    market = desk.market
    if market is None:
        unlisted = why_unlisted(desk.catalog, desk.symbol)
        return Reading(problem=unlisted or "The market's rules are not known yet.")
    price, price_error = _read_price(form)
    reference = price if price is not None else _taking_price(form.side, desk.book)
    quantity, quantity_error = _read_quantity(form, desk, market, reference)
    if price_error or quantity_error or quantity is None:
        return Reading(price, quantity, price_error, quantity_error)
    request = OrderRequest(
        symbol=market.symbol,
        side=form.side,
        kind=form.kind,
        quantity=quantity,
        price=price,
        time_in_force=form.time_in_force,
        post_only=form.post_only,
        reduce_only=form.reduce_only,
    )
    request = with_slippage(request)
    reading = _checked(Reading(price, quantity), request, form, desk, market)
    return replace(reading, effect=estimate(request, desk, market)) if reading.request is not None else reading


def estimate(request: OrderRequest, desk: Desk, market: Market) -> Effect | None:
    """What it would do to the book on screen, `None` while that book is not to be trusted."""
    book, account = desk.book, desk.account
    if book is None or not book_is_trusted(desk):
        return None
    return effect_of(request, book, market, account.settings if account else None)


def book_is_trusted(desk: Desk) -> bool:
    book = desk.book
    if book is None or book.state is not FeedState.LIVE:
        return False
    age = desk.age(book.true_at_us)
    return age is not None and age <= BOOK_BUDGET_SECONDS


def _read_price(form: TicketForm) -> tuple[Decimal | None, str]:
    if form.kind is OrderKind.MARKET:
        return None, ""
    try:
        return parse_number(form.price, "Price"), ""
    except InputError as error:
        return None, str(error)


def _read_quantity(
    form: TicketForm, desk: Desk, market: Market, reference: Decimal | None
) -> tuple[Decimal | None, str]:
    """A base quantity, `$1500` of it, or `25%` of what there is."""
    text = form.quantity
    try:
        if text.startswith("$"):
            return _of_notional(parse_number(text[1:], "Notional"), reference, market), ""
        if text.endswith("%"):
            means, age = means_now(form, desk, market, reference)
            whole = parse_percent(text, means.quantity if means else None, age)
            return _at_least_a_step(floor_to(whole, market.step_size)), ""
        return parse_number(text, "Quantity"), ""
    except InputError as error:
        return None, str(error)


def _of_notional(notional: Decimal, reference: Decimal | None, market: Market) -> Decimal:
    if reference is None:
        raise InputError("A notional needs a price.")
    return _at_least_a_step(floor_to(notional / reference, market.step_size))


def _at_least_a_step(quantity: Decimal) -> Decimal:
    if quantity <= 0:
        raise InputError("Quantity must be greater than 0.")
    return quantity


def means_now(
    form: TicketForm, desk: Desk, market: Market, reference: Decimal | None
) -> tuple[Means | None, float | None]:
    """What there is to trade with, and how many seconds old that knowledge is."""
    account = desk.account
    if account is None or (reference is None and not form.reduce_only):
        return None, None
    price = reference if reference is not None else Decimal(1)
    means = means_for(form.side, price, market, account, reduce_only=form.reduce_only)
    return means, desk.age(account.true_at_us)


def preset(form: TicketForm, percent: int, desk: Desk) -> TicketForm:
    """The form with that percentage of what there is, cut to the step; with the reason in the field where it cannot."""
    market = desk.market
    if market is None:
        return form
    price, _ = _read_price(form)
    reference = price if price is not None else _taking_price(form.side, desk.book)
    trial = form.with_quantity(f"{percent}%")
    quantity, error = _read_quantity(trial, desk, market, reference)
    if error or quantity is None:
        return trial
    return form.with_quantity(f"{quantity:.{market.quantity_decimals}f}")


def _taking_price(side: Side, book: BookView | None) -> Decimal | None:
    if book is None:
        return None
    return book.best_ask if side is Side.BID else book.best_bid


def touch_price(form: TicketForm, desk: Desk, where: str) -> Decimal | None:
    """The own touch, the opposite touch, or the middle of the spread on the passive side of a tick."""
    book, market = desk.book, desk.market
    if book is None or market is None:
        return None
    buying = form.side is Side.BID
    if where == "touch":
        return book.best_bid if buying else book.best_ask
    if where == "opposite":
        return book.best_ask if buying else book.best_bid
    if book.best_bid is None or book.best_ask is None:
        return None
    below, above = nearest_steps((book.best_bid + book.best_ask) / 2, market.tick_size)
    return below if buying else above


def nudged(form: TicketForm, steps: int, desk: Desk) -> TicketForm:
    """One field moved by ticks or steps; from the touch where the price is empty. Never to zero or below."""
    market = desk.market
    if market is None:
        return form
    on_price = form.active_field is Field.PRICE
    unit = market.tick_size if on_price else market.step_size
    try:
        start = parse_number(form.text, form.active_field)
    except InputError:
        touch = touch_price(form, desk, "touch") if on_price else market.min_quantity
        if form.text.strip() or touch is None:
            return form
        return _written(form, touch, market)
    below, above = nearest_steps(start, unit)
    base = start if below == above else (below if steps > 0 else above)
    moved = base + steps * unit
    return _written(form, moved, market) if moved > 0 else form


def snapped(form: TicketForm, desk: Desk) -> TicketForm:
    """The field at its nearest tick (away from the spread) or step (down)."""
    market = desk.market
    if market is None:
        return form
    on_price = form.active_field is Field.PRICE
    try:
        value = parse_number(form.text, form.active_field)
    except InputError:
        return form
    if on_price:
        chosen = snap_price(value, market.tick_size, form.side, takes=False)
    else:
        chosen = floor_to(value, market.step_size)
    return _written(form, chosen, market) if chosen > 0 else form


def _written(form: TicketForm, value: Decimal, market: Market) -> TicketForm:
    if form.active_field is Field.PRICE:
        return form.with_price(f"{value:.{market.price_decimals}f}")
    return form.with_quantity(f"{value:.{market.quantity_decimals}f}")


def _checked(reading: Reading, request: OrderRequest, form: TicketForm, desk: Desk, market: Market) -> Reading:
    """The model's rules on the request, each reason beside its field."""
    told: dict[Reasoned, Reason] = {}
    for reason in check_order(request, situation_now(desk, market)):
        if reason.override not in form.overrides:
            told.setdefault(reason.field, reason)
    texts = {field: reason.text for field, reason in told.items()}
    problem = next((text for field, text in texts.items() if field not in {Reasoned.PRICE, Reasoned.QUANTITY}), "")
    return replace(
        reading,
        price_error=texts.get(Reasoned.PRICE, ""),
        quantity_error=texts.get(Reasoned.QUANTITY, ""),
        problem=problem,
        overridable=frozenset(reason.override for reason in told.values() if reason.override is not None),
        request=None if texts else request,
    )


def situation_now(desk: Desk, market: Market) -> Situation:
    """What the checks need to know, as the screen knows it."""
    facts, book = desk.facts, desk.book
    trusted = book_is_trusted(desk)
    now = MarketNow(
        best_bid=book.best_bid if book else None,
        best_ask=book.best_ask if book else None,
        book_is_trusted=trusted,
        book_reason="" if trusted or book is None else f"{book.state}, {age_text(desk.age(book.true_at_us))} old",
        mark=facts.mark.mark if facts and facts.mark else None,
        last=facts.ticker.last if facts and facts.ticker else None,
    )
    return Situation(market, now, account_now(desk.account, market), desk.limits)
