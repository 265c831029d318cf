"""How tasks are related, as one run observed it or a file says, for other runs to learn by."""

from collections.abc import Sequence

import numpy as np

from engine.affinity.matrix import AffinityMatrix
from engine.errors import KindredError
from engine.regularized.graph_laplacian import tied_pairs
from engine.runs.reader import Reader

Relation = tuple[tuple[float, ...], ...]


def observed_relation(store: Reader, run_id: str) -> AffinityMatrix:
    """The mean over a whole run of its affinity, or else of its first other reading; 0 of a task onto itself where that
    was not observed.

    Raises:
        KindredError: if the run has none, or a pair was never observed.
    """
    known = store.readings(store.run(run_id).id)
    if not known:
        raise KindredError(f"The run {run_id!r} tells nothing of how its tasks are related; name one that does.")
    series = store.series(run_id, known[0])
    mean = series.mean().affinity.copy()
    own = np.diag_indices_from(mean)
    mean[own] = np.where(np.isnan(mean[own]), 0, mean[own])
    return AffinityMatrix(series.tasks, mean)


def of_tasks(matrix: AffinityMatrix, tasks: Sequence[str]) -> Relation:
    """The entries of these tasks, found by name and in their order; others are left out.

    Raises:
        KindredError: if one of them is not in the matrix.
    """
    missing = [task for task in tasks if task not in matrix.tasks]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise KindredError(
            f"The relation has no task {missing[0]!r}{more}; its tasks are {', '.join(matrix.tasks[:8])}"
            f"{', …' if len(matrix.tasks) > 8 else ''}. Give one of all tasks that are learned, or learn fewer."
        )
    places = [matrix.tasks.index(task) for task in tasks]
    return tuple(map(tuple, matrix.values[np.ix_(places, places)].tolist()))


def similarity(relation: Relation) -> Relation:
    """Any relation as MOCHA's relation ``similarity`` takes one: made symmetric, none negative, and scaled so that a
    ``tie`` means what it does for ``mean``; see `GraphLaplacian`.

    Raises:
        KindredError: if no pair is above 0.
    """
    return tuple(map(tuple, tied_pairs(np.array(relation), len(relation)).tolist()))
