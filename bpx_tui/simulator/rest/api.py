"""All of REST as one call: find the route, let faults have their say, authenticate, read, do, answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bpx_tui.simulator.domain.orders import AccountId
from bpx_tui.simulator.domain.refusals import VenueRefusal
from bpx_tui.simulator.exchange import Exchange
from bpx_tui.simulator.faults import Fault
from bpx_tui.simulator.options import WindowAt
from bpx_tui.simulator.rest.answers import ParseRefusal, Reply, refusal_reply, text_reply
from bpx_tui.simulator.rest.auth import has_no_signature, read_signature
from bpx_tui.simulator.rest.fields import QueryFields
from bpx_tui.simulator.rest.raw_json import JsonValue, parse_body
from bpx_tui.simulator.rest.routing import Access, Call, Route
from bpx_tui.simulator.rest.table import ROUTES

_LOGIN_PAGE = "<html><head><title>Network login</title></head><body>Please sign in to the network.</body></html>"

_READ_ONLY = "API key is read only"
_ALWAYS_ON = frozenset({"create_withdrawal_delay", "update_withdrawal_delay"})
"""Operations that change something and have no answer for a maintenance."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. `headers` must be case-insensitive; `query` is decoded, in order, repeats kept."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes
    received_ms: tuple[int, ...] = ()
    """Times at which it came in, as `auth_clocks_ms` has them; empty: now."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happens to a request.

    Attributes:
        reply: `None` cuts the connection without an answer.
        delay_ms: how long the answer waits although the work is done.
    """

    reply: Reply | None
    delay_ms: int = 0


