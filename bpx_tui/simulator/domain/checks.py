"""What an order must be to be looked at: form, tick and step, bounds, bands, market state.

Everything here is decided from the order and the market alone; money and margin come later. Wording: PROTOCOL 6.1, 7.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from bpx_tui.model.enums import OrderKind, Side, TimeInForce, TradingState
from bpx_tui.simulator.domain.book import Book
from bpx_tui.simulator.domain.markets import Market
from bpx_tui.simulator.domain.orders import AttachedExit, NewOrder
from bpx_tui.simulator.domain.prices import Prices
from bpx_tui.simulator.domain.refusals import (
    invalid_order,
    invalid_price,
    invalid_quantity,
    invalid_request,
    price_too_far,
    trading_paused,
)

HALTED = frozenset({TradingState.CLOSED, TradingState.CANCEL_ONLY})
"""Book states that take no orders at all."""


def check_form(market: Market, terms: NewOrder) -> None:
    """Which fields go together.

    Raises:
        VenueRefusal: they do not.
    """
    if (terms.trigger is None) != (terms.trigger_quantity is None):
        raise invalid_request("Must specify both `triggerPrice` and `triggerQuantity` or neither")
    if terms.kind is OrderKind.LIMIT:
        _check_limit_form(terms)
    else:
        _check_market_form(terms)
    if terms.reduce_only and not market.is_derivative:
        raise invalid_order("Reduce only is for futures")
    if (terms.slippage_tolerance is None) != (terms.slippage_tolerance_type is None):
        raise invalid_request("Must specify both `slippageTolerance` and `slippageToleranceType` or neither")
    if terms.slippage_tolerance is not None and terms.slippage_tolerance <= 0:
        raise invalid_request("Invalid slippage tolerance")


def _check_limit_form(terms: NewOrder) -> None:
    if terms.price is None:
        raise invalid_request("Must specify `price` for limit orders")
    if terms.quote_quantity is not None:
        raise invalid_request("Cannot specify `quoteQuantity` for limit orders")
    if terms.trigger is None and terms.quantity is None:
        raise invalid_request("Must specify `quantity` for limit orders")
    if terms.trigger is not None and terms.quantity is not None:
        raise invalid_request("Cannot specify both `quantity` and `triggerQuantity`")
    if terms.post_only and terms.time_in_force is not TimeInForce.GTC:
        raise invalid_order("Post only orders must be GTC")
    if terms.slippage_tolerance is not None:
        raise invalid_request("Slippage tolerance is for market orders")


def _check_market_form(terms: NewOrder) -> None:
    if terms.price is not None:
        raise invalid_request("Cannot specify `price` for market orders")
    if terms.post_only:
        raise invalid_order("Market orders cannot be post only")
    given = sum(field is not None for field in (terms.quantity, terms.quote_quantity))
    if terms.trigger is None and given != 1:
        raise invalid_request("Must specify either `quantity` or `quoteQuantity`")
    if terms.trigger is not None and given:
        raise invalid_request("Cannot specify both `quantity` and `triggerQuantity`")


def check_state(state: TradingState, terms: NewOrder) -> None:
    """Whether the book takes this kind of order now."""
    if state in HALTED:
        raise trading_paused()
    if state is TradingState.LIMIT_ONLY and terms.kind is OrderKind.MARKET:
        raise trading_paused("Only limit orders are accepted in this market")
    if state is TradingState.POST_ONLY and not terms.post_only:
        raise trading_paused("Only post only orders are accepted in this market")


def check_numbers(market: Market, terms: NewOrder) -> None:
    """Ticks, steps and the market's own bounds of everything the order names."""
    if terms.quantity is not None:
        check_quantity(market, terms.quantity)
    if terms.quote_quantity is not None and terms.quote_quantity <= 0:
        raise invalid_quantity("Quote quantity must be positive")
    if terms.price is not None:
        check_price(market, terms.price)
    if terms.trigger is not None:
        check_price(market, terms.trigger.price)
        assert terms.trigger_quantity is not None
        amount, is_percent = parse_trigger_quantity(terms.trigger_quantity)
        if not is_percent:
            check_quantity(market, amount)
    for attached in (terms.take_profit, terms.stop_loss):
        if attached is not None:
            _check_exit(market, attached)


def _check_exit(market: Market, attached: AttachedExit) -> None:
    check_price(market, attached.trigger.price)
    if attached.limit_price is not None:
        check_price(market, attached.limit_price)


def check_quantity(market: Market, quantity: Decimal) -> None:
    rules = market.quantity
    if quantity <= 0:
        raise invalid_quantity("Quantity must be positive")
    if quantity % rules.step_size:
        raise invalid_request("Quantity decimal too long")
    if quantity < rules.min_quantity:
        raise invalid_quantity("Quantity is below the minimum quantity")
    if rules.max_quantity is not None and quantity > rules.max_quantity:
        raise invalid_quantity("Quantity is above the maximum quantity")


def check_price(market: Market, price: Decimal) -> None:
    rules = market.price
    if price <= 0:
        raise invalid_price("Price must be positive")
    if price % rules.tick_size:
        raise invalid_request("Price decimal too long")
    if price < rules.min_price:
        raise invalid_price("Price is below the minimum price")
    if rules.max_price is not None and price > rules.max_price:
        raise invalid_price("Price is above the maximum price")


def check_band(book: Book, prices: Prices, terms: NewOrder) -> None:
    """A limit price must be near the last active price and, on futures, not aggressive against the mean mark."""
    price, market = terms.price, book.market
    if price is None:
        return
    reference = book.last_price or prices.mark(market)
    rules = market.price
    if reference:
        if rules.max_multiplier is not None and price > reference * rules.max_multiplier:
            raise price_too_far()
        if rules.min_multiplier is not None and price < reference * rules.min_multiplier:
            raise price_too_far()
    if rules.mean_mark_band is not None and market.is_derivative:
        lowest, highest = rules.mean_mark_band
        mean = prices.board[market.symbol].mean_mark
        if price > mean * highest if terms.side is Side.BID else price < mean * lowest:
            raise price_too_far()


def parse_trigger_quantity(text: str) -> tuple[Decimal, bool]:
    """Amount of a trigger order and whether it is percent (`"80%"` is 80, True).

    Raises:
        VenueRefusal: it is neither a number nor a percentage of at most 100.
    """
    is_percent = text.endswith("%")
    try:
        amount = Decimal(text[:-1] if is_percent else text)
    except InvalidOperation:
        raise invalid_request("Invalid trigger quantity") from None
    if not amount.is_finite() or amount <= 0 or (is_percent and amount > 100):
        raise invalid_request("Invalid trigger quantity")
    return amount, is_percent
