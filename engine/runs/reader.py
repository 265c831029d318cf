"""What is read from the store: runs, their affinity over training, their losses and metrics."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from engine import catalog
from engine.affinity.series import AffinitySeries, Window
from engine.errors import KindredError
from engine.runs import measurements, rows, schema
from engine.runs.database import Database
from engine.runs.overview import Overview, overview
from engine.runs.run import Event, Run
from engine.studies.measurement import Measurement
from engine.tasks import Evaluation, TaskWeights


class Reader:
    """The reading half of a store; each call sees one state of the database, and waits for no writer.

    Attributes:
        url: of the database, complete: with an absolute path, and with its password.
        label: the same as it may be shown.
        folder: of all that is no row: ``KINDRED_FILES``, or beside the database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.url, self.label, self.folder = database.url, database.label, database.files

    def files(self, run_id: str) -> Path:
        """The folder of a run's checkpoint and log."""
        return self.folder / run_id

    @property
    def tables(self) -> Path:
        """The folder of the tables that runs were made on, kept so that no later change of a file reaches them."""
        return self.files("tables")

    @property
    def networks(self) -> Path:
        """The folder of the weights of measured networks, ``<key>.safetensors``."""
        return self.files("networks")

    def measurements(self, setting: str | None = None) -> list[Measurement]:
        """All measured networks, or those of a setting, whichever run measured them, even if it was deleted."""
        with self._database.reading() as connection:
            return measurements.read(connection, setting)

    def measured_settings(self) -> dict[str, dict[str, Any]]:
        """The settings in which networks were measured: digest → what is not as it is by default."""
        with self._database.reading() as connection:
            return measurements.settings(connection)

    def measured_keys(self) -> set[str]:
        """The keys of all networks that were measured, or are about to be."""
        with self._database.reading() as connection:
            return set(connection.execute(sa.select(schema.measurements.c.key)).scalars())

    def stored_bytes(self, run_ids: Sequence[str]) -> dict[str, int]:
        """About how many bytes runs take in the database, by their ids."""
        with self._database.reading() as connection:
            return rows.bytes_of(connection, run_ids)

    def runs(self) -> list[Run]:
        """All runs, the newest first."""
        with self._database.reading() as connection:
            query = sa.select(schema.runs).order_by(schema.runs.c.created.desc(), schema.runs.c.id)
            return [rows.read_run(row) for row in connection.execute(query)]

    def overview(self) -> Overview:
        """How many runs there are in each state, and how its queues stand."""
        with self._database.reading() as connection:
            return overview(connection)

    def check(self) -> None:
        """See that the store answers, with its tables.

        Raises:
            StoreError: if not.
        """
        self._database.check()

    def waiting(self, queue: str) -> list[Run]:
        """The runs that wait in a queue, the oldest first."""
        table = schema.runs.c
        query = sa.select(schema.runs).where(table.queue == queue, table.status == "queued")
        with self._database.reading() as connection:
            found = connection.execute(query.order_by(table.created, table.id))
            return [rows.read_run(row) for row in found]

    def group(self, group: str) -> list[Run]:
        """The seeds of one setting, the oldest first.

        Raises:
            KindredError: if there is no such group.
        """
        query = sa.select(schema.runs).where(schema.runs.c.seed_group == group).order_by(schema.runs.c.created)
        with self._database.reading() as connection:
            runs = [rows.read_run(row) for row in connection.execute(query)] if group else []
        if not runs:
            raise KindredError(f"There is no group {group!r} in this store; list the runs to see their groups.")
        return runs

    def seeds(self, run_or_group: str) -> list[Run]:
        """The seeds of one setting, the oldest first, by the id of their group or of any of them.

        Raises:
            KindredError: if there is no such group, or the run is in none.
        """
        run = next((run for run in self.runs() if run.id == run_or_group), None)
        if run is not None and not run.group:
            raise KindredError(f"The run {run.id!r} is in no group of seeds; leave out --group.")
        return self.group(run.group if run is not None else run_or_group)

    def run(self, run_id: str) -> Run:
        """One run.

        Raises:
            KindredError: if there is no such run.
        """
        with self._database.reading() as connection:
            row = connection.execute(sa.select(schema.runs).where(schema.runs.c.id == run_id)).one_or_none()
            if row is None:
                raise KindredError(f"There is no run {run_id!r} in this store; list the runs to see their ids.")
            return rows.read_run(row)

    def series(self, run_id: str, reading: str = rows.AFFINITY, before: AffinitySeries | None = None) -> AffinitySeries:
        """One reading of the run over training; empty while nothing is stored.

        Args:
            before: what it was earlier. If the run only went on since, that is not read again.
        """
        run = self.run(run_id)
        table, key = rows.windows_of(run_id, reading)
        same = [table.c[name] == value for name, value in key.items()]
        query = sa.select(table).where(*same).order_by(table.c.step_from)

        def windows(query: sa.Select) -> list[Window]:
            return [rows.read_window(row, len(run.tasks)) for row in connection.execute(query)]

        with self._database.reading() as connection:
            if before is not None and len(before) and before.tasks == run.tasks:
                last, *new = windows(query.where(table.c.step_from >= int(before.edges[-2]))) or [None]
                count = connection.execute(sa.select(sa.func.count()).select_from(table).where(*same)).scalar_one()
                if count == len(before) + len(new) and before.ends_with(last):
                    return before.followed_by(new)
            return AffinitySeries.of(run.tasks, windows(query))

    def extent(self, run_id: str, reading: str = rows.AFFINITY) -> tuple[int, int]:
        """How many windows one reading of the run has, and the step at which the last ends; 0 without any."""
        table, key = rows.windows_of(run_id, reading)
        query = sa.select(sa.func.count(), sa.func.coalesce(sa.func.max(table.c.step_to), 0))
        with self._database.reading() as connection:
            windows, end = connection.execute(
                query.where(*(table.c[name] == value for name, value in key.items()))
            ).one()
        return windows, end

    def readings(self, run_id: str) -> tuple[str, ...]:
        """The names of the run's readings, in the order of the catalog; only those of which something is stored."""
        windows, readings = schema.windows, schema.readings
        with self._database.reading() as connection:
            affinity = connection.execute(sa.select(windows.c.run).where(windows.c.run == run_id).limit(1)).first()
            others = connection.execute(sa.select(readings.c.reading).where(readings.c.run == run_id).distinct())
            stored = set(others.scalars()) | ({rows.AFFINITY} if affinity else set())
        return tuple(entry.name for entry in catalog.entries("reading") if entry.name in stored)

    def weights(self, run_id: str) -> list[TaskWeights]:
        """By how much each task counted in the run's updates, in the order of the steps."""
        table = schema.task_weights
        query = sa.select(table).where(table.c.run == run_id).order_by(table.c.step_from)
        with self._database.reading() as connection:
            return [
                TaskWeights(row.step_from, row.step_to, rows.array(row.weights, (-1,)))
                for row in connection.execute(query)
            ]

    def events(self, run_id: str, last: int = 100) -> list[Event]:
        """The last entries of a run's log, the oldest first."""
        table = schema.events
        query = sa.select(table).where(table.c.run == run_id).order_by(table.c.number.desc()).limit(last)
        with self._database.reading() as connection:
            return [Event(row.time, row.level, row.message) for row in connection.execute(query)][::-1]

    def artifact(self, run_id: str, name: str) -> Any:
        """What the run has to show under that name; None if there is nothing."""
        table = schema.artifacts
        query = sa.select(table.c.content).where(table.c.run == run_id, table.c.name == name)
        with self._database.reading() as connection:
            return connection.execute(query).scalar_one_or_none()

    def evaluations(self, run_id: str) -> list[Evaluation]:
        """The run's losses and metrics, sorted by split and step."""
        table = schema.evaluations
        query = sa.select(table).where(table.c.run == run_id).order_by(table.c.split, table.c.step)
        with self._database.reading() as connection:
            return [
                Evaluation(row.step, row.split, rows.array(row.losses, (-1,)), rows.array(row.metrics, (-1,)))
                for row in connection.execute(query)
            ]
