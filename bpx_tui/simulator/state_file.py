"""The file of `--state`: what is kept of an exchange, in SQLite. One process at a time holds it, from start to end."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

from bpx_tui.model.ids import Symbol
from bpx_tui.simulator.domain.plain import from_plain, to_plain
from bpx_tui.simulator.keeping import Kept, KeptAccount

VERSION = 1
APPLICATION_ID = 0x62707874
"""Says that an SQLite file is one of these ("bpxt")."""

_WAIT_FOR_LOCK_S = 1.0
_CREATE = (
    "CREATE TABLE account (name TEXT PRIMARY KEY, document TEXT NOT NULL)",
    "CREATE TABLE price (symbol TEXT PRIMARY KEY, price TEXT NOT NULL)",
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {VERSION}",
)


class UnusableState(Exception):
    """The file cannot be read or written, is in use, or is something else; the text names it and says why."""


class StateFile:
    """An open state file; a new or empty one is made. Saving replaces everything in one transaction, or nothing."""

    def __init__(self, path: Path) -> None:
        """Take the file.

        Raises:
            UnusableState: nothing in it was changed.
        """
        self._path = path
        self._saving = threading.Lock()
        try:
            self._connection = sqlite3.connect(
                path, timeout=_WAIT_FOR_LOCK_S, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise UnusableState(f"{path}: {error}") from error
        try:
            self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            with self._transaction():
                self._recognise()
        except UnusableState:
            self._connection.close()
            raise

    def load(self) -> Kept:
        """What was saved last; empty in a new file.

        Raises:
            UnusableState: it is damaged.
        """
        with self._transaction():
            documents = self._connection.execute("SELECT document FROM account ORDER BY rowid").fetchall()
            prices = self._connection.execute("SELECT symbol, price FROM price").fetchall()
        try:
            return Kept(
                tuple(from_plain(KeptAccount, json.loads(document)) for (document,) in documents),
                {Symbol(symbol): Decimal(price) for symbol, price in prices},
            )
        except (ValueError, ArithmeticError, TypeError) as error:
            raise UnusableState(f"{self._path}: what is in it cannot be read: {error}") from error

    def save(self, kept: Kept) -> None:
        """Write it down. May be called from any thread; a crash at any moment leaves the old or the new.

        Raises:
            UnusableState: it could not be written; what was saved before is still there.
        """
        accounts = [(one.account.id, json.dumps(to_plain(one))) for one in kept.accounts]
        prices = [(symbol, str(price)) for symbol, price in kept.prices.items()]
        with self._saving, self._transaction():
            self._connection.execute("DELETE FROM account")
            self._connection.execute("DELETE FROM price")
            self._connection.executemany("INSERT INTO account VALUES (?, ?)", accounts)
            self._connection.executemany("INSERT INTO price VALUES (?, ?)", prices)

    def close(self) -> None:
        """Let the file go, after a save that may still be under way."""
        with self._saving:
            self._connection.close()

    def _recognise(self) -> None:
        (application,) = self._connection.execute("PRAGMA application_id").fetchone()
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        (tables,) = self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if (application, version, tables) == (0, 0, 0):
            for statement in _CREATE:
                self._connection.execute(statement)
        elif application != APPLICATION_ID:
            raise UnusableState(f"{self._path}: a database of another program")
        elif version != VERSION:
            raise UnusableState(f"{self._path}: written by another version of this program ({version})")
        else:
            (found,) = self._connection.execute("PRAGMA quick_check(1)").fetchone()
            if found != "ok":
                raise UnusableState(f"{self._path}: damaged: {found.splitlines()[-1]}")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._connection.execute("BEGIN EXCLUSIVE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise UnusableState(f"{self._path}: {_said(error)}") from error


def _said(error: sqlite3.Error) -> str:
    locked = error.sqlite_errorname.startswith("SQLITE_BUSY") if hasattr(error, "sqlite_errorname") else False
    return "in use by another exchange" if locked else str(error)
