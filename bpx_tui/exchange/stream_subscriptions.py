"""Which streams are wanted, which the current socket was asked for, and which have proven that they flow.

The exchange acknowledges nothing: a stream is proven by its first frame and by nothing else, on every socket anew.
"""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from bpx_tui.exchange.stream_names import is_private


class Subscriptions:
    """Reference counts of wanted streams against what was sent on one socket. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._asked: dict[str, float] = {}
        self._proofs: dict[str, float] = {}
        self._renew: set[str] = set()

    def want(self, stream: str) -> None:
        self._counts[stream] = self._counts.get(stream, 0) + 1

    def release(self, stream: str) -> None:
        """Take back one `want`.

        Raises:
            ValueError: nobody wants it.
        """
        count = self._counts.get(stream, 0)
        if count == 0:
            raise ValueError(f"{stream} was released more often than wanted")
        if count == 1:
            del self._counts[stream]
        else:
            self._counts[stream] = count - 1

    def renew(self, stream: str) -> None:
        """Have the stream unsubscribed and subscribed again, if it is subscribed."""
        if stream in self._asked:
            self._renew.add(stream)

    def forget_socket(self) -> None:
        """A new socket: nothing was asked for on it and nothing proven."""
        self._asked.clear()
        self._proofs.clear()
        self._renew.clear()

    def take_changes(self, now: float) -> tuple[list[str], list[str]]:
        """Streams to unsubscribe and to subscribe, each in order of wanting; they count as asked for from now on."""
        gone = [stream for stream in self._asked if stream not in self._counts or stream in self._renew]
        for stream in gone:
            del self._asked[stream]
            self._proofs.pop(stream, None)
        self._renew.clear()
        new = [stream for stream in self._counts if stream not in self._asked]
        self._asked.update(dict.fromkeys(new, now))
        return gone, new

    def prove(self, stream: str, now: float) -> None:
        if stream in self._asked:
            self._proofs[stream] = now

    def proven_at(self, stream: str) -> float | None:
        """When its newest frame came on this socket."""
        return self._proofs.get(stream)

    def silent_since(self, stream: str) -> float | None:
        """When its newest frame came, or before the first when it was asked for; `None` if it is not subscribed."""
        return self._proofs.get(stream, self._asked.get(stream))

    def unproven(self) -> tuple[str, ...]:
        return tuple(stream for stream in self._asked if stream not in self._proofs)


def unsubscribe_frame(streams: Sequence[str]) -> str:
    return orjson.dumps({"method": "UNSUBSCRIBE", "params": streams}).decode()


def subscribe_frame(streams: Sequence[str], signature: Sequence[str] | None = None) -> str:
    """`signature`: api key, signature, timestamp and window, needed as soon as one stream is private."""
    frame: dict[str, object] = {"method": "SUBSCRIBE", "params": streams}
    if signature is not None:
        frame["signature"] = list(signature)
    return orjson.dumps(frame).decode()


def split_private(streams: Sequence[str]) -> tuple[list[str], list[str]]:
    """Public and private ones, so that an error about a signature cannot take public streams with it."""
    return [name for name in streams if not is_private(name)], [name for name in streams if is_private(name)]
