"""Accounts that do random things, and a listener that checks every frame instead of keeping it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any

import orjson

from bpx_tui.model.enums import OrderKind, SelfTradePrevention, Side, TimeInForce, TriggerBy
from bpx_tui.model.ids import Asset, Symbol
from bpx_tui.simulator.domain.orders import AccountId, AttachedExit, NewOrder, TriggerTerms
from bpx_tui.simulator.domain.refusals import VenueRefusal
from bpx_tui.simulator.exchange import Exchange
from bpx_tui.simulator.streams.session import Session
from tests.simulator.desk import payload_of

SYMBOLS = tuple(Symbol(name) for name in ("SOL_USDC", "BTC_USDC", "SOL_USDC_PERP", "BTC_USDC_PERP", "XRP_USDC_PERP"))
ASSETS = (Asset("USDC"), Asset("SOL"))


class RandomTrader:
    """One account that places, cancels, borrows and lends without a plan; what is refused is refused."""

    def __init__(self, exchange: Exchange, account: AccountId, rng: Random) -> None:
        self._exchange = exchange
        self._venue = exchange.venue
        self._account = account
        self._rng = rng
        self.done = self.refused = 0
        self._venue.update_settings(account, leverage_limit=Decimal(50))

    def act(self) -> None:
        """One random thing."""
        doing = self._rng.choices(
            (self._place, self._cancel, self._cancel_all, self._lend_or_borrow, self._close), (12, 4, 1, 1, 1)
        )[0]
        try:
            doing()
            self.done += 1
        except VenueRefusal:
            self.refused += 1
        self._exchange.settle()

    def _place(self) -> None:
        rng = self._rng
        market = self._venue.market(rng.choice(SYMBOLS))
        mark = self._venue.mark(market.symbol).mark
        tick, step = market.price.tick_size, market.quantity.step_size
        worth = Decimal(rng.choice((20, 200, 2_000, 40_000)))
        quantity = max(worth / mark // step * step, market.quantity.min_quantity)
        side, kind = rng.choice((Side.BID, Side.ASK)), rng.choice((OrderKind.LIMIT, OrderKind.MARKET))
        price = mark * Decimal(rng.randrange(980, 1021)) / 1000 // tick * tick
        trigger = None
        if rng.random() < 0.15:
            away = mark * Decimal(rng.randrange(990, 1011)) / 1000 // tick * tick
            trigger = TriggerTerms(away, rng.choice((TriggerBy.LAST, TriggerBy.MARK, TriggerBy.INDEX)))
        below = TriggerTerms(mark * Decimal("0.99") // tick * tick, TriggerBy.MARK)
        limit = kind is OrderKind.LIMIT
        self._venue.place(
            self._account,
            NewOrder(
                market.symbol,
                side,
                kind,
                quantity=None if trigger else quantity,
                price=price if limit else None,
                time_in_force=rng.choice(list(TimeInForce)) if limit else TimeInForce.GTC,
                post_only=limit and rng.random() < 0.1,
                reduce_only=rng.random() < 0.1 or None,
                self_trade_prevention=rng.choice(list(SelfTradePrevention)),
                trigger=trigger,
                trigger_quantity=str(quantity) if trigger else None,
                stop_loss=AttachedExit(below) if side is Side.BID and rng.random() < 0.2 else None,
                auto_borrow=rng.random() < 0.2 or None,
            ),
        )

    def _cancel(self) -> None:
        orders = self._venue.open_orders(self._account)
        if orders:
            order = self._rng.choice(orders)
            self._venue.cancel(self._account, order.terms.symbol, order_id=order.id)

    def _cancel_all(self) -> None:
        self._venue.cancel_all(self._account, self._rng.choice(SYMBOLS))

    def _lend_or_borrow(self) -> None:
        side, asset = self._rng.choice(("Lend", "Borrow")), self._rng.choice(ASSETS)
        self._venue.borrow_lend(self._account, asset, side, Decimal(self._rng.randrange(1, 20)))

    def _close(self) -> None:
        for held in self._venue.positions(self._account):
            side = Side.ASK if held.net_quantity > 0 else Side.BID
            order = NewOrder(held.symbol, side, OrderKind.MARKET, abs(held.net_quantity), reduce_only=True)
            self._venue.place(self._account, order)


@dataclass(eq=False)
class Auditor:
    """Subscribed to everything public; fails on the first frame that does not follow from those before it."""

    exchange: Exchange
    frames: int = 0
    liquidations: int = 0
    _last: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._session = Session(self.exchange, self)
        markets = [market.symbol for market in self.exchange.venue.markets() if market.has_book]
        streams = [
            f"{kind}.{symbol}"
            for symbol in markets
            for kind in ("depth", "depth.200ms", "trade", "bookTicker", "kline.1m", "markPrice", "ticker")
        ]
        self._session.receive(orjson.dumps({"method": "SUBSCRIBE", "params": [*streams, "liquidation"]}))

    def push(self, frame: bytes) -> None:
        message = orjson.loads(payload_of(frame))
        assert "error" not in message, message
        self.frames += 1
        self._check(message["stream"], message["data"])

    def _check(self, stream: str, data: Mapping[str, Any]) -> None:
        last = self._last.get(stream)
        match data["e"]:
            case "depth":
                assert last is None or data["U"] == last + 1, (stream, last, data)
                assert data["u"] >= data["U"]
                self._last[stream] = data["u"]
            case "trade":
                assert last is None or data["t"] == last + 1, (stream, last, data)
                self._last[stream] = data["t"]
            case "bookTicker":
                assert last is None or data["u"] > last, (stream, last, data)
                assert data["a"] is None or data["b"] is None or Decimal(data["b"]) < Decimal(data["a"]), data
                self._last[stream] = data["u"]
            case "liquidation":
                self.liquidations += 1
        assert data["E"] >= data.get("T", 0) if isinstance(data.get("T"), int) else True


def assert_whole(exchange: Exchange) -> None:
    """Nothing was created or lost, and no book is crossed."""
    venue = exchange.venue
    state = venue.state()
    assert state.totals == state.deposited
    for market in venue.markets():
        bid, ask = venue.best(market.symbol) if market.has_book else (None, None)
        assert bid is None or ask is None or bid < ask, market.symbol
