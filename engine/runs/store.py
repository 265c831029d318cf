"""The store: all runs, their windows and evaluations, which workers write and dashboards read at the same time."""

import os
import secrets
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa

from engine.affinity.matrix import AffinityMatrix
from engine.affinity.series import AffinitySeries, Window
from engine.errors import KindredError
from engine.paths import DATA
from engine.runs import schema
from engine.runs.config import RunConfig
from engine.runs.database import DAMAGED, Database, StoreError
from engine.runs.published import published_matrices
from engine.runs.run import PATIENCE, SILENCE, Run, observed_status
from engine.tasks import Evaluation


class WriterReplaced(KindredError):
    """This process may no longer write the run: it was resumed by another worker, cancelled for good or deleted."""


def store_url() -> str:
    """``KINDRED_STORE``, or the embedded store in ``data/kindred.db``."""
    return os.environ.get("KINDRED_STORE") or f"sqlite:///{DATA / 'kindred.db'}"


class Store:
    """All runs of one database.

    Args:
        url: an SQLAlchemy URL, ``sqlite:///PATH`` for a file (created if missing); default ``store_url()``.

    Raises:
        StoreError: if there is no readable Kindred store, or none can be made.
    """

    def __init__(self, url: str | None = None) -> None:
        self._database = Database(url or store_url())
        self.url, self.path = self._database.url, self._database.path
        if self._database.created:
            for published in reversed(published_matrices()):  # so that the first is the newest
                self.add_matrix(origin="published", **published)

    def files(self, run_id: str) -> Path:
        """The folder of a run's checkpoint and log, beside the database."""
        return self.path.with_suffix(".files") / run_id

    # Runs

    def runs(self) -> list[Run]:
        """All runs, the newest first."""
        with self._database.reading() as connection:
            rows = connection.execute(sa.select(schema.runs).order_by(schema.runs.c.created.desc(), schema.runs.c.id))
            return [_run(row) for row in rows]

    def run(self, run_id: str) -> Run:
        """One run.

        Raises:
            KindredError: if there is no such run.
        """
        with self._database.reading() as connection:
            row = connection.execute(sa.select(schema.runs).where(schema.runs.c.id == run_id)).one_or_none()
        if row is None:
            raise KindredError(f"There is no run {run_id!r} in this store; list the runs to see their ids.")
        return _run(row)

    def create(self, config: RunConfig, name: str = "") -> str:
        """A new queued run; a worker has to be launched for it.

        Returns:
            Its id.
        """
        run_id = f"{config.dataset}-{secrets.token_hex(3)}"
        return self._insert(
            id=run_id,
            name=_checked_name(name or run_id),
            origin="trained",
            quantity="inter-task affinity per unit of step size",
            config=config.to_json(),
            status="queued",
        )

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
        with np.errstate(over="ignore"):
            values = matrix.values.astype("<f4")
        if not np.isfinite(values).all():
            raise KindredError(
                f"The largest entry of {name!r} is {np.abs(matrix.values).max():g}; entries are kept as 32-bit numbers "
                "below 3e38, so divide the matrix by a constant."
            )
        return self._insert(
            id=f"{origin}-{secrets.token_hex(3)}",
            name=_checked_name(name),
            origin=origin,
            quantity=quantity,
            source=source,
            tasks=list(matrix.tasks),
            status="finished",
            step=1,
            steps=1,
            windows=[Window(0, 1, 1, values, np.square(values.astype(np.float64)))],
        )

    def rename(self, run_id: str, name: str) -> None:
        """Give a run another name."""
        self.run(run_id)
        with self._database.writing() as connection:
            connection.execute(_runs_where(run_id).values(name=_checked_name(name)))

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
        shutil.rmtree(self.files(run_id), ignore_errors=True)

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

    def requeue(self, run_id: str) -> None:
        """Put a run that stopped early back into the queue; a worker has to be launched for it.

        Raises:
            KindredError: if the run is not one that stopped early.
        """
        run = self.run(run_id)
        if run.resumable:
            now = time.time()
            table = schema.runs.c
            stopped = sa.or_(
                table.status.in_(("cancelled", "failed")),
                sa.and_(table.status == "running", table.heartbeat < now - SILENCE),
                sa.and_(table.status == "queued", table.heartbeat < now - PATIENCE),
            )
            fresh = dict(status="queued", worker="", error="", cancel_requested=False, heartbeat=now, finished=None)
            with self._database.writing() as connection:
                if connection.execute(_runs_where(run_id).where(stopped).values(seconds_left=None, **fresh)).rowcount:
                    return
            run = self.run(run_id)
        raise KindredError(
            f"The run {run_id!r} is {run.status}; only a trained run that was cancelled, failed or interrupted can be "
            "resumed."
        )

    # What a worker writes

    def claim(self, run_id: str) -> str:
        """Become the one writer of a queued run.

        Returns:
            The token that every write must show.

        Raises:
            WriterReplaced: if the run is not queued.
        """
        token, now = secrets.token_hex(8), time.time()
        with self._database.writing() as connection:
            queued = _runs_where(run_id).where(schema.runs.c.status == "queued")
            values = dict(status="running", worker=token, heartbeat=now)
            if not connection.execute(queued.values(**values)).rowcount:
                raise WriterReplaced(f"The run {run_id!r} is not waiting for a worker; resume it to launch one.")
        return token

    def write(
        self,
        run_id: str,
        token: str,
        windows: Sequence[Window] = (),
        evaluations: Sequence[Evaluation] = (),
        **values: Any,
    ) -> bool:
        """Store windows, evaluations and columns of the run in one transaction; also a heartbeat.

        Returns:
            Whether the run is asked to stop.

        Raises:
            WriterReplaced: if the token is no longer the run's.
        """
        with self._database.writing() as connection:
            mine = _runs_where(run_id).where(schema.runs.c.worker == token)
            if not connection.execute(mine.values(heartbeat=time.time(), **values)).rowcount:
                raise WriterReplaced(f"The run {run_id!r} was taken over or deleted; this worker stops writing it.")
            _put_windows(connection, run_id, windows)
            _put_evaluations(connection, run_id, evaluations)
            asked = sa.select(schema.runs.c.cancel_requested).where(schema.runs.c.id == run_id)
            return bool(connection.execute(asked).scalar_one())

    # What a reader wants

    def series(self, run_id: str) -> AffinitySeries:
        """The run's affinity over training; empty while nothing is stored."""
        run = self.run(run_id)
        query = sa.select(schema.windows).where(schema.windows.c.run == run_id).order_by(schema.windows.c.step_from)
        shape = (len(run.tasks), len(run.tasks))
        with self._database.reading() as connection:
            windows = [
                Window(
                    row.step_from,
                    row.step_to,
                    row.updates,
                    _array(row.total, shape),
                    _array(row.total_squares, shape),
                )
                for row in connection.execute(query)
            ]
        return AffinitySeries.of(run.tasks, windows)

    def evaluations(self, run_id: str) -> list[Evaluation]:
        """The run's losses and metrics, sorted by split and step."""
        table = schema.evaluations
        query = sa.select(table).where(table.c.run == run_id).order_by(table.c.split, table.c.step)
        with self._database.reading() as connection:
            return [
                Evaluation(row.step, row.split, _array(row.losses, (-1,)), _array(row.metrics, (-1,)))
                for row in connection.execute(query)
            ]

    # Within

    def _insert(self, windows: Sequence[Window] = (), **values: Any) -> str:
        now = time.time()
        defaults = dict(
            source="",
            config={},
            tasks=[],
            metrics=[],
            error="",
            step=0,
            steps=0,
            created=now,
            heartbeat=now,
            worker="",
            cancel_requested=False,
        )
        with self._database.writing() as connection:
            connection.execute(schema.runs.insert().values({**defaults, **values}))
            _put_windows(connection, values["id"], windows)
        return values["id"]


