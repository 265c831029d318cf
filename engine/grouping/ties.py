"""When two groupings are worth the same, but for the rounding of what they are computed from."""

import numpy as np

from engine.grouping.problem import GroupingProblem

ROUNDING = 1e-9  # values tie that differ by at most this part of the affinities' mean magnitude


def slack(problem: GroupingProblem, *values: float) -> float:
    """By how much values of one problem's groupings may differ and still tie; of candidates, a part of the values."""
    if problem.affinity is None:
        return ROUNDING * max(map(abs, values), default=0.0)
    return ROUNDING * float(np.abs(problem.affinity).mean())
