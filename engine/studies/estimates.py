"""What is told of networks before they are trained, brought to a unit that all tasks share."""

import numpy as np

from engine.studies.study import Study


def mean_affinity(study: Study) -> np.ndarray:
    """``[networks, tasks]``: the mean affinity onto each task of the other tasks of its network; 0 alone; NaN where it
    was never observed, or the network has no such task."""
    if study.affinity is None:
        return np.full(study.holds.shape, np.nan)
    holds = study.holds.astype(float)
    observed = np.isfinite(study.affinity) & ~np.eye(len(study.tasks), dtype=bool)
    partners = holds @ observed
    total = holds @ np.where(observed, study.affinity, 0.0)
    alone = study.holds.sum(axis=1, keepdims=True) == 1
    known = study.holds & (alone | (partners > 0))
    return np.where(known, total / np.maximum(partners, 1), np.nan)


def relative_to_mean(losses: np.ndarray | None) -> np.ndarray | None:
    """``[networks, tasks]``: losses as multiples of the task's mean over networks; None if there are none."""
    if losses is None or not np.isfinite(losses).any():
        return None
    there = np.isfinite(losses)
    mean = np.sum(losses, axis=0, where=there) / there.sum(axis=0).clip(1)
    return losses / np.where(mean == 0, 1.0, mean)