def _runs_where(run_id: str) -> sa.Update:
    return schema.runs.update().where(schema.runs.c.id == run_id)


def _put_windows(connection: sa.Connection, run_id: str, windows: Sequence[Window]) -> None:
    rows = [
        {
            "run": run_id,
            "step_from": window.step_from,
            "step_to": window.step_to,
            "updates": window.updates,
            "total": window.total.astype("<f4").tobytes(),
            "total_squares": window.total_squares.astype("<f4").tobytes(),
        }
        for window in windows
    ]
    if rows:  # a resumed run writes some windows again, with the same numbers
        connection.execute(schema.windows.insert().prefix_with("OR REPLACE"), rows)


def _put_evaluations(connection: sa.Connection, run_id: str, evaluations: Sequence[Evaluation]) -> None:
    rows = [
        {
            "run": run_id,
            "split": evaluation.split,
            "step": evaluation.step,
            "losses": evaluation.losses.astype("<f4").tobytes(),
            "metrics": evaluation.metrics.astype("<f4").tobytes(),
        }
        for evaluation in evaluations
    ]
    if rows:
        connection.execute(schema.evaluations.insert().prefix_with("OR REPLACE"), rows)


def _array(blob: bytes, shape: tuple[int, ...]) -> np.ndarray:
    try:
        return np.frombuffer(blob, dtype="<f4").reshape(shape)
    except ValueError:
        raise StoreError(f"The store holds {len(blob)} bytes where {shape} numbers belong; {DAMAGED}.") from None


def _run(row: sa.Row) -> Run:
    values = {field: getattr(row, field) for field in Run.__dataclass_fields__}
    values["status"] = observed_status(row.status, row.heartbeat)
    values["tasks"], values["metrics"] = tuple(row.tasks), tuple(row.metrics)
    return Run(**values)


def _checked_name(name: str) -> str:
    name = name.strip()
    if not 0 < len(name) <= 200:
        raise KindredError(f"The run name has {len(name)} characters; it must have 1 to 200.")
    return name
