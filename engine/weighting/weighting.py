"""From the tasks' losses to the gradients of one update: what every weighting and gradient method is.

All methods are brought to one scale: tasks whose gradients are equal get the update of equal weighting, their sum. So
one learning rate means the same everywhere, but for ``uncertainty``, whose weights are not bounded.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from typing import Any

import torch
from torch import Tensor
from torch.nn import Parameter

from engine.errors import KindredError
from engine.tasks import Task
from engine.weighting.settings import WeightingSettings


def _itself(values: Tensor) -> Tensor:
    return values


@dataclass(frozen=True, eq=False)
class JointStep:
    """One update of training, after its forward pass.

    Several processes may share a batch out among them. Each then has losses of its own, of which the joint batch's are
    the averages, and so are its gradients. A method averages what it makes anything of but gradients on parameters
    that it adds to ``.grad``, as those are averaged after it.

    Attributes:
        step: updates made before it.
        epoch: passes over the data completed before it.
        tasks: the names of all T tasks.
        losses: task → scalar with its graph, for the tasks that have labels in this batch, in their order.
        shared: the parameters that several tasks' losses depend on.
        own: all others that are trained; each task's loss depends on some of them.
        last_shared: of ``shared``, those of the last layer.
        features: what the heads were given, one tensor a task; the same one where tasks share it.
        metrics: evaluates ``[tasks]``, each task's metric (accuracy or R²) on this batch, or the joint one.
        average: gives the mean of a tensor over all processes.
        processes: how many there are.
    """

    step: int
    epoch: int
    tasks: Sequence[str]
    losses: Mapping[str, Tensor]
    shared: Sequence[Parameter]
    own: Sequence[Parameter]
    last_shared: Sequence[Parameter]
    features: Sequence[Tensor]
    metrics: Callable[[], Tensor]
    average: Callable[[Tensor], Tensor] = _itself
    processes: int = 1

    @property
    def stacked(self) -> Tensor:
        """``[labelled tasks]``: the losses of this process, with their graph."""
        return torch.stack(list(self.losses.values()))

    @cached_property
    def labelled(self) -> Tensor:
        """``[tasks]``: whether there is a loss; on the CPU."""
        return torch.tensor([task in self.losses for task in self.tasks])

    @cached_property
    def values(self) -> Tensor:
        """``[tasks]``, float64, on the CPU: the joint batch's losses, no graph; NaN for a task that has none."""
        values = torch.full((len(self.tasks),), torch.nan, dtype=torch.float64)
        values[self.labelled] = self.average(self.stacked.detach().double()).cpu()
        return values


@dataclass(frozen=True, eq=False)
class Weighed:
    """What a method did with one update.

    Attributes:
        weights: ``[tasks]``, float64: by how much each task's loss, or its gradient on the shared parameters, counted;
            of no meaning for a task without labels in the batch.
        cosines: ``[source, target]``, float64: of the tasks' gradients; None where the method took none.
    """

    weights: Tensor
    cosines: Tensor | None = None


class Weighting:
    """A method that weighs losses. Subclasses give ``weights``; those that weigh gradients begin at `Surgery`.

    Args:
        tasks: the T tasks, in the order of all that follows.
        settings: of the methods.
        seed: of random draws.
    """

    def __init__(self, tasks: Sequence[Task], settings: WeightingSettings, seed: int = 0) -> None:
        self.tasks, self.settings, self.seed = tuple(tasks), settings, seed

    def backward(self, joint: JointStep) -> Weighed:
        """Add the update's gradients to ``.grad`` of all parameters, which are None or hold what is to be added to."""
        weights = self.weights(joint).detach()
        losses = joint.stacked
        (losses * weights[joint.labelled.to(weights.device)].to(losses)).sum().backward()
        return Weighed(weights.double().cpu())

    def weights(self, joint: JointStep) -> Tensor:
        """``[tasks]``: the factor of each loss, those of tasks without labels unused; may change the method's state."""
        raise TypeError(f"{type(self).__name__} must say how it weighs.")

    def parameters(self) -> list[Parameter]:
        """What the method trains besides the network, by the same optimiser at ``weight_rate``."""
        return []

    def to(self, device: torch.device) -> None:
        """Move what the method holds."""

    def state(self) -> dict[str, Any]:
        """What later updates depend on, the ``parameters`` included, as tensors and plain values."""
        return {}

    def load_state(self, state: dict[str, Any]) -> None:
        """Take up a state."""


