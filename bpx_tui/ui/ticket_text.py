"""The order ticket as lines, for any number of them."""

from __future__ import annotations

from textwrap import wrap

from rich.cells import cell_len

from bpx_tui.model.checks import DEFAULT_SLIPPAGE_PERCENT
from bpx_tui.model.enums import OrderKind, Side
from bpx_tui.model.market import Market
from bpx_tui.service.intents import Mode
from bpx_tui.ui.desk import Desk
from bpx_tui.ui.formatting import fixed, percent
from bpx_tui.ui.lines import Line, Run, fitted, width_of
from bpx_tui.ui.order_words import effect_lines, fee_text, means_text, notional_text, now_text, rest_text
from bpx_tui.ui.palette import Role
from bpx_tui.ui.ticket_form import Field, TicketForm
from bpx_tui.ui.ticket_reading import Reading, means_now, touch_price

_FIELD_CELLS = 13


def ticket_lines(
    form: TicketForm, reading: Reading, desk: Desk, size: tuple[int, int], *, focused: bool, asked: bool
) -> list[Line]:
    """`asked` shows the errors of empty fields too. Five lines are enough; more room is used where it is there."""
    width, height = size
    head = [_choices(form, width), _price_line(form, reading, desk, width, focused, asked)]
    head.append(_quantity_line(form, reading, desk, width, focused, asked))
    wrong, problem = _errors(form, reading, width, asked=asked), _problem(reading, desk, width)
    if height < 8:
        fourth = wrong[0] if wrong else _short_effect(reading, desk, width)
        return [*head, fourth, *(problem or [_hint(form, width)])][:height]
    if wrong:
        return _filled([*head, _presets(width), *wrong], _hint(form, width), height)
    market = desk.market
    effects: list[Line] = []
    if reading.request is not None and market is not None:
        effects = effect_lines(reading.request, reading.effect, market, desk.account)
    elif market is not None:
        effects = [(Run(f" {fitted(_means(form, reading, desk, market), width - 2)}", Role.MUTED),)]
    roomy = height >= 10
    lines = [*head, _presets(width), (Run(" " + "─" * (width - 2) + " ", Role.RULE),), *effects]
    if problem:
        lines = [*lines[: height - len(problem) - (2 if roomy else 0)], *problem]
    return _filled(lines, _hint(form, width), height) if roomy else lines[:height]


def _filled(lines: list[Line], last: Line, height: int) -> list[Line]:
    """The lines with `last` at the bottom."""
    return [*lines[: height - 1], *[()] * (height - 1 - len(lines)), last]


def _errors(form: TicketForm, reading: Reading, width: int, *, asked: bool) -> list[Line]:
    """Every error in full, wrapped; those of empty fields only once a review was asked for."""
    texts = [
        reading.price_error if form.price or asked else "",
        reading.quantity_error if form.quantity or asked else "",
    ]
    return [line for text in texts for line in _wrapped(text, width, Role.ERROR)]


def _wrapped(text: str, width: int, ink: Role) -> list[Line]:
    return [(Run(f" {part}", ink),) for part in wrap(text, max(8, width - 2))]


def _choices(form: TicketForm, width: int) -> Line:
    """Side, kind, time in force and flags; each one a click."""
    buying = form.side is Side.BID
    limit = form.kind is OrderKind.LIMIT
    gap = "  " if width >= 60 else " "
    runs = [
        Run(" "),
        Run("▲BUY " if not buying else "[▲BUY]", Role.UP if buying else Role.MUTED, bold=buying, tag="side:buy"),
        Run(gap),
        Run(" ▼sell" if buying else "[▼SELL]", Role.MUTED if buying else Role.DOWN, bold=not buying, tag="side:sell"),
        Run(gap * 2),
        Run("limit" if limit else "market", Role.TEXT, bold=True, tag="kind"),
        Run("▾", Role.MUTED, tag="kind"),
        Run(gap),
        Run(str(form.time_in_force) if limit else "IOC", Role.TEXT if limit else Role.FAINT, tag="tif"),
        Run("▾" if limit else " ", Role.MUTED, tag="tif"),
        Run(gap),
        _flag("post", form.post_only, "post", enabled=limit),
        Run(gap),
        _flag("reduce", form.reduce_only, "reduce", enabled=True),
    ]
    return tuple(runs)


def _flag(word: str, on: bool, tag: str, *, enabled: bool) -> Run:
    ink = Role.FAINT if not enabled else Role.ACCENT if on else Role.MUTED
    return Run(f"{word}{'■' if on else '□'}", ink, bold=on, tag=tag)


def _field(label: str, text: str, active: bool, fresh: bool, wrong: bool, tag: str) -> list[Run]:
    paper = Role.CURSOR_ROW if active else Role.SURFACE
    ink = Role.ERROR if wrong else Role.ACCENT if active and fresh else Role.TEXT
    shown = text if cell_len(text) < _FIELD_CELLS else "…" + text[-(_FIELD_CELLS - 2) :]
    caret = "▏" if active else " "
    return [
        Run(f" {label:<6}", Role.TEXT if active else Role.MUTED, tag=tag),
        Run(fitted(shown, _FIELD_CELLS - 1, right=True), ink, paper, bold=active, tag=tag),
        Run(caret, Role.ACCENT, paper, tag=tag),
        Run(" "),
    ]


