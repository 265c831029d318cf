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
    missing = np.argwhere(unknown & serves[:, None] & serves[None, :])
    if len(missing):
        source, target = (tasks[place] for place in missing[0])
        more = f" (nor {len(missing) - 1} more like it)" if len(missing) > 1 else ""
        left = [task for task, keep in zip(tasks, _known_among(unknown, serves, ~serves), strict=True) if keep]
        raise KindredError(
            f"The affinity of {source!r} onto {target!r} was never observed in this interval{more}, as no update had "
            f"labels for both; serve only {', '.join(left)}, which leaves the others out, or observe longer."
        )
    kept = _known_among(unknown, np.ones(len(tasks), dtype=bool), serves)
    return tuple(task for task, keep in zip(tasks, kept, strict=True) if keep), affinity[np.ix_(kept, kept)]


def _known_among(unknown: np.ndarray, among: np.ndarray, stay: np.ndarray) -> np.ndarray:
    """Which of the tasks ``among`` to keep so that all pairs are known; those with the most unknown ones leave first.

    Args:
        unknown: ``[source, target]``.
        among, stay: ``[tasks]``; the second ones never leave, and their pairs are known.
    """
    kept = among.copy()
    while (left := unknown & kept[:, None] & kept[None, :]).any():
        worst = np.where(stay, -1, left.sum(axis=0) + left.sum(axis=1))
        kept[np.argmax(worst)] = False
    return kept
