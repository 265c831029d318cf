"""Between the store's rows and the engine's values: matrices as little-endian blobs."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import sqlalchemy as sa

from engine.affinity.series import Window
from engine.runs import schema
from engine.runs.database import DAMAGED, StoreError
from engine.runs.run import Run, observed_status
from engine.tasks import Evaluation


def put_windows(connection: sa.Connection, run_id: str, windows: Sequence[Window]) -> None:
    """Store windows in place of those of the same run that they overlap: a resumed run writes some of its steps again,
    and if it is someone's own loop, perhaps in windows of another length."""
    if not windows:
        return
    table = schema.windows
    overlapping = table.delete().where(
        table.c.run == run_id, table.c.step_from < sa.bindparam("stop"), table.c.step_to > sa.bindparam("start")
    )
    connection.execute(overlapping, [{"start": each.step_from, "stop": each.step_to} for each in windows])
    connection.execute(table.insert(), [{"run": run_id, **_window_row(each)} for each in windows])


def _window_row(window: Window) -> dict[str, Any]:
    skipped = window.counts is not None and bool((window.counts != window.updates).any())
    return {
        "step_from": window.step_from,
        "step_to": window.step_to,
        "updates": window.updates,
        "total": window.total.astype("<f4").tobytes(),
        "total_squares": window.total_squares.astype("<f4").tobytes(),
        "counts": window.counts.astype("<u4").tobytes() if skipped else None,
    }


def read_window(row: sa.Row, tasks: int) -> Window:
    """One row of the windows of a run with so many tasks.

    Raises:
        StoreError: if its blobs are not of their size.
    """
    shape = (tasks, tasks)
    counts = None if row.counts is None else array(row.counts, shape, "<u4").astype(np.int64)
    totals = array(row.total, shape), array(row.total_squares, shape)
    return Window(row.step_from, row.step_to, row.updates, *totals, counts)


def put_evaluations(connection: sa.Connection, run_id: str, evaluations: Sequence[Evaluation]) -> None:
    """Store evaluations, in place of those of the same split and step."""
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


def drop_after(connection: sa.Connection, run_id: str, step: int) -> None:
    """Remove the run's windows and evaluations that reach beyond a step."""
    windows, evaluations = schema.windows, schema.evaluations
    connection.execute(windows.delete().where(windows.c.run == run_id, windows.c.step_to > step))
    connection.execute(evaluations.delete().where(evaluations.c.run == run_id, evaluations.c.step > step))


def array(blob: bytes, shape: tuple[int, ...], dtype: str = "<f4") -> np.ndarray:
    """The numbers of a blob.

    Raises:
        StoreError: if it does not hold as many as the shape asks for.
    """
    try:
        return np.frombuffer(blob, dtype=dtype).reshape(shape)
    except ValueError:
        raise StoreError(f"The store holds {len(blob)} bytes where {shape} numbers belong; {DAMAGED}.") from None


def read_run(row: sa.Row) -> Run:
    """One row of the runs, with the status that an onlooker sees."""
    values = {field: getattr(row, field) for field in Run.__dataclass_fields__ if field != "group"}
    values["status"] = observed_status(row.status, row.heartbeat)
    values["tasks"], values["metrics"] = tuple(row.tasks), tuple(row.metrics)
    return Run(**values, group=row.seed_group)
