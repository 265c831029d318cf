"""Choosing settings by what is predicted best on samples that were not learned from."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import numpy as np

from engine.errors import KindredError
from engine.regularized.linear import LinearModel

Model = TypeVar("Model", bound=LinearModel)
Setting = TypeVar("Setting")
Samples = tuple[Sequence[np.ndarray], Sequence[np.ndarray]]


def choose(
    make: Callable[[Setting], Model], grid: Iterable[Setting], training: Samples, validation: Samples
) -> tuple[Model, Setting]:
    """Fit for every setting of a grid, such as a strength, and keep the least mean validation error over tasks.

    Args:
        make: setting → a model of it that is not fitted.
        grid: the settings; of equally good ones the first is kept.
        training: inputs and targets, one of each a task, as `LinearModel.fit` takes them.
        validation: the same; a task may have no samples, and is then left out of the mean.

    Returns:
        The fitted model, and its setting.

    Raises:
        KindredError: if the grid is empty, there are no validation samples, or as `LinearModel.fit` does.

    Example:
        >>> from engine.regularized.independent import Independent
        >>> line = np.arange(6.0)[:, None]
        >>> model, strength = choose(
        ...     lambda strength: Independent(strength=strength),
        ...     [100.0, 0.001],
        ...     ([line, line], [line[:, 0], -line[:, 0]]),
        ...     ([line + 0.5, line[:0]], [line[:, 0] + 0.5, line[:0, 0]]),
        ... )
        >>> strength
        0.001
    """
    best: tuple[float, Model, Setting] | None = None
    for setting in grid:
        model = make(setting).fit(*training)
        error = errors(model, *validation)
        if np.isnan(error).all():
            raise KindredError("No task has validation samples; give some, for one task at least.")
        mean = float(np.nanmean(error))
        if best is None or mean < best[0]:
            best = mean, model, setting
    if best is None:
        raise KindredError("The grid of settings is empty; give at least one.")
    return best[1], best[2]


def errors(model: LinearModel, inputs: Sequence[np.ndarray], targets: Sequence[np.ndarray]) -> np.ndarray:
    """``[tasks]``: the mean squared error, or for ``logistic`` the share of wrong labels; NaN without samples.

    Raises:
        KindredError: if there are not as many tasks as learned, or not one target a sample.
    """
    tasks = len(model.coefficients_)
    if len(inputs) != tasks or len(targets) != tasks:
        raise KindredError(
            f"There are inputs of {len(inputs)} tasks and targets of {len(targets)}; the model has learned {tasks}, in "
            "their order. Give empty arrays for a task without samples."
        )
    found = np.full(tasks, np.nan)
    for task, (x, y) in enumerate(zip(inputs, targets, strict=True)):
        y = np.asarray(y, dtype=np.float64)
        if y.shape != (len(x),) or not np.isfinite(y).all():
            raise KindredError(
                f"Task {task} has {len(x)} samples and targets of shape {list(y.shape)}; give one number a sample."
            )
        if len(x):
            predicted = model.predict(x, task)
            found[task] = np.mean((predicted - y) ** 2 if model.loss == "squared" else predicted != y)
    return found
