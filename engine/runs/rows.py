"""Between the store's rows and the engine's values: matrices as little-endian blobs."""

from collections.abc import Mapping, Sequence
from typing import Any, get_origin

import numpy as np
import sqlalchemy as sa

from engine.affinity.series import Window
from engine.runs import schema
from engine.runs.database import DAMAGED, StoreError
from engine.runs.run import ACTIVE, RESUMABLE, Event, Run, observed_status
from engine.tasks import Evaluation, TaskWeights

AFFINITY = "affinity"  # the reading that the estimator gives
_TOGETHER = 500  # ids in one query


def put_windows(connection: sa.Connection, run_id: str, windows: Sequence[Window], reading: str = AFFINITY) -> None:
    """Store windows in place of those of the same run that they overlap: a resumed run writes some of its steps again,
    and if it is someone's own loop, perhaps in windows of another length."""
    table, key = windows_of(run_id, reading)
    _replace(connection, table, key, [_window_row(each) for each in windows])


def windows_of(run_id: str, reading: str) -> tuple[sa.Table, dict[str, str]]:
    """The table of a run's windows of one reading, and the columns that tell them."""
    if reading == AFFINITY:
        return schema.windows, {"run": run_id}
    return schema.readings, {"run": run_id, "reading": reading}


def put_weights(connection: sa.Connection, run_id: str, weights: Sequence[TaskWeights]) -> None:
    """Store task weights, in place of those that they overlap."""
    rows = [
        {"step_from": each.step_from, "step_to": each.step_to, "weights": each.weights.astype("<f4").tobytes()}
        for each in weights
    ]
    _replace(connection, schema.task_weights, {"run": run_id}, rows)


def put_artifacts(connection: sa.Connection, run_id: str, artifacts: Mapping[str, Any]) -> None:
    """Store what a run has to show, in place of what had the same name."""
    rows = [{"run": run_id, "name": name, "content": content} for name, content in artifacts.items()]
    _replace_same(connection, schema.artifacts, rows)


def _replace(connection: sa.Connection, table: sa.Table, key: dict[str, str], rows: list[dict[str, Any]]) -> None:
    """Insert rows that cover steps, in place of those with the same key that they overlap."""
    if not rows:
        return
    same = [table.c[name] == value for name, value in key.items()]
    overlapping = table.delete().where(
        *same, table.c.step_from < sa.bindparam("stop"), table.c.step_to > sa.bindparam("start")
    )
    connection.execute(overlapping, [{"start": row["step_from"], "stop": row["step_to"]} for row in rows])
    connection.execute(table.insert(), [key | row for row in rows])


def _replace_same(connection: sa.Connection, table: sa.Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows in place of those with the same primary key; of several with one key, the last."""
    names = [column.name for column in table.primary_key]
    last = {tuple(row[name] for name in names): row for row in rows}
    if last:
        same = [table.c[name] == sa.bindparam(f"this_{name}") for name in names]
        keys = [{f"this_{name}": row[name] for name in names} for row in last.values()]
        connection.execute(table.delete().where(*same), keys)
        connection.execute(table.insert(), list(last.values()))


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
        StoreError: if its blobs are not of their size, or its steps no numbers.
    """
    edges = row.step_from, row.step_to, row.updates
    if not all(isinstance(each, int) for each in edges):
        raise StoreError(f"The store holds a window with the steps {edges!r:.80}; {DAMAGED}.")
    shape = (tasks, tasks)
    counts = None if row.counts is None else array(row.counts, shape, "<u4").astype(np.int64)
    totals = array(row.total, shape), array(row.total_squares, shape)
    return Window(*edges, *totals, counts)


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
    _replace_same(connection, schema.evaluations, rows)


def put_events(connection: sa.Connection, run_id: str, events: Sequence[Event]) -> None:
    """Add to the run's log."""
    if events:
        connection.execute(schema.events.insert(), [{"run": run_id, **event._asdict()} for event in events])


def drop_after(connection: sa.Connection, run_id: str, step: int) -> None:
    """Remove what the run stored of its course beyond a step."""
    for table in (schema.windows, schema.readings, schema.task_weights):
        connection.execute(table.delete().where(table.c.run == run_id, table.c.step_to > step))
    evaluations = schema.evaluations
    connection.execute(evaluations.delete().where(evaluations.c.run == run_id, evaluations.c.step > step))


def bytes_of(connection: sa.Connection, run_ids: Sequence[str]) -> dict[str, int]:
    """About how many bytes runs take: those of blobs and texts, which are nearly all."""
    found = dict.fromkeys(run_ids, 0)
    for first in range(0, len(run_ids), _TOGETHER):
        for table in schema.OF_RUNS:
            large = [column for column in table.c if isinstance(column.type, sa.LargeBinary | sa.String | schema.Json)]
            size = sum((sa.func.coalesce(sa.func.length(column), 0) for column in large), start=sa.literal(0))
            mine = table.c.run.in_(run_ids[first : first + _TOGETHER])
            query = sa.select(table.c.run, sa.func.sum(size)).where(mine).group_by(table.c.run)
            for run_id, taken in connection.execute(query):
                found[run_id] += int(taken)
    return found


def array(blob: bytes, shape: tuple[int, ...], dtype: str = "<f4") -> np.ndarray:
    """The numbers of a blob.

    Raises:
        StoreError: if it does not hold as many as the shape asks for.
    """
    try:
        return np.frombuffer(blob, dtype=dtype).reshape(shape)
    except ValueError:
        raise StoreError(f"The store holds {len(blob)} bytes where {shape} numbers belong; {DAMAGED}.") from None


_TYPES = {  # of what a run's columns hold, lists in place of tuples
    name: {tuple: list, dict: dict}.get(get_origin(field.type), field.type)
    for name, field in Run.__dataclass_fields__.items()
}


def read_run(row: sa.Row) -> Run:
    """One row of the runs, with the status that an onlooker sees.

    Raises:
        StoreError: if a value is of another type than its column's, or the status is none.
    """
    values = {field: getattr(row, field) for field in Run.__dataclass_fields__ if field != "group"}
    odd = [name for name, value in values.items() if not isinstance(value, _TYPES[name])]
    odd = odd or [name for name in ("tasks", "metrics") if not {str}.issuperset(map(type, values[name]))]
    odd += ["status"] * (row.status not in (*ACTIVE, *RESUMABLE, "finished"))
    if odd:
        raise StoreError(f"The {odd[0]} of the run {row.id!r} is {values[odd[0]]!r:.80}; {DAMAGED}.")
    values["status"] = observed_status(row.status, row.heartbeat)
    values["tasks"], values["metrics"] = tuple(row.tasks), tuple(row.metrics)
    return Run(**values, group=row.seed_group)
