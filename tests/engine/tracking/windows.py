"""Windows as a tracker hands them to its writers."""

import errno

import numpy as np

from engine.affinity.series import Window
from engine.tasks import Evaluation

QUANTITY = "inter-task affinity per unit of step size"


def window(affinity, step_from=0, step_to=5, updates=4, counts=None):
    """A window whose mean is ``affinity``, and losses 1, 2, … of the tasks."""
    affinity = np.asarray(affinity, np.float64)
    seen = np.full(affinity.shape, updates) if counts is None else np.asarray(counts)
    total = np.where(seen > 0, affinity, 0) * seen
    made = Window(step_from, step_to, updates, total.astype(np.float32), np.square(total).astype(np.float32), counts)
    losses = np.arange(1, len(affinity) + 1, dtype=np.float32)
    return made, Evaluation(step_to, "train", losses, np.full_like(losses, np.nan))


def full_disk(*_arguments, **_named):
    """In place of a function that writes."""
    raise OSError(errno.ENOSPC, "No space left on device")
