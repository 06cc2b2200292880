"""Bad days on demand: faults by the names of RELIABILITY's injectors, each with a count, a duration or a probability.

A fault is switched on by a JSON object, `{"fault": "drop_frame", "stream": "depth.SOL_USDC", "count": 1}`, and asked
for by the place that can inject it: `hit` answers the fault and uses up one of its count. Where nothing is switched
on, `hit` costs one test of an empty dictionary.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

FAULTS: Mapping[str, str] = {
    "accept_then_drop": "execute the request, then cut the connection instead of answering",
    "close_after_read": "read the request, do nothing, cut the connection",
    "engine_stall": "orders and cancels are not answered for `delay_ms` (default 15 000), then executed",
    "clog": "hold requests for `delay_ms` (default 1 000) before they are looked at",
    "slow_reply": "execute at once, answer `delay_ms` later: stream updates come first",
    "ws_first": "the same as slow_reply, for orders and cancels only",
    "slow_time": "answer /time `delay_ms` later than it was read",
    "429": "answer 429; `retry_after` seconds in a header where given",
    "401": "answer 401 UNAUTHORIZED to signed requests",
    "403": "answer 403 FORBIDDEN to signed requests",
    "maint": "maintenance: /status says so, whatever changes something gets 503 MAINTENANCE",
    "html": "answer 200 with a network login page",
    "302": "answer a redirect to `location`",
    "raw_body": "answer `status` (default 502) with `text` instead of JSON",
    "truncate": "answer 200 with half of the JSON",
    "age": "add an Age header of `seconds_old` (default 3000) to public answers",
    "expired": "answer 'Request has expired' to signed requests",
    "exec_and_5xx": "execute, then answer `status` (default 503)",
    "202": "answer cancels with 202 and an empty body; they are executed",
    "fill_then_404": "an order fills while its cancel is on the way (`how` cancelled: it is cancelled elsewhere)",
    "expire": "the engine takes orders in and expires them with `reason` (default InsufficientLiquidity)",
    "no_dedup": "client ids may be used again, whatever the exchange was started with",
    "foreign_same_cid": "before an order with a client id, another of the account with the same id rests far away",
    "batch_mixed": "every second order of a batch is refused",
    "hist_lag": "history shows nothing of the last `lag_ms` (default 10 000)",
    "rest_lag": "REST depth is older than the stream by `updates` (default 20) updates",
    "rest_ahead": "depth frames come `delay_ms` (default 300) after REST knows them",
    "empty_side": "REST depth and depth frames show no `side` (default bids)",
    "drop_frame": "leave a frame out",
    "dup": "send a frame twice",
    "swap": "send a frame after the following one of its stream",
    "mute": "one stream falls silent, the socket stays healthy",
    "mute_streams": "all streams fall silent, pings are answered",
    "mute_all_ws": "the same as mute_streams, for every socket that connects meanwhile too",
    "lose": "private events of kind `event` (default orderFill) are not sent",
    "dup_fill": "fills are sent twice",
    "no_c": "order events come without the client id",
    "null_trade": "order fills come with a null trade id",
    "unknown_enum": "status and expiry words nobody has heard of",
    "drift": "numbers as text and text as numbers",
    "strip_field": "leave field `field` out of events",
    "dupkey": "a key twice in one JSON object",
    "garbage": "frames that are not JSON",
    "evil_strings": "escape sequences and markup in text fields",
    "ts": "event times a year in the future",
    "seq_reset": "depth sequence numbers start again at a small number",
    "format_mix": "prices with and without trailing zeros in one stream",
    "aggregate": "realtime depth frames carry several updates (U < u)",
    "error_frame": "answer a SUBSCRIBE with an error frame of `code` (default 4002)",
    "ignore_private": "private subscriptions are silently ignored",
    "silent_symbols": "unknown symbols in a SUBSCRIBE are answered by silence",
    "no_ping": "the exchange sends no pings",
    "close": "close every socket with `code` (default 1001); dropped `grace_ms` (default 30 000) later",
    "reset": "cut every socket without a close frame",
    "bad_cert": "new TLS connections are shown a bad certificate, `how`: expired (default), wrong_host, self_signed",
    "names": "/markets lists symbols with emoji, wide, combining and right-to-left characters too",
    "book_state": "set `symbol` to `state`",
    "jump": "move the index of `asset` by `percent` at once",
    "external": "the account trades from elsewhere: `account`, `symbol`, `side`, `quantity`, `price`, `client_id`",
    "cancel_external": "the account's open orders on `symbol` are cancelled from elsewhere",
    "partial": "half of an open order (or `quantity`) fills, `then` it is cancelled (cancel, expire, stay)",
    "modify": "half of a position (or `quantity`) is traded away: resting reduce-only orders shrink",
    "liquidate": "the account's position on `symbol` is taken away, `how`: book, backstop, adl, settlement",
    "filters": "a market's `tick_size`, `step_size`, `min_quantity`, `max_quantity` change, or it is `delisted`",
    "lend": "half of the free `asset` (or `quantity`) is lent, or with `side` Borrow borrowed, without an order",
    "strategy": "the account runs a Scheduled strategy from elsewhere",
}
"""Every fault there is, with what it does."""

IMMEDIATE = frozenset(
    {
        "close",
        "reset",
        "book_state",
        "jump",
        "external",
        "cancel_external",
        "partial",
        "modify",
        "liquidate",
        "filters",
        "lend",
        "strategy",
    }
)
"""Faults that happen once, when they are switched on."""

MIXABLE = tuple(
    name
    for name in FAULTS
    if name not in IMMEDIATE and name not in {"mute_all_ws", "engine_stall", "maint", "bad_cert"}
)
"""Faults that a mix draws from: those that may or may not befall each request or frame, one at a time."""
MIX_SIZE = 6

Setting = str | int | float | bool | None


class BadFault(Exception):
    """A fault that cannot be switched on; the text says why."""


@dataclass(slots=True)
class Fault:
    """One fault that is on. `left` counts down where given; `until_us` is exchange time."""

    name: str
    settings: Mapping[str, Setting]
    left: int | None
    until_us: int | None
    probability: float
    rng: Random
    hits: int = 0

    def number(self, name: str, default: int) -> int:
        value = self.settings.get(name, default)
        return int(value) if isinstance(value, int | float) else default

    def word(self, name: str, default: str) -> str:
        value = self.settings.get(name, default)
        return value if isinstance(value, str) else default

    def is_for(self, name: str, value: str | None) -> bool:
        """Whether the fault's setting `name`, where given, equals `value`."""
        wanted = self.settings.get(name)
        return wanted is None or value is None or wanted == value


