"""The back door of the simulated exchange: faults, and its own truth. Loopback only, never from a browser.

GET  /_sim/faults        what is on, and every fault there is with what it does
POST /_sim/faults        {"fault": NAME, ...}: switch one on; its settings are named in what it does
                         "count": N, "seconds": S, "probability": P: how often, how long, how likely
                         "stream", "symbol", "path": only there, for faults that concern streams, markets, requests;
                         "host": only where TLS clients ask for that name
                         {"fault": NAME, "off": true}, or "all": switch off
                         {"mix": SEED}: a seeded mix of six faults, each hitting now and then by its own chance;
                         "faults": how many, "among": [NAME, ...], "probability": the most likely, "seconds", "count"
POST /_sim/predictions   {"symbol": SYMBOL, "answer": true, "delay_seconds": 0}: propose how a prediction market is
                         resolved; without "answer" by its own rule, and after an hour unless told otherwise
POST /_sim/accounts      {"account": NAME, "suspended": true, "seconds": 60}: its trading is suspended, for good or for
                         a while; "withdrawn": ["perp", ...]: permissions it is without, of spot, perp, margin, rfq
                         and prediction. What is not said is as usual: {"account": NAME} alone lifts everything
GET  /_sim/state         balances, positions, orders, funds, books; whether money was created or lost
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address

import orjson

from bpx_tui.model.ids import Symbol
from bpx_tui.simulator.clock import US_PER_SECOND
from bpx_tui.simulator.domain.orders import AccountId
from bpx_tui.simulator.domain.refusals import VenueRefusal
from bpx_tui.simulator.domain.standing import Permission, Standing
from bpx_tui.simulator.exchange import Exchange
from bpx_tui.simulator.faults import FAULTS, BadFault, Fault, read_lasting
from bpx_tui.simulator.history.units import plain
from bpx_tui.simulator.occasions import happen
from bpx_tui.simulator.products.predictions import DELAY_S, MAX_DELAY_S
from bpx_tui.simulator.rest.answers import Reply, json_reply, text_reply
from bpx_tui.simulator.rest.rendering import live_order
from bpx_tui.simulator.tls import Flaw, check_bad_cert

PREFIX = "/_sim/"


def is_allowed(peer: str | None, headers: Mapping[str, str]) -> bool:
    """Whether this caller may use the back door: from this machine, and not a web page (those send an Origin)."""
    if "Origin" in headers:
        return False
    try:
        return peer is not None and ip_address(peer.split("%")[0]).is_loopback
    except ValueError:
        return False


class Control:
    """Answers `/_sim/...`."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def handle(self, method: str, path: str, body: bytes) -> tuple[Reply, Fault | None]:
        """The answer, and the fault that was switched on, which the server may have to act on at once."""
        self._exchange.run_due()
        match method, path.removeprefix(PREFIX):
            case "GET", "faults":
                known = [{"fault": name, "does": does} for name, does in FAULTS.items()]
                return json_reply({"on": self._exchange.faults.report(), "known": known}), None
            case "POST", "faults":
                return self._switch(body)
            case "POST", "predictions":
                return self._predict(body), None
            case "POST", "accounts":
                return self._set_standing(body), None
            case "GET", "state":
                return json_reply(self._state()), None
            case _:
                return text_reply("not found", status=404), None

    def _switch(self, body: bytes) -> tuple[Reply, Fault | None]:
        exchange = self._exchange
        try:
            request = orjson.loads(body)
            if not isinstance(request, dict):
                raise BadFault("a fault is a JSON object")
            if "mix" in request:
                for one in exchange.faults.mix(request, exchange.now_us):
                    happen(exchange, one)
                return json_reply({"on": exchange.faults.report()}), None
            if request.get("fault") == "bad_cert" and request.get("off") is not True:
                check_bad_cert(exchange.options.tls, request.get("how", Flaw.EXPIRED))
            fault = exchange.faults.switch(request, exchange.now_us)
            if fault is not None:
                happen(exchange, fault)
        except (orjson.JSONDecodeError, BadFault, VenueRefusal, KeyError, ValueError, ArithmeticError) as error:
            return json_reply({"error": str(error)}, status=400), None
        exchange.settle()
        return json_reply({"on": exchange.faults.report()}), fault

    def _predict(self, body: bytes) -> Reply:
        """Propose the answer of a prediction market."""
        exchange = self._exchange
        try:
            request = orjson.loads(body)
            if not isinstance(request, dict):
                raise BadFault("a proposal is a JSON object")
            answer, delay_s = request.get("answer"), request.get("delay_seconds", DELAY_S)
            if not (answer is None or isinstance(answer, bool)):
                raise BadFault("answer must be true or false")
            if isinstance(delay_s, bool) or not isinstance(delay_s, int | float) or not 0 <= delay_s <= MAX_DELAY_S:
                raise BadFault(f"delay_seconds must be a number from 0 to {MAX_DELAY_S}")
            exchange.desks.predictions.propose(Symbol(str(request.get("symbol"))), answer, delay_s=delay_s)
        except (orjson.JSONDecodeError, BadFault, VenueRefusal) as error:
            return json_reply({"error": str(error)}, status=400)
        exchange.settle()
        return json_reply({"proposed": True})

    def _set_standing(self, body: bytes) -> Reply:
        """Say what an account may not do."""
        exchange = self._exchange
        try:
            request = orjson.loads(body)
            if not isinstance(request, dict):
                raise BadFault("a standing is a JSON object")
            account = request.get("account")
            if not isinstance(account, str) or account not in {
                info.id for info in exchange.venue.accounts() if not info.house
            }:
                raise BadFault(f"there is no account {account!r}")
            exchange.desks.set_standing(AccountId(account), _read_standing(request, exchange.now_us))
        except (orjson.JSONDecodeError, BadFault) as error:
            return json_reply({"error": str(error)}, status=400)
        exchange.settle()
        return json_reply({"account": account, **self._standing(AccountId(account))})

    def _standing(self, account: AccountId) -> dict[str, object]:
        standing = self._exchange.venue.standing(account)
        return {"suspended": standing.suspended, "withdrawn": list(standing.withdrawn), "until_us": standing.until_us}

    def _state(self) -> dict[str, object]:
        exchange, venue = self._exchange, self._exchange.venue
        state = venue.state()
        totals = {asset: plain(amount) for asset, amount in state.totals.items()}
        deposited = {asset: plain(amount) for asset, amount in state.deposited.items()}
        return {
            "time_us": state.time_us,
            "totals": totals,
            "deposited": deposited,
            "conserved": dict(state.totals) == dict(state.deposited),
            "funds": {fund: {a: plain(q) for a, q in held.items()} for fund, held in state.funds.items()},
            "accounts": {info.id: self._account(info.id) for info in venue.accounts() if not info.house},
            "books": {market.symbol: self._book(market.symbol) for market in venue.markets() if market.has_book},
            "frames_sent": exchange.hub.frames_sent,
        }

    def _account(self, account: AccountId) -> dict[str, object]:
        venue = self._exchange.venue
        return self._standing(account) | {
            "balances": {
                asset: {"available": plain(held.available), "locked": plain(held.locked), "staked": plain(held.staked)}
                for asset, held in venue.capital(account).items()
            },
            "positions": {p.symbol: plain(p.net_quantity) for p in venue.positions(account)},
            "open_orders": [live_order(order) for order in venue.open_orders(account)],
            "orders": len(venue.order_history(account)),
            "fills": len(venue.fills(account)),
        }

    def _book(self, symbol: Symbol) -> dict[str, object]:
        depth = self._exchange.venue.depth(symbol)
        return {
            "last_update_id": depth.last_update_id,
            "bids": len(depth.bids),
            "asks": len(depth.asks),
            "best_bid": [plain(part) for part in depth.bids[0]] if depth.bids else None,
            "best_ask": [plain(part) for part in depth.asks[0]] if depth.asks else None,
        }


def _read_standing(request: Mapping[str, object], now_us: int) -> Standing:
    if unknown := request.keys() - {"account", "suspended", "withdrawn", "seconds"}:
        raise BadFault(f"not part of a standing: {', '.join(sorted(unknown))}")
    suspended, words = request.get("suspended", False), request.get("withdrawn", [])
    _, seconds = read_lasting(request)
    if not isinstance(suspended, bool):
        raise BadFault("suspended must be true or false")
    if not isinstance(words, list) or not all(word in list(Permission) for word in words):
        raise BadFault(f"withdrawn must be a list of: {', '.join(Permission)}")
    until_us = None if seconds is None else now_us + int(seconds * US_PER_SECOND)
    return Standing(suspended, tuple(Permission(word) for word in words), until_us)
