"""A session with the real clients: signer, REST and socket, opened and closed in order."""

from __future__ import annotations

import asyncio
import random

from bpx_tui.clock import Clock, SystemClock
from bpx_tui.exchange.limits import RequestBudget
from bpx_tui.exchange.operations import READ_ONLY_INSTRUCTIONS, TRADING_INSTRUCTIONS
from bpx_tui.exchange.rest import RestClient
from bpx_tui.exchange.rest_transport import RestTransport
from bpx_tui.exchange.server_clock import ServerClock
from bpx_tui.exchange.signing import Signer
from bpx_tui.exchange.stream import StreamClient, StreamStatus
from bpx_tui.exchange.wire_stream import StreamEvent
from bpx_tui.service.desk import DeskConfig
from bpx_tui.service.intents import DeskBus, Mode
from bpx_tui.service.session import Session

CLOSE_SECONDS = 1.0


async def serve(config: DeskConfig, bus: DeskBus, stop: asyncio.Event, clock: Clock | None = None) -> None:
    """Run one session until `stop` is set; everything is closed when this returns."""
    clock = clock or SystemClock()
    rng = random.Random()
    time = ServerClock(clock)
    signer = signer_for(config)
    budget = RequestBudget(clock)
    transport = RestTransport(config.rest_url, signer, time, budget, window_ms=config.order_window_ms)
    venue = RestClient(config.rest_url, signer, time, clock, budget, transport=transport)

    def on_event(event: StreamEvent) -> None:
        session.take(event)

    def on_state(status: StreamStatus) -> None:
        session.socket_changed(status)

    socket = StreamClient(config.ws_url, signer, time, clock, rng, on_event, on_state)
    session = Session(config, bus, venue, socket, clock, time, rng)
    await venue.open()
    try:
        await session.run(stop)
    finally:
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await venue.close()
        except TimeoutError:
            pass


def signer_for(config: DeskConfig) -> Signer | None:
    """What may be signed: nothing without a key, reads in `READ` mode, and never a withdrawal."""
    if config.credentials is None:
        return None
    allowed = READ_ONLY_INSTRUCTIONS if config.mode is Mode.READ else TRADING_INSTRUCTIONS
    return Signer(config.credentials, allowed)