class Api:
    """The REST interface over one exchange; synchronous, so that a test or a replay can drive it without sockets."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._routes = {(route.method, route.path): route for route in ROUTES}
        self._paths = {route.path for route in ROUTES}

    def hold_ms(self, request: Request) -> int:
        """How long to hold a request before looking at it (faults `clog` and `engine_stall`)."""
        faults, now_us = self._exchange.faults, self._exchange.now_us
        route = self._routes.get((request.method, request.path))
        if not faults.any or route is None:
            return 0
        clog = faults.hit("clog", now_us, path=request.path)
        stall = faults.hit("engine_stall", now_us) if route.is_order else None
        return (clog.number("delay_ms", 1_000) if clog else 0) + (stall.number("delay_ms", 15_000) if stall else 0)

    def handle(self, request: Request) -> Outcome:
        """Do one request."""
        exchange = self._exchange
        exchange.run_due()
        route = self._routes.get((request.method, request.path))
        if route is None:
            status = 405 if request.path in self._paths else 404
            return Outcome(text_reply("method not allowed" if status == 405 else "not found", status=status))
        if exchange.faults.any:
            early = self._before(route, request)
            if early is not None:
                return early
        reply = self._aged(self._answer(route, request), request.path)
        exchange.settle()
        if route.is_order and reply.status < 300 and exchange.traps.breaks_answer():
            return Outcome(refusal_reply(VenueRefusal(503, "TIMEOUT", "Timeout")))
        return self._after(route, request, reply) if exchange.faults.any else Outcome(reply)

    def _aged(self, reply: Reply, path: str) -> Reply:
        """The answer as a cache gives it, where it may be cached."""
        if not reply.headers.get("Cache-Control", "").startswith("public"):
            return reply
        age_s = self._exchange.traps.age_s(path, self._exchange.now_us)
        return reply if age_s is None else replace(reply, headers={**reply.headers, "Age": str(age_s)})

    def _answer(self, route: Route, request: Request) -> Reply:
        try:
            body = parse_body(request.body) if request.method != "GET" else {}
            caller = self._caller(route, request, body)
            query = QueryFields(request.query, self._exchange.symbols)
            return route.handler(Call(self._exchange, query, body, caller))
        except ParseRefusal as refusal:
            return text_reply(refusal.text, status=refusal.status)
        except VenueRefusal as refusal:
            return refusal_reply(refusal)

    def _caller(self, route: Route, request: Request, body: JsonValue) -> AccountId | None:
        if route.access is Access.PUBLIC or route.instruction is None:
            return None
        if route.access is Access.SESSION and has_no_signature(request.headers):
            raise VenueRefusal(401, "UNAUTHORIZED", "Unauthorized")
        exchange = self._exchange
        if exchange.faults.any:
            if exchange.faults.hit("expired", exchange.now_us):
                raise VenueRefusal(400, "INVALID_CLIENT_REQUEST", "Request has expired")
            if exchange.faults.hit("401", exchange.now_us):
                raise VenueRefusal(401, "UNAUTHORIZED", "Unauthorized")
            if exchange.faults.hit("403", exchange.now_us):
                raise VenueRefusal(403, "FORBIDDEN", "Forbidden")
        signature = read_signature(request.headers)
        clocks_ms = exchange.auth_clocks_ms()
        if exchange.options.window_at is WindowAt.INGRESS:
            clocks_ms = request.received_ms or clocks_ms
        caller = exchange.verifier.request(signature, route.instruction, request.query, body, clocks_ms)
        if route.method != "GET" and not exchange.keys.may_change(signature.api_key):
            raise _read_only(route)
        return caller

    def _before(self, route: Route, request: Request) -> Outcome | None:
        """Faults that answer, or cut, before anything is done."""
        faults, now_us, path = self._exchange.faults, self._exchange.now_us, request.path
        if faults.hit("close_after_read", now_us, path=path):
            return Outcome(None)
        if (fault := faults.hit("429", now_us, path=path)) is not None:
            wait = fault.settings.get("retry_after")
            refused = refusal_reply(VenueRefusal(429, "TOO_MANY_REQUESTS", "Too many requests"))
            return Outcome(refused if wait is None else replace(refused, headers={"Retry-After": str(wait)}))
        if (fault := faults.hit("302", now_us, path=path)) is not None:
            location = fault.word("location", "http://127.0.0.1:9/login")
            return Outcome(replace(text_reply("", status=302), headers={"Location": location}))
        if faults.hit("html", now_us, path=path):
            return Outcome(replace(text_reply(_LOGIN_PAGE), content_type="text/html"))
        if (fault := faults.hit("raw_body", now_us, path=path)) is not None:
            return Outcome(text_reply(fault.word("text", "Bad Gateway"), status=fault.number("status", 502)))
        if route.method != "GET" and route.operation_id not in _ALWAYS_ON and faults.hit("maint", now_us):
            return Outcome(refusal_reply(VenueRefusal(503, "MAINTENANCE", "System under maintenance")))
        return None

    def _after(self, route: Route, request: Request, reply: Reply) -> Outcome:
        """Faults that spoil the answer to something that was done."""
        faults, now_us, path = self._exchange.faults, self._exchange.now_us, request.path
        if faults.hit("accept_then_drop", now_us, path=path):
            return Outcome(None)
        if (fault := faults.hit("exec_and_5xx", now_us, path=path)) is not None:
            return Outcome(_broken(fault))
        if faults.hit("truncate", now_us, path=path):
            reply = replace(reply, body=reply.body[: len(reply.body) // 2])
        if route.access is Access.PUBLIC and (fault := faults.hit("age", now_us, path=path)) is not None:
            reply = replace(reply, headers={**reply.headers, "Age": str(fault.number("seconds_old", 3_000))})
        delay_ms = 0
        for name, applies in (
            ("slow_reply", True),
            ("ws_first", route.is_order),
            ("slow_time", route.operation_id == "get_time"),
        ):
            if applies and (fault := faults.hit(name, now_us, path=path)) is not None:
                delay_ms += fault.number("delay_ms", 1_000)
        return Outcome(reply, delay_ms)


def _read_only(route: Route) -> VenueRefusal:
    """Nobody documents this one: the status is the nearest that the specification lists for the operation."""
    if route.access is Access.SESSION:
        return VenueRefusal(401, "UNAUTHORIZED", _READ_ONLY)
    return VenueRefusal(403 if route.operation_id == "request_withdrawal" else 400, "FORBIDDEN", _READ_ONLY)


def _broken(fault: Fault) -> Reply:
    status = fault.number("status", 503)
    if status == 500:
        return refusal_reply(VenueRefusal(500, "SERVER_ERROR", "Internal server error"))
    return refusal_reply(VenueRefusal(status, fault.word("code", "TIMEOUT"), "Timeout"))
