"""One linear model a task, learned together: what all such methods share.

A method minimises over the coefficients W ``[tasks, features]`` and the intercepts b ::

    Σ_t (1/n_t) Σ_i ℓ(⟨w_t, x_ti⟩ + b_t, y_ti) + penalty(W)

with ℓ(z, y) = ½ (z − y)² for the loss ``squared``, and log(1 + exp(−z)) or log(1 + exp(z)) for the label 1 or 0 and the
loss ``logistic``. Each task's loss is a mean over its samples, so that a task counts the same whatever its size, and a
strength means the same for few samples and many, and in all methods. A quadratic penalty has a factor ½, a norm has
none. Intercepts are never penalised. Features should have like scales, as one strength is for all of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import ClassVar, Self

import numpy as np
from threadpoolctl import threadpool_limits

from engine.checks import Range, check_fields
from engine.errors import KindredError
from engine.regularized.logistic import LogisticLosses
from engine.regularized.losses import Losses, Solution
from engine.regularized.samples import check_inputs, check_samples
from engine.regularized.squared import SquaredLosses

LOSSES = {"squared": SquaredLosses, "logistic": LogisticLosses}
POSITIVE: Range = (float, 1e-9, 1e9)
AT_LEAST_0: Range = (float, 0.0, 1e9)


@dataclass(frozen=True, eq=False)
class Problem:
    """Attributes:
    loss: ``squared`` or ``logistic``.
    inputs, targets: one ``[samples, features]`` and one ``[samples]`` a task, as given.
    shares: one ``[samples]`` a task, of sum 1: how much each sample counts.
    """

    loss: str
    inputs: Sequence[np.ndarray]
    targets: Sequence[np.ndarray]
    shares: Sequence[np.ndarray]

    @property
    def means(self) -> np.ndarray:
        """``[tasks, features]``."""
        return np.array([p @ x for x, p in zip(self.inputs, self.shares, strict=True)])

    def losses(self) -> Losses:
        """Of inputs centred in every task, which changes intercepts only, and these are free."""
        centred = [x - mean for x, mean in zip(self.inputs, self.means, strict=True)]
        return LOSSES[self.loss](centred, self.targets, self.shares)


@dataclass(kw_only=True, eq=False)
class LinearModel:
    """A method. Subclasses give ``_solve``; those that are one quadratic penalty give ``_coupling`` instead.

    Args:
        loss: ``squared``, for numbers, or ``logistic``, for labels 0 and 1.
        strength: the penalty's factor, in the units of the loss; see each method.
        tolerance: at which iterations end: of the gradient's norm (of the gradient mapping's where the penalty has
            kinks), as a share of what it can at most be at W = 0. A closed form needs none.
        max_iterations: at which they end without.

    Attributes:
        coefficients_: ``[tasks, features]``.
        intercepts_: ``[tasks]``.
        relation_: ``[source, target]``, higher is closer, named by ``relation_name``; None where the method has none.
        objective_: its values over the iterations, which do not rise; just the last for a closed form.
        converged_: whether the tolerance was reached; if not, the model is the best found in ``max_iterations``.

    Raises:
        KindredError: naming a setting that is out of its range.
    """

    loss: str = "squared"
    strength: float = 0.1
    tolerance: float = 1e-6
    max_iterations: int = 2000

    RANGES: ClassVar[dict[str, Range]] = {"strength": POSITIVE}
    relation_name: ClassVar[str | None] = None

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.generic):  # as of a grid
                setattr(self, field.name, value.item())
        own: dict[str, Range] = {"tolerance": (float, 1e-12, 1.0), "max_iterations": (int, 1, 10_000_000)}
        check_fields(self, own | self.RANGES, {"loss": tuple(LOSSES)})

    def fit(self, inputs: Sequence[np.ndarray], targets: Sequence[np.ndarray]) -> Self:
        """Learn from all tasks.

        Args:
            inputs: one ``[samples, features]`` a task, of any number of samples but 0.
            targets: one ``[samples]`` a task.

        Returns:
            The model itself.

        Raises:
            KindredError: as `check_samples` does, or if a setting does not fit the number of tasks.
        """
        inputs, targets = check_samples(self.loss, inputs, targets)
        problem = Problem(self.loss, inputs, targets, [np.full(len(x), 1 / len(x)) for x in inputs])
        with threadpool_limits(1, "blas"):  # many small products, which threads slow down, tenfold on a busy machine
            solution = self._solve(problem)
        self.coefficients_ = solution.coefficients
        self.intercepts_ = solution.intercepts - (problem.means * solution.coefficients).sum(axis=1)
        self.relation_, self.objective_ = solution.relation, solution.objective
        self.converged_ = solution.converged
        return self

    def decision(self, inputs: np.ndarray, task: int) -> np.ndarray:
        """``[samples]``: ⟨w_t, x⟩ + b_t; for ``logistic`` the log-odds of the label 1.

        Args:
            inputs: ``[samples, features]``.
            task: its place among those that were learned.

        Raises:
            KindredError: if nothing was learned yet, there is no such task, or the inputs have another shape.
        """
        if not hasattr(self, "coefficients_"):
            raise KindredError(f"{type(self).__name__} has not learned anything yet; call its `fit` first.")
        tasks, features = self.coefficients_.shape
        if isinstance(task, bool) or not isinstance(task, int | np.integer) or not 0 <= task < tasks:
            raise KindredError(f"The task is {task!r}; {tasks} were learned, so give a number from 0 to {tasks - 1}.")
        inputs = check_inputs(f"Task {task}", inputs)
        if inputs.shape[1] != features:
            raise KindredError(
                f"Task {task} has inputs of {inputs.shape[1]} features; the model has learned from {features}, in "
                "their order."
            )
        return inputs @ self.coefficients_[task] + self.intercepts_[task]

    def predict(self, inputs: np.ndarray, task: int) -> np.ndarray:
        """``[samples]``: values, or for ``logistic`` the likelier label, 0 or 1. Arguments and errors of `decision`."""
        decisions = self.decision(inputs, task)
        return decisions if self.loss == "squared" else (decisions > 0).astype(np.int64)

    def _solve(self, problem: Problem) -> Solution:
        """The best coefficients, and intercepts for centred inputs."""
        losses = problem.losses()
        return losses.minimise(self._coupling(len(problem.inputs)), self.tolerance, self.max_iterations)

    def _coupling(self, tasks: int) -> np.ndarray:
        """``[tasks, tasks]``: K of the penalty ½ tr(Wᵀ K W), positive definite."""
        raise TypeError(f"{type(self).__name__} must say how it learns.")
