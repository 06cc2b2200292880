"""Opens the screen: on this terminal behind the launcher, or on none for a picture.

The order is the point. The simulated exchange starts first, in its own process; then Textual is read and a light first
frame is painted; then the model and the panels are read and the desk is painted; only then the service thread starts
and reads the network's libraries.
"""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import signal
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final

from bpx_tui.cli.arguments import Arguments
from bpx_tui.cli.exit_codes import by_signal
from bpx_tui.cli.failures import status_of
from bpx_tui.cli.guard import allow_only
from bpx_tui.cli.launcher import GRACE_SECONDS, launch
from bpx_tui.cli.session_plan import SessionPlan, plan_session
from bpx_tui.cli.simulated import SimulatedExchange
from bpx_tui.cli.terminal import draw_on_stdouts_terminal, require_terminal
from bpx_tui.config.endpoints import Endpoints
from bpx_tui.config.logs import start_logging
from bpx_tui.config.places import user_places
from bpx_tui.service.mode import Mode

if TYPE_CHECKING:
    from textual.app import AutopilotCallbackType
    from textual.pilot import Pilot

    from bpx_tui.service.desk import Desk, DeskConfig
    from bpx_tui.service.intents import DeskBus
    from bpx_tui.ui.app import TradingApp

PICTURE_SIZE: Final = (200, 60)
THIS_MACHINE: Final = Endpoints("http://127.0.0.1", "ws://127.0.0.1")


def open_screen(arguments: Arguments) -> int:
    """Run the screen that the command line asks for, until it is left; answers the exit status.

    Raises:
        UsageError: there is no terminal, or a setting cannot be used; nothing was started.
    """
    if arguments.screenshot is None:
        require_terminal(os.environ, sys.stdin, sys.stdout)
    plan = plan_session(arguments, os.environ)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would hold the key
    exchange = SimulatedExchange(arguments.seed, arguments.scenario) if plan.starts_exchange else None
    if arguments.screenshot is not None:
        return _run(arguments, plan, exchange)
    return launch(lambda: status_of(lambda: _run(arguments, plan, exchange)))


def _run(arguments: Arguments, plan: SessionPlan, exchange: SimulatedExchange | None) -> int:
    """Be the program: paint, then connect; disconnect when the screen is left."""
    allow_only(THIS_MACHINE if exchange is not None else plan.settings.endpoints)
    start_logging(user_places(), plan.settings.log_level)

    @cache
    def desk() -> Desk:
        from bpx_tui.service.desk import Desk

        return Desk(lambda: _desk_config(plan, exchange))

    app = _make_app(plan, desk)
    _end_on_signals(app)
    try:
        if arguments.screenshot is None:
            draw_on_stdouts_terminal()
            app.run()
        else:
            size = arguments.size or PICTURE_SIZE
            app.run(headless=True, size=size, auto_pilot=_photographer(app, arguments.screenshot, arguments.after))
    finally:
        desk().stop()
    if plan.mode is Mode.LIVE:
        say_what_stays(desk().bus)
    return app.return_code or 0


def _desk_config(plan: SessionPlan, exchange: SimulatedExchange | None) -> DeskConfig:
    """What the service thread needs, asked for on that thread.

    It reads the network's libraries first, while the simulated exchange is still starting, and without the garbage
    collector, which would look in vain through everything that was read since the start.
    """
    import bpx_tui.service.connect  # noqa: F401
    from bpx_tui.service.desk import DeskConfig

    gc.freeze()
    gc.enable()
    endpoints, credentials = plan.settings.endpoints, plan.credentials
    if exchange is not None:
        ready = exchange.wait_until_ready()
        endpoints, credentials = ready.endpoints, ready.credentials
    return DeskConfig(
        mode=plan.mode,
        rest_url=endpoints.rest_url,
        ws_url=endpoints.ws_url,
        credentials=credentials,
        symbol=plan.settings.symbol,
        interval=plan.settings.interval,
        limits=plan.settings.limits,
    )


def say_what_stays(bus: DeskBus) -> None:
    """On the normal screen: what is left at the exchange, which cancels nothing when a client goes away."""
    from bpx_tui.service.topics import ACCOUNT

    account = bus.latest.value(ACCOUNT)
    if account is None:
        return
    for order in account.orders or ():
        if order.is_live:
            name = order.order.order_id if order.order is not None else f"with client id {order.client_id}"
            print(f"Still at the exchange: {order.symbol} order {name}, {order.state}.")
    for strategy in account.strategies or ():
        size = "" if strategy.quantity is None else f" of {strategy.quantity:f}"
        print(
            f"Still at the exchange: {strategy.symbol} strategy {strategy.strategy_id}, {strategy.side}"
            f" {strategy.executed_quantity:f}{size} executed; it goes on trading."
        )
    if account.strategies_unknown:
        print(f"Whether strategies run at the exchange is not known: {account.strategies_unknown.rstrip('.')}.")
    for position in account.positions or ():
        print(f"Still at the exchange: {position.symbol} position of {position.net_quantity:f}.")


def _make_app(plan: SessionPlan, desk: Callable[[], Desk]) -> TradingApp:
    from bpx_tui.clock import SystemClock
    from bpx_tui.ui.app import TradingApp

    return TradingApp(
        lambda: desk().bus,
        mode=plan.mode,
        symbol=plan.settings.symbol,
        interval=plan.settings.interval,
        theme=plan.theme,
        clock=SystemClock(),
        on_first_paint=lambda: desk().start(),
        keymap=plan.keymap,
        log_file=user_places().log_file,
        limits=plan.settings.limits,
        user_themes=user_places().themes,
    )


def _end_on_signals(app: TradingApp) -> None:
    """Leave the screen properly when told to end, without asking anything."""

    def end(number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # the terminal may already be somebody else's
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            raise SystemExit(by_signal(number)) from None
        loop.call_soon_threadsafe(lambda: app.exit(return_code=by_signal(number)))
        signal.setitimer(signal.ITIMER_REAL, GRACE_SECONDS)  # the end of a program that does not manage it

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, end)


def _photographer(app: TradingApp, path: Path, after_seconds: float) -> AutopilotCallbackType:
    async def take(_pilot: Pilot[object]) -> None:
        await asyncio.sleep(after_seconds)
        app.save_screen(path)
        app.exit()

    return take
