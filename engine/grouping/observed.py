"""The tasks that can be grouped where some pairs were never observed together."""

from collections.abc import Sequence

import numpy as np

from engine.errors import KindredError


def observed_part(
    tasks: Sequence[str], affinity: np.ndarray, serving: Sequence[str] | None = None
) -> tuple[tuple[str, ...], np.ndarray]:
    """The part of an affinity matrix that has no unknown entry and holds all serving tasks.

    Auxiliaries, tasks that need no serving, are left out as far as it takes, those with the most unknown entries first.

    Args:
        tasks: the T task names.
        affinity: ``[source, target]``; NaN where the pair was never observed.
        serving: the tasks that must stay; all where ``None``.

    Returns:
        The tasks that are left, in their order, and their affinity.

    Raises:
        KindredError: if a pair of serving tasks was never observed.
    """
    unknown = np.isnan(affinity)
    serves = np.array([serving is None or task in serving for task in tasks])
    for source, target in np.argwhere(unknown & serves[:, None] & serves[None, :])[:1]:
        raise KindredError(
            f"The affinity of {tasks[source]!r} onto {tasks[target]!r} was never observed in this interval, as no "
            "update had labels for both; serve only one of them, which leaves the other one out, or observe longer."
        )
    kept = np.ones(len(tasks), dtype=bool)
    while (left := unknown & kept[:, None] & kept[None, :]).any():
        worst = np.where(serves, -1, left.sum(axis=0) + left.sum(axis=1))
        kept[np.argmax(worst)] = False
    return tuple(task for task, keep in zip(tasks, kept, strict=True) if keep), affinity[np.ix_(kept, kept)]
