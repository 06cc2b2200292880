"""The parts of an order that REST and the stream write alike but for the names of their keys."""

from __future__ import annotations

from bpx_tui.errors import UnreadableReply
from bpx_tui.exchange.fields import Record, optional_decimal, optional_identifier, optional_integer, optional_word
from bpx_tui.model.enums import TriggerBy
from bpx_tui.model.ids import MAX_CLIENT_ID, ClientId
from bpx_tui.model.orders import Bracket, Trigger


def client_id(record: Record, key: str) -> ClientId | None:
    """A number in orders, text in fills."""
    number = optional_integer(record, key)
    if number is not None and not 0 <= number <= MAX_CLIENT_ID:
        raise UnreadableReply(f"{key} is not a client id.")
    return None if number is None else ClientId(number)


def trigger(record: Record, *, price: str, quantity: str, by: str) -> Trigger | None:
    """`quantity` is a base quantity or a percentage such as `80%`; `by` may be absent."""
    trigger_price = optional_decimal(record, price)
    if trigger_price is None:
        return None
    return Trigger(trigger_price, optional_identifier(record, quantity) or "", _trigger_by(record, by))


def bracket(record: Record, *, price: str, limit: str, by: str) -> Bracket | None:
    trigger_price = optional_decimal(record, price)
    if trigger_price is None:
        return None
    return Bracket(trigger_price, optional_decimal(record, limit), _trigger_by(record, by))


def _trigger_by(record: Record, key: str) -> TriggerBy | None:
    found = optional_word(record, key, TriggerBy)
    return found if isinstance(found, TriggerBy) else None
