"""The store's tables, its version, and the steps from each version to the next."""

from collections.abc import Callable

import sqlalchemy as sa

VERSION = 1

metadata = sa.MetaData()

store = sa.Table("store", metadata, sa.Column("schema_version", sa.Integer, nullable=False))

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("origin", sa.String, nullable=False),  # trained, imported or published
    sa.Column("quantity", sa.String, nullable=False),  # what an entry of the matrix is, in words
    sa.Column("source", sa.String, nullable=False),  # paper or file it comes from; empty for trained runs
    sa.Column("config", sa.JSON, nullable=False),
    sa.Column("tasks", sa.JSON, nullable=False),  # task names; empty until the worker has loaded the data
    sa.Column("metrics", sa.JSON, nullable=False),  # name of each task's metric
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
)

windows = sa.Table(
    "windows",
    metadata,
    sa.Column("run", sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("step_from", sa.Integer, primary_key=True),
    sa.Column("step_to", sa.Integer, nullable=False),
    sa.Column("updates", sa.Integer, nullable=False),
    sa.Column("total", sa.LargeBinary, nullable=False),  # float32 little-endian [source, target]
    sa.Column("total_squares", sa.LargeBinary, nullable=False),
)

evaluations = sa.Table(
    "evaluations",
    metadata,
    sa.Column("run", sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("split", sa.String, primary_key=True),
    sa.Column("step", sa.Integer, primary_key=True),
    sa.Column("losses", sa.LargeBinary, nullable=False),  # float32 little-endian [tasks]
    sa.Column("metrics", sa.LargeBinary, nullable=False),
)

# MIGRATIONS[v] takes a store from version v to v + 1; version 0 is an empty database.
MIGRATIONS: tuple[Callable[[sa.Connection], None], ...] = (metadata.create_all,)


def migrate(connection: sa.Connection, version: int) -> None:
    """Bring a store of ``version`` to ``VERSION``, within the caller's transaction."""
    for step in MIGRATIONS[version:]:
        step(connection)
    if version == 0:
        connection.execute(store.insert().values(schema_version=VERSION))
    else:
        connection.execute(store.update().values(schema_version=VERSION))
