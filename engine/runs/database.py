"""The store's database file: opening it, transactions, and every failure as one sentence.

SQLite in WAL mode: a reader never waits for a writer, and never sees half a transaction.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from engine.errors import KindredError
from engine.runs import schema

BUSY_SECONDS = 15

DAMAGED = "the file is damaged or no database: move it aside or restore a copy, or point KINDRED_STORE elsewhere"
_FULL = "the disk is full: free some space, then resume the run"
_READ_ONLY = "the folder or file is read-only: make both writable, or point KINDRED_STORE elsewhere"
_ADVICE = {
    "not a database": DAMAGED,
    "malformed": DAMAGED,
    "full": _FULL,
    "no space": _FULL,
    "readonly": _READ_ONLY,
    "read-only": _READ_ONLY,
    "locked": f"another process kept it locked for {BUSY_SECONDS} s: end that process or try again",
    "unable to open": "the file cannot be opened: make its folder writable, or point KINDRED_STORE elsewhere",
}
_OTHERWISE = "see that the file can be read and written, or point KINDRED_STORE or --store elsewhere"


class StoreError(KindredError):
    """The store cannot be opened, read or written; nothing that was stored is lost."""


class Database:
    """A database file with the store's tables, created or brought to the present schema version.

    Args:
        url: ``sqlite:///PATH``; a missing file and its folder are created.

    Attributes:
        url: the same with an absolute path.
        path: the file.
        created: whether the tables were created just now, by this process.

    Raises:
        StoreError: if the file is no Kindred store that this version can read, or none can be made.
    """

    def __init__(self, url: str) -> None:
        try:
            address = sa.make_url(url)
        except sa.exc.ArgumentError:
            raise StoreError(f"The store {url!r} is not a database URL; write sqlite:////path/to/kindred.db.") from None
        if address.get_backend_name() != "sqlite" or not address.database or address.database == ":memory:":
            raise StoreError(f"The store {url!r} is not an SQLite file; write sqlite:////path/to/kindred.db.")
        self.path = Path(address.database).resolve()
        self.url = f"sqlite:///{self.path}"
        with self._explained():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._engine = sa.create_engine(self.url)
            sa.event.listen(self._engine, "connect", _prepare_connection)
            sa.event.listen(self._engine, "begin", _begin)
            self.created = self._migrate()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection that sees one state of the database."""
        with self._explained(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction: all that is written in it is stored, or nothing if an error leaves the block."""
        immediately = self._engine.execution_options(immediate=True)
        with self._explained(), immediately.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close all connections; the next use opens new ones."""
        self._engine.dispose()

    def _migrate(self) -> bool:
        with self.reading() as connection:
            if self._version(connection) == schema.VERSION:
                return False
        with self.writing() as connection:
            version = self._version(connection)  # looked at again, as another process may have been first
            if version < schema.VERSION:
                schema.migrate(connection, version)
            return version == 0

    def _version(self, connection: sa.Connection) -> int:
        tables = sa.inspect(connection).get_table_names()
        if not tables:
            return 0
        if "store" not in tables or "windows" not in tables:
            raise StoreError(
                f"{self.path} is a database, but not a Kindred store; point KINDRED_STORE or --store at another file."
            )
        version = connection.execute(sa.select(schema.store.c.schema_version)).scalar()
        if version is None:
            raise StoreError(f"The store {self.path} does not tell its schema version; {DAMAGED}.")
        if version > schema.VERSION:
            raise StoreError(
                f"{self.path} has the schema version {version}, but this Kindred reads up to {schema.VERSION}; "
                "update Kindred, or point KINDRED_STORE or --store at another file."
            )
        return version

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn the database's errors into one sentence with a way out."""
        try:
            yield
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise StoreError(f"The store {self.path} failed ({error}); {DAMAGED}.") from error
        except (sa.exc.DBAPIError, OSError) as error:
            cause = str(error.orig if isinstance(error, sa.exc.DBAPIError) else error)
            advice = next((advice for symptom, advice in _ADVICE.items() if symptom in cause.lower()), _OTHERWISE)
            raise StoreError(f"The store {self.path} failed ({cause}); {advice}. What was stored is kept.") from error


def _prepare_connection(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where _begin says, not where the driver guesses
    cursor = connection.cursor()
    for pragma in (f"busy_timeout={BUSY_SECONDS * 1000}", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: sa.Connection) -> None:
    immediate = connection.get_execution_options().get("immediate")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
