"""Quadratic penalties that may depend on the coefficients they penalise, by L-BFGS."""

from collections.abc import Callable

import numpy as np
from scipy.optimize import OptimizeResult, minimize

from engine.regularized.coupling import MeanCurvature, penalty
from engine.regularized.losses import Losses, Solution

MEMORY = 20  # pairs that L-BFGS keeps


def descend(
    losses: Losses,
    couple: Callable[[np.ndarray], np.ndarray],
    coefficients: np.ndarray,
    intercepts: np.ndarray,
    tolerance: float,
    max_iterations: int,
    smoothing: float = 0.0,
    renew_every: int | None = None,
) -> Solution:
    """Minimise losses(W, b) + ½ min_K tr(K (W Wᵀ + smoothing · I)) over W and b.

    As K is the best one for W, the gradient of the second part is K W, with no term for the change of K. L-BFGS works
    on W whitened by `MeanCurvature`, so that neither firm ties nor features of different scales slow it down.

    Args:
        couple: W ``[T, d]`` → the best K ``[T, T]`` for it, positive definite.
        coefficients, intercepts: where to begin.
        tolerance: of the gradient's norm, after whitening, as a share of √(2 · losses at W = 0 with the best
            intercepts): about the root of what can still be gained, as a share of all there is.
        renew_every: iterations after which W is whitened anew, by the K it then has; None for never.
    """
    tasks, features = losses.shape

    def evaluate(w: np.ndarray, b: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        coupling = couple(w)
        value, along_w, along_b = losses(w, b)
        value += penalty(coupling, w) + 0.5 * smoothing * float(np.trace(coupling))
        return value, along_w + coupling @ w, along_b

    def whitened(near: MeanCurvature) -> Callable[[np.ndarray], tuple[float, np.ndarray]]:
        def at(variables: np.ndarray) -> tuple[float, np.ndarray]:
            value, along_w, along_b = evaluate(*unpacked(near, variables))
            return value, np.concatenate([along_b, near.whiten(along_w).ravel()])

        return at

    def unpacked(near: MeanCurvature, variables: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return near.whiten(variables[tasks:].reshape(tasks, features)), variables[:tasks]

    objective = [evaluate(coefficients, intercepts)[0]]

    def keep(intermediate_result: OptimizeResult) -> None:
        objective.append(min(float(intermediate_result.fun), objective[-1]))  # whitening anew may round upwards

    near = MeanCurvature(couple(coefficients), losses.mean_curvature)
    enough = tolerance * np.sqrt(2 * losses(np.zeros(losses.shape), losses.intercepts)[0])
    w, b, converged = coefficients, intercepts, False
    while not converged and len(objective) <= max_iterations:
        left = max_iterations + 1 - len(objective)
        options = {
            "maxiter": left if renew_every is None else min(left, renew_every),
            "maxfun": 100 * left,
            "gtol": enough / np.sqrt(tasks * (features + 1)),  # of the largest entry, at least the norm / √size
            "ftol": 0.0,
            "maxcor": MEMORY,
        }
        start = np.concatenate([b, near.unwhiten(w).ravel()])
        found = minimize(whitened(near), start, jac=True, method="L-BFGS-B", callback=keep, options=options)
        w, b = unpacked(near, found.x)
        converged = bool(np.linalg.norm(found.jac) <= enough)
        if not found.nit:  # no lower within rounding
            break
        if not converged:
            near = MeanCurvature(couple(w), losses.mean_curvature)
    return Solution(w, b, objective, converged)
