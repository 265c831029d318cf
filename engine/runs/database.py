"""The store's database: opening it, transactions, and every failure as one sentence.

Whatever the database, a reader sees one state of it and never half a transaction.
"""

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from engine.errors import KindredError
from engine.paths import DATA, at
from engine.runs import schema
from engine.runs.dialects import DAMAGED, dialect_of

Told = Callable[[str, float], None]  # ``read`` or ``write``, and the seconds that the transaction took
_OTHERWISE = "see that it can be read and written, or point KINDRED_STORE or --store elsewhere"


class StoreError(KindredError):
    """The store cannot be opened, read or written; nothing that was stored is lost."""


class StoreAway(StoreError):
    """The same, for a reason that may pass: no answer, no space, no right to write. What failed can be tried again."""


class Database:
    """A database with the store's tables, created or brought to the present schema version.

    Args:
        url: ``sqlite:///PATH``, where a missing file and its folder are created, or
            ``postgresql+psycopg://USER:PASSWORD@HOST/DATABASE``, where the database must exist.
        files: the folder, or an fsspec URL, of what is no row; by default ``KINDRED_FILES``, or a folder beside the
            database file, or in ``data/``.
        present: take a store that is there in the present version as it is; make none, and change none.
        told: is called after each transaction, from any thread.

    Attributes:
        url: the same, complete: with an absolute path, and with its password.
        label: the same as it may be shown.
        files: the same as a path.
        created: whether the tables were created just now, by this process.

    Raises:
        StoreError: if the URL is of neither kind, the database is no Kindred store that this version can read, or none
            can be made.
    """

    def __init__(
        self,
        url: str,
        files: str | None = None,
        *,
        present: bool = False,
        told: Told | None = None,
    ) -> None:
        dialect = dialect_of(url, DATA / "kindred.files")
        if dialect is None:
            raise StoreError(
                f"The store {_without_password(url)!r} is neither an SQLite file nor a PostgreSQL database; write "
                "sqlite:////path/to/kindred.db or postgresql+psycopg://user:password@host/database."
            )
        self._dialect, self._told = dialect, told
        self.url, self.label = dialect.url, dialect.label
        named = files or os.environ.get("KINDRED_FILES")
        self.files = at(named) if named else dialect.beside
        with self._explained():
            self._engine = dialect.engine(present)
            self._reading = self._engine.execution_options(**dialect.reading)
            self.created = False
            if present:
                self.check()
            else:
                self.created = self._migrate()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection that sees one state of the database."""
        with self._timed("read"), self._explained(), self._sound(), self._reading.connect() as connection:
            yield connection

    @contextmanager
    def writing(self, alone: bool = False) -> Iterator[sa.Connection]:
        """A transaction: all that is written in it is stored, or nothing if an error leaves the block.

        Args:
            alone: let no other transaction of this kind be under way: for what is looked up first and written then.
        """
        writing = self._engine.execution_options(writing=True)
        with self._timed("write"), self._explained(), writing.begin() as connection:
            self._dialect.begin_writing(connection, alone)
            yield connection

    def check(self) -> None:
        """See that it answers, with the tables of the present version.

        Raises:
            StoreError: if not.
        """
        with self.reading() as connection:
            version = self._version(connection)
        if version != schema.VERSION:
            raise StoreError(
                f"{self.label} holds no Kindred store; point KINDRED_STORE or --store at another one."
                if version == 0
                else f"{self.label} has the schema version {version}, and this Kindred works with {schema.VERSION}; "
                f"bring it up to that with `python -m engine runs --store URL`, or do so with a copy of it."
            )

    def give_back(self) -> None:
        """Return the space of what was deleted to the file system; writers may have to wait a little."""
        with self._explained():
            self._dialect.give_back(self._engine)

    def close(self) -> None:
        """Close all connections; the next use opens new ones."""
        self._engine.dispose()

    def _migrate(self) -> bool:
        with self.reading() as connection:
            if self._version(connection) == schema.VERSION:
                return False
        with self.writing(alone=True) as connection:
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
                f"{self.label} is a database, but not a Kindred store; point KINDRED_STORE or --store at another one."
            )
        version = connection.execute(sa.select(schema.store.c.schema_version)).scalar()
        if not isinstance(version, int) or version < 1:
            raise StoreError(f"The store {self.label} does not tell its schema version; {DAMAGED}.")
        if version > schema.VERSION:
            raise StoreError(
                f"{self.label} has the schema version {version}, but this Kindred reads up to {schema.VERSION}; "
                "update Kindred, or point KINDRED_STORE or --store at another one."
            )
        return version

    @contextmanager
    def _timed(self, kind: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            if self._told:
                self._told(kind, time.perf_counter() - began)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn the database's errors into one sentence with a way out."""
        try:
            yield
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise StoreError(f"The store {self.label} failed ({error}); {DAMAGED}.") from error
        except (sa.exc.DBAPIError, OSError) as error:
            cause = " ".join(str(error.orig if isinstance(error, sa.exc.DBAPIError) else error).split())
            advice = next((said for symptom, said in self._dialect.advice.items() if symptom in cause.lower()), None)
            passing = isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError | OSError) and advice != DAMAGED
            kind = StoreAway if passing else StoreError
            raise kind(
                f"The store {self.label} failed ({cause}); {advice or _OTHERWISE}. What was stored is kept."
            ) from error

    @contextmanager
    def _sound(self) -> Iterator[None]:
        """Turn whatever goes wrong with values that no writer wrote, as a text among numbers, into one sentence."""
        try:
            yield
        except (KindredError, UnicodeDecodeError, json.JSONDecodeError, sa.exc.DBAPIError):
            raise
        except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
            raise StoreError(f"The store {self.label} holds what cannot be read ({error}); {DAMAGED}.") from error


def _without_password(url: str) -> str:
    return re.sub(r"(://[^:@/]*):[^@]*@", r"\1:***@", url)
