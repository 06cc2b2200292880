"""Flags of `bpx-tui exchange` that say more than a number: accounts, TLS, and readings of what nobody documents."""

from __future__ import annotations

import argparse
from decimal import Decimal, InvalidOperation
from pathlib import Path

from bpx_tui.model.ids import Asset
from bpx_tui.simulator.desks import VAULT
from bpx_tui.simulator.domain.accounts import FEE_TIERS
from bpx_tui.simulator.domain.orders import ClientIdRule
from bpx_tui.simulator.options import DEMO_BALANCES, AccountOption, TlsOption, WindowAt
from bpx_tui.simulator.tls import is_host

_MAX_SUBACCOUNT = 65_535


def add_fee_tier(parser: argparse.ArgumentParser) -> None:
    """Fees of the accounts that a run opens; a kept account keeps its own."""
    parser.add_argument(
        "--fee-tier",
        type=int,
        choices=range(1, len(FEE_TIERS) + 1),
        default=1,
        help="published fee tier of new accounts, 1 being the dearest (default 1)",
    )


def add_readings(parser: argparse.ArgumentParser) -> None:
    """What the real exchange does not document: every reading can be chosen."""
    parser.add_argument(
        "--client-ids",
        type=ClientIdRule,
        choices=list(ClientIdRule),
        default=ClientIdRule.REPEATABLE,
        help="client ids are unique among no orders, open ones, or ever (default none)",
    )
    parser.add_argument(
        "--window-at",
        type=WindowAt,
        choices=list(WindowAt),
        default=WindowAt.ENGINE,
        help="the window of a signature is checked at ingress or at the engine (default engine)",
    )
    parser.add_argument(
        "--executed-5xx",
        type=_share,
        default=0.0,
        metavar="SHARE",
        help="share of orders and cancels that are executed, yet answered with 503 (default 0)",
    )


def add_tls(parser: argparse.ArgumentParser) -> None:
    """https and wss beside http and ws."""
    parser.add_argument(
        "--tls",
        action="store_true",
        help="serve https and wss too, on a port beside the plain one, with certificates made for this run: the ready "
        "line names the port and the file of the authority to trust. The --tls-... flags imply it",
    )
    parser.add_argument("--tls-port", type=read_port, metavar="PORT", help="port of https and wss (default a free one)")
    parser.add_argument(
        "--tls-host",
        action="append",
        type=_host,
        metavar="HOST",
        help="a further name that the certificate is made for, beside this machine's; repeat for several",
    )
    parser.add_argument(
        "--tls-ca", type=Path, metavar="FILE", help="where to write the authority's certificate, to stay (PEM)"
    )
    parser.add_argument(
        "--tls-cert",
        type=Path,
        metavar="FILE",
        help="show this certificate instead of making one (PEM, with its chain)",
    )
    parser.add_argument("--tls-key", type=Path, metavar="FILE", help="the key of --tls-cert (PEM, not encrypted)")


def tls_from(args: argparse.Namespace) -> TlsOption | None:
    asked = (args.tls_port, args.tls_host, args.tls_ca, args.tls_cert, args.tls_key)
    if not args.tls and all(value is None for value in asked):
        return None
    return TlsOption(args.tls_port or 0, tuple(args.tls_host or ()), args.tls_ca, args.tls_cert, args.tls_key)


def read_port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"must be a whole number between 0 and 65535, was {text!r}")
    return int(text)


def _host(text: str) -> str:
    if not is_host(text):
        raise argparse.ArgumentTypeError(f"must be a host name or an IP address, was {text!r}")
    return text


def _share(text: str) -> float:
    share = float(text)
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError("must be between 0 and 1")
    return share


def read_account(text: str) -> AccountOption:
    """`demo`, `demo/1:USDC=500`, `alice:USDC=500,SOL=2`, `bob@BASE64KEY`."""
    rest, _, api_key = text.partition("@")
    name, _, amounts = rest.partition(":")
    user, slash, number = name.partition("/")
    if not user.isidentifier():
        raise argparse.ArgumentTypeError(f"{user!r} is not a name: letters, digits and underscores")
    if user == VAULT:
        raise argparse.ArgumentTypeError(f"{user!r} is the exchange's own account")
    if slash and not _is_subaccount(number):
        raise argparse.ArgumentTypeError(f"{number!r} is not a sub-account: a number from 1 to {_MAX_SUBACCOUNT}")
    try:
        pairs = [amount.split("=") for amount in amounts.split(",") if amount]
        balances = tuple((Asset(asset), Decimal(quantity)) for asset, quantity in pairs)
    except (ValueError, InvalidOperation):
        raise argparse.ArgumentTypeError(f"{amounts!r} does not read as ASSET=QUANTITY,...") from None
    return AccountOption(name, api_key or None, balances or DEMO_BALANCES)


def _is_subaccount(text: str) -> bool:
    return text.isascii() and text.isdigit() and text[0] != "0" and int(text) <= _MAX_SUBACCOUNT


class AppendAccount(argparse.Action):
    """Collects accounts, and refuses those that do not go with the ones before."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        assert isinstance(values, AccountOption)
        before: list[AccountOption] = getattr(namespace, self.dest) or []
        names = {account.name for account in before}
        if values.name in names:
            raise argparse.ArgumentError(self, f"{values.name} is given twice")
        if values.subaccount_id is not None and values.user not in names:
            raise argparse.ArgumentError(self, f"{values.user} must come before its sub-account {values.name}")
        setattr(namespace, self.dest, [*before, values])
