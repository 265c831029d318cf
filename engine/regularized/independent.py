"""Independent: every task on its own, the baseline of all joint learning."""

from dataclasses import dataclass

import numpy as np

from engine.regularized.linear import LinearModel


@dataclass(kw_only=True, eq=False)
class Independent(LinearModel):
    """Ridge regression, or logistic regression with an L2 penalty, a task ::

        penalty = (strength/2) Σ_t ‖w_t‖²

    In scikit-learn, ``Ridge(alpha=n_t * strength)`` and ``LogisticRegression(C=1 / (n_t * strength))``.

    Source: Hoerl and Kennard, "Ridge Regression: Biased Estimation for Nonorthogonal Problems", Technometrics 12, 1970.
    """

    def _coupling(self, tasks: int) -> np.ndarray:
        return self.strength * np.eye(tasks)
