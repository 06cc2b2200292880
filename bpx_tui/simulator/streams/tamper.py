"""What faults do to frames on their way out. Only touched while some fault is on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import orjson

from bpx_tui.simulator.faults import Fault, Faults
from bpx_tui.simulator.streams.names import StreamKind, StreamName

Data: TypeAlias = dict[str, object]

_YEAR_US = 31_536_000_000_000
_EVIL = "\x1b]52;c;ZXZpbA==\x07\x9b31m[@click=app.quit]\u202e[/]"
_SILENT = ("mute_streams", "mute_all_ws")
_GARBAGE = (b"null", b"[]", b'{"stream":', b"\xff\xfe{}", b'{"stream":"nobody.knows","data":{}}', b'""')


class Tamperer:
    """Applies the faults that concern frames, in a fixed order: silence, content, then order and number."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._held: dict[str, bytes] = {}
        self._garbage = 0

    @property
    def holds(self) -> bool:
        """Whether a frame waits to be sent after its successor."""
        return bool(self._held)

    def tampered(self, name: StreamName, payload: bytes, now_us: int) -> list[bytes]:
        """The payloads to send instead of `payload`: none, one or more."""
        faults, stream = self._faults, name.text
        if faults.any:
            if any(faults.hit(silent, now_us) for silent in _SILENT) or faults.hit("mute", now_us, stream=stream):
                return []
            if faults.hit("drop_frame", now_us, stream=stream) or self._is_lost(name, payload, now_us):
                return []
            payload = self._rewritten(name, payload, now_us)
        frames = [payload]
        if held := self._held.pop(stream, None):
            frames.append(held)
        elif faults.hit("swap", now_us, stream=stream):
            self._held[stream] = payload
            return []
        if faults.hit("dup", now_us, stream=stream) or self._is_double_fill(name, payload, now_us):
            frames.insert(0, payload)
        if faults.hit("garbage", now_us, stream=stream):
            self._garbage += 1
            frames.append(_GARBAGE[self._garbage % len(_GARBAGE)])
        return frames

    def _is_lost(self, name: StreamName, payload: bytes, now_us: int) -> bool:
        if not name.is_private:
            return False
        event = str(orjson.loads(payload)["data"].get("e", ""))
        return self._faults.hit("lose", now_us, event=event) is not None

    def _is_double_fill(self, name: StreamName, payload: bytes, now_us: int) -> bool:
        if name.kind is not StreamKind.ORDER_UPDATE or b'"orderFill"' not in payload:
            return False
        return self._faults.hit("dup_fill", now_us) is not None

    def _rewritten(self, name: StreamName, payload: bytes, now_us: int) -> bytes:
        found = [(fault, change) for word, change in _CHANGES if (fault := self._hit(word, name, now_us)) is not None]
        twice = self._hit("dupkey", name, now_us)
        if not found and twice is None:
            return payload
        frame = orjson.loads(payload)
        for fault, change in found:
            change(fault, frame["data"])
        changed = orjson.dumps(frame, option=orjson.OPT_SORT_KEYS)
        if twice is not None:
            changed = changed.replace(b'"u":', b'"u":1,"u":', 1).replace(b'"e":', b'"e":"twice","e":', 1)
        return changed

    def _hit(self, word: str, name: StreamName, now_us: int) -> Fault | None:
        if word in _ORDERS_ONLY and name.kind is not StreamKind.ORDER_UPDATE:
            return None
        if word in _DEPTH_ONLY and name.kind is not StreamKind.DEPTH:
            return None
        return self._faults.hit(word, now_us, stream=name.text)


_ORDERS_ONLY = frozenset({"no_c", "null_trade", "unknown_enum"})
_DEPTH_ONLY = frozenset({"seq_reset", "format_mix", "empty_side"})


def _no_client_id(_fault: Fault, data: Data) -> None:
    data.pop("c", None)


def _null_trade(_fault: Fault, data: Data) -> None:
    data["t"] = None


def _unknown_enum(_fault: Fault, data: Data) -> None:
    if "R" in data:
        data["R"] = "PRICE_BAND"
    elif data.get("X") in ("New", "Cancelled"):
        data["X"] = "PendingRelease"


def _drift(_fault: Fault, data: Data) -> None:
    for key, value in list(data.items()):
        if isinstance(value, int) and not isinstance(value, bool):
            data[key] = str(value)
        elif key in ("i", "c", "q", "p") and isinstance(value, str) and value.replace(".", "", 1).isdigit():
            data[key] = float(value) if "." in value else int(value)


def _strip(fault: Fault, data: Data) -> None:
    data.pop(fault.word("field", "s"), None)


def _evil(_fault: Fault, data: Data) -> None:
    for key in ("s", "N", "R", "X"):
        if isinstance(data.get(key), str):
            data[key] = f"{data[key]}{_EVIL}"


def _future(_fault: Fault, data: Data) -> None:
    for key in ("E", "T"):
        value = data.get(key)
        if isinstance(value, int):
            data[key] = value + _YEAR_US


def _restart(_fault: Fault, data: Data) -> None:
    for key in ("U", "u"):
        value = data.get(key)
        if isinstance(value, int):
            data[key] = value % 100_000


def _mix(_fault: Fault, data: Data) -> None:
    for side in ("a", "b"):
        levels = data.get(side)
        if isinstance(levels, list):
            data[side] = [[price.rstrip("0").rstrip(".") if "." in price else price, q] for price, q in levels]


def _empty(fault: Fault, data: Data) -> None:
    data["b" if fault.word("side", "bids") == "bids" else "a"] = []


_CHANGES: tuple[tuple[str, Callable[[Fault, Data], None]], ...] = (
    ("no_c", _no_client_id),
    ("null_trade", _null_trade),
    ("unknown_enum", _unknown_enum),
    ("drift", _drift),
    ("strip_field", _strip),
    ("evil_strings", _evil),
    ("ts", _future),
    ("seq_reset", _restart),
    ("format_mix", _mix),
    ("empty_side", _empty),
)
