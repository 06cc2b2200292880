"""What answers out there? The questions behind `bpx-tui doctor`, each answered in words, none of them raised."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass

from bpx_tui.clock import Clock, SystemClock
from bpx_tui.config.credentials import Credentials
from bpx_tui.errors import BpxError, ExchangeError
from bpx_tui.exchange.limits import RequestBudget
from bpx_tui.exchange.operations import READ_ONLY_INSTRUCTIONS
from bpx_tui.exchange.rest import RestClient
from bpx_tui.exchange.server_clock import KEPT_SAMPLES, ServerClock
from bpx_tui.exchange.signing import Signer
from bpx_tui.exchange.stream import StreamClient, StreamState, StreamStatus

ALL_SECONDS = 15.0
SOCKET_SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether one thing works, and in words what was found."""

    is_good: bool
    text: str


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """What was asked and what answered. `account` is `None` without a key.

    `clock_offset_ms` is exchange minus local wall clock, `rest_rtt_ms` the shortest round trip; `None` if not measured.
    """

    rest_url: str
    ws_url: str
    rest: Answer
    status: Answer
    socket: Answer
    account: Answer | None
    clock_offset_ms: int | None = None
    rest_rtt_ms: float | None = None

    @property
    def is_good(self) -> bool:
        return all(answer.is_good for answer in (self.rest, self.status, self.socket, self.account) if answer)


async def probe(rest_url: str, ws_url: str, credentials: Credentials | None, clock: Clock | None = None) -> ProbeReport:
    """Ask REST, status, socket and account once each. Takes at most 15 s and sends nothing that changes anything."""
    clock = clock or SystemClock()
    time = ServerClock(clock)
    signer = None if credentials is None else Signer(credentials, READ_ONLY_INSTRUCTIONS)
    client = RestClient(rest_url, signer, time, clock, RequestBudget(clock))
    no_time = Answer(is_good=False, text="not asked: there was no time left")
    rest = status = socket = no_time
    account = None if credentials is None else no_time
    await client.open()
    try:
        async with asyncio.timeout(ALL_SECONDS):
            rest = await _rest(client)
            socket = await _socket(ws_url, time, clock)
            if rest.is_good:
                status = await _status(client)
                account = None if credentials is None else await _account(client)
    except TimeoutError:
        pass
    finally:
        await client.close()
    round_trip = time.round_trip_seconds
    return ProbeReport(
        rest_url,
        ws_url,
        rest,
        status,
        socket,
        account,
        clock_offset_ms=time.local_error_ms if time.is_synced else None,
        rest_rtt_ms=None if round_trip is None else round_trip * 1_000,
    )


async def _rest(client: RestClient) -> Answer:
    try:
        for _ in range(KEPT_SAMPLES):
            await client.measure_clock()
    except ExchangeError as error:
        return Answer(is_good=False, text=str(error))
    return Answer(is_good=True, text="answers")


async def _status(client: RestClient) -> Answer:
    try:
        status = await client.status()
    except ExchangeError as error:
        return Answer(is_good=False, text=str(error))
    return Answer(status.is_ok, f"{status.word} {status.message}".strip())


async def _account(client: RestClient) -> Answer:
    try:
        await client.account()
    except BpxError as error:
        return Answer(is_good=False, text=str(error))
    return Answer(is_good=True, text="the key is accepted")


async def _socket(ws_url: str, time: ServerClock, clock: Clock) -> Answer:
    """Whether a WebSocket can be opened; the first failure counts."""
    heard: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

    def on_state(status: StreamStatus) -> None:
        if heard.done():
            return
        if status.state is StreamState.OPEN:
            heard.set_result(Answer(is_good=True, text="opens"))
        elif status.state is StreamState.WAITING:
            heard.set_result(Answer(is_good=False, text=status.reason))

    socket = StreamClient(ws_url, None, time, clock, random.Random(), lambda _: None, on_state)
    try:
        async with asyncio.timeout(SOCKET_SECONDS), asyncio.TaskGroup() as group:
            running = group.create_task(socket.run())
            answer = await heard
            running.cancel()
    except TimeoutError:
        return Answer(is_good=False, text=f"nothing within {SOCKET_SECONDS:.0f} s")
    return answer
