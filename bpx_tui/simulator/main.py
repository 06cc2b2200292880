"""Runs the simulated exchange: `bpx-tui exchange`, or `python -m bpx_tui.simulator`.

Standard output carries exactly one line, when the exchange is ready: a JSON object with its addresses and accounts.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import math
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import orjson

from bpx_tui.simulator.clock import RealClock
from bpx_tui.simulator.domain.catalogue import default_catalogue
from bpx_tui.simulator.exchange import Exchange
from bpx_tui.simulator.flags import (
    AppendAccount,
    add_fee_tier,
    add_readings,
    add_tls,
    read_account,
    read_port,
    tls_from,
)
from bpx_tui.simulator.keeping import Kept, continued
from bpx_tui.simulator.options import DEFAULT_ACCOUNTS, Options, Scenario
from bpx_tui.simulator.server import ExchangeServer
from bpx_tui.simulator.state_file import StateFile, UnusableState
from bpx_tui.simulator.tls import UnusableTls


def main(argv: Sequence[str] | None = None) -> int:
    """Run until SIGINT or SIGTERM; answers the exit status."""
    return run(read_options(argv))


def run(options: Options) -> int:
    """Run an exchange in this process until SIGINT or SIGTERM.

    0 after a signal; 1 where a port is taken, or the last words could not be kept; 2 where the state file or what TLS
    needs cannot be used (nothing was changed then).
    """
    try:
        state = None if options.state is None else StateFile(options.state)
        try:
            exchange = _exchange(options, state)
        except UnusableState:
            assert state is not None
            state.close()
            raise
    except UnusableState as error:
        _complain(str(error))
        return 2
    try:
        return asyncio.run(_serve(exchange, state))
    except UnusableTls as error:
        _complain(str(error))
        return 2
    except OSError as error:
        _complain(f"cannot listen on {options.host}: {error}")
        return 1
    finally:
        if state is not None:
            state.close()


def _exchange(options: Options, state: StateFile | None) -> Exchange:
    """A new exchange, or one that goes on where the state file left it."""
    kept = Kept() if state is None else state.load()
    catalogue = continued(default_catalogue(), kept.prices)
    return Exchange(options, catalogue, RealClock(options.speed), skip_when_late=True, kept=kept)


async def _serve(exchange: Exchange, state: StateFile | None) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for word in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(word, stop.set)
    server = ExchangeServer(exchange)
    async with server.listening(exchange.options.host, exchange.options.port):
        if state is not None and not await _keep(exchange, state):
            return 1
        sys.stdout.write(ready_line(server) + "\n")
        sys.stdout.flush()
        gc.freeze()
        gc.enable()  # a demo starts it with collecting off
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(server.let_time_pass())]
            if state is not None:
                running.append(tasks.create_task(_keep_on_keeping(exchange, state)))
            await stop.wait()
            for task in running:
                task.cancel()
    return 0 if state is None or await _keep(exchange, state) else 1


async def _keep_on_keeping(exchange: Exchange, state: StateFile) -> None:
    while True:
        await asyncio.sleep(exchange.options.save_every_s)
        await _keep(exchange, state)


async def _keep(exchange: Exchange, state: StateFile) -> bool:
    """Save, the writing on another thread; where that fails the exchange goes on and says so."""
    kept = exchange.kept()
    try:
        await asyncio.to_thread(state.save, kept)
    except UnusableState as error:
        _complain(f"not saved: {error}")
        return False
    return True


def _complain(sentence: str) -> None:
    sys.stderr.write(f"bpx-tui exchange: {sentence}\n")


def ready_line(server: ExchangeServer) -> str:
    """The JSON that says where the exchange is and who may trade on it. Play money: secrets are meant to be read."""
    host = server.exchange.options.host
    host = f"[{host}]" if ":" in host else host
    owners = {info.id: info for info in server.exchange.venue.accounts()}
    accounts = [
        {
            "name": pair.account,
            "user_id": owners[pair.account].user_id,
            "subaccount_id": owners[pair.account].subaccount_id,
            "api_key": pair.api_key,
            "api_secret": pair.api_secret,
            "read_only_key": server.exchange.read_only[pair.account].api_key,
            "read_only_secret": server.exchange.read_only[pair.account].api_secret,
        }
        for pair in server.exchange.credentials
    ]
    line: dict[str, object] = {
        "event": "ready",
        "rest_url": f"http://{host}:{server.port}",
        "ws_url": f"ws://{host}:{server.port}/",
        "accounts": accounts,
    }
    if server.exchange.options.tls is not None:
        line["tls"] = {
            "rest_url": f"https://{host}:{server.tls_port}",
            "ws_url": f"wss://{host}:{server.tls_port}/",
            "ca_file": None if server.ca_file is None else str(server.ca_file.absolute()),
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
    parser.add_argument("--port", type=read_port, default=0, help="port to listen on; 0 picks a free one")
    parser.add_argument("--seed", type=int, default=1, help="seed of everything random (default %(default)s)")
    parser.add_argument("--speed", type=_speed, default=1.0, help="seconds of market time per second (default 1)")
    parser.add_argument("--scenario", type=Scenario, choices=list(Scenario), default=Scenario.NORMAL)
    parser.add_argument(
        "--account",
        action=AppendAccount,
        type=read_account,
        metavar="NAME[/SUB][:ASSET=QUANTITY,...][@API_KEY]",
        help="an account to open, NAME/1 being sub-account 1 of NAME's user with a key of its own; repeat for several "
        "(default: demo with 10,000 USDC and 25 SOL)",
    )
    parser.add_argument(
        "--state",
        type=Path,
        metavar="FILE",
        help="keep paper accounts in this SQLite file across restarts: keys, balances, loans, positions, open orders, "
        "vault tokens, the newest orders and fills, and prices; running strategies, RFQs and other histories end",
    )
    parser.add_argument(
        "--save-every",
        type=_seconds,
        default=10.0,
        metavar="SECONDS",
        help="how much a crash may lose of --state (default 10)",
    )
    parser.add_argument(
        "--no-traps",
        action="store_true",
        help="leave out what the real wire does only now and then: cancels answered with 202, missing client and trade "
        "ids, lagging histories, silence on unknown markets, Age headers",
    )
    add_fee_tier(parser)
    add_readings(parser)
    add_tls(parser)


def options_from(args: argparse.Namespace) -> Options:
    accounts = tuple(args.account) if args.account else DEFAULT_ACCOUNTS
    return Options(
        host=args.host,
        port=args.port,
        seed=args.seed,
        speed=args.speed,
        scenario=args.scenario,
        accounts=accounts,
        state=args.state,
        save_every_s=args.save_every,
        traps=not args.no_traps,
        client_ids=args.client_ids,
        window_at=args.window_at,
        executed_5xx=args.executed_5xx,
        fee_tier=args.fee_tier,
        tls=tls_from(args),
    )


def _speed(text: str) -> float:
    return _within(text, 0.01, 10_000)


def _seconds(text: str) -> float:
    return _within(text, 0.1, 3600)


def _within(text: str, lowest: float, highest: float) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not lowest <= number <= highest:
        raise argparse.ArgumentTypeError(f"must be a number between {lowest:g} and {highest:g}, was {text!r}")
    return number


if __name__ == "__main__":
    raise SystemExit(main())
