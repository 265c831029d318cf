"""Trace-norm regularisation: the tasks' coefficients in a common space of few dimensions."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.checks import Range
from engine.regularized.linear import AT_LEAST_0, POSITIVE, LinearModel, Problem
from engine.regularized.losses import Solution
from engine.regularized.proximal import minimise_composite, shrink_singular_values


@dataclass(kw_only=True, eq=False)
class TraceNorm(LinearModel):
    """Coefficients of low rank ::

        penalty = strength · ‖W‖_* + (ridge/2) ‖W‖²          ‖W‖_* = Σ of the singular values of W

    by accelerated proximal gradients, each with a singular-value thresholding. A single task has ‖W‖_* = ‖w‖.

    Args:
        ridge: how strongly all tasks are drawn to 0 besides; 0 in the papers.

    Sources: Argyriou, Evgeniou and Pontil, "Convex Multi-Task Feature Learning", Machine Learning 73, 2008, whose
    penalty is ‖W‖_*²; Ji and Ye, "An Accelerated Gradient Method for Trace Norm Minimization", ICML 2009, this one.

    Departure: acceleration that restarts and never rises, see `minimise_composite`.
    """

    ridge: float = 0.0

    RANGES: ClassVar[dict[str, Range]] = {"strength": POSITIVE, "ridge": AT_LEAST_0}

    def _solve(self, problem: Problem) -> Solution:
        return minimise_composite(
            problem.losses(),
            self.strength,
            lambda w: float(np.linalg.norm(w, "nuc")),
            shrink_singular_values,
            self.ridge,
            self.tolerance,
            self.max_iterations,
        )
