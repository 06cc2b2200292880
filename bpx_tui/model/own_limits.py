"""The user's own limits on the size of an order and of a position, in the words shown beside the form.

Nobody else stops what they forbid, so what is not known counts as too much: then only what reduces may leave.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from bpx_tui.model.enums import MarketKind, Side
from bpx_tui.model.numbers import money
from bpx_tui.model.orders import OrderRequest
from bpx_tui.model.situation import Field, Override, Reason, Situation, only_reduces, triggered_quantity


def order_limit(request: OrderRequest, situation: Situation) -> Iterator[Reason]:
    """A reason where the order may be worth more than `max_order_notional`."""
    limit, market = situation.limits.max_order_notional, situation.market
    if limit is None or only_reduces(request, market):
        return
    worth = _most_worth(request, situation)
    where = f"your limit of {money(limit)} per order (max_order_notional in config.toml)"
    if worth is None:
        yield Reason(Field.ORDER, f"What the order is worth is not known, and so not whether it is within {where}.")
    elif worth > limit:
        yield Reason(
            Field.QUANTITY,
            f"{money(worth)} {market.quote} is above {where}. Type the quantity again to override.",
            Override.RETYPE_NOTIONAL,
        )


def _most_worth(request: OrderRequest, situation: Situation) -> Decimal | None:
    """The notional, at the highest price that the order may well trade at: a buyer's limit, or else the market's.

    A conditional order may trade where it is triggered, however far that is from the market now.
    """
    if request.quote_quantity is not None:
        return request.quote_quantity
    quantity = _base_quantity(request, situation)
    if quantity is None:
        return None
    now, limit, buying = situation.now, request.price, request.side is Side.BID
    if limit is not None and buying:
        return quantity * limit
    fair, touch = now.reference, now.best_ask if buying else now.best_bid
    triggered = request.trigger.price if request.trigger is not None else None
    prices = [price for price in (limit, triggered, fair[1] if fair else None, touch) if price is not None]
    return quantity * max(prices) if fair or touch else None


def _base_quantity(request: OrderRequest, situation: Situation) -> Decimal | None:
    if request.quantity is not None:
        return request.quantity
    if request.trigger is not None:
        return triggered_quantity(request.trigger, situation.market, situation.account.position_quantity)
    fair = situation.now.reference
    return None if fair is None or request.quote_quantity is None else request.quote_quantity / fair[1]


def position_limit(request: OrderRequest, situation: Situation) -> Iterator[Reason]:
    """A reason where the position on this order's side may be worth more than `max_position_notional`.

    What is held and what is already working on the same side count together: all of it may fill. Selling spot only
    sells what is held, unless it may be borrowed.
    """
    limit, market, account = situation.limits.max_position_notional, situation.market, situation.account
    buying = request.side is Side.BID
    sells_held = market.kind is MarketKind.SPOT and not buying and not request.auto_borrow
    if limit is None or only_reduces(request, market) or sells_held:
        return
    held, fair = account.position_quantity, situation.now.reference
    working = account.working_bids if buying else account.working_asks
    quantity = _base_quantity(request, situation)
    where = f"your limit of {money(limit)} (max_position_notional in config.toml)"
    if held is None or working is None or fair is None or quantity is None:
        missing = (
            (held, f"Your position in {market.symbol}"),
            (working, f"The size of an open order in {market.symbol}"),
            (fair, f"A mark or last price of {market.symbol}"),
            (quantity, "The size of this order"),
        )
        first = next(what for known, what in missing if known is None)
        yield Reason(Field.ORDER, f"{first} is not known: {where} lets only reduce-only orders pass.")
        return
    after = (held if buying else -held) + working + quantity
    triggered = request.trigger.price if request.trigger is not None else fair[1]
    value = after * max(fair[1], triggered, request.price or fair[1])
    if value > limit:
        counted = "With your open orders the" if working else "The"
        yield Reason(Field.QUANTITY, f"{counted} position would be {money(value)} {market.quote}, above {where}.")
