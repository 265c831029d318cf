"""Coefficients and the penalty that ties them, found by turns."""

from collections.abc import Callable

import numpy as np

from engine.regularized.coupling import penalty
from engine.regularized.logistic import LogisticLosses
from engine.regularized.solution import Solution
from engine.regularized.squared import SquaredLosses


def alternate(
    losses: SquaredLosses | LogisticLosses,
    start: Solution,
    couple: Callable[[np.ndarray], np.ndarray],
    smoothing: float,
    tolerance: float,
    max_iterations: int,
) -> Solution:
    """Minimise losses(W, b) + ½ tr(K (W Wᵀ + smoothing · I)) over W, b and, within the method's bounds, K.

    The objective is recorded with the best K for each W. It cannot rise, as each turn minimises one of both.

    Args:
        start: where to begin.
        couple: W ``[T, d]`` → the K ``[T, T]``, positive definite, that is best for it.
        tolerance: of the objective's gradient in W, as a share of the losses' at W = 0 with the best intercepts. After
            a turn that ended with W right for the last K, that gradient is (K − last K) W.
    """
    whole = float(np.linalg.norm(losses(np.zeros(losses.shape), losses.intercepts)[1]))

    def value(at: Solution, coupling: np.ndarray) -> float:
        own = losses(at.coefficients, at.intercepts)[0]
        return own + penalty(coupling, at.coefficients) + 0.5 * smoothing * float(np.trace(coupling))

    coupling = couple(start.coefficients)
    at, objective, converged = start, [value(start, coupling)], False
    for _ in range(max_iterations):
        found = losses.minimise(coupling, tolerance / 10, max_iterations, at)
        following = couple(found.coefficients)
        total = value(found, following)
        gap = float(np.linalg.norm((following - coupling) @ found.coefficients))
        converged = gap <= tolerance * whole and found.converged
        if total > objective[-1]:  # no lower within rounding
            break
        at, coupling = found, following
        objective.append(total)
        if converged:
            break
    return Solution(at.coefficients, at.intercepts, objective, converged)
