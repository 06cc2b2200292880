"""Private streams: orders and positions of one account (PROTOCOL 3.5 and 3.6)."""

from __future__ import annotations

from collections.abc import Mapping

from bpx_tui.model.enums import OrderKind
from bpx_tui.model.ids import Symbol
from bpx_tui.simulator.events import OrderEvent, PositionChanged
from bpx_tui.simulator.history.memory import MarketMemory
from bpx_tui.simulator.history.units import plain
from bpx_tui.simulator.orders import AccountId, AttachedExit, OrderRecord
from bpx_tui.simulator.streams.frames import envelope, fixed
from bpx_tui.simulator.streams.hub import Channel, Hub, Outlet
from bpx_tui.simulator.streams.names import StreamKind
from bpx_tui.simulator.venue import Venue
from bpx_tui.simulator.views import PositionView


class PrivateStreams:
    """Turns account events into frames on the account's own channels."""

    def __init__(self, venue: Venue, hub: Hub, memories: Mapping[Symbol, MarketMemory]) -> None:
        self._venue = venue
        self._hub = hub
        self._memories = memories

    def order_event(self, event: OrderEvent, now_us: int) -> None:
        channels = self._channels(StreamKind.ORDER_UPDATE, event.account, event.order.symbol)
        if channels:
            data = self._order_data(event, now_us)
            for channel in channels:
                self._hub.send(channel, envelope(channel.name.text, data), now_us)

    def position_changed(self, event: PositionChanged, now_us: int) -> None:
        channels = self._channels(StreamKind.POSITION_UPDATE, event.account, event.position.symbol)
        if channels:
            data = position_data(event.position, event.time_us, now_us) | {"e": event.kind}
            for channel in channels:
                self._hub.send(channel, envelope(channel.name.text, data), now_us)

    def snapshot(self, channel: Channel, outlet: Outlet, now_us: int) -> None:
        """Current positions to one new listener, without an event type."""
        if channel.name.kind is not StreamKind.POSITION_UPDATE or channel.account is None:
            return
        for position in self._venue.positions(channel.account):
            if channel.name.symbol in (None, position.symbol):
                payload = envelope(channel.name.text, position_data(position, now_us, now_us))
                self._hub.send_to(outlet, channel, payload, now_us)

    def _channels(self, kind: StreamKind, account: AccountId, symbol: Symbol) -> list[Channel]:
        found = (self._hub.channel(kind, account), self._hub.channel(f"{kind}.{symbol}", account))
        return [channel for channel in found if channel is not None]

    def _order_data(self, event: OrderEvent, now_us: int) -> dict[str, object]:
        order, terms = event.order, event.order.terms
        step = self._memories[order.symbol].units.step
        data: dict[str, object] = {
            "e": event.kind,
            "E": now_us,
            "T": event.time_us,
            "s": order.symbol,
            "i": order.id,
            "S": order.side,
            "o": order.kind.upper(),
            "f": terms.time_in_force,
            "q": fixed(order.quantity, step) if order.quantity else "0",
            "X": order.status,
            "t": None,
            "z": fixed(order.executed_quantity, step) if order.executed_quantity else "0",
            "Z": plain(order.executed_quote_quantity) if order.executed_quote_quantity else "0",
            "r": bool(terms.reduce_only),
            "y": terms.post_only,
            "V": terms.self_trade_prevention,
            "O": order.origin,
        }
        data |= {key: value for key, value in _optional(order).items() if value is not None}
        if event.fill is not None:
            fill = event.fill
            data |= {
                "t": fill.trade_id,
                "l": fixed(fill.quantity, step),
                "L": fixed(fill.price, self._memories[order.symbol].units.tick),
                "m": fill.is_maker,
                "n": plain(fill.fee),
                "N": fill.fee_asset,
            }
        return data


def _optional(order: OrderRecord) -> dict[str, object]:
    terms, trigger = order.terms, order.terms.trigger
    return {
        "c": terms.client_id,
        "Q": None if order.quote_quantity is None else plain(order.quote_quantity),
        "p": None if order.kind is OrderKind.MARKET or order.price is None else plain(order.price),
        "P": None if trigger is None else plain(trigger.price),
        "B": None if trigger is None else trigger.by,
        "Y": terms.trigger_quantity,
        **_exit(terms.take_profit, "a", "d", "j"),
        **_exit(terms.stop_loss, "b", "g", "k"),
        "R": order.expiry_reason,
        "I": order.related_order_id,
        "H": terms.strategy_id,
    }


def _exit(attached: AttachedExit | None, price: str, by: str, limit: str) -> dict[str, object]:
    if attached is None:
        return {}
    limit_price = None if attached.limit_price is None else plain(attached.limit_price)
    return {price: plain(attached.trigger.price), by: attached.trigger.by, limit: limit_price}


def position_data(position: PositionView, time_us: int, now_us: int) -> dict[str, object]:
    """The fields of a position; the liquidation price is always the removed "0"."""
    return {
        "E": now_us,
        "T": time_us,
        "s": position.symbol,
        "i": position.position_id,
        "b": plain(position.break_even_price),
        "B": plain(position.entry_price),
        "f": plain(position.imf),
        "m": plain(position.mmf),
        "M": plain(position.mark_price),
        "q": plain(position.net_quantity),
        "Q": plain(position.net_exposure_quantity),
        "n": plain(position.net_exposure_notional),
        "p": plain(position.pnl_realized),
        "P": plain(position.pnl_unrealized),
        "l": "0",
    }
