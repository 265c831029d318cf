"""What is learned from, checked at the door."""

from collections.abc import Sequence

import numpy as np

from engine.errors import KindredError


def check_samples(
    loss: str, inputs: Sequence[np.ndarray], targets: Sequence[np.ndarray]
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The tasks' samples as float64.

    Args:
        loss: ``squared``, or ``logistic``, whose targets are labels 0 and 1.
        inputs: one ``[samples, features]`` a task, of as many samples as it has.
        targets: one ``[samples]`` a task.

    Raises:
        KindredError: if there is no task, or a task has no samples, not the others' features, not one target a sample,
            a value that is not finite, or, for ``logistic``, not just the labels 0 and 1, and both.
    """
    inputs, targets = list(inputs), list(targets)
    if not inputs or len(inputs) != len(targets):
        raise KindredError(
            f"There are inputs of {len(inputs)} tasks and targets of {len(targets)}; give one of each for every task, "
            "and at least one task."
        )
    inputs = [check_inputs(f"Task {task}", each) for task, each in enumerate(inputs)]
    targets = [_numbers(f"Task {task} has targets", each) for task, each in enumerate(targets)]
    features = inputs[0].shape[1]
    for task, (x, y) in enumerate(zip(inputs, targets, strict=True)):
        if x.shape[1] != features:
            raise KindredError(
                f"Task {task} has {x.shape[1]} features and task 0 has {features}; all tasks need the same, in "
                "the same order."
            )
        if y.shape != (len(x),):
            raise KindredError(
                f"Task {task} has inputs of shape {list(x.shape)} and targets of shape {list(y.shape)}; give a flat "
                f"array of one target a sample, {len(x)} of them."
            )
        if not len(x):
            raise KindredError(
                f"Task {task} has no samples, so that nothing is learned of its intercept; leave it out."
            )
        if not np.isfinite(y).all():
            raise KindredError(
                f"Task {task} has targets that are NaN or infinite; leave out the samples without a label, in its "
                "inputs as well."
            )
        if loss == "logistic":
            _check_labels(task, y)
    return inputs, targets


def check_inputs(whose: str, inputs: np.ndarray) -> np.ndarray:
    """``[samples, features]``, float64.

    Raises:
        KindredError: naming ``whose`` they are, if they have another shape or a value that is not finite.
    """
    inputs = _numbers(f"{whose} has inputs", inputs)
    if inputs.ndim != 2 or not inputs.shape[1]:
        raise KindredError(
            f"{whose} has inputs of shape {list(inputs.shape)}; give them as [samples, features], with at least one "
            "feature."
        )
    if not np.isfinite(inputs).all():
        raise KindredError(f"{whose} has inputs that are NaN or infinite; fill them in, or leave out those samples.")
    return inputs


def _numbers(what: str, given: np.ndarray) -> np.ndarray:
    try:
        return np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise KindredError(f"{what} that are no array of numbers ({error}); give numbers.") from error


def _check_labels(task: int, labels: np.ndarray) -> None:
    found = np.unique(labels)
    strange = found[(found != 0) & (found != 1)]
    if len(strange):
        raise KindredError(
            f"Task {task} has the label {strange[0]:g}; the logistic loss takes 0 and 1. Recode it, or take the loss "
            "'squared'."
        )
    if len(found) < 2:
        raise KindredError(
            f"Task {task} has only the label {found[0]:g}, for which the best intercept is infinite; give samples of "
            "both labels, or leave the task out."
        )
