"""Private streams: orders and positions of one account (PROTOCOL 3.5 and 3.6)."""

from __future__ import annotations

from collections.abc import Mapping

from bpx_tui.model.enums import OrderKind
from bpx_tui.model.ids import Symbol
from bpx_tui.simulator.domain.events import OrderEvent, PositionChanged
from bpx_tui.simulator.domain.orders import AccountId, AttachedExit, OrderRecord
from bpx_tui.simulator.domain.venue import Venue
from bpx_tui.simulator.domain.views import PositionView
from bpx_tui.simulator.history.memory import MarketMemory
from bpx_tui.simulator.history.units import plain
from bpx_tui.simulator.products.rfq import RfqEvent, RfqEventKind
from bpx_tui.simulator.streams.frames import envelope, fixed
from bpx_tui.simulator.streams.hub import Channel, Hub, Outlet
from bpx_tui.simulator.streams.names import StreamKind
from bpx_tui.simulator.traps import Traps


class PrivateStreams:
    """Turns account events into frames on the account's own channels."""

    def __init__(self, venue: Venue, hub: Hub, memories: Mapping[Symbol, MarketMemory], traps: Traps) -> None:
        self._venue = venue
        self._hub = hub
        self._memories = memories
        self._traps = traps

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

    def rfq_event(self, event: RfqEvent, now_us: int) -> None:
        """An RFQ event to whom it is for; without an account, to everyone but the requester."""
        payload = rfq_data(event, now_us)
        for channel in self._hub.channels(StreamKind.RFQ_UPDATE):
            meant = event.account == channel.account if event.account else channel.account != event.rfq.account
            if meant and channel.name.symbol in (None, event.rfq.terms.symbol):
                self._hub.send(channel, envelope(channel.name.text, payload), now_us)

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
        if "c" in data and self._traps.hides_client_id(order.id):
            del data["c"]
        if event.fill is not None:
            fill = event.fill
            data |= {
                "t": self._traps.trade_id(order.symbol, fill.trade_id),
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


def rfq_data(event: RfqEvent, now_us: int) -> dict[str, object]:
    """The fields of an RFQ or quote event: ids are numbers, the client id is text (PROTOCOL 3.7)."""
    rfq, quote, terms = event.rfq, event.quote, event.rfq.terms
    by_quote = event.kind in _QUOTE_EVENTS or (quote is not None and event.account == quote.account)
    client_id = quote.client_id if by_quote and quote is not None else terms.client_id
    data: dict[str, object] = {
        "e": event.kind,
        "E": now_us,
        "T": event.time_us,
        "s": terms.symbol,
        "R": rfq.id,
        "X": quote.status if by_quote and quote is not None else rfq.status,
    }
    if client_id is not None and event.kind is not RfqEventKind.ACTIVE:
        data["C"] = str(client_id)
    if quote is not None:
        data["u"] = quote.id
    if not by_quote:
        data |= {} if event.kind is RfqEventKind.ACTIVE else {"S": terms.side}
        data |= {} if terms.quantity is None else {"q": plain(terms.quantity)}
        data |= {} if terms.quote_quantity is None else {"Q": plain(terms.quote_quantity)}
        if quote is None:
            data |= {"w": rfq.submission_us // 1000, "W": rfq.expiry_us // 1000}
    if event.price is not None:
        data["p"] = plain(event.price)
    return data


_QUOTE_EVENTS = frozenset({RfqEventKind.QUOTE_ACCEPTED, RfqEventKind.QUOTE_CANCELLED})
