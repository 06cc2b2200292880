"""The engine against the simplest exchange that could be written: one sorted list, looked through from the top."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from bpx_tui.model.enums import OrderKind, Side, TimeInForce
from bpx_tui.model.ids import OrderId
from bpx_tui.simulator.domain.events import BookChanged, TradePrinted
from bpx_tui.simulator.domain.orders import AccountId, NewOrder
from tests.simulator.floor import BID, SPOT, Floor, d


@dataclass
class Resting:
    number: int
    side: Side
    price: Decimal
    quantity: Decimal


class PlainExchange:
    """Price-time priority, spelled out."""

    def __init__(self) -> None:
        self.resting: list[Resting] = []
        self.trades: list[tuple[int, Decimal, Decimal]] = []

    def place(self, number: int, side: Side, price: Decimal | None, quantity: Decimal, *, rests: bool) -> None:
        others = [order for order in self.resting if order.side is not side]
        others.sort(key=lambda order: (order.price if side is BID else -order.price, order.number))
        for other in others:
            if not quantity:
                break
            if price is not None and (other.price > price if side is BID else other.price < price):
                break
            traded = min(quantity, other.quantity)
            self.trades.append((other.number, other.price, traded))
            other.quantity -= traded
            quantity -= traded
        self.resting = [order for order in self.resting if order.quantity]
        if quantity and price is not None and rests:
            self.resting.append(Resting(number, side, price, quantity))

    def depth(self, side: Side) -> dict[Decimal, Decimal]:
        levels: dict[Decimal, Decimal] = {}
        for order in self.resting:
            if order.side is side:
                levels[order.price] = levels.get(order.price, d(0)) + order.quantity
        return levels


steps = st.lists(
    st.tuples(
        st.sampled_from(["limit", "limit", "limit", "ioc", "market", "cancel"]),
        st.sampled_from(list(Side)),
        st.integers(-6, 6),
        st.integers(1, 30),
    ),
    max_size=60,
)


@settings(max_examples=150, deadline=None)
@given(steps=steps)
def test_trades_and_depth_are_those_of_the_plain_exchange(steps: list[tuple[str, Side, int, int]]) -> None:
    floor, plain = Floor(), PlainExchange()
    numbers: dict[OrderId, int] = {}
    accounts = [floor.venue.open_account(f"house-{index}", house=True).id for index in range(len(steps))]
    for number, (what, side, ticks, lots) in enumerate(steps):
        price, quantity = d("178.50") + ticks * d("0.01"), Decimal(lots) / 100
        if what == "cancel":
            cancel_one(floor, plain, numbers, lots)
            continue
        account = accounts[number]  # each its own: no self-trades
        floor.venue.deposit(account, "USDC", d(10_000))  # type: ignore[arg-type]
        floor.venue.deposit(account, "SOL", d(100))  # type: ignore[arg-type]
        market = what == "market"
        tif = TimeInForce.IOC if what == "ioc" else TimeInForce.GTC
        kind = OrderKind.MARKET if market else OrderKind.LIMIT
        order = NewOrder(SPOT, side, kind, quantity, None if market else price, time_in_force=tif)
        numbers[floor.venue.place(account, order).id] = number
        plain.place(number, side, None if market else price, quantity, rests=what == "limit")
    trades = [e for e in floor.events if isinstance(e, TradePrinted)]
    makers = [numbers[e.buyer_order_id if e.buyer_is_maker else e.seller_order_id] for e in trades]
    assert [(maker, e.price, e.quantity) for maker, e in zip(makers, trades, strict=True)] == plain.trades
    depth = floor.venue.depth(SPOT)
    assert dict(depth.bids) == plain.depth(Side.BID)
    assert dict(depth.asks) == plain.depth(Side.ASK)
    assert (dict(depth.bids), dict(depth.asks)) == rebuilt(floor)


def cancel_one(floor: Floor, plain: PlainExchange, numbers: dict[OrderId, int], pick: int) -> None:
    if not plain.resting:
        return
    gone = plain.resting.pop(pick % len(plain.resting))
    order_id = next(order_id for order_id, number in numbers.items() if number == gone.number)
    owner = AccountId(f"house-{gone.number}")
    floor.venue.cancel(owner, SPOT, order_id=order_id)


def rebuilt(floor: Floor) -> tuple[dict[Decimal, Decimal], dict[Decimal, Decimal]]:
    """The book a client would have that applied every depth event."""
    sides: tuple[dict[Decimal, Decimal], dict[Decimal, Decimal]] = {}, {}
    for event in floor.events:
        if isinstance(event, BookChanged) and event.symbol == SPOT:
            for side, changes in zip(sides, (event.bids, event.asks), strict=True):
                side.update(changes)
    return tuple({price: size for price, size in side.items() if size} for side in sides)  # type: ignore[return-value]