def _price_line(form: TicketForm, reading: Reading, desk: Desk, width: int, focused: bool, asked: bool) -> Line:
    if form.kind is OrderKind.MARKET:
        book = desk.book
        best = (book.best_ask if form.side is Side.BID else book.best_bid) if book else None
        market = desk.market
        shown = "—" if best is None or market is None else fixed(best, market.price_decimals)
        text = f"market, best {shown}, slippage ≤ {DEFAULT_SLIPPAGE_PERCENT}%"
        return Run(" Price ", Role.MUTED), Run(fitted(text, max(0, width - 7)), Role.TEXT)
    active = focused and form.active_field is Field.PRICE
    error = reading.price_error if form.price or asked else ""
    runs = _field("Price", form.price, active, form.fresh, bool(error), "field:price")
    if active and form.shortened:
        return (*runs, Run("pasted text shortened", Role.WARNING))
    for word, label in (("mid", "m mid"), ("touch", "t touch"), ("opposite", "o opp")):
        runs += [Run(label, Role.MUTED, tag=f"price:{word}"), Run("  ")]
    if width >= 60:
        runs.append(Run("↑↓ tick ⇧×10", Role.FAINT))
    return tuple(runs)


def _quantity_line(form: TicketForm, reading: Reading, desk: Desk, width: int, focused: bool, asked: bool) -> Line:
    active = focused and form.active_field is Field.QUANTITY
    error = reading.quantity_error if form.quantity or asked else ""
    runs = _field("Size", form.quantity, active, form.fresh, bool(error), "field:quantity")
    if active and form.shortened:
        return (*runs, Run("pasted text shortened", Role.WARNING))
    market = desk.market
    runs.append(Run(f"{market.base if market else ''} ", Role.TEXT))
    if reading.request is not None:
        runs.append(Run(f"{notional_text(reading.request, reading.effect)} ", Role.TEXT))
        share = _share_of_equity(reading, desk)
        if share and width_of(runs) + len(share) < width:
            runs.append(Run(share, Role.MUTED))
    elif reading.quantity is not None and market is not None and not form.quantity.replace(".", "").isdigit():
        runs.append(Run(f"= {fixed(reading.quantity, market.quantity_decimals)}", Role.TEXT))
    return tuple(runs)


def _share_of_equity(reading: Reading, desk: Desk) -> str:
    account = desk.account
    if account is None or account.collateral is None or account.collateral.net_equity <= 0:
        return ""
    value = reading.effect.notional if reading.effect else None
    return f"{percent(value / account.collateral.net_equity, 0, sign=False)} of eq" if value else ""


def _means(form: TicketForm, reading: Reading, desk: Desk, market: Market) -> str:
    reference = reading.price or touch_price(form, desk, "opposite")
    means, _ = means_now(form, desk, market, reference)
    return means_text(means, market)


def _presets(width: int) -> Line:
    runs = [Run("        ")]
    for key, percent_of in (("q", 10), ("w", 25), ("e", 50), ("r", 100)):
        runs += [
            Run(key, Role.ACCENT, tag=f"preset:{percent_of}"),
            Run(f" {percent_of}%  ", Role.MUTED, tag=f"preset:{percent_of}"),
        ]
    return (*runs, Run("or $1500" if width < 60 else "of what is free · or $1500 · or 25%", Role.FAINT))


def _short_effect(reading: Reading, desk: Desk, width: int) -> Line:
    market = desk.market
    if reading.request is None or market is None:
        return _presets(width)
    now, ink = now_text(reading.effect, reading.request, market)
    rest = " · ".join(text for text in (rest_text(reading.effect, market), fee_text(reading.effect)) if text)
    return Run(f" {now}", ink), Run(f" · {rest}" if rest else "", Role.TEXT)


def _problem(reading: Reading, desk: Desk, width: int) -> list[Line]:
    """What stands in the way of the whole order, in full; nothing if nothing does."""
    gate = desk.gate
    if reading.problem:
        return _wrapped(reading.problem, width, Role.ERROR)
    if desk.mode is Mode.READ:
        return _wrapped("READ mode: orders are not sent. Start with --live to trade.", width, Role.WARNING)
    if gate is not None and not gate.is_open:
        return _wrapped(f"no new orders: {gate.reason}", width, Role.WARNING)
    return []


def _hint(form: TicketForm, width: int) -> Line:
    side = "buy" if form.side is Side.BID else "sell"
    return (
        Run(" enter", Role.ACCENT, bold=True, tag="review"),
        Run(f" review {side}   ", Role.MUTED, tag="review"),
        Run("esc", Role.ACCENT, bold=True, tag="close"),
        Run(" close   ", Role.MUTED, tag="close"),
        Run("space" if width >= 60 else "", Role.ACCENT, bold=True, tag="side:flip"),
        Run(" other side" if width >= 60 else "", Role.MUTED, tag="side:flip"),
    )
