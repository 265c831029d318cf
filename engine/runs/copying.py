"""Copying a store into another one: between databases, to keep a copy, and back from it.

Each run is read in one state and stored in one transaction, its files before it. A checkpoint always follows what was
stored before it, so a run that is copied while its worker writes is one that can be gone on with from its copy.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from engine.errors import KindredError
from engine.paths import DATA, copy_file, files_within
from engine.runs import schema
from engine.runs.database import Database, StoreError
from engine.runs.dialects import dialect_of
from engine.runs.run import ACTIVE, observed_status
from engine.runs.store import store_url

BATCH = 64  # rows in memory; a row of 200 tasks has half a megabyte
DRAFT = ".draft"  # how the name ends of a file that is being written
TABLES, NETWORKS = "tables", "networks"  # the folders of files that belong to no run alone

_RUNS, _MEASUREMENTS = schema.runs, schema.measurements
# What belongs to no run, and is told by its key.
KEYED = [table for table in schema.metadata.sorted_tables if table not in (schema.store, _RUNS, *schema.OF_RUNS)]


@dataclass
class Copied:
    """Attributes:
    runs: how many were copied, and ``there``, how many were there already.
    at_work: the ids of those that were left out, as a worker writes them or is about to.
    measured: how many measured networks were copied.
    files, bytes: copied, and the bytes in them.
    """

    runs: int = 0
    there: int = 0
    at_work: list[str] = field(default_factory=list)
    measured: int = 0
    files: int = 0
    bytes: int = 0


def files_of(url: str) -> str | None:
    """Where the files of one of two stores lie, if nobody says so: ``KINDRED_FILES`` is the place of the one that
    ``KINDRED_STORE`` names, for which this is None; the other's are beside its database."""
    one, mine = (dialect_of(each, DATA / "kindred.files") for each in (url, store_url()))
    return None if one is None or (mine is not None and one.url == mine.url) else str(one.beside)


def copy_store(
    source: Database, target: Database, *, at_work: bool = False, tell: Callable[[Copied, int], None]
) -> Copied:
    """Copy all runs with their files, and all measured networks; what the target has already stays as it is there.

    Given again after an interruption, it goes on where it stopped.

    Args:
        source: nothing in it is changed.
        at_work: copy also the runs that are queued or running, as they are now; in the target they are interrupted, to
            be gone on with there. Otherwise they are left out.
        tell: is called as the copy grows, with what was copied so far and how many runs there are.

    Raises:
        KindredError: if both are the same.
        StoreError: if one of them fails, or a file cannot be copied.
    """
    if source.url == target.url:
        raise KindredError(f"Both stores are {source.label}; name another one to copy to.")
    copied = Copied()
    with source.reading() as connection:
        run_ids = list(connection.execute(sa.select(_RUNS.c.id).order_by(_RUNS.c.created, _RUNS.c.id)).scalars())
    with target.reading() as connection:
        there = set(connection.execute(sa.select(_RUNS.c.id)).scalars())
        published = _published(connection)
    _copy_folder(source.files / TABLES, target.files / TABLES, copied)
    for run_id in run_ids:
        if run_id in there:
            copied.there += 1
        else:
            _copy_run(source, target, run_id, published, at_work, copied)
        tell(copied, len(run_ids))
    keys = {table: _keys(source, table) for table in KEYED}
    _copy_folder(source.files / NETWORKS, target.files / NETWORKS, copied)  # those of all keys are written by now
    for table in KEYED:
        _copy_keyed(source, target, table, keys[table], copied)
    tell(copied, len(run_ids))
    return copied


def _published(connection: sa.Connection) -> set[str]:
    """The names of the published matrices, which each new store gets under ids of its own."""
    return set(connection.execute(sa.select(_RUNS.c.name).where(_RUNS.c.origin == "published")).scalars())


