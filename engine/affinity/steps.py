"""Taking one task's step after the other and seeing what each does to all losses; shared by the lookaheads."""

import copy
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor
from torch.nn import Parameter
from torch.optim import Optimizer

from engine.affinity.estimator import Update
from engine.errors import KindredError

# Relative difference up to which two passes over one batch count as the same: kernels may differ in their last bits.
SAME_BATCH = {torch.float64: 1e-6, torch.float32: 1e-3, torch.bfloat16: 3e-2, torch.float16: 1e-2}

Step = Callable[[Sequence[Parameter], Sequence[Tensor]], None]


def effects_of_steps(
    update: Update,
    parameters: list[Parameter],
    take_step: Step,
    replaying: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Tensor:
    """``[source, target]``, float64: ``(1 − L_t(after the step of s) / L_t(before)) / η``; NaN while η is 0.

    Args:
        update: with a closure and a step size.
        parameters: the ones that step; they end bit for bit as they were.
        take_step: moves them along a gradient.
        replaying: surrounds every further evaluation of the batch.

    Raises:
        KindredError: if a loss is not positive and finite, before or after, or the closure draws another batch.
    """
    before = update.positive()
    if not update.step_size:
        return before.new_full((len(before), len(before)), torch.nan)
    with replaying():
        if update.shared.start is None:
            before = update.replay()
        elif update.check:
            _check_same_batch(update, before)
    home = [parameter.detach().clone() for parameter in parameters]
    rows = []
    for source in update.losses:
        gradients = update.gradients(source, parameters)
        try:
            take_step(parameters, gradients)
            with replaying():
                after = update.replay()
        finally:
            for parameter, value in zip(parameters, home, strict=True):
                parameter.data.copy_(value)  # .data: the graph of the losses stays valid
        if not after.isfinite().all():
            target, value = next(
                (task, value)
                for task, value in zip(update.losses, after.tolist(), strict=True)
                if not torch.tensor(value).isfinite()
            )
            raise KindredError(
                f"After the step of {source!r} alone, the loss of {target!r} is {value}; lower the learning rate."
            )
        rows.append((1 - after / before) / update.step_size)
    return torch.stack(rows)


def gradient_step(step_size: float) -> Step:
    """A plain gradient step of that size."""

    def take_step(parameters: Sequence[Parameter], gradients: Sequence[Tensor]) -> None:
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.data.sub_(gradient, alpha=step_size)

    return take_step


def optimizer_step(optimizer: Optimizer) -> Step:
    """The step that the optimiser would take on these gradients alone: momentum, Adam, weight decay included."""

    def take_step(parameters: Sequence[Parameter], gradients: Sequence[Tensor]) -> None:
        # A copy steps: stepping the optimiser itself would move its state and invalidate the graph of the losses.
        stand_in = copy.deepcopy(optimizer)
        places = {
            id(parameter): (group, place)
            for group, content in enumerate(optimizer.param_groups)
            for place, parameter in enumerate(content["params"])
        }
        copies = [
            stand_in.param_groups[group]["params"][place]
            for group, place in (places[id(parameter)] for parameter in parameters)
        ]
        for content in stand_in.param_groups:
            for parameter in content["params"]:
                parameter.grad = None
        for parameter, gradient in zip(copies, gradients, strict=True):
            parameter.grad = gradient
        type(stand_in).step(stand_in)  # by its class: schedulers replace the method on the object
        for parameter, stepped in zip(parameters, copies, strict=True):
            parameter.data.copy_(stepped.detach())

    return take_step


def _check_same_batch(update: Update, before: Tensor) -> None:
    again = update.replay()
    for task, loss, first, second in zip(
        update.losses, update.losses.values(), before.tolist(), again.tolist(), strict=True
    ):
        if abs(first - second) > SAME_BATCH.get(_least_exact(loss, update), 1e-3) * max(abs(first), 1e-8):
            raise KindredError(
                f"The closure gives {task!r} the loss {second:.6g} where {first:.6g} was observed, under the same "
                "parameters; it must evaluate the same batch: no new draw from the loader, no fresh augmentation, and "
                "nothing random before the shared module."
            )


def _least_exact(loss: Tensor, update: Update) -> torch.dtype:
    """The type that computed the loss: autocast's, where it was on."""
    start = update.shared.start
    return start.autocast[1] if start is not None and start.autocast[0] else loss.dtype
