"""What a route is, and what its handler is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from bpx_tui.simulator.domain.orders import AccountId
from bpx_tui.simulator.exchange import Exchange
from bpx_tui.simulator.rest.answers import Reply
from bpx_tui.simulator.rest.fields import BodyFields, QueryFields
from bpx_tui.simulator.rest.raw_json import JsonValue


class Access(Enum):
    """Who may call.

    `SESSION` operations may be called with a web session instead of a signature; without either the answer is 401.
    """

    PUBLIC = "public"
    SIGNED = "signed"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class Call:
    """One request, authenticated and read."""

    exchange: Exchange
    query: QueryFields
    json: JsonValue
    caller: AccountId | None

    @property
    def account(self) -> AccountId:
        """Who signed; only asked for by handlers of signed routes."""
        assert self.caller is not None
        return self.caller

    def body(self, payload: str, known: frozenset[str]) -> BodyFields:
        """The JSON body as the payload of that name, with the fields it may have."""
        return BodyFields(self.json, payload, known, self.exchange.symbols)


Handler: TypeAlias = Callable[[Call], Reply]


@dataclass(frozen=True, slots=True)
class Route:
    """One operation of openapi.yml.

    Attributes:
        instruction: what its signature must name; `None` for public operations.
        is_order: places or cancels orders, which some faults single out.
    """

    operation_id: str
    method: str
    path: str
    handler: Handler
    instruction: str | None = None
    access: Access = Access.PUBLIC
    is_order: bool = False


def public(operation_id: str, path: str, handler: Handler) -> Route:
    """A GET that needs no signature."""
    return Route(operation_id, "GET", path, handler)


def signed(operation_id: str, method: str, path: str, instruction: str, handler: Handler) -> Route:
    """An operation that must be signed."""
    return Route(operation_id, method, path, handler, instruction, Access.SIGNED)


def session(operation_id: str, method: str, path: str, instruction: str, handler: Handler) -> Route:
    """An operation that the specification lets a web session call: optional headers, and 401 without either."""
    return Route(operation_id, method, path, handler, instruction, Access.SESSION)
