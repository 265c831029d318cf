"""The store: all runs, their windows and evaluations, which workers write and dashboards read at the same time."""

import os
import secrets
import time
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from engine.affinity.matrix import AffinityMatrix
from engine.affinity.series import Window
from engine.errors import KindredError
from engine.paths import DATA, remove_folder
from engine.runs import measurements, new, queueing, rows, schema, tracked
from engine.runs.configs import Config
from engine.runs.database import Database, Told
from engine.runs.published import published_matrices
from engine.runs.reader import Reader
from engine.runs.run import Event, Run
from engine.studies.measurement import Measurement
from engine.tasks import Evaluation, TaskWeights
from engine.training.sink import Claim


class WriterReplaced(KindredError):
    """This process may no longer write the run: it was resumed by another worker, cancelled for good or deleted."""


def store_url() -> str:
    """``KINDRED_STORE``, or the SQLite store in ``data/kindred.db``."""
    return os.environ.get("KINDRED_STORE") or f"sqlite:///{DATA / 'kindred.db'}"


class Store(Reader):
    """All runs of one database: what :class:`Reader` reads of them, and all that writes them.

    Args:
        url: an SQLAlchemy URL, ``sqlite:///PATH`` for a file (created if missing), or
            ``postgresql+psycopg://USER:PASSWORD@HOST/DATABASE``; default ``store_url()``.
        files: the folder, or an fsspec URL, of checkpoints, logs, tables and weights; default ``KINDRED_FILES``, or a
            folder beside the database file.
        told: is called after each transaction, from any thread; see ``database.Told``.

    Raises:
        StoreError: if there is no readable Kindred store, or none can be made.
    """

    def __init__(self, url: str | None = None, files: str | None = None, *, told: Told | None = None) -> None:
        super().__init__(Database(url or store_url(), files, told=told))
        if self._database.created:
            for published in reversed(published_matrices()):  # so that the first is the newest
                self.add_matrix(origin="published", **published)

    def reader(self) -> Reader:
        """Its reading half alone, for those who may change nothing."""
        return Reader(self._database)

    # Runs, as users make, change and end them

    def create(
        self,
        config: Config,
        name: str = "",
        group: str = "",
        sweep: str = "",
        *,
        owner: str = "",
        limit: int | None = None,
    ) -> str:
        """A new queued run; a worker has to be launched for it.

        Args:
            group: the id that several seeds of one setting share, if it is one of them; see `create_seeds`.
            sweep: the name of the sweep that it belongs to, if any.
            owner: who launches it; empty where nobody logs in.
            limit: how many runs of this owner may be queued or running, this one included; None for any number.

        Returns:
            Its id.

        Raises:
            KindredError: if there would be more than ``limit``.
        """
        return self._insert([new.queued(config, name, group) | {"sweep": sweep, "owner": owner}], limit=limit)

    def create_seeds(
        self, config: Config, name: str = "", seeds: int = 1, *, owner: str = "", limit: int | None = None
    ) -> list[str]:
        """One queued run for each of ``seeds`` seeds from ``config.seed`` on, as a group named by the first one's id.

        A single seed makes no group. Of several, each is named after its seed.

        Args:
            owner, limit: as of ``create``.

        Returns:
            Their ids, in the order of their seeds.

        Raises:
            KindredError: if the number of seeds is not 1 to 100, one of them is out of range, or there would be more
                runs than ``limit``.
        """
        members = [member | {"owner": owner} for member in new.seeds(config, name, seeds)]
        self._insert(members, limit=limit)
        return [member["id"] for member in members]

    def keep_waiting(self, run_ids: Sequence[str]) -> None:
        """A heartbeat for queued runs whose worker begins later, so that they do not count as given up."""
        with self._database.writing() as connection:
            queueing.beat(connection, run_ids)

    def enqueue(self, run_ids: Sequence[str], queue: str) -> None:
        """Say where queued runs wait for their workers.

        Args:
            queue: see ``engine.runs.launching.launcher.queue_name``.
        """
        with self._database.writing() as connection:
            queueing.beat(connection, run_ids, queue=queue)

    def give_up(self, run_id: str, error: str) -> None:
        """Mark a run as failed if it is still queued: no worker will come."""
        with self._database.writing() as connection:
            queueing.beat(connection, [run_id], status="failed", error=error, finished=time.time())

    def create_tracked(
        self,
        name: str,
        tasks: Sequence[str],
        config: dict[str, Any],
        quantity: str,
        group: str = "",
        steps: int = 0,
    ) -> tuple[str, str]:
        """A new run that someone's own training loop writes, already running.

        Args:
            config: what the tracker was told, as plain JSON.
            quantity: what an entry of the matrix is, in words.
            steps: updates in all; 0 where the loop does not know.

        Returns:
            Its id, and the token that every write must show.

        Raises:
            KindredError: if a live process writes a tracked run of this name.
        """
        columns = new.tracked(name, tasks, config)
        columns |= {"quantity": quantity, "seed_group": group, "steps": steps}
        with self._database.writing(alone=True) as connection:
            tracked.refuse_live(connection, columns["name"])
            connection.execute(schema.runs.insert().values(new.complete(columns)))
        return columns["id"], columns["worker"]

    def reopen_tracked(self, name: str) -> tuple[Run, str]:
        """Take up the newest tracked run of this name, however it ended: for a loop resumed from its own checkpoint.

        Returns:
            The run as it was left, now running, and the token that every write must show.

        Raises:
            KindredError: if there is none, or a live process writes one.
        """
        with self._database.writing(alone=True) as connection:
            run_id, token = tracked.take_up(connection, name)
        return self.run(run_id), token

    def add_matrix(
        self,
        matrix: AffinityMatrix,
        name: str,
        *,
        origin: str = "imported",
        quantity: str = "affinity as imported",
        source: str = "",
    ) -> str:
        """A finished run of one window that holds ``matrix`` (in float32).

        Returns:
            Its id.
        """
        columns, window = new.of_matrix(matrix, name, origin)
        return self._insert([columns | {"quantity": quantity, "source": source}], [window])

    def rename(self, run_id: str, name: str) -> None:
        """Give a run another name."""
        self.run(run_id)
        with self._database.writing() as connection:
            connection.execute(_runs_where(run_id).values(name=new.checked_name(name)))

    def delete(self, run_id: str) -> None:
        """Remove a run with its windows, checkpoint and log.

        Raises:
            KindredError: if a worker is at work on it, or there is no such run.
        """
        run = self.run(run_id)
        if run.active:
            raise KindredError(f"The run {run_id!r} is {run.status}; cancel it before deleting it.")
        with self._database.writing() as connection:
            connection.execute(schema.runs.delete().where(schema.runs.c.id == run_id))
        remove_folder(self.files(run_id))

    def give_back(self) -> None:
        """Return the space of what was deleted to the file system, where the database does not so by itself.

        Raises:
            StoreError: if that is not possible now.
        """
        self._database.give_back()

    def request_cancel(self, run_id: str) -> None:
        """Ask the run's worker to stop at its next step; a run without a live worker is cancelled at once.

        Raises:
            KindredError: if the run has ended already, or there is none.
        """
        run = self.run(run_id)
        if not run.active and run.status != "interrupted":
            raise KindredError(f"The run {run_id!r} is {run.status}; only a queued or running one can be cancelled.")
        ended = {} if run.status == "running" else {"status": "cancelled", "finished": time.time(), "worker": ""}
        with self._database.writing() as connection:
            connection.execute(_runs_where(run_id).values(cancel_requested=True, **ended))

    def requeue(self, run_id: str, *, limit: int | None = None) -> None:
        """Put a run that stopped early back into the queue; a worker has to be launched for it.

        Args:
            limit: as of ``create``, of the run's owner.

        Raises:
            KindredError: if the run is not one that stopped early, or its owner would have more than ``limit``.
        """
        run = self.run(run_id)
        if run.resumable:
            with self._database.writing(alone=True) as connection:
                queueing.refuse_over(connection, run.owner, limit)
                if queueing.put_back(connection, run_id):
                    return
            run = self.run(run_id)
        if run.origin == tracked.ORIGIN:
            raise KindredError(
                f"The run {run_id!r} is written by its own training loop; run that loop again with resume=True."
            )
        raise KindredError(
            f"The run {run_id!r} is {run.status}; only a trained run that was cancelled, failed or interrupted can be "
            "resumed."
        )

    # What a worker writes

    def claim(self, run_id: str, token: str | None = None) -> str:
        """Become the one writer of a queued run.

        Args:
            token: to use; one that is given again gets the run again, as after a failure that left it open whether the
                run was got.

        Returns:
            The token that every write must show.

        Raises:
            WriterReplaced: if the run is not queued.
        """
        token = token or secrets.token_hex(8)
        with self._database.writing() as connection:
            free = sa.or_(schema.runs.c.status == "queued", schema.runs.c.worker == token)
            values = dict(status="running", worker=token, heartbeat=time.time())
            if not connection.execute(_runs_where(run_id).where(free).values(**values)).rowcount:
                raise WriterReplaced(f"The run {run_id!r} is not waiting for a worker; resume it to launch one.")
        return token

    def write(
        self,
        run_id: str,
        token: str,
        windows: Sequence[Window] = (),
        evaluations: Sequence[Evaluation] = (),
        *,
        readings: Mapping[str, Sequence[Window]] = MappingProxyType({}),
        weights: Sequence[TaskWeights] = (),
        artifacts: Mapping[str, Any] = MappingProxyType({}),
        events: Sequence[Event] = (),
        **values: Any,
    ) -> bool:
        """Store what a run has to report, and columns of it, in one transaction; also a heartbeat.

        Args:
            windows: of the affinity.
            readings: windows of other readings, by their names in the catalog.
            artifacts: name → JSON; takes the place of what had the same name.
            events: of its log.
            values: of columns.

        Returns:
            Whether the run is asked to stop.

        Raises:
            WriterReplaced: if the token is no longer the run's.
        """
        with self._database.writing() as connection:
            mine = _runs_where(run_id).where(schema.runs.c.worker == token)
            if not connection.execute(mine.values(heartbeat=time.time(), **values)).rowcount:
                raise WriterReplaced(f"The run {run_id!r} was taken over or deleted; this worker stops writing it.")
            for reading, found in {rows.AFFINITY: windows, **readings}.items():
                rows.put_windows(connection, run_id, found, reading)
            rows.put_evaluations(connection, run_id, evaluations)
            rows.put_weights(connection, run_id, weights)
            rows.put_artifacts(connection, run_id, artifacts)
            rows.put_events(connection, run_id, events)
            asked = sa.select(schema.runs.c.cancel_requested).where(schema.runs.c.id == run_id)
            return bool(connection.execute(asked).scalar_one())

    def rewind(self, run_id: str, token: str, step: int) -> None:
        """Drop the windows and evaluations that reach beyond ``step``: its loop goes on from there, on other numbers.

        Raises:
            WriterReplaced: if the token is no longer the run's.
        """
        self.write(run_id, token, step=step)
        with self._database.writing() as connection:
            rows.drop_after(connection, run_id, step)

    def claim_measurement(self, key: str, settings: Mapping[str, Any], run_id: str) -> Claim:
        """Ask for a network to train, so that no other run trains it at the same time.

        Args:
            key: of the training; see ``StudyConfig.key``.
            settings: that decide its losses; see ``StudyConfig.decisive``.

        Returns:
            ``mine``; or ``known`` where it is measured; or ``elsewhere`` where a run that is alive has claimed it.
        """
        with self._database.writing(alone=True) as connection:
            return measurements.claim(connection, key, settings, run_id)

    def put_measurement(self, measurement: Measurement, settings: Mapping[str, Any], run_id: str) -> None:
        """Keep a measurement, also when the run is deleted; where there is one with its key, that one stays."""
        with self._database.writing(alone=True) as connection:
            measurements.put(connection, measurement, settings, run_id)

    # Within

    def _insert(self, runs: Sequence[dict[str, Any]], windows: Sequence[Window] = (), limit: int | None = None) -> str:
        """New runs in one transaction; ``windows`` belong to the first, whose id is returned."""
        with self._database.writing(alone=limit is not None) as connection:
            queueing.refuse_over(connection, runs[0].get("owner", ""), limit, len(runs))
            for later, columns in enumerate(runs):
                connection.execute(schema.runs.insert().values(new.complete(columns, later)))
            rows.put_windows(connection, runs[0]["id"], windows)
        return runs[0]["id"]


def _runs_where(run_id: str) -> sa.Update:
    return schema.runs.update().where(schema.runs.c.id == run_id)
