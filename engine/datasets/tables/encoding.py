"""From columns to the arrays of a data set; whatever is measured, is measured on the training rows."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from engine.datasets.dataset import SPLITS, known, standardised
from engine.datasets.tables import kinds as of
from engine.datasets.tables.columns import Column
from engine.errors import KindredError
from engine.tasks import Task

MOST_INPUTS = 100_000_000  # numbers, rows times inputs
CLASSES_NAMED = 12
LONGEST_CLASS = 24


def inputs_of(frame: pd.DataFrame, columns: Sequence[Column], training: np.ndarray) -> np.ndarray:
    """All inputs as numbers.

    - A number, or a time as seconds since 1970, is one input, standardised on training.
    - Of a binary column, the second of its two values is 1.
    - Of a category, every value that occurs in training is an input that is 1 where it holds; so a value that does not
      occur there is 0 everywhere.
    - Where a cell is not known, a number or binary input has its training mean, a category is 0 everywhere; if some
      cells of training are not known, one more input is 1 where they are not.
    - A column that never differs in training gives no input.

    Args:
        frame: the table.
        columns: the inputs among its columns.
        training: indices of rows.

    Returns:
        ``[rows, inputs]``, float32, without NaN.

    Raises:
        KindredError: if there are no inputs or too many.
    """
    encoded, width = [], 0
    for column in columns:
        values = _encoded(frame[column.name], column.kind, training)
        encoded.append(values)
        width += values.shape[1]
        if width * len(frame) > MOST_INPUTS:
            raise KindredError(
                f"The table gives more than {MOST_INPUTS:,} input numbers once {column.name!r} is encoded; leave out "
                "some columns, categories of many values first."
            )
    if not width:
        raise KindredError("The table has no input that differs in training; leave out fewer columns, or add some.")
    return np.hstack(encoded)


def _encoded(cells: pd.Series, kind: str, training: np.ndarray) -> np.ndarray:
    """``[rows, inputs]``, float32."""
    missing = cells.isna().to_numpy()
    if kind == of.CATEGORY:
        among = of.levels(cells.iloc[training])
        values = of.numbered(cells, among)[:, None] == np.arange(len(among))
        differs = len(among) > 1
    else:
        values, differs = _one_number(cells, kind, training)
    parts = [values] * differs + [missing[:, None]] * _differs(missing[training])
    return np.hstack([np.empty((len(cells), 0), np.float32), *parts], dtype=np.float32)


def _one_number(cells: pd.Series, kind: str, training: np.ndarray) -> tuple[np.ndarray, bool]:
    """``[rows, 1]``, and whether it differs in training."""
    if kind == of.BINARY:
        values = np.where(cells.isna(), np.nan, of.numbered(cells, of.levels(cells)))
    else:
        values = of.moments(cells) if kind == of.TIME else of.numbers(cells)
    if not _differs(values[training]):
        return values[:, None], False
    if kind != of.BINARY:
        values = _standardised(cells, values, training)
    return np.where(np.isnan(values), np.nanmean(values[training]), values)[:, None], True


def _differs(values: np.ndarray) -> bool:
    there = values[known(values)]
    return len(there) > 0 and bool(there.min() < there.max())


def _standardised(cells: pd.Series, values: np.ndarray, training: np.ndarray) -> np.ndarray:
    """As of ``dataset``, but also of numbers whose squares a float64 cannot hold."""
    size = np.nanmax(np.abs(values[training]))
    with np.errstate(over="ignore"):
        standard = standardised(values / size if size > 1e100 or size < 1e-100 else values, training, each=True)
    wrong = np.isinf(standard)
    if wrong.any():
        row = of.row_of(wrong)
        raise KindredError(
            f"The column {cells.name!r} is {of.word(cells.iloc[row - 1])} in row {row}, too far from its values in "
            "training to be compared with them; correct it, or leave the cell empty."
        )
    return standard


def target_of(frame: pd.DataFrame, column: Column, splits: Sequence[np.ndarray]) -> tuple[Task, np.ndarray]:
    """A target as a task, and its label in every row; not known where the cell is not.

    A number is standardised on training. Classes are numbered in the order of ``kinds.levels``: numbers ascending,
    texts by their letters; of a binary target, the second value is 1.

    Raises:
        KindredError: if a class occurs only outside of training, or a number never differs in training.
    """
    cells, name = frame[column.name], column.name
    if column.kind == of.NUMBER:
        return _number(cells, splits[0])
    among = of.levels(cells)
    labels = of.numbered(cells, among)
    _check_classes(name, labels, among, splits)
    if column.kind == of.BINARY:
        zero, one = map(_short, among)
        values = np.where(cells.isna(), np.nan, labels).astype(np.float32)
        about = "0 or 1" if (zero, one) == ("0", "1") else f"1 is {one!r}, 0 is {zero!r}"
        return Task(name, "binary_cross_entropy", summary=f"column {name}, {about}"), values
    named = ", ".join(map(_short, among[:CLASSES_NAMED])) + (", …" if len(among) > CLASSES_NAMED else "")
    return Task(name, "cross_entropy", len(among), f"column {name}, one of {len(among)} classes: {named}"), labels


def _number(cells: pd.Series, training: np.ndarray) -> tuple[Task, np.ndarray]:
    name, values = str(cells.name), of.numbers(cells)
    there = values[training][known(values[training])]
    if not _differs(there):
        always = f"is {of.word(there[0])} in every training row" if len(there) else "has no label in training"
        raise KindredError(f"The target {name!r} {always}; choose another target, or another split.")
    mean, half = there.mean(), np.quantile(there, (0.25, 0.75))
    about = f"mean {mean:.4g}, half of them {half[0]:.4g} to {half[1]:.4g}, in training"
    task = Task(name, "squared_error", summary=f"column {name}, a number ({about})")
    return task, _standardised(cells, values, training)


def _check_classes(name: str, labels: np.ndarray, among: list[str], splits: Sequence[np.ndarray]) -> None:
    seen = np.bincount(labels[splits[0]][known(labels[splits[0]])], minlength=len(among))
    if not seen.any():
        raise KindredError(f"The target {name!r} has no label in training; choose another target, or another split.")
    for split, rows in zip(SPLITS[1:], splits[1:], strict=True):
        counts = np.bincount(labels[rows][known(labels[rows])], minlength=len(among))
        for number in np.flatnonzero((counts > 0) & (seen == 0)):
            count = int(counts[number])
            raise KindredError(
                f"The class {_short(among[number])!r} of {name!r} occurs in {count} row{'s' * (count != 1)} of the "
                f"{split} split but never in training; split otherwise, merge rare classes, or leave these labels "
                "empty."
            )


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_CLASS else name[: LONGEST_CLASS - 1] + "…"