class Surgery(Weighting):
    """A method that makes one direction out of the tasks' gradients on the shared parameters.

    Subclasses give ``gram_weights``, or replace ``direction``. A task whose gradient is zero, as that of a task without
    labels in the batch, is left out of it and gets the weight 0, so that it changes nothing for the others. The other
    parameters get the plain sum of the gradients, as a head knows of no other task. Cost: one backward pass a task.
    """

    def backward(self, joint: JointStep) -> Weighed:
        jacobian, own = task_gradients(joint)
        jacobian = joint.average(jacobian)
        gram = gram_matrix(jacobian, joint)
        direction, weights = self.direction(jacobian, gram, joint)
        parts = direction.split([parameter.numel() for parameter in joint.shared])
        add_gradients(joint.shared, [part.view_as(each) for part, each in zip(parts, joint.shared, strict=True)])
        add_gradients(joint.own, own)
        return Weighed(weights.double().cpu(), cosines(gram))

    def direction(self, jacobian: Tensor, gram: Tensor, joint: JointStep) -> tuple[Tensor, Tensor]:
        """The update's gradient ``[numbers]``, and by how much each task's counted, ``[tasks]``.

        Args:
            jacobian: ``[tasks, numbers]``, the gradients on the shared parameters.
            gram: ``[tasks, tasks]``, their scalar products, float64, on the CPU.
        """
        present = gram.diagonal() > 0
        weights = torch.zeros_like(gram.diagonal())
        if present.any():
            weights[present] = self.gram_weights(gram[present][:, present], joint, present)
        # In float64: near a stationary point large gradients cancel, in CAGrad by factors far above 1.
        return (weights.to(jacobian.device) @ jacobian.double()).to(jacobian), weights

    def gram_weights(self, gram: Tensor, joint: JointStep, present: Tensor) -> Tensor:
        """The factor of each gradient, from their scalar products alone; may change the method's state.

        Args:
            gram: ``[k, k]``, float64, on the CPU, of the k ≥ 1 gradients that are not zero.
            present: ``[tasks]``: whose they are.

        Returns:
            ``[k]``, float64.
        """
        raise TypeError(f"{type(self).__name__} must say how it weighs.")


def task_gradients(joint: JointStep) -> tuple[Tensor, list[Tensor | None]]:
    """Every task's gradient on the shared parameters, and the sum of all on the others; of this process.

    Returns:
        ``[tasks, numbers]``, zero for a task without labels in the batch, and one tensor for each of ``joint.own``, or
        None where no loss depends on it.
    """
    shared, own = list(joint.shared), list(joint.own)
    rows: list[Tensor] = []
    total: list[Tensor | None] = [None] * len(own)
    for place, loss in enumerate(joint.losses.values()):
        again = place < len(joint.losses) - 1
        found = torch.autograd.grad(loss, [*shared, *own], retain_graph=again, allow_unused=True)
        filled = [
            torch.zeros_like(parameter) if gradient is None else gradient
            for parameter, gradient in zip(shared, found[: len(shared)], strict=True)
        ]
        rows.append(torch.cat([each.flatten() for each in filled]))
        for number, gradient in enumerate(found[len(shared) :]):
            if gradient is not None:
                total[number] = gradient if total[number] is None else total[number] + gradient
    jacobian = rows[0].new_zeros(len(joint.tasks), len(rows[0]))
    jacobian[joint.labelled.to(jacobian.device)] = torch.stack(rows)
    return jacobian, total


def gram_matrix(jacobian: Tensor, joint: JointStep) -> Tensor:
    """``[tasks, tasks]``: scalar products of the gradients, float64, on the CPU.

    Raises:
        KindredError: naming the tasks whose gradient is not finite.
    """
    wide = jacobian.double()
    gram = (wide @ wide.T).cpu()
    check_finite(gram.diagonal(), joint)
    return gram


def check_finite(lengths: Tensor, joint: JointStep) -> None:
    """See that every task's gradient is a vector of numbers.

    Args:
        lengths: ``[tasks]``, of the gradients, or their squares.

    Raises:
        KindredError: naming the tasks whose gradient is not.
    """
    broken = [repr(task) for task, length in zip(joint.tasks, lengths.tolist(), strict=True) if not isfinite(length)]
    if broken:
        raise KindredError(
            f"After {joint.step} updates the gradient of {', '.join(broken)} is not finite: the training has diverged, "
            "or a label is not a number; lower the learning rate, or look at the labels."
        )


def add_gradients(parameters: Sequence[Parameter], gradients: Sequence[Tensor | None]) -> None:
    """Add to ``.grad``; None is passed over."""
    for parameter, gradient in zip(parameters, gradients, strict=True):
        if gradient is not None:
            parameter.grad = gradient.clone() if parameter.grad is None else parameter.grad + gradient


def cosines(gram: Tensor) -> Tensor:
    """``[tasks, tasks]``: of the gradients whose scalar products are given; NaN for a gradient of zero."""
    lengths = gram.diagonal().sqrt()
    return (gram / lengths[:, None] / lengths).clamp(-1, 1)
