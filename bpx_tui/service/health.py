"""The state of the connection in one word, with the reason in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bpx_tui.clock import Clock
from bpx_tui.exchange.server_clock import ServerClock
from bpx_tui.exchange.stream import StreamState, StreamStatus
from bpx_tui.model.views import FeedHealth, FeedWord
from bpx_tui.service.bus import Latest
from bpx_tui.service.ports import Socket
from bpx_tui.service.topics import HEALTH

PUBLISH_SECONDS = 0.25
POLL_BUDGET_SECONDS = 6.0
FIRST_FRAME_SECONDS = 3.0
CONNECTING_SECONDS = 6.0
"""A lost socket is usually back by then, and polling has begun where it is not."""
WITHOUT_NETWORK = "`bpx-tui demo` needs no network"


class Health:
    """Collects what is known of socket, REST and clock, and publishes it four times a second."""

    def __init__(self, latest: Latest, clock: Clock, time: ServerClock) -> None:
        self._latest = latest
        self._clock = clock
        self._time = time
        self._socket = StreamStatus(StreamState.CONNECTING)
        self._socket_since = clock.monotonic()
        self._polled_at = float("-inf")
        self._rest_reason = ""
        self._rest_rtt: float | None = None
        self.trouble: str = ""
        """A part of the service that failed, in words; empty when all is well."""
        self.publish(None, None)

    def socket(self, status: StreamStatus) -> None:
        """The socket opened, closed or failed to open."""
        if (status.state is StreamState.OPEN) is not self.is_open or status.session != self._socket.session:
            self._socket_since = self._clock.monotonic()
        self._socket = status

    @property
    def is_open(self) -> bool:
        return self._socket.state is StreamState.OPEN

    def socket_down_for(self, seconds: float) -> bool:
        """Whether there has been no socket for at least that long."""
        return not self.is_open and self._clock.monotonic() - self._socket_since >= seconds

    def rest_answered(self, round_trip_seconds: float) -> None:
        self._rest_rtt, self._rest_reason = round_trip_seconds * 1_000, ""

    def rest_failed(self, reason: str) -> None:
        self._rest_reason = reason

    def polled(self) -> None:
        """The market on screen was read by REST in place of the stream."""
        self._polled_at = self._clock.monotonic()

    def publish(self, market_age_us: int | None, socket: Socket | None, streams: Iterable[str] = ()) -> None:
        """`market_age_us` is the age of the newest proof of the market on screen, whose streams are given."""
        word, reason = self._judge(market_age_us)
        health = FeedHealth(
            word,
            reason,
            retry_at=self._socket.retry_at,
            rest_rtt_ms=self._rest_rtt,
            clock_offset_ms=self._time.local_error_ms if self._time.is_synced else None,
            reconnects=self._socket.reconnects,
        )
        if socket is not None:
            proofs = ((name, socket.proven_at(name)) for name in streams)
            health = replace(
                health,
                socket_rtt_ms=socket.rtt_ms,
                last_frame_us=None if socket.last_frame_at is None else self._exchange_us(socket.last_frame_at),
                frames=socket.frames,
                undecodable=socket.undecodable,
                unproven_streams=socket.unproven(),
                proofs=tuple((name, self._exchange_us(at)) for name, at in proofs if at is not None),
            )
        self._latest.put(HEALTH, health)

    def _exchange_us(self, monotonic: float) -> int:
        return int(monotonic * 1_000_000) + self._time.offset_us

    def _judge(self, market_age_us: int | None) -> tuple[FeedWord, str]:
        now = self._clock.monotonic()
        if self.is_open:
            if market_age_us is not None and market_age_us <= 3_000_000:
                return FeedWord.STREAMING, self.trouble
            if now - self._socket_since < FIRST_FRAME_SECONDS:
                return FeedWord.CONNECTING, "waiting for the first data"
            return FeedWord.STALE, "the socket is open, but this market sends nothing (closed?)"
        if now - self._polled_at <= POLL_BUDGET_SECONDS:
            return FeedWord.POLLING, f"stream down: {self._socket.reason}"
        if not self._rest_reason and now - self._socket_since < CONNECTING_SECONDS:
            return FeedWord.CONNECTING, self._socket.reason
        if self._rest_reason:
            return FeedWord.OFFLINE, f"{self._rest_reason} {WITHOUT_NETWORK}."
        return FeedWord.OFFLINE, f"stream down: {self._socket.reason}"
