"""MTRL: the tasks' coefficients and their covariance learned together, related or opposed."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from scipy.linalg import eigh

from engine.checks import Range
from engine.regularized.descent import descend
from engine.regularized.linear import AT_LEAST_0, POSITIVE, LinearModel, Problem
from engine.regularized.losses import Solution

RENEW_EVERY = 100  # iterations with the same whitening


@dataclass(kw_only=True, eq=False)
class TaskCovariance(LinearModel):
    """Coefficients with a covariance Ω between tasks, learned as well ::

        penalty = (strength/2) min_Ω tr(Wᵀ (T Ω)⁻¹ W) + (ridge/2) ‖W‖²          Ω ≽ 0, tr Ω = 1

    The best Ω for a W is (W Wᵀ)^½ / tr((W Wᵀ)^½), with which the penalty is (strength / 2T) ‖W‖_*². Both together are
    convex. Ω = I/T gives `Independent` with the strength ``strength + ridge``, and so does a single task.

    ``relation_`` is Ω brought to a diagonal of 1: 1 for tasks with coefficients alike, −1 for opposite ones.
    ``covariance_`` is Ω.

    Args:
        ridge: the paper's λ₁: how strongly all tasks are drawn to 0 besides.
        smoothing: W Wᵀ is taken plus ε I, in both parts, so that Ω has an inverse; √ε is this share of the length that
            a task's coefficients have without any relation. It is part of the objective, which so cannot rise.

    Source: Zhang and Yeung, "A Convex Formulation for Learning Task Relationships in Multi-Task Learning", UAI 2010,
    eq. 7, with λ₁ = ridge and λ₂ = strength / T.

    Departures: Ω follows W at every step of L-BFGS, where the paper fixes each in turn, which ends at the same W and Ω:
    with 30 tasks of 100 features it had not ended after 2,000 turns, and this does after 300 to 600 steps. Each task's
    loss is a mean (½ squared), where the paper has a sum. The smoothing, without which Ω has no inverse as soon as
    tasks depend on each other linearly, as those that are alike do. No kernel. The factor T, so that unrelated tasks
    have the strength they would have alone.
    """

    ridge: float = 0.0
    smoothing: float = 1e-3

    RANGES: ClassVar[dict[str, Range]] = {
        "strength": POSITIVE,
        "ridge": AT_LEAST_0,
        "smoothing": (float, 1e-6, 1.0),
    }
    relation_name: ClassVar[str | None] = "task_covariance"

    def _solve(self, problem: Problem) -> Solution:
        losses = problem.losses()
        tasks = len(problem.inputs)
        unit = np.eye(tasks)
        alone = losses.minimise((self.strength + self.ridge) * unit, self.tolerance, self.max_iterations)
        length = np.linalg.norm(alone.coefficients) / np.sqrt(tasks)
        epsilon = (self.smoothing * length) ** 2 if length > 0 else 1.0

        def couple(w: np.ndarray) -> np.ndarray:
            return self.strength / tasks * np.linalg.inv(task_covariance(w, epsilon)) + self.ridge * unit

        found = descend(
            losses,
            couple,
            alone.coefficients,
            alone.intercepts,
            self.tolerance,
            self.max_iterations,
            smoothing=epsilon,
            renew_every=RENEW_EVERY,
        )
        self.covariance_ = task_covariance(found.coefficients, epsilon)
        scale = np.sqrt(np.diag(self.covariance_))
        relation = np.clip(self.covariance_ / scale[:, None] / scale, -1, 1)
        np.fill_diagonal(relation, 1.0)
        return replace(found, relation=relation)


def task_covariance(coefficients: np.ndarray, epsilon: float) -> np.ndarray:
    """(W Wᵀ + ε I)^½ / tr: ``[T, T]``, positive definite, of trace 1.

    Of all such Ω it has the least tr(Ω⁻¹ (W Wᵀ + ε I)), which is tr((W Wᵀ + ε I)^½)².
    """
    values, vectors = eigh(coefficients @ coefficients.T)
    roots = np.sqrt(np.clip(values, 0, None) + epsilon)
    covariance = (vectors * (roots / roots.sum())) @ vectors.T
    return (covariance + covariance.T) / 2
