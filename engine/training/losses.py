"""The losses and metrics that a task can name, over the labels that are known."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.datasets.dataset import NO_CLASS
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


# Each takes what ``_matched`` gives, for the labels that are known.
_LOSSES = {
    "binary_cross_entropy": F.binary_cross_entropy_with_logits,
    "cross_entropy": F.cross_entropy,
    "soft_cross_entropy": _soft_cross_entropy,
    "squared_error": F.mse_loss,
    "absolute_error": F.l1_loss,
}


def _matched(task: Task, output: Tensor, label: Tensor, sparse: bool) -> tuple[Tensor, Tensor]:
    """Output and label side by side, without the places where no label is known.

    Both ``[places]``; for classes the output is ``[places, classes]``. Places are samples, or of a dense task their
    positions, and each output of a real-valued task. Unknown ones are taken out, not multiplied by 0, so that no
    gradient comes from them, whatever the output there.
    """
    if task.loss == "soft_cross_entropy":
        return output, label
    if task.loss == "cross_entropy":
        if task.dense:
            output, label = output.movedim(1, -1).flatten(0, -2), label.flatten()
        there = label != NO_CLASS
    else:
        output = output.squeeze(1) if task.outputs == 1 else output
        there = ~label.isnan()
    return (output[there], label[there]) if sparse else (output, label)


def task_losses(
    tasks: Sequence[Task],
    outputs: Mapping[str, Tensor],
    labels: Mapping[str, Tensor],
    sparse: Collection[str] = (),
    shares: Mapping[str, float] | None = None,
) -> dict[str, Tensor]:
    """Each task's mean loss over the labels that the batch has of it; lower is better. A task without any is left out.

    Args:
        sparse: the tasks of which labels may be missing.
        shares: of a batch that is part of a larger one, the factor of each task's loss. A task that has none is left
            out; one that has a factor but no label here has the loss 0, with a graph as if it had labels.
    """
    losses = {}
    for task in tasks:
        output, label = _matched(task, outputs[task.name], labels[task.name], task.name in sparse)
        if shares is None:
            if len(label):
                losses[task.name] = _LOSSES[task.loss](output, label)
        elif task.name in shares:
            here = _LOSSES[task.loss](output, label) if len(label) else outputs[task.name].sum() * 0
            losses[task.name] = here * shares[task.name]
    return losses


def known_places(task: Task, label: Tensor) -> int:
    """Over how many places of a batch the task's mean loss is taken, where labels may be missing."""
    return int((label != NO_CLASS if task.loss == "cross_entropy" else ~label.isnan()).sum())


class Tally:
    """One task's loss and metric over any number of batches, as if they were one.

    The metric is the accuracy, or R² of real numbers: 1 − Σ (output − label)² / Σ (label − mean label)², the mean that
    of each output, NaN where labels do not differ.

    Attributes:
        sums: float64; those of two tallies add up to those of the tally of both.
    """

    def __init__(self, task: Task) -> None:
        self._task = task
        # Labels known, their losses and scores; of real ones also, for each output, their number, sum, sum of squares.
        self.sums = torch.zeros(3 + 3 * task.outputs * task.real, dtype=torch.float64)

    @torch.no_grad()
    def add(self, output: Tensor, label: Tensor, sparse: bool) -> None:
        """Take in one batch; the arguments are as of ``task_losses``, of one task."""
        task = self._task
        given, wanted = _matched(task, output, label, sparse)
        if not len(wanted):
            return
        places = len(wanted) if task.loss in ("cross_entropy", "soft_cross_entropy") else wanted.numel()
        if task.real:
            score = float((given - wanted).double().square().sum())
            self.sums[3:] += _moments(task, label).flatten()
        elif task.loss == "binary_cross_entropy":
            score = float(((given > 0) == (wanted > 0.5)).sum())
        else:
            classes = wanted if task.loss == "cross_entropy" else wanted.argmax(1)
            score = float((given.argmax(1) == classes).sum())
        loss = float(_LOSSES[task.loss](given, wanted)) * places
        self.sums[:3] += torch.tensor([places, loss, score], dtype=torch.float64)

    @property
    def loss(self) -> float:
        """Mean over all known labels; NaN without any."""
        places, loss, _ = self.sums[:3].tolist()
        return loss / places if places else float("nan")

    @property
    def metric(self) -> float:
        """Higher is better; NaN without any label."""
        places, _, score = self.sums[:3].tolist()
        if not self._task.real:
            return score / places if places else float("nan")
        number, total, squares = self.sums[3:].view(3, -1)
        spread = float((squares - total.square() / number.clamp_min(1)).sum())
        return 1 - score / spread if spread > 1e-12 * float(squares.sum()) else float("nan")


def _moments(task: Task, label: Tensor) -> Tensor:
    rows = label.movedim(1, -1).reshape(-1, task.outputs) if task.outputs > 1 else label.reshape(-1, 1)
    there, values = ~rows.isnan(), rows.double().nan_to_num(0)
    return torch.stack([there.double().sum(0), values.sum(0), values.square().sum(0)]).cpu()


def add_up(tallies: Iterable[Tally], total: Callable[[Tensor], Tensor]) -> None:
    """Make each tally that of all processes.

    Args:
        total: gives the sum of a tensor over them.
    """
    tallies = list(tallies)
    sums = total(torch.cat([tally.sums for tally in tallies])).split([len(tally.sums) for tally in tallies])
    for tally, each in zip(tallies, sums, strict=True):
        tally.sums = each


def task_metrics(
    tasks: Sequence[Task],
    outputs: Mapping[str, Tensor],
    labels: Mapping[str, Tensor],
    sparse: Collection[str] = (),
    total: Callable[[Tensor], Tensor] | None = None,
) -> dict[str, float]:
    """Each task's metric over the given samples (accuracy, or R² for real numbers); higher is better; NaN without any
    label.

    Args:
        sparse: the tasks of which labels may be missing.
        total: as of ``add_up``, where several processes have samples.
    """
    tallies = {task.name: Tally(task) for task in tasks}
    for name, tally in tallies.items():
        tally.add(outputs[name], labels[name], name in sparse)
    if total is not None:
        add_up(tallies.values(), total)
    return {name: tally.metric for name, tally in tallies.items()}
