"""Faults that happen once, at the moment they are switched on: what each of them does.

Settings they share: `account` (default `demo`) and `symbol` (default `SOL_USDC`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from bpx_tui.model.enums import ExpiryReason, OrderKind, OrderStatus, Side, TradingState
from bpx_tui.model.ids import Asset, ClientId, Symbol
from bpx_tui.simulator.domain.interventions import FilterChange
from bpx_tui.simulator.domain.orders import AccountId, NewOrder, OrderRecord, SystemOrderType
from bpx_tui.simulator.exchange import Exchange
from bpx_tui.simulator.faults import BadFault, Fault
from bpx_tui.simulator.products.strategies import NewStrategy

_UNIT = Decimal("0.000001")
_WAYS = {
    "book": SystemOrderType.LIQUIDATE_ON_BOOK,
    "backstop": SystemOrderType.LIQUIDATE_ON_BACKSTOP,
    "adl": SystemOrderType.LIQUIDATE_ON_ADL,
    "settlement": SystemOrderType.FUTURE_EXPIRY,
}


def happen(exchange: Exchange, fault: Fault) -> None:
    """Do what a fault does once; nothing for those that wait for their moment.

    Raises:
        BadFault, VenueRefusal, ValueError, ArithmeticError, KeyError: its settings make no sense here.
    """
    action = _ACTIONS.get(fault.name)
    if action is not None:
        action(exchange, fault)


def _account(fault: Fault) -> AccountId:
    return AccountId(fault.word("account", "demo"))


def _symbol(fault: Fault) -> Symbol:
    return Symbol(fault.word("symbol", "SOL_USDC"))


def _decimal(fault: Fault, name: str) -> Decimal | None:
    value = fault.settings.get(name)
    return None if value is None else Decimal(str(value))


def _lag(exchange: Exchange, _fault: Fault) -> None:
    exchange.lagging.remember()


def _book_state(exchange: Exchange, fault: Fault) -> None:
    exchange.venue.set_book_state(_symbol(fault), TradingState(fault.word("state", "Closed")))


def _jump(exchange: Exchange, fault: Fault) -> None:
    percent = Decimal(str(fault.settings.get("percent", -5)))
    exchange.jump(Asset(fault.word("asset", "SOL")), float(1 + percent / 100))


def _external(exchange: Exchange, fault: Fault) -> None:
    """An order as somebody else with the same account would place it; a market order where no price is given."""
    price, client_id = _decimal(fault, "price"), fault.settings.get("client_id")
    order = NewOrder(
        symbol=_symbol(fault),
        side=Side(fault.word("side", "Bid")),
        kind=OrderKind.MARKET if price is None else OrderKind.LIMIT,
        quantity=_decimal(fault, "quantity") or Decimal(1),
        price=price,
        client_id=ClientId(client_id) if isinstance(client_id, int) else None,
    )
    exchange.venue.place(_account(fault), order)


def _cancel_external(exchange: Exchange, fault: Fault) -> None:
    exchange.venue.cancel_all(_account(fault), _symbol(fault))


def _partial(exchange: Exchange, fault: Fault) -> None:
    """A part of the newest resting order fills; then it is cancelled, expires, or stays."""
    venue, account = exchange.venue, _account(fault)
    order = _newest_resting(exchange, fault)
    market = venue.market(order.symbol)
    remaining = order.quantity - order.executed_quantity
    half = max(market.quantity.step_size, remaining / 2 // market.quantity.step_size * market.quantity.step_size)
    venue.interventions.fill(account, order, _decimal(fault, "quantity") or half)
    then = fault.word("then", "cancel")
    if then == "cancel":
        venue.cancel(account, order.symbol, order_id=order.id)
    elif then == "expire":
        venue.interventions.expire(account, order, ExpiryReason(fault.word("reason", ExpiryReason.UNKNOWN)))
    elif then != "stay":
        raise BadFault("then must be cancel, expire or stay")


def _newest_resting(exchange: Exchange, fault: Fault) -> OrderRecord:
    open_orders = exchange.venue.open_orders(_account(fault), symbol=_symbol(fault))
    resting = [order for order in open_orders if order.status is not OrderStatus.TRIGGER_PENDING]
    if not resting:
        raise BadFault(f"{_account(fault)} has no resting order on {_symbol(fault)}")
    return resting[-1]


def _modify(exchange: Exchange, fault: Fault) -> None:
    interventions, symbol = exchange.venue.interventions, Symbol(fault.word("symbol", "SOL_USDC_PERP"))
    quantity = _decimal(fault, "quantity") or interventions.half_of(_account(fault), symbol)
    interventions.reduce(_account(fault), symbol, quantity)


def _liquidate(exchange: Exchange, fault: Fault) -> None:
    how = fault.word("how", "book")
    if how not in _WAYS:
        raise BadFault(f"how must be one of {', '.join(_WAYS)}")
    symbol = Symbol(fault.word("symbol", "SOL_USDC_PERP"))
    exchange.venue.interventions.liquidate(_account(fault), symbol, _WAYS[how])


def _filters(exchange: Exchange, fault: Fault) -> None:
    """New filters; without any setting the tick becomes ten times as coarse. `delisted` hides and closes the market."""
    venue, symbol = exchange.venue, _symbol(fault)
    names = ("tick_size", "step_size", "min_quantity", "max_quantity")
    given = {name: _decimal(fault, name) for name in names}
    delisted = fault.settings.get("delisted") is True
    if any(value is not None and value <= 0 for value in given.values()):
        raise BadFault("filters must be above zero")
    if not delisted and not any(given.values()):
        given["tick_size"] = venue.market(symbol).price.tick_size * 10
    venue.interventions.change_filters(symbol, FilterChange(**given, visible=False if delisted else None))
    if delisted:
        venue.set_book_state(symbol, TradingState.CLOSED)


def _lend(exchange: Exchange, fault: Fault) -> None:
    """Balances move without an order: half of what is free is lent, or `quantity` of `side`."""
    venue, asset = exchange.venue, Asset(fault.word("asset", "USDC"))
    quantity = _decimal(fault, "quantity")
    if quantity is None:
        quantity = (venue.capital(_account(fault))[asset].available / 2).quantize(_UNIT)
    venue.borrow_lend(_account(fault), asset, fault.word("side", "Lend"), quantity)


def _strategy(exchange: Exchange, fault: Fault) -> None:
    terms = NewStrategy(
        _symbol(fault),
        Side(fault.word("side", "Bid")),
        _decimal(fault, "quantity") or Decimal(1),
        fault.number("duration_ms", 3_600_000),
        fault.number("interval_ms", 60_000),
    )
    exchange.desks.strategies.create(_account(fault), terms)


_ACTIONS: Mapping[str, Callable[[Exchange, Fault], None]] = {
    "rest_lag": _lag,
    "book_state": _book_state,
    "jump": _jump,
    "external": _external,
    "cancel_external": _cancel_external,
    "partial": _partial,
    "modify": _modify,
    "liquidate": _liquidate,
    "filters": _filters,
    "lend": _lend,
    "strategy": _strategy,
}
