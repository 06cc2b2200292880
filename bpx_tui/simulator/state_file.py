"""A paper account kept across restarts: accounts and the last prices in one SQLite file (`--state FILE`)."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from bpx_tui.model.ids import Asset
from bpx_tui.simulator.markets import Catalogue, Market
from bpx_tui.simulator.orders import AccountId
from bpx_tui.simulator.plain import from_plain, to_plain
from bpx_tui.simulator.saving import SavedAccount

VERSION = 1
_TABLES = """
CREATE TABLE IF NOT EXISTS account (name TEXT PRIMARY KEY, document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS price (asset TEXT PRIMARY KEY, usdc TEXT NOT NULL);
"""


class UnusableState(Exception):
    """The file cannot be read or written, or is something else; the text names it and says why."""


class StateFile:
    """The file. Every save replaces the previous one whole, in one transaction."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._open() as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version not in (0, VERSION):
                raise UnusableState(f"{path}: written by another version ({version})")
            connection.executescript(_TABLES)
            connection.execute(f"PRAGMA user_version = {VERSION}")

    def accounts(self) -> dict[AccountId, SavedAccount]:
        """What was saved last.

        Raises:
            UnusableState: the file is damaged.
        """
        with self._open() as connection:
            rows = connection.execute("SELECT name, document FROM account").fetchall()
        try:
            return {AccountId(name): from_plain(SavedAccount, json.loads(document)) for name, document in rows}
        except (ValueError, KeyError, TypeError, ArithmeticError) as error:
            raise UnusableState(f"{self._path}: an account in it cannot be read") from error

    def prices(self) -> dict[Asset, Decimal]:
        """Index prices when it was saved."""
        with self._open() as connection:
            rows = connection.execute("SELECT asset, usdc FROM price").fetchall()
        try:
            return {Asset(asset): Decimal(usdc) for asset, usdc in rows}
        except ArithmeticError as error:
            raise UnusableState(f"{self._path}: a price in it cannot be read") from error

    def save(self, accounts: Mapping[AccountId, SavedAccount], prices: Mapping[Asset, Decimal]) -> None:
        with self._open() as connection:
            connection.execute("DELETE FROM account")
            connection.execute("DELETE FROM price")
            connection.executemany(
                "INSERT INTO account VALUES (?, ?)",
                [(name, json.dumps(to_plain(saved))) for name, saved in accounts.items()],
            )
            connection.executemany("INSERT INTO price VALUES (?, ?)", [(a, str(p)) for a, p in prices.items()])

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            with contextlib.closing(sqlite3.connect(self._path, timeout=2)) as connection, connection:
                yield connection
        except (sqlite3.Error, OSError) as error:
            raise UnusableState(f"{self._path}: {error}") from error


def continued(catalogue: Catalogue, prices: Mapping[Asset, Decimal]) -> Catalogue:
    """The catalogue with start prices where they were left; where only their tick allows it."""
    return replace(catalogue, markets=tuple(_continued(market, prices) for market in catalogue.markets))


def _continued(market: Market, prices: Mapping[Asset, Decimal]) -> Market:
    price = prices.get(market.base)
    if price is None or price <= 0:
        return market
    tick = market.price.tick_size
    return replace(market, start_price=max(tick, (price / tick).to_integral_value() * tick))
