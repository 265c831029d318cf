"""Joint feature selection: all tasks use the same few features."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.checks import Range
from engine.regularized.linear import AT_LEAST_0, POSITIVE, LinearModel, Problem
from engine.regularized.losses import Solution
from engine.regularized.proximal import minimise_composite, shrink_columns


@dataclass(kw_only=True, eq=False)
class JointFeatures(LinearModel):
    """A feature is used by all tasks, each in its own way, or by none ::

        penalty = strength · Σ_j ‖(w_1j, …, w_Tj)‖ + (ridge/2) ‖W‖²

    the L2,1 norm, by accelerated proximal gradients. A single task gets the lasso. ``coefficients_`` of features that
    are not used are exactly 0.

    Args:
        ridge: how strongly all tasks are drawn to 0 besides; 0 in the papers.

    Sources: Obozinski, Taskar and Jordan, "Joint covariate selection and joint subspace selection for multiple
    classification problems", Statistics and Computing 20, 2010; Argyriou, Evgeniou and Pontil, "Convex Multi-Task
    Feature Learning", Machine Learning 73, 2008, with the features as given (U = I) and the norm squared; Liu, Ji and
    Ye, "Multi-Task Feature Learning via Efficient L2,1-Norm Minimization", UAI 2009, for the solver.

    Departure: acceleration that restarts and never rises, see `minimise_composite`.
    """

    ridge: float = 0.0

    RANGES: ClassVar[dict[str, Range]] = {"strength": POSITIVE, "ridge": AT_LEAST_0}

    def _solve(self, problem: Problem) -> Solution:
        return minimise_composite(
            problem.losses(),
            self.strength,
            lambda w: float(np.linalg.norm(w, axis=0).sum()),
            shrink_columns,
            self.ridge,
            self.tolerance,
            self.max_iterations,
        )
