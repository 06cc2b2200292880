"""Matching: what an incoming order would do to a book, worked out before anything changes.

`plan` walks the other side in price-time order and answers the list of matches; the caller checks money and margin
against exact amounts and then carries the plan out. So an order is either refused with nothing touched or done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import TypeAlias

from bpx_tui.model.enums import ExpiryReason, OrderKind, SelfTradePrevention, Side, SlippageToleranceType
from bpx_tui.simulator.domain.book import Book, Level
from bpx_tui.simulator.domain.markets import Market
from bpx_tui.simulator.domain.orders import ZERO, AccountId, NewOrder, Order

PositionSize: TypeAlias = Callable[[AccountId], Decimal]
"""Absolute position size of an account in this market."""


@dataclass(slots=True)
class Plan:
    """What an incoming order would do.

    Attributes:
        matches: (resting order, price, quantity) in the order they happen.
        prevented: own resting orders that self-trade prevention ends, with how many matches precede each.
        stop: why taking ended early; `None` when the order is filled or its limit price is reached.
        quantity, quote: base and quote amounts of all matches.
        wanted: base quantity asked for; for orders by quote quantity, what it came to.
    """

    matches: list[tuple[Order, Decimal, Decimal]] = field(default_factory=list)
    prevented: list[tuple[int, Order]] = field(default_factory=list)
    stop: ExpiryReason | None = None
    quantity: Decimal = ZERO
    quote: Decimal = ZERO
    wanted: Decimal = ZERO

    @property
    def takes(self) -> bool:
        """Whether the order would meet anything at all."""
        return bool(self.matches or self.prevented) or self.stop is ExpiryReason.SELF_TRADE_PREVENTION


def plan_match(
    book: Book,
    terms: NewOrder,
    account: AccountId,
    quantity: Decimal | None,
    position_size: PositionSize,
    at_most: Decimal | None = None,
) -> Plan:
    """Plan an incoming order.

    Args:
        quantity: base quantity to trade; `None` for a market order by `quote_quantity`.
        position_size: consulted only for resting reduce-only orders.
        at_most: base quantity that an order by quote may not pass (reduce-only).
    """
    plan = Plan(wanted=quantity if quantity is not None else ZERO)
    other = book.side(terms.side.opposite)
    limit, reason = price_limit(book.market, terms, other.best())
    walk = _Walk(plan, terms, account, quantity, position_size, book.market.quantity.step_size, at_most)
    for level in other.best_first():
        if limit is not None and (level.price > limit if terms.side is Side.BID else level.price < limit):
            plan.stop = reason
            break
        if walk.take_level(level):
            break
    else:
        if terms.kind is OrderKind.MARKET:
            plan.stop = ExpiryReason.INSUFFICIENT_LIQUIDITY
    if quantity is None:
        plan.wanted = plan.quantity
    return plan


class _Walk:
    """The state of one walk down the other side."""

    __slots__ = ("account", "at_most", "closing", "plan", "position_size", "quote_left", "remaining", "step", "stp")

    def __init__(
        self,
        plan: Plan,
        terms: NewOrder,
        account: AccountId,
        quantity: Decimal | None,
        position_size: PositionSize,
        step: Decimal,
        at_most: Decimal | None,
    ) -> None:
        self.plan = plan
        self.at_most = at_most
        self.account = account
        self.remaining = quantity
        self.quote_left = terms.quote_quantity if quantity is None else None
        self.position_size = position_size
        self.step = step
        self.stp = terms.self_trade_prevention
        self.closing: dict[AccountId, Decimal] | None = None

    def take_level(self, level: Level) -> bool:
        """Match a level; answers whether the walk is over."""
        plan = self.plan
        for maker in level.orders.values():
            wanted = self._wanted(level.price)
            if not wanted:
                return True
            if maker.account == self.account:
                if self.stp is not SelfTradePrevention.REJECT_TAKER:
                    plan.prevented.append((len(plan.matches), maker))
                if self.stp is not SelfTradePrevention.REJECT_MAKER:
                    plan.stop = ExpiryReason.SELF_TRADE_PREVENTION
                    return True
                continue
            quantity = min(wanted, maker.remaining)
            if maker.terms.reduce_only:
                quantity = min(quantity, self._reducible(maker))
                if not quantity:
                    continue
            self._take(maker, level.price, quantity)
        return not self._wanted(level.price)

    def _wanted(self, price: Decimal) -> Decimal:
        if self.remaining is not None:
            return self.remaining
        assert self.quote_left is not None
        wanted = self.quote_left / price // self.step * self.step
        return wanted if self.at_most is None else min(wanted, self.at_most - self.plan.quantity)

    def _take(self, maker: Order, price: Decimal, quantity: Decimal) -> None:
        plan = self.plan
        cost = price * quantity
        plan.matches.append((maker, price, quantity))
        plan.quantity += quantity
        plan.quote += cost
        if self.remaining is not None:
            self.remaining -= quantity
        else:
            assert self.quote_left is not None
            self.quote_left -= cost
        if self.closing is not None and maker.account in self.closing:
            self.closing[maker.account] -= quantity

    def _reducible(self, maker: Order) -> Decimal:
        """How much a reduce-only maker may still close after what this plan already takes from its account."""
        if self.closing is None:
            self.closing = {}
        if maker.account not in self.closing:
            planned = sum((q for order, _, q in self.plan.matches if order.account == maker.account), ZERO)
            self.closing[maker.account] = self.position_size(maker.account) - planned
        return max(ZERO, self.closing[maker.account])


def price_limit(market: Market, terms: NewOrder, best: Decimal | None) -> tuple[Decimal | None, ExpiryReason | None]:
    """The worst price an incoming order may take, and the expiry reason for what lies beyond it."""
    if terms.kind is OrderKind.LIMIT:
        return terms.price, None
    if best is None:
        return None, None
    buys = terms.side is Side.BID
    multiplier = market.price.max_impact_multiplier if buys else market.price.min_impact_multiplier
    impact = None if multiplier is None else best * multiplier
    slippage = _slippage_limit(market, terms, best)
    if slippage is None or (impact is not None and (impact < slippage if buys else impact > slippage)):
        return impact, ExpiryReason.PRICE_IMPACT
    return slippage, ExpiryReason.SLIPPAGE_TOLERANCE_EXCEEDED


def _slippage_limit(market: Market, terms: NewOrder, best: Decimal) -> Decimal | None:
    tolerance = terms.slippage_tolerance
    if tolerance is None:
        return None
    percent = terms.slippage_tolerance_type is SlippageToleranceType.PERCENT
    distance = best * tolerance / 100 if percent else market.price.tick_size * tolerance
    return best + distance if terms.side is Side.BID else best - distance


def estimate_quote(plan: Plan, market: Market) -> Decimal:
    """The quote quantity shown on a market order by quantity: its cost rounded up to the tick."""
    tick = market.price.tick_size
    return (plan.quote / tick).to_integral_value(ROUND_CEILING) * tick


def round_down(value: Decimal, unit: Decimal) -> Decimal:
    """The largest multiple of `unit` not above a non-negative `value`."""
    return (value / unit).to_integral_value(ROUND_FLOOR) * unit