def _copy_run(
    source: Database, target: Database, run_id: str, published: set[str], at_work: bool, copied: Copied
) -> None:
    now = _RUNS.c.status, _RUNS.c.heartbeat, _RUNS.c.origin, _RUNS.c.name
    with source.reading() as connection:
        run = connection.execute(sa.select(*now).where(_RUNS.c.id == run_id)).one_or_none()
    if run is None:
        return  # deleted by now
    if run.origin == "published" and run.name in published:
        copied.there += 1
        return
    if observed_status(run.status, run.heartbeat) in ACTIVE and not at_work:
        copied.at_work.append(run_id)
        return
    _copy_folder(source.files / run_id, target.files / run_id, copied, anew=True)
    with target.writing(alone=True) as connection:
        if connection.execute(sa.select(_RUNS.c.id).where(_RUNS.c.id == run_id)).first():
            copied.there += 1  # another process was first
            return
        for table, rows in _rows_of_run(source, run_id):
            connection.execute(table.insert(), rows)
    copied.runs += 1


def _rows_of_run(source: Database, run_id: str) -> Iterator[tuple[sa.Table, list[dict[str, Any]]]]:
    """The run, then what belongs to it, in one state and some rows at a time; nothing where it is deleted."""
    with source.reading() as connection:
        run = connection.execute(sa.select(_RUNS).where(_RUNS.c.id == run_id)).mappings().one_or_none()
        if run is None:
            return
        yield _RUNS, [_left_alone(run)]
        for table in schema.OF_RUNS:
            for rows in _batches(connection, sa.select(table).where(table.c.run == run_id), table):
                yield table, rows


def _left_alone(run: Mapping[str, Any]) -> dict[str, Any]:
    """The run as it is without its worker, which goes on in the other store."""
    if observed_status(run["status"], run["heartbeat"]) not in ACTIVE:
        return dict(run)
    return dict(run) | {"status": "interrupted", "worker": ""}


def _batches(connection: sa.Connection, query: sa.Select, table: sa.Table) -> Iterator[list[dict[str, Any]]]:
    """Rows in the order of their keys; without the numbers that each database gives by itself."""
    own = table.autoincrement_column
    streamed = connection.execution_options(yield_per=BATCH).execute(query.order_by(*table.primary_key))
    for batch in streamed.mappings().partitions():
        yield [{name: row[name] for name in row if own is None or name != own.name} for row in batch]


def _keys(source: Database, table: sa.Table) -> set[tuple[Any, ...]]:
    with source.reading() as connection:
        return {tuple(row) for row in connection.execute(_stated(table, sa.select(*table.primary_key)))}


def _copy_keyed(
    source: Database, target: Database, table: sa.Table, keys: set[tuple[Any, ...]], copied: Copied
) -> None:
    """Rows with one of the keys that the target does not have."""

    def key(row: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(row[column.name] for column in table.primary_key)

    for rows in _rows_of(source, table):
        wanted = {found: row for row in rows if (found := key(row)) in keys}
        mine = sa.tuple_(*table.primary_key).in_(list(wanted))
        with target.writing(alone=True) as connection:
            if table is _MEASUREMENTS:  # of a network that the target was about to measure it knows the losses now
                connection.execute(table.delete().where(mine, table.c.content.is_(None)))
            there = {tuple(row) for row in connection.execute(sa.select(*table.primary_key).where(mine))}
            fresh = [row for found, row in wanted.items() if found not in there]
            if fresh:
                connection.execute(table.insert(), fresh)
        copied.measured += len(fresh) if table is _MEASUREMENTS else 0


def _rows_of(source: Database, table: sa.Table) -> Iterator[list[dict[str, Any]]]:
    with source.reading() as connection:
        yield from _batches(connection, _stated(table, sa.select(table)), table)


def _stated(table: sa.Table, query: sa.Select) -> sa.Select:
    """Without what only says that a run is about to measure a network, as that run does so in the source."""
    return query.where(table.c.content.is_not(None)) if table is _MEASUREMENTS else query


def _copy_folder(source: Path, target: Path, copied: Copied, anew: bool = False) -> None:
    """Copy the files that the target does not have; ``anew`` also those, which an interrupted copy has left."""
    if source == target:
        return
    there = set() if anew else {str(path.relative_to(target)) for path in files_within(target)}
    for path in files_within(source):
        name = str(path.relative_to(source))
        if name in there or path.suffix == DRAFT:
            continue
        try:
            copied.bytes += copy_file(path, target / name)
        except FileNotFoundError:
            continue  # its worker has removed it since: what was in it is stored by now
        except OSError as error:
            raise StoreError(
                f"The file {path} cannot be copied to {target} ({error}); free some space or make the folder writable, "
                "then give the command again, which goes on where it stopped."
            ) from error
        copied.files += 1
