"""Mean-regularised multi-task learning: every task near the mean of all."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.checks import Range
from engine.regularized.linear import AT_LEAST_0, POSITIVE, LinearModel


@dataclass(kw_only=True, eq=False)
class MeanRegularized(LinearModel):
    """Tasks drawn to their mean w̄ ::

        penalty = (strength/2) Σ_t ‖w_t − w̄‖² + (ridge/2) Σ_t ‖w_t‖²

    or, as Σ_t ‖w_t‖² = Σ_t ‖w_t − w̄‖² + T ‖w̄‖², (strength + ridge)/2 for the distances from w̄ and ridge · T/2 for w̄.
    A strength of 0 gives `Independent` with the strength ``ridge``; an infinite one gives all tasks one w.

    Args:
        ridge: how strongly all tasks are drawn to 0.

    Source: Evgeniou and Pontil, "Regularized Multi-Task Learning", KDD 2004, in the form of lemma 2.2, with
    ρ₁ = ridge/2 and ρ₂ = strength/2; from the paper's λ₁ and λ₂ these are ρ₁ = λ₁λ₂ / (T (λ₁ + λ₂)) and
    ρ₂ = λ₁² / (T (λ₁ + λ₂)).

    Departures: the squared and logistic loss for the paper's hinge, a mean a task for its sum over all samples; free
    intercepts, where the paper has none.
    """

    ridge: float = 0.01

    RANGES: ClassVar[dict[str, Range]] = {"strength": AT_LEAST_0, "ridge": POSITIVE}

    def _coupling(self, tasks: int) -> np.ndarray:
        return (self.ridge + self.strength) * np.eye(tasks) - self.strength / tasks
