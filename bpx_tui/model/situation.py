"""What an order is checked against, and the form in which a check says no."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from bpx_tui.errors import InputError
from bpx_tui.model.enums import MarketKind, Side
from bpx_tui.model.estimate import available, balance_of, net_lent, position_in
from bpx_tui.model.ids import Asset
from bpx_tui.model.limits import RiskLimits
from bpx_tui.model.market import Market
from bpx_tui.model.numbers import parse_number
from bpx_tui.model.orders import Order, OrderRequest, Trigger
from bpx_tui.model.strategies import Strategy
from bpx_tui.model.views import AccountView

_ZERO = Decimal(0)


class Override(StrEnum):
    """What the user may do to send the order all the same."""

    RETYPE_PRICE = "retype price"
    RETYPE_NOTIONAL = "retype notional"


class Field(StrEnum):
    """The part of the form that a reason belongs to."""

    PRICE = "price"
    QUANTITY = "quantity"
    ORDER = "order"
    TRIGGER = "trigger"
    TAKE_PROFIT = "take profit"
    STOP_LOSS = "stop loss"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the order must not leave as it stands; most reasons have no `override`."""

    field: Field
    text: str
    override: Override | None = None


@dataclass(frozen=True, slots=True)
class MarketNow:
    """What is known of the market at the moment of the check."""

    best_bid: Decimal | None = None
    best_ask: Decimal | None = None
    book_is_trusted: bool = True
    """Whether the book is whole and fresh; `book_reason` says why not."""
    book_reason: str = ""
    mark: Decimal | None = None
    last: Decimal | None = None
    trading_state_age_seconds: float = 0.0

    @property
    def reference(self) -> tuple[str, Decimal] | None:
        """The price that others are held against, with its name: the mark, or where there is none the last price."""
        if self.mark:
            return "mark", self.mark
        return ("last", self.last) if self.last else None


@dataclass(frozen=True, slots=True)
class AccountNow:
    """What is known of the account. `None` means not known; a flat position is zero.

    `position_quantity` is signed; for spot it is what is held of the base asset, lent quantities and debts included.
    `working_bids` and `working_asks` are base quantities that may still be bought or sold by running strategies and by
    orders that rest, are on their way or in doubt, and what was executed since the position was told.
    `spendable_quote` and `spendable_base` are what a spot order may use, lent assets included where they are redeemed
    automatically.
    """

    position_quantity: Decimal | None = None
    working_bids: Decimal | None = _ZERO
    working_asks: Decimal | None = _ZERO
    free_margin: Decimal | None = None
    leverage_limit: Decimal | None = None
    spendable_quote: Decimal | None = None
    spendable_base: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything that an order is checked against."""

    market: Market
    now: MarketNow = field(default_factory=MarketNow)
    account: AccountNow = field(default_factory=AccountNow)
    limits: RiskLimits = field(default_factory=RiskLimits)


def account_now(account: AccountView | None, market: Market) -> AccountNow:
    """What the account's picture says that matters for an order in this market."""
    if account is None:
        return AccountNow(working_bids=None, working_asks=None)
    quote, base = (available(account, asset) for asset in (market.quote, market.base))
    held = _held(account, market)
    return AccountNow(
        position_quantity=held,
        working_bids=_working(account, market, Side.BID, held),
        working_asks=_working(account, market, Side.ASK, held),
        free_margin=account.collateral.net_equity_available if account.collateral else None,
        leverage_limit=account.settings.leverage_limit if account.settings else None,
        spendable_quote=quote,
        spendable_base=base,
    )


def _held(account: AccountView, market: Market) -> Decimal | None:
    if market.kind is MarketKind.SPOT:
        return _owned(account, market.base)
    position = position_in(account, market)
    flat = None if account.positions is None else _ZERO
    return flat if position is None else position.net_quantity


def _owned(account: AccountView, asset: Asset) -> Decimal | None:
    """Balance and what is lent, less what is owed: lent assets are not in the balance."""
    balance = balance_of(account, asset)
    if account.balances is None or (balance is None and account.balances_unreadable):
        return None
    return (_ZERO if balance is None else balance.total) + net_lent(account).get(asset, _ZERO)


def _working(account: AccountView, market: Market, side: Side, held: Decimal | None) -> Decimal | None:
    """What one side may still trade and what it has traded unseen, in base; `None` while a part of it is not known.

    Reduce-only orders add nothing to a position, so they are left out; the orders of a running strategy are part of it.
    """
    if account.orders is None:
        return None
    running = [each for each in account.strategies or () if (each.symbol, each.side) == (market.symbol, side)]
    parts: list[Decimal | None] = [_ZERO if only_reduces(each, market) else each.remaining_quantity for each in running]
    placed_by = {each.strategy_id for each in running}
    for tracked in account.orders:
        shown = tracked.order or tracked.request
        if not tracked.is_live or tracked.symbol != market.symbol or shown is None or shown.side != side:
            continue
        if isinstance(shown, Order) and shown.strategy_id in placed_by:
            continue
        parts.append(_ZERO if only_reduces(shown, market) else _may_trade(shown, market, held))
    parts += [each.quantity for each in account.unsettled if (each.symbol, each.side) == (market.symbol, side)]
    known = [part for part in parts if part is not None]
    return sum(known, _ZERO) if len(known) == len(parts) else None


def only_reduces(order: OrderRequest | Order | Strategy, market: Market) -> bool:
    """Whether the exchange lets the order do nothing but shrink a position. There is no such promise for spot."""
    return order.reduce_only and market.kind is not MarketKind.SPOT


def _may_trade(order: Order | OrderRequest, market: Market, held: Decimal | None) -> Decimal | None:
    """A conditional order carries its size in its trigger until that fires."""
    quantity = order.remaining_quantity if isinstance(order, Order) else order.quantity
    if order.trigger is not None and not quantity:
        return triggered_quantity(order.trigger, market, held)
    return quantity


def triggered_quantity(trigger: Trigger, market: Market, held: Decimal | None) -> Decimal | None:
    """Base quantity of a conditional order, `None` while it cannot be told.

    A percentage is one of the position; on spot it is one of whatever can be spent when it fires.
    """
    text = trigger.quantity
    try:
        number = parse_number(text.removesuffix("%"), "Quantity")
    except InputError:
        return None
    if not text.endswith("%"):
        return number
    return None if held is None or market.kind is MarketKind.SPOT else abs(held) * number / 100
