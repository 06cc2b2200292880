"""Short ways to make model values in tests."""

from __future__ import annotations

from decimal import Decimal

from bpx_tui.model.account import AccountSettings, Balance, Collateral, Position
from bpx_tui.model.enums import (
    MarketKind,
    OrderKind,
    OrderStatus,
    SelfTradePrevention,
    Side,
    StrategyKind,
    StrategyStatus,
    TimeInForce,
)
from bpx_tui.model.ids import Asset, ClientId, OrderId, PositionId, StrategyId, Symbol
from bpx_tui.model.lending import BorrowLendPosition
from bpx_tui.model.market import MarginFunction, Market
from bpx_tui.model.orders import Fill, Order, OrderEventKind, OrderRequest, OrderUpdate
from bpx_tui.model.quotes import Candle, Ticker, Trade
from bpx_tui.model.strategies import Strategy

SOL = Symbol("SOL_USDC")
SOL_PERP = Symbol("SOL_USDC_PERP")
ZERO = Decimal(0)


def request(
    side: Side = Side.BID,
    quantity: str = "2",
    price: str | None = "100",
    symbol: Symbol = SOL,
    *,
    reduce_only: bool = False,
) -> OrderRequest:
    return OrderRequest(
        symbol,
        side,
        OrderKind.MARKET if price is None else OrderKind.LIMIT,
        quantity=Decimal(quantity),
        price=None if price is None else Decimal(price),
        reduce_only=reduce_only,
    )


def order(
    order_id: str = "1",
    status: OrderStatus | str = OrderStatus.NEW,
    executed: str = "0",
    *,
    quantity: str | None = "2",
    price: str | None = "100",
    side: Side = Side.BID,
    symbol: Symbol = SOL,
    client_id: int | None = None,
    time_us: int = 0,
    created_ms: int | None = None,
    kind: OrderKind = OrderKind.LIMIT,
) -> Order:
    return Order(
        OrderId(order_id),
        symbol,
        side,
        kind,
        status,
        Decimal(executed),
        Decimal(executed) * Decimal(price or "100"),
        quantity=None if quantity is None else Decimal(quantity),
        price=None if price is None else Decimal(price),
        client_id=None if client_id is None else ClientId(client_id),
        engine_time_us=time_us,
        created_ms=created_ms,
    )


def fill(
    trade_id: int | None = 1,
    order_id: str = "1",
    quantity: str = "1",
    *,
    price: str = "100",
    time_us: int = 1_000_000,
    client_id: int | None = None,
    symbol: Symbol = SOL,
) -> Fill:
    return Fill(
        symbol,
        OrderId(order_id),
        trade_id,
        Side.BID,
        Decimal(price),
        Decimal(quantity),
        Decimal("0.1"),
        Asset("USDC"),
        is_maker=False,
        time_us=time_us,
        client_id=None if client_id is None else ClientId(client_id),
    )


def strategy(
    strategy_id: str = "6", quantity: str = "3", executed: str = "0.75", *, symbol: Symbol = SOL, side: Side = Side.BID
) -> Strategy:
    """A TWAP that runs for an hour, begun at the epoch."""
    return Strategy(
        StrategyId(strategy_id),
        symbol,
        side,
        StrategyKind.SCHEDULED,
        StrategyStatus.RUNNING,
        Decimal(quantity),
        Decimal(executed),
        Decimal(executed) * 100,
        3_600_000,
        60_000,
        0,
        TimeInForce.IOC,
        SelfTradePrevention.REJECT_TAKER,
    )


def update(
    shown: Order, event: OrderEventKind | str = OrderEventKind.ACCEPTED, own_fill: Fill | None = None
) -> OrderUpdate:
    return OrderUpdate(event, shown, own_fill, shown.engine_time_us)


def trade(trade_id: int | None, quantity: str = "1", *, side: Side = Side.BID, time_us: int | None = None) -> Trade:
    moment = time_us if time_us is not None else (trade_id or 0) * 1_000
    return Trade(SOL, Decimal("100"), Decimal(quantity), side, moment, trade_id)


def candle(
    start_s: int, close: str | None = "100", *, trades: int = 1, volume: str = "1", closed: bool = True
) -> Candle:
    price = None if close is None else Decimal(close)
    return Candle(start_s, start_s + 60, price, price, price, price, Decimal(volume), trades, closed)


def position(quantity: str = "1", *, mark: str = "100", symbol: Symbol = SOL_PERP, time_us: int = 0) -> Position:
    return Position(
        symbol,
        "7",
        Decimal(quantity),
        Decimal("90"),
        Decimal("90.1"),
        Decimal(mark),
        ZERO,
        Decimal(quantity) * (Decimal(mark) - 90),
        abs(Decimal(quantity)),
        abs(Decimal(quantity)) * Decimal(mark),
        Decimal("0.02"),
        Decimal("0.01"),
        engine_time_us=time_us,
    )


def balance(asset: str = "USDC", available: str = "10000") -> Balance:
    return Balance(Asset(asset), Decimal(available), ZERO, ZERO)


def collateral(net_equity: str = "10000") -> Collateral:
    equity = Decimal(net_equity)
    return Collateral(
        equity, ZERO, equity, equity, ZERO, ZERO, ZERO, ZERO, ZERO, Decimal("0.1"), Decimal("0.05"), None, ()
    )


def settings() -> AccountSettings:
    bps = Decimal(10)
    limit = Decimal(1_000_000)
    return AccountSettings(bps, bps, bps, bps, Decimal(10), limit, limit, 0, 0, False, False, False, False, False)


def market(symbol: Symbol = SOL) -> Market:
    return Market(
        symbol,
        Asset("SOL"),
        Asset("USDC"),
        MarketKind.PERP if symbol.endswith("_PERP") else MarketKind.SPOT,
        Decimal("0.01"),
        Decimal("0.01"),
        Decimal("0.01"),
        Decimal("0.01"),
    )


def ticker(symbol: Symbol = SOL, *, time_us: int | None = None) -> Ticker:
    price = Decimal(100)
    return Ticker(symbol, price, price, price, price, price, price, 1, event_time_us=time_us)


def loan(asset: str = "USDC", quantity: str = "500", mark: str = "1") -> BorrowLendPosition:
    """A lend, or with a negative quantity a borrow."""
    net, price, none = Decimal(quantity), Decimal(mark), MarginFunction(ZERO, ZERO)
    owed = min(ZERO, net)
    return BorrowLendPosition(
        PositionId(f"77{asset}"), Asset(asset), net, owed, -owed * price, price, ZERO, ZERO, ZERO, none, none, None
    )
