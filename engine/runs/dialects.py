"""The two databases that can hold a store: an SQLite file for one machine, and PostgreSQL for a team."""

import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa

BUSY_SECONDS = 15
ANSWER_SECONDS = 5  # within which a server must accept a connection
STATEMENT_SECONDS = 60
_LOOKS, _LOOK_SECONDS = 20, 0.25

DAMAGED = "the file is damaged or no database: move it aside or restore a copy, or point KINDRED_STORE elsewhere"
_FULL = "the disk is full: free some space, then resume the run"
_READ_ONLY = "the folder or file is read-only: make both writable, or point KINDRED_STORE elsewhere"
_DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg"}


class Dialect(Protocol):
    """What differs between databases.

    Attributes:
        url: of the database, complete, with an absolute path and the password, if there is one.
        label: the same as it may be shown to anyone.
        advice: symptom in an error's message, in lower case → what to do about it.
        beside: the folder of files that a store has where none is named.
        reading: options of a transaction that reads, so that it sees one state from its first statement to its last.
    """

    url: str
    label: str
    advice: Mapping[str, str]
    beside: Path
    reading: Mapping[str, Any]

    def engine(self, present: bool) -> sa.Engine:
        """Connections to it; nothing is opened yet.

        Raises:
            FileNotFoundError: if it must be ``present``, and is seen not to be.
        """

    def begin_writing(self, connection: sa.Connection, alone: bool) -> None:
        """Called first in a transaction that writes; after it, where ``alone``, no other such one is under way."""

    def give_back(self, engine: sa.Engine) -> None:
        """Return the space of what was deleted to the file system.

        Raises:
            OSError: if that cannot be done now.
        """


class Sqlite:
    """A file in WAL mode: a reader never waits for a writer, writers take turns."""

    reading: Mapping[str, Any] = {}
    advice = {
        "not a database": DAMAGED,
        "malformed": DAMAGED,
        "full": _FULL,
        "no space": _FULL,
        "readonly": _READ_ONLY,
        "read-only": _READ_ONLY,
        "locked": f"another process kept it locked for {BUSY_SECONDS} s: end that process or try again",
        "unable to open": "the file cannot be opened: make its folder writable, or point KINDRED_STORE elsewhere",
    }

    def __init__(self, path: Path) -> None:
        self.path = path
        self.url = f"sqlite:///{path}"
        self.label = str(path)
        self.beside = path.with_suffix(".files")

    def engine(self, present: bool) -> sa.Engine:
        if present and not self.path.exists():
            raise FileNotFoundError("there is no such file")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        engine = sa.create_engine(self.url)
        sa.event.listen(engine, "connect", _prepare_connection)
        sa.event.listen(engine, "begin", _begin)
        return engine

    def begin_writing(self, connection: sa.Connection, alone: bool) -> None:
        """Nothing: every transaction that writes begins by taking its turn."""

    def give_back(self, engine: sa.Engine) -> None:
        """The file is written anew where a tenth of it or more is empty; less of it is left to be filled again.

        Meanwhile readers go on, and writers wait: some 6 s for a gigabyte that stays.
        """
        connection = engine.raw_connection()
        try:
            cursor = connection.cursor()
            empty, pages = (cursor.execute(f"PRAGMA {of}").fetchone()[0] for of in ("freelist_count", "page_count"))
            if empty and empty >= pages / 10:
                cursor.execute("VACUUM")
            for _ in range(_LOOKS):  # a writer may be at a checkpoint itself
                if not cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                    break
                time.sleep(_LOOK_SECONDS)
        except sqlite3.Error as error:
            raise OSError(str(error)) from error
        finally:
            connection.close()


class Postgresql:
    """A server that many dashboards and workers use at once: a writer waits for those of the same run only."""

    reading = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    advice = {
        "could not translate host": "there is no such host: correct it in KINDRED_STORE",
        "failed to resolve": "there is no such host: correct it in KINDRED_STORE",
        "password authentication": "the user or password is wrong: correct it in KINDRED_STORE",
        "does not exist": "create the database and the user first, or correct KINDRED_STORE",
        "permission denied": "let the user create tables in this database, and write them",
        "too many": "the server takes no more connections: raise its max_connections, or close dashboards",
        "no space": _FULL,
        "disk full": _FULL,
        "could not extend": _FULL,
        "read-only": "the server takes no changes now: point KINDRED_STORE at the primary",
        "canceling statement": f"it took over {STATEMENT_SECONDS} s: try again when the server is less busy",
        "refused": "the server does not answer: start it, or correct the host and port in KINDRED_STORE",
        "shutting down": "the server is being restarted: try again in a moment",
        "starting up": "the server is being started: try again in a moment",
        "terminating connection": "the server closed the connection: try again in a moment",
        "closed": "the server closed the connection: see that it runs, and try again in a moment",
    }

    def __init__(self, address: sa.URL, beside: Path) -> None:
        self._address = address.set(drivername=_DRIVERS["postgresql"])
        self.url = self._address.render_as_string(hide_password=False)
        self.label = self._address.render_as_string(hide_password=True)
        self.beside = beside

    def engine(self, present: bool) -> sa.Engine:
        settings = {"statement_timeout": STATEMENT_SECONDS, "idle_in_transaction_session_timeout": STATEMENT_SECONDS}
        return sa.create_engine(
            self._address,
            pool_pre_ping=True,  # a connection of before a restart is replaced
            connect_args={
                "connect_timeout": ANSWER_SECONDS,
                "application_name": "kindred",
                "options": " ".join(f"-c {name}={1000 * seconds}" for name, seconds in settings.items()),
                "keepalives_idle": 10,
                "keepalives_interval": 5,
                "keepalives_count": 3,
            },
        )

    def begin_writing(self, connection: sa.Connection, alone: bool) -> None:
        if alone:
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('kindred'))")

    def give_back(self, engine: sa.Engine) -> None:
        """Nothing: the server's autovacuum makes the space free for new rows."""


def dialect_of(url: str, beside: Path) -> Dialect | None:
    """The dialect of a database URL; None if it is not one of those that can hold a store.

    Args:
        beside: the folder of files of a store that is no file itself.
    """
    try:
        address = sa.make_url(url)
    except sa.exc.ArgumentError:
        return None
    kind = address.get_backend_name()
    if not address.database or address.database == ":memory:":
        return None
    if kind not in _DRIVERS or address.drivername not in (kind, _DRIVERS[kind]):
        return None
    return Sqlite(Path(address.database).resolve()) if kind == "sqlite" else Postgresql(address, beside)


def _prepare_connection(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where _begin says, not where the driver guesses
    cursor = connection.cursor()
    for pragma in (f"busy_timeout={BUSY_SECONDS * 1000}", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: sa.Connection) -> None:
    writing = connection.get_execution_options().get("writing")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
