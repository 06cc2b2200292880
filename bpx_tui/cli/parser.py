"""The command line, read strictly: what is not understood is refused with a suggestion, and no secret is accepted."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, NoReturn

from bpx_tui import __version__
from bpx_tui.cli.arguments import SCENARIOS, SECRETS_ARE_VISIBLE, Arguments, Command
from bpx_tui.errors import InputError

_SEE_HELP: Final = "See: bpx-tui --help"
_SECRET_FLAG: Final = re.compile(r"--?\w*[-_]?(secret|private|passw|passphrase|mnemonic|token|api-?_?key|seed-)", re.I)
_LIKE_A_SECRET: Final = re.compile(r"[A-Za-z0-9+/_-]{43}=|[A-Za-z0-9+/_-]{86}==|[A-Za-z0-9+_-]{43,}")
"""A seed or a signature in base64; without its padding only where it could not be a path."""


class StrictParser(argparse.ArgumentParser):
    """Raises instead of printing usage and exiting, guesses nothing, and never repeats what could be a secret."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"allow_abbrev": False, "argument_default": argparse.SUPPRESS, **options})

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{_without_secrets(message)}. See: {self.prog} --help")

    def _check_value(self, action: argparse.Action, value: object) -> None:
        if action.choices is None or value in action.choices:
            return
        near = get_close_matches(str(value), list(action.choices), n=1)
        hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(action.choices)}."
        what = f"not a {action.option_strings[0].lstrip('-')}" if action.option_strings else "not a command"
        raise InputError(f"{_shown(str(value))} is {what}. {hint}")


def parse_flags(argv: Sequence[str]) -> Arguments:
    """Read the words after `bpx-tui`, flags and commands in any order.

    Raises:
        InputError: one sentence with what is wrong and what to do.
        SystemExit: after `--help` or `--version`.
    """
    refuse_secrets(argv)
    parser = _build()
    refuse_unknown_flags(argv, parser)
    given, left_over = parser.parse_known_args(list(argv))
    command = Command(getattr(given, "command", None) or "")
    if left_over:
        raise InputError(_misplaced(left_over[0], command))
    values = {**vars(given), "command": command}
    arguments = Arguments(**{field.name: values[field.name] for field in fields(Arguments) if field.name in values})
    _check_together(arguments, values)
    return arguments


def refuse_secrets(argv: Sequence[str]) -> None:
    """Raises: InputError: a flag that would take a secret, or a value that looks like one. It is not repeated."""
    for word in argv:
        flag, _, value = word.partition("=")
        if (flag.startswith("-") and _SECRET_FLAG.match(flag)) or any(
            _LIKE_A_SECRET.fullmatch(text) for text in (word, value)
        ):
            raise InputError(SECRETS_ARE_VISIBLE)


def _check_together(arguments: Arguments, values: dict[str, object]) -> None:
    if arguments.screenshot is None and ("after" in values or "size" in values):
        raise InputError("--after and --size belong to --screenshot FILE.svg.")
    if arguments.screenshot is not None and arguments.screenshot.suffix != ".svg":
        raise InputError("--screenshot writes an SVG picture; name it FILE.svg.")
    if arguments.command is not Command.SCREEN and arguments.live:
        raise InputError(_misplaced("--live", arguments.command))


def refuse_unknown_flags(argv: Sequence[str], parser: argparse.ArgumentParser) -> None:
    """First of all checks: argparse would take the value of a misspelt flag for a command."""
    known = _flags_of(parser)
    for word in argv:
        flag = word.partition("=")[0]
        if flag.startswith("--") and len(flag) > 2 and flag not in known:
            near = get_close_matches(flag, known, n=1)
            raise InputError(f"unknown flag {_shown(flag)}. " + (f"Did you mean {near[0]}?" if near else _SEE_HELP))


def _flags_of(parser: argparse.ArgumentParser) -> set[str]:
    """The flags of a parser and of its commands."""
    flags = {flag for action in parser._actions for flag in action.option_strings}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            flags = flags.union(*map(_flags_of, action.choices.values()))
    return flags


def _misplaced(word: str, command: Command) -> str:
    """What to say of a word that the command does not take."""
    if word in list(Command) or (word == "--live" and command):
        return f"`{command}` and `{word}` are two modes; choose one. {_SEE_HELP}"
    if word.startswith("-"):
        return f"{_shown(word.partition('=')[0])} does not go with `{_spoken(command)}`. See: {_spoken(command)} --help"
    return f"unexpected {_shown(word)}. {_SEE_HELP}"


