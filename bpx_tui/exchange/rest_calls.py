"""One REST call from operation to typed value: what all groups of operations share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from bpx_tui.errors import UnreadableReply
from bpx_tui.exchange.fields import Record
from bpx_tui.exchange.limits import Share
from bpx_tui.exchange.operations import OPERATIONS
from bpx_tui.exchange.rest_errors import Reply, unusable_answer
from bpx_tui.exchange.rest_transport import Body, RestTransport
from bpx_tui.exchange.signing import Params
from bpx_tui.exchange.wire_rest import Rows, decode_one, decode_rows
from bpx_tui.model.enums import SortDirection

T = TypeVar("T")

_ACCEPTED = 202
_NO_CONTENT = 204


class RestCalls:
    """Reads and changes by `operationId`, decoded. Errors are those that `RestClient` names; nothing is tried again."""

    def __init__(self, transport: RestTransport) -> None:
        self._transport = transport

    async def one(self, operation_id: str, build: Callable[[Record], T], query: Params | None = None) -> T:
        """The value of an answer that is one JSON object."""
        return await self.read(operation_id, lambda reply: decode_one(reply.body, build), query)

    async def rows(self, operation_id: str, build: Callable[[Record], T], query: Params | None = None) -> Rows[T]:
        """The values of an answer that is a list of JSON objects, a page of a longer one perhaps."""

        def decode(reply: Reply) -> Rows[T]:
            rows = decode_rows(reply.body, build)
            return Rows(rows, rows.unreadable, reply.age_seconds, reply.total_rows)

        return await self.read(operation_id, decode, query)

    async def read(self, operation_id: str, decode: Callable[[Reply], T], query: Params | None = None) -> T:
        """The value that `decode` makes of any other answer."""
        reply = await self._transport.read(OPERATIONS[operation_id], query)
        return _decoded(reply, decode, changes=False)

    async def read_or_none(
        self, operation_id: str, build: Callable[[Record], T], query: Params | None = None
    ) -> T | None:
        """As `one`, with `None` where the exchange answers that there is nothing (204)."""
        reply = await self._transport.read(OPERATIONS[operation_id], query)
        if reply.status == _NO_CONTENT:
            return None
        return _decoded(reply, lambda reply: decode_one(reply.body, build), changes=False)

    async def change(self, operation_id: str, share: Share, body: Body, decode: Callable[[Reply], T]) -> T:
        """Send once what changes something. An answer that cannot be read leaves the outcome unknown."""
        reply = await self._transport.change(OPERATIONS[operation_id], share, body)
        return _decoded(reply, decode, changes=True)

    async def do(self, operation_id: str, share: Share, body: Body) -> None:
        """As `change`, where the answer is empty: that it came with 2xx says that it is done."""
        await self.change(operation_id, share, body, _require_no_web_page)

    async def change_or_accept(
        self, operation_id: str, share: Share, body: Body, decode: Callable[[Reply], T]
    ) -> T | None:
        """As `change`, with `None` where the exchange has accepted and not yet done it (202, without a usable body)."""
        reply = await self._transport.change(OPERATIONS[operation_id], share, body)
        return None if reply.status == _ACCEPTED else _decoded(reply, decode, changes=True)


def page(limit: int, offset: int, direction: SortDirection | None) -> Params:
    """Which rows of a history are asked for; newest first where no direction is given."""
    return {"limit": limit, "offset": offset, "sortDirection": direction}


def _require_no_web_page(reply: Reply) -> None:
    """A network login page answers 200 to everything."""
    if reply.is_web_page:
        raise UnreadableReply("It is a web page.")


def _decoded(reply: Reply, decode: Callable[[Reply], T], *, changes: bool) -> T:
    try:
        return decode(reply)
    except UnreadableReply as error:
        raise unusable_answer(str(error), reply, changes=changes) from None
