"""One client's conversation: SUBSCRIBE and UNSUBSCRIBE in, error frames out, otherwise silence (PROTOCOL 3.2)."""

from __future__ import annotations

import orjson

from bpx_tui.simulator.domain.orders import AccountId
from bpx_tui.simulator.domain.refusals import VenueRefusal
from bpx_tui.simulator.exchange import Exchange
from bpx_tui.simulator.rest.auth import Signature
from bpx_tui.simulator.streams.frames import error_payload, websocket_frame
from bpx_tui.simulator.streams.hub import Outlet
from bpx_tui.simulator.streams.names import UNKNOWN_MARKET, BadStream, StreamName, parse_stream

INVALID_REQUEST = 4002
INVALID_SIGNATURE = 4008
MAX_STREAMS = 4_000
"""Streams one socket may hold; far above what any client asks for."""


class Session:
    """What one socket has asked for."""

    def __init__(self, exchange: Exchange, outlet: Outlet) -> None:
        self._exchange = exchange
        self._outlet = outlet
        self._streams: set[str] = set()

    def receive(self, text: str | bytes) -> None:
        """Act on one text frame from the client; the socket stays open whatever it says."""
        try:
            request = orjson.loads(text)
        except orjson.JSONDecodeError:
            self._error(INVALID_REQUEST, "Invalid request")
            return
        params = request.get("params") if isinstance(request, dict) else None
        if not isinstance(params, list) or not all(isinstance(name, str) for name in params):
            self._error(INVALID_REQUEST, "Invalid request")
            return
        method = request.get("method")
        if method == "UNSUBSCRIBE":
            for name in params:
                self._unsubscribe(name)
        elif method == "SUBSCRIBE":
            self._subscribe(params, request.get("signature"))
        else:
            self._error(INVALID_REQUEST, "Invalid method")

    def close(self) -> None:
        """The socket is gone."""
        self._exchange.hub.leave(self._outlet)
        for stream in self._streams:
            self._forget(stream)

    def _subscribe(self, params: list[str], signature: object) -> None:
        exchange = self._exchange
        faults, now_us = exchange.faults, exchange.now_us
        if (fault := faults.hit("error_frame", now_us)) is not None:
            self._error(fault.number("code", INVALID_REQUEST), fault.word("message", "Invalid request"))
            return
        names = self._parsed(params)
        account: AccountId | None = None
        if any(name.is_private for name in names):
            if faults.hit("ignore_private", now_us):
                names = [name for name in names if not name.is_private]
            else:
                account = self._account(signature)
                if account is None:
                    names = [name for name in names if not name.is_private]
        for name in names:
            if len(self._streams) >= MAX_STREAMS:
                self._error(INVALID_REQUEST, "Too many streams")
                return
            owner = account if name.is_private else None
            channel = exchange.hub.subscribe(self._outlet, name, owner)
            self._streams.add(name.text)
            if channel is not None and name.is_private:
                exchange.private.snapshot(channel, self._outlet, now_us)

    def _parsed(self, params: list[str]) -> list[StreamName]:
        names: list[StreamName] = []
        for text in params:
            try:
                names.append(parse_stream(text, self._exchange.symbols))
            except BadStream as bad:
                if bad.code == UNKNOWN_MARKET and self._is_silent():
                    continue
                self._error(bad.code, bad.message)
        return names

    def _is_silent(self) -> bool:
        exchange = self._exchange
        return exchange.faults.hit("silent_symbols", exchange.now_us) is not None or exchange.traps.is_silent()

    def _account(self, signature: object) -> AccountId | None:
        """Whoever signed a private subscription; the four parts are strings, numbers are tolerated for the times."""
        if not isinstance(signature, list) or len(signature) != 4:
            self._error(INVALID_SIGNATURE, "Missing signature")
            return None
        parts = [str(part) if isinstance(part, str | int) and not isinstance(part, bool) else "" for part in signature]
        signed = Signature(*parts)
        try:
            return self._exchange.verifier.subscription(signed, self._exchange.auth_clocks_ms())
        except VenueRefusal as refusal:
            self._error(INVALID_SIGNATURE, refusal.message)
            return None

    def _unsubscribe(self, text: str) -> None:
        self._exchange.hub.unsubscribe(self._outlet, text)
        self._streams.discard(text)
        self._forget(text)

    def _forget(self, text: str) -> None:
        if self._exchange.hub.channel(text) is None:
            self._exchange.public.forget(text)

    def _error(self, code: int, message: str) -> None:
        self._outlet.push(websocket_frame(error_payload(code, message)))
