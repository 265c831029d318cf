"""Exact inter-task affinity: take one task's step on the shared parameters, see what it does to every task's loss."""

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import Parameter
from torch.optim import Optimizer

from engine.errors import KindredError


class Lookahead:
    """The affinity of tag (task affinity grouping) at one update.

    For every source s, with θ the shared parameters, η the step size and L the losses of one batch::

        θ' = θ − η ∇L_s(θ)                              (the heads stay as they are)
        Z[s, t] = (1 − L_t(θ') / L_t(θ)) / η            for every target t

    Positive where the source's step lowers the target's loss. Dividing by η, as the authors' code does, makes runs with
    different learning rates comparable. Cost: one backward and one forward pass a task.

    The step is a plain gradient step by default. ``step="optimizer"`` takes the optimiser's own (momentum, Adam, weight
    decay) as the authors' code does for CelebA; the joint momentum in it adds the same amount to a target's whole
    column, which can hide the order and the sign of its sources.

    Training is not touched: the parameters, the optimiser's state and the gradients end bit for bit as they were.

    Args:
        shared: the shared parameters.
        optimizer: the one that trains them; its learning rate is η.
        step: ``"sgd"`` or ``"optimizer"``.

    Raises:
        KindredError: if there is no shared parameter, or they have more than one learning rate.

    Source: Fifty et al., "Efficiently Identifying Task Groupings for Multi-Task Learning", NeurIPS 2021, eq. 1.
    """

    def __init__(self, shared: Sequence[Parameter], optimizer: Optimizer, step: str = "sgd") -> None:
        self.shared = [parameter for parameter in shared if parameter.requires_grad]
        self.optimizer = optimizer
        self.take_step = {"sgd": self._sgd_step, "optimizer": self._optimizer_step}[step]
        mine = {id(parameter) for parameter in self.shared}
        rates = {group["lr"] for group in optimizer.param_groups if any(id(each) in mine for each in group["params"])}
        if len(rates) != 1 or not min(rates) > 0:
            raise KindredError(
                f"The shared parameters have the learning rates {sorted(rates)}; the lookahead divides by one "
                "positive rate, so put them into one parameter group of the optimiser."
            )

    @property
    def step_size(self) -> float:
        """η: the optimiser's present learning rate of the shared parameters."""
        mine = {id(parameter) for parameter in self.shared}
        return next(
            float(group["lr"])
            for group in self.optimizer.param_groups
            if any(id(each) in mine for each in group["params"])
        )

    def __call__(self, losses: Mapping[str, Tensor], replay: Callable[[], Mapping[str, Tensor]]) -> Tensor:
        """The affinity on the batch behind ``losses``.

        Args:
            losses: task → scalar, with the graph that training will use; not yet backpropagated.
            replay: evaluates the same losses anew, on the same batch with the same random masks, under whatever the
                parameters are then, leaving buffers and random generators as it found them.

        Returns:
            ``[source, target]``, float64, in the order of ``losses``.

        Raises:
            KindredError: if a loss is not positive and finite, as the relative change then means nothing.
        """
        before = _stacked(losses)
        _check("The loss", losses, before, (before > 0) & before.isfinite())
        home = [parameter.detach().clone() for parameter in self.shared]
        rows = []
        for source, loss in losses.items():
            gradients = torch.autograd.grad(loss, self.shared, retain_graph=True, allow_unused=True)
            try:
                self.take_step(gradients)
                with torch.no_grad():
                    after = _stacked(replay())
            finally:
                for parameter, value in zip(self.shared, home, strict=True):
                    parameter.data.copy_(value)  # .data: the graph of `losses` stays valid
            _check(f"After the step of {source!r} alone, the loss", losses, after, after.isfinite())
            rows.append((1 - after / before) / self.step_size)
        return torch.stack(rows)

    def _sgd_step(self, gradients: Sequence[Tensor | None]) -> None:
        for parameter, gradient in zip(self.shared, gradients, strict=True):
            if gradient is not None:
                parameter.data.sub_(gradient, alpha=self.step_size)

    def _optimizer_step(self, gradients: Sequence[Tensor | None]) -> None:
        # A copy steps: stepping the optimiser itself would move its state and invalidate the graph of the losses.
        stand_in = copy.deepcopy(self.optimizer)
        places = {
            id(parameter): (group, place)
            for group, content in enumerate(self.optimizer.param_groups)
            for place, parameter in enumerate(content["params"])
        }
        copies = [
            stand_in.param_groups[group]["params"][place]
            for group, place in (places[id(parameter)] for parameter in self.shared)
        ]
        for content in stand_in.param_groups:
            for parameter in content["params"]:
                parameter.grad = None
        for parameter, gradient in zip(copies, gradients, strict=True):
            parameter.grad = gradient
        type(stand_in).step(stand_in)  # by its class: schedulers replace the method on the object
        for parameter, stepped in zip(self.shared, copies, strict=True):
            parameter.data.copy_(stepped.detach())


def _stacked(losses: Mapping[str, Tensor]) -> Tensor:
    return torch.stack([loss.detach().double() for loss in losses.values()])


def _check(subject: str, tasks: Iterable[str], values: Tensor, good: Tensor) -> None:
    for task, value, fine in zip(tasks, values.tolist(), good.tolist(), strict=True):
        if not fine:
            raise KindredError(
                f"{subject} of {task!r} is {value}; the lookahead needs positive, finite losses to form a relative "
                "change, so lower the learning rate if training diverged, or drop the task if it is solved."
            )
