"""Quadratic penalties ½ tr(Wᵀ K W), and what the curvature of such a problem is like, cheap to invert.

Letters: T tasks of d features; W ``[T, d]``, a task's coefficients a row; K ``[T, T]`` positive definite.
"""

import numpy as np
from scipy.linalg import eigh


def penalty(coupling: np.ndarray, coefficients: np.ndarray) -> float:
    """½ tr(Wᵀ K W) = ½ Σ_st K_st ⟨w_s, w_t⟩."""
    return 0.5 * float((coupling @ coefficients * coefficients).sum())


class MeanCurvature:
    """The map W ↦ W Ḡ + K W, in which Ḡ stands for every task's own curvature, and its inverse.

    The eigenvectors of K and of Ḡ diagonalise it, so that it costs no more than a pass over the data. It is exact where
    all tasks have the same inputs, and in the limit of tasks that are held together firmly, and a good preconditioner
    between, for features of any scale.

    Args:
        coupling: K.
        curvature: ``[d, d]``: Ḡ, positive semidefinite.
    """

    def __init__(self, coupling: np.ndarray, curvature: np.ndarray) -> None:
        tied, self._tasks = eigh(coupling)
        curved, self._features = eigh(curvature)
        self._values = tied[:, None] + np.clip(curved, 0, None)

    def solve(self, given: np.ndarray) -> np.ndarray:
        """``[T, d]`` → ``[T, d]``: the inverse."""
        return self._power(given, -1.0)

    def whiten(self, given: np.ndarray) -> np.ndarray:
        """``[T, d]`` → ``[T, d]``: the inverse's symmetric root."""
        return self._power(given, -0.5)

    def unwhiten(self, given: np.ndarray) -> np.ndarray:
        """``[T, d]`` → ``[T, d]``: the symmetric root."""
        return self._power(given, 0.5)

    def _power(self, given: np.ndarray, exponent: float) -> np.ndarray:
        turned = self._tasks.T @ given @ self._features
        return self._tasks @ (turned * self._values**exponent) @ self._features.T
