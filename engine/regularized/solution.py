"""What a solver found."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Solution:
    """Attributes:
    coefficients: ``[tasks, features]``.
    intercepts: ``[tasks]``, for inputs centred in every task.
    objective: its values over the iterations; just the last for a closed form.
    converged: whether the solver's criterion was met within its iterations.
    relation: ``[source, target]``, higher is closer, where the method has one.
    """

    coefficients: np.ndarray
    intercepts: np.ndarray
    objective: list[float]
    converged: bool
    relation: np.ndarray | None = None
