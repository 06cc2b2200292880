"""Who listens to what. A frame is built once per stream and handed to every listener as the same bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from bpx_tui.simulator.domain.orders import AccountId
from bpx_tui.simulator.faults import Faults
from bpx_tui.simulator.streams.frames import websocket_frame
from bpx_tui.simulator.streams.names import StreamKind, StreamName
from bpx_tui.simulator.streams.tamper import Tamperer


class Outlet(Protocol):
    """Where frames go: a socket, or a list in a test."""

    def push(self, frame: bytes) -> None:
        """Queue one whole WebSocket frame; sent at the end of the current batch."""
        ...


@dataclass(slots=True)
class Channel:
    """One stream with at least one listener; private streams have one channel per account."""

    name: StreamName
    account: AccountId | None
    outlets: dict[Outlet, None] = field(default_factory=dict)


ChannelKey = tuple[AccountId | None, str]


class Hub:
    """All channels. Publishers ask for the channels of a kind, so a stream nobody hears costs nothing."""

    def __init__(self, faults: Faults, later: Callable[[int, Callable[[int], None]], None]) -> None:
        """`later(due_us, happening)` schedules what a fault delays."""
        self._channels: dict[ChannelKey, Channel] = {}
        self._by_kind: dict[StreamKind, dict[ChannelKey, Channel]] = {kind: {} for kind in StreamKind}
        self._tamperer = Tamperer(faults)
        self._faults = faults
        self._later = later
        self.frames_sent = 0

    def subscribe(self, outlet: Outlet, name: StreamName, account: AccountId | None) -> Channel | None:
        """Add a listener; answers the channel, or `None` where it was listening already."""
        key = (account, name.text)
        channel = self._channels.get(key)
        if channel is None:
            channel = self._channels[key] = Channel(name, account)
            self._by_kind[name.kind][key] = channel
        elif outlet in channel.outlets:
            return None
        channel.outlets[outlet] = None
        return channel

    def unsubscribe(self, outlet: Outlet, text: str) -> None:
        """Remove a listener from a stream, whichever account it was for; unknown ones are ignored."""
        for key in [key for key in self._channels if key[1] == text]:
            self._remove(outlet, key)

    def leave(self, outlet: Outlet) -> None:
        """Remove a listener from everything."""
        for key in [key for key, channel in self._channels.items() if outlet in channel.outlets]:
            self._remove(outlet, key)

    def _remove(self, outlet: Outlet, key: ChannelKey) -> None:
        channel = self._channels[key]
        channel.outlets.pop(outlet, None)
        if not channel.outlets:
            del self._channels[key]
            del self._by_kind[channel.name.kind][key]

    def channel(self, text: str, account: AccountId | None = None) -> Channel | None:
        """The channel of a stream, if somebody listens."""
        return self._channels.get((account, text))

    def channels(self, kind: StreamKind) -> list[Channel]:
        """Channels of one kind that somebody listens to."""
        return list(self._by_kind[kind].values())

    def send(self, channel: Channel, payload: bytes, now_us: int) -> None:
        """Give a payload to everyone on the channel; where faults are on, to be tampered with first."""
        if self._faults.any or self._tamperer.holds:
            late = self._faults.hit("rest_ahead", now_us) if channel.name.kind is StreamKind.DEPTH else None
            for tampered in self._tamperer.tampered(channel.name, payload, now_us):
                if late is None:
                    self._deliver(channel, tampered)
                else:
                    self._deliver_later(channel, tampered, now_us + late.number("delay_ms", 300) * 1000)
            return
        self._deliver(channel, payload)

    def _deliver_later(self, channel: Channel, payload: bytes, due_us: int) -> None:
        self._later(due_us, lambda _now_us: self._deliver(channel, payload))

    def send_to(self, outlet: Outlet, channel: Channel, payload: bytes, now_us: int) -> None:
        """Give a payload to one listener only: what is pushed on subscribing."""
        for tampered in self._tamperer.tampered(channel.name, payload, now_us):
            self.frames_sent += 1
            outlet.push(websocket_frame(tampered))

    def _deliver(self, channel: Channel, payload: bytes) -> None:
        frame = websocket_frame(payload)
        self.frames_sent += len(channel.outlets)
        for outlet in channel.outlets:
            outlet.push(frame)
