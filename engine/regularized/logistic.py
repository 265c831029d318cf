"""The logistic loss of all tasks, and its least sum with a quadratic penalty, by L-BFGS."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from scipy.optimize import OptimizeResult, minimize
from scipy.special import expit, logit

from engine.regularized.coupling import MeanCurvature, penalty
from engine.regularized.solution import Solution

STEEPEST = 0.25  # the greatest curvature of log(1 + exp(−z))


class LogisticLosses:
    """Σ_t Σ_i p_ti log(1 + exp(−s_ti z_ti)), z_ti = ⟨w_t, x_ti⟩ + b_t and s = ±1 for the labels 1 and 0.

    Args:
        inputs: one ``[samples, d]`` a task, of mean 0 under its shares.
        targets: one ``[samples]`` a task, 0 and 1, and both.
        shares: one ``[samples]`` a task, of sum 1: p_t.
    """

    def __init__(
        self, inputs: Sequence[np.ndarray], targets: Sequence[np.ndarray], shares: Sequence[np.ndarray]
    ) -> None:
        self._samples = list(zip(inputs, targets, shares, strict=True))
        self.intercepts = logit([p @ y for _, y, p in self._samples])
        self.shape = (len(inputs), inputs[0].shape[1])

    def __call__(self, coefficients: np.ndarray, intercepts: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """The sum of the tasks' losses, and its gradients ``[T, d]`` and ``[T]``."""
        value, gradient, slopes = 0.0, np.empty(self.shape), np.empty(self.shape[0])
        for task, (x, y, p) in enumerate(self._samples):
            z = x @ coefficients[task] + intercepts[task]
            value += p @ (np.logaddexp(0, z) - y * z)
            slope = p * (expit(z) - y)
            gradient[task], slopes[task] = slope @ x, slope.sum()
        return float(value), gradient, slopes

    @cached_property
    def steepness(self) -> float:
        """At least the greatest curvature in any direction."""
        widest = max(np.linalg.norm(np.sqrt(p)[:, None] * x, 2) ** 2 for x, _, p in self._samples)
        return STEEPEST * max(1.0, widest)

    @cached_property
    def _mean_curvature(self) -> np.ndarray:
        return STEEPEST * sum((x.T * p) @ x for x, _, p in self._samples) / len(self._samples)

    def minimise(
        self, coupling: np.ndarray, tolerance: float, max_iterations: int, start: Solution | None = None
    ) -> Solution:
        """The W and b that minimise the losses plus ½ tr(Wᵀ K W), by L-BFGS on W whitened by `MeanCurvature`.

        Args:
            coupling: K, positive definite.
            tolerance: of the gradient's norm, after whitening, as a share of that at W = 0 with the best intercepts.
            start: where to begin; by default there.
        """
        tasks, features = self.shape
        near = MeanCurvature(coupling, self._mean_curvature)

        def unpacked(variables: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return near.whiten(variables[tasks:].reshape(tasks, features)), variables[:tasks]

        def evaluate(variables: np.ndarray) -> tuple[float, np.ndarray]:
            w, b = unpacked(variables)
            value, along_w, along_b = self(w, b)
            along_w = near.whiten(along_w + coupling @ w)
            return value + penalty(coupling, w), np.concatenate([along_b, along_w.ravel()])

        origin = np.concatenate([self.intercepts, np.zeros(tasks * features)])
        whole = float(np.linalg.norm(evaluate(origin)[1]))
        first = origin
        if start is not None:
            first = np.concatenate([start.intercepts, near.unwhiten(start.coefficients).ravel()])
        values = [evaluate(first)[0]]

        def keep(intermediate_result: OptimizeResult) -> None:
            values.append(float(intermediate_result.fun))

        # scipy looks at the gradient's largest entry, which is at least its norm / √size.
        options = {
            "maxiter": max_iterations,
            "maxfun": 2 * max_iterations + 20,
            "gtol": tolerance * whole / np.sqrt(len(origin)),
            "ftol": 0.0,
            "maxcor": 20,
        }
        found = minimize(evaluate, first, jac=True, method="L-BFGS-B", callback=keep, options=options)
        w, b = unpacked(found.x)
        converged = bool(np.linalg.norm(found.jac) <= tolerance * whole)
        return Solution(w, b, values, converged)
