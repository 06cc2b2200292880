"""Pre-trade checks: why an order must not leave as it stands, in the words shown beside the form.

Only what the exchange would refuse, what looks like a slip of the hand, or what the user's own limits forbid is a
reason; nothing is changed or rounded here. Where the facts are missing, the exchange has the last word on its rules
(margin unknown); on the own limits nobody has, so there nothing may add risk.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from bpx_tui.model.enums import MarketKind, OrderKind, Side, SlippageToleranceType, TradingState
from bpx_tui.model.numbers import ceil_to, floor_to, grouped, is_multiple, money, nearest_steps, plain
from bpx_tui.model.orders import OrderRequest
from bpx_tui.model.own_limits import order_limit, position_limit
from bpx_tui.model.situation import (
    Field,
    MarketNow,
    Override,
    Reason,
    Situation,
    only_reduces,
)

DEFAULT_SLIPPAGE_PERCENT = Decimal("0.5")


def check_order(request: OrderRequest, situation: Situation) -> tuple[Reason, ...]:
    """Every reason against the order, the most basic first; empty when it may leave."""
    return tuple(
        reason
        for check in (
            _trading_state,
            _price_filters,
            _trigger,
            _quantity_filters,
            _price_bands,
            _collar,
            _post_only,
            _market_order,
            _reduce_only,
            _brackets,
            order_limit,
            position_limit,
            _funds,
        )
        for reason in check(request, situation)
    )


def check_own_limits(request: OrderRequest, situation: Situation) -> tuple[Reason, ...]:
    """The part of `check_order` that nobody else would stop, for the moment at which an order leaves.

    What can only reduce a position has no reason against it, whatever is known or not.
    """
    if only_reduces(request, situation.market):
        return ()
    checks = (_collar, order_limit, position_limit)
    return tuple(reason for check in checks for reason in check(request, situation))


def with_slippage(request: OrderRequest, percent: Decimal = DEFAULT_SLIPPAGE_PERCENT) -> OrderRequest:
    """The order with a slippage tolerance where it is a market order without one: none leaves unprotected."""
    if request.kind is not OrderKind.MARKET or request.slippage_tolerance is not None:
        return request
    return replace(request, slippage_tolerance=percent, slippage_tolerance_type=SlippageToleranceType.PERCENT)


def snap_price(price: Decimal, tick: Decimal, side: Side, *, takes: bool) -> Decimal:
    """The price on the tick grid: away from the spread for an order that rests, towards it for one that takes."""
    upwards = (side is Side.BID) == takes
    return ceil_to(price, tick) if upwards else floor_to(price, tick)


def _trading_state(request: OrderRequest, situation: Situation) -> Iterator[Reason]:
    state = situation.market.trading_state
    refused = {
        TradingState.CLOSED: True,
        TradingState.CANCEL_ONLY: True,
        TradingState.LIMIT_ONLY: request.kind is OrderKind.MARKET,
        TradingState.POST_ONLY: not request.post_only,
    }
    if isinstance(state, TradingState) and refused.get(state, False):
        age = situation.now.trading_state_age_seconds
        yield Reason(Field.ORDER, f"{situation.market.symbol} is {state.value} now (seen {age:.0f} s ago).")


def _prices(request: OrderRequest) -> Iterator[tuple[Field, Decimal]]:
    """Every price in the order: its own, its trigger's and those of its brackets."""
    if request.price is not None:
        yield Field.PRICE, request.price
    if request.trigger is not None:
        yield Field.TRIGGER, request.trigger.price
    for part, bracket in ((Field.TAKE_PROFIT, request.take_profit), (Field.STOP_LOSS, request.stop_loss)):
        if bracket is not None:
            yield part, bracket.trigger_price
            if bracket.limit_price is not None:
                yield part, bracket.limit_price


def _price_filters(request: OrderRequest, situation: Situation) -> Iterator[Reason]:
    market = situation.market
    for part, price in _prices(request):
        if not is_multiple(price, market.tick_size):
            yield Reason(part, _off_grid("Tick", market.tick_size, price))
        if price < market.min_price:
            yield Reason(part, f"Price is below minPrice {plain(market.min_price)}.")
        if market.max_price is not None and price > market.max_price:
            yield Reason(part, f"Price is above maxPrice {plain(market.max_price)}.")


