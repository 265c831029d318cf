"""Half the squared error of all tasks, and its least sum with a quadratic penalty, in closed form."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from scipy.linalg import block_diag, cho_factor, cho_solve, qr
from scipy.sparse.csgraph import connected_components

from engine.regularized.coupling import MeanCurvature, penalty
from engine.regularized.losses import Solution

DIRECT = 1000  # unknowns up to which a system is solved by Cholesky's method
PRECISE = 1e-12  # of conjugate gradients, whatever the tolerance: a closed form is a closed form


class SquaredLosses:
    """Σ_t Σ_i p_ti ½ (⟨w_t, x_ti⟩ + b_t − y_ti)², for inputs centred in every task.

    With centred inputs the best intercept b_t is the mean target, whatever w_t is. A task of more than d samples is
    replaced by d + 1 that have the same losses, from a QR decomposition.

    Letters: R_t ``[rows, d]`` and r_t ``[rows]`` with Σ_i p_ti (⟨w, x_ti⟩ − y_ti + ȳ_t)² = ‖R_t w − r_t‖².

    Args:
        inputs: one ``[samples, d]`` a task, of mean 0 under its shares.
        targets: one ``[samples]`` a task.
        shares: one ``[samples]`` a task, of sum 1: p_t.
    """

    def __init__(
        self, inputs: Sequence[np.ndarray], targets: Sequence[np.ndarray], shares: Sequence[np.ndarray]
    ) -> None:
        self.intercepts = np.array([p @ y for p, y in zip(shares, targets, strict=True)])
        self.shape = (len(inputs), inputs[0].shape[1])
        self._rows, self._aims = [], []
        for x, y, p, mean in zip(inputs, targets, shares, self.intercepts, strict=True):
            samples = np.sqrt(p)[:, None] * np.column_stack([x, y - mean])
            if len(samples) > samples.shape[1]:
                samples = qr(samples, mode="economic")[1]
            self._rows.append(samples[:, :-1])
            self._aims.append(samples[:, -1])

    def __call__(self, coefficients: np.ndarray, intercepts: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """The sum of the tasks' losses, and its gradients ``[T, d]`` and ``[T]``."""
        off = intercepts - self.intercepts
        residuals = [rows @ w - aim for rows, w, aim in zip(self._rows, coefficients, self._aims, strict=True)]
        value = 0.5 * (sum(each @ each for each in residuals) + off @ off)
        gradient = np.array([each @ rows for rows, each in zip(self._rows, residuals, strict=True)])
        return float(value), gradient, off

    @cached_property
    def steepness(self) -> float:
        """The greatest curvature in any direction."""
        return max(1.0, *(np.linalg.norm(rows, 2) ** 2 for rows in self._rows))

    @cached_property
    def mean_curvature(self) -> np.ndarray:
        return sum(rows.T @ rows for rows in self._rows) / len(self._rows)

    def minimise(self, coupling: np.ndarray, tolerance: float, max_iterations: int) -> Solution:
        """The W that minimises the losses plus ½ tr(Wᵀ K W): (R_tᵀR_t) w_t + Σ_s K_ts w_s = R_tᵀ r_t for all t.

        Tasks that K does not tie are solved apart. A system of up to ``DIRECT`` unknowns is solved by Cholesky's
        method, as it is or, if rows are fewer than features, in the dual; a larger one by conjugate gradients with
        `MeanCurvature` as preconditioner, to ``PRECISE``.

        Args:
            coupling: K, positive definite.
            tolerance: for a system that ``max_iterations`` do not solve to ``PRECISE``: the share of the first residual
                at which it still counts as converged.
        """
        coefficients, converged = np.zeros(self.shape), True
        _, parts = connected_components(coupling, directed=False)
        for part in range(parts.max() + 1):
            members = np.flatnonzero(parts == part)
            tied = coupling[np.ix_(members, members)]
            primal, dual = len(members) * self.shape[1], sum(len(self._rows[task]) for task in members)
            if min(primal, dual) > DIRECT:
                coefficients[members], residual = self._conjugate_gradients(tied, members, max_iterations)
                converged &= residual <= tolerance
            elif primal <= dual:
                coefficients[members] = self._primal(tied, members)
            else:
                coefficients[members] = self._dual(tied, members)
        value = self(coefficients, self.intercepts)[0] + penalty(coupling, coefficients)
        return Solution(coefficients, self.intercepts, [value], converged)

    def _primal(self, coupling: np.ndarray, members: np.ndarray) -> np.ndarray:
        features = self.shape[1]
        system = np.kron(coupling, np.eye(features))
        system += block_diag(*(self._rows[task].T @ self._rows[task] for task in members))
        return cho_solve(cho_factor(system), self._towards(members).ravel()).reshape(len(members), features)

    def _dual(self, coupling: np.ndarray, members: np.ndarray) -> np.ndarray:
        """(I + M ∘ R Rᵀ) α = r with M = K⁻¹ between the rows' tasks; w_t = Σ_s M_ts R_sᵀ α_s."""
        inverse = np.linalg.inv(coupling)
        stacked = np.concatenate([self._rows[task] for task in members])
        owners = np.repeat(np.arange(len(members)), [len(self._rows[task]) for task in members])
        system = inverse[np.ix_(owners, owners)] * (stacked @ stacked.T)
        system[np.diag_indices_from(system)] += 1
        alpha = cho_solve(cho_factor(system), np.concatenate([self._aims[task] for task in members]))
        own = np.array([alpha[owners == place] @ stacked[owners == place] for place in range(len(members))])
        return inverse @ own

    def _conjugate_gradients(
        self, coupling: np.ndarray, members: np.ndarray, max_iterations: int
    ) -> tuple[np.ndarray, float]:
        """W, and the norm of its residual in the preconditioner's metric, as a share of that of W = 0."""
        near = MeanCurvature(coupling, self.mean_curvature)
        towards = self._towards(members)
        whole = np.sqrt((towards * near.solve(towards)).sum())
        w, residual = np.zeros_like(towards), towards
        if whole == 0:
            return w, 0.0
        direction, energy = np.zeros_like(w), np.inf
        for _ in range(max_iterations):
            eased = near.solve(residual)
            following = (residual * eased).sum()
            if following <= (PRECISE * whole) ** 2:
                break
            direction = eased + (following / energy) * direction
            energy, curved = following, self._curve(coupling, members, direction)
            step = energy / (direction * curved).sum()
            w, residual = w + step * direction, residual - step * curved
        return w, float(np.sqrt((residual * near.solve(residual)).sum()) / whole)

    def _towards(self, members: np.ndarray) -> np.ndarray:
        return np.array([self._aims[task] @ self._rows[task] for task in members])

    def _curve(self, coupling: np.ndarray, members: np.ndarray, w: np.ndarray) -> np.ndarray:
        own = [(self._rows[task] @ each) @ self._rows[task] for task, each in zip(members, w, strict=True)]
        return np.array(own) + coupling @ w
