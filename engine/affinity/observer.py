"""Observing a training loop: when to look, what was seen, summed into windows."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.optim import Optimizer

from engine.affinity.build import Plan
from engine.affinity.estimator import Update
from engine.affinity.series import Window
from engine.affinity.shared import PeerGaveUp, PeerLost, Shared
from engine.affinity.sums import Sums
from engine.errors import KindredError

CHECKED = 3  # replays made sure of at first; then every tenth
SECOND_LOOK = 10

Losses = Mapping[str, Tensor | None]


class Observer:
    """Looks at some of the updates of a loop and sums what it sees over windows of steps.

    It changes nothing in training: parameters, buffers, gradients, the optimiser and random generators stay bit for bit
    as they would be without it.

    Args:
        tasks: the T task names; an update may have losses for some of them only.
        shared: what they share.
        plan: which estimator, and when.
        ends_window: whether a window ends after so many updates; one in which nothing was observed goes on.
        optimizer: the one that trains ``shared``, for the step size of lookaheads.
        step_size: the same where there is no optimiser.

    Attributes:
        step: updates seen.
        sums: what was observed in the open window.
        closed_losses: ``[tasks]``, float32: mean losses of the updates observed in the window that was closed last; NaN
            for a task that had none.
    """

    def __init__(
        self,
        tasks: Sequence[str],
        shared: Shared,
        plan: Plan,
        ends_window: Callable[[int], bool],
        optimizer: Optimizer | None = None,
        step_size: float | None = None,
    ) -> None:
        self.tasks, self.shared, self.plan = tuple(tasks), shared, plan
        self.optimizer, self.step_size = optimizer, step_size
        self.step = 0
        self.sums = Sums(len(self.tasks))
        self.loss_total = np.zeros(len(self.tasks))
        self._place = {task: place for place, task in enumerate(self.tasks)}
        self._ends_window = ends_window
        self.closed_losses = np.full(len(self.tasks), np.nan, np.float32)
        self._looks = 0
        self._mark: tuple[float, int] | None = None  # when, and at which step, plain training went on
        self.prepare()

    def observe(self, losses: Losses, closure: Callable[[], Losses] | None = None) -> Window | None:
        """Take in one update, after its forward pass and before its backward pass.

        Args:
            losses: task → scalar with its graph; tasks that are missing, or None, have no labels in this batch.
            closure: evaluates the same losses anew; needed where a lookahead is taken.

        Returns:
            A window, if this update ended one.

        Raises:
            KindredError: if the losses, the closure or the shared parameters are not as they must be. What was observed
                before is kept and can still be had from ``close``.
        """
        step = self.step
        if self.plan.due(step):
            self._synchronize()
            entered = time.perf_counter()
            plain, steps = (0.0, 0) if self._mark is None else (entered - self._mark[0], step - self._mark[1])
            try:
                self._look(losses, closure)
                self.shared.agree(fine=True)
            except (PeerGaveUp, PeerLost):
                raise
            except Exception:
                self.shared.agree(fine=False)
                raise
            finally:
                self.shared.forget()
            self._synchronize()
            left = time.perf_counter()
            self.plan.passed(step, plain, steps, left - entered)
            self._mark = left, step
        elif self._mark is None and step:
            self._synchronize()  # the first update is not timed: it allocates
            self._mark = time.perf_counter(), step
        self.step += 1
        self.prepare()
        return self.close() if self._ends_window(self.step) else None

    def close(self) -> Window | None:
        """End the window that is open; None if nothing was observed in it, and it then stays open."""
        counts = self.sums.counts.diagonal()
        window = self.sums.close(self.step)
        if window is not None:
            with np.errstate(invalid="ignore"):
                self.closed_losses = (self.loss_total / counts).astype(np.float32)
            self.loss_total = np.zeros(len(self.tasks))
        return window

    def state(self) -> dict[str, Any]:
        """All that later windows depend on, as tensors and plain values."""
        window = self.sums.state()
        window["sums"].append(torch.tensor(self.loss_total))
        return {"step": self.step, "looks": self._looks, "plan": self.plan.state(), **window}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from where ``state`` was taken."""
        self.step, self._looks = state["step"], state["looks"]
        *sums, losses = state["sums"]
        self.sums.load_state({**state, "sums": sums})
        self.loss_total = losses.numpy().copy()
        self.plan.load_state(state["plan"], self.step)
        self._mark = None
        self.prepare()

    def _look(self, losses: Losses, closure: Callable[[], Losses] | None) -> None:
        present = self._present(losses)
        if not present:
            return
        self.shared.parameters()  # refuses replaced ones, whatever the estimator uses
        known = {task: losses[task] for task in present}
        update = Update(
            self.step,
            known,
            self.shared,
            None if closure is None else lambda: {task: loss for task, loss in closure().items() if loss is not None},
            self.optimizer,
            self.step_size,
            check=self._looks < CHECKED or self._looks % SECOND_LOOK == 0,
        )
        for task, value in zip(known, update.before.tolist(), strict=True):
            if not np.isfinite(value):
                raise KindredError(
                    f"The loss of {task!r} is {value}; leave a task without labels in the batch out of the losses, and "
                    "lower the learning rate if training diverged."
                )
        relation = self.plan.observe(update).to("cpu", torch.float64).numpy()
        self._looks += 1
        places = np.ix_(*[[self._place[task] for task in present]] * 2)
        seen = self.sums.add(relation, places)
        self.loss_total[places[0][:, 0]] += update.before.cpu().numpy() * seen.diagonal()

    def _present(self, losses: Losses) -> list[str]:
        """The tasks with a loss in this update, on all processes, in the tracker's order; once each loss is checked."""
        for task, loss in losses.items():
            if task not in self._place:
                raise KindredError(f"There is no task {task!r}; the tracker's tasks are {', '.join(self.tasks)}.")
            if loss is None:
                continue
            if not isinstance(loss, Tensor) or loss.ndim != 0:
                found = f"a tensor of the shape {tuple(loss.shape)}" if isinstance(loss, Tensor) else repr(loss)
                raise KindredError(f"The loss of {task!r} is {found}; give a scalar tensor, such as the batch's mean.")
            if not loss.requires_grad:
                raise KindredError(
                    f"The loss of {task!r} has no graph, so that no gradient can be taken; call observe before "
                    "backward, with the losses themselves (not detached), and not under no_grad."
                )
        here = [task for task in self.tasks if losses.get(task) is not None]
        if self.shared.processes == 1:
            return here
        flags = torch.tensor([float(task in here) for task in self.tasks], device=self.shared.device)
        everywhere = self.shared.average(flags).tolist()
        return [task for task, share in zip(self.tasks, everywhere, strict=True) if share > 1 - 1e-6]

    def prepare(self) -> None:
        """Follow the next forward passes, if their update is to be observed.

        Every update does this for the one after it; a loop that runs the network for other ends in between calls it
        again before the pass that counts.
        """
        if self.plan.due(self.step):
            self.shared.expect()

    def _synchronize(self) -> None:
        if self.shared.device.type == "cuda":
            torch.cuda.synchronize(self.shared.device)