def _spoken(command: Command) -> str:
    return f"bpx-tui {command}".rstrip()


def _shown(word: str) -> str:
    """A word of the user's, harmless on a terminal and short."""
    text = ascii(word)[1:-1]
    return f"`{text if len(text) <= 40 else text[:39] + '…'}`"


def _without_secrets(message: str) -> str:
    return _LIKE_A_SECRET.sub("…", ascii(message)[1:-1] if not message.isprintable() else message)


def _build() -> StrictParser:
    screen, exchange, files = _screen_flags(), _exchange_flags(), _file_flags()
    parser = StrictParser(
        prog="bpx-tui",
        parents=[screen, exchange, files],
        description="A full-screen terminal for trading on Backpack Exchange. Without a command: Backpack itself, "
        "public data without a key, the account with one, trading only with --live.",
        epilog="Exit status: 0 done, 1 something was wrong, 2 wrong usage or no terminal, 3 the exchange does not "
        "answer, 128+N ended by signal N.",
    )
    parser.add_argument("--version", action="version", version=f"bpx-tui {__version__}")
    parser.add_argument("--live", action="store_true", help="trade with real money (needs a key)")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", prog="bpx-tui", parser_class=StrictParser)
    demo = commands.add_parser(
        "demo", parents=[screen, exchange, files], help="a simulated exchange with play money, and the screen on it"
    )
    demo.add_argument("--seed", type=_whole, metavar="N", help="the same seed gives the same market (default 1)")
    demo.add_argument(
        "--scenario", choices=SCENARIOS, metavar="NAME", help=f"how the market moves: {', '.join(SCENARIOS)}"
    )
    commands.add_parser("exchange", add_help=False, help="only the simulated exchange, for other programs")
    keys = commands.add_parser(
        "keys", parents=[files], help="`keys check`: is the key usable, without sending anything"
    )
    keys.add_argument("action", choices=["check"])
    commands.add_parser(
        "doctor", parents=[exchange, files], help="what is configured, what answers, how far the clock is off"
    )
    commands.add_parser("locate", parents=[files], help="where files are looked for and kept")
    return parser


def _screen_flags() -> StrictParser:
    flags = StrictParser(add_help=False)
    flags.add_argument("--symbol", metavar="S", help="the market to open, e.g. SOL_USDC_PERP")
    flags.add_argument("--interval", metavar="I", help="the candles' interval, e.g. 1m, 15m, 1h, 1d")
    flags.add_argument("--theme", metavar="T", help="the name of a theme")
    flags.add_argument("--screenshot", type=Path, metavar="FILE.svg", help="no terminal: save a picture and end")
    flags.add_argument("--after", type=_seconds, metavar="SECONDS", help="when to take the picture (default 5)")
    flags.add_argument("--size", type=_size, metavar="200x60", help="columns and rows of the picture")
    return flags


def _exchange_flags() -> StrictParser:
    flags = StrictParser(add_help=False)
    flags.add_argument("--rest-url", metavar="URL", help="another exchange's REST address (needs --ws-url too)")
    flags.add_argument("--ws-url", metavar="URL", help="another exchange's WebSocket address")
    return flags


def _file_flags() -> StrictParser:
    flags = StrictParser(add_help=False)
    flags.add_argument("--env-file", metavar="PATH", help="a .env file with the key; never searched for")
    flags.add_argument("--config", type=Path, metavar="PATH", help="a config file other than the user's own")
    return flags


def _whole(text: str) -> int:
    if re.fullmatch(r"[0-9]{1,18}", text, re.ASCII) is None:
        raise argparse.ArgumentTypeError("must be a whole number of at most 18 digits")
    return int(text)


def _seconds(text: str) -> float:
    if re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,3})?", text, re.ASCII) is None:
        raise argparse.ArgumentTypeError("must be seconds, like 5 or 2.5")
    return float(text)


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"([0-9]{1,4})x([0-9]{1,4})", text, re.ASCII)
    if found is None or not (20 <= int(found[1]) <= 1000 and 5 <= int(found[2]) <= 500):
        raise argparse.ArgumentTypeError("must be columns x rows, like 200x60")
    return int(found[1]), int(found[2])
