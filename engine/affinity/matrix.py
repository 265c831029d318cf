"""A labelled affinity matrix: checked once at the door, trusted everywhere behind it."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from engine.arrays import array_of
from engine.errors import KindredError
from engine.spreadsheets import as_written

MOST_BYTES = 8 * 2**20  # of a file: 600 tasks with all their digits


def check_tasks(tasks: Sequence[str]) -> tuple[str, ...]:
    """The task names as a tuple, if each is a non-empty string and no two are equal.

    Raises:
        KindredError: naming the first offending name.
    """
    if not tasks:
        raise KindredError("There are no tasks; name at least one.")
    seen = set()
    for position, task in enumerate(tasks):
        if not isinstance(task, str) or not task.strip():
            raise KindredError(f"Task {position + 1} has the name {task!r}; give every task a non-empty text name.")
        if any("\ud800" <= letter <= "\udfff" for letter in task):
            raise KindredError(f"The task name {task!r} holds half a character, which cannot be written; leave it out.")
        if task in seen:
            raise KindredError(f"The task name {task!r} occurs twice; task names must be unique, so rename one.")
        seen.add(task)
    return tuple(tasks)


@dataclass(frozen=True, eq=False)
class AffinityMatrix:
    """How much a gradient step on one task lowers another task's loss.

    Attributes:
        tasks: the T task names, in the order of rows and columns.
        values: ``[source, target]``, float64, finite; positive where the source helps the target.

    Raises:
        KindredError: if the matrix is not square, does not fit the tasks or holds NaN or infinity.
    """

    tasks: tuple[str, ...]
    values: np.ndarray

    def __post_init__(self) -> None:
        tasks = check_tasks(self.tasks)
        try:
            values = np.array(self.values, dtype=np.float64)
        except (TypeError, ValueError, OverflowError) as error:
            raise KindredError(f"An affinity matrix must hold numbers only, but {error}.") from None
        if values.ndim != 2 or values.shape[0] != values.shape[1]:
            raise KindredError(
                f"The affinity matrix has the shape {' × '.join(map(str, values.shape))}; it must be square, one row "
                "per source task and one column per target task."
            )
        if len(tasks) != len(values):
            raise KindredError(
                f"There are {len(tasks)} task names for a {len(values)} × {len(values)} affinity matrix; "
                "give one name per row."
            )
        if not np.isfinite(values).all():
            source, target = np.argwhere(~np.isfinite(values))[0]
            raise KindredError(
                f"The affinity of {tasks[source]!r} onto {tasks[target]!r} is {values[source, target]}; every entry "
                "must be a finite number, so remove the task or fill the entry."
            )
        values.setflags(write=False)
        object.__setattr__(self, "tasks", tasks)
        object.__setattr__(self, "values", values)

    def frame(self) -> pd.DataFrame:
        """The matrix as a labelled frame, rows = source, columns = target."""
        return pd.DataFrame(
            self.values,
            index=pd.Index(self.tasks, name="source"),
            columns=pd.Index(self.tasks, name="target"),
        )


def read_affinity(content: bytes, name: str, tasks: Sequence[str] | None = None) -> AffinityMatrix:
    """Read an affinity matrix from the bytes of a file.

    Args:
        content: what the file holds.
        name: the file's name, whose ending tells the format. ``.csv``: a labelled square, first row = targets, first
            column = sources, in the same order or not; ``.json``: an object with ``tasks`` and ``affinity``
            (``[source][target]``); ``.npy``: a square array, without pickled objects.
        tasks: the task names; needed for ``.npy``, and refused for the labelled formats.

    Raises:
        KindredError: if the file cannot be read as such a matrix, or has more than ``MOST_BYTES``.
    """
    if len(content) > MOST_BYTES:
        raise KindredError(
            f"{name} has {len(content) / 2**20:,.1f} MiB, but at most {MOST_BYTES / 2**20:g} MiB are read; leave out "
            "tasks, or digits."
        )
    ending = name.rsplit(".", 1)[-1].lower()
    readers = {"csv": _read_csv, "json": _read_json}
    if ending == "npy":
        if tasks is None:
            raise KindredError(f"{name} carries no task names; give them with --tasks a,b,c, one per row.")
        try:
            values = array_of(content, name)
        except KindredError:
            raise
        except Exception as error:  # NumPy's own parser of headers raises nearly anything
            raise KindredError(f"{name} is not a readable .npy array ({error}); save it with numpy.save.") from None
        return AffinityMatrix(tuple(tasks), values)
    if ending not in readers:
        raise KindredError(f"{name} ends in {ending!r}; an affinity matrix is read from .csv, .json or .npy.")
    if tasks is not None:
        raise KindredError(f"{name} names its own tasks; leave out --tasks, which is for .npy only.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise KindredError(f"{name} is not UTF-8 text; save it as UTF-8.") from None
    return readers[ending](text, name)


def _read_csv(text: str, name: str) -> AffinityMatrix:
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True, skipinitialspace=True) if row]
    except csv.Error as error:
        raise KindredError(f"{name} is not CSV ({error}); write one row per source task, each on a line.") from None
    uneven = next((number for number, row in enumerate(rows, 1) if len(row) != len(rows[0])), None)
    if not rows or uneven is not None:
        found = f"row {uneven} has {len(rows[uneven - 1])} cells, and the first {len(rows[0])}" if rows else "is empty"
        raise KindredError(f"{name} is not a table ({found}); write one row per source task with equally many columns.")
    targets = check_tasks([as_written(label) for label in rows[0][1:]])
    sources = check_tasks([as_written(row[0]) for row in rows[1:]]) if len(rows) > 1 else ()
    if set(sources) != set(targets):
        odd = sorted(set(sources) ^ set(targets))[0]
        raise KindredError(
            f"{name}: {odd!r} labels a row or a column but not both; a labelled square has the same tasks as rows "
            "(sources) and columns (targets)."
        )
    values = np.empty((len(sources), len(targets)))
    for row, (_, *cells) in enumerate(rows[1:]):
        for column, cell in enumerate(cells):
            try:
                values[row, column] = float(cell)
            except ValueError:
                raise KindredError(
                    f"{name}: the affinity of {sources[row]!r} onto {targets[column]!r} is {cell[:40]!r}; write a "
                    "number."
                ) from None
    order = [sources.index(target) for target in targets]
    return AffinityMatrix(targets, values[order])


def _read_json(text: str, name: str) -> AffinityMatrix:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:  # also whole numbers of too many digits
        raise KindredError(f"{name} is not JSON ({error}); mend the file.") from None
    if not isinstance(content, dict) or not {"tasks", "affinity"} <= content.keys():
        raise KindredError(f"{name} must be an object with the keys 'tasks' and 'affinity' ([source][target]).")
    if not isinstance(content["tasks"], list) or not isinstance(content["affinity"], list):
        raise KindredError(f"{name}: 'tasks' must be a list of names and 'affinity' a list of rows.")
    if content.get("orientation", "source,target") != "source,target":
        raise KindredError(
            f"{name} has the orientation {content['orientation']!r}; Kindred reads 'source,target' (rows = source), "
            "so transpose the matrix."
        )
    return AffinityMatrix(tuple(content["tasks"]), content["affinity"])
