"""What a task is: a name, a loss and the metric that people quote for it; and how well all tasks do at one step."""

from dataclasses import dataclass

import numpy as np

# loss → the metric shown beside it; every metric is higher-is-better.
METRICS = {
    "binary_cross_entropy": "accuracy",
    "cross_entropy": "accuracy",
    "soft_cross_entropy": "accuracy",
    "squared_error": "R²",
    "absolute_error": "R²",
}


@dataclass(frozen=True)
class Task:
    """One thing to predict.

    Attributes:
        name: unique within a data set.
        loss: a key of ``METRICS``: ``binary_cross_entropy`` (labels 0 or 1, on logits), ``cross_entropy`` (labels
            0 … outputs − 1), ``soft_cross_entropy`` (labels are distributions over the outputs), ``squared_error`` or
            ``absolute_error`` (real numbers).
        outputs: width of the task's head: the number of classes, or of real numbers a sample or position; else 1.
        summary: what the label means, in a few words.
        dense: whether there is one output for every position of a map, not one a sample.
    """

    name: str
    loss: str
    outputs: int = 1
    summary: str = ""
    dense: bool = False

    @property
    def metric(self) -> str:
        """The quoted metric; higher is better."""
        return METRICS[self.loss]

    @property
    def real(self) -> bool:
        """Whether its labels are real numbers."""
        return self.loss in ("squared_error", "absolute_error")


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Every task's loss and metric at one step of training.

    Attributes:
        step: updates made before it.
        split: ``train`` (mean over the batches of a window, in training mode) or ``validation``.
        losses: ``[tasks]``, float32; lower is better.
        metrics: ``[tasks]``, float32; higher is better; NaN for ``train``.
    """

    step: int
    split: str
    losses: np.ndarray
    metrics: np.ndarray


@dataclass(frozen=True, eq=False)
class TaskWeights:
    """By how much each task counted, as a mean over updates.

    Attributes:
        step_from, step_to: the updates ``[step_from, step_to)``.
        weights: ``[tasks]``, float32.
    """

    step_from: int
    step_to: int
    weights: np.ndarray
