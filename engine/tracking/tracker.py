"""The tracker: a few lines in any PyTorch loop, and the dashboard shows how its tasks relate while it trains."""

import atexit
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import torch.distributed as dist
from torch import nn
from torch.nn import Parameter
from torch.optim import Optimizer

from engine.affinity.build import plan_of
from engine.affinity.matrix import check_tasks
from engine.affinity.observer import Losses, Observer
from engine.affinity.series import Window
from engine.affinity.settings import AffinitySettings
from engine.affinity.shared import Shared
from engine.errors import KindredError
from engine.runs.store import Store
from engine.tasks import Evaluation
from engine.tracking.compiled import keep_backward_buffers
from engine.tracking.store_writer import StoreWriter
from engine.tracking.writer import Writer

SHORTEST_WINDOW = 5  # steps
WINDOWS_A_RUN = 100


class AffinityTracker:
    """Observes the affinities of a training loop and writes them to the store while it runs.

    ::

        tracker = AffinityTracker(tasks=["depth", "normals"], shared=model.trunk, run="my run")
        for x, y in loader:
            losses = loss_fn(model(x), y)                                  # dict: task → scalar
            tracker.observe(losses, closure=lambda: loss_fn(model(x), y))  # before backward
            sum(losses.values()).backward()
            ...
        tracker.finish()

    Training is untouched: weights, buffers, gradients and random numbers are bit for bit those of the loop without it.
    Nothing is ever raised inside the loop, unless ``strict``: a fault is recorded with the run and told as a warning,
    and tracking stops. In a distributed run each process has a tracker and the first one writes.

    Args:
        tasks: the task names.
        shared: the module that all tasks share, or a list of its parameters. With parameters alone the cheap estimators
            cannot work, as they follow the module's forward pass.
        run: the run's name; left empty, one is made up.
        optimizer: the one that trains ``shared``; lookaheads step by its learning rate.
        step_size: the same where there is no optimiser to ask.
        steps: updates that the loop will make, if known: for progress, and to choose windows and estimator.
        seed: of the tracker's own random projections and draws, and to tell the runs of a group apart.
        group: runs that differ in their seed alone share a group, and are shown with the spread between them.
        resume: go on with the newest run of that name, in a loop that resumed from its own checkpoint. Restore the
            tracker with ``load_state_dict`` too; what was stored of later steps is then observed again.
        step: updates made before; where None, 0 or as many as the resumed run had.
        store: database URL; ``KINDRED_STORE``, or ``data/kindred.db``, where None.
        writers: further places to report to, such as TensorBoard.
        strict: raise faults instead of recording them and going on.
        settings: fields of ``AffinitySettings``: the estimator ``affinity`` (``"auto"``), its ``overhead`` (``0.10``),
            the interval ``every`` of other estimators, and so on.

    Raises:
        KindredError: if an argument is not as it must be, the store cannot be opened, or another process writes a run
            of that name.
    """

    def __init__(
        self,
        tasks: Sequence[str],
        shared: nn.Module | Iterable[Parameter],
        run: str = "",
        *,
        optimizer: Optimizer | None = None,
        step_size: float | None = None,
        steps: int = 0,
        seed: int = 0,
        group: str = "",
        resume: bool = False,
        step: int | None = None,
        store: str | None = None,
        writers: Sequence[Writer] = (),
        strict: bool = False,
        **settings: Any,
    ) -> None:
        tasks = check_tasks(tasks)
        chosen = _settings(settings)
        if step_size is not None and not step_size > 0:
            raise KindredError(f"`step_size` is {step_size}; it must be positive, such as the learning rate.")
        keep_backward_buffers()
        self.strict = strict
        self._steps = steps
        self._shared = Shared(shared, len(tasks))
        plan = plan_of(chosen, self._shared, len(tasks), steps, seed)
        self._observer = Observer(tasks, self._shared, plan, self._ends_window, optimizer, step_size)
        self._note = ""
        self._store_writer: StoreWriter | None = None
        self._writers = tuple(writers) if _writes() else ()
        try:
            step = self._open(run, tasks, chosen, store, seed, group, resume, step) if _writes() else 0
        except Exception:
            self._shared.agree(fine=False)  # the other processes wait for the step
            raise
        self._begin_at(self._shared.first(step))
        self._active = True
        atexit.register(self._at_exit)

    @property
    def active(self) -> bool:
        """Whether it still observes: not finished, cancelled or stopped by a fault."""
        return self._active

    @property
    def run(self) -> str:
        """The run's id in the store; empty in a process that does not write."""
        return self._store_writer.run_id if self._store_writer is not None else ""

    @property
    def chosen(self) -> str:
        """What ``auto`` chose and what it costs, in words; empty for another estimator."""
        return self._observer.plan.note()

    def observe(self, losses: Losses, closure: Callable[[], Losses] | None = None) -> None:
        """Take in one update. Call it after the forward pass and before the backward pass, once an update.

        With gradient accumulation, call it for every part of the batch: each is an observation of its own.

        Args:
            losses: task → scalar loss, not weighted or scaled; leave out (or give None for) a task without labels in
                this batch. The relation of a pair is observed where both have a loss.
            closure: gives the same losses anew, from the same batch; lookaheads need it, all else does not.
        """
        if not self._active:
            return
        try:
            window = self._observer.observe(losses, closure)
            if window is not None:
                self._report(window)
            if self._store_writer is not None and (self._store_writer.cancelled or self._store_writer.trouble):
                self._stop_asked()
        except Exception as error:
            self._fault(error)

    def finish(self) -> None:
        """Close the last window and end the run. Called by itself when the program ends."""
        if self._active:
            try:
                self._end("finished", "")
            except Exception as error:
                self._fault(error)

    def state_dict(self) -> dict[str, Any]:
        """What a tracker needs to go on in a resumed loop, as tensors and plain values, for the loop's checkpoint."""
        return self._observer.state()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from where the checkpoint was made."""
        self._observer.load_state(state)
        self._edge = self._next_edge(self._observer.step)
        if self._store_writer is not None:
            self._store_writer.rewind(self._observer.step)

    def __enter__(self) -> "AffinityTracker":
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if error is not None and self._active:
            try:
                self._end("failed", f"The training loop stopped on {type(error).__name__}: {error}")
            except Exception as another:  # the loop's own error is the one to see
                warnings.warn(f"Kindred could not end the run: {another}", stacklevel=2)
        self.finish()

    def _open(
        self,
        run: str,
        tasks: tuple[str, ...],
        chosen: AffinitySettings,
        store: str | None,
        seed: int,
        group: str,
        resume: bool,
        step: int | None,
    ) -> int:
        """Begin or take up the run in the store and tell the writers; the step to go on from."""
        name, quantity = run.strip() or f"tracked {time.strftime('%Y-%m-%d %H:%M:%S')}", self._observer.plan.quantity
        opened = Store(store)
        if resume:
            continued, token = opened.reopen_tracked(name)
            if continued.tasks != tasks:
                raise KindredError(
                    f"The run {name!r} has the tasks {', '.join(continued.tasks)}, but this tracker has "
                    f"{', '.join(tasks)}; give the same, or another name."
                )
            name, run_id, step = continued.name, continued.id, continued.step if step is None else step
        else:
            config = {"affinity": chosen.affinity, "overhead": chosen.overhead, "every": chosen.every, "seed": seed}
            run_id, token = opened.create_tracked(name, tasks, config, quantity, group, self._steps)
        self._store_writer = StoreWriter(opened, run_id, token)
        try:
            for writer in self._writers:
                writer.begin(name, tasks, quantity)
        except Exception as error:
            self._store_writer.end(status="failed", error=str(error), finished=time.time(), worker="")
            raise
        return step or 0

    def _begin_at(self, step: int) -> None:
        self._observer.step = self._observer.sums.window_from = step
        self._edge = self._next_edge(step)

    def _ends_window(self, step: int) -> bool:
        if step < self._edge:
            return False
        self._edge = self._next_edge(step)
        return True

    def _next_edge(self, step: int) -> int:
        """A hundredth of the run, or where its length is not known a fiftieth of the steps so far: on a fixed grid."""
        if self._steps:
            length = max(1, self._steps // WINDOWS_A_RUN)
            return (step // length + 1) * length
        edge = 0
        while edge <= step:
            edge += max(SHORTEST_WINDOW, edge // 50)
        return edge

    def _report(self, window: Window) -> None:
        losses = self._observer.closed_losses
        evaluation = Evaluation(window.step_to, "train", losses, np.full_like(losses, np.nan))
        if self._store_writer is not None:
            self._store_writer.window(window, evaluation)
            if self._note != self.chosen:
                self._note = self.chosen
                self._store_writer.tell(note=self._note)
        for writer in self._writers:
            writer.window(window, evaluation)

    def _stop_asked(self) -> None:
        if self._store_writer.trouble:
            raise KindredError(self._store_writer.trouble)
        self._end("cancelled", "")

    def _fault(self, error: Exception) -> None:
        sentence = (
            str(error)
            if isinstance(error, KindredError)
            else f"Tracking stopped on an unexpected error: {type(error).__name__}: {error}"
        )
        try:
            self._end("failed", sentence)
        except Exception as another:
            sentence += f" The run could not be closed either: {another}"
        if self.strict:
            raise error
        warnings.warn(f"Kindred stopped tracking; training goes on. {sentence}", stacklevel=3)

    def _end(self, status: str, error: str) -> None:
        self._active = False
        atexit.unregister(self._at_exit)
        self._shared.detach()
        try:
            window = self._observer.close()
            if window is not None:
                self._report(window)
        finally:
            if self._store_writer is not None:
                columns = dict(status=status, error=error, step=self._observer.step, note=self.chosen)
                self._store_writer.end(**columns, finished=time.time(), seconds_left=None, worker="")
            for writer in self._writers:
                writer.end(status, error)

    def _at_exit(self) -> None:
        error = getattr(sys, "last_value", None)
        if error is not None and self._active:
            self._end("failed", f"The program stopped on {type(error).__name__}: {error}")
        self.finish()


def _settings(given: dict[str, Any]) -> AffinitySettings:
    unknown = sorted(given.keys() - set(AffinitySettings.__dataclass_fields__))
    if unknown:
        raise KindredError(
            f"The tracker has no setting {unknown[0]!r}; its settings are "
            f"{', '.join(AffinitySettings.__dataclass_fields__)}."
        )
    settings = AffinitySettings(**given)
    if settings.affinity == "none":
        raise KindredError("The estimator is 'none', but a tracker observes; choose one, or leave the tracker out.")
    return settings


def _writes() -> bool:
    """Whether this is the process of a distributed run that writes."""
    return not (dist.is_available() and dist.is_initialized()) or dist.get_rank() == 0
