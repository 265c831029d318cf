"""The store's tables, its version, and the steps from each version to the next."""

import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

VERSION = 5


class Json(sa.TypeDecorator):
    """JSON as text, NaN included, which a database's own JSON would refuse; None is NULL."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:
        return None if value is None else json.dumps(value)

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Any:
        return None if value is None else json.loads(value)


class Repeated(Json):
    """The same, of what many rows have in common: each text is read once, and what comes of it must not be changed."""

    cache_ok = True

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Any:
        return None if value is None else _read_once(value)


@lru_cache(4096)
def _read_once(text: str) -> Any:
    return json.loads(text)


metadata = sa.MetaData()

store = sa.Table("store", metadata, sa.Column("schema_version", sa.Integer, nullable=False))

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("origin", sa.String, nullable=False),  # trained, tracked, imported or published
    sa.Column("quantity", sa.String, nullable=False),  # what an entry of the matrix is, in words
    sa.Column("source", sa.String, nullable=False),  # paper or file it comes from; empty for trained runs
    sa.Column("config", Repeated, nullable=False),
    sa.Column("tasks", Repeated, nullable=False),  # task names; empty until the worker has loaded the data
    sa.Column("metrics", Repeated, nullable=False),  # name of each task's metric
    sa.Column("status", sa.String, nullable=False),
    sa.Column("error", sa.String, nullable=False),
    sa.Column("step", sa.Integer, nullable=False),
    sa.Column("steps", sa.Integer, nullable=False),
    sa.Column("seconds_left", sa.Float),
    sa.Column("created", sa.Float, nullable=False),  # seconds since 1970
    sa.Column("started", sa.Float),
    sa.Column("finished", sa.Float),
    sa.Column("heartbeat", sa.Float, nullable=False),
    sa.Column("worker", sa.String, nullable=False),  # token of the one process that may write the run
    sa.Column("cancel_requested", sa.Boolean, nullable=False),
    sa.Column("seed_group", sa.String, nullable=False, server_default=""),  # id shared by seeds of one setting; or ""
    sa.Column("note", sa.String, nullable=False, server_default=""),  # what the observer and the network say
    sa.Column("parameters", sa.Integer),  # trained numbers of the network; NULL where not known
    sa.Column("cost", sa.Float),  # of the network, in SNT
    sa.Column("step_seconds", sa.Float),  # mean time of an update
    sa.Column("sweep", sa.String, nullable=False, server_default=""),  # name of the sweep it belongs to; or ""
    sa.Column("owner", sa.String, nullable=False, server_default=""),  # who launched it; "" without a login
    sa.Column("queue", sa.String, nullable=False, server_default=""),  # where it waits for a worker, or had one
)


def _window_columns() -> tuple[sa.Column, ...]:
    return (
        sa.Column("step_from", sa.Integer, primary_key=True),
        sa.Column("step_to", sa.Integer, nullable=False),
        sa.Column("updates", sa.Integer, nullable=False),
        sa.Column("total", sa.LargeBinary, nullable=False),  # float32 little-endian [source, target]
        sa.Column("total_squares", sa.LargeBinary, nullable=False),
        sa.Column("counts", sa.LargeBinary),  # uint32 little-endian [source, target]; NULL: all updates, all pairs
    )


def _run_column() -> sa.Column:
    return sa.Column("run", sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)


windows = sa.Table("windows", metadata, _run_column(), *_window_columns())  # of the affinity

readings = sa.Table(  # every other reading of how the tasks relate
    "readings", metadata, _run_column(), sa.Column("reading", sa.String, primary_key=True), *_window_columns()
)

task_weights = sa.Table(
    "task_weights",
    metadata,
    _run_column(),
    sa.Column("step_from", sa.Integer, primary_key=True),
    sa.Column("step_to", sa.Integer, nullable=False),
    sa.Column("weights", sa.LargeBinary, nullable=False),  # float32 little-endian [tasks]
)

artifacts = sa.Table(  # what a run has to show besides numbers over time
    "artifacts",
    metadata,
    _run_column(),
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("content", Json, nullable=False),
)

evaluations = sa.Table(
    "evaluations",
    metadata,
    _run_column(),
    sa.Column("split", sa.String, primary_key=True),
    sa.Column("step", sa.Integer, primary_key=True),
    sa.Column("losses", sa.LargeBinary, nullable=False),  # float32 little-endian [tasks]
    sa.Column("metrics", sa.LargeBinary, nullable=False),
)

measurements = sa.Table(  # networks that were measured, or are about to be; kept when the runs are deleted
    "measurements",
    metadata,
    sa.Column("key", sa.String, primary_key=True),  # digest of all that decides the losses
    sa.Column("setting", sa.String, nullable=False, index=True),  # of what measurements that compare have in common
    sa.Column("settings", Json, nullable=False),  # these, in full
    sa.Column("run", sa.String, nullable=False),  # id of the run that claimed it; it may be deleted
    sa.Column("claimed", sa.Float, nullable=False),  # seconds since 1970
    sa.Column("content", Json),  # NULL until it is measured
)

events = sa.Table(  # what workers log of their runs
    "events",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("run", sa.ForeignKey("runs.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("time", sa.Float, nullable=False),  # seconds since 1970
    sa.Column("level", sa.String, nullable=False),
    sa.Column("message", sa.String, nullable=False),
)

OF_RUNS = [table for table in metadata.sorted_tables if any(key.column.table is runs for key in table.foreign_keys)]


def _counts_groups_and_notes(connection: sa.Connection) -> None:
    for table, column in (
        ("runs", "seed_group VARCHAR NOT NULL DEFAULT ''"),
        ("runs", "note VARCHAR NOT NULL DEFAULT ''"),
        ("windows", "counts BLOB"),
    ):
        connection.execute(sa.text(f"ALTER TABLE {table} ADD COLUMN {column}"))


def _readings_weights_and_costs(connection: sa.Connection) -> None:
    for column in (
        "parameters INTEGER",
        "cost FLOAT",
        "step_seconds FLOAT",
        "sweep VARCHAR NOT NULL DEFAULT ''",
    ):
        connection.execute(sa.text(f"ALTER TABLE runs ADD COLUMN {column}"))
    metadata.create_all(connection, [readings, task_weights, artifacts])


def _measurements(connection: sa.Connection) -> None:
    metadata.create_all(connection, [measurements])


def _owners_queues_and_events(connection: sa.Connection) -> None:
    for column in ("owner", "queue"):
        connection.execute(sa.text(f"ALTER TABLE runs ADD COLUMN {column} VARCHAR NOT NULL DEFAULT ''"))
    metadata.create_all(connection, [events])


# MIGRATIONS[v] takes a store from version v to v + 1. An empty database needs none: it gets the present tables at once.
MIGRATIONS: dict[int, Callable[[sa.Connection], None]] = {
    1: _counts_groups_and_notes,
    2: _readings_weights_and_costs,
    3: _measurements,
    4: _owners_queues_and_events,
}


def migrate(connection: sa.Connection, version: int) -> None:
    """Bring a store of ``version``, 0 for an empty database, to ``VERSION``, within the caller's transaction."""
    if version == 0:
        metadata.create_all(connection)
        connection.execute(store.insert().values(schema_version=VERSION))
        return
    for earlier in range(version, VERSION):
        MIGRATIONS[earlier](connection)
    connection.execute(store.update().values(schema_version=VERSION))
