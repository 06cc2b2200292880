"""Runs the simulated exchange: `bpx-tui exchange`, or `python -m bpx_tui.simulator`.

Standard output carries exactly one line, when the exchange is ready: a JSON object with its addresses and accounts.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import signal
import sys
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path

import orjson

from bpx_tui.model.ids import Asset
from bpx_tui.simulator.catalogue import default_catalogue
from bpx_tui.simulator.clock import US_PER_SECOND, RealClock
from bpx_tui.simulator.exchange import Exchange
from bpx_tui.simulator.options import DEMO_BALANCES, AccountOption, Options, Scenario
from bpx_tui.simulator.server import ExchangeServer
from bpx_tui.simulator.state_file import StateFile, UnusableState, continued

SAVE_EVERY_S = 60


def main(argv: Sequence[str] | None = None) -> int:
    """Run until SIGINT or SIGTERM; answers the exit status."""
    return run(read_options(argv))


def run(options: Options) -> int:
    """Run an exchange in this process until SIGINT or SIGTERM.

    0 after a signal, 1 where the port is taken or the state file cannot be used.
    """
    try:
        state = None if options.state is None else StateFile(options.state)
        return asyncio.run(_serve(_exchange(options, state), state))
    except UnusableState as error:
        sys.stderr.write(f"bpx-tui exchange: {error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"bpx-tui exchange: cannot listen on {options.host}:{options.port}: {error}\n")
        return 1


def _exchange(options: Options, state: StateFile | None) -> Exchange:
    """A new exchange, or one that goes on where the state file left it."""
    catalogue, clock = default_catalogue(), RealClock(options.speed)
    if state is None:
        return Exchange(options, catalogue, clock, skip_when_late=True)
    catalogue = continued(catalogue, state.prices())
    return Exchange(options, catalogue, clock, skip_when_late=True, saved=state.accounts())


async def _serve(exchange: Exchange, state: StateFile | None) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for word in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(word, stop.set)
    server = ExchangeServer(exchange)
    async with server.listening(exchange.options.host, exchange.options.port):
        sys.stdout.write(ready_line(server) + "\n")
        sys.stdout.flush()
        gc.freeze()
        async with asyncio.TaskGroup() as tasks:
            passing = tasks.create_task(server.let_time_pass())
            if state is not None:
                keep = state
                period_us = int(SAVE_EVERY_S * US_PER_SECOND * exchange.options.speed)
                exchange.every(period_us, lambda _now_us: keep.save(exchange.saved(), exchange.prices()))
            await stop.wait()
            passing.cancel()
    if state is not None:
        state.save(exchange.saved(), exchange.prices())
    return 0


def ready_line(server: ExchangeServer) -> str:
    """The JSON that says where the exchange is and who may trade on it. Play money: secrets are meant to be read."""
    host = server.exchange.options.host
    address = f"[{host}]:{server.port}" if ":" in host else f"{host}:{server.port}"
    accounts = [
        {"name": pair.account, "api_key": pair.api_key, "api_secret": pair.api_secret}
        for pair in server.exchange.credentials
    ]
    line = {
        "event": "ready",
        "rest_url": f"http://{address}",
        "ws_url": f"ws://{address}/",
        "accounts": accounts,
    }
    return orjson.dumps(line).decode()


def read_options(argv: Sequence[str] | None) -> Options:
    """Options from a command line; argparse exits with status 2 where they make no sense."""
    parser = argparse.ArgumentParser(prog="bpx-tui exchange", description="Run the simulated exchange alone.")
    add_arguments(parser)
    return options_from(parser.parse_args(argv))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `bpx-tui exchange`."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    parser.add_argument("--port", type=_port, default=0, help="port to listen on; 0 picks a free one")
    parser.add_argument("--seed", type=int, default=1, help="seed of everything random (default %(default)s)")
    parser.add_argument("--speed", type=_speed, default=1.0, help="seconds of market time per second (default 1)")
    parser.add_argument("--scenario", type=Scenario, choices=list(Scenario), default=Scenario.NORMAL)
    parser.add_argument(
        "--account",
        action="append",
        type=_account,
        metavar="NAME[:ASSET=QUANTITY,...][@API_KEY]",
        help="an account to open; repeat for several (default: demo with 10,000 USDC and 25 SOL)",
    )
    parser.add_argument("--state", type=Path, metavar="FILE", help="keep accounts in this file across restarts")


def options_from(args: argparse.Namespace) -> Options:
    accounts = tuple(args.account) if args.account else (AccountOption("demo"),)
    return Options(
        host=args.host,
        port=args.port,
        seed=args.seed,
        speed=args.speed,
        scenario=args.scenario,
        accounts=accounts,
        state=args.state,
    )


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError("must be between 0 and 65535")
    return port


def _speed(text: str) -> float:
    speed = float(text)
    if not 0.01 <= speed <= 10_000:
        raise argparse.ArgumentTypeError("must be between 0.01 and 10000")
    return speed


def _account(text: str) -> AccountOption:
    """`demo`, `alice:USDC=500,SOL=2`, `bob@BASE64KEY`."""
    rest, _, api_key = text.partition("@")
    name, _, amounts = rest.partition(":")
    if not name.isidentifier():
        raise argparse.ArgumentTypeError(f"{name!r} is not a name: letters, digits and underscores")
    try:
        pairs = [amount.split("=") for amount in amounts.split(",") if amount]
        balances = tuple((Asset(asset), Decimal(quantity)) for asset, quantity in pairs)
    except (ValueError, InvalidOperation):
        raise argparse.ArgumentTypeError(f"{amounts!r} does not read as ASSET=QUANTITY,...") from None
    return AccountOption(name, api_key or None, balances or DEMO_BALANCES)


if __name__ == "__main__":
    raise SystemExit(main())
