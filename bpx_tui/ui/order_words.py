"""An order and its effect in words: shared by ticket and confirm card."""

from __future__ import annotations

from decimal import Decimal

from bpx_tui.model.enums import OrderKind, Side
from bpx_tui.model.estimate import Effect, Means, free_after
from bpx_tui.model.market import Market
from bpx_tui.model.numbers import floor_to
from bpx_tui.model.orders import OrderRequest
from bpx_tui.model.views import AccountView, BookView
from bpx_tui.ui.formatting import fit_price, fixed, percent
from bpx_tui.ui.lines import Line, Run
from bpx_tui.ui.palette import Role

_CENT = Decimal("0.01")


def side_run(side: Side) -> Run:
    buying = side is Side.BID
    return Run("▲ BUY" if buying else "▼ SELL", Role.UP if buying else Role.DOWN, bold=True)


def quantity_text(value: Decimal, market: Market) -> str:
    return fixed(value, market.quantity_decimals)


def price_text(value: Decimal, market: Market) -> str:
    return fit_price(value, market.price_decimals, 16)


def kind_text(request: OrderRequest) -> str:
    """`limit post-only GTC reduce-only`, `market, at most 0.5 % slippage`."""
    if request.kind is OrderKind.MARKET:
        tolerance = request.slippage_tolerance
        words = ["market" if tolerance is None else f"market ±{tolerance}%"]
    else:
        words = ["limit", *(["post-only"] if request.post_only else []), str(request.time_in_force)]
    return " ".join(words + (["reduce-only"] if request.reduce_only else []))


def now_text(effect: Effect | None, request: OrderRequest, market: Market) -> tuple[str, Role]:
    """What happens at once."""
    if effect is None:
        return "the book is old: cannot say what fills now", Role.WARNING
    if effect.would_take:
        return "would take: post-only is refused", Role.ERROR
    if not effect.fills:
        return ("nothing fills: FOK lapses" if effect.lapses else "nothing fills now"), Role.TEXT
    average = effect.average_price
    at = "" if average is None else f" @ {price_text(average, market)}"
    more = (
        ""
        if effect.worst_price in {average, None}
        else f" to {price_text(effect.worst_price or average or Decimal(0), market)}"
    )
    text = f"fills now {quantity_text(effect.fills, market)}{at}{more}"
    if effect.unseen:
        return f"{text}; {quantity_text(effect.unseen, market)} deeper than shown", Role.WARNING
    return text, Role.TEXT


def rest_text(effect: Effect | None, market: Market) -> str:
    """What rests, what is in front of it, what lapses."""
    if effect is None or effect.would_take:
        return ""
    if effect.rests:
        ahead = "" if effect.ahead is None else f", {quantity_text(effect.ahead, market)} ahead"
        return f"rests {quantity_text(effect.rests, market)}{ahead}"
    if effect.lapses and effect.fills:
        return f"{quantity_text(effect.lapses, market)} lapses"
    return "nothing rests"


def fee_text(effect: Effect | None) -> str:
    if effect is None or effect.would_take:
        return ""
    if effect.fee is None:
        return "fee —"
    word = "rebate" if effect.fee < 0 else "fee"
    size = abs(effect.fee)
    return f"{word} ≈ ${fixed(size, 2 if size >= _CENT or not size else 6)}"


def free_text(request: OrderRequest, effect: Effect | None, market: Market, account: AccountView | None) -> str:
    """`margin free $3,980.11 → $3,830.20`, or the balance that a spot order rests on."""
    if account is None or effect is None or effect.would_take:
        return ""
    found = free_after(request, effect, market, account)
    if found is None:
        return ""
    means, after = found
    if means.unit == "margin":
        return f"margin free ${fixed(means.amount, 2)} → ≈ {'-' if after < 0 else ''}${fixed(abs(after), 2)}"
    decimals = 2 if means.unit == market.quote else market.quantity_decimals
    return f"{means.unit} free {fixed(means.amount, decimals)} → ≈ {fixed(after, decimals)}"


def distance_text(request: OrderRequest, book: BookView | None) -> str:
    """How far the limit lies from the own touch."""
    if request.price is None or book is None:
        return ""
    touch = book.best_bid if request.side is Side.BID else book.best_ask
    if touch is None or not touch:
        return ""
    away = (request.price - touch) / touch
    if not away:
        return "at the touch"
    where = "above" if away > 0 else "below"
    own = "bid" if request.side is Side.BID else "ask"
    return f"{percent(abs(away), 2, sign=False)} {where} the {own}"


def means_text(means: Means | None, market: Market) -> str:
    """`at most 212.34 SOL · $3,980.11 of margin free`."""
    if means is None:
        return ""
    whole = quantity_text(floor_to(means.quantity, market.step_size), market)
    if means.unit == "margin":
        return f"at most {whole} {market.base} · ${fixed(means.amount, 2)} margin free"
    decimals = 2 if means.unit == market.quote else market.quantity_decimals
    return f"at most {whole} {market.base} · {fixed(means.amount, decimals)} {means.unit} free"


def notional_text(request: OrderRequest, effect: Effect | None) -> str:
    if effect is not None and effect.notional:
        return f"${fixed(effect.notional, 2)}"
    if request.price is not None and request.quantity is not None:
        return f"${fixed(request.price * request.quantity, 2)}"
    return "—"


def effect_lines(
    request: OrderRequest, effect: Effect | None, market: Market, account: AccountView | None
) -> list[Line]:
    """Now, then what rests and costs, then what is left: three lines."""
    now, ink = now_text(effect, request, market)
    middle = " · ".join(text for text in (rest_text(effect, market), fee_text(effect)) if text)
    return [
        (Run(f" {now}", ink),),
        (Run(f" {middle}", Role.TEXT),),
        (Run(f" {free_text(request, effect, market, account)}", Role.MUTED),),
    ]
