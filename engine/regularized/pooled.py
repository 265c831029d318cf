"""Pooled: one model for all tasks, as if they were one."""

from dataclasses import dataclass

import numpy as np

from engine.regularized.linear import LinearModel, Problem
from engine.regularized.losses import Solution


@dataclass(kw_only=True, eq=False)
class Pooled(LinearModel):
    """The same coefficients w and the same intercept for every task ::

        penalty = (strength/2) Σ_t ‖w‖²

    Each task counts the same, so a sample of a small task counts for more than one of a large task; with tasks of the
    same size this is ridge or logistic regression on all samples. It is what tasks held together ever more firmly come
    to, except that those keep their own intercepts.

    Source: the reference of all work on related tasks, as in Evgeniou and Pontil, "Regularized Multi-Task Learning",
    KDD 2004, section 4 ("one single model").
    """

    def _solve(self, problem: Problem) -> Solution:
        tasks = len(problem.inputs)
        together = Problem(
            problem.loss,
            [np.concatenate(problem.inputs)],
            [np.concatenate(problem.targets)],
            [np.concatenate(problem.shares) / tasks],
        )
        found = together.losses().minimise(np.array([[self.strength]]), self.tolerance, self.max_iterations)
        shared = found.coefficients[0]
        return Solution(
            np.tile(shared, (tasks, 1)),
            found.intercepts[0] + (problem.means - together.means) @ shared,
            [tasks * value for value in found.objective],
            found.converged,
        )
