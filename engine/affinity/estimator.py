"""The protocol of all estimators: what they may use of one update, and what they give."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn import Parameter
from torch.optim import Optimizer

from engine.affinity.replay import Start
from engine.affinity.shared import NoPath, Shared, averaged_losses
from engine.errors import KindredError

PER_STEP = "inter-task affinity per unit of step size"


class Unsuited(KindredError):
    """The estimator does not fit this network; another one may."""


@dataclass(frozen=True, eq=False)
class Update:
    """One joint update of training, after the forward pass and before the backward pass.

    Attributes:
        step: updates made before it.
        losses: task → scalar with its graph, for the tasks of this batch.
        shared: what they share.
        closure: evaluates the same losses anew; None if the loop gives none.
        optimizer: the one that trains the shared parameters; None if unknown.
        fixed_step_size: η where no optimiser is known.
        check: whether a replay should first be made sure to repeat the same batch.
    """

    step: int
    losses: Mapping[str, Tensor]
    shared: Shared
    closure: Callable[[], Mapping[str, Tensor]] | None = None
    optimizer: Optimizer | None = None
    fixed_step_size: float | None = None
    check: bool = False
    _cache: dict[str, Any] = field(default_factory=dict, repr=False)

    @cached_property
    def before(self) -> Tensor:
        """``[tasks]``, float64: the losses before any step, averaged over processes."""
        return averaged_losses(self.losses, self.shared)

    def positive(self) -> Tensor:
        """``before``, once it is certain that a relative change means something.

        Raises:
            KindredError: if a loss is not positive.
        """
        for task, value in zip(self.losses, self.before.tolist(), strict=True):
            if not value > 0:
                raise KindredError(
                    f"The loss of {task!r} is {value}; affinity is a relative change and needs positive losses. Drop "
                    "the task if it is solved, shift a loss that can be negative, or use the estimator gradient_cosine."
                )
        return self.before

    def gradients(self, task: str, parameters: list[Parameter]) -> list[Tensor]:
        """The task's gradient on ``parameters``.

        Raises:
            KindredError: if its loss does not depend on them.
        """
        try:
            return self.shared.gradients(self.losses[task], parameters)
        except NoPath:
            raise KindredError(
                f"The loss of {task!r} does not depend on the shared parameters, so that no step on them changes it; "
                "leave the task out, or give the parameters that it shares with the others as `shared`."
            ) from None
        except RuntimeError as error:
            if "donated" in str(error):
                raise KindredError(
                    "The compiled backward pass frees what a second one needs; build the tracker before the model is "
                    "first run, or set torch._functorch.config.donated_buffer = False before that."
                ) from error
            raise

    def flat_gradients(self, parameters: list[Parameter]) -> Tensor:
        """``[tasks, numbers]``: every task's gradient on ``parameters``, laid out as one vector."""
        return torch.stack(
            [torch.cat([each.flatten() for each in self.gradients(task, parameters)]) for task in self.losses]
        )

    @property
    def step_size(self) -> float:
        """η: the optimiser's present learning rate of the shared parameters; 0 where a warm-up begins there.

        Raises:
            KindredError: if there is none, or more than one.
        """
        if self.optimizer is None:
            if self.fixed_step_size is None:
                raise KindredError(
                    "A lookahead takes a step and needs its size; give the tracker `optimizer` (its learning rate is "
                    "used) or `step_size`."
                )
            return self.fixed_step_size
        mine = {id(parameter) for parameter in self.shared.parameters()}
        groups = self.optimizer.param_groups
        rates = {float(group["lr"]) for group in groups if any(id(each) in mine for each in group["params"])}
        if len(rates) != 1 or min(rates) < 0:
            raise KindredError(
                f"The shared parameters have the learning rates {sorted(rates)}; the lookahead divides by one rate, so "
                "put them into one parameter group of the optimiser, or give `step_size`."
            )
        return rates.pop()

    def replay(self) -> Tensor:
        """``[tasks]``, float64: the losses of the same batch under whatever the parameters are now, averaged.

        Raises:
            KindredError: if there is no closure, or it gives other tasks.
        """
        if self.closure is None:
            raise KindredError(
                "A lookahead evaluates the batch again and needs observe(losses, closure=…), a function without "
                "arguments that returns the same losses anew; or use an estimator that needs none, such as auto."
            )
        # Without a module to follow, the masks of the first pass are not known: all passes then share new ones.
        start = self.shared.start or self._cache.setdefault("start", Start(self.shared.device))
        again = self.shared.replay(start, self.closure, tuple(self.losses))
        if set(again) != set(self.losses):
            odd = sorted(set(again) ^ set(self.losses))[0]
            raise KindredError(
                f"The closure returned the tasks {', '.join(again)}, but {', '.join(self.losses)} were observed "
                f"({odd!r} differs); let it return the same tasks for the same batch."
            )
        return averaged_losses({task: again[task] for task in self.losses}, self.shared)


class Estimator(Protocol):
    """One reading of how tasks relate, taken at one update.

    Attributes:
        quantity: what an entry is, in words.
        fidelity: about how far (0 to 1) its mean over many updates correlates with that of the exact lookahead; only
            ``auto`` uses it, to weigh a better estimate seldom against a cheaper one often.
    """

    quantity = PER_STEP
    fidelity = 0.0

    def __call__(self, update: Update) -> Tensor:
        """The relation of all tasks of the update.

        Returns:
            ``[source, target]``, float64, in the order of ``update.losses``; NaN where this update tells nothing.

        Raises:
            KindredError: if it cannot be formed.
        """

    def costs(self, tasks: int) -> float:
        """About how many plain training steps one observation takes, before any was timed."""

    def state(self) -> dict[str, Any]:
        """What later observations depend on besides their update, as tensors and plain values."""
        return {}

    def load_state(self, state: dict[str, Any]) -> None:
        """Take up a state."""


def step_generator(seed: int, step: int) -> torch.Generator:
    """Random numbers that depend on seed and step alone, so that a resumed run draws the same; never training's own."""
    return torch.Generator().manual_seed((seed * 1_000_003 + step) % 2**63)
