"""The state of the connection in one word, with the reason in words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from bpx_tui.clock import Clock
from bpx_tui.exchange.server_clock import ServerClock
from bpx_tui.model.views import FeedHealth, FeedWord
from bpx_tui.service.bus import Latest
from bpx_tui.service.topics import HEALTH

PUBLISH_SECONDS = 0.25
POLL_BUDGET_SECONDS = 6.0
FIRST_FRAME_SECONDS = 3.0
WITHOUT_NETWORK = "`bpx-tui demo` works without a network"


@dataclass(frozen=True, slots=True)
class SocketState:
    """The stream socket as its client reports it. `retry_at` is a local monotonic second."""

    is_open: bool
    reason: str = ""
    retry_at: float | None = None


class SocketFigures(Protocol):
    """What the stream client counts."""

    @property
    def frames(self) -> int: ...

    @property
    def undecodable(self) -> int: ...

    @property
    def reconnects(self) -> int: ...

    @property
    def rtt_ms(self) -> float | None: ...

    def unproven(self) -> tuple[str, ...]: ...

    def proofs(self) -> tuple[tuple[str, int], ...]: ...


class Health:
    """Collects what is known of socket, REST and clock, and publishes it four times a second."""

    def __init__(self, latest: Latest, clock: Clock, time: ServerClock) -> None:
        self._latest = latest
        self._clock = clock
        self._time = time
        self._socket = SocketState(is_open=False, reason="connecting")
        self._socket_since = clock.monotonic()
        self._tried = False
        self._polled_at = float("-inf")
        self._rest_reason = ""
        self._rest_rtt: float | None = None
        self.trouble: str = ""
        """A part of the service that failed, in words; empty when all is well."""
        self.publish(None, None)

    def socket(self, state: SocketState) -> None:
        """The socket opened, closed or failed to open."""
        if state.is_open is not self._socket.is_open:
            self._socket_since = self._clock.monotonic()
        self._tried = self._tried or bool(state.is_open or state.retry_at is not None)
        self._socket = state

    def socket_down_for(self, seconds: float) -> bool:
        """Whether there has been no socket for at least that long."""
        return not self._socket.is_open and self._clock.monotonic() - self._socket_since >= seconds

    def rest_answered(self, round_trip_seconds: float) -> None:
        self._rest_rtt, self._rest_reason = round_trip_seconds * 1_000, ""

    def rest_failed(self, reason: str) -> None:
        self._rest_reason = reason

    def polled(self) -> None:
        """The market on screen was read by REST in place of the stream."""
        self._polled_at = self._clock.monotonic()

    def publish(self, market_age_us: int | None, figures: SocketFigures | None) -> None:
        """`market_age_us` is the age of the newest proof of the market on screen."""
        word, reason = self._judge(market_age_us)
        health = FeedHealth(
            word,
            reason,
            retry_at=self._socket.retry_at,
            rest_rtt_ms=self._rest_rtt,
            clock_offset_ms=self._time.local_error_ms if self._time.is_synced else None,
        )
        if figures is not None:
            proofs = figures.proofs()
            health = replace(
                health,
                socket_rtt_ms=figures.rtt_ms,
                last_frame_us=max((at for _, at in proofs), default=None),
                reconnects=figures.reconnects,
                frames=figures.frames,
                undecodable=figures.undecodable,
                unproven_streams=figures.unproven(),
                proofs=proofs,
            )
        self._latest.put(HEALTH, health)

    def _judge(self, market_age_us: int | None) -> tuple[FeedWord, str]:
        now = self._clock.monotonic()
        if self._socket.is_open:
            if market_age_us is not None and market_age_us <= 3_000_000:
                return FeedWord.STREAMING, self.trouble
            if now - self._socket_since < FIRST_FRAME_SECONDS:
                return FeedWord.CONNECTING, "waiting for the first data"
            return FeedWord.STALE, "the socket is open, but this market sends nothing (closed?)"
        if now - self._polled_at <= POLL_BUDGET_SECONDS:
            return FeedWord.POLLING, f"stream down: {self._socket.reason}"
        if not self._tried and not self._rest_reason:
            return FeedWord.CONNECTING, self._socket.reason
        if self._rest_reason:
            return FeedWord.OFFLINE, f"{self._rest_reason} {WITHOUT_NETWORK}."
        return FeedWord.OFFLINE, f"stream down: {self._socket.reason}"
