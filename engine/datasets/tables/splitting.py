"""Training, validation and test rows of a table."""

import numpy as np
import pandas as pd

from engine.datasets.dataset import in_order, randomly
from engine.datasets.tables import kinds as of
from engine.errors import KindredError

SHARES = np.array([0.6, 0.2, 0.2])


def by_group(groups: np.ndarray, seed: int = 0) -> list[np.ndarray]:
    """Indices of about 60, 20 and 20 % of the samples, where no group is in two splits.

    The groups go, the largest first, equal ones in a fixed random order, each to the split that lacks the most of its
    share; so every split gets one of the three largest. Which group goes where does not depend on the order of samples.

    Args:
        groups: ``[samples]``, anything that can be sorted.
        seed: of that order.

    Raises:
        KindredError: if there are fewer than three groups.
    """
    values, group, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    if len(values) < 3:
        raise KindredError(
            f"The samples are of {len(values)} group{'s' * (len(values) != 1)}; at least three are needed for "
            "training, validation and test, so split by another column, or at random."
        )
    shuffled = np.random.default_rng(seed).permutation(len(values))
    due, given, split_of = SHARES * len(groups), np.zeros(3), np.empty(len(values), int)
    for each in shuffled[np.argsort(-sizes[shuffled], kind="stable")]:
        split_of[each] = np.argmax((due - given) / due)
        given[split_of[each]] += sizes[each]
    return [np.flatnonzero(split_of[group] == split) for split in range(3)]


def split_table(frame: pd.DataFrame, split: str, split_by: str) -> list[np.ndarray]:
    """Indices of the rows for training, validation and testing.

    Args:
        frame: of ``read_table``, with at least 20 rows.
        split: ``random``, ``group`` or ``time``.
        split_by: the column of groups, or of times (or numbers in their stead); of times, empty: the order of the rows.

    Raises:
        KindredError: if such a column is missing or superfluous, or has a cell that is empty or no time.
    """
    if split == "random":
        if split_by:
            raise KindredError(
                f"The rows are to be split at random, but also by {split_by!r}; add --split group or --split time, or "
                "split by no column."
            )
        return randomly(len(frame))
    if not split_by:
        if split == "group":
            raise KindredError(
                "The rows are to be split by group, but no column is named; add it, as in --split-by patient."
            )
        return in_order(np.arange(len(frame)))
    column = frame[split_by]
    if column.isna().any():
        row = of.row_of(column.isna().to_numpy())
        raise KindredError(
            f"Row {row} has no value of {split_by!r}, by which rows are split; fill it in, or remove the row."
        )
    if split == "group":
        return by_group(column.to_numpy(object if column.dtype.kind == "O" else None))
    return in_order(of.moments(column) if column.dtype.kind not in "fM" else of.numbers(column))