def _trigger(request: OrderRequest, situation: Situation) -> Iterator[Reason]:
    if request.trigger is not None and not request.trigger.quantity:
        yield Reason(Field.TRIGGER, "Must specify both `triggerPrice` and `triggerQuantity` or neither.")


def _quantity_filters(request: OrderRequest, situation: Situation) -> Iterator[Reason]:
    market, quantity = situation.market, request.quantity
    if quantity is None:
        return
    if not is_multiple(quantity, market.step_size):
        yield Reason(Field.QUANTITY, _off_grid("Step", market.step_size, quantity))
    if quantity < market.min_quantity:
        yield Reason(Field.QUANTITY, f"Quantity is below minQuantity {plain(market.min_quantity)}.")
    if market.max_quantity is not None and quantity > market.max_quantity:
        yield Reason(Field.QUANTITY, f"Quantity is above maxQuantity {plain(market.max_quantity)}.")


def _off_grid(name: str, step: Decimal, value: Decimal) -> str:
    below, above = nearest_steps(value, step)
    nearest = " / ".join(plain(found) for found in (below, above) if found > 0)
    return f"{name} is {plain(step)}. Nearest: {nearest}."


def _price_bands(request: OrderRequest, situation: Situation) -> Iterator[Reason]:
    """The exchange's own bands: it refuses what is outside, so there is no override.

    The limit of a trigger order meets the market of a later hour, which nobody can know now.
    """
    market, price, now = situation.market, request.price, situation.now
    if price is None or request.trigger is not None:
        return
    for name, reference, lowest, highest in (
        ("last price", now.last, market.min_multiplier, market.max_multiplier),
        ("mark price", now.mark, market.mark_band_min_multiplier, market.mark_band_max_multiplier),
    ):
        if reference is None:
            continue
        if highest is not None and price > reference * highest:
            bound = f"above {grouped(floor_to(reference * highest, market.tick_size))}, {plain(highest)}"
        elif lowest is not None and price < reference * lowest:
            bound = f"below {grouped(ceil_to(reference * lowest, market.tick_size))}, {plain(lowest)}"
        else:
            continue
        yield Reason(Field.PRICE, f"Price is {bound} times the {name} of now: Backpack refuses it.")


def _collar(request: OrderRequest, situation: Situation) -> Iterator[Reason]:
    reference, price, market = situation.now.reference, request.price, situation.market
    if price is None:
        return
    if reference is None:
        if not only_reduces(request, market):
            yield Reason(
                Field.PRICE,
                f"No mark or last price of {market.symbol} is known to compare with. Type the price again to override.",
                Override.RETYPE_PRICE,
            )
        return
    name, fair = reference
    distance = price / fair - 1
    if abs(distance) <= situation.limits.collar_fraction:
        return
    where = "above" if distance > 0 else "below"
    shown = grouped(round(fair, market.price_decimals))
    yield Reason(
        Field.PRICE,
        f"{abs(distance) * 100:.1f} % {where} {name} {shown}. Type the price again to override.",
        Override.RETYPE_PRICE,
    )


def _would_take(request: OrderRequest, now: MarketNow) -> bool:
    if request.price is None or request.trigger is not None:
        return False
    if request.side is Side.BID:
        return now.best_ask is not None and request.price >= now.best_ask
    return now.best_bid is not None and request.price <= now.best_bid


def _post_only(request: OrderRequest, situation: Situation) -> Iterator[Reason]:
    if request.post_only and _would_take(request, situation.now):
        yield Reason(Field.PRICE, "Would take. postOnly will be refused by Backpack (PostOnlyTaker).")


def _market_order(request: OrderRequest, situation: Situation) -> Iterator[Reason]:
    if request.kind is not OrderKind.MARKET or request.trigger is not None:
        return
    now = situation.now
    bids, asks = now.best_bid is not None, now.best_ask is not None
    if not now.book_is_trusted:
        why = now.book_reason or "not fresh"
        yield Reason(Field.ORDER, f"The book cannot be trusted ({why}): use a limit order.")
    elif not (bids and asks):
        missing = "bids and asks" if not (bids or asks) else ("asks" if bids else "bids")
        yield Reason(Field.ORDER, f"The book has no {missing}: use a limit order.")
    if request.slippage_tolerance is None:
        yield Reason(Field.ORDER, "A market order needs a slippage tolerance.")


