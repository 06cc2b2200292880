"""Account, books and markets as the service would publish them, for tests of the model and of the screen."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from bpx_tui.model.account import AccountSettings, Balance, Collateral, CollateralAsset, Position
from bpx_tui.model.enums import MarketKind, OrderKind, OrderStatus, Side
from bpx_tui.model.ids import Asset, ClientId, OrderId, Symbol
from bpx_tui.model.market import MarginFunction, Market
from bpx_tui.model.orders import Fill, LocalState, Order, OrderRequest, TrackedOrder
from bpx_tui.model.quotes import Ticker
from bpx_tui.model.strategies import Strategy
from bpx_tui.model.views import AccountAccess, AccountView, BookLevel, BookView, FeedState

SOL = Symbol("SOL_USDC")
SOL_PERP = Symbol("SOL_USDC_PERP")
BTC_PERP = Symbol("BTC_USDC_PERP")
NOW_US = 1_795_186_800_000_000


def d(text: str) -> Decimal:
    return Decimal(text)


def market(symbol: Symbol, tick: str, step: str, kind: MarketKind = MarketKind.PERP) -> Market:
    return Market(
        symbol=symbol,
        base=Asset(symbol.split("_")[0]),
        quote=Asset("USDC"),
        kind=kind,
        tick_size=d(tick),
        step_size=d(step),
        min_price=d(tick),
        min_quantity=d(step),
        max_quantity=d("50000"),
        imf_function=MarginFunction(d("0.02"), d("0.00001")),
        mmf_function=MarginFunction(d("0.0125"), d("0.00001")),
        funding_interval_ms=3_600_000,
    )


MARKETS = {
    SOL_PERP: market(SOL_PERP, "0.01", "0.01"),
    BTC_PERP: market(BTC_PERP, "0.1", "0.00001"),
    SOL: market(SOL, "0.01", "0.01", MarketKind.SPOT),
}
PRICES = {SOL_PERP: d("187.42"), BTC_PERP: d("98214.0"), SOL: d("187.40")}


def ticker(symbol: Symbol) -> Ticker:
    last = PRICES[symbol]
    return Ticker(
        symbol, last / d("1.02"), last, last * d("1.01"), last * d("0.97"), d("2200000"), d("412000000"), 9_000
    )


def book(symbol: Symbol, *, true_at_us: int = NOW_US, state: FeedState = FeedState.LIVE) -> BookView:
    """Ten levels of ten a side, one tick apart, touch at `last - tick` and `last`."""
    tick, last = MARKETS[symbol].tick_size, PRICES[symbol]
    bids = tuple(BookLevel(last - tick * (i + 1), d("10"), d("10") * (i + 1)) for i in range(10))
    asks = tuple(BookLevel(last + tick * i, d("10"), d("10") * (i + 1)) for i in range(10))
    return BookView(symbol, state, bids, asks, tick, 77, true_at_us)


def order(order_id: str, symbol: Symbol = SOL_PERP, side: Side = Side.BID, price: str = "187.38") -> TrackedOrder:
    resting = Order(
        OrderId(order_id), symbol, side, OrderKind.LIMIT, OrderStatus.NEW, d("0"), d("0"), d("8"), None, d(price)
    )
    return TrackedOrder(LocalState.OPEN, symbol, None, replace(resting, created_ms=NOW_US // 1_000))


def unknown_order() -> TrackedOrder:
    request = OrderRequest(SOL_PERP, Side.ASK, OrderKind.LIMIT, d("3"), d("188.42"))
    return TrackedOrder(
        LocalState.UNKNOWN,
        SOL_PERP,
        request,
        client_id=ClientId(7),
        note="asking the exchange",
        sent_ms=NOW_US // 1_000,
    )


def position(symbol: Symbol = SOL_PERP, quantity: str = "8", entry: str = "186.87") -> Position:
    mark = PRICES[symbol]
    return Position(
        symbol,
        "1",
        d(quantity),
        d(entry),
        d(entry),
        mark,
        d("0"),
        d("0"),
        abs(d(quantity)),
        abs(d(quantity)) * mark,
        d("0.02"),
        d("0.0125"),
        est_liquidation_price=d("141.20"),
    )


def fill(number: int) -> Fill:
    return Fill(
        SOL_PERP,
        OrderId(f"90{number}"),
        number,
        Side.BID,
        d("187.40"),
        d("1.5"),
        d("0.014"),
        Asset("USDC"),
        False,
        NOW_US,
    )


SETTINGS = AccountSettings(
    d("8"), d("10"), d("2"), d("5"), d("10"), d("0"), d("0"), 0, 0, False, False, False, False, False
)


def collateral(equity: str = "5214.07", available: str = "3980.11") -> Collateral:
    usdc = CollateralAsset(Asset("USDC"), d("1"), d("5000"), d("5000"), d("1"), d("5000"), d("0"), d("0"), d("5000"))
    zero = d("0")
    return Collateral(
        d("5214"),
        zero,
        d(equity),
        d(available),
        zero,
        zero,
        d("38.70"),
        zero,
        zero,
        d("0.02"),
        d("0.01"),
        None,
        (usdc,),
    )


def account(
    *,
    orders: tuple[TrackedOrder, ...] = (),
    positions: tuple[Position, ...] = (),
    fills: tuple[Fill, ...] = (),
    strategies: tuple[Strategy, ...] = (),
    strategies_unknown: str = "",
    access: AccountAccess = AccountAccess.TRADING,
) -> AccountView:
    balances = (
        Balance(Asset("USDC"), d("4000.5"), d("1000"), d("0")),
        Balance(Asset("SOL"), d("12.5"), d("0"), d("0")),
    )
    return AccountView(
        access,
        FeedState.LIVE,
        SETTINGS,
        collateral(),
        balances,
        positions,
        orders,
        fills,
        strategies=strategies,
        strategies_unknown=strategies_unknown,
        true_at_us=NOW_US,
    )
