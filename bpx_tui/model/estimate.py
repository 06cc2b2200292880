"""What an order would do to the book it is looked at against: arithmetic for the screen, never a promise.

The book on screen holds the top levels only, perhaps in price groups; the estimate says where that limits it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from bpx_tui.model.account import AccountSettings, Balance, Position
from bpx_tui.model.enums import OrderKind, Side, TimeInForce
from bpx_tui.model.ids import Asset
from bpx_tui.model.market import Market
from bpx_tui.model.orders import OrderRequest
from bpx_tui.model.views import AccountView, BookLevel, BookView

_ZERO = Decimal(0)
_BPS = Decimal(10_000)


@dataclass(frozen=True, slots=True)
class Effect:
    """Base quantities: `fills` trades at once at `average_price`, `rests` joins the book behind `ahead`, `lapses` is
    cancelled by the time in force, `unseen` lies beyond the levels known. `would_take` is set where a post-only order
    would be refused. `fee` is in quote, negative for a rebate, `None` while the account's fees are unknown.
    """

    fills: Decimal = _ZERO
    average_price: Decimal | None = None
    worst_price: Decimal | None = None
    rests: Decimal = _ZERO
    ahead: Decimal | None = None
    lapses: Decimal = _ZERO
    unseen: Decimal = _ZERO
    would_take: bool = False
    notional: Decimal = _ZERO
    fee: Decimal | None = None


def effect_of(request: OrderRequest, book: BookView, market: Market, settings: AccountSettings | None) -> Effect:
    """The effect of a request with a base quantity; a limit order needs its price."""
    quantity = request.quantity or _ZERO
    opposite = book.asks if request.side is Side.BID else book.bids
    limit = request.price if request.kind is OrderKind.LIMIT else None
    if request.post_only:
        crosses = bool(opposite) and limit is not None and _reaches(request.side, limit, opposite[0].price)
        return Effect(would_take=True) if crosses else _resting(request, book, market, settings, quantity)
    fills, paid, worst = _take(opposite, request.side, limit, quantity)
    left = quantity - fills
    if limit is None:
        return _with_fee(
            Effect(fills, _average(paid, fills), worst, unseen=left, notional=paid), paid, _ZERO, market, settings
        )
    if request.time_in_force is TimeInForce.FOK and left:
        return Effect(lapses=quantity)
    if request.time_in_force is not TimeInForce.GTC:
        return _with_fee(
            Effect(fills, _average(paid, fills), worst, lapses=left, notional=paid), paid, _ZERO, market, settings
        )
    own = book.bids if request.side is Side.BID else book.asks
    ahead = next((level.quantity for level in own if level.price == limit), _ZERO) if left and not fills else None
    rest_value = left * limit
    effect = Effect(fills, _average(paid, fills), worst, left, ahead, notional=paid + rest_value)
    return _with_fee(effect, paid, rest_value, market, settings)


def _resting(
    request: OrderRequest, book: BookView, market: Market, settings: AccountSettings | None, quantity: Decimal
) -> Effect:
    price = request.price or _ZERO
    own = book.bids if request.side is Side.BID else book.asks
    ahead = next((level.quantity for level in own if level.price == price), _ZERO)
    value = quantity * price
    return _with_fee(Effect(rests=quantity, ahead=ahead, notional=value), _ZERO, value, market, settings)


def _take(
    levels: Sequence[BookLevel], side: Side, limit: Decimal | None, quantity: Decimal
) -> tuple[Decimal, Decimal, Decimal | None]:
    """Base filled, quote paid and the last price reached."""
    filled, paid, worst = _ZERO, _ZERO, None
    for level in levels:
        if filled >= quantity or (limit is not None and not _reaches(side, limit, level.price)):
            break
        part = min(level.quantity, quantity - filled)
        filled, paid, worst = filled + part, paid + part * level.price, level.price
    return filled, paid, worst


def _reaches(side: Side, limit: Decimal, price: Decimal) -> bool:
    return price <= limit if side is Side.BID else price >= limit


def _average(paid: Decimal, filled: Decimal) -> Decimal | None:
    return paid / filled if filled else None


def _with_fee(
    effect: Effect, taken: Decimal, rested: Decimal, market: Market, settings: AccountSettings | None
) -> Effect:
    if settings is None:
        return effect
    maker = settings.futures_maker_fee_bps if market.is_perp else settings.spot_maker_fee_bps
    taker = settings.futures_taker_fee_bps if market.is_perp else settings.spot_taker_fee_bps
    fee = (taken * taker + rested * maker) / _BPS
    return Effect(
        effect.fills,
        effect.average_price,
        effect.worst_price,
        effect.rests,
        effect.ahead,
        effect.lapses,
        effect.unseen,
        effect.would_take,
        effect.notional,
        fee,
    )


@dataclass(frozen=True, slots=True)
class Means:
    """What there is to trade with: `quantity` is the most base that can be bought or sold at the price asked about,
    `amount` of `unit` is what that rests on (free quote, free base, free margin or the position).
    """

    quantity: Decimal
    amount: Decimal
    unit: str


def means_for(
    side: Side, price: Decimal, market: Market, account: AccountView, *, reduce_only: bool = False
) -> Means | None:
    """The most that this side can trade at that price, taker fee paid; `None` while the account is not known.

    Spot rests on the free balance, a perpetual on free margin times leverage plus what first closes the position,
    reduce-only on the position.
    """
    if not market.is_perp:
        asset = market.quote if side is Side.BID else market.base
        free = available(account, asset)
        if free is None or price <= 0:
            return None
        cost = price * (1 + _taker_fee(market, account.settings))
        return Means(free / cost if side is Side.BID else free, free, str(asset))
    position = position_in(account, market)
    closable = abs(position.net_quantity) if position is not None and position.is_long is (side is Side.ASK) else _ZERO
    if reduce_only:
        return None if account.positions is None else Means(closable, closable, str(market.base))
    if account.collateral is None or account.settings is None or price <= 0:
        return None
    free = max(account.collateral.net_equity_available, _ZERO)
    released = closable * price * initial_margin(closable * price, market, account.settings)
    opened = _affordable(free + released, price, market, account.settings)
    return Means(closable + opened, free, "margin")


def _affordable(margin: Decimal, price: Decimal, market: Market, settings: AccountSettings) -> Decimal:
    """Base quantity whose initial margin and taker fee are at most `margin`; the fraction grows with the size."""
    fee = _taker_fee(market, settings)
    quantity = margin / (price * (initial_margin(_ZERO, market, settings) + fee))
    for _ in range(8):
        quantity = margin / (price * (initial_margin(quantity * price, market, settings) + fee))
    needed = quantity * price * (initial_margin(quantity * price, market, settings) + fee)
    return quantity if needed <= margin else quantity * margin / needed


def _taker_fee(market: Market, settings: AccountSettings | None) -> Decimal:
    if settings is None:
        return _ZERO
    return max(settings.futures_taker_fee_bps if market.is_perp else settings.spot_taker_fee_bps, _ZERO) / _BPS


def initial_margin(notional: Decimal, market: Market, settings: AccountSettings) -> Decimal:
    """Fraction of a notional held as initial margin: the market's function, not below the account's leverage limit."""
    by_leverage = 1 / settings.leverage_limit if settings.leverage_limit > 0 else Decimal(1)
    by_market = market.imf_function.fraction(notional) if market.imf_function is not None else _ZERO
    return max(by_leverage, by_market)


def free_after(
    request: OrderRequest, effect: Effect, market: Market, account: AccountView
) -> tuple[Means, Decimal] | None:
    """What the order rests on, and about how much of it is free afterwards; `None` while the account is not known."""
    quantity = effect.fills + effect.rests
    price = effect.notional / quantity if quantity else request.price
    if price is None:
        return None
    means = means_for(request.side, price, market, account, reduce_only=False)
    if means is None:
        return None
    if not market.is_perp:
        spent = effect.notional if request.side is Side.BID else quantity
        return means, means.amount - spent
    assert account.settings is not None
    position = position_in(account, market)
    before = position.net_quantity if position is not None else _ZERO
    after = before + (quantity if request.side is Side.BID else -quantity)
    held = [abs(net) * price * initial_margin(abs(net) * price, market, account.settings) for net in (before, after)]
    return means, means.amount - (held[1] - held[0]) - (effect.fee or _ZERO)


def position_in(account: AccountView, market: Market) -> Position | None:
    return next((each for each in account.positions or () if each.symbol == market.symbol and not each.is_flat), None)


def balance_of(account: AccountView, asset: str) -> Balance | None:
    return next((each for each in account.balances or () if each.asset == asset), None)


def available(account: AccountView, asset: Asset) -> Decimal | None:
    """What of an asset can be spent; `None` while its balance is not known."""
    balance = balance_of(account, asset)
    if balance is not None:
        return balance.available
    return None if account.balances is None or account.balances_unreadable else _ZERO


def net_lent(account: AccountView) -> dict[Asset, Decimal]:
    """What is lent (positive) or owed (negative); while loans are not known, what counts as lent in the margin."""
    if account.loans is not None:
        return {each.asset: each.net_quantity for each in account.loans}
    return {each.asset: each.lend_quantity for each in account.collateral.assets} if account.collateral else {}
