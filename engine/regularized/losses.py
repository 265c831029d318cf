"""What the solvers ask of a loss, and what they find."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np


@dataclass(frozen=True, eq=False)
class Solution:
    """Attributes:
    coefficients: ``[tasks, features]``.
    intercepts: ``[tasks]``, for inputs centred in every task.
    objective: its values over the iterations, none above the one before; just the last for a closed form.
    converged: whether the solver's criterion was met within its iterations.
    relation: ``[source, target]``, higher is closer, where the method has one.
    """

    coefficients: np.ndarray
    intercepts: np.ndarray
    objective: list[float]
    converged: bool
    relation: np.ndarray | None = None


class Losses(Protocol):
    """The sum of the tasks' mean losses, as a function of coefficients and intercepts.

    Attributes:
        shape: (tasks, features).
        intercepts: ``[tasks]``, the best for coefficients of 0.
        steepness: at least the greatest curvature in any direction.
        mean_curvature: ``[features, features]``, the curvature in the coefficients, or its bound, as a mean over tasks.
    """

    shape: tuple[int, int]
    intercepts: np.ndarray
    steepness: float
    mean_curvature: np.ndarray

    def __call__(self, coefficients: np.ndarray, intercepts: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """The value, and its gradients ``[tasks, features]`` and ``[tasks]``."""

    def minimise(self, coupling: np.ndarray, tolerance: float, max_iterations: int) -> Solution:
        """The W and b of the least value plus ½ tr(Wᵀ K W), for K = ``coupling``, positive definite."""