def _reduce_only(request: OrderRequest, situation: Situation) -> Iterator[Reason]:
    if not request.reduce_only:
        return
    if situation.market.kind is MarketKind.SPOT:
        yield Reason(Field.ORDER, "Reduce-only is for perpetuals.")
        return
    position = situation.account.position_quantity
    if position is None:
        return
    if position == 0:
        yield Reason(Field.ORDER, f"No position in {situation.market.symbol}: reduce-only has nothing to reduce.")
        return
    reducing, verb = (Side.ASK, "sells") if position > 0 else (Side.BID, "buys")
    if request.side is not reducing or (request.quantity is not None and request.quantity > abs(position)):
        size = plain(abs(position))
        held = f"{size} {'long' if position > 0 else 'short'}"
        yield Reason(Field.QUANTITY, f"Position is {held}; reduce-only {verb} at most {size}.")


def _brackets(request: OrderRequest, situation: Situation) -> Iterator[Reason]:
    """A stop or target on the wrong side of where the position would be entered fires at once."""
    now, long = situation.now, request.side is Side.BID
    rests = request.kind is OrderKind.LIMIT and not _would_take(request, now)
    place, reference = ("the entry price", request.price) if rests else ("mark", now.mark or now.last)
    if reference is None:
        return
    for part, name, bracket, belongs_above in (
        (Field.STOP_LOSS, "Stop-loss", request.stop_loss, not long),
        (Field.TAKE_PROFIT, "Take-profit", request.take_profit, long),
    ):
        if bracket is None or (
            bracket.trigger_price > reference if belongs_above else bracket.trigger_price < reference
        ):
            continue
        where = "at" if bracket.trigger_price == reference else "below" if belongs_above else "above"
        yield Reason(
            part,
            f"{name} {grouped(bracket.trigger_price)} is {where} {place} for a {'long' if long else 'short'}; "
            "it would fire at once.",
        )


def order_notional(request: OrderRequest, now: MarketNow) -> Decimal | None:
    """What the order is worth in quote, at its price or, for a market order, at the best opposite price."""
    if request.quote_quantity is not None:
        return request.quote_quantity
    price = request.price
    if price is None:
        price = now.best_ask if request.side is Side.BID else now.best_bid
    if price is None:
        price = now.mark or now.last
    return None if price is None or request.quantity is None else request.quantity * price


def _funds(request: OrderRequest, situation: Situation) -> Iterator[Reason]:
    market, account = situation.market, situation.account
    notional = order_notional(request, situation.now)
    if request.reduce_only or notional is None:
        return
    if market.is_perp:
        yield from _margin(request, situation, notional)
    elif market.kind is not MarketKind.SPOT:
        return
    elif request.side is Side.BID:
        if account.spendable_quote is not None and notional > account.spendable_quote:
            yield _short_of(money(notional), market.quote, money(account.spendable_quote))
    elif request.quantity and account.spendable_base is not None and request.quantity > account.spendable_base:
        yield _short_of(plain(request.quantity), market.base, plain(account.spendable_base))


def _margin(request: OrderRequest, situation: Situation, notional: Decimal) -> Iterator[Reason]:
    account, market = situation.account, situation.market
    if account.free_margin is None:
        return
    position = account.position_quantity or Decimal(0)
    quantity = request.quantity
    if quantity and position and (position > 0) is (request.side is Side.ASK):
        notional *= max(Decimal(0), quantity - abs(position)) / quantity  # only what goes beyond closing needs margin
    fraction = market.imf_function.fraction(notional) if market.imf_function else Decimal(0)
    if account.leverage_limit:
        fraction = max(fraction, 1 / account.leverage_limit)
    needed = notional * fraction
    if needed > max(account.free_margin, Decimal(0)):  # what only closes needs none, even with less than none free
        yield Reason(
            Field.QUANTITY,
            f"Needs {money(needed)} {market.quote} of margin; {money(account.free_margin)} is free.",
        )


def _short_of(needed: str, asset: str, available: str) -> Reason:
    return Reason(Field.QUANTITY, f"Needs {needed} {asset}; {available} is available.")
