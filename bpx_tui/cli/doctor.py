"""`bpx-tui doctor`: what is configured and from where, what answers, and how far the clocks are apart.

Only reads: the time, the exchange's status, one market's ticker from the stream, with a key the account's settings.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bpx_tui import __version__
from bpx_tui.cli.arguments import Arguments
from bpx_tui.cli.exit_codes import ExitCode
from bpx_tui.cli.guard import allow_only
from bpx_tui.cli.session_plan import find_credentials, find_settings, forget_variables
from bpx_tui.clock import SystemClock
from bpx_tui.config.credentials import Credentials
from bpx_tui.config.endpoints import BACKPACK, check_real
from bpx_tui.config.settings import Settings
from bpx_tui.errors import BpxError, NotSent, Unavailable
from bpx_tui.exchange import stream_names
from bpx_tui.exchange.limits import RequestBudget
from bpx_tui.exchange.operations import READ_ONLY_INSTRUCTIONS
from bpx_tui.exchange.rest import RestClient
from bpx_tui.exchange.server_clock import KEPT_SAMPLES, ServerClock
from bpx_tui.exchange.signing import Signer
from bpx_tui.exchange.stream import StreamClient, StreamStatus
from bpx_tui.exchange.wire_stream import StreamEvent

STREAM_SECONDS = 10.0
CLOCK_TOLERANCE_MS = 1_000


@dataclass(slots=True)
class _Findings:
    """What was found, printed as it is found; the worst of it is the exit status."""

    status: ExitCode = ExitCode.OK
    marks: dict[ExitCode, str] = field(
        default_factory=lambda: {ExitCode.OK: "ok", ExitCode.FAILED: "!!", ExitCode.UNREACHABLE: "no"}
    )

    def say(self, name: str, text: str, status: ExitCode = ExitCode.OK) -> None:
        print(f"{self.marks[status]}  {name:<12} {text}", flush=True)
        self.status = max(self.status, status)


def doctor(arguments: Arguments) -> int:
    """Look at everything and say it line by line. Raises: UsageError: a setting or key that cannot be used."""
    findings = _Findings()
    settings = find_settings(arguments, os.environ)
    credentials = find_credentials(arguments, os.environ)
    check_real(settings.endpoints, live=False, has_key=credentials is not None)
    forget_variables(os.environ)
    _say_configuration(findings, settings, credentials)
    allow_only(settings.endpoints)
    asyncio.run(_ask_exchange(findings, settings, credentials))
    if findings.status is ExitCode.UNREACHABLE:
        print("The exchange cannot be reached from here. `bpx-tui demo` needs no network.")
    return findings.status


def _say_configuration(findings: _Findings, settings: Settings, credentials: Credentials | None) -> None:
    findings.say("version", __version__)
    given = {name: source for name, source in settings.sources.items() if source != "default"}
    for name, source in given.items():
        findings.say("setting", f"{name} from {source}")
    if not given:
        findings.say("settings", "all by default")
    key = "none: public data only" if credentials is None else f"{credentials.fingerprint} from {credentials.source}"
    findings.say("API key", key)
    kind = "Backpack" if settings.endpoints == BACKPACK else "another exchange"
    findings.say("exchange", f"{kind}: {settings.endpoints.rest_url} and {settings.endpoints.ws_url}")


async def _ask_exchange(findings: _Findings, settings: Settings, credentials: Credentials | None) -> None:
    clock = SystemClock()
    time = ServerClock(clock)
    signer = None if credentials is None else Signer(credentials, READ_ONLY_INSTRUCTIONS)
    rest = RestClient(settings.endpoints.rest_url, signer, time, clock, RequestBudget(clock))
    await rest.open()
    try:
        if await _check(findings, "clock", lambda: _measure(rest, time)):
            await _check(findings, "REST", lambda: _status(rest))
            if signer is not None:
                await _check(findings, "account", lambda: _account(rest))
    finally:
        await rest.close()
    await _check(findings, "stream", lambda: _stream(settings, time))


async def _check(findings: _Findings, name: str, ask: Callable[[], Awaitable[tuple[str, ExitCode]]]) -> bool:
    """Ask one thing; what goes wrong is a finding, not an end."""
    try:
        text, status = await ask()
    except (NotSent, Unavailable) as error:
        text, status = str(error), ExitCode.UNREACHABLE
    except BpxError as error:
        text, status = str(error), ExitCode.FAILED
    findings.say(name, text, status)
    return status is not ExitCode.UNREACHABLE


async def _measure(rest: RestClient, time: ServerClock) -> tuple[str, ExitCode]:
    for _ in range(KEPT_SAMPLES):
        await rest.measure_clock()
    off, trip = time.local_error_ms, (time.round_trip_seconds or 0) * 1000
    side = "behind" if off > 0 else "ahead of"
    text = f"this machine's clock is {abs(off)} ms {side} the exchange's (round trip {trip:.0f} ms)"
    if abs(off) <= CLOCK_TOLERANCE_MS:
        return text, ExitCode.OK
    return f"{text}; requests are signed with the exchange's time, but mend it", ExitCode.FAILED


async def _status(rest: RestClient) -> tuple[str, ExitCode]:
    status = await rest.status()
    words = f"status {status.word}" + (f": {status.message}" if status.message else "")
    markets = await rest.markets()
    return f"{words}; {len(markets)} markets", ExitCode.OK if status.is_ok else ExitCode.FAILED


async def _account(rest: RestClient) -> tuple[str, ExitCode]:
    account = await rest.account()
    fees = f"spot fees {account.spot_maker_fee_bps}/{account.spot_taker_fee_bps} bps maker/taker"
    return f"the key is accepted; {fees}", ExitCode.OK


async def _stream(settings: Settings, time: ServerClock) -> tuple[str, ExitCode]:
    """Open the one WebSocket and wait for a market's ticker, which beats once a second."""
    arrived = asyncio.Event()
    reasons: list[str] = []

    def on_event(_event: StreamEvent) -> None:
        arrived.set()

    def on_state(status: StreamStatus) -> None:
        if status.reason:
            reasons.append(status.reason)

    clock = SystemClock()
    client = StreamClient(settings.endpoints.ws_url, None, time, clock, random.Random(), on_event, on_state)
    client.want(stream_names.ticker(settings.symbol))
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(client.run())
        try:
            async with asyncio.timeout(STREAM_SECONDS):
                await arrived.wait()
        except TimeoutError:
            why = reasons[-1] if reasons else f"no ticker of {settings.symbol} came in {STREAM_SECONDS:.0f} s"
            return why, ExitCode.UNREACHABLE
        finally:
            await client.close()
            running.cancel()
    return f"ticker of {settings.symbol} received", ExitCode.OK
