"""The logistic loss of all tasks, and its least sum with a quadratic penalty, by L-BFGS."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from scipy.special import expit, logit

from engine.regularized.descent import descend
from engine.regularized.losses import Solution

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
    def mean_curvature(self) -> np.ndarray:
        return STEEPEST * sum((x.T * p) @ x for x, _, p in self._samples) / len(self._samples)

    def minimise(self, coupling: np.ndarray, tolerance: float, max_iterations: int) -> Solution:
        """The W and b of the least value plus ½ tr(Wᵀ K W), by L-BFGS; ``tolerance`` as in `descend`."""
        return descend(self, lambda _: coupling, np.zeros(self.shape), self.intercepts, tolerance, max_iterations)
