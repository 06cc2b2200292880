"""`bpx-tui doctor`: what is configured and from where, what answers, and how far the clocks are apart. Only reads."""

from __future__ import annotations

import asyncio
import os
from typing import Final

from bpx_tui import __version__
from bpx_tui.cli.arguments import Arguments
from bpx_tui.cli.exit_codes import ExitCode
from bpx_tui.cli.guard import allow_only
from bpx_tui.cli.session_plan import find_credentials, find_looks, find_settings, forget_variables
from bpx_tui.config.credentials import Credentials
from bpx_tui.config.endpoints import BACKPACK, check_real
from bpx_tui.config.settings import Settings
from bpx_tui.service.probe import Answer, ProbeReport, probe

CLOCK_TOLERANCE_MS: Final = 1_000
_MARKS: Final = {ExitCode.OK: "ok", ExitCode.FAILED: "!!", ExitCode.UNREACHABLE: "no"}


def doctor(arguments: Arguments) -> int:
    """Look at everything and say it line by line; the worst of it is the exit status.

    Raises:
        UsageError: a setting, theme, keymap or key that cannot be used.
    """
    settings = find_settings(arguments, os.environ)
    find_looks(settings)  # a theme or keymap that the screen would refuse is refused here too
    credentials = find_credentials(arguments, os.environ)
    check_real(settings.endpoints, live=False, has_key=credentials is not None)
    forget_variables(os.environ)
    _say_configuration(settings, credentials)
    allow_only(settings.endpoints)
    report = asyncio.run(probe(settings.endpoints.rest_url, settings.endpoints.ws_url, credentials))
    worst = _say_answers(report)
    if worst is ExitCode.UNREACHABLE:
        print("The exchange cannot be reached from here. `bpx-tui demo` needs no network.")
    return worst


def _say_configuration(settings: Settings, credentials: Credentials | None) -> None:
    _say("version", __version__)
    given = {name: source for name, source in settings.sources.items() if source != "default"}
    for name, source in given.items():
        _say("setting", f"{name} from {source}")
    if not given:
        _say("settings", "all by default")
    key = "none: public data only" if credentials is None else f"{credentials.fingerprint} from {credentials.source}"
    _say("API key", key)
    kind = "Backpack" if settings.endpoints == BACKPACK else "another exchange"
    _say("exchange", f"{kind}: {settings.endpoints.rest_url} and {settings.endpoints.ws_url}")


def _say_answers(report: ProbeReport) -> ExitCode:
    """One line for each question; answers the worst."""
    found = [_say_answer("REST", report.rest, ExitCode.UNREACHABLE)]
    if report.clock_offset_ms is not None:
        found.append(_say_clock(report.clock_offset_ms, report.rest_rtt_ms or 0))
    found.append(_say_answer("stream", report.socket, ExitCode.UNREACHABLE))
    if report.rest.is_good:
        found.append(_say_answer("status", report.status, ExitCode.FAILED))
        if report.account is not None:
            found.append(_say_answer("account", report.account, ExitCode.FAILED))
    return max(found)


def _say_clock(offset_ms: int, round_trip_ms: float) -> ExitCode:
    side = "behind" if offset_ms > 0 else "ahead of"
    text = f"this machine's is {abs(offset_ms)} ms {side} the exchange's (round trip {round_trip_ms:.0f} ms)"
    if abs(offset_ms) <= CLOCK_TOLERANCE_MS:
        return _say("clock", text)
    return _say("clock", f"{text}; requests are signed with the exchange's time, but mend it", ExitCode.FAILED)


def _say_answer(name: str, answer: Answer, if_bad: ExitCode) -> ExitCode:
    return _say(name, answer.text, ExitCode.OK if answer.is_good else if_bad)


def _say(name: str, text: str, status: ExitCode = ExitCode.OK) -> ExitCode:
    print(f"{_MARKS[status]}  {name:<10} {text}", flush=True)
    return status
