"""From an estimate in a unit of its own to losses: a line for all tasks, fitted on the networks that were measured."""

import numpy as np

from engine.studies.prediction import Prediction, reference, with_measured
from engine.studies.study import VALIDATION, Study

USUAL = 0.1  # by how much, relative to its reference, a task's loss differs between networks while little is known
PULL = 2.0  # measured entries that the belief in no slope is worth


def scaled(study: Study, estimate: np.ndarray) -> Prediction:
    """Losses as a straight line in an estimate, fitted by least squares on what is measured.

    With ``r = L / reference`` of each task and the estimate ``e`` in deviations of its own, ``r = a_t + b · e``: a
    level for every task, one slope for all, drawn towards 0 as by two measured entries. The uncertainty is the
    deviation of the measured from that line.

    Args:
        estimate: ``[networks, tasks]``, in any unit; NaN where there is none.
    """
    scale, known = reference(study), study.losses[VALIDATION]
    held = study.holds & np.isfinite(estimate)
    if not held.any():
        nothing = np.full(study.holds.shape, np.nan)
        return with_measured(study, nothing, nothing)
    unit = np.std(estimate[held]) or 1.0
    values = estimate / unit
    relative = known / scale
    seen = held & np.isfinite(relative)
    count = seen.sum(axis=0)
    level = np.where(count, np.sum(relative, axis=0, where=seen) / count.clip(1), 1.0)
    centre = np.where(
        count, np.sum(values, axis=0, where=seen) / count.clip(1), np.sum(values, axis=0, where=held) / held.sum(axis=0)
    )
    across, up = (values - centre)[seen], (relative - level)[seen]
    slope = (across @ up) / (across @ across + PULL) if len(up) else 0.0
    left = up - slope * across
    free = max(len(left) - np.count_nonzero(count) - 1, 0)
    spread = np.sqrt((np.sum(np.square(left)) + PULL * USUAL**2) / (free + PULL))
    mean = (level + slope * (values - centre)) * scale
    return with_measured(study, np.where(held, mean, np.nan), np.broadcast_to(spread * np.abs(scale), mean.shape))