class Faults:
    """What is switched on."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._on: dict[str, list[Fault]] = {}

    @property
    def any(self) -> bool:
        return bool(self._on)

    def switch(self, request: Mapping[str, Setting], now_us: int, rng: Random | None = None) -> Fault | None:
        """Switch a fault on, or with `"off": true` off; `{"fault": "all", "off": true}` ends everything.

        Raises:
            BadFault: unknown name, or a count, duration or probability that makes no sense.
        """
        name = request.get("fault")
        if request.get("off") is True:
            self._turn_off(name)
            return None
        if not isinstance(name, str) or name not in FAULTS:
            raise BadFault(f"unknown fault {name!r}; known are: {', '.join(FAULTS)}")
        count, seconds = read_lasting(request)
        probability = request.get("probability", 1.0)
        if not isinstance(probability, int | float) or not 0 < probability <= 1:
            raise BadFault("probability must be above 0 and at most 1")
        until_us = None if seconds is None else now_us + int(seconds * 1_000_000)
        fault = Fault(name, dict(request), count, until_us, float(probability), rng or self._rng)
        if name not in IMMEDIATE:
            self._on.setdefault(name, []).append(fault)
        return fault

    def mix(self, request: Mapping[str, object], now_us: int) -> list[Fault]:
        """Switch a seeded mix on: `{"mix": 7, "faults": 6, "among": [...], "probability": 0.05, "seconds": 60}`.

        The seed chooses `faults` of `among` (default: `MIXABLE`), and for each of them how likely it is: at most
        `probability`. Its own generator decides when they hit. All settings but the seed are optional.

        Raises:
            BadFault: nothing can be chosen like that; nothing was switched on.
        """
        seed, size = request.get("mix"), request.get("faults", MIX_SIZE)
        among, most = request.get("among", list(MIXABLE)), request.get("probability", 0.05)
        if not isinstance(seed, int) or isinstance(seed, bool):
            raise BadFault("mix must be a whole number: its seed")
        if not isinstance(among, list) or not among or not all(name in MIXABLE for name in among):
            raise BadFault(f"among must be a list of: {', '.join(MIXABLE)}")
        if not isinstance(size, int) or isinstance(size, bool) or not 1 <= size <= len(among):
            raise BadFault("faults must be a whole number, at most as many as there are to choose among")
        if not isinstance(most, int | float) or not 0 < most <= 1:
            raise BadFault("probability must be above 0 and at most 1")
        count, seconds = read_lasting(request)
        lasting: dict[str, Setting] = {"count": count, "seconds": seconds}
        lasting = {name: value for name, value in lasting.items() if value is not None}
        rng = Random(f"{seed}/mix")
        chosen = [(name, round(most * rng.uniform(0.2, 1), 6)) for name in rng.sample(among, size)]
        made = [
            self.switch({"fault": name, "probability": probability, **lasting}, now_us, rng)
            for name, probability in chosen
        ]
        return [fault for fault in made if fault is not None]

    def _turn_off(self, name: Setting) -> None:
        if name in (None, "all"):
            self._on.clear()
        elif isinstance(name, str):
            self._on.pop(name, None)

    def hit(self, name: str, now_us: int, **where: str | None) -> Fault | None:
        """The fault to inject here and now, or `None`. `where` must agree with the fault's own settings."""
        if name not in self._on:
            return None
        for fault in tuple(self._on[name]):
            if fault.until_us is not None and now_us >= fault.until_us:
                self._drop(fault)
                continue
            if not all(fault.is_for(key, value) for key, value in where.items()):
                continue
            if fault.probability < 1 and fault.rng.random() >= fault.probability:
                continue
            fault.hits += 1
            if fault.left is not None:
                fault.left -= 1
                if fault.left == 0:
                    self._drop(fault)
            return fault
        return None

    def _drop(self, fault: Fault) -> None:
        rest = [other for other in self._on[fault.name] if other is not fault]
        if rest:
            self._on[fault.name] = rest
        else:
            del self._on[fault.name]

    def report(self) -> list[dict[str, Setting | dict[str, Setting]]]:
        """What is on now, for `GET /_sim/faults`."""
        return [
            {"fault": fault.name, "left": fault.left, "hits": fault.hits, "settings": dict(fault.settings)}
            for faults in self._on.values()
            for fault in faults
        ]


def read_lasting(request: Mapping[str, object]) -> tuple[int | None, float | None]:
    """How often and how many seconds a fault stays on."""
    count, seconds = request.get("count"), request.get("seconds")
    if count is not None and (not isinstance(count, int) or isinstance(count, bool) or count < 1):
        raise BadFault("count must be a whole number above zero")
    if seconds is not None and (not isinstance(seconds, int | float) or isinstance(seconds, bool) or seconds <= 0):
        raise BadFault("seconds must be above zero")
    return count, seconds
