"""The losses and metrics that a task can name."""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.tasks import Task

FOCUS = 2  # γ of the focal loss


def _soft_cross_entropy(output: Tensor, label: Tensor) -> Tensor:
    """Focal loss of a label that is a distribution over the outputs: ``−Σ_k y_k (1 − p_k)^γ log p_k``, p the softmax.

    The factor (1 − p)^γ, through which the gradient passes too, leaves little weight to what is already predicted well.

    Source: eq. 4 of Liu et al., "Self-Supervised Generalisation with Meta Auxiliary Learning", NeurIPS 2019, after Lin
    et al., "Focal Loss for Dense Object Detection", ICCV 2017; γ = 2 in both.
    """
    log_chance = output.log_softmax(1)
    return -(label * (1 - log_chance.exp()) ** FOCUS * log_chance).sum(1).mean()


_LOSSES = {
    "binary_cross_entropy": lambda output, label: F.binary_cross_entropy_with_logits(output.squeeze(1), label),
    "cross_entropy": F.cross_entropy,
    "soft_cross_entropy": _soft_cross_entropy,
    "squared_error": lambda output, label: F.mse_loss(output.squeeze(1), label),
}


def _r_squared(output: Tensor, label: Tensor) -> Tensor:
    return 1 - (output.squeeze(1) - label).square().mean() / label.var(correction=0)


_METRICS = {
    "binary_cross_entropy": lambda output, label: ((output.squeeze(1) > 0) == (label > 0.5)).double().mean(),
    "cross_entropy": lambda output, label: (output.argmax(1) == label).double().mean(),
    "soft_cross_entropy": lambda output, label: (output.argmax(1) == label.argmax(1)).double().mean(),
    "squared_error": _r_squared,
}


def task_losses(
    tasks: Sequence[Task], outputs: Mapping[str, Tensor], labels: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Each task's mean loss over the batch; lower is better."""
    return {task.name: _LOSSES[task.loss](outputs[task.name], labels[task.name]) for task in tasks}


def task_metrics(
    tasks: Sequence[Task], outputs: Mapping[str, Tensor], labels: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Each task's metric over all given samples (accuracy, or R² for real numbers); higher is better."""
    with torch.no_grad():
        return {task.name: _METRICS[task.loss](outputs[task.name], labels[task.name]) for task in tasks}
